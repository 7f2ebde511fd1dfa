"""Which of the twelve pitch classes sound, over time."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from deepdream_av.correlate.features import FEATURE_RATE

CLASSES = 12  # C, C#, ... B
_WINDOW = 0.186  # seconds: 5 Hz apart, a semitone at 90 Hz
_LOWEST, _HIGHEST = 80.0, 2500.0  # Hz; above, there are mostly overtones and noise
_SILENT = 1e-7  # power of a window


class ChromaStream:
    """Takes sound block by block and keeps only twelve numbers for each moment.

    Args:
        rate: samples per second, Hz.

    >>> tone = np.sin(2 * np.pi * 440 * np.arange(8000) / 8000).astype(np.float32)
    >>> stream = ChromaStream(8000); stream.add(tone)
    >>> int(stream.finish()[50].argmax())  # A
    9
    """

    def __init__(self, rate: int):
        self.rate, self._size = rate, round(_WINDOW * rate)
        self._window = np.hanning(self._size + 2)[1:-1].astype(np.float32)
        self._bins = _folded(rate, self._size)
        self._held = np.zeros(self._size // 2, np.float32)
        self._first = -(self._size // 2)  # place of the first sample that is held
        self._heard = 0
        self._points: list[np.ndarray] = []

    def add(self, samples: np.ndarray) -> None:
        """Hear the next block, float32 `[samples, channels]` or `[samples]`."""
        mono = samples if samples.ndim == 1 else samples.mean(1)
        self._heard += len(mono)
        self._advance(np.nan_to_num(mono.astype(np.float32)))

    def finish(self) -> np.ndarray:
        """Shares of the pitch classes, float32 `[points, 12]`, `FEATURE_RATE` points per second.

        Their squares add up to 1; where there is nothing to hear they are all 0.
        """
        wanted = int(np.ceil(self._heard / self.rate * FEATURE_RATE))
        self._advance(np.zeros(self._size + self.rate // FEATURE_RATE + 1, np.float32))
        return np.stack(self._points[:wanted]) if wanted else np.zeros([0, CLASSES], np.float32)

    def _advance(self, mono: np.ndarray) -> None:
        self._held = np.concatenate([self._held, mono])
        while (begin := self._begin() - self._first) + self._size <= len(self._held):
            spectrum = np.abs(np.fft.rfft(self._held[begin : begin + self._size] * self._window))
            # the square root of the power lets the inner voices of a chord count beside the loudest
            chroma = self._bins @ spectrum
            loud = (spectrum**2).mean() / self._size > _SILENT
            self._points.append((chroma / (np.linalg.norm(chroma) + 1e-12) * loud).astype(np.float32))
        cut = self._begin() - self._first
        self._held, self._first = self._held[cut:], self._first + cut

    def _begin(self) -> int:
        """Place of the next window, which lies around its moment."""
        return round(len(self._points) * self.rate / FEATURE_RATE) - self._size // 2


def chroma(blocks: Iterable[np.ndarray], rate: int) -> np.ndarray:
    """Chroma `[points, 12]` of a sound that comes in blocks; see `ChromaStream.finish`."""
    stream = ChromaStream(rate)
    for block in blocks:
        stream.add(block)
    return stream.finish()


def _folded(rate: int, size: int) -> np.ndarray:
    """Weights `[12, bins]` of each frequency in each pitch class: all in the nearest one, most in its middle."""
    hertz = np.fft.rfftfreq(size, 1 / rate)
    inside = (hertz >= _LOWEST) & (hertz <= min(_HIGHEST, rate / 2))
    note = 69 + 12 * np.log2(np.maximum(hertz, 1.0) / 440.0)
    nearest = np.rint(note)
    weights = np.where(inside, np.exp(-0.5 * ((note - nearest) / 0.25) ** 2), 0.0)
    table = np.zeros([CLASSES, len(hertz)], np.float32)
    table[nearest.astype(int) % CLASSES, np.arange(len(hertz))] = weights
    return table
