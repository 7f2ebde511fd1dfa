"""Noise that is read as a file is, for dreams that begin with nothing."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType
from typing import Self

import numpy as np

RATE = 44100
LEVEL = 0.1  # root mean square
CORNER = 200.0  # Hz, from which the noise becomes softer
TOP = 10_800.0  # Hz, above which the ear hears nothing, and so nothing is dreamt
SLOPE = 0.75  # 4.5 dB in each octave, as in music
_PIECE = 1 << 16


class NoiseReader:
    """Mono noise with the mean spectrum of music; it has what an `AudioReader` has.

    Args:
        seconds: its length.
        seed: of the noise.
        start: seconds to skip.
        duration: seconds to read; 0 reads to the end.
    """

    rate, channels, layout, codec, notes = RATE, 1, "mono", "noise", ()
    tags = MappingProxyType({})

    def __init__(self, seconds: float, *, seed: int = 0, start: float = 0.0, duration: float = 0.0):
        left = max(seconds - start, 0.0)
        self.length = round((min(left, duration) if duration else left) * RATE)
        self._seed = seed

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_) -> None:
        """Nothing is open."""

    def blocks(self) -> Iterator[np.ndarray]:
        """Float32 `[samples, 1]`, in order."""
        rng, given = np.random.default_rng(self._seed), 0
        hz = np.fft.rfftfreq(_PIECE, 1 / RATE)
        gain = np.minimum(1.0, (np.maximum(hz, 1.0) / CORNER) ** -SLOPE) * (hz > 20) * (hz < TOP)
        gain *= LEVEL / np.sqrt(np.mean(gain**2))
        while given < self.length:
            noise = np.fft.irfft(np.fft.rfft(rng.standard_normal(_PIECE)) * gain, _PIECE)
            piece = noise[: self.length - given, None].astype(np.float32)
            given += len(piece)
            yield piece
