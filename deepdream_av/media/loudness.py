"""How loud a sound is to a listener, how high its waveform really rises, and how to set both.

Loudness after ITU-R BS.1770-4 in LUFS, true peak by four-fold oversampling in dBTP, and a limiter that
looks ahead. All of them also work block by block, in memory independent of the length.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np
from scipy import ndimage, signal

SILENCE = -70.0  # LUFS: the absolute gate of the standard
OVERSAMPLING = 4
LOOK_AHEAD = 0.004  # seconds on either side in which the limiter's gain falls and rises
MOST_GAIN = 20.0  # dB: what is quieter than this against its source is left quieter
_GUARD = 64  # samples of context that the interpolation of the true peak needs
_BLOCK = 1 << 16


class LoudnessMeter:
    """Integrated loudness of a stream of blocks.

    Args:
        rate: samples per second.
        channels: number of channels.
        layout: FFmpeg's name of the layout; the standard weighs surround channels by 1.41 and
            leaves out the low-frequency one.

    >>> meter = LoudnessMeter(48000, channels=1)
    >>> meter.push(np.sin(2 * np.pi * 997 / 48000 * np.arange(96000))[:, None])
    >>> round(meter.integrated(), 2)
    -3.01
    """

    def __init__(self, rate: int, *, channels: int, layout: str = ""):
        self._filter = k_weighting(rate)
        self._state = np.zeros([len(self._filter), 2, channels])
        self._weights = channel_weights(channels, layout=layout)
        self._hop = round(rate * 0.1)  # a quarter of a 400 ms block
        self._rest = np.zeros([0, channels])
        self._steps: list[np.ndarray] = []

    def push(self, samples: np.ndarray):
        """Append `[samples, channels]`."""
        weighted, self._state = signal.sosfilt(
            self._filter, np.asarray(samples, np.float64), axis=0, zi=self._state
        )
        power = np.concatenate([self._rest, weighted**2])
        whole = len(power) // self._hop * self._hop
        self._steps.append(power[:whole].reshape(-1, self._hop, power.shape[1]).mean(1) @ self._weights)
        self._rest = power[whole:]

    def integrated(self) -> float:
        """Loudness of everything pushed so far in LUFS; -inf for silence.

        A sound shorter than one block of 400 ms has no gated loudness; it is measured ungated.
        """
        steps = np.concatenate([*self._steps, np.zeros(0)])
        if len(steps) < 4:
            parts = [*steps] * self._hop + [*(self._rest @ self._weights)]
            return _lufs(np.mean(parts)) if parts else -np.inf
        blocks = np.convolve(steps, np.full(4, 0.25), "valid")
        loud = blocks[blocks > _power(SILENCE)]
        if not len(loud):
            return -np.inf
        return _lufs(loud[loud > loud.mean() / 10].mean())  # the relative gate: 10 LU under the mean


def loudness(samples: np.ndarray, rate: int, *, layout: str = "") -> float:
    """Integrated loudness (ITU-R BS.1770-4).

    Args:
        samples: float `[samples, channels]`.
        rate: samples per second.
        layout: FFmpeg's name of the channel layout.

    Returns:
        LUFS; -inf for silence.
    """
    meter = LoudnessMeter(rate, channels=samples.shape[1], layout=layout)
    for first in range(0, len(samples), _BLOCK):
        meter.push(samples[first : first + _BLOCK])
    return meter.integrated()


def k_weighting(rate: int) -> np.ndarray:
    """The filter of BS.1770 as second-order sections `[2, 6]`, at any rate.

    The standard tabulates 48 kHz only. Its two sections are the bilinear transform of a shelf of +4 dB
    and a high pass; with the analog values below the table comes out to its last digit, and other
    rates follow (as in De Man, "Evaluation of implementations of the EBU R128 loudness measurement", 2018).
    """
    shelf_hz, shelf_db, shelf_q = 1681.974450955533, 3.999843853973347, 0.7071752369554196
    pass_hz, pass_q = 38.13547087602444, 0.5003270373238773
    k = np.tan(np.pi * min(shelf_hz, 0.45 * rate) / rate)
    high, band = 10 ** (shelf_db / 20), 10 ** (shelf_db / 20 * 0.4996667741545416)
    shelf = [
        high + band * k / shelf_q + k * k,
        2 * (k * k - high),
        high - band * k / shelf_q + k * k,
        1 + k / shelf_q + k * k,
        2 * (k * k - 1),
        1 - k / shelf_q + k * k,
    ]
    k = np.tan(np.pi * pass_hz / rate)
    a0 = 1 + k / pass_q + k * k
    high_pass = [1.0, -2.0, 1.0, 1.0, 2 * (k * k - 1) / a0, (1 - k / pass_q + k * k) / a0]
    return np.array([np.array(shelf) / shelf[3], high_pass])


def channel_weights(channels: int, *, layout: str = "") -> np.ndarray:
    """Weight of each channel in the sum of powers: surround 1.41, low-frequency 0, others 1."""
    weights = np.ones(channels)
    if channels in (6, 7, 8):  # L R C LFE, then surround
        weights[3] = 0.0
        weights[4:] = 1.41
    elif channels == 5:
        weights[3:] = 1.41
    elif layout == "2.1":
        weights[2] = 0.0
    elif channels == 4 and layout == "quad":
        weights[2:] = 1.41
    return weights


def true_peak(samples: np.ndarray, rate: int) -> float:
    """Highest value of the waveform between the samples too, in dBTP; -inf for silence.

    Args:
        samples: float `[samples, channels]`.
        rate: samples per second; what is sampled at 176.4 kHz and above is not oversampled.
    """
    peak = max((float(p.max(initial=0)) for p, _ in _peak_blocks(samples, rate)), default=0.0)
    return 20 * np.log10(peak) if peak > 0 else -np.inf


def limited(samples: np.ndarray, rate: int, *, ceiling_db: float = -1.0) -> np.ndarray:
    """The sound with its true peaks held under a ceiling; what lies under it is left untouched.

    The gain that each sample needs is spread to `LOOK_AHEAD` on both sides (minimum), then smoothed by
    a Hann window of the same length: a mean of values that are all low enough is low enough. All of it has
    finite support, so that blocks with context give the same samples as the whole.

    Args:
        samples: float32 `[samples, channels]`.
        rate: samples per second.
        ceiling_db: highest true peak in dBTP.
    """
    # 0.05 dB of room: the true peak of the product is not exactly the product of the true peaks
    ceiling = 10 ** ((ceiling_db - 0.05) / 20)
    reach = max(round(LOOK_AHEAD * rate), 1)
    needed = np.concatenate(
        [np.minimum(1.0, ceiling / np.maximum(p, 1e-9)) for p, _ in _peak_blocks(samples, rate)]
    )
    if needed.min() >= 1.0:
        return samples
    held = ndimage.minimum_filter1d(needed, 2 * reach + 1, mode="nearest")
    window = np.hanning(2 * reach + 3)[1:-1]
    gain = ndimage.convolve1d(held, window / window.sum(), mode="nearest")
    return (samples * gain[:, None]).astype(np.float32)


def match_loudness(
    samples: np.ndarray, rate: int, *, target_lufs: float, ceiling_db: float = -1.0, layout: str = ""
) -> np.ndarray:
    """The sound at a given loudness, with its true peaks under a ceiling.

    Args:
        samples: float32 `[samples, channels]`.
        rate: samples per second.
        target_lufs: integrated loudness to reach; -inf (silence) leaves the level as it is.
        ceiling_db: highest true peak in dBTP.
        layout: FFmpeg's name of the channel layout.

    Returns:
        float32 `[samples, channels]`, within 0.1 LU of the target where the limiter can reach it.
    """

    def whole():
        yield samples

    gain = matching_gain(
        whole, rate, target_lufs=target_lufs, ceiling_db=ceiling_db, channels=samples.shape[1], layout=layout
    )
    return limited((samples * gain).astype(np.float32), rate, ceiling_db=ceiling_db)


def matching_gain(
    blocks: Callable[[], Iterable[np.ndarray]],
    rate: int,
    *,
    target_lufs: float,
    channels: int,
    ceiling_db: float = -1.0,
    layout: str = "",
    rounds: int = 6,
) -> float:
    """Factor before the limiter that brings a sound to a loudness after it.

    Args:
        blocks: call it to get the blocks `[samples, channels]` of the sound once more, from the start.
        rate: samples per second.
        target_lufs: loudness to reach after the limiter.
        rounds: most passes over the sound; without limiting two are enough.
    """
    gain_db, last = 0.0, None
    for _ in range(rounds):
        meter = LoudnessMeter(rate, channels=channels, layout=layout)
        for block in limited_blocks(blocks(), rate, gain=10 ** (gain_db / 20), ceiling_db=ceiling_db):
            meter.push(block)
        reached = meter.integrated()
        missing = target_lufs - reached
        if not np.isfinite(missing) or abs(missing) < 0.02:
            break
        # where the limiter works, a decibel in front of it gives less than a decibel behind it
        slope = (reached - last[1]) / (gain_db - last[0]) if last and gain_db != last[0] else 1.0
        last = gain_db, reached
        gain_db = float(np.clip(gain_db + missing / np.clip(slope, 0.25, 1.0), -60.0, MOST_GAIN))
    return 10 ** (gain_db / 20)


def limited_blocks(
    blocks: Iterable[np.ndarray], rate: int, *, gain: float = 1.0, ceiling_db: float = -1.0
) -> Iterator[np.ndarray]:
    """`limited(gain * sound)` block by block; the blocks that come out join to the same samples."""
    context = 2 * (2 * max(round(LOOK_AHEAD * rate), 1) + 1) + _GUARD
    before, held = None, None
    for block in _joined(blocks, at_least=max(context, _BLOCK)):
        block = block * np.float32(gain)
        if held is not None:
            yield _middle(before, held, block[:context], rate, ceiling_db)
        before, held = block[:0] if held is None else held[-context:], block
    if held is not None:
        yield _middle(before, held, held[:0], rate, ceiling_db)


def _joined(blocks: Iterable[np.ndarray], *, at_least: int) -> Iterator[np.ndarray]:
    """The same samples in blocks of at least so many; the last one may be shorter, but is never alone too short."""
    waiting: list[np.ndarray] = []
    for block in blocks:
        if sum(map(len, waiting)) >= 2 * at_least:
            joined = np.concatenate(waiting)
            yield joined[:-at_least]
            waiting = [joined[-at_least:]]
        waiting.append(block)
    if waiting:
        yield np.concatenate(waiting)


def _middle(before, block, after, rate, ceiling_db) -> np.ndarray:
    done = limited(np.concatenate([before, block, after]), rate, ceiling_db=ceiling_db)
    return done[len(before) : len(before) + len(block)]


def _peak_blocks(samples: np.ndarray, rate: int) -> Iterator[tuple[np.ndarray, int]]:
    """For each sample the highest of all channels between it and its neighbours, in blocks, with their place."""
    factor = OVERSAMPLING if rate < 96_000 else 2 if rate < 176_400 else 1
    for first in range(0, len(samples), _BLOCK):
        last = min(first + _BLOCK, len(samples))
        left, right = min(first, _GUARD), min(len(samples) - last, _GUARD)
        piece = np.asarray(samples[first - left : last + right], np.float64)
        if factor > 1 and len(piece):
            piece = signal.resample_poly(piece, factor, 1, axis=0, window=_interpolator(factor))
        peaks = np.abs(piece).max(1).reshape(-1, factor)
        # a value between two samples counts for both
        highest = np.maximum(peaks.max(1), np.concatenate([[0.0], peaks[:-1].max(1)]))
        yield highest[left : left + last - first], first


def _interpolator(factor: int) -> np.ndarray:
    """Low pass for oversampling: 48 samples long, flat to 0.45 of the rate."""
    return signal.firwin(48 * factor + 1, 1.0 / factor, window=("kaiser", 8.0))


def _lufs(power: float) -> float:
    return float(-0.691 + 10 * np.log10(power)) if power > 0 else -np.inf


def _power(lufs: float) -> float:
    return 10 ** ((lufs + 0.691) / 10)
