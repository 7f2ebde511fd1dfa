"""The shipped ear: it loads, it is small, and it hears."""

import numpy as np
import pytest
import tensorflow as tf

from deepdream_av.backbones.earnet import (
    DEFAULT_LAYERS,
    WEIGHTS,
    build_earnet,
    class_names,
    list_layers,
    load_earnet,
)
from deepdream_av.errors import WeightsError
from deepdream_av.spectral import MelGrid, log_mel


@pytest.fixture(scope="module")
def ear():
    return load_earnet()


def heard(ear, sound, rate=22050):
    """`{head: probabilities}` of one sound."""
    x = log_mel(sound[None].astype(np.float32), MelGrid(rate))[..., None]
    return {head: tf.nn.softmax(logits[0]).numpy() for head, logits in ear(x).items()}


def tone(hz, seconds=2.5, rate=22050, harmonics=12):
    """A steady note with falling harmonics and soft ends."""
    t = np.arange(round(seconds * rate)) / rate
    sound = sum(np.sin(2 * np.pi * h * hz * t + h) / h for h in range(1, harmonics + 1) if h * hz < 9000)
    return 0.2 * sound * np.clip(np.minimum(t, seconds - t) / 0.05, 0, 1)


def hiss(seconds=2.5, rate=22050):
    return 0.1 * np.random.default_rng(0).standard_normal(round(seconds * rate))


def test_weights_are_small_and_half_precision():
    assert WEIGHTS.stat().st_size < 3_000_000
    with np.load(WEIGHTS, allow_pickle=False) as file:
        assert all(file[k].dtype == np.float16 and np.isfinite(file[k]).all() for k in file.files)


def test_layers_can_be_picked_by_name_at_any_number_of_frames(ear):
    import keras

    names = list_layers()
    assert {name for name, _ in DEFAULT_LAYERS} <= set(names)
    picked = keras.Model(ear.inputs, {name: ear.get_layer(name).output for name in names})
    for frames in (1, 5, 108, 250):
        x = np.random.default_rng(frames).standard_normal([1, frames, 128, 1]).astype(np.float32)
        for name, activation in picked(x).items():
            assert np.isfinite(activation).all(), name
            assert np.min(activation) >= 0 and np.max(activation) > 0, name


def test_activations_are_finite_for_silence_and_for_full_scale_noise(ear):
    for sound in (np.zeros(40_000), np.sign(hiss())):
        for odds in heard(ear, sound).values():
            assert np.isfinite(odds).all()


def test_a_note_and_a_hiss_are_different_things(ear):
    note, noise = heard(ear, tone(440.0)), heard(ear, hiss())
    for head in ("sounds", "synth_instrument"):
        assert np.argmax(note[head]) != np.argmax(noise[head]), head


@pytest.mark.parametrize("rate", [44100, 48000])
def test_the_rate_of_the_file_does_not_change_what_is_heard(ear, rate):
    reference, other = heard(ear, tone(330.0)), heard(ear, tone(330.0, rate=rate), rate)
    for head in reference:
        assert np.abs(reference[head] - other[head]).max() < 0.1, head


def test_music_made_by_code_is_recognised(ear):
    from training.datasets import music

    hits = {"synth_instrument": [], "root": [], "chord": [], "texture": []}
    for sound, score in music.clips(4242, 24):
        odds = heard(ear, sound)
        truth = {
            "synth_instrument": score.instrument,
            "root": score.root,
            "chord": score.chord,
            "texture": score.texture,
        }
        for head, label in truth.items():
            hits[head].append(np.argmax(odds[head]) == label)
    chance = {"synth_instrument": 1 / 8, "root": 1 / 12, "chord": 1 / 5, "texture": 1 / 4}
    for head, of in hits.items():
        assert np.mean(of) > 2 * chance[head], head


def test_the_gradient_reaches_every_band(ear):
    x = tf.random.stateless_normal([1, 64, 128, 1], [0, 1])
    with tf.GradientTape() as tape:
        tape.watch(x)
        import keras

        score = tf.reduce_mean(keras.Model(ear.inputs, ear.get_layer("block4").output)(x) ** 2)
    gradient = np.abs(tape.gradient(score, x).numpy()).mean((0, 1, 3))
    assert gradient.min() > 0


def test_class_names_match_the_heads(ear):
    for head, names in class_names().items():
        assert len(names) == len(set(names)) == ear.get_layer(head).units


def test_a_file_of_another_network_is_refused(tmp_path):
    with pytest.raises(WeightsError, match="Received"):
        load_earnet(tmp_path / "absent.npz")
    (tmp_path / "other.json").write_text('{"sounds": ["a"]}')
    np.savez(tmp_path / "other.npz", x=np.zeros(3))
    with pytest.raises(WeightsError, match="Received: nothing"):
        load_earnet(tmp_path / "other.npz")


def test_it_has_fewer_than_a_million_parameters():
    assert 300_000 < build_earnet(heads={"sounds": 10}).count_params() < 1_000_000
