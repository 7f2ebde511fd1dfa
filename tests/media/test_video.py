"""Films are read and written with their own clock, whole or in part."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from deepdream_av.media.film_sound import read_soundtrack
from deepdream_av.media.video import FilmWriter, SoundFormat, open_film


def picture(n: int, width: int = 96, height: int = 64) -> np.ndarray:
    """A smooth colourful picture whose stripes tell the frame number; uint8."""
    y, x = np.mgrid[0:height, 0:width] / 64.0
    channels = [np.sin(3 * x + 0.3 * n), np.cos(2 * y + x), np.sin(x + y - 0.2 * n)]
    return (np.dstack(channels) * 60 + 128).astype(np.uint8)


def make_film(path, pts, *, time_base=Fraction(1, 90_000), size=(96, 64), lasting=3003, sound=None, **options):
    with FilmWriter(path, size=size, time_base=time_base, fps=24, sound=sound, **options) as film:
        for n, p in enumerate(pts):
            film.write(picture(n, *size), p, lasting)
        if sound:
            film.write_sound(noise(sound))
    return path


def noise(sound: SoundFormat, seconds: float = 0.7) -> np.ndarray:
    rng = np.random.default_rng(1)
    x = rng.standard_normal((round(seconds * sound.rate), sound.channels))
    return (0.1 * np.cumsum(x - x.mean(0), 0) / 30 + 0.05 * x).astype(np.float32)


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
    film = open_film(make_film(tmp_path / "ntsc.mp4", [1001 * n for n in range(12)], time_base=base, lasting=1001))
    assert [f.pts * f.time_base for f in film] == [Fraction(1001 * n, 30_000) for n in range(12)]
    assert film.duration == pytest.approx(12 * 1001 / 30_000, abs=0.001)


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


def test_index_comes_first(tmp_path):
    data = make_film(tmp_path / "film.mp4", [0, 3000]).read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


def make_stream(path, codec, form, *, frames=300, tracks=1, **options):
    """A film of 25 frames per second by any encoder, with MPEG sound: a click at each second."""
    with av.open(str(path), "w", format=form) as container:
        stream = container.add_stream(codec, rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        sounds = [container.add_stream("mp2", rate=48000) for _ in range(tracks)]
        for sound in sounds:
            sound.layout = "mono"
        for n in range(frames):
            frame = av.VideoFrame.from_ndarray(picture(n), format="rgb24").reformat(format="yuv420p")
            frame.pts, frame.time_base = n, Fraction(1, 25)
            container.mux(stream.encode(frame))
            block = np.zeros((1, 1920), np.float32)
            block[0, :480] = 0.5 * np.sin(np.arange(480)) * (n % 25 == 0)
            for sound in sounds:
                samples = av.AudioFrame.from_ndarray(
                    (block * 32767).astype(np.int16), format="s16", layout="mono"
                )
                samples.rate, samples.pts, samples.time_base = 48000, 1920 * n, Fraction(1, 48000)
                container.mux(sound.encode(samples))
        for each in (stream, *sounds):
            container.mux(each.encode(None))
    return path


MPEG = [
    ("a.ts", "libx264", "mpegts", {"g": "100", "bf": "3"}),
    ("b.ts", "mpeg2video", "mpegts", {"g": "12", "bf": "2"}),
    ("c.mpg", "mpeg2video", "vob", {"g": "12", "bf": "2"}),
    ("d.mkv", "libx264", "matroska", {"g": "50", "bf": "3"}),
    ("e.mp4", "libx264", "mp4", {"g": "50", "bf": "3"}),
]


@pytest.mark.parametrize("name, codec, form, options", MPEG)
def test_a_start_loses_no_frame(tmp_path, name, codec, form, options):
    """Also where the demuxer cannot find a place exactly, and the film's clock does not begin at zero."""
    path = make_stream(tmp_path / name, codec, form, frames=400, **options)
    whole = list(open_film(path))
    assert len(whole) == 400
    for start in (0.5, 2.0, 9.96, 13.3):
        film = open_film(path, start=start)
        seen, wanted = list(film), [f for f in whole if f.pts * f.time_base >= film.origin]
        assert abs(len(wanted) - (400 - 25 * start)) <= 2
        assert [f.pts * f.time_base + film.origin for f in seen] == [f.pts * f.time_base for f in wanted]
        assert np.array_equal(seen[0].array, wanted[0].array) and film.damaged == 0


def test_a_duration_counts_from_where_the_film_begins(tmp_path):
    """A recording of an hour's end, or a stream of MPEG, does not begin at zero."""
    begin = 3600 * 90_000
    for suffix in (".mp4", ".mkv"):
        sound = SoundFormat(48000, 1, "mono", Fraction(3600) + Fraction(1, 4))
        path = make_film(tmp_path / f"late{suffix}", [begin + 3600 * n for n in range(50)], sound=sound)
        film = open_film(path, duration=0.6)
        times = [f.time for f in film]
        assert len(times) == 15 and times[0] == pytest.approx(3600, abs=1e-3)
        assert film.n_frames == round(0.6 * film.fps) and film.missing_seconds == 0
        track = read_soundtrack(film)
        # from 0.25 s after the first frame to the end of the last one
        assert float(track.start) == pytest.approx(3600.25, abs=2e-3)
        assert len(track.store) / track.rate == pytest.approx(0.35, abs=2e-3)
        assert track.notes == ()
        assert open_film(path).duration == pytest.approx(2, abs=0.05)
    stream = open_film(make_stream(tmp_path / "a.ts", "mpeg2video", "mpegts", frames=60), duration=1)
    first, *_, last = stream
    track = read_soundtrack(stream)
    assert last.time - first.time == pytest.approx(24 / 25, abs=0.05)
    assert float(track.start) + len(track.store) / track.rate == pytest.approx(float(stream.end), abs=0.001)


def test_frames_without_a_timestamp_follow_in_their_own_time(tmp_path):
    path = make_stream(tmp_path / "film.h264", "libx264", "h264", frames=50, tracks=0, bf="0")
    with av.open(str(path)) as container:
        assert next(container.decode(video=0)).pts is None  # or this test says nothing
    film = open_film(path)
    assert [f.time for f in film] == pytest.approx([n / 25 for n in range(50)])
    part = open_film(path, start=1.0, duration=0.4)
    assert np.array_equal(next(iter(part)).array, list(film)[25].array) and len(list(part)) == 10


def test_further_sound_tracks_are_told(tmp_path):
    path = make_stream(tmp_path / "two.mkv", "mpeg4", "matroska", frames=5, tracks=2)
    notes = open_film(path).notes
    assert len(notes) == 1 and "2 sound tracks" in notes[0]
    assert open_film(make_stream(tmp_path / "one.mkv", "mpeg4", "matroska", frames=5)).notes == []


def test_the_bound_of_pyav_knows_the_names_that_are_used():
    """PyAV 17 brought the colour tags of frames; 16 has them for streams only."""
    import configparser

    setup = configparser.ConfigParser()
    setup.read(Path(__file__).parents[2] / "setup.cfg")
    bound = next(line for line in setup["options"]["install_requires"].split("\n") if line.startswith("av "))
    assert int(bound.split(">=")[1].split(".")[0]) >= 17
    assert hasattr(av.VideoFrame, "color_trc") and hasattr(av.VideoFrame, "color_primaries")


def test_one_frame_is_a_film(tmp_path):
    assert [f.pts for f in open_film(make_film(tmp_path / "one.mp4", [0]))] == [0]
