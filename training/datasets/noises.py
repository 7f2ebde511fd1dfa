"""Noises made by code: wind, patter, ticks, engines, whistles, or what a teacher takes for them."""

from __future__ import annotations

import numpy as np

from training.datasets.music import RATE


def draw_noise(generator: np.random.Generator, samples: int) -> np.ndarray:
    """One noise: a coloured source, shaped in frequency and in time.

    Returns:
        float32 `[samples]` at 22.05 kHz, peak at most 0.9.
    """
    source = generator.choice([_hiss, _sweep, _motor])(generator, samples)
    sound = _in_a_band(source, generator) * generator.choice([_steady, _gusts, _ticks, _patter])(
        generator, samples
    )
    level = 10 ** (generator.uniform(-30, 0) / 20) * 0.9
    return (level * sound / (np.abs(sound).max() + 1e-9)).astype(np.float32)


def _hiss(generator, samples):
    return generator.standard_normal(samples)


def _sweep(generator, samples):
    """A tone that wanders, with a few harmonics: whistle, siren, cry."""
    knots = generator.uniform(np.log(150), np.log(3000)) + np.cumsum(generator.normal(0, 0.25, 8))
    hz = np.exp(np.interp(np.arange(samples), np.linspace(0, samples, 8), knots))
    phase = 2 * np.pi * np.cumsum(np.minimum(hz, 5000)) / RATE
    return sum(np.sin(h * phase) / h ** generator.uniform(0.7, 2) for h in range(1, 6))


def _motor(generator, samples):
    """A train of pulses, 12 to 120 a second, slightly uneven."""
    steps = RATE / generator.uniform(12, 120) * (1 + 0.05 * generator.standard_normal(samples // 100))
    at = np.cumsum(steps).astype(int)
    pulses = 0.05 * generator.standard_normal(samples)
    pulses[at[at < samples]] += 3
    return pulses


def _in_a_band(sound, generator):
    spectrum = np.fft.rfft(sound)
    hz = np.fft.rfftfreq(len(sound), 1 / RATE) + 20
    low, high = np.sort(np.exp(generator.uniform(np.log(40), np.log(10_000), 2)))
    shape = (hz / 1000) ** generator.uniform(-1.2, 0.4)
    shape *= 1 / (1 + (low / hz) ** 4) / (1 + (hz / (2 * high)) ** 4)
    return np.fft.irfft(spectrum * shape, len(sound))


def _steady(generator, samples):
    return np.ones(samples)


def _gusts(generator, samples):
    knots = generator.uniform(0, 1, generator.integers(4, 14)) ** 2
    return np.interp(np.arange(samples), np.linspace(0, samples, len(knots)), knots)


def _ticks(generator, samples):
    """Regular short bursts."""
    period = RATE / generator.uniform(1, 8)
    since = (np.arange(samples) + generator.uniform(0, period)) % period
    return np.exp(-since / RATE / generator.uniform(0.005, 0.2))


def _patter(generator, samples):
    """Bursts at random moments: drops, crackle, knocks."""
    fade = np.exp(-np.arange(int(0.2 * RATE)) / RATE / generator.uniform(0.002, 0.06))
    hits = (generator.random(samples) < generator.uniform(1, 60) / RATE) * generator.exponential(1, samples)
    return np.convolve(hits, fade)[:samples] + generator.uniform(0, 0.05)
