"""From what is heard to how strongly each frame dreams."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from deepdream_av.correlate.features import FEATURE_RATE, Features

ATTACK = 0.02  # seconds; the eye wants the beat at once
RELEASE = 0.28  # seconds; and lets it go slowly
_SHARE_OF_ONSETS = 0.6
_LEAST_RANGE = {"onset": 0.05, "energy": 3.0}  # below this a curve is flat, and its noise is not music


def strengths(features: Features | None, times, *, amount: float) -> np.ndarray:
    """How strongly each frame dreams: about 1, more on a beat, a little less in a rest.

    Args:
        features: curves of the sound; None or silence leaves every frame at 1.
        times: seconds at which the frames are shown, float `[frames]`, growing.
        amount: 0 for no influence; 1 lets the strength range from about 0.8 to 1.7.

    Returns:
        float32 `[frames]`.

    >>> strengths(None, [0.0, 0.04], amount=0.5).tolist()
    [1.0, 1.0]
    """
    times = np.asarray(times, np.float64)
    if features is None or features.silent or amount == 0 or not len(times):
        return np.ones(len(times), np.float32)
    curve = drive(features)
    centre = float(curve.mean())
    heard = np.interp(times, features.times(), curve, left=centre, right=centre)
    swing = heard - centre
    # a rest takes away half of what a beat gives: the dream breathes but never stops
    return (1 + amount * np.where(swing > 0, swing, 0.5 * swing)).astype(np.float32)


@lru_cache(maxsize=4)  # asked for once a frame
def drive(features: Features) -> np.ndarray:
    """Onsets and energy in one curve from 0 to 1, `FEATURE_RATE` points per second."""
    onset = follow(normalised(features.onset, least=_LEAST_RANGE["onset"]), attack=ATTACK, release=RELEASE)
    energy = np.maximum(features.energy, features.energy.max(initial=-100.0) - 50)
    energy = follow(normalised(energy, least=_LEAST_RANGE["energy"]), attack=0.03, release=0.4)
    top = onset.max(initial=0.0)  # following lowers short peaks
    onset = onset / top if top > 0 else onset
    return (_SHARE_OF_ONSETS * onset + (1 - _SHARE_OF_ONSETS) * energy).astype(np.float32)


def normalised(curve: np.ndarray, *, least: float) -> np.ndarray:
    """The curve between its 2nd and 98th percentile as 0 to 1; all 0 where it is flat.

    Args:
        curve: any numbers.
        least: smallest range that counts as movement, in the curve's own unit.
    """
    if not len(curve):
        return np.zeros(0, np.float32)
    low, high = np.percentile(curve, [2, 98])
    # rare onsets fall above the 98th percentile; a single drum hit must count too
    high = max(high, low + 0.5 * (float(curve.max()) - low))
    if high - low < least:
        return np.zeros(len(curve), np.float32)
    return np.clip((curve - low) / (high - low), 0, 1).astype(np.float32)


def follow(curve: np.ndarray, *, attack: float, release: float) -> np.ndarray:
    """An envelope that rises with one time constant and falls with another.

    The constants are in seconds, so that a film dreams alike at 24 and at 60 frames per second.

    Args:
        curve: `[points]` at `FEATURE_RATE`.
        attack, release: time constants in seconds.
    """
    up, down = (1 - np.exp(-1 / (FEATURE_RATE * t)) for t in (attack, release))
    out, level = np.empty(len(curve), np.float32), 0.0
    for n, value in enumerate(curve.tolist()):
        level += (up if value > level else down) * (value - level)
        out[n] = level
    return out
