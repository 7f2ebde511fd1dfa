"""Objectives are sums: linear in their weights, deaf to how loud a layer is, and they rise when followed."""

import numpy as np
import pytest
import tensorflow as tf

from deepdream_av import Pixels, ascend, layer
from deepdream_av.backbones import Backbone
from deepdream_av.errors import UsageError
from deepdream_av.objectives import Objective, Wanted, class_logit

ACTIVATIONS = {
    "a": tf.random.stateless_uniform([1, 6, 6, 4], [0, 1]),
    "b": tf.random.stateless_uniform([1, 3, 3, 8], [0, 2]) * 5,
}


def test_arithmetic_is_linear():
    a, b = layer("a"), layer("b")
    va, vb = float(a(ACTIVATIONS)), float(b(ACTIVATIONS))
    for objective, value in [
        (2 * a + b, 2 * va + vb),
        (a - 0.5 * b, va - 0.5 * vb),
        (-(a + b) * 3, -3 * (va + vb)),
    ]:
        assert float(objective(ACTIVATIONS)) == pytest.approx(value, rel=1e-5)
    assert (a + b + a).layers == ("a", "b")


def test_the_loudness_of_a_layer_does_not_weigh():
    """Ten times the activation shifts the score and leaves the direction of the gradient as it was."""
    x = tf.random.stateless_normal([1, 5, 5, 3], [4, 4])

    def gradient(scale):
        with tf.GradientTape() as tape:
            tape.watch(x)
            score = layer("a")({"a": scale * x})
        return tape.gradient(score, x).numpy()

    assert np.allclose(gradient(1.0), gradient(10.0), rtol=1e-3, atol=1e-6)


@pytest.fixture(scope="module")
def network():
    import keras

    keras.utils.set_random_seed(5)
    x = picture = keras.Input((None, None, 3))
    for name in ("a", "b"):
        x = keras.layers.Conv2D(8, 5, strides=2, padding="same", activation="relu", name=name)(x)
    return Backbone("small", keras.Model(picture, x), layers=["a", "b"], default_layers=[("b", 1.0)])


def test_pairs_of_a_recipe_and_arithmetic_mean_the_same(network):
    wanted = Wanted(network, (("a", 1.0), ("b", -0.5)))
    assert wanted.objective == layer("a") - 0.5 * layer("b")
    assert hash(layer("a")) == hash(layer("a"))
    with pytest.raises(TypeError):
        layer("a") * layer("b")
    with pytest.raises(TypeError):
        layer("a") + 1


@pytest.mark.parametrize(
    "objective",
    [layer("a"), layer("b"), layer("a") + layer("b"), layer("b") - 0.2 * layer("a"), -layer("a")],
    ids=str,
)
def test_every_objective_rises(network, objective):
    assert isinstance(objective, Objective)
    canvas = Pixels(np.random.default_rng(0).uniform(0.3, 0.7, (48, 48, 3)).astype(np.float32))
    *_, last = ascend(canvas, network, objective, steps=20, step_size=0.004)
    assert last.scores[-1] > last.scores[0] + 0.05


def test_a_class_is_wanted_everywhere_and_no_further_than_enough():
    wanted = class_logit(1)
    convincing = tf.constant([[[[0.0, 30.0, 0.0]]]])
    nowhere = tf.zeros([1, 4, 4, 3])
    one_place = tf.tensor_scatter_nd_update(nowhere, [[0, 0, 0]], convincing[0, 0])
    everywhere = nowhere + convincing / 2

    def score(maps):
        return float(wanted({"class_map": maps}))

    # the mean logit of one absurd place is 30 / 16, that of fifteens everywhere is more wanted still
    assert score(nowhere) < score(one_place) < score(everywhere) < 0
    assert score(everywhere) > -0.01  # enough is enough
    assert score(one_place) == pytest.approx(score(one_place * 10), abs=0.01)
    # what raises all classes alike is worth nothing
    assert score(nowhere + 7.0) == pytest.approx(score(nowhere), abs=1e-5)


def test_one_channel_of_a_layer():
    maps = {"a": tf.constant(np.random.default_rng(0).normal(size=[1, 5, 5, 3]), tf.float32)}
    wanted = np.log(np.mean(np.square(maps["a"][..., 2])))
    assert float(layer("a", 2)(maps)) == pytest.approx(wanted, abs=1e-4)


def test_names_of_a_recipe_are_made_sure_of(network):
    assert Wanted(network, (("a#3", 2.0),)).objective == 2 * layer("a", 3)
    for name, message in (
        ("a#9", "channels 0 to 7"),
        ("a#x", "A channel is a number"),
        ("c", "must be one of"),
    ):
        with pytest.raises(UsageError, match=message):
            Wanted(network, ((name, 1.0),))
    assert Wanted(network, ()).layers == (("b", 1.0),)  # its default
