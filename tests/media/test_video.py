"""Films are read and written with their own clock, shape, colours and sound offset."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from deepdream_av.errors import InputError, OutputError
from deepdream_av.media.video import FilmWriter, SoundFormat, open_film

ASSETS = Path(os.environ.get("DEEPDREAM_AV_ASSETS", Path(__file__).parents[2] / "../shared/assets"))


def picture(n: int, width: int = 96, height: int = 64) -> np.ndarray:
    """A smooth colourful picture whose stripes tell the frame number; uint8."""
    y, x = np.mgrid[0:height, 0:width] / 64.0
    channels = [np.sin(3 * x + 0.3 * n), np.cos(2 * y + x), np.sin(x + y - 0.2 * n)]
    return (np.dstack(channels) * 60 + 128).astype(np.uint8)


def make_film(path, pts, *, time_base=Fraction(1, 90_000), size=(96, 64), sound=None, **options):
    with FilmWriter(path, size=size, time_base=time_base, fps=24, sound=sound, **options) as film:
        for n, p in enumerate(pts):
            film.write(picture(n, *size), p, 3003)
        if sound:
            film.write_sound(noise(sound))
    return path


def noise(sound: SoundFormat, seconds: float = 0.7) -> np.ndarray:
    rng = np.random.default_rng(1)
    x = rng.standard_normal((round(seconds * sound.rate), sound.channels))
    return (0.1 * np.cumsum(x - x.mean(0), 0) / 30 + 0.05 * x).astype(np.float32)


def read_sound(path) -> tuple[np.ndarray, Fraction, Fraction]:
    """First channel, time of its first sample, length by the container in seconds."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        frames = list(container.decode(stream))
        first = frames[0].pts * frames[0].time_base
        length = stream.duration * stream.time_base if stream.duration else None
        planar = frames[0].format.is_planar
        parts = [f.to_ndarray()[0] if planar else f.to_ndarray()[0, :: f.layout.nb_channels] for f in frames]
        parts = [p / 2.0**31 if p.dtype == np.int32 else p for p in parts]
    return np.concatenate(parts), first, length


def lag(x: np.ndarray, y: np.ndarray, *, at: int, length: int = 4000, reach: int = 1500) -> int:
    """Samples by which `y` is late, by cross-correlation."""
    scores = [float(x[at : at + length] @ y[at + k : at + k + length]) for k in range(-reach, reach)]
    return int(np.argmax(scores)) - reach


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".webm"])
def test_timestamps_of_variable_rate_survive_exactly(tmp_path, suffix):
    milliseconds = suffix in (".mkv", ".webm")  # all that Matroska can store
    base = Fraction(1, 1000) if milliseconds else Fraction(1, 90_000)
    gaps = np.random.default_rng(0).integers(20, 80, 24) * (1 if milliseconds else 91)
    pts = [700 * (1 if milliseconds else 90) + 1, *(700 * (1 if milliseconds else 90) + 1 + np.cumsum(gaps))]
    film = open_film(make_film(tmp_path / f"film{suffix}", [int(p) for p in pts], time_base=base))
    assert [f.pts * f.time_base for f in film] == [int(p) * base for p in pts]
    assert film.decoded == len(pts) and film.missing == 0


def test_ntsc_clock_is_not_rounded(tmp_path):
    base = Fraction(1, 30_000)
    film = open_film(make_film(tmp_path / "ntsc.mp4", [1001 * n for n in range(12)], time_base=base))
    assert [f.pts * f.time_base for f in film] == [Fraction(1001 * n, 30_000) for n in range(12)]
    assert film.duration == pytest.approx(12 * 1001 / 30_000, abs=0.05)


def test_a_film_can_be_read_twice_and_in_part(tmp_path):
    path = make_film(tmp_path / "film.mp4", [3000 * n for n in range(40)])
    whole = open_film(path)
    assert [f.pts for f in whole] == [f.pts for f in whole]
    part = open_film(path, start=0.5, duration=0.4)
    frames, all_frames = list(part), list(whole)
    step = frames[0].time_base
    assert [f.pts * step for f in frames] == [n * Fraction(1, 30) for n in range(12)]
    assert part.origin == Fraction(1, 2) and part.n_frames == 12
    assert np.array_equal(frames[0].array, all_frames[15].array)


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


def test_index_comes_first(tmp_path):
    data = make_film(tmp_path / "film.mp4", [0, 3000]).read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


@pytest.mark.parametrize(
    "suffix, rate", [(".mp4", 44100), (".mp4", 48000), (".mkv", 22050), (".webm", 48000)]
)
@pytest.mark.parametrize("start", [Fraction(0), Fraction(1, 4)])
def test_sound_keeps_place_and_length(tmp_path, suffix, rate, start):
    sound = SoundFormat(rate, 2, "stereo", start)
    path = make_film(tmp_path / f"film{suffix}", [3000 * n for n in range(25)], sound=sound)
    x = noise(sound)[:, 0]
    y, first, length = read_sound(path)
    assert abs(first - start) <= Fraction(1, 1000)  # one tick of Matroska
    assert abs(lag(x, y, at=rate // 4)) <= rate / 1000
    if length is not None:
        assert length == Fraction(len(x), rate)
    assert len(x) <= len(y) + rate / 1000 and len(y) < len(x) + 1024


def test_surround_and_mono_stay_what_they_are(tmp_path):
    for channels, layout in ((1, "mono"), (6, "5.1")):
        path = make_film(tmp_path / f"{channels}.mp4", [0, 3000], sound=SoundFormat(48000, channels, layout))
        with av.open(str(path)) as container:
            assert container.streams.audio[0].layout.nb_channels == channels


def test_one_frame_is_a_film(tmp_path):
    assert [f.pts for f in open_film(make_film(tmp_path / "one.mp4", [0]))] == [0]


def test_truncated_film_gives_what_it_has(tmp_path):
    whole = make_film(tmp_path / "whole.mp4", [3000 * n for n in range(60)], quality=5)
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(whole.read_bytes()[: int(whole.stat().st_size * 0.6)])
    film = open_film(broken)
    frames = list(film)
    assert 5 < len(frames) < 60
    assert film.missing == 60 - len(frames)


@pytest.mark.parametrize("content", [None, b"", b"not a film at all" * 50])
def test_what_is_no_film_is_told_in_one_line(tmp_path, content):
    path = tmp_path / "film.mp4"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError) as error:
        open_film(path)
    assert str(path) in str(error.value) and "\n" not in str(error.value)


def test_sound_alone_is_no_film(tmp_path):
    path = tmp_path / "song.m4a"
    with av.open(str(path), "w", format="ipod") as container:
        stream = container.add_stream("aac", rate=44100)
        frame = av.AudioFrame.from_ndarray(np.zeros((2, 4096), np.float32), format="fltp", layout="stereo")
        frame.rate = 44100
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with pytest.raises(InputError, match="no video stream"):
        open_film(path)


def test_start_beyond_the_end_is_told(tmp_path):
    with pytest.raises(InputError, match="after 9 s"):
        open_film(make_film(tmp_path / "short.mp4", [0, 3000]), start=9)


def test_wrong_outputs_are_told(tmp_path):
    with pytest.raises(OutputError, match="mp4"):
        FilmWriter(tmp_path / "film.gif", size=(96, 64), time_base=Fraction(1, 24))
    with pytest.raises(OutputError, match="cannot be written"):
        FilmWriter(tmp_path / "no" / "film.mp4", size=(96, 64), time_base=Fraction(1, 24))


@pytest.mark.skipif(not ASSETS.is_dir(), reason="the shared films are not here")
def test_real_phone_film_is_upright():
    film = open_film(ASSETS / "movies/rotated90_flower.mp4", duration=0.1)
    assert film.size == (540, 960) and next(iter(film)).array.shape == (960, 540, 3)
