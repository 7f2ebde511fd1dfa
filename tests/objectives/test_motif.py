"""A class has a look of its own: what its pictures have in common, wherever it is in them."""

import numpy as np
import pytest
import tensorflow as tf

from deepdream_av import Pixels, ascend, load_backbone
from deepdream_av.backbones import Backbone
from deepdream_av.objectives.motif import Texture, class_dream, textures
from deepdream_av.objectives.style import moments


def stripes(angle, size=64):
    y, x = np.mgrid[:size, :size]
    wave = 0.5 + 0.35 * np.sin((x * np.cos(angle) + y * np.sin(angle)) * 2 * np.pi / 8)
    return np.repeat(wave[..., None], 3, 2).astype(np.float32)


@pytest.fixture(scope="module")
def network():
    """A network that tells upright from lying stripes by their texture in its one layer."""
    import keras

    keras.utils.set_random_seed(3)
    picture = keras.Input((None, None, 3))
    maps = keras.layers.Conv2D(12, 7, padding="same", activation="relu", name="edges")(picture)
    answers = keras.layers.Conv2D(2, 1, name="class_map")(maps)
    pooled = keras.layers.GlobalAveragePooling2D()(maps)
    logits = keras.layers.Dense(2, name="logits")(pooled)
    model = keras.Model(picture, [logits, answers])
    looks = keras.Model(picture, maps)
    textures = np.stack([moments(looks(stripes(a)[None]))[1] for a in (0, np.pi / 2)])
    return Backbone(
        "stripes", model, layers=["edges"], default_layers=[("edges", 1.0)], labels=("upright", "lying"),
        textures=lambda: {"edges": textures, "unknown": textures},
    )  # fmt: skip


def test_a_texture_does_not_say_where():
    """Moved pictures have the same texture, turned ones another."""
    upright = moments(tf.constant(stripes(0)[None]))[1].numpy()
    term = Texture("picture", upright, np.ones(3, np.float32))
    shifted, level = np.roll(stripes(0), 3, 1), np.full([64, 64, 3], 0.5, np.float32)
    scores = [float(term({"picture": x[None]})) for x in (stripes(0), shifted, level)]
    assert scores[0] == pytest.approx(scores[1], abs=1e-3) and scores[0] > scores[2] + 1
    assert scores[0] == pytest.approx(-np.log(1e-3), abs=1e-2)


def test_a_dream_of_a_class_paints_its_motif(network):
    """Out of the same noise come upright stripes for one class and lying ones for the other."""
    across = []
    for index in (0, 1):
        noise = np.random.default_rng(0).uniform(0.4, 0.6, (64, 64, 3)).astype(np.float32)
        canvas = Pixels(noise)
        objective = class_dream(network, index)
        assert len(objective.terms) == 2 and class_dream(network, index) is objective
        *_, last = ascend(canvas, network, objective, steps=40, step_size=0.01)
        assert last.scores[-1] > last.scores[0] + 0.5
        dream = np.asarray(canvas.array()).mean(2)
        across.append(np.diff(dream, axis=1).std() / np.diff(dream, axis=0).std())
    assert across[0] > 1.3 * across[1]


def test_without_textures_a_class_is_its_logit(network):
    plain = Backbone("plain", network.model, layers=["edges"], default_layers=[("edges", 1.0)], labels=("a", "b"))
    assert plain.textures == {} and len(class_dream(plain, 0).terms) == 1
    assert len(class_dream(network, 0, motif=0.0).terms) == 1
    assert set(network.textures) == {"edges"}  # not that of a layer which the network has not


def test_dreamnet_knows_motifs_by_name():
    """To the texture of a motif its own pictures, which it never saw, come nearer than those of the others."""
    from training.datasets.synthesis import categories, picture

    net, names = load_backbone("dreamnet"), list(categories("organic"))
    assert len(set(net.labels)) == 30 and not net.has_logits
    terms = [textures(net, net.class_index(name)) for name in names]
    scores = np.zeros([20, 10])
    for number in range(20):
        made = picture("organic", number, size=192, split="validation").astype(np.float32) / 255
        seen = net.truncated([t.layer for t in terms[0]])(made[None])
        scores[number] = [sum(float(t(seen)) for t in of_motif) for of_motif in terms]
    own = np.arange(20)[:, None] % 10 == np.arange(10)
    better = [(scores[own[:, k], k][:, None] > scores[~own[:, k], k][None]).mean() for k in range(10)]
    assert np.mean(better) > 0.6, np.round(better, 2)  # chance: a half; 0.69 when written
