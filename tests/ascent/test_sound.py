"""Chunks join without a seam, the direction lies where the sound is, and all channels get the same."""

import numpy as np
import pytest
import tensorflow as tf

from deepdream_av.ascent.chunks import Chunks
from deepdream_av.ascent.long_sound import downmix, resampled
from deepdream_av.ascent.precondition import Precondition
from deepdream_av.canvases import Spectrogram, Waveform
from deepdream_av.canvases.spectrogram import masked
from deepdream_av.spectral import MelGrid, log_mel, stft
from deepdream_av.spectral.linked import linked

RATE = 22050


def tones(seconds=1.5, hz=(220.0, 550.0, 1310.0), rate=RATE):
    t = np.arange(round(seconds * rate)) / rate
    return (0.1 * sum(np.sin(2 * np.pi * f * t) for f in hz)).astype(np.float32)


def noise(*shape, seed=0):
    return (0.1 * np.random.default_rng(seed).standard_normal(shape)).astype(np.float32)


@pytest.mark.parametrize("length", [1, 99, 100, 149, 155, 1000, 1049, 1234])
def test_chunks_of_what_is_not_changed_are_the_whole(length):
    sound = noise(length, 2)
    parts = list(
        Chunks(stride=100, fade=10, guard=20).joined(lambda a, b: sound[a:b], lambda x, i, n: x, length)
    )
    assert np.allclose(np.concatenate(parts), sound, atol=1e-6)


def test_a_filter_shorter_than_the_guard_leaves_no_seam():
    sound, kernel = noise(2000, 1), np.hanning(15) / np.hanning(15).sum()

    def smooth(x):
        return np.convolve(x[:, 0], kernel, "same")[:, None]

    whole = smooth(sound)
    chunked = np.concatenate(
        list(Chunks(300, 40, 20).joined(lambda a, b: sound[a:b], lambda x, i, n: smooth(x), 2000))
    )
    assert np.abs(chunked - whole)[20:-20].max() < 1e-6


def test_the_direction_lies_where_there_is_sound():
    """A gradient of white noise on a chord: the preconditioned direction has its energy on the partials."""
    sound, gradient = tones(), noise(round(1.5 * RATE))
    direction = Precondition(MelGrid(RATE))(tf.constant(gradient), tf.constant(sound)).numpy()
    power = np.abs(np.fft.rfft(direction)) ** 2
    hz = np.fft.rfftfreq(len(direction), 1 / RATE)
    near = np.min(np.abs(hz[:, None] - np.array([220.0, 550.0, 1310.0])), 1) < 40
    assert power[near].sum() > 0.95 * power.sum()
    level = np.sqrt(np.mean(direction**2) / np.mean(sound**2))
    assert level == pytest.approx(1, rel=0.2)  # a step size is a share of the amplitude


def test_silence_stays_silent():
    sound = np.concatenate([tones(0.8), np.zeros(RATE, np.float32)])
    direction = Precondition(MelGrid(RATE))(tf.constant(noise(len(sound))), tf.constant(sound)).numpy()
    assert np.abs(direction[-RATE // 2 :]).max() < 1e-4 * np.abs(direction).max()


def test_a_waveform_gets_its_envelope_back():
    t = np.arange(2 * RATE) / RATE
    sound = tones(2.0) * (1 + 0.8 * np.sin(2 * np.pi * 1.5 * t)).astype(np.float32)
    canvas = Waveform(sound)
    louder = tf.constant(sound * np.linspace(0.5, 3, len(sound), dtype=np.float32))
    back = Waveform.project(louder, canvas.given).numpy()
    inner = slice(4096, -4096)
    assert np.abs(back - sound)[inner].max() < 0.03


def test_a_mask_finds_the_sound_that_looks_as_wanted():
    """Halve the upper half of the bands: the sound that is found has the wanted spectrum, and the source's phase."""
    sound = tf.constant(noise(2 * RATE))
    picture = log_mel(sound, Spectrogram.grid)
    wanted = picture - tf.concat([tf.zeros([64]), tf.fill([64], 0.3)], 0)
    found = masked(sound, wanted, 8)
    error = np.abs(log_mel(found, Spectrogram.grid) - wanted).mean()
    assert error < 0.25 * np.abs(picture - wanted).mean()
    a, b = stft(sound, Spectrogram.grid), stft(found, Spectrogram.grid)
    assert np.abs(np.angle(np.sum(a * np.conj(b)))) < 0.01


def test_a_spectrogram_never_lights_silence():
    canvas = Spectrogram(np.zeros(RATE, np.float32))
    assert np.allclose(Spectrogram.project(canvas.state + 5.0, canvas.given), canvas.state, atol=1e-5)


def test_all_channels_get_what_their_mean_got():
    """The dream makes the mean half as loud: so is every channel, and the image does not move."""
    left, right = noise(RATE), noise(RATE, seed=1)
    stereo = np.stack([left, 0.4 * right + 0.3 * left], 1)
    middle = stereo.mean(1)
    result = linked(stereo, middle, 0.5 * middle, RATE)
    assert np.abs(result - 0.5 * stereo).max() < 0.05 * np.abs(stereo).max()
    same = linked(stereo, middle, middle, RATE)
    assert np.abs(same - stereo).max() < 1e-5


def test_channels_that_cancel_are_still_heard():
    sound = noise(1000)
    opposite = np.stack([sound, -sound], 1)
    weights = downmix(opposite.T.astype(np.float64) @ opposite)
    assert np.std(opposite @ weights) > 0.5 * np.std(sound)
    both = np.stack([sound, sound], 1)
    assert downmix(both.T.astype(np.float64) @ both) == pytest.approx([0.5, 0.5])


@pytest.mark.parametrize("rate", [8000, 22050, 44100, 48000])
def test_resampling_moves_nothing_in_time(rate):
    click = np.zeros(rate, np.float32)
    click[rate // 2] = 1.0
    assert np.argmax(np.abs(resampled(click, rate, RATE))) == RATE // 2


@pytest.mark.parametrize("canvas", [Waveform, Spectrogram])
def test_what_may_not_be_dreamt_stays(canvas):
    """Half of the time and half of the bands: whatever is done to the state, the rest is the source's."""
    from deepdream_av.objectives.regions import Region

    sound = noise(3 * RATE)
    frames = log_mel(sound, canvas.grid).shape[0]
    where = Region.of("1-2", "1000-4000").mask(frames, per_second=canvas.grid.frames_per_second)
    held = canvas(sound, where)
    louder = 1.6 * held.state if canvas is Waveform else held.state + 0.4
    moved = np.abs(held.heard(canvas.project(louder, held.given)) - held.kept)
    inside, outside = moved[where == 1].mean(), moved[where == 0]
    hz = canvas.grid.band_hz
    far = moved[: round(0.8 * canvas.grid.frames_per_second)], moved[:, (hz < 850) | (hz > 4700)]
    assert max(x.max() for x in far) < 0.02 and outside.mean() < 0.05 * inside
