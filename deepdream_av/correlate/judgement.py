"""What judges say: how much of what is heard goes with what is seen, before a dream and after it, against chance.

Three questions, each answered on stretches of the film that nothing was fitted on, and each asked again with the sound
moved out of place. Do both judges together find anything that rises in picture and sound (as `correlate.pairs` does)?
Can what the pairs hear in the source be read off the picture by a judge that looks, and what they see there off the
sound by a judge that listens? What is read off is what the dream was asked to follow, from the source, and never what
the dreamt networks make of the dream.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from deepdream_av.correlate.chance import folds, moved, odds, other_places
from deepdream_av.correlate.pairs import FilterPair, canonical, find_pairs
from deepdream_av.correlate.series import Series, detrended
from deepdream_av.errors import UsageError

LAGS = np.linspace(-0.5, 0.5, 21)  # seconds
_GAP = 0.3  # seconds between what is fitted and what is read off
_RIDGE = 0.01  # of the power of all moments together


@dataclass(frozen=True, eq=False)
class Reading:
    """One question to a film and its dream.

    Attributes:
        judges: names of who answered.
        before, after: held-out correlations, the mean over the pairs if there are any.
        p_before, p_after: how often chance gives as much.
        p_rise: how often chance gives as large a rise from the one to the other.
        null_before, null: float32 `[shifts]`, the same before and after with the sound moved out of place.
        threshold: the 95 % point of `null`.
        lags: seconds by which the picture follows the sound, beside the lag of a pair, float64 `[lags]`.
        lag_before, lag_after: float32 `[lags]`, held-out correlations at each of them.
    """

    judges: tuple[str, ...]
    before: float
    after: float
    p_before: float
    p_after: float
    p_rise: float
    null_before: np.ndarray
    null: np.ndarray
    threshold: float
    lags: np.ndarray
    lag_before: np.ndarray
    lag_after: np.ndarray

    @property
    def rise(self) -> float:
        """How much the correlation grew."""
        return self.after - self.before

    @property
    def peak(self) -> float:
        """Seconds at which the lag curve of the dream is highest."""
        return float(self.lags[int(np.argmax(self.lag_after))]) if len(self.lags) else 0.0


@dataclass(frozen=True, eq=False)
class Judgement:
    """All that the judges say of a film and its dream.

    Attributes:
        together: what both find.
        picture: how well what the pairs hear can be read off the picture; None without pairs.
        sound: how well what the pairs see can be read off the sound; None without pairs.
        shifts, seed: of the moves of the sound.
    """

    together: Reading
    picture: Reading | None
    sound: Reading | None
    shifts: int
    seed: int


def compare(
    heard_before: Series,
    seen_before: Series,
    heard_after: Series,
    seen_after: Series,
    *,
    pairs: Iterable[FilterPair] = (),
    source: tuple[Series, Series] | None = None,
    judges: tuple[str, str] = ("random", "discriminator"),
    shifts: int = 199,
    seed: int = 0,
) -> Judgement:
    """Judge a film and its dream.

    Args:
        heard_before, seen_before: of the film, from `judge_sound` and `PictureJudge`.
        heard_after, seen_after: of the dream, at the same frames.
        pairs: those that were dreamt with.
        source: what the networks that dreamt hear and see in the film; needed with `pairs`.
        judges: names of who listened and who looked.
        shifts: how often the sound is moved out of place to see what chance gives.
        seed: of these moves, which are the same before and after.

    Raises:
        UsageError: the film and its dream do not have the same frames, or `pairs` come without `source`.
    """
    pairs = tuple(pairs)
    if pairs and source is None:
        raise UsageError("`pairs` need `source`, what was heard and seen before the dream. Received: None.")
    heard_after, seen_after = on_clock(heard_after, heard_before), on_clock(seen_after, seen_before)
    both = ((heard_before, seen_before), (heard_after, seen_after))
    searches = [find_pairs(*series, most=1, shifts=shifts, seed=seed) for series in both]
    together = _reading(judges, searches[0].lags, *(_of_search(search) for search in searches))
    picture = sound = None
    if pairs:
        source = tuple(on_clock(series, seen_before) for series in source)
        heard_before, seen_before, heard_after, seen_after, *source = sampled(
            heard_before, seen_before, heard_after, seen_after, *source
        )
        moves = np.concatenate([[0.0], other_places(seen_before.times, shifts, seed)])
        # the picture follows what is heard by a lag, so that the sound is ahead of what is seen by as much
        lags = np.array([pair.lag for pair in pairs])
        asked = [
            np.stack([canonical(series, getattr(pair, side)) for pair in pairs], 1)
            for series, side in zip(source, ("heard", "seen"))
        ]
        picture, sound = (
            _reading((name,), LAGS, *(_read(x, curves, turn * lags, turn, moves) for x in series))
            for name, series, curves, turn in (
                (judges[1], (seen_before, seen_after), asked[0], 1),
                (judges[0], (heard_before, heard_after), asked[1], -1),
            )
        )
    return Judgement(together, picture, sound, len(together.null), seed)


def _reading(judges, lags, before, after) -> Reading:
    """Each of the last two: correlations `[1 + shifts]` in place and out of it, p, and the lag curve."""
    (values, p_before, lag_before), (now, p_after, lag_after) = before, after
    null = now[1:].astype(np.float32)
    return Reading(
        judges=judges,
        before=float(values[0]),
        after=float(now[0]),
        p_before=p_before,
        p_after=p_after,
        # the same moves before and after, so that what the film alone does to chance is on both sides; `odds` takes
        # correlations
        p_rise=odds(np.tanh(_z(now) - _z(values))),
        null_before=values[1:].astype(np.float32),
        null=null,
        threshold=float(np.quantile(null, 0.95)) if len(null) else 1.0,
        lags=lags,
        lag_before=lag_before.astype(np.float32),
        lag_after=lag_after.astype(np.float32),
    )


def _of_search(search):
    pair = search.pairs[0] if search.pairs else search.refused
    rho, p = (pair.rho, pair.p) if pair else (0.0, 1.0)
    return np.append(rho, search.null), p, search.lag_curve


def _read(judge: Series, curves: np.ndarray, lags: np.ndarray, turn: int, moves: np.ndarray):
    """How well curves `[frames, pairs]` can be read off a judge's channels, at some moves of the sound and at `LAGS`.

    Ridge regression from all channels at once, fitted anew for each place of the curves; `turn` is -1 if they are of
    the picture.
    """
    times, shots = judge.times, judge.shots
    hat = reader(judge)
    found = []
    for places in (moves, LAGS):
        each = []
        for curve, lag in zip(curves.T, lags):
            there = detrended(moved(curve[:, None], times, turn * places + lag)[..., 0], times, shots)
            each.append(_z(_correlations(hat @ there, there)))
        found.append(np.tanh(np.mean(each, 0)))
    return found[0], odds(found[0]), found[1]


def reader(judge: Series) -> np.ndarray:
    """The matrix `[frames, frames]` from any curve to what is read of it off a judge's channels, held out."""
    times, fold = judge.times, folds(judge.times, judge.shots)
    x = judge.standardised().astype(np.float64)
    kernel, hat = x @ x.T, np.zeros([len(x), len(x)])
    ridge = _RIDGE * max(float(np.trace(kernel)), 1e-9)
    for n in range(fold.max(initial=0) + 1):
        mine = np.flatnonzero(fold == n)
        rest = np.flatnonzero((times < times[mine[0]] - _GAP) | (times > times[mine[-1]] + _GAP))
        inside = kernel[np.ix_(rest, rest)] + ridge * np.eye(len(rest))
        hat[np.ix_(mine, rest)] = np.linalg.solve(inside, kernel[np.ix_(rest, mine)]).T
    return hat


def sampled(*series: Series, most: int = 3000, stretches: int = 20) -> tuple[Series, ...]:
    """Series of the same frames; of a long film, stretches from all over it, each as a shot of its own.

    Args:
        series: of the same frames.
        most: frames that are kept.
        stretches: into which they are divided.
    """
    times, shots = series[0].times, series[0].shots
    if len(times) <= most:
        return series
    size = most // stretches
    rows = (np.linspace(0, len(times) - size, stretches).astype(int)[:, None] + np.arange(size)).ravel()
    steps, jumps = np.diff(times[rows]), np.diff(rows) != 1
    steps[jumps] = np.median(np.diff(times))
    clock = np.concatenate([[0.0], steps.cumsum()])
    parts = np.concatenate([[0], (jumps | (np.diff(shots[rows]) != 0)).cumsum()]).astype(np.int32)
    return tuple(Series(clock, one.values[rows], one.names, parts, one.scales) for one in series)


def _correlations(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    first, second = first - first.mean(0), second - second.mean(0)
    power = (first**2).sum(0) * (second**2).sum(0)
    return (first * second).sum(0) / np.sqrt(np.maximum(power, 1e-12))


def on_clock(after: Series, before: Series) -> Series:
    """A dream's series at the times and in the shots of its film: a container may round times.

    Raises:
        UsageError: they do not have the same frames.
    """
    step = float(np.median(np.diff(before.times))) if len(before.times) > 1 else 1.0
    if len(before.times) != len(after.times) or np.abs(before.times - after.times).max(initial=0) >= step / 2:
        raise UsageError(
            "A film and its dream must have the same frames to be compared. "
            f"Received: {len(before.times)} and {len(after.times)} of them, or other times."
        )
    return replace(after, times=before.times, shots=before.shots)


def _z(rho) -> np.ndarray:
    return np.arctanh(np.clip(rho, -0.99, 0.99))
