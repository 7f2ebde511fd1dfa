"""Networks are found by name, cut where they are asked to be, and files are read as data only."""

import os
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from deepdream_av import load_backbone
from deepdream_av.backbones import list_backbones
from deepdream_av.backbones.precision import fast_policy
from deepdream_av.errors import InputError, UsageError, WeightsError

ASSETS = (
    Path(os.environ.get("DEEPDREAM_AV_ASSETS", Path(__file__).parents[3] / "shared" / "assets")) / "weights"
)
needs_assets = pytest.mark.skipif(
    not ASSETS.is_dir(), reason="DEEPDREAM_AV_ASSETS names no folder with weights"
)


def small(kind="image", size=None):
    """A network of one's own."""
    keras.utils.set_random_seed(0)
    inputs = keras.Input((size, size, 3) if kind == "image" else (size, 128, 1))
    x = keras.layers.Rescaling(1 / 255)(inputs) if kind == "image" else inputs
    x = keras.layers.Conv2D(4, 3, strides=2, padding="same", activation="relu", name="first")(x)
    x = keras.layers.Conv2D(8, 3, strides=2, padding="same", activation="relu", name="second")(x)
    x = keras.layers.Dense(5, name="classes")(keras.layers.GlobalAveragePooling2D()(x))
    return keras.Model(inputs, x)


def test_embedded_networks_need_no_download():
    for name in ("dreamnet", "earnet"):
        network = load_backbone(name)
        assert {n for n, _ in network.default_layers} <= set(network.list_layers())
        assert load_backbone(name) is network
    assert {"vgg16", "vgg19", "inception_v3"} < set(list_backbones())


def test_wrong_names_come_with_the_right_one():
    with pytest.raises(UsageError, match="Did you mean 'dreamnet'"):
        load_backbone("dreamnett")
    with pytest.raises(UsageError, match="Did you mean 'stride8'"):
        load_backbone("dreamnet").truncated(["strid8"])
    with pytest.raises(UsageError, match="at least one"):
        load_backbone("dreamnet").truncated([])


def test_a_truncated_network_says_what_the_whole_one_says():
    network = load_backbone("dreamnet", dtype="float32")
    picture = np.random.default_rng(0).random((1, 64, 96, 3), np.float32)
    whole = dict(zip(("stride8", "stride16", "stride32"), network.model(picture)))
    cut = network.truncated(["stride8"])
    assert np.allclose(cut(picture)["stride8"], whole["stride8"], atol=1e-5)
    assert len(cut.model.layers) < len(network.model.layers)
    assert cut is network.truncated(["stride8"])


def test_every_layer_of_dreamnet_can_be_dreamt_and_has_its_stride():
    network = load_backbone("dreamnet")
    maps = network.truncated(network.list_layers())(np.zeros((1, 64, 64, 3), np.float32))
    for name, value in maps.items():
        stride = int(name.split("_")[0].removeprefix("stride"))
        assert value.shape[1:3] == (64 // stride, 64 // stride), name


def test_half_precision_sees_the_same():
    picture = np.random.default_rng(1).random((1, 96, 96, 3), np.float32)
    a, b = (
        load_backbone("dreamnet", dtype=d).truncated(["stride16"])(picture)["stride16"]
        for d in ("float32", "bfloat16")
    )
    a, b = np.asarray(a, np.float32).ravel(), np.asarray(tf.cast(b, tf.float32)).ravel()
    assert np.corrcoef(a, b)[0, 1] > 0.99
    assert fast_policy() in ("float32", "bfloat16")


@pytest.mark.parametrize("kind, size", [("image", None), ("image", 96), ("sound", None)])
def test_a_network_of_ones_own_at_any_size(tmp_path, kind, size):
    model = small(kind, size)
    model.save(tmp_path / "own.keras")
    network = load_backbone(tmp_path / "own.keras", dtype="float32")
    assert (
        network.kind == kind and "second" in network.list_layers() and "classes" not in network.list_layers()
    )
    shape = (1, 70, 50, 3) if kind == "image" else (1, 33, 128, 1)
    x = np.random.default_rng(0).random(shape, np.float32)
    seen = network.truncated(["first"])(x)["first"]
    kernel, bias = model.get_layer("first").get_weights()
    by_hand = tf.nn.relu(tf.nn.conv2d(x, kernel, 2, "SAME") + bias)  # rescaling and range cancel for pictures
    assert np.allclose(seen, by_hand, atol=1e-5)


def test_files_that_are_no_networks(tmp_path):
    with pytest.raises(InputError):
        load_backbone(tmp_path / "none.keras")
    (tmp_path / "bad.keras").write_bytes(b"PK\x03\x04 no")
    with pytest.raises(WeightsError, match="Received"):
        load_backbone(tmp_path / "bad.keras")
    flat = keras.Sequential([keras.Input((8,)), keras.layers.Dense(3)])
    flat.save(tmp_path / "flat.keras")
    with pytest.raises(WeightsError, match="one input, a picture"):
        load_backbone(tmp_path / "flat.keras")
    (tmp_path / "bad.npz").write_bytes(b"no")
    with pytest.raises(WeightsError, match="Received"):
        load_backbone("dreamnet", weights=tmp_path / "bad.npz")
    (tmp_path / "bad.h5").write_bytes(b"no")
    with pytest.raises(WeightsError, match="vgg16"):
        load_backbone("vgg16", weights=tmp_path / "bad.h5")


def test_code_in_a_file_is_never_run(tmp_path, monkeypatch):
    ran, code = tmp_path / "ran", keras.layers.Lambda(lambda x: (open("ran", "w").close(), x)[1])
    monkeypatch.chdir(tmp_path)
    trap = keras.Sequential([keras.Input((None, None, 3)), code, keras.layers.Conv2D(3, 1)])
    ran.unlink(missing_ok=True)
    trap.save(tmp_path / "trap.keras")
    with pytest.raises(WeightsError, match="without custom code"):
        load_backbone(tmp_path / "trap.keras")
    assert not ran.exists()


@needs_assets
@pytest.mark.parametrize(
    "name, file, layer, alias",
    [
        ("vgg19", "vgg19_imagenet_notop.h5", "block4_conv3", "relu4_3"),
        ("inception_v3", "inception_v3_imagenet_notop_to_mixed8.h5", "mixed4", None),
    ],
)
def test_networks_of_keras_applications_take_weights_from_a_file(name, file, layer, alias):
    network = load_backbone(name, weights=ASSETS / file)
    assert layer in network.list_layers() and {n for n, _ in network.default_layers} <= set(
        network.list_layers()
    )
    assert alias is None or network.layer_name(alias) == layer
    seen = network.truncated([layer])(np.random.default_rng(0).random((1, 96, 96, 3), np.float32))[layer]
    assert float(tf.reduce_max(seen)) > 0.1 and np.isfinite(np.asarray(tf.cast(seen, tf.float32))).all()


@needs_assets
def test_weights_of_another_network_are_refused():
    with pytest.raises(WeightsError, match="vgg16. Received"):
        load_backbone("vgg16", weights=ASSETS / "mobilenet_v2_imagenet.weights.h5")
