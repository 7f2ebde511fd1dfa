"""A dreamt picture is the source's picture, dreamt: its size, its alpha, its bits, as loud as was asked for."""

import json

import numpy as np
import pytest

from deepdream_av import Recipe, dream_image, image, read_image, read_recipe
from deepdream_av.errors import InputError, UsageError

RECIPE = Recipe.from_look("eyes", octaves=2, steps=4)


def scenery(height=120, width=160, seed=0):
    import cv2

    noise = np.random.default_rng(seed).random((height, width, 3)).astype(np.float32)
    noise = cv2.GaussianBlur(noise, (0, 0), 3)
    return 0.2 + 0.6 * (noise - noise.min()) / np.ptp(noise)


def rms(a, b):
    return 255 * float(np.sqrt(np.mean((a - b) ** 2)))


def test_strength_is_how_far_it_is_dreamt():
    source = scenery()
    changes = [
        rms(dream_image(source, recipe=RECIPE.replace(strength=s, steps=10)).array, source)
        for s in (0.0, 0.5, 1.0)
    ]
    assert changes[0] == 0
    assert changes[1] == pytest.approx(9.5, abs=0.8) and changes[2] == pytest.approx(19.0, abs=1.5)


def test_it_is_really_dreamt_and_told():
    source = scenery()
    dream = dream_image(source, recipe=RECIPE)
    from deepdream_av.ascent.pictures import PictureDreamer

    looks = PictureDreamer(RECIPE)
    assert (looks.activations(dream.array) > 1.5 * looks.activations(source)).all()
    assert len(dream.report["scores"]) == 2 and all(len(curve) == 4 for curve in dream.report["scores"])
    assert dream.report["rms_change"] == pytest.approx(rms(dream.array, source), abs=0.01)
    assert dream.report["clipped_percent"] < 0.5


def test_same_recipe_same_pixels_and_another_seed_others():
    source = scenery()
    a, b, c = (dream_image(source, recipe=RECIPE.replace(seed=s)).array for s in (1, 1, 2))
    assert np.array_equal(a, b) and not np.array_equal(a, c)


@pytest.mark.parametrize("look", ["eyes", "patterns", "creatures"])
def test_every_look_dreams(look):
    source = scenery(80, 96)
    dream = dream_image(source, recipe=Recipe.from_look(look, steps=3))
    assert rms(dream.array, source) > 8


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (200, 3), (33, 65)])
def test_tiny_and_odd_pictures(shape):
    dream = dream_image(
        scenery(*shape) if min(shape) > 3 else np.full((*shape, 3), 0.4, np.float32), recipe=RECIPE
    )
    assert dream.array.shape == (*shape, 3) and np.isfinite(dream.array).all()


def test_a_large_picture_keeps_its_size_and_its_detail():
    """What is finer than the work size is untouched: the dream holds no such detail."""
    import cv2

    source = scenery(1200, 1600) + np.random.default_rng(1).normal(0, 0.02, (1200, 1600, 3)).astype(
        np.float32
    )
    dream = dream_image(np.clip(source, 0, 1), recipe=RECIPE.replace(work_size=320)).array
    assert dream.shape == source.shape
    fine = [x - cv2.GaussianBlur(x, (0, 0), 1.0) for x in (source, dream)]
    assert np.corrcoef(fine[0].ravel(), fine[1].ravel())[0, 1] > 0.97


@pytest.mark.parametrize("dtype, top", [(np.uint8, 255), (np.uint16, 65535), (np.float64, 1.0)])
def test_arrays_of_every_kind(dtype, top):
    source = scenery(64, 64)
    dream = dream_image((source * top).astype(dtype), recipe=RECIPE)
    assert dream.array.dtype == np.float32 and dream.array.shape == source.shape


@pytest.mark.parametrize(
    "bad, words",
    [
        (np.zeros((4, 4, 4), np.float32), r"\[4, 4, 4\]"),
        (np.zeros((0, 4, 3), np.float32), "picture"),
        (np.full((4, 4, 3), np.nan, np.float32), "not numbers"),
        (np.full((4, 4, 3), 200.0), r"\[0, 1\]. Received"),
        (np.array([["a"]]), "Received"),
    ],
)
def test_what_is_no_picture_is_named(bad, words):
    with pytest.raises(InputError, match=words):
        dream_image(bad)


def test_an_ear_cannot_look():
    with pytest.raises(UsageError, match="listens"):
        dream_image(scenery(64, 64), recipe=RECIPE.replace(backbone="earnet"))


def test_stopping_keeps_what_was_dreamt():
    def stop(done, total):
        if done >= total / 2:
            raise KeyboardInterrupt

    source = scenery()
    dream = dream_image(source, recipe=RECIPE.replace(steps=20), progress=stop)
    assert dream.interrupted and rms(dream.array, source) > 5


def test_command_line_alpha_bits_recipe_and_replay(tmp_path, capsys, monkeypatch):
    from PIL import Image

    from deepdream_av import replay

    monkeypatch.chdir(tmp_path)
    rgba = np.dstack([np.rint(scenery(60, 80) * 255), np.tile(np.arange(80) * 3, (60, 1))]).astype(np.uint8)
    Image.fromarray(rgba).save("in.png")
    assert image.main(["in.png", "-o", "out.png", "--set", "steps=2", "--seed", "5", "--json", "-q"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["path"] == "out.png" and told["report"]["size"] == [80, 60]
    out = read_image("out.png")
    assert np.array_equal(np.rint(out.alpha * 255), rgba[..., 3])
    assert read_recipe("out.png") == Recipe.from_look("eyes", steps=2, seed=5)
    assert replay.main(["-q", "out.png", "-o", "again.png"]) == 0
    assert np.array_equal(read_image("again.png").array, out.array)
