"""Masks: white is dreamt, black is not touched at all, and what is said of them."""

import numpy as np
import pytest
from PIL import Image

from deepdream_av import Recipe, cli, dream_image
from deepdream_av.ascent.masks import laid_out, mask_notes, read_mask, sized
from deepdream_av.ascent.pictures import framed
from deepdream_av.errors import InputError
from deepdream_av.image import main

FAST = dict(octaves=1, steps=3, work_size=96)


def photo(height=80, width=120):
    y, x = np.mgrid[:height, :width]
    rng = np.random.default_rng(0).uniform(-0.1, 0.1, (height, width, 3))
    return np.clip(0.5 + 0.3 * np.sin(x / 7 + y / 9)[..., None] + rng, 0, 1).astype(np.float32)


@pytest.fixture
def left(tmp_path):
    mask = np.zeros((80, 120), np.uint8)
    mask[:, :50] = 255
    mask[:, 50:60] = 128
    Image.fromarray(mask).save(tmp_path / "left.png")
    return str(tmp_path / "left.png")


@pytest.mark.parametrize(
    "more", [{}, dict(canvas="fourier"), dict(finish="raw", tone="clip"), dict(colour="lab")], ids=str
)
def test_black_is_not_touched_at_all(left, more):
    result = dream_image(photo(), recipe=Recipe(mask=left, **FAST, **more)).array
    assert np.array_equal(result[:, 60:], photo()[:, 60:])
    moved = np.abs(result - photo()).mean((0, 2))
    assert moved[:45].min() > 0.004 and 0.1 < moved[52:58].mean() / moved[:45].mean() < 0.95


def test_the_part_that_is_dreamt_is_as_loud_as_a_whole_dream(left):
    masked, whole = (dream_image(photo(), recipe=Recipe(mask=m, **FAST)).array for m in (left, ""))
    change = [np.sqrt(np.square(x - photo())[:, :50].mean()) for x in (masked, whole)]
    assert change[0] == pytest.approx(change[1], rel=0.3)


def test_an_alpha_channel_is_a_mask(left, tmp_path):
    alpha = np.asarray(Image.open(left))
    rgba = np.dstack([(255 * photo()).astype(np.uint8), alpha])
    Image.fromarray(rgba).save(tmp_path / "alpha.png")
    source = np.float32(rgba[..., :3]) / 255
    result = dream_image(str(tmp_path / "alpha.png"), recipe=Recipe(mask="alpha", **FAST)).array
    assert np.allclose(result[:, 60:], source[:, 60:], atol=1e-6) and np.abs(result - source)[:, :50].mean() > 0.01
    assert np.array_equal(read_mask(tmp_path / "alpha.png"), read_mask(left))
    with pytest.raises(InputError, match="opaque"):
        dream_image(photo(), recipe=Recipe(mask="alpha", **FAST))


def test_a_mask_of_another_size_is_resized_and_said(left, tmp_path, capsys):
    Image.open(left).resize((60, 40), Image.Resampling.NEAREST).save(tmp_path / "half.png")
    notes = mask_notes(Recipe(mask=str(tmp_path / "half.png"), terms=((f"mean=a@{left}", 1.0),)), (80, 120))
    assert len(notes) == 1 and "60 x 40 px and is resized to the 120 x 80" in notes[0]
    Image.fromarray((255 * photo()).astype(np.uint8)).save(tmp_path / "photo.png")
    argv = [str(tmp_path / "photo.png"), "-o", str(tmp_path / "out.png"), "--mask", str(tmp_path / "half.png")]
    assert main([*argv, *[f"--set={k}={v}" for k, v in FAST.items()]]) == cli.DONE
    assert "is resized" in capsys.readouterr().err
    before, after = (np.asarray(Image.open(tmp_path / n)) for n in ("photo.png", "out.png"))
    assert np.array_equal(before[:, 62:], after[:, 62:]) and not np.array_equal(before, after)


def test_a_black_mask_is_an_error(tmp_path, capsys):
    Image.new("L", (20, 20)).save(tmp_path / "black.png")
    Image.new("RGB", (70, 70)).save(tmp_path / "photo.png")
    argv = [str(tmp_path / "photo.png"), "-o", str(tmp_path / "out.png"), "--mask", str(tmp_path / "black.png")]
    assert main(argv) == cli.FAILED and "black all over" in capsys.readouterr().err
    assert not (tmp_path / "out.png").exists()


def test_a_mask_follows_its_picture_into_the_frame():
    mask = np.random.default_rng(0).uniform(0, 1, (40, 50)).astype(np.float32)
    wide, inside = framed(np.repeat(mask[..., None], 3, 2))
    assert np.array_equal(laid_out(mask, wide.shape[:2], inside), wide[..., 0])
    zeros = sized(np.where(np.arange(50) < 25, 1.0, 0.0)[None].repeat(40, 0).astype(np.float32), (80, 100))
    assert not zeros[:, 52:].any() and (zeros[:, :48] == 1).all()
