"""By how much the picture follows the sound."""

from __future__ import annotations

import numpy as np

from deepdream_av.correlate.chance import FARTHEST

_STEP = 0.005  # seconds
_RISE = 0.08  # seconds; see `correlate.heard`
EARLY = 0.035  # seconds; an ear hears in windows, and the logarithm of one rises long before a sound is in its middle


def lag_between(heard: np.ndarray, seen: np.ndarray, times: np.ndarray, *, early: float = 0.0) -> float:
    """Seconds by which one curve follows another, between `FARTHEST` too early and too late.

    Where they begin to rise is compared: how they fall tells more of the networks that made the curves than of
    the film.

    Args:
        heard, seen: curves `[frames]`.
        times: seconds, `[frames]`, growing.
        early: seconds by which the first curve rises before what it shows.

    >>> times = np.arange(240) / 24
    >>> beat = np.maximum(np.sin(5 * times), 0)
    >>> abs(lag_between(beat, np.maximum(np.sin(5 * (times - 0.06)), 0), times) - 0.06) < 0.01
    True
    """
    lags = np.arange(-FARTHEST, FARTHEST + _STEP / 2, _STEP)
    risen = _rises(seen, times)
    fits = [_correlation(_rises(heard, times - lag - early, times), risen) for lag in lags]
    return float(lags[int(np.argmax(fits))])


def _rises(curve: np.ndarray, at: np.ndarray, times: np.ndarray | None = None) -> np.ndarray:
    times = at if times is None else times
    return np.maximum(np.interp(at + _RISE / 2, times, curve) - np.interp(at - _RISE / 2, times, curve), 0)


def _correlation(one: np.ndarray, other: np.ndarray) -> float:
    one, other = one - one.mean(), other - other.mean()
    return float(one @ other / np.sqrt(max(one @ one * (other @ other), 1e-12)))
