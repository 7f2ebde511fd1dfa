"""Networks of keras.applications look at pictures of any size, as Keras shows them to them."""

import keras
import numpy as np
import pytest

from deepdream_av import load_backbone
from deepdream_av.backbones import applications
from deepdream_av.backbones.loading import APPLICATIONS

NEW = [name for name in APPLICATIONS if name not in ("vgg16", "vgg19", "inception_v3")]


@pytest.fixture
def unlearnt(monkeypatch):
    """Networks as they are made, without a download."""
    keras.utils.set_random_seed(0)
    monkeypatch.setattr(
        applications, "_built", lambda builder, name, weights: builder(weights=None, include_top=False)
    )


# a whole network takes seconds to build; those of one kind stand for the others where it is quick
SLOW = [
    pytest.param(name, marks=pytest.mark.slow) for name in NEW if name not in ("mobilenet_v2", "resnet50")
]


@pytest.mark.parametrize("name", ["mobilenet_v2", "resnet50", *SLOW])
def test_it_looks_at_any_size_as_keras_shows_it(name, unlearnt):
    network = applications.load(name)
    known = applications._KNOWN[name]
    layer = network.default_layers[0][0]
    assert {x for x, _ in network.default_layers} <= set(network.list_layers())
    picture = np.random.default_rng(0).random((1, 32, 64, 3), np.float32)
    cut = network.truncated([layer])
    seen = np.asarray(cut(picture)[layer])
    assert seen.shape[1] * 2 == seen.shape[2] and seen.shape[1] in (2, 4)
    module = getattr(keras.applications, known.module)
    shown = module.preprocess_input(picture * np.float32(255))  # what Keras' own pictures, 0 to 255, become
    assert seen == pytest.approx(np.asarray(cut.model(shown, training=False)[layer]), abs=1e-4, rel=1e-3)
    assert seen.std() > 0


def test_names_are_the_same_in_every_process():
    """Keras numbers layers on from model to model; a recipe must find its layer again."""

    def made():
        x = inputs = keras.Input((8, 8, 3))
        for name in ("own_a", "own_b"):
            x = keras.layers.Conv2D(3, 1, name=name)(keras.layers.Conv2D(3, 1)(keras.layers.add([x, x])))
        model = keras.Model(inputs, x)
        applications._count_anew(model)
        return [layer.name for layer in model.layers[1:]]

    assert made() == made() == ["add", "conv2d", "own_a", "add_1", "conv2d_1", "own_b"]


def test_weights_with_the_classifier_lose_it(tmp_path):
    whole = keras.applications.MobileNetV2(weights=None, alpha=1.0, classes=1000)
    whole.save_weights(tmp_path / "whole.weights.h5")
    network = load_backbone("mobilenet_v2", weights=tmp_path / "whole.weights.h5", dtype="float32")
    theirs = [x for layer in whole.layers for x in layer.get_weights()]
    mine = [x for layer in network.model.layers for x in layer.get_weights()]
    assert len(mine) == len(theirs) - 2  # without the last matrix and its bias
    assert all(np.array_equal(a, b) for a, b in zip(mine, theirs))


def test_names_may_be_written_as_people_write_them(monkeypatch):
    asked = []
    monkeypatch.setattr("deepdream_av.backbones.loading._load", lambda name, *rest: asked.append(name))
    for name in ("ResNet50", "EfficientNetV2B0", "MobileNetV2", "ConvNeXt-Tiny", "InceptionV3", "VGG19"):
        load_backbone(name)
    wanted = ["resnet50", "efficientnet_v2_b0", "mobilenet_v2", "convnext_tiny", "inception_v3", "vgg19"]
    assert asked == wanted
