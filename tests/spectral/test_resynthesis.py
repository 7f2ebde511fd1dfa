"""A sound is found for magnitudes alone, and for a log-mel picture alone."""

import numpy as np
import pytest
import tensorflow as tf

from deepdream_av.analysis.sound_card import convergence
from deepdream_av.spectral import MelGrid, log_mel, mel_power, stft
from deepdream_av.spectral.mel import DEVIATION
from deepdream_av.spectral.phase import heap_phase
from deepdream_av.spectral.resynthesis import consistent, from_magnitude, resynthesised, spectrum_of

RATE = 22050
GRID = MelGrid(RATE)


def phrase(seconds=2.0):
    """Notes with vibrato and partials, each with its beginning and end."""
    t = np.arange(round(seconds * RATE)) / RATE
    sound = np.zeros_like(t)
    for k, hz in enumerate((220.0, 277.2, 329.6, 440.0)):
        at = t - 0.4 * k
        level = np.where(at > 0, np.exp(-2.5 * np.maximum(at, 0)) * np.minimum(np.maximum(at, 0) / 0.01, 1), 0)
        pitch = 2 * np.pi * hz * (at + 0.002 * np.sin(2 * np.pi * 5 * at) / 5)
        sound += level * sum(np.sin(n * pitch) / n for n in range(1, 9))
    return (0.1 * sound).astype(np.float32)


def magnitude(x):
    return np.abs(stft(x, GRID).numpy())


@pytest.mark.parametrize("what", ["tone", "click"])
def test_the_phase_of_what_has_one_slope(what):
    """A steady tone and a click: their phases are straight, and integration alone finds the sound."""
    x = np.zeros(RATE, np.float32)
    if what == "click":
        x[9000] = 1.0
    else:
        x[:] = 0.3 * np.sin(2 * np.pi * 700 * np.arange(RATE) / RATE)
    y = from_magnitude(magnitude(x), GRID, length=len(x), rounds=0)
    inner = slice(4, -4)  # the ends of the tone are clicks
    assert convergence(magnitude(x)[inner], magnitude(y)[inner]) < -20
    if what == "click":
        assert abs(int(np.argmax(np.abs(y))) - 9000) < 33  # 1.5 ms, of a window of 93


def test_a_start_along_the_gradient_is_worth_many_rounds():
    x = phrase()
    wanted = magnitude(x)
    found = from_magnitude(wanted, GRID, length=len(x))
    turns = np.random.default_rng(0).uniform(0, 2 * np.pi, wanted.shape)
    start = tf.constant((wanted * np.exp(1j * turns)).astype(np.complex64))
    by_chance = consistent(start, GRID, length=len(x)).numpy()
    ours, theirs = (convergence(wanted, magnitude(y)) for y in (found, by_chance))
    assert ours < -24 and ours < theirs - 4


def test_phases_are_drawn_from_the_seed():
    wanted = magnitude(phrase(0.5))
    first, again, other = (heap_phase(wanted, GRID.n_fft, GRID.hop, seed=s) for s in (1, 1, 2))
    assert np.array_equal(first, again) and not np.allclose(first, other)


def test_magnitudes_have_the_mel_power_that_is_asked_for():
    power = mel_power(stft(phrase(), GRID), GRID)
    found = spectrum_of(power, tf.constant(GRID.weights), tf.constant(60)).numpy()
    assert found.min() >= 0
    again = found @ GRID.weights
    loud = power.numpy() > 1e-5
    assert np.abs(10 * np.log10(again[loud] / power.numpy()[loud])).mean() < 0.5


def test_a_sound_looks_like_the_picture_it_was_made_of():
    picture = log_mel(phrase(), GRID).numpy()
    sound = resynthesised(picture, GRID)
    assert len(sound) == (len(picture) - 1) * GRID.hop and np.isfinite(sound).all()
    apart = (log_mel(sound, GRID).numpy() - picture)[2:-2] * DEVIATION * 10 / np.log(10)
    assert np.sqrt(np.mean(apart**2)) < 2.5
