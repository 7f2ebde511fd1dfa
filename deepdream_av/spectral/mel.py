"""Log-mel features that do not depend on the sample rate of the file."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import tensorflow as tf

from deepdream_av.errors import InputError
from deepdream_av.spectral.stft import stft

BANDS = 128
LOWEST_HZ, HIGHEST_HZ = 20.0, 11025.0
FLOOR = 1e-5
"""Added to the mel power before the logarithm: about 87 dB under a full-scale sine."""
MEAN, DEVIATION = -5.0, 4.5
"""Mean and standard deviation of log-mels over the training corpus; the ear hears `(x - MEAN) / DEVIATION`."""
_REFERENCE_RATE, _REFERENCE_N_FFT = 22050, 2048


@dataclass(frozen=True)
class MelGrid:
    """Window, hop and mel bands for one sample rate, the same in seconds and Hz at every rate.

    At 22.05 kHz this is the common 2048/512 grid; at 44.1 kHz 4096/1024 has the same bins and the
    same frame times, and any other rate comes within a tenth of a percent.

    Args:
        rate: samples per second, in Hz.

    >>> MelGrid(44100).n_fft, MelGrid(44100).hop, round(MelGrid(48000).bin_hz, 1)
    (4096, 1024, 10.8)
    """

    rate: int

    def __post_init__(self):
        if not 2000 <= self.rate <= 768_000:
            raise InputError(f"The sample rate must be between 2000 and 768000 Hz. Received: {self.rate}.")

    @property
    def n_fft(self) -> int:
        """Length of a window in samples (92.9 ms)."""
        return 4 * self.hop

    @property
    def hop(self) -> int:
        """Samples from one frame to the next (23.2 ms)."""
        return round(_REFERENCE_N_FFT / 4 * self.rate / _REFERENCE_RATE)

    @property
    def bins(self) -> int:
        """Number of frequency bins of the spectrum."""
        return self.n_fft // 2 + 1

    @property
    def bin_hz(self) -> float:
        """Width of a bin in Hz."""
        return self.rate / self.n_fft

    @property
    def frames_per_second(self) -> float:
        return self.rate / self.hop

    @cached_property
    def band_hz(self) -> np.ndarray:
        """Centre of each band in Hz, `[128]`."""
        return _corners()[1:-1]

    @cached_property
    def weights(self) -> np.ndarray:
        """Power spectrum to mel power, float32 `[bins, 128]`.

        Each weight is the *mean* of a triangle over the width of a bin instead of its value at the
        centre, so that narrow low bands are neither empty nor dependent on where the bins happen to
        fall. White noise of one density gives one value in all bands at all rates.
        """
        edges = (np.arange(self.bins + 1) - 0.5) * self.bin_hz
        area = np.stack([_triangle_integral(edges, *c) for c in zip(*_three_corners(), strict=True)], 1)
        share = np.diff(area, axis=0)
        scale = (_REFERENCE_N_FFT / self.n_fft) ** 2 * (_REFERENCE_RATE / _REFERENCE_N_FFT) ** -1
        return (share * scale).astype(np.float32)

    @cached_property
    def spread(self) -> np.ndarray:
        """Bands to bins, float32 `[128, bins]`: linear between band centres on the mel axis, ends held."""
        at = np.interp(
            _hz_to_mel(np.arange(self.bins) * self.bin_hz), _hz_to_mel(self.band_hz), np.arange(BANDS)
        )
        low = np.minimum(at.astype(int), BANDS - 2)
        matrix = np.zeros([BANDS, self.bins], np.float32)
        columns = np.arange(self.bins)
        matrix[low, columns] = 1 - (at - low)
        matrix[low + 1, columns] = at - low
        return matrix


def mel_power(spectrum, grid: MelGrid):
    """Power in each mel band.

    Args:
        spectrum: complex64 `[..., frames, bins]` from `stft`.
        grid: the grid of the spectrum.

    Returns:
        float32 `[..., frames, 128]`; bands above half the sample rate hold 0.
    """
    # The square is written out: the gradient of `abs` at 0 is undefined, this one is 0.
    power = tf.square(tf.math.real(spectrum)) + tf.square(tf.math.imag(spectrum))
    return tf.tensordot(power, tf.constant(grid.weights), 1)


def log_mel(x, grid: MelGrid):
    """What the ear hears: normalised log-mel features.

    Args:
        x: float32 samples in [-1, 1], `[..., samples]`.
        grid: `MelGrid(rate)` of these samples.

    Returns:
        float32 `[..., frames, 128]`, mean about 0 and standard deviation about 1 over music and noises.
    """
    return normalised(mel_power(stft(x, grid), grid))


def normalised(power):
    """`(log(power + FLOOR) - MEAN) / DEVIATION`: from mel power to what `earnet` takes."""
    return (tf.math.log(power + FLOOR) - MEAN) / DEVIATION


def spread_bands(values, grid: MelGrid):
    """Interpolates one value per band to one per bin, e.g. a gain in dB.

    Args:
        values: float32 `[..., 128]`.

    Returns:
        float32 `[..., bins]`; each is a weighted mean of the two nearest bands.
    """
    return tf.tensordot(values, tf.constant(grid.spread), 1)


def _hz_to_mel(hz):
    # O'Shaughnessy (1987).
    return 2595.0 * np.log10(1.0 + np.asarray(hz) / 700.0)


def _corners() -> np.ndarray:
    mels = np.linspace(_hz_to_mel(LOWEST_HZ), _hz_to_mel(HIGHEST_HZ), BANDS + 2)
    return 700.0 * (10.0 ** (mels / 2595.0) - 1.0)


def _three_corners():
    corners = _corners()
    return corners[:-2], corners[1:-1], corners[2:]


def _triangle_integral(hz, low, centre, high):
    """Integral up to `hz` of the triangle of unit area over `low`, `centre`, `high`."""
    rising = np.clip(hz - low, 0, centre - low) ** 2 / ((high - low) * (centre - low))
    falling = np.clip(high - hz, 0, high - centre) ** 2 / ((high - low) * (high - centre))
    return rising + (high - centre) / (high - low) - falling
