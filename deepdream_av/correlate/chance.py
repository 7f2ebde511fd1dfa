"""How much of a correlation would be there by chance.

Two smooth curves that have nothing to do with each other correlate more often than not, and the more channels there are
to choose from, the more. So a pair is fitted on one part of a film and measured on another, and the same is done again
with the sound moved out of place, round and round, as often as it takes to know what chance gives.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student

from deepdream_av.correlate.cca import Components, Events, best_pairs
from deepdream_av.correlate.series import detrended

FARTHEST = 0.12  # seconds by which picture and sound of one event may be apart
LAGS = np.linspace(-FARTHEST, FARTHEST, 7)
_LEAST_SHIFT = 2.0  # seconds; of a short film, a fifth
_FOLDS = 5
_GAP = 0.3  # seconds between what is fitted and what is measured
# Places of the sound that are next to each other are one experiment. Counting them as such, and Student's distribution,
# still give too small a p for films of a few seconds; ten times as much is enough (tests/correlate/test_chance.py).
_CAUTION = 10.0


@dataclass(frozen=True, eq=False)
class Film:
    """What is heard and seen in a film, as far as a search needs it.

    Attributes:
        heard: components of the channels that hear; the trends of shots are still in them.
        seen: components of the channels that see, without these trends.
        times: seconds of the frames, `[frames]`.
        shots: number of the shot of each frame, `[frames]`.
        events: what happens in what is seen.
        expected: covariances `[rank heard, rank seen]` that are expected before anything is heard or seen.
        trust: share of what is expected in what is fitted, 0 to 1.
    """

    heard: Components
    seen: Components
    events: Events
    times: np.ndarray
    shots: np.ndarray
    expected: np.ndarray
    trust: float = 0.0

    def to_fit(self, cross: np.ndarray) -> np.ndarray:
        """Covariances `[..., rank heard, rank seen]` with what is expected."""
        return (1 - self.trust) * cross + self.trust * self.expected


@dataclass(frozen=True, eq=False)
class Verdict:
    """A film against chance.

    Attributes:
        rho: held-out correlation of its best pair.
        p: how often chance gives as much.
        null: float32 `[shifts]`, held-out correlations with the sound out of place.
        lag_curve: float32 `[lags]`, held-out correlation of the pair at each of `LAGS`.
    """

    rho: float
    p: float
    null: np.ndarray
    lag_curve: np.ndarray


def against_chance(film: Film, *, shifts: int, seed: int) -> Verdict:
    """Fit and measure with the sound in its place, and out of it.

    Args:
        film: what is heard and seen.
        shifts: how many other places at most; a short film has fewer.
        seed: of these places.
    """
    places = np.concatenate([[0.0], other_places(film.times, shifts, seed)])
    fold = folds(film.times, film.shots)
    measured = held_out([align(film, fold, shift=shift) for shift in places], film)
    # one loud moment that sound and picture have in common by chance is no pair: it must hold without its best stretch
    p = max(odds(measured.rho), odds(measured.steady))
    null = measured.rho[1:].astype(np.float32)
    return Verdict(float(measured.rho[0]), p, null, measured.curve[0].astype(np.float32))


def odds(correlations: np.ndarray) -> float:
    """How often chance gives as much as the first of them, when the others, in order of their places, are chance.

    The larger of two answers: their rank, and how far out it lies in Student's distribution.
    """
    z = np.arctanh(np.clip(correlations, -0.999, 0.999))
    real, null = z[0], z[1:]
    if len(null) < 2:
        return 1.0
    rank = (1 + np.count_nonzero(null >= real)) / (1 + len(null))
    moments = max(2.0, _effective(_autocorrelation(null[:, None]), least=0.1))
    spread = null.std() * np.sqrt(moments / (moments - 1) * (1 + 1 / moments))
    far = (real - null.mean()) / max(spread, 1e-6)
    return float(min(1.0, max(rank, _CAUTION * student.sf(far, moments - 1))))


def other_places(times: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Seconds by which the sound is moved, growing; no two closer than a frame on average."""
    length = float(times[-1] - times[0])
    least = min(_LEAST_SHIFT, length / 5)
    room = length - 2 * least
    count = max(0, min(count, int(room / float(np.median(np.diff(times))))))
    drawn = np.random.default_rng(seed).random(count)
    return least + room * (np.arange(count) + drawn) / max(count, 1)


@dataclass(frozen=True, eq=False)
class Alignment:
    """Sums over the frames of a film, with the sound at one place against the picture; all that fits need.

    Attributes:
        train: covariances of heard and seen scores, for each fold without it, `[folds, lags, rank heard, rank seen]`.
        cross, heard, seen: sums of products in each fold, `[folds, lags, rank, rank]`.
    """

    train: np.ndarray
    cross: np.ndarray
    heard: np.ndarray
    seen: np.ndarray


def moved(scores: np.ndarray, times: np.ndarray, by: np.ndarray) -> np.ndarray:
    """Scores as they were some seconds before, round and round.

    Args:
        scores: `[frames, rank]`.
        times: seconds, `[frames]`, growing.
        by: seconds, `[moves]`.

    Returns:
        `[frames, moves, rank]`.

    >>> moved(np.arange(4.0)[:, None], np.arange(4.0), np.array([1.0]))[:, 0, 0].tolist()
    [3.0, 0.0, 1.0, 2.0]
    """
    step = float(np.median(np.diff(times)))
    around = times[-1] - times[0] + step
    wanted = (times[:, None] - times[0] - by) % around + times[0]
    clock = np.append(times, times[0] + around)
    after = np.clip(np.searchsorted(clock, wanted, "right"), 1, len(times))
    before = after - 1
    share = ((wanted - clock[before]) / (clock[after] - clock[before])).astype(scores.dtype)[..., None]
    return scores[before] * (1 - share) + scores[after % len(times)] * share


def folds(times: np.ndarray, shots: np.ndarray) -> np.ndarray:
    """Number of the fold of each frame, `[frames]`: stretches of a film, whole shots where there are enough of them."""
    even = np.minimum((np.arange(len(times)) * _FOLDS) // max(1, len(times)), _FOLDS - 1)
    cuts = np.flatnonzero(np.diff(shots)) + 1
    if len(cuts) < 3 * _FOLDS:
        return even
    wanted = np.arange(1, _FOLDS) * len(times) / _FOLDS
    nearest = np.unique(cuts[np.abs(cuts[:, None] - wanted).argmin(0)])
    return np.searchsorted(nearest, np.arange(len(times)), "right")


def effective_moments(heard: np.ndarray, seen: np.ndarray) -> float:
    """How many independent moments two sets of curves `[frames, rank]` have together.

    Bartlett's formula (1935) with the mean autocorrelation of each side, up to where they are gone.
    """
    together = _autocorrelation(heard) * _autocorrelation(seen)
    return _effective(together, least=0.01)


def _effective(autocorrelation: np.ndarray, *, least: float) -> float:
    gone = np.flatnonzero(autocorrelation < least)
    last = gone[0] if len(gone) else len(autocorrelation)
    return len(autocorrelation) / (1 + 2 * float(autocorrelation[1:last].sum()))


def _autocorrelation(curves: np.ndarray) -> np.ndarray:
    """Of each place with those after it, mean over the columns, each as much as it varies; `[places]`."""
    curves = curves - curves.mean(0)
    size = 2 * len(curves)
    power = np.square(np.abs(np.fft.rfft(curves, size, axis=0))).sum(1)
    found = np.fft.irfft(power, size)[: len(curves)]
    return np.maximum(found / max(found[0], 1e-12), 0)


def align(film: Film, fold: np.ndarray, *, shift: float) -> Alignment:
    """Bring the sound to its place plus `shift` seconds, and to each lag around it.

    Only then it is freed of the trends of the picture's shots: whatever cuts do to both sides is in chance as well.

    Args:
        film: what is heard and seen.
        fold: number of the fold of each frame, `[frames]`.
        shift: seconds.
    """
    seen, frames, lags = film.seen.scores, len(film.times), len(LAGS)
    heard = moved(film.heard.scores, film.times, shift + LAGS)
    heard = (
        detrended(heard.reshape(frames, -1), film.times, film.shots).reshape(heard.shape).transpose(1, 2, 0)
    )
    gap = max(1, round(_GAP / float(np.median(np.diff(film.times)))))
    whole, parts = heard @ seen, []
    for n in range(fold.max() + 1):
        first, last = np.flatnonzero(fold == n)[[0, -1]]
        mine, near = slice(first, last + 1), slice(max(0, first - gap), last + 1 + gap)
        x, y = heard[..., mine], seen[mine]
        rest = (whole - heard[..., near] @ seen[near]) / max(1, frames - len(seen[near]))
        parts.append(
            (
                film.to_fit(rest),
                x @ y,
                x @ x.transpose(0, 2, 1),
                np.broadcast_to(y.T @ y, [lags, *[y.shape[1]] * 2]),
            )
        )
    return Alignment(*(np.stack(x) for x in zip(*parts)))


@dataclass(frozen=True, eq=False)
class Measured:
    """Held-out correlations for each place of the sound.

    Attributes:
        rho: `[places]`, at the lags that were best where the pairs were fitted.
        steady: `[places]`, the mean of the stretches but for the best one.
        curve: `[places, lags]`, the same pairs at each lag.
    """

    rho: np.ndarray
    steady: np.ndarray
    curve: np.ndarray


def held_out(aligned: list[Alignment], film: Film) -> Measured:
    """Correlation of the best pair on the stretches of the film that it was not fitted on.

    Args:
        aligned: sums for each place of the sound.
        film: what is heard and seen.
    """
    heard, seen = film.heard.loadings, film.seen.loadings
    train, cross, inside_heard, inside_seen = (
        np.stack([getattr(a, name) for a in aligned]) for name in ("train", "cross", "heard", "seen")
    )
    places, folds = train.shape[:2]
    lag, u, v = best_pairs(train.reshape(-1, *train.shape[2:]), heard, film.events)
    a, b = ((w @ x.T).reshape(places, folds, 1, -1) for w, x in ((u, heard), (v, seen)))
    spread_a, spread_b = _form(a, inside_heard, a), _form(b, inside_seen, b)
    # each stretch is measured in the units of the others
    unit_a, unit_b = (np.maximum(x.sum(1, keepdims=True) - x, 1e-9) for x in (spread_a, spread_b))
    together = [_form(a, cross, b) / np.sqrt(unit_a * unit_b), spread_a / unit_a, spread_b / unit_b]
    chosen = [np.take_along_axis(x, lag.reshape(places, folds, 1), 2)[..., 0] for x in together]
    each = chosen[0] / np.sqrt(np.maximum(chosen[1] * chosen[2], 1e-12))
    steady = np.sort(each, 1)[:, : max(1, folds - 1)].mean(1)
    return Measured(_correlation(*chosen), steady, _correlation(*together))


def _form(a, matrix, b) -> np.ndarray:
    return ((a[..., None, :] @ matrix) @ b[..., None])[..., 0, 0]


def _correlation(cross, first, second) -> np.ndarray:
    """Over the stretches, which are the second axis."""
    return cross.sum(1) / np.sqrt(np.maximum(first.sum(1) * second.sum(1), 1e-12))
