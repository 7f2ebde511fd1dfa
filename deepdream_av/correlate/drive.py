"""From what is heard to how each frame dreams: the layer of the coupling that always works."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from deepdream_av.correlate.features import FEATURE_RATE, Features
from deepdream_av.errors import UsageError, unknown_name

ATTACK = 0.02  # seconds; the eye wants the beat at once
RELEASE = 0.28  # seconds; and lets it go slowly
MIXER = {"onset": 1.0, "energy": 1.0, "bass": 1.0, "centroid": 1.0, "chroma": 1.0}
_SHARES = {"onset": 0.6, "energy": 0.4}  # of the strength
_LEAST_RANGE = {"onset": 0.05, "energy": 3.0, "bass": 3.0, "centroid": 0.03}  # below, a curve is flat, and its noise no music
_LEAST, _MOST = 1.0, 2.0  # strength
_REST = 30  # percentile of a curve that counts as a rest
_SWING = 2.4  # of the strength between a rest and the strongest beat; less cannot be seen beside what moves anyway
_PUSH = 1.2  # more of a step on the strongest onset
_BASS = 0.7  # more of the large shapes at the deepest bass
_DEPTH = 0.8  # weight that goes from deep layers to shallow ones where a sound is brightest
_CHROMA = 0.6  # weight of the channels of a pitch class that sounds alone


@dataclass(frozen=True, eq=False)
class Drive:
    """What the sound asks of one frame.

    Attributes:
        gain: how strongly the dream shows; 1 is usual.
        push: times the length of a step.
        bass: times more of the large shapes, 0 for none.
        depth: over 0 where bright sounds ask for shallow layers, under 0 for deep ones.
        chroma: float32 `[12]`, how much each pitch class asks for its channels.
    """

    gain: float = 1.0
    push: float = 1.0
    bass: float = 0.0
    depth: float = 0.0
    chroma: np.ndarray | None = None


class Drives:
    """The curves of a sound, as what they ask of frames.

    Args:
        features: of the sound; None or silence asks nothing.
        chroma: float32 `[points, 12]` at `FEATURE_RATE`, see `correlate.chroma`; None leaves the channels alone.
        amount: 0 for no influence, to 1.
        mixer: share of each feature, see `mixed`.

    >>> Drives(None).at(1.0).gain
    1.0
    """

    def __init__(self, features: Features | None, *, chroma=None, amount: float = 0.5, mixer: dict | None = None):
        self.features, self.amount, self.mixer = features, amount, mixer or MIXER
        self._idle = features is None or features.silent or amount == 0
        if self._idle:
            return
        self._curves = {name: envelope(features, name) for name in _LEAST_RANGE}
        self._rest = {name: float(np.percentile(self._curves[name], _REST)) for name in _SHARES}
        heard = np.zeros([len(features.onset), 12], np.float32)
        if chroma is not None:
            heard[: len(chroma)] = np.asarray(chroma)[: len(heard)]
        # a melody shall lead, not twitch
        self._chroma = np.stack([follow(curve, attack=0.05, release=0.35) for curve in heard.T], 1)

    def at(self, time: float) -> Drive:
        """What the frame that is shown at a time, in seconds, is asked for."""
        if self._idle:
            return Drive(chroma=np.zeros(12, np.float32))
        value = {name: self._value(curve, time) for name, curve in self._curves.items()}
        of, mixer = self.amount, self.mixer
        swing = sum(_SHARES[name] * mixer[name] * (value[name] - self._rest[name]) for name in _SHARES)
        place = (time - self.features.start) * FEATURE_RATE
        chroma = self._chroma[int(np.clip(round(place), 0, len(self._chroma) - 1))]
        return Drive(
            # in a rest the film dreams as it would without sound, on a beat more
            gain=float(np.clip(1 + of * _SWING * swing, _LEAST, _MOST)),
            push=float(1 + of * _PUSH * mixer["onset"] * value["onset"]),
            bass=float(of * _BASS * mixer["bass"] * value["bass"]),
            depth=float(of * _DEPTH * mixer["centroid"] * (value["centroid"] - self._mean("centroid"))),
            chroma=np.float32(of * _CHROMA * mixer["chroma"]) * chroma,
        )

    def _mean(self, name: str) -> float:
        return float(self._curves[name].mean())

    def _value(self, curve, time: float) -> float:
        mean = float(curve.mean())
        return float(np.interp(time, self.features.times(), curve, left=mean, right=mean))


def mixed(pairs) -> dict[str, float]:
    """A mixer from a recipe's `(feature, share)`; features that are not named keep theirs.

    Raises:
        UsageError: an unknown feature, or a share that is not from 0 to 2.
    """
    found = dict(MIXER)
    for name, share in pairs:
        if name not in MIXER:
            raise unknown_name("feature", name, tuple(MIXER))
        if not 0 <= share <= 2:
            raise UsageError(f"A share of the mixer must lie between 0 and 2. Received: {share!r} for {name!r}.")
        found[name] = float(share)
    return found


def strengths(features: Features | None, times, *, amount: float) -> np.ndarray:
    """How strongly each frame dreams: about 1 in a rest, more on a beat.

    Args:
        features: curves of the sound; None or silence leaves every frame at 1.
        times: seconds at which the frames are shown, float `[frames]`.
        amount: 0 for no influence; 1 lets the strength range from 1 to 2.

    Returns:
        float32 `[frames]`.

    >>> strengths(None, [0.0, 0.04], amount=0.5).tolist()
    [1.0, 1.0]
    """
    drives = Drives(features, amount=amount)
    return np.array([drives.at(float(time)).gain for time in times], np.float32)


@lru_cache(maxsize=16)
def envelope(features: Features, name: str) -> np.ndarray:
    """One curve of a sound from 0 to 1, as the eye can follow it, `FEATURE_RATE` points per second.

    Args:
        features: of the sound.
        name: `onset`, `energy`, `bass` or `centroid`.
    """
    curve = getattr(features, name)
    if name in ("energy", "bass"):
        curve = np.maximum(curve, curve.max(initial=-100.0) - 50)
    if name == "onset":
        out = follow(normalised(curve, least=_LEAST_RANGE[name]), attack=ATTACK, release=RELEASE)
        top = out.max(initial=0.0)  # following lowers short peaks
        return out / top if top > 0 else out
    return follow(normalised(curve, least=_LEAST_RANGE[name]), attack=0.03, release=0.4)


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
