"""SavedModels are dreamt with by the names of their layers, whatever they were made with."""

import numpy as np
import pytest
import tensorflow as tf

from deepdream_av import load_backbone
from deepdream_av.backbones.hub import HubBackbone
from deepdream_av.errors import InputError, MissingExtraError, UsageError, WeightsError


def kernels(*widths):
    rng = np.random.default_rng(0)
    return [
        tf.Variable(rng.normal(0, 0.3, (3, 3, before, after)).astype(np.float32))
        for before, after in zip((3, *widths), widths)
    ]


class Slim(tf.Module):
    """A network in the form in which TF-Slim's are exported: endpoints by name, on demand."""

    def __init__(self):
        super().__init__()
        self.stem, self.mixed = kernels(4, 8)

    @tf.function(
        input_signature=[
            tf.TensorSpec([None, None, None, 3], tf.float32),
            tf.TensorSpec([], tf.bool),
        ]
    )
    def features(self, x, training):
        return self._answer(x)["default"]

    @tf.function
    def __call__(self, inputs, training=False, return_endpoints=False):
        ends = self._answer(inputs)
        return ends if return_endpoints else ends["default"]

    def _answer(self, x):
        ends = {}
        x = ends["InceptionV3/Conv2d_1a_3x3"] = tf.nn.relu(tf.nn.conv2d(2 * x - 1, self.stem, 2, "SAME"))
        x = ends["InceptionV3/Mixed_5b"] = tf.nn.relu(tf.nn.conv2d(x, self.mixed, 2, "SAME"))
        ends["InceptionV3/global_pool"] = tf.reduce_mean(x, [1, 2], keepdims=True)
        ends["default"] = tf.reduce_mean(x, [1, 2])
        return ends


@pytest.fixture(scope="module")
def slim(tmp_path_factory):
    """A SavedModel with endpoints, and what computed it."""
    module, path = Slim(), tmp_path_factory.mktemp("hub") / "slim"
    for endpoints in (True, False):
        module.__call__.get_concrete_function(
            tf.TensorSpec([None, None, None, 3], tf.float32), training=False, return_endpoints=endpoints
        )
    tf.saved_model.save(module, str(path))
    return module, path


@pytest.fixture(scope="module")
def signed(tmp_path_factory):
    """A SavedModel that has nothing but a signature for one size."""
    first, second = kernels(4, 8)
    module = tf.Module()
    module.kept = [first, second]

    @tf.function(input_signature=[tf.TensorSpec([1, 64, 64, 3], tf.float32, name="images")])
    def serve(images):
        x = tf.nn.relu(tf.nn.conv2d(images, first, 2, "SAME"), name="early")
        x = tf.nn.relu(tf.nn.conv2d(x, second, 2, "SAME"), name="late")
        return {"logits": tf.reshape(x, [1, 16 * 16 * 8])}

    path = tmp_path_factory.mktemp("hub") / "signed"
    tf.saved_model.save(module, str(path), signatures=serve)
    return (first, second), path


def picture(height=48, width=64):
    return np.random.default_rng(1).random((1, height, width, 3), np.float32)


def test_layers_are_the_endpoints(slim):
    module, path = slim
    network = load_backbone(f"hub:{path}")
    assert isinstance(network, HubBackbone) and load_backbone(f"hub:{path}") is network
    assert network.list_layers()[:2] == ["InceptionV3/Conv2d_1a_3x3", "InceptionV3/Mixed_5b"]
    assert network.layer_name("Mixed_5b") == "InceptionV3/Mixed_5b" and network.channels("Mixed_5b") == 8
    cut = network.truncated(["InceptionV3/Mixed_5b"])
    assert cut is network.truncated(["InceptionV3/Mixed_5b"])
    wanted = module(picture(), return_endpoints=True)["InceptionV3/Mixed_5b"]
    assert np.allclose(cut(picture())["InceptionV3/Mixed_5b"], wanted, atol=1e-5)


def test_without_endpoints_its_graph_is_cut_and_set_free_of_its_size(signed):
    (first, second), path = signed
    network = load_backbone(f"hub:{path}")
    assert [name.rpartition("/")[2] for name in network.list_layers()] == ["early", "late"]
    early = tf.nn.relu(tf.nn.conv2d(picture(), first, 2, "SAME"))
    late = tf.nn.relu(tf.nn.conv2d(early, second, 2, "SAME"))
    seen = network.truncated(network.list_layers())(picture())
    for name, wanted in zip(network.list_layers(), (early, late)):
        assert np.allclose(seen[name], wanted, atol=1e-5)


@pytest.mark.parametrize("kind", ["slim", "signed"])
def test_a_dream_with_it_raises_what_it_sees(kind, request):
    from deepdream_av import Octaves, Pixels, ascend, layer

    _, path = request.getfixturevalue(kind)
    network = load_backbone(f"hub:{path}")
    wanted = layer(network.list_layers()[1])
    scores = [
        step.score
        for step in ascend(Pixels(picture()[0]), network, wanted, octaves=Octaves(1), steps=6, every=2)
    ]
    assert scores[-1] > scores[0]


def test_wrong_names_and_folders_are_told(slim, tmp_path, monkeypatch):
    network = load_backbone(f"hub:{slim[1]}")
    with pytest.raises(UsageError, match="Did you mean 'InceptionV3/Mixed_5b'"):
        network.truncated(["InceptionV3/Mixed_5c"])
    with pytest.raises(UsageError, match="classes"):
        network.class_index("dog")
    with pytest.raises(InputError, match="saved_model.pb"):
        load_backbone(f"hub:{tmp_path}")
    (tmp_path / "saved_model.pb").write_bytes(b"no")
    with pytest.raises(WeightsError, match="cannot be loaded"):
        load_backbone(f"hub:{tmp_path}")
    monkeypatch.setitem(__import__("sys").modules, "tensorflow_hub", None)
    with pytest.raises(MissingExtraError, match=r"deepdream-av\[hub\]"):
        load_backbone("hub:https://tfhub.dev/google/imagenet/inception_v3/feature_vector/5")
    with pytest.raises(UsageError, match="weights"):
        load_backbone(f"hub:{slim[1]}", weights="some.h5")


def test_a_saved_model_without_maps_is_refused(tmp_path):
    module = tf.Module()

    @tf.function(input_signature=[tf.TensorSpec([None, 4], tf.float32)])
    def serve(x):
        return {"y": 2 * x}

    tf.saved_model.save(module, str(tmp_path / "flat"), signatures=serve)
    with pytest.raises(WeightsError, match="takes pictures"):
        load_backbone(f"hub:{tmp_path / 'flat'}")


def test_a_file_cannot_make_us_load_one(tmp_path):
    """A recipe that came with a file may be anybody's; a SavedModel is a program."""
    from deepdream_av.flags import recipe_of
    from deepdream_av.recipe import Recipe

    note = tmp_path / "recipe.json"
    note.write_text(Recipe(backbone="hub:/tmp/anything").to_json())
    with pytest.raises(UsageError, match="--backbone hub:/tmp/anything"):
        recipe_of("image", ["x.png", "--recipe", str(note)])
    named = recipe_of("image", ["x.png", "--recipe", str(note), "--backbone", "hub:/tmp/anything"])
    assert named.backbone == "hub:/tmp/anything"
    note.write_text(Recipe(contrast="hub:/tmp/anything").to_json())
    with pytest.raises(UsageError, match="--contrast"):
        recipe_of("image", ["x.png", "--recipe", str(note)])
