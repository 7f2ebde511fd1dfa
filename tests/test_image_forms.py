"""Dreams from noise, dreams that stay with their source, and dreams in its colours."""

import json

import numpy as np
import pytest

from deepdream_av import dream_image, image, replay
from deepdream_av.errors import InputError, UsageError
from deepdream_av.media.example import example_picture
from deepdream_av.media.image import read_image, write_image
from deepdream_av.media.metadata import read_note
from deepdream_av.media.palette import LIGHT, split
from deepdream_av.recipe import Recipe

RECIPE = Recipe(layers=(("stride4", 1.0),), octaves=1, steps=3, size=64)


def forms(**changes):
    return RECIPE.replace(**changes)


@pytest.mark.parametrize("canvas", ["fourier", "phase", "laplacian"])
def test_a_dream_of_nothing_depends_on_its_seed_and_has_the_contrast_of_a_photo(canvas):
    first, again, other = (dream_image(None, recipe=forms(canvas=canvas, seed=s)).array for s in (1, 1, 2))
    assert first.shape == (64, 64, 3) and np.array_equal(first, again)
    assert np.abs(first - other).mean() > 0.03
    assert 0.08 < first.std() < 0.3 and 0.3 < first.mean() < 0.7
    # its colours are those of photos: light varies most
    assert (first @ LIGHT).std() > 2 * split(first)[1].std()


def test_the_command_line_dreams_from_noise_and_again(tmp_path, capsys):
    flags = [
        "--canvas",
        "fourier",
        "--size",
        "64",
        "--layer",
        "stride4",
        "--set",
        "octaves=1",
        "--set",
        "steps=2",
    ]
    assert image.main(["-o", str(tmp_path / "n.png"), "--json", "-q", *flags]) == 0
    report = json.loads(capsys.readouterr().out)["report"]
    assert report["size"] == [64, 64] and report["scores"][0][-1] > report["scores"][0][0]
    note = read_note(tmp_path / "n.png")
    assert note.example and note.recipe.canvas == "fourier"
    assert replay.main(["-q", str(tmp_path / "n.png"), "-o", str(tmp_path / "again.png")]) == 0
    assert np.array_equal(*(read_image(tmp_path / n).array for n in ("n.png", "again.png")))
    assert image.main(["-o", str(tmp_path / "x.png"), "-q"]) == 2  # pixels need something to dream in
    assert "`source` must be the name of a file" in capsys.readouterr().err
    assert image.main(["-o", str(tmp_path / "x.png"), "-q", "--look", "motifs", *flags[:2]]) == 2
    assert "`rule` must be" in capsys.readouterr().err


def test_a_spectrum_of_ones_own(tmp_path):
    """Stripes have their power at one frequency, and so has a noise that is made with their spectrum."""
    stripes = np.repeat((0.5 + 0.4 * np.sin(2 * np.pi * np.arange(96) / 8))[None, :, None], 96, 0)
    write_image(tmp_path / "stripes.png", np.repeat(stripes, 3, 2))
    made = dream_image(
        None, recipe=forms(canvas="phase", spectrum=str(tmp_path), steps=1, step_size=1e-5)
    ).array
    power = np.abs(np.fft.rfft2(made.mean(2) - made.mean()))
    row, column = np.unravel_index(power.argmax(), power.shape)
    assert row == 0 and column in (7, 8, 9)  # 12 in the whole, of which 64 of 96 pixels are kept
    with pytest.raises(InputError, match="folder of pictures"):
        dream_image(None, recipe=forms(canvas="phase", spectrum=str(tmp_path / "none")))


def test_an_anchor_holds_what_the_network_sees():
    """The firmer it is, the less of what it sees in the source is lost."""
    from deepdream_av import load_backbone

    source = example_picture(96, 72)
    seen = load_backbone("dreamnet").truncated(["stride2"])

    def lost(anchor):
        dream = dream_image(source, recipe=forms(anchor=anchor, finish="raw", steps=8, step_size=0.02)).array
        before, after = (np.asarray(seen(x[None])["stride2"], np.float32) for x in (source, dream))
        return float(np.square(after - before).mean())

    free, held = lost(0.0), lost(30.0)
    assert held < 0.8 * free


def test_the_colours_of_the_source_stay():
    source = example_picture(96, 72)
    plain, kept = (dream_image(source, recipe=forms(colour=c)).array for c in ("dream", "luminance"))
    assert kept @ LIGHT == pytest.approx(plain @ LIGHT, abs=1e-4)
    paler = np.linalg.norm(split(kept)[1], axis=-1) <= np.linalg.norm(split(source)[1], axis=-1) + 1e-4
    assert paler.all()  # the same hue, at most as strong
    with pytest.raises(UsageError, match="colour"):
        forms(colour="sepia")
