"""How firmly the sound and the picture of a film go together, told from light and loudness, without any network.

Onsets of the sound are compared with changes of the picture that motion does not explain, loudness with the size of a
dream. Of all that is printed only z and p can be compared from film to film: two smooth curves correlate by themselves,
and chance is what remains when the sound is moved out of place, round and round.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from deepdream_av.correlate.chance import other_places
from deepdream_av.correlate.features import FEATURE_RATE, Features
from deepdream_av.correlate.series import detrended
from deepdream_av.temporal.flow import FlowEstimator
from deepdream_av.temporal.warp import warp

REACH = 0.1  # seconds by which picture and sound of one event may be apart
SIGMA = 0.05  # seconds, of a beat that is hit
_STEP = 0.01  # seconds between two lags
_APART = 0.1  # seconds between two beats at least
_PROMINENCE = 0.7  # standard deviations of a curve by which a beat stands out


@dataclass(frozen=True, eq=False)
class Against:
    """A correlation against chance.

    Attributes:
        r: the highest within reach.
        lag: seconds by which the picture follows the sound there.
        z: how many standard deviations of chance it lies above the mean of chance.
        p: how often chance gives as much.
    """

    r: float
    lag: float
    z: float
    p: float


@dataclass(frozen=True)
class Beats:
    """Beats of sound and picture.

    Attributes:
        heard, seen: how many there are.
        hit_heard: how well beats that are heard are seen, 0 to 1.
        hit_seen: how well beats that are seen are heard, 0 to 1.
        f1: harmonic mean of the two, so that one lucky beat alone does not count.
        align: intersection over union of beats that are matched one to one within a frame.
    """

    heard: int
    seen: int
    hit_heard: float
    hit_seen: float
    f1: float
    align: float


@dataclass(frozen=True, eq=False)
class AudioVisual:
    """What is told of a film and its dream.

    Attributes:
        onsets_source, onsets_output: onsets of the sound with changes of the picture.
        beats_source, beats_output: their beats.
        energy: loudness with the size of the dream; None if nothing was dreamt.
    """

    onsets_source: Against
    onsets_output: Against
    beats_source: Beats
    beats_output: Beats
    energy: Against | None


class AudioVisualMeter:
    """Collects what changes in a film and in its dream, frame by frame.

    The flow is always that of the source, so that what a dream adds is not explained away, and what the camera does is.

    Args:
        effort: of the flow, see `FlowEstimator`.
    """

    def __init__(self, effort: str = "fast"):
        self._flow = FlowEstimator(effort)
        self._last = None
        self._times: list[float] = []
        self._shots: list[int] = []
        self._rows: list[tuple[float, float, float]] = []

    def __call__(self, source: np.ndarray, output: np.ndarray, *, time: float, cut: bool = False) -> None:
        """Add the next frame of both films.

        Args:
            source, output: float32 `[height, width, 3]` in [0, 1], of one size.
            time: when it is shown, in seconds.
            cut: whether a new shot begins.
        """
        last, self._last = self._last, (source, output)
        self._times.append(float(time))
        self._shots.append((self._shots[-1] if self._shots else 0) + bool(cut and self._shots))
        size = float(np.sqrt(((output - source) ** 2).mean()))
        changes = [np.nan, np.nan]  # a cut is no event of its own
        if last is not None and not cut:
            motion = self._flow(source, last[0])
            seen = float(motion.seen.sum()) + 1e-9
            changes = [
                float((np.abs(warp(old, motion.flow) - new).mean(2) * motion.seen).sum() / seen)
                for old, new in zip(last, (source, output))
            ]
        self._rows.append((*changes, size))

    def result(self, heard: Features, heard_output: Features | None = None, *, seed: int = 0) -> AudioVisual:
        """What was found.

        Args:
            heard: features of the film's sound.
            heard_output: of the dream's sound; that of the film unless given.
            seed: of the moves of the sound that tell what chance gives.
        """
        times, shots = np.array(self._times), np.array(self._shots, np.int32)
        before, after, size = np.array(self._rows).reshape(-1, 3).T
        pairs = ((heard, _whole(before)), (heard_output or heard, _whole(after)))
        at = {"times": times, "shots": shots}
        onsets = [against(f.times(), _even(f.onset, times), change, seed=seed, **at) for f, change in pairs]
        found = [beats(peaks(f.onset, f.times()), peaks(change, times), times) for f, change in pairs]
        energy = None
        if len(size) and size.max() > 1e-4:
            loud = np.maximum(heard.energy, heard.energy.max(initial=-200) - 60)  # what is quieter is silence
            energy = against(heard.times(), _even(loud, times), size, seed=seed, **at)
        return AudioVisual(*onsets, *found, energy)


def against(
    clock: np.ndarray,
    heard: np.ndarray,
    seen: np.ndarray,
    *,
    times: np.ndarray,
    shots: np.ndarray,
    shifts: int = 499,
    seed: int = 0,
) -> Against:
    """The highest correlation of two curves within `REACH`, and what chance gives.

    Args:
        clock: seconds of the points of `heard`, `[points]`.
        heard: a curve of the sound, `[points]`.
        seen: a curve of the picture, `[frames]`.
        times: seconds of the frames, `[frames]`.
        shots: number of the shot of each frame; means and slow trends are taken out of each.
        shifts: moves of the sound.
        seed: of these moves.

    >>> times = np.arange(240) / 24
    >>> beat = np.maximum(np.sin(7 * times + np.sin(times)), 0)
    >>> found = against(times, beat, np.roll(beat, 1), times=times, shots=np.zeros(240, np.int32))
    >>> abs(found.lag - 1 / 24) < 0.02, found.p < 0.05
    (True, True)
    """
    if len(times) < 8 or not len(heard):
        return Against(0.0, 0.0, 0.0, 1.0)
    lags = np.arange(-REACH, REACH + _STEP / 2, _STEP)
    span = float(times[-1] - times[0] + np.median(np.diff(times)))
    look = detrended(np.asarray(seen, np.float64)[:, None], times, shots)

    def best(shift: float) -> tuple[float, float]:
        wanted = times[0] + (times[:, None] - times[0] - lags - shift) % span
        moved = detrended(np.interp(wanted, clock, heard), times, shots)
        power = (moved**2).sum(0) * (look**2).sum()
        r = (moved * look).sum(0) / np.sqrt(np.maximum(power, 1e-12))
        return float(r.max()), float(lags[int(r.argmax())])

    r, lag = best(0.0)
    null = np.array([best(shift)[0] for shift in other_places(times, shifts, seed)])
    if len(null) < 2:
        return Against(r, lag, 0.0, 1.0)
    z = (r - null.mean()) / max(float(null.std()), 1e-9)
    return Against(r, lag, float(z), float((1 + np.count_nonzero(null >= r)) / (1 + len(null))))


def peaks(curve: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Seconds of the beats of a curve: peaks that stand out, no two closer than a tenth of a second."""
    from scipy.signal import find_peaks

    if len(curve) < 3 or np.std(curve) < 1e-9:
        return np.zeros(0)
    found, about = find_peaks(curve, prominence=_PROMINENCE * float(np.std(curve)))
    kept: list[int] = []
    for n in found[np.argsort(-about["prominences"], kind="stable")]:
        if all(abs(times[n] - times[m]) >= _APART for m in kept):
            kept.append(int(n))
    return np.sort(times[kept])


def beats(heard: np.ndarray, seen: np.ndarray, times: np.ndarray) -> Beats:
    """How well beats fit, both ways (after Li et al. 2021, "AI Choreographer", who look one way only).

    Args:
        heard, seen: seconds of beats, growing.
        times: seconds of the frames; a frame is what AV-Align (Yariv et al. 2023) allows.

    >>> beats(np.array([1.0, 2.0]), np.array([1.0]), np.arange(72) / 24).hit_seen
    1.0
    """
    hit_heard, hit_seen = _hit(heard, seen), _hit(seen, heard)
    f1 = 2 * hit_heard * hit_seen / max(hit_heard + hit_seen, 1e-9)
    frame = float(np.median(np.diff(times))) if len(times) > 1 else 0.0
    matched = first = 0
    for beat in heard:
        while first < len(seen) and seen[first] < beat - frame - 1e-6:
            first += 1
        if first < len(seen) and seen[first] <= beat + frame + 1e-6:
            matched, first = matched + 1, first + 1
    union = len(heard) + len(seen) - matched
    return Beats(len(heard), len(seen), hit_heard, hit_seen, f1, matched / union if union else 0.0)


def _hit(beats_: np.ndarray, others: np.ndarray) -> float:
    if not len(beats_) or not len(others):
        return 0.0
    apart = np.abs(beats_[:, None] - others[None]).min(1)
    return float(np.exp(-(apart**2) / (2 * SIGMA**2)).mean())


def _even(curve: np.ndarray, times: np.ndarray) -> np.ndarray:
    """A curve at `FEATURE_RATE`, blurred to the length of a frame, which is all that a film can show."""
    width = max(1, round(FEATURE_RATE * float(np.median(np.diff(times))))) if len(times) > 1 else 1
    return np.convolve(np.pad(curve, (width // 2, width - 1 - width // 2), "edge"), np.ones(width) / width, "valid")


def _whole(change: np.ndarray) -> np.ndarray:
    """Changes with what is missing at cuts filled in between its neighbours."""
    known = np.isfinite(change)
    if not known.any():
        return np.zeros(len(change))
    places = np.arange(len(change))
    return np.interp(places, places[known], change[known])
