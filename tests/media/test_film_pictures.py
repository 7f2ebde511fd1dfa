"""The pictures of a film are upright, whole, and in the colours that they were."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from deepdream_av.media.video import FilmWriter, open_film

ASSETS = Path(os.environ.get("DEEPDREAM_AV_ASSETS", Path(__file__).parents[2] / "../shared/assets"))


def picture(n: int, width: int = 96, height: int = 64) -> np.ndarray:
    """A smooth colourful picture whose stripes tell the frame number; uint8."""
    y, x = np.mgrid[0:height, 0:width] / 64.0
    channels = [np.sin(3 * x + 0.3 * n), np.cos(2 * y + x), np.sin(x + y - 0.2 * n)]
    return (np.dstack(channels) * 60 + 128).astype(np.uint8)


def make_film(path, pts, *, size=(96, 64), **options):
    with FilmWriter(path, size=size, time_base=Fraction(1, 90_000), fps=24, **options) as film:
        for n, p in enumerate(pts):
            film.write(picture(n, *size), p, 3003)
    return path


@pytest.mark.parametrize("turn", [90, -90, 180])
def test_rotation_is_applied_and_not_written(tmp_path, turn):
    upright = picture(3)
    stored = np.ascontiguousarray(np.rot90(upright, -turn // 90))
    path = tmp_path / "phone.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=24, options={"crf": "10"})
        stream.height, stream.width = stored.shape[:2]
        stream.pix_fmt = "yuv420p"
        if not hasattr(stream, "set_display_rotation"):
            pytest.skip("this PyAV cannot write a display matrix")
        stream.set_display_rotation(turn)
        for _ in range(3):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(stored, format="rgb24")))
        container.mux(stream.encode(None))
    film = open_film(path)
    frame = next(iter(film)).array
    assert film.size == (96, 64) and frame.shape == (64, 96, 3)
    assert np.abs(frame.astype(int) - upright).mean() < 12 < np.abs(frame[::-1].astype(int) - upright).mean()


def test_odd_sizes_are_padded_by_reflection_or_kept(tmp_path):
    film = open_film(make_film(tmp_path / "odd.mp4", [0, 3000], size=(97, 63), quality=5))
    frame = next(iter(film)).array
    assert film.size == (98, 64)
    assert np.abs(frame[:63, :97].astype(int) - picture(0, 97, 63)).mean() < 3  # not rescaled
    assert np.abs(frame[63].astype(int) - frame[62]).max() < 25
    assert open_film(make_film(tmp_path / "odd.webm", [0, 3000], size=(97, 63))).size == (97, 63)


@pytest.mark.parametrize("size", [(96, 64), (1280, 720)])
def test_colours_survive_and_are_tagged(tmp_path, size):
    colour = np.array([200, 30, 60])
    path = tmp_path / "red.mp4"
    with FilmWriter(path, size=size, time_base=Fraction(1, 24), quality=5) as film:
        film.write(np.tile((colour / 255).astype(np.float32), (size[1], size[0], 1)), 0, 1)
    with av.open(str(path)) as container:
        context = container.streams.video[0].codec_context
        tags = context.colorspace, context.color_primaries, context.color_trc, context.color_range
        assert tags == (1, 1, 1, 1)  # BT.709, limited
    frame = next(iter(open_film(path))).array
    assert np.abs(frame.mean((0, 1)) - colour).max() < 4


def test_untagged_small_films_are_read_as_bt601(tmp_path):
    path, colour = tmp_path / "old.mp4", np.array([200, 30, 60])
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=24, options={"crf": "5"})
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        # PyAV's own conversion is BT.601, and leaves no tag
        frame = av.VideoFrame.from_ndarray(np.tile(colour.astype(np.uint8), (64, 96, 1)), format="rgb24")
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    assert np.abs(next(iter(open_film(path))).array.mean((0, 1)) - colour).max() < 4


def test_full_range_source_keeps_black_and_white(tmp_path):
    path = tmp_path / "full.mkv"
    ramp = np.tile(np.linspace(0, 255, 96)[None, :, None], (64, 1, 3)).astype(np.uint8)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mjpeg", rate=24)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuvj420p"
        stream.codec_context.qmin, stream.codec_context.qmax = 1, 2
        frame = av.VideoFrame.from_ndarray(ramp, format="rgb24").reformat(format="yuvj420p")
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    frame = next(iter(open_film(path))).array
    assert np.abs(frame.astype(int) - ramp).mean() < 3


def test_pixel_aspect_and_comment_are_kept(tmp_path):
    path = make_film(tmp_path / "wide.mp4", [0, 3000], aspect=Fraction(4, 3), comment='a recipe {"x": 1}')
    assert open_film(path).aspect == Fraction(4, 3)
    with av.open(str(path)) as container:
        assert container.metadata["comment"] == 'a recipe {"x": 1}'


@pytest.mark.skipif(not ASSETS.is_dir(), reason="the shared films are not here")
def test_real_phone_film_is_upright():
    film = open_film(ASSETS / "movies/rotated90_flower.mp4", duration=0.1)
    assert film.size == (540, 960) and next(iter(film)).array.shape == (960, 540, 3)


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_mirrored_films_are_shown_as_players_show_them(tmp_path, turn):
    """Telephones held to a mirror, and cameras at the front."""
    stored = picture(3)
    path = tmp_path / "front.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=24, options={"crf": "5"})
        stream.height, stream.width = stored.shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.set_display_rotation(turn, hflip=True)
        container.mux(stream.encode(av.VideoFrame.from_ndarray(stored, format="rgb24")))
        container.mux(stream.encode(None))
    film = open_film(path)
    shown = next(iter(film)).array
    upright = np.rot90(stored, turn // 90)[:, ::-1]  # turned, and mirrored after that
    assert film.size == (upright.shape[1], upright.shape[0])
    assert np.abs(shown.astype(int) - upright).mean() < 6


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".webm", "lossless.mkv"])
def test_pixels_of_any_shape_keep_it(tmp_path, suffix):
    for aspect in (Fraction(16, 15), Fraction(8, 9), Fraction(1), Fraction(2)):
        path = tmp_path / f"dv{suffix}"
        make_film(path, [0, 3000], size=(90, 64), aspect=aspect, lossless=suffix.startswith("l"))
        film = open_film(path)
        assert film.aspect == aspect and film.size == (90, 64)
        assert [frame.time for frame in film] == pytest.approx([0, 1 / 30], abs=0.001)


def test_pixels_of_films_that_lie_are_turned_with_them(tmp_path):
    path = tmp_path / "lying.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=24)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        stream.codec_context.sample_aspect_ratio = Fraction(4, 3)
        stream.set_display_rotation(90)
        container.mux(stream.encode(av.VideoFrame.from_ndarray(picture(0), format="rgb24")))
        container.mux(stream.encode(None))
    film = open_film(path)
    assert film.size == (64, 96) and film.aspect == Fraction(3, 4)


@pytest.mark.parametrize("codec", ["libvpx-vp9", "libvpx"])
def test_transparency_of_webm_is_seen(tmp_path, codec):
    alpha = np.tile(np.linspace(0, 255, 96).astype(np.uint8), (64, 1))
    path = tmp_path / "clear.webm"
    with av.open(str(path), "w") as container:
        options = {"auto-alt-ref": "0"} if codec == "libvpx" else {}  # VP8 has no hidden frames with transparency
        stream = container.add_stream(codec, rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuva420p"
        stream.metadata["alpha_mode"] = "1"
        for n in range(3):
            rgba = np.dstack([picture(n), alpha])
            frame = av.VideoFrame.from_ndarray(rgba, format="rgba").reformat(format="yuva420p")
            frame.pts = n
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    film = open_film(path)
    frames = list(film)
    assert film.clear and [f.time for f in frames] == pytest.approx([0, 0.04, 0.08])
    for frame in frames:
        assert np.abs(frame.alpha.astype(int) - alpha).mean() < 4


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".webm", "lossless.mkv"])
def test_the_last_frame_stays_as_long_as_it_did(tmp_path, suffix):
    path = tmp_path / f"film{suffix}"
    with FilmWriter(path, size=(32, 32), time_base=Fraction(1, 1000), lossless=suffix.startswith("l")) as film:
        for n, lasting in enumerate((40, 40, 1500)):
            film.write(picture(n, 32, 32), 40 * n, lasting)
    last = list(open_film(path))[-1]
    assert last.duration * last.time_base == Fraction(3, 2)
    with av.open(str(path)) as container:
        assert container.duration / av.time_base == pytest.approx(1.58, abs=0.002)
