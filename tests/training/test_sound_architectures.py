"""One's own ear: the maps of `earnet`, a head that can be read off them, and a file that can be dreamt with."""

import keras
import numpy as np
import pytest

from deepdream_av.backbones import load_backbone
from deepdream_av.backbones.earnet import list_layers
from deepdream_av.errors import UsageError
from training.sound_architectures import build_sound_cnn


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(0)
    return build_sound_cnn(3, width=0.25)


def heard(frames, seed=0):
    return np.random.default_rng(seed).standard_normal([2, frames, 128, 1]).astype(np.float32)


def test_it_has_the_maps_of_earnet_and_hears_any_length(model):
    names = {layer.name for layer in model.layers}
    assert set(list_layers()) - {"pitch"} <= names
    assert model.get_layer("logits").activation is keras.activations.linear
    for frames in (20, 108):
        assert model(heard(frames)).shape == (2, 3)


def test_logits_are_the_mean_over_time_of_what_each_place_says(model):
    """So that a class can be dreamt, and found in a recording, by its column of weights on the last map."""
    maps = keras.Model(model.input, model.get_layer("embedding").output)(heard(64))
    kernel, bias = model.get_layer("logits").get_weights()
    places = np.einsum("btfc,ck->btfk", maps, kernel)
    np.testing.assert_allclose(model(heard(64)), places.mean((1, 2)) + bias, atol=1e-4)


def test_width_scales_the_parameters_about_by_its_square():
    half, whole = (build_sound_cnn(10, width=w).count_params() for w in (0.5, 1.0))
    assert 3.3 < whole / half < 4.2


def test_logits_are_float32_whatever_the_maps_are():
    mixed = build_sound_cnn(2, width=0.25, dtype="mixed_bfloat16")
    assert mixed.get_layer("block4").compute_dtype == "bfloat16"
    assert mixed(heard(20)).dtype == "float32"


def test_it_learns_to_tell_a_low_sound_from_a_high_one():
    keras.utils.set_random_seed(1)
    net = build_sound_cnn(2, width=0.25)
    x, y = heard(32, 3).repeat(8, 0), np.arange(16) % 2
    x = x + np.random.default_rng(5).standard_normal(x.shape).astype(np.float32)
    x[y == 0, :, 20:30] += 2
    x[y == 1, :, 90:100] += 2
    net.compile(keras.optimizers.Adam(3e-3), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    losses = [float(net.train_on_batch(x, y)) for _ in range(12)]
    assert losses[-1] < 0.3 * losses[0]


def test_a_saved_one_loads_as_an_ear_with_the_same_maps(model, tmp_path):
    model.save(tmp_path / "ear.keras")
    ear = load_backbone(str(tmp_path / "ear.keras"))
    assert ear.kind == "sound" and set(list_layers()) - {"pitch"} <= set(ear.list_layers())
    loaded = keras.models.load_model(tmp_path / "ear.keras")
    np.testing.assert_allclose(loaded(heard(40)), model(heard(40)), atol=1e-5)


def test_numbers_out_of_range_are_told():
    for classes, width in ((1, 1.0), (5, 0.0), (5, 9.0)):
        with pytest.raises(UsageError, match="`classes` must be 2 or more"):
            build_sound_cnn(classes, width=width)
