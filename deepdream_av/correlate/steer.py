"""From what is heard to a closed way through a generator's world.

A latent is taken apart into planes, and each plane belongs to a pitch class. The sound turns the planes: the more of
a pitch class there is, the faster its planes turn; energy makes all of them faster, and an onset gives them a push.
A turn leaves the length of a latent as it is, so that the way never leaves the sphere on which a generator is at
home; and as every plane ends where it began, the last moment leads into the first.
"""

from __future__ import annotations

import numpy as np

from deepdream_av.correlate.chroma import CLASSES
from deepdream_av.correlate.drive import ATTACK, follow, normalised
from deepdream_av.correlate.features import FEATURE_RATE, Features

DRIFT = 0.2  # radians per second without any sound
FLOW = 0.4  # more of them at full energy
PUSH = 5.0  # and on a strong onset, for a moment
RELEASE = 0.22  # seconds; shorter than for a dream's strength, as what has moved stays where it is
_CHROMA_ATTACK, _CHROMA_RELEASE = 0.08, 0.35  # seconds; a melody shall lead, not twitch
_EVEN = 0.35  # share of the turning that does not ask for the pitch
_LEAST_RANGE = {"onset": 0.05, "energy": 3.0}  # below this a curve is flat, and its noise is not music


class Walk:
    """A closed way on the sphere, as long as a sound.

    Args:
        start: float32 `[latent]`, where it begins and ends.
        seconds: how long one round takes.
        features: onsets and energy of the sound; None or silence for an even pace.
        chroma: float32 `[points, 12]` at `FEATURE_RATE`; None for none.
        amount: how much the sound drives it, 0 to 1.
        pace: how fast it is in all, 1 for the usual.
        seed: chooses the planes.
    """

    def __init__(
        self,
        start: np.ndarray,
        seconds: float,
        *,
        features: Features | None = None,
        chroma: np.ndarray | None = None,
        amount: float = 0.5,
        pace: float = 1.0,
        seed: int = 0,
    ):
        rng = np.random.default_rng([seed, 1])
        start, planes = np.asarray(start, np.float64), len(start) // 2
        axes = np.linalg.qr(rng.standard_normal([len(start), len(start)]))[0][:, : 2 * planes]
        self._axes = axes.reshape(len(start), planes, 2)
        self._place = np.einsum("lpk,l->pk", self._axes, start)
        self._rest = start - np.einsum("lpk,pk->l", self._axes, self._place)  # what an odd length leaves over
        self._class, self._side = np.arange(planes) % CLASSES, rng.choice([-1.0, 1.0], planes)
        points = max(2, round(seconds * FEATURE_RATE))
        speed = pace * speeds(points, features, chroma, amount=amount)
        self._moments = np.arange(points + 1) * (seconds / points)
        self._angles = np.stack([_closed(curve, seconds / points) for curve in speed.T], 1)

    def __call__(self, times) -> np.ndarray:
        """Latents at some seconds, float32 `[times, latent]`; all of them as long as the first."""
        times = np.mod(np.asarray(times, np.float64), self._moments[-1])
        angles = np.stack([np.interp(times, self._moments, curve) for curve in self._angles.T], 1)
        angle = self._side * angles[:, self._class]
        (x, y), (cos, sin) = self._place.T, (np.cos(angle), np.sin(angle))
        turned = np.stack([cos * x - sin * y, sin * x + cos * y], 2)
        return (self._rest + np.einsum("lpk,tpk->tl", self._axes, turned)).astype(np.float32)


def speeds(
    points: int, features: Features | None, chroma: np.ndarray | None, *, amount: float = 0.5
) -> np.ndarray:
    """How fast the planes of each pitch class turn, in radians per second.

    Args:
        points: at `FEATURE_RATE`; a shorter sound is followed by its silence.
        features, chroma, amount: see `Walk`.

    Returns:
        float64 `[points, 12]`, over 0.
    """
    even = np.full([points, CLASSES], DRIFT)
    if features is None or features.silent or not amount:
        return even
    onset = _round(normalised(features.onset, least=_LEAST_RANGE["onset"]), points, ATTACK, RELEASE)
    onset /= max(onset.max(), 1e-6)  # following lowers short peaks
    energy = np.maximum(features.energy, features.energy.max() - 50)
    energy = _round(normalised(energy, least=_LEAST_RANGE["energy"]), points, 0.1, 0.4)
    turning = even[:, :1] + 2 * amount * (FLOW * energy + PUSH * onset * (0.4 + 0.6 * energy))[:, None]
    if chroma is None:
        return np.repeat(turning, CLASSES, 1)
    heard = np.stack(
        [_round(curve, points, _CHROMA_ATTACK, _CHROMA_RELEASE) for curve in np.asarray(chroma).T], 1
    )
    # where all classes sound alike, each gets the same as without chroma
    share = np.sqrt(CLASSES) * heard / np.maximum(np.linalg.norm(heard, axis=1, keepdims=True), 0.2)
    return turning * (_EVEN + (1 - _EVEN) * share)


def _round(curve: np.ndarray, points: int, attack: float, release: float) -> np.ndarray:
    """A curve as an envelope `[points]` that goes round: it begins as what its end leaves behind."""
    curve = np.pad(np.asarray(curve, np.float32), (0, max(points - len(curve), 0)))[:points]
    return follow(np.concatenate([curve, curve]), attack=attack, release=release)[points:].astype(np.float64)


def _closed(speed: np.ndarray, step: float) -> np.ndarray:
    """Angles `[points + 1]` of something that turns at about this speed and ends where it began.

    Whole turns are made a little faster or slower to be whole; what is less than half a turn goes there and back.
    """
    angle = np.concatenate([[0.0], np.cumsum(speed) * step])
    whole = angle[-1]
    turns = round(whole / (2 * np.pi))
    if turns:
        return angle * (2 * np.pi * turns / whole)
    if whole <= 0:
        return np.zeros_like(angle)
    return 0.5 * whole * np.sin(np.pi * angle / whole) ** 2
