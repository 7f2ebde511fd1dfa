"""Of a film that is broken, or none, one line is told; what can be seen of it is read."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
import pytest

from deepdream_av.errors import InputError, OutputError
from deepdream_av.media.video import FilmWriter, open_film


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


def test_a_film_that_is_cut_off_says_how_much_is_missing(tmp_path):
    for suffix in (".mkv", ".webm", ".mp4"):
        whole = make_film(tmp_path / f"whole{suffix}", [3600 * n for n in range(125)], quality=5)
        film = open_film(whole)
        assert len(list(film)) == 125 and film.missing_seconds == 0.0
        broken = tmp_path / f"broken{suffix}"
        broken.write_bytes(whole.read_bytes()[: int(whole.stat().st_size * 0.6)])
        film = open_film(broken)
        assert film.missing_seconds == 0.0  # nothing is known before it is read
        seen = len(list(film))
        assert film.missing_seconds == pytest.approx(5 - seen / 25, abs=0.15) and 30 < seen < 115
        part = open_film(broken, duration=0.4)
        assert len(list(part)) == 10 and part.missing_seconds == 0.0  # what was asked for is there
        rest = open_film(broken, start=1.0, duration=4.5)
        assert len(list(rest)) == seen - 25 and rest.missing_seconds == pytest.approx(film.missing_seconds)


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


def test_lists_of_films_are_told(tmp_path):
    make_film(tmp_path / "film.mp4", [0])
    path = tmp_path / "list.mp4"
    path.write_text("ffconcat version 1.0\nfile film.mp4\n")
    with pytest.raises(InputError, match="A list of films is no film. Received: "):
        open_film(path)


def test_absurd_sizes_are_told_before_memory_is_taken(tmp_path):
    path = tmp_path / "film.mkv"
    make_film(path, [0], size=(300, 280), lossless=True)
    data = path.read_bytes()
    for number, said in ((0xB0, 300), (0xBA, 280)):  # width and height in Matroska's header
        field = bytes([number, 0x82]) + said.to_bytes(2, "big")
        assert data.count(field) == 1
        data = data.replace(field, field[:2] + (16_000).to_bytes(2, "big"))
    path.write_bytes(data)
    with pytest.raises(InputError, match="at most 67 megapixels. Received: 16000x16000 in"):
        open_film(path)


@pytest.mark.parametrize("suffix, codec", [(".mp4", "libx264"), (".mkv", "libx264"), (".webm", "libvpx-vp9")])
def test_streams_without_a_frame_are_told(tmp_path, suffix, codec):
    path = tmp_path / f"film{suffix}"
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        container.start_encoding()
    with pytest.raises(InputError) as error:
        open_film(path)
    assert str(path) in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize("part", [1, 8, 40, 300, 0.3, 0.9])
def test_films_without_their_index_are_told(tmp_path, part):
    """A telephone whose battery died: the index of mp4 would have been written last."""
    path = tmp_path / "film.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        for n in range(5):
            frame = av.VideoFrame.from_ndarray(picture(n), format="rgb24").reformat(format="yuv420p")
            frame.pts, frame.time_base = n, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    data = path.read_bytes()
    path.write_bytes(data[: int(part if part >= 1 else part * data.index(b"moov"))])
    with pytest.raises(InputError) as error:
        open_film(path)
    assert str(path) in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_wrong_bytes_give_a_film_or_one_line(tmp_path, suffix):
    whole = make_film(tmp_path / f"whole{suffix}", [3600 * n for n in range(20)]).read_bytes()
    rng, seen = np.random.default_rng(0), 0
    for _ in range(12):
        data = np.frombuffer(whole, np.uint8).copy()
        data[rng.integers(0, len(data), 12)] = rng.integers(0, 256, 12)
        path = tmp_path / f"wrong{suffix}"
        path.write_bytes(data.tobytes())
        try:
            film = open_film(path)
            shapes = {frame.array.shape for frame in film}
        except InputError as error:
            assert "\n" not in str(error)
        else:
            assert shapes <= {(film.size[1], film.size[0], 3)}
            seen += film.decoded > 0
    assert seen  # or this test says nothing


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".webm"])
@pytest.mark.parametrize("rate", [Fraction(1, 60), Fraction(1000)])
def test_one_pixel_at_any_rate_is_a_film(tmp_path, suffix, rate):
    path, base = tmp_path / f"film{suffix}", Fraction(1, 1000)
    step = int(1 / rate / base)
    with FilmWriter(path, size=(1, 1), time_base=base, fps=rate) as film:
        for n in range(3):
            film.write(np.full((1, 1, 3), 80 * n, np.uint8), n * step, step)
    back = open_film(path)
    frames = list(back)
    assert [f.pts * f.time_base for f in frames] == [n / rate for n in range(3)]
    assert np.abs([f.array[0, 0, 0] - 80.0 * n for n, f in enumerate(frames)]).max() < 8
    assert frames[-1].duration * frames[-1].time_base == 1 / rate
