"""A styled picture has the style's colours and the source's size, and its file says how it was painted."""

import json

import numpy as np
import pytest

from deepdream_av import Recipe, flags, read_image, read_recipe, replay, style, style_image
from deepdream_av.errors import MissingExtraError, UsageError, WeightsError
from deepdream_av.media.files import with_mask

# the first layers alone: they are compiled in no time
LAYERS = {"style_layers": (("picture", 1.0), ("stride4", 1.0)), "content_layers": (("stride4", 1.0),)}
RECIPE = Recipe(style_steps=8, first_steps=15, **LAYERS)


def scenery(height=96, width=120):
    import cv2

    noise = np.random.default_rng(0).random((height, width, 3)).astype(np.float32)
    noise = cv2.GaussianBlur(noise, (0, 0), 5)
    return 0.2 + 0.6 * (noise - noise.min()) / np.ptp(noise)


def cloth(colour, side=80):
    y, x = np.mgrid[:side, :side]
    return (np.array(colour, np.float32) * (0.6 + 0.4 * ((x // 5 + y // 7) % 2))[..., None]).astype(
        np.float32
    )


RED, BLUE = cloth([0.9, 0.1, 0.1]), cloth([0.1, 0.1, 0.9])


def test_the_style_comes_and_strength_says_how_far():
    source = scenery()
    far = [
        float(np.mean((style_image(source, RED, recipe=RECIPE.replace(strength=s)).array - source) ** 2))
        for s in (0.0, 0.02, 2.0)
    ]
    assert far[0] == 0 and far[1] < 0.5 * far[2]
    dream = style_image(source, RED, recipe=RECIPE)
    assert dream.array.shape == source.shape and dream.array[..., 0].mean() > dream.array[..., 2].mean() + 0.2
    assert dream.report["backbone"] == "dreamnet" and len(dream.report["scores"]) == 1


def test_two_styles_mix_by_weight():
    painted = [
        style_image(scenery(), [(RED, a), (BLUE, 1 - a)], recipe=RECIPE).array for a in (1.0, 0.5, 0.0)
    ]
    reds = [float(p[..., 0].mean() - p[..., 2].mean()) for p in painted]
    assert reds[0] > reds[1] + 0.1 > reds[2] + 0.2


def test_colours_can_stay():
    source = scenery()
    kept = style_image(source, RED, recipe=RECIPE.replace(colour="luminance")).array
    light = np.array([0.2126, 0.7152, 0.0722])

    def redness(x):
        return float((x[..., 0] - x @ light).mean())

    assert redness(kept) == pytest.approx(redness(source), abs=0.03)


def test_stopping_keeps_what_was_painted():
    def stop(done, total):
        if done >= total / 2:
            raise KeyboardInterrupt

    source = scenery()
    painted = style_image(source, RED, recipe=RECIPE.replace(first_steps=40), progress=stop)
    assert painted.interrupted and np.abs(painted.array - source).mean() > 0.02


@pytest.fixture
def folder(tmp_path, monkeypatch):
    from PIL import Image

    monkeypatch.chdir(tmp_path)
    for name, array in {"in.png": scenery(), "red.png": RED, "blue.png": BLUE, "tiny.png": RED[:20]}.items():
        Image.fromarray(np.rint(array * 255).astype(np.uint8)).save(name)
    left = np.zeros((48, 60), np.uint8)
    left[:, :30] = 255
    Image.fromarray(left).save("left.png")
    Image.fromarray(255 - left).save("right.png")
    Image.fromarray(0 * left).save("black.png")
    return tmp_path


FEW = ["--set", "first_steps=15", "-q"]
FIRST = ["--set", "style_layers=picture,stride4", "--set", "content_layers=stride4"]


def test_a_mask_for_each_style(folder, capsys):
    assert style.main(["in.png", "--style", "red.png@left.png", "--style", "blue.png@right.png:1", "-o", "out.png",
                       *FIRST, *FEW[:-1]]) == 0  # fmt: skip
    assert "60x48" in capsys.readouterr().err  # a mask of another size is told
    out = read_image("out.png").array
    left, right = out[:, :50], out[:, 70:]
    assert (
        left[..., 0].mean() > left[..., 2].mean() + 0.1 and right[..., 2].mean() > right[..., 0].mean() + 0.1
    )


def test_a_name_with_its_mask(folder):
    assert with_mask("red.png@left.png") == ("red.png", "left.png")
    (folder / "photo@2x.png").write_bytes((folder / "red.png").read_bytes())
    assert with_mask("photo@2x.png") == ("photo@2x.png", "")
    assert with_mask("photo@2x.png@left.png") == ("photo@2x.png", "left.png")


def test_command_line_recipe_and_replay(folder, capsys):
    assert (
        style.main(
            ["in.png", "--style", "red.png", "--style", "blue.png:0.3", "-o", "out.png", "--json", *FIRST, *FEW]
        )
        == 0
    )
    told = json.loads(capsys.readouterr().out)
    assert told["report"]["styles"] == ["red.png", "blue.png"] and told["report"]["size"] == [120, 96]
    assert read_recipe("out.png").styles == (("red.png", 1.0), ("blue.png", 0.3))
    assert replay.main(["-q", "out.png", "-o", "again.png"]) == 0
    assert np.array_equal(read_image("again.png").array, read_image("out.png").array)
    assert style.main(["in.png", "--style", "red.png", "-o", "plan.png", "--dry-run", "-q"]) == 0
    assert "red.png 80x80" in capsys.readouterr().out and not (folder / "plan.png").exists()


@pytest.mark.parametrize(
    "given, words",
    [
        ([], "`--style` must name a picture"),
        (["--style", "none.png"], "none.png"),
        (["--style", "tiny.png"], "at least 64 pixels a side"),
        (["--style", "red.png:0"], "sum is not 0"),
        (["--style", "red.png@black.png"], "black all over"),
        (["--style", "red.png", "--set", "style_layers=stride9"], "Did you mean 'stride8'"),
        (["--style", "red.png", "--stylizer", "./left.png"], "saved_model.pb"),
    ],
)
def test_bad_input_is_one_line(folder, capsys, given, words):
    assert style.main(["in.png", "-o", "out.png", *given, *FEW]) in (1, 2)
    error = capsys.readouterr().err.strip()
    assert words in error and len(error.splitlines()) == 1 and not (folder / "out.png").exists()


def test_style_and_dream_in_one_objective():
    dream = RECIPE.replace(layers=(("stride8", 1.0),), dream_weight=1.0)
    from deepdream_av.ascent.painter import Painter
    from deepdream_av.objectives.paintings import Painting

    source, energies = scenery(), []
    for recipe in (RECIPE, dream):
        painter = Painter(recipe, [Painting(RED)])
        *_, last = painter.paint(source)
        seen = painter.backbone.truncated(("stride8",))(last.array()[None])["stride8"]
        energies.append(float(np.mean(np.square(np.asarray(seen, np.float32)))))
    assert energies[1] > 1.5 * energies[0]


def test_what_is_not_wanted_is_kept_low():
    rough = [
        float(
            np.abs(
                np.diff(style_image(scenery(), RED, recipe=RECIPE.replace(penalties=p)).array, axis=1)
            ).mean()
        )
        for p in ((), (("tv", 3.0),))
    ]
    assert rough[1] < 0.8 * rough[0]


def test_a_stylizer_in_the_form_of_the_hub(tmp_path):
    """A SavedModel with a content and a style for inputs, exported here: it moves colours to the style's mean."""
    import tensorflow as tf

    class Module(tf.Module):
        @tf.function(
            input_signature=[tf.TensorSpec([None, None, None, 3]), tf.TensorSpec([None, None, None, 3])]
        )
        def __call__(self, placeholder, placeholder_1):
            mean = tf.reduce_mean(placeholder_1, [1, 2], keepdims=True)
            return [
                tf.clip_by_value(
                    placeholder - tf.reduce_mean(placeholder, [1, 2], keepdims=True) + mean, 0.0, 1.0
                )
            ]

    module = Module()
    called = tf.function(
        lambda placeholder, placeholder_1: {"output_0": module(placeholder, placeholder_1)[0]},
        input_signature=[tf.TensorSpec([None, None, None, 3], name="placeholder"),
                         tf.TensorSpec([None, None, None, 3], name="placeholder_1")],
    )  # fmt: skip
    tf.saved_model.save(module, tmp_path / "whole", signatures={"serving_default": called})
    bare = tf.Module()
    bare.inner = module
    tf.saved_model.save(bare, tmp_path / "bare", signatures={"serving_default": called})
    source = scenery() * 0.2 + 0.4
    for name in ("whole", "bare"):
        painted = style_image(source, RED, recipe=Recipe(stylizer=str(tmp_path / name))).array
        assert np.allclose(painted.mean((0, 1)), RED.mean((0, 1)), atol=0.02)
    half = style_image(source, RED, recipe=Recipe(stylizer=str(tmp_path / "whole"), strength=0.5)).array
    assert np.allclose(half.mean((0, 1)), (RED.mean((0, 1)) + source.mean((0, 1))) / 2, atol=0.02)
    (tmp_path / "recipe.json").write_text(
        Recipe(stylizer=str(tmp_path / "whole"), styles=(("a.png", 1.0),)).to_json()
    )
    with pytest.raises(UsageError, match="does not make a SavedModel run"):
        flags.recipe_of("style", ["--recipe", str(tmp_path / "recipe.json")])
    tf.saved_model.save(tf.Module(), tmp_path / "none")
    with pytest.raises(WeightsError, match="takes neither"):
        style_image(source, RED, recipe=Recipe(stylizer=str(tmp_path / "none")))


def test_a_handle_without_the_hub_names_the_extra(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "tensorflow_hub", None)
    with pytest.raises(MissingExtraError, match=r"deepdream-av\[hub\]"):
        style_image(scenery(), RED, recipe=Recipe(stylizer="https://tfhub.dev/some/thing/1"))
    with pytest.raises(UsageError, match="sum is not 0"):
        style_image(scenery(), [(RED, 0.0)], recipe=Recipe(stylizer="x"))
