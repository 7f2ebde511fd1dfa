"""A small piece of music made by code: soft chords, a plucked melody, a light drum."""

from __future__ import annotations

import numpy as np

RATE = 44100
SEED = 20150617
BEAT = 60 / 92  # seconds

# chords (MIDI notes) of two bars each, and what is plucked over them, in eighths; 0 is a rest
_CHORDS = ((45, 52, 57, 60, 64), (41, 48, 57, 60, 65), (48, 52, 55, 60, 67), (43, 50, 55, 59, 62))
_MELODY = (
    (76, 0, 72, 74, 0, 69, 72, 0),
    (77, 76, 0, 72, 0, 69, 65, 0),
    (67, 0, 72, 76, 0, 79, 76, 74),
    (74, 0, 71, 67, 0, 62, 67, 71),
)


def compose(seconds: float = 6.0) -> np.ndarray:
    """The piece, as long as wanted; it repeats after four bars.

    Args:
        seconds: length.

    Returns:
        float32 `[samples, 2]` in [-1, 1] at 44100 Hz.

    >>> compose(0.5).shape
    (22050, 2)
    """
    from scipy.signal import fftconvolve

    rng = np.random.default_rng(SEED)
    length = round(seconds * RATE)
    dry, wet = np.zeros((length, 2)), np.zeros((length, 2))
    bar = 0
    while bar * 4 * BEAT < seconds:
        at, chord, tune = bar * 4 * BEAT, _CHORDS[bar % 4], _MELODY[bar % 4]
        for k, note in enumerate(chord):
            _add(wet, _pad(note, 4 * BEAT + 1.2), at, gain=0.055, pan=-0.6 + 0.3 * k)
        _add(dry, _pluck(rng, chord[0] - 12, 2.2), at, gain=0.35, pan=0.0)
        for k, note in enumerate(tune):
            if note:
                swing = 0.02 * (k % 2)
                _add(
                    wet,
                    _pluck(rng, note, 1.6),
                    at + k * BEAT / 2 + swing,
                    gain=0.30 - 0.06 * (k % 2),
                    pan=0.35,
                )
        for k in range(4):
            if k % 2 == 0:
                _add(dry, _kick(), at + k * BEAT, gain=0.42, pan=0.0)
            _add(
                dry,
                _brush(rng, 0.16 if k % 2 else 0.05),
                at + (k + 0.5 * (k % 2 == 0)) * BEAT,
                gain=0.13,
                pan=-0.35,
            )
        bar += 1
    room = (
        rng.standard_normal((round(1.1 * RATE), 2))
        * np.exp(-np.arange(round(1.1 * RATE)) / (0.28 * RATE))[:, None]
    )
    hall = fftconvolve(wet, room / np.sqrt((room**2).sum(0)), axes=0)[:length]
    music = dry + wet + 0.45 * hall
    edge = np.minimum(1, np.minimum(np.arange(length) + 1, length - np.arange(length)) / (0.02 * RATE))
    return (np.tanh(1.5 * music) * 0.62 * edge[:, None]).astype(np.float32)


def _add(track: np.ndarray, sound: np.ndarray, at: float, *, gain: float, pan: float) -> None:
    first = round(at * RATE)
    sound = sound[: max(0, len(track) - first)]
    left, right = np.cos((pan + 1) * np.pi / 4), np.sin((pan + 1) * np.pi / 4)
    track[first : first + len(sound)] += gain * sound[:, None] * np.array([left, right])


def _hertz(note: float) -> float:
    return 440.0 * 2 ** ((note - 69) / 12)


def _pad(note: int, seconds: float) -> np.ndarray:
    """A soft string: harmonics that fade with height, three voices slightly out of tune."""
    t = np.arange(round(seconds * RATE)) / RATE
    swell = np.minimum(1, t / 0.5) * np.minimum(1, (seconds - t) / 1.2)
    voice = np.zeros_like(t)
    for cents in (-6, 0, 7):
        f = _hertz(note + cents / 100)
        for k in range(1, 9):
            if k * f < 9000:
                voice += np.sin(2 * np.pi * k * f * t + 0.7 * k + cents) / k**1.6
    return voice * swell * (1 + 0.12 * np.sin(2 * np.pi * 0.35 * t))


def _pluck(rng, note: int, seconds: float) -> np.ndarray:
    """A string that rings from a burst of noise (Karplus and Strong, 1983)."""
    from scipy.signal import lfilter

    period = RATE / _hertz(note) - 0.5
    whole = int(period)
    burst = np.zeros(round(seconds * RATE))
    burst[:whole] = np.convolve(rng.uniform(-1, 1, whole), [0.25, 0.5, 0.25], "same")
    # the two delayed taps are the string's loss and, unequal, the fraction of its length
    part = period - whole
    taps = np.zeros(whole + 3)
    taps[0], loss = 1.0, 0.996
    taps[whole : whole + 3] = -loss * 0.5 * np.array([1 - part, 1.0, part])
    string = lfilter([1.0], taps, burst)
    string /= np.abs(string).max()
    return string * np.minimum(1, np.arange(len(string))[::-1] / (0.2 * RATE))


def _kick() -> np.ndarray:
    t = np.arange(round(0.32 * RATE)) / RATE
    return np.sin(2 * np.pi * (48 * t + 2.6 * (1 - np.exp(-t / 0.028)))) * np.exp(-t / 0.09)


def _brush(rng, seconds: float) -> np.ndarray:
    t = np.arange(round(3 * seconds * RATE)) / RATE
    noise = rng.standard_normal(len(t))
    return (
        (noise - np.convolve(noise, np.ones(6) / 6, "same"))
        * np.exp(-t / seconds * 3)
        * np.minimum(1, t / 0.002)
    )
