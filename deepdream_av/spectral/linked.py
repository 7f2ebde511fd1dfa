"""From the dream of the middle to a dream in all channels, full band, with the stereo image kept.

The ear hears one channel at 22 kHz. What it changed there is a complex factor in each cell of the
spectrum; the same factor is applied to every channel. The mean of the channels is then exactly what was
dreamt, and level and phase between the channels stay what they were. Plain NumPy, at any rate.
"""

from __future__ import annotations

import numpy as np
from scipy import fft

from deepdream_av.spectral.mel import HIGHEST_HZ, MelGrid

MOST_FACTOR = 8.0  # 18 dB
FLOOR = 1e-3  # share of the channels' power under which their sum says little about them
HELD_FROM_HZ = 8000.0  # the gain of the band from here to 11 kHz is held above it
MOST_HELD = 2.0  # 6 dB
MOST_ASIDE = 4.0  # how much louder than their mean a channel may be
_BLOCK = 256  # frames at a time, so that a long chunk needs no long spectrum


def linked(samples: np.ndarray, middle: np.ndarray, dream: np.ndarray, rate: int) -> np.ndarray:
    """Give every channel what happened to their mean.

    Args:
        samples: float32 `[samples, channels]`.
        middle: their mean over the channels, float32 `[samples]`.
        dream: what became of `middle`, float32 `[samples]`.
        rate: samples per second.

    Returns:
        float32 `[samples, channels]`.
    """
    grid = Frames(rate, len(samples))
    result = np.zeros([grid.padded, samples.shape[1]], np.float32)
    for first in range(0, grid.count, _BLOCK):
        span = slice(first, min(first + _BLOCK, grid.count))
        before, after = grid.spectrum(middle, span), grid.spectrum(dream, span)
        channels = np.stack([grid.spectrum(c, span) for c in samples.T])
        factor = _factor(before, after, (np.abs(channels) ** 2).mean(0))
        _hold_top(factor, before, after, grid)
        for c in range(samples.shape[1]):
            grid.add(result[:, c], channels[c] * factor, span)
    return grid.cut(result) / grid.overlap()[:, None]


def placed(samples: np.ndarray, middle: np.ndarray, sound: np.ndarray, rate: int) -> np.ndarray:
    """Put another sound where the channels' mean was, with its stereo image.

    Unlike `linked` it asks nothing of the mean but how the channels differ from it: `sound` may have energy where the
    mean has none, and is there in all channels alike. The mean of the result is `sound` up to 11 kHz; above it is the
    source's, held at the gain of the octave below.

    Args:
        samples: float32 `[samples, channels]`.
        middle: their mean over the channels, float32 `[samples]`.
        sound: what shall be heard instead, float32 `[samples]`.
        rate: samples per second.

    Returns:
        float32 `[samples, channels]`.
    """
    grid = Frames(rate, len(samples))
    result = np.zeros([grid.padded, samples.shape[1]], np.float32)
    above = grid.above
    for first in range(0, grid.count, _BLOCK):
        span = slice(first, min(first + _BLOCK, grid.count))
        before, after = grid.spectrum(middle, span), grid.spectrum(sound, span)
        channels = np.stack([grid.spectrum(c, span) for c in samples.T])
        held = FLOOR * (np.abs(channels) ** 2).mean(0) + 1e-12
        aside = (channels - before) * before.conj() / (np.abs(before) ** 2 + held)
        # one factor for all channels, so that they still have the same mean
        aside *= np.minimum(1.0, MOST_ASIDE / np.maximum(np.abs(aside).max(0), 1e-9))
        gains = np.ones(before.shape, np.float32)
        _hold_top(gains, before, after, grid)
        made = after * (1 + aside)
        made[..., above] = (channels * gains)[..., above]
        for c in range(samples.shape[1]):
            grid.add(result[:, c], made[c], span)
    return grid.cut(result) / grid.overlap()[:, None]


class Frames:
    """Overlapping Hann frames of a sound: `spectrum` and its inverse `add`, some frames at a time.

    A window has the length of the ear's in seconds, rounded up to a size for which the FFT is fast.
    """

    def __init__(self, rate: int, samples: int):
        hop = fft.next_fast_len(MelGrid(rate).hop, real=True)
        self.hop, self.n_fft, self.samples = hop, 4 * hop, samples
        self.count = 1 + -(-samples // hop)
        self.padded = (self.count - 1) * hop + self.n_fft
        self.hz = np.arange(self.n_fft // 2 + 1) * rate / self.n_fft
        # a resampler leaves little just under its highest frequency; at the ear's own rate there is none
        self.above = self.hz > HIGHEST_HZ * (0.98 if rate > 2 * HIGHEST_HZ else 1.0)
        self.window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(self.n_fft) / self.n_fft)).astype(np.float32)

    def spectrum(self, x: np.ndarray, span: slice) -> np.ndarray:
        """Complex64 `[frames, bins]`; frame `k` is centred on sample `k * hop`."""
        low, high = span.start * self.hop - self.n_fft // 2, (span.stop - 1) * self.hop + self.n_fft // 2
        inside = x[max(low, 0) : min(high, len(x))]
        piece = np.zeros(high - low, np.float32)
        piece[max(-low, 0) : max(-low, 0) + len(inside)] = inside
        frames = np.lib.stride_tricks.sliding_window_view(piece, self.n_fft)[:: self.hop]
        return fft.rfft(frames * self.window, axis=1)

    def add(self, to: np.ndarray, spectrum: np.ndarray, span: slice):
        """Overlap-add the inverse of some frames to a padded sound `[padded]`."""
        pieces = fft.irfft(spectrum, self.n_fft, axis=1) * self.window
        for k, piece in enumerate(pieces, span.start):
            to[k * self.hop : k * self.hop + self.n_fft] += piece

    def overlap(self) -> np.ndarray:
        """What the windows add up to, `[samples]`."""
        total = np.zeros(self.padded, np.float32)
        for k in range(self.count):
            total[k * self.hop : k * self.hop + self.n_fft] += self.window**2
        return self.cut(total)

    def cut(self, padded: np.ndarray) -> np.ndarray:
        return padded[self.n_fft // 2 : self.n_fft // 2 + self.samples]


def _factor(before, after, power) -> np.ndarray:
    """After over before, drawn to 1 where the middle is all but silent against the channels."""
    held = FLOOR * power + 1e-12
    factor = (after * before.conj() + held) / (np.abs(before) ** 2 + held)
    return factor * np.minimum(1.0, MOST_FACTOR / np.maximum(np.abs(factor), 1e-9))


def _hold_top(factor, before, after, grid: Frames):
    """Above the ear's last band, in place: the gain of the octave below it, half as far in decibels."""
    above = grid.above
    band = (grid.hz > HELD_FROM_HZ) & ~above
    if not above.any() or not band.any():
        return
    gain = (np.abs(after[:, band]) ** 2).sum(1) + 1e-9
    gain = np.sqrt(gain / ((np.abs(before[:, band]) ** 2).sum(1) + 1e-9)) ** 0.5
    factor[:, above] = np.clip(gain, 1 / MOST_HELD, MOST_HELD)[:, None]
