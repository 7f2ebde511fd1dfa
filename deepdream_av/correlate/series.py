"""What channels of a network do over the time of a film."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

SLOW = 4.0  # seconds; what takes longer than this is a trend and belongs to the scene, not to the moment
_CONSTANT = 1e-5  # deviation below which a channel says nothing
_FAINT = 0.02  # share of the mean of its layer at which a channel is as good as silent
_TOGETHER = 64  # channels worked on at once, which bounds the memory of a long film


@dataclass(frozen=True, eq=False)
class Series:
    """How strongly each channel of a network answers to each frame of a film, or to the sound at that moment.

    Attributes:
        times: seconds of the frames on the film's clock, float64 `[frames]`, growing, perhaps unevenly.
        values: float32 `[frames, channels]`, `log1p` of measures that are 0 or more.
        names: of the channels, such as `stride8#12`; `block4#7+` is the rise of `block4#7`.
        shots: int32 `[frames]`, number of the shot of each frame.
        scales: float32 `[channels]`, what each measure was divided by before the logarithm; may be empty.

    >>> beat = np.sin(np.arange(48.0))[:, None] + 1
    >>> series = Series(np.arange(48) / 24, beat, ("a#0",), np.zeros(48, np.int32))
    >>> round(float(series.standardised().std()), 3)
    1.0
    """

    times: np.ndarray
    values: np.ndarray
    names: tuple[str, ...]
    shots: np.ndarray
    scales: np.ndarray = field(default_factory=lambda: np.zeros(0, np.float32))

    def standardised(self) -> np.ndarray:
        """Every channel without mean and slow trend of each shot, with variance 1 over all; constant channels are 0.

        Returns:
            float32 `[frames, channels]`; the same array at each call.
        """
        return self._standardised

    def every(self, step: int) -> Series:
        """Only the first of every so many frames."""
        if step <= 1:
            return self
        return Series(self.times[::step], self.values[::step], self.names, self.shots[::step], self.scales)

    @cached_property
    def _standardised(self) -> np.ndarray:
        moving = detrended(self.values, self.times, self.shots)
        deviation = moving.std(0)
        # rounding leaves a little of a constant channel behind, more of a large one
        still = deviation < _CONSTANT * (1 + np.abs(self.values).max(0, initial=0.0))
        return np.where(still, 0, moving / np.where(still, 1, deviation)).astype(np.float32)


def detrended(values: np.ndarray, times: np.ndarray, shots: np.ndarray) -> np.ndarray:
    """Values without the mean, the straight trend and all that is slower than `SLOW` seconds, shot by shot.

    Args:
        values: float `[frames, columns]`.
        times: seconds, `[frames]`.
        shots: number of the shot of each frame, `[frames]`.

    Returns:
        float32 `[frames, columns]`.
    """
    out = np.empty(values.shape, np.float32)
    for mine in whole_shots(shots):
        time = times[mine] - times[mine].mean()
        left = np.searchsorted(time, time - SLOW / 2, "left")
        right = np.searchsorted(time, time + SLOW / 2, "right")
        for first in range(0, values.shape[1], _TOGETHER):
            part = values[mine, first : first + _TOGETHER].astype(np.float64)
            part -= part.mean(0)
            part -= time[:, None] * (time @ part) / max(time @ time, 1e-12)
            total = np.concatenate([np.zeros([1, part.shape[1]]), part.cumsum(0)])
            out[mine, first : first + _TOGETHER] = (
                part - (total[right] - total[left]) / (right - left)[:, None]
            )
    return out


def measured(means: np.ndarray, names) -> tuple[np.ndarray, np.ndarray]:
    """`log1p` of each channel in units of its own mean over the film, and these units.

    Args:
        means: mean activation of each channel at each frame, 0 or more, float32 `[frames, channels]`.
        names: of the channels, `layer#number`.

    Returns:
        values float32 `[frames, channels]` and scales float32 `[channels]`.
    """
    usual = means.mean(0) if len(means) else np.ones(means.shape[1], np.float32)
    layers = np.array([name.partition("#")[0] for name in names])
    for layer in dict.fromkeys(layers.tolist()):
        # what a channel that is all but dead does is no more than the rounding of its layer
        least = _FAINT * usual[layers == layer].mean() + 1e-9
        usual[layers == layer] = np.maximum(usual[layers == layer], least)
    return np.log1p(means / usual), usual


def whole_shots(shots: np.ndarray) -> list[slice]:
    """Where each shot lies.

    >>> whole_shots(np.array([0, 0, 1, 1, 1]))
    [slice(0, 2, None), slice(2, 5, None)]
    """
    cuts = (np.flatnonzero(np.diff(shots)) + 1).tolist()
    return [slice(first, last) for first, last in zip([0, *cuts], [*cuts, len(shots)]) if last > first]
