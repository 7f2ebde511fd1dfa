"""What is heard, as a few curves over time: onsets, energy, brightness and bass."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

FEATURE_RATE = 100  # curve points per second
_WINDOW = 0.046  # seconds of sound behind one point
_BANDS = 40  # from 30 Hz up, equally wide in mel
_SILENT_DB = -70.0
_BASS = 150.0  # Hz; below, a sound is felt rather than heard


@dataclass(frozen=True, eq=False)
class Features:
    """Curves of a sound, `FEATURE_RATE` points per second.

    Attributes:
        start: seconds at which the first point lies, on the film's clock.
        onset: float32 `[points]`, how strongly something begins; 0 for steady sound.
        energy: float32 `[points]`, loudness in dB below full scale.
        centroid: float32 `[points]`, where on the mel axis the loudness has its middle, 0 (30 Hz) to 1.
        bass: float32 `[points]`, loudness below 150 Hz in dB below full scale.
    """

    start: float
    onset: np.ndarray
    energy: np.ndarray
    centroid: np.ndarray
    bass: np.ndarray

    @property
    def silent(self) -> bool:
        """Whether there is nothing to hear."""
        return not len(self.energy) or float(self.energy.max()) < _SILENT_DB

    def times(self) -> np.ndarray:
        """Seconds of every point."""
        return self.start + np.arange(len(self.onset)) / FEATURE_RATE


class FeatureStream:
    """Takes sound block by block and keeps only the curves, so an hour of sound costs a few megabytes.

    Args:
        rate: samples per second, Hz.
        start: seconds at which the sound begins, on the film's clock.

    >>> click = np.zeros((8000, 1), np.float32); click[4000] = 1
    >>> stream = FeatureStream(8000); stream.add(click)
    >>> curves = stream.finish()
    >>> abs(float(curves.times()[curves.onset.argmax()]) - 0.5) < 0.03
    True
    """

    def __init__(self, rate: int, *, start: float = 0.0):
        self.rate, self.start = rate, start
        self._size = max(32, round(_WINDOW * rate))
        self._window = np.hanning(self._size + 2)[1:-1].astype(np.float32)
        self._bands = _triangles(rate, self._size)
        # the first point looks at the first sample: half a window of silence comes before it
        self._held = np.zeros(self._size // 2, np.float32)
        self._points = self._heard = 0
        low = np.fft.rfftfreq(self._size, 1 / rate) <= _BASS
        self._low = low.astype(np.float32)
        self._curves: dict[str, list] = {name: [] for name in ("onset", "energy", "centroid", "bass")}
        self._before = None

    def add(self, samples: np.ndarray) -> None:
        """Hear the next block.

        Args:
            samples: float32 `[samples, channels]` or `[samples]`, any number of them.
        """
        mono = samples if samples.ndim == 1 else to_one_channel(samples)
        self._heard += len(mono)
        self._advance(np.nan_to_num(mono.astype(np.float32)))

    def finish(self) -> Features:
        """The curves of all that was heard."""
        wanted = int(np.ceil(self._heard / self.rate * FEATURE_RATE))
        self._advance(np.zeros(self._size + self.rate // FEATURE_RATE + 1, np.float32))
        empty = np.zeros(0, np.float32)
        return Features(self.start, **{k: np.concatenate([*v, empty])[:wanted] for k, v in self._curves.items()})

    def _advance(self, mono: np.ndarray) -> None:
        """Points for every window that is complete; the rest waits for the next block."""
        self._held = np.concatenate([self._held, mono])
        first = self._place(self._points)
        while len(self._held) - (self._place(self._points) - first) >= self._size:
            count = 0
            starts = []
            while count < 512 and self._place(self._points + count) - first + self._size <= len(self._held):
                starts.append(self._place(self._points + count) - first)
                count += 1
            rows = self._held[np.array(starts)[:, None] + np.arange(self._size)[None]]
            self._measure(rows)
            self._points += count
        self._held = self._held[self._place(self._points) - first :]

    def _place(self, point: int) -> int:
        """Sample at which a point's window begins, rounded without drift."""
        return round(point * self.rate / FEATURE_RATE)

    def _measure(self, rows: np.ndarray) -> None:
        power = np.abs(np.fft.rfft(rows * self._window)) ** 2 / (self._window**2).sum()
        self._curves["energy"].append(10 * np.log10(2 * power.mean(1) + 1e-10).astype(np.float32))
        bass = 2 * (power @ self._low) / power.shape[1]
        self._curves["bass"].append(10 * np.log10(bass + 1e-10).astype(np.float32))
        loud = np.log1p(1e4 * power @ self._bands.T).astype(np.float32)
        # rise against 30 ms ago, where a neighbouring band may already have sounded: a vibrato moves
        # sideways and is no onset (Boeck and Widmer 2013, "Maximum filter vibrato suppression")
        lag = 3
        if self._before is None:
            self._before = np.zeros((lag, loud.shape[1]), np.float32)
        line = np.concatenate([self._before, loud])
        wide = np.maximum(line, np.maximum(np.roll(line, 1, 1), np.roll(line, -1, 1)))
        self._curves["onset"].append(np.maximum(line[lag:] - wide[:-lag], 0).mean(1))
        place = np.linspace(0, 1, loud.shape[1], dtype=np.float32)
        self._curves["centroid"].append((loud @ place + 0.5e-3) / (loud.sum(1) + 1e-3))
        self._before = line[-lag:]


def sound_features(blocks: Iterable[np.ndarray], rate: int, *, start: float = 0.0) -> Features:
    """The curves of a sound that comes in blocks of float32 `[samples, channels]`."""
    stream = FeatureStream(rate, start=start)
    for block in blocks:
        stream.add(block)
    return stream.finish()


def to_one_channel(samples: np.ndarray) -> np.ndarray:
    """One channel with the energy of all; a sum would lose what is out of phase."""
    mean = samples.mean(1)
    target, have = np.sqrt((samples**2).mean()), np.sqrt((mean**2).mean())
    return samples[:, 0] if have < 0.2 * target else mean


def _triangles(rate: int, size: int) -> np.ndarray:
    """Band weights `[bands, bins]`."""
    top = min(16000.0, rate / 2)

    def to_mel(f):
        return 2595 * np.log10(1 + f / 700)

    edges = 700 * (10 ** (np.linspace(to_mel(30.0), to_mel(top), _BANDS + 2) / 2595) - 1)
    bins = np.fft.rfftfreq(size, 1 / rate)[None]
    low, mid, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    weights = np.clip(np.minimum((bins - low) / (mid - low), (high - bins) / (high - mid)), 0, None)
    # narrow bands at the bottom may fall between two bins
    nearest = np.abs(bins - mid).argmin(1)
    empty = weights.sum(1) == 0
    weights[np.flatnonzero(empty), nearest[empty]] = 1.0
    return (weights / weights.sum(1, keepdims=True)).astype(np.float32)
