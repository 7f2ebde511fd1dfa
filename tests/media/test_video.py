"""Films are read and written with their own clock, shape, colours and sound offset."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from deepdream_av.errors import InputError, OutputError
from deepdream_av.media.audio import read_audio
from deepdream_av.media.film_sound import read_soundtrack
from deepdream_av.media.video import FilmWriter, SoundFormat, open_film

ASSETS = Path(os.environ.get("DEEPDREAM_AV_ASSETS", Path(__file__).parents[2] / "../shared/assets"))


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


def voices(channels: int, rate: int = 48000) -> np.ndarray:
    """One second of low tones of different pitch, one per channel; even the bass channel lets them pass."""
    t = np.arange(rate) / rate
    return np.stack([0.3 * np.sin(2 * np.pi * (30 + 8 * c) * t) for c in range(channels)], 1).astype(
        np.float32
    )


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".webm"])
@pytest.mark.parametrize("layout", ["mono", "stereo", "5.0", "5.1", "5.1(side)", "6.1", "7.1", "7.1(wide)"])
def test_every_channel_of_a_film_stays_where_and_when_it_is(tmp_path, suffix, layout):
    channels = av.AudioLayout(layout).nb_channels
    x, click = voices(channels), 20_000
    x[click : click + 40, 0] += np.hanning(40) * 0.6
    path = tmp_path / f"film{suffix}"
    sound = SoundFormat(48000, channels, layout)
    with FilmWriter(path, size=(32, 32), time_base=Fraction(1, 25), sound=sound) as film:
        for n in range(25):
            film.write(picture(n, 32, 32), n, 1)
            film.write_sound(x[1920 * n : 1920 * (n + 1)])
    y = read_audio(path).samples
    assert y.shape == x.shape
    bins = np.abs(np.fft.rfft(y, axis=0))[30:100:8]
    assert np.argmax(bins, axis=0).tolist() == list(range(channels))
    piece = slice(click - 100, click + 140)
    template = np.diff(x[piece, 0])
    scores = [template @ np.diff(y[click - 100 + k : click + 140 + k, 0]) for k in range(-50, 51)]
    assert np.argmax(scores) - 50 == 0
    assert bool(film.notes) == (
        "(" in layout and suffix == ".webm" or layout == "5.1(side)" and suffix == ".mp4"
    )


def test_more_channels_than_a_film_holds_are_told(tmp_path):
    with pytest.raises(OutputError, match="1 to 8 channels. Received: 9"):
        FilmWriter(tmp_path / "a.mp4", size=(32, 32), time_base=Fraction(1, 25), sound=SoundFormat(48000, 9))


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


def test_sound_that_outlasts_the_pictures_is_no_damage(tmp_path):
    sound = SoundFormat(48000, 1, "mono")
    for suffix in (".mkv", ".mp4"):
        path = tmp_path / f"a{suffix}"
        with FilmWriter(path, size=(32, 32), time_base=Fraction(1, 25), sound=sound) as film:
            for n in range(25):
                film.write(picture(n, 32, 32), n, 1)
            film.write_sound(noise(sound, 3.0))
        film = open_film(path)
        assert len(list(film)) == 25 and film.missing_seconds == 0.0


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
