"""Music made by code: labelled, balanced, endless and free of rights.

Every clip is one of 8 instruments x 5 chords x 12 roots x 4 textures. The four labels are drawn
independently, so that none can be guessed from another: a network has to hear timbre, harmony,
pitch and rhythm each for itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.signal import lfilter

RATE = 22050
CHORDS = {
    "major": (0, 4, 7),
    "minor": (0, 3, 7),
    "diminished": (0, 3, 6),
    "suspended": (0, 5, 7),
    "fifth": (0, 7, 12),
}
ROOTS = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
TEXTURES = ("sustained", "arpeggio", "pulses", "tremolo")


@dataclass(frozen=True)
class Score:
    """What a clip plays; indices into `INSTRUMENTS`, `CHORDS`, `ROOTS` and `TEXTURES`.

    Attributes:
        octave: MIDI octave of the root, 2 (from 65 Hz) to 5.
        detune: cents.
        notes_per_second: speed of arpeggio and pulses, and of the tremolo's swing.
    """

    instrument: int
    root: int
    chord: int
    texture: int
    octave: int = 4
    detune: float = 0.0
    notes_per_second: float = 5.0

    @property
    def pitches(self) -> list[float]:
        """Fundamental frequencies of the chord's notes in Hz, the root first."""
        root = 12 * (self.octave + 1) + self.root
        steps = list(CHORDS.values())[self.chord]
        return [440.0 * 2 ** ((root + s - 69 + self.detune / 100) / 12) for s in steps]


def draw_score(generator: np.random.Generator) -> Score:
    """A score with all labels uniform and independent."""
    return Score(
        instrument=int(generator.integers(len(INSTRUMENTS))),
        root=int(generator.integers(12)),
        chord=int(generator.integers(len(CHORDS))),
        texture=int(generator.integers(len(TEXTURES))),
        octave=int(generator.integers(2, 6)),
        detune=float(generator.uniform(-15, 15)),
        notes_per_second=float(generator.uniform(3.5, 8)),
    )


def play(score: Score, generator: np.random.Generator, *, seconds: float = 2.5) -> np.ndarray:
    """Renders a score.

    Args:
        score: what to play.
        generator: for everything that the labels do not say (phases, noise, brightness).
        seconds: length of the clip.

    Returns:
        float32 `[samples]` at 22.05 kHz, peak 0.5.
    """
    samples = round(seconds * RATE)
    instrument = list(INSTRUMENTS.values())[score.instrument]
    texture = TEXTURES[score.texture]
    slot = RATE / score.notes_per_second
    if texture == "arpeggio":
        sound = np.zeros(samples, np.float32)
        notes = [instrument(p, round(1.6 * slot), generator) for p in score.pitches]
        for k in range(int(samples / slot) + 1):
            _add(sound, notes[k % len(notes)], round(k * slot))
    elif texture == "pulses":
        sound = np.zeros(samples, np.float32)
        chord = sum(instrument(p, round(0.7 * slot), generator) for p in score.pitches)
        for k in range(int(samples / slot) + 1):
            _add(sound, chord, round(k * slot))
    else:
        sound = sum(instrument(p, samples, generator) for p in score.pitches)
        if texture == "tremolo":
            swing = 2 * np.pi * score.notes_per_second * np.arange(samples) / RATE
            sound = sound * (0.5 + 0.5 * np.cos(swing + generator.uniform(0, 6.28)))
    return (0.5 * sound / (np.abs(sound).max() + 1e-9)).astype(np.float32)


def place(sound, generator: np.random.Generator) -> np.ndarray:
    """Puts a clip into a room: echo, hiss and a level of its own."""
    if generator.random() < 0.5:
        delay = int(generator.uniform(0.03, 0.15) * RATE)
        echo = np.zeros(delay + 1)
        echo[0], echo[-1] = 1, -generator.uniform(0.2, 0.55)
        sound = lfilter([1.0], echo, sound)
    hiss = generator.standard_normal(len(sound)) * 10 ** (generator.uniform(-80, -40) / 20)
    level = 10 ** (generator.uniform(-24, 0) / 20) * 0.9 / (np.abs(sound).max() + 1e-9)
    return (sound * level + hiss).astype(np.float32)


def clips(seed: int, count: int, *, seconds: float = 2.5):
    """`count` clips; clip `k` depends on `(seed, k)` alone.

    Yields:
        `(samples float32, Score)`.
    """
    for k in range(count):
        generator = np.random.default_rng([seed, k])
        score = draw_score(generator)
        yield place(play(score, generator, seconds=seconds), generator), score


def _add(sound, note, at):
    end = min(len(sound), at + len(note))
    if end > at:
        sound[at:end] += note[: end - at]


def _turns(hz, samples, generator, *, vibrato=0.0):
    """A rotating phasor; its powers are the harmonics."""
    t = np.arange(samples) / RATE
    phase = 2 * np.pi * hz * t + generator.uniform(0, 2 * np.pi)
    if vibrato:
        rate = generator.uniform(4.5, 6.5)
        phase += vibrato * hz / rate * np.sin(2 * np.pi * rate * t)
    return np.exp(1j * phase).astype(np.complex64)


def _harmonics(phasor, hz, levels):
    """Sum of harmonics below 10 kHz, each the running power of the phasor times its level."""
    levels = levels[: max(1, int(10_000 / hz))]
    total, power = np.zeros(len(phasor), np.float32), np.ones_like(phasor)
    for level in levels:
        power = power * phasor
        if np.any(level):
            total += level * power.imag
    return total


def _swell(samples, attack, release=0.05):
    """Linear attack and release in seconds."""
    t = np.arange(samples) / RATE
    return np.clip(np.minimum(t / attack, (samples / RATE - t) / release), 0, 1).astype(np.float32)


def _decay(samples, seconds):
    return np.exp(-np.arange(samples) / RATE / seconds).astype(np.float32) * _swell(samples, 0.003, 0.01)


def _bowed(hz, samples, generator):
    levels = 1 / np.arange(1, 31) ** generator.uniform(0.9, 1.2)
    sound = _harmonics(_turns(hz, samples, generator, vibrato=generator.uniform(0.004, 0.01)), hz, levels)
    return sound * _swell(samples, generator.uniform(0.04, 0.12))


def _organ(hz, samples, generator):
    levels = np.array([1, 0.7, 0.5, 0.4, 0, 0.25, 0, 0.2]) * generator.uniform(0.6, 1.2, 8)
    return _harmonics(_turns(hz, samples, generator), hz, levels) * _swell(samples, 0.02)


def _reed(hz, samples, generator):
    levels = np.where(np.arange(1, 26) % 2, 1 / np.arange(1, 26) ** generator.uniform(0.8, 1.3), 0)
    return _harmonics(_turns(hz, samples, generator), hz, levels) * _swell(samples, 0.03)


def _plucked(hz, samples, generator):
    # High partials die first: each power of a shrinking phasor shrinks faster.
    t = np.arange(samples) / RATE
    fading = np.exp(-t * generator.uniform(0.8, 2.0)).astype(np.float32)
    where = generator.uniform(0.1, 0.4)
    number = np.arange(1, 31)
    levels = np.abs(np.sin(np.pi * number * where)) / number
    return _harmonics(_turns(hz, samples, generator) * fading, hz, levels) * _swell(samples, 0.002, 0.01)


def _fm(hz, samples, generator, *, ratio, index):
    t = np.arange(samples) / RATE
    start = generator.uniform(0, 2 * np.pi)
    return np.sin(2 * np.pi * hz * t + index * np.sin(2 * np.pi * ratio * hz * t + start)).astype(np.float32)


def _bell(hz, samples, generator):
    index = generator.uniform(2, 4) * _decay(samples, 0.5)
    return _fm(hz, samples, generator, ratio=1.4, index=index) * _decay(samples, generator.uniform(0.6, 1.4))


def _electric_piano(hz, samples, generator):
    index = generator.uniform(0.8, 1.8) * _decay(samples, 0.3)
    tine = 0.2 * _fm(hz, samples, generator, ratio=7.0, index=0.8 * _decay(samples, 0.06))
    return (_fm(hz, samples, generator, ratio=1.0, index=index) + tine) * _decay(
        samples, generator.uniform(0.5, 1.0)
    )


def _brass(hz, samples, generator):
    loud = _swell(samples, generator.uniform(0.08, 0.2), 0.08)
    return _fm(hz, samples, generator, ratio=1.0, index=generator.uniform(2.5, 5) * loud) * loud


def _breath(hz, samples, generator):
    """Noise through narrow resonances at the first harmonics."""
    noise = generator.standard_normal(samples)
    sound = np.zeros(samples)
    for number in range(1, 5):
        if number * hz < 10_000:
            radius = 1 - np.pi * (6 + 0.004 * number * hz) / RATE
            turn = 2 * np.pi * number * hz / RATE
            ring = lfilter([1 - radius], [1, -2 * radius * np.cos(turn), radius**2], noise)
            sound += ring / (np.std(ring) + 1e-9) / number
    return (0.3 * sound).astype(np.float32) * _swell(samples, 0.03)


INSTRUMENTS = {
    "bowed": _bowed,
    "organ": _organ,
    "reed": _reed,
    "plucked": _plucked,
    "bell": _bell,
    "electric_piano": _electric_piano,
    "brass": _brass,
    "breath": _breath,
}
