"""The sound of a film is heard when it was, from where it was, and for as long."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
import pytest

from deepdream_av.errors import OutputError
from deepdream_av.media.audio import read_audio
from deepdream_av.media.video import FilmWriter, SoundFormat, open_film


def picture(n: int, width: int = 96, height: int = 64) -> np.ndarray:
    """A smooth colourful picture whose stripes tell the frame number; uint8."""
    y, x = np.mgrid[0:height, 0:width] / 64.0
    channels = [np.sin(3 * x + 0.3 * n), np.cos(2 * y + x), np.sin(x + y - 0.2 * n)]
    return (np.dstack(channels) * 60 + 128).astype(np.uint8)


def make_film(path, pts, *, sound):
    with FilmWriter(path, size=(96, 64), time_base=Fraction(1, 90_000), fps=24, sound=sound) as film:
        for n, p in enumerate(pts):
            film.write(picture(n), p, 3003)
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
