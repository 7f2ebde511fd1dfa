"""How far a sound has been dreamt, and what it kept: numbers from two pieces of sound.

Every function takes the source and the dream as float `[samples, channels]` of one rate and length, so
that the figures can be taken from the written file.
"""

from __future__ import annotations

import numpy as np

from deepdream_av.media.loudness import loudness, true_peak

DECIBELS = 10 / np.log(10)
ONSET_WINDOW = 0.05  # seconds: two onsets so near are one and the same


def mel_change(source, dream, rate: int) -> float:
    """Root mean square difference of the two log-mel spectra in dB."""
    from deepdream_av.spectral import MelGrid, mel_power, stft
    from deepdream_av.spectral.mel import FLOOR

    grid = MelGrid(rate)
    a, b = (np.log(mel_power(stft(_mono(x), grid), grid).numpy() + FLOOR) for x in (source, dream))
    return float(np.sqrt(np.mean((a - b) ** 2)) * DECIBELS)


def activation_gain(source, dream, rate: int, *, listener) -> float:
    """Mean square activation of the dream over that of the source.

    Args:
        source: float `[samples, channels]`.
        dream: the same shape.
        rate: samples per second.
        listener: maps log-mel `[1, frames, 128, 1]` to one activation, e.g. a truncated ear.
    """
    from deepdream_av.spectral import MelGrid, log_mel

    def power(x):
        return float(
            np.mean(np.square(np.asarray(listener(log_mel(_mono(x), MelGrid(rate))[None, ..., None]))))
        )

    before = power(source)
    return power(dream) / before if before > 0 else float("nan")


def onset_times(samples, rate: int) -> np.ndarray:
    """Times in seconds at which something begins: peaks of the spectral flux.

    The flux is the mean rise of the mel spectrum in dB from one 23 ms frame to the next; a peak is
    the highest of its neighbourhood and stands clear of the mean around it (Boeck et al., 2012).
    """
    from deepdream_av.spectral import MelGrid, mel_power, stft

    grid = MelGrid(rate)
    power = mel_power(stft(_mono(samples), grid), grid).numpy()
    level = 10 * np.log10(np.maximum(power, 1e-10))
    level = np.maximum(level, level.max() - 80)
    flux = np.concatenate([[0.0], np.maximum(np.diff(level, axis=0), 0).mean(1)])
    if flux.max() <= 0:
        return np.zeros(0)
    flux = flux / flux.max()
    peaks, last = [], -np.inf
    for k in range(1, len(flux)):
        near = flux[max(k - 1, 0) : k + 2]
        mean = flux[max(k - 4, 0) : k + 6].mean()
        if flux[k] == near.max() and flux[k] >= mean + 0.07 and k - last > 1:
            peaks.append(k)
            last = k
    return np.array(peaks) / grid.frames_per_second


def onset_f1(source, dream, rate: int) -> float:
    """How well the onsets of the two agree within 50 ms: harmonic mean of precision and recall."""
    a, b = onset_times(source, rate), onset_times(dream, rate)
    if not len(a) or not len(b):
        return float(len(a) == len(b))
    hits, k = 0, 0
    for time in a:  # greedy matching of two sorted lists is the best there is
        while k < len(b) and b[k] < time - ONSET_WINDOW:
            k += 1
        if k < len(b) and b[k] <= time + ONSET_WINDOW:
            hits, k = hits + 1, k + 1
    return 2 * hits / (len(a) + len(b))


def chroma_cosine(source, dream, rate: int) -> float:
    """Mean cosine between the two 12-tone profiles, over the frames that sound."""
    a, b = _chroma(source, rate), _chroma(dream, rate)
    heard = a.sum(1) > 1e-4 * a.sum(1).max()
    a, b = a[heard], b[heard]
    cosine = (a * b).sum(1) / np.maximum(np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1), 1e-12)
    return float(cosine.mean()) if len(cosine) else 1.0


def stereo_change(source, dream, rate: int) -> tuple[float, float]:
    """Change of the level (dB) and phase (rad) between the first two channels, weighted by energy."""
    from deepdream_av.spectral import MelGrid, stft

    grid = MelGrid(rate)
    (al, ar), (bl, br) = (stft(np.asarray(x, np.float32).T[:2], grid).numpy() for x in (source, dream))
    weight = np.abs(al) ** 2 + np.abs(ar) ** 2
    tiny = 1e-4 * np.sqrt(weight.mean()) + 1e-9
    level = 20 * np.log10(
        (np.abs(bl) + tiny) * (np.abs(ar) + tiny) / ((np.abs(br) + tiny) * (np.abs(al) + tiny))
    )
    phase = np.angle((bl * br.conj()) * (al * ar.conj()).conj())
    # the phase of a pair counts as much as its quieter half
    pair = np.abs(al * ar)
    return (
        float((np.abs(level) * weight).sum() / max(weight.sum(), 1e-20)),
        float((np.abs(phase) * pair).sum() / max(pair.sum(), 1e-20)),
    )


def high_band_change(source, dream, rate: int, *, above: float = 8000.0) -> float:
    """Change of the energy above a frequency in dB, each relative to the whole: hiss shows here."""

    def share(x):
        power = np.abs(np.fft.rfft(_mono(x))) ** 2
        return (power[np.fft.rfftfreq(len(x), 1 / rate) > above].sum() + 1e-12) / (power.sum() + 1e-12)

    return float(10 * np.log10(share(dream) / share(source)))


def report(source, dream, rate: int, *, listener=None, layout: str = "") -> dict[str, float]:
    """All figures at once.

    Args:
        source: float `[samples, channels]`.
        dream: the same shape.
        rate: samples per second.
        listener: see `activation_gain`; without it the figure is left out.
        layout: FFmpeg's name of the channel layout.
    """
    figures = {
        "mel_change_db": mel_change(source, dream, rate),
        "onset_f1": onset_f1(source, dream, rate),
        "chroma": chroma_cosine(source, dream, rate),
        "loudness_change_lu": loudness(dream, rate, layout=layout) - loudness(source, rate, layout=layout),
        "true_peak_db": true_peak(dream, rate),
        "high_band_db": high_band_change(source, dream, rate),
    }
    if np.shape(source)[1] == 2:
        figures["level_between_db"], figures["phase_between_rad"] = stereo_change(source, dream, rate)
    if listener is not None:
        figures["activation"] = activation_gain(source, dream, rate, listener=listener)
    return figures


def _mono(samples) -> np.ndarray:
    return np.asarray(samples, np.float32).reshape(len(samples), -1).mean(1)


def _chroma(samples, rate: int) -> np.ndarray:
    from deepdream_av.spectral import MelGrid, stft

    grid = MelGrid(rate)
    power = np.abs(stft(_mono(samples), grid).numpy()) ** 2
    hz = np.arange(grid.bins) * grid.bin_hz
    used = (hz > 60) & (hz < 5000)
    tone = np.round(12 * np.log2(hz[used] / 440)).astype(int) % 12
    return power[:, used] @ np.eye(12, dtype=np.float32)[tone]
