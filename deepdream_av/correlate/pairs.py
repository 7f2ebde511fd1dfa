"""Filter pairs: channels that hear and channels that see which belong together, found in a film or given."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from deepdream_av.correlate.cca import best_pairs, components, events
from deepdream_av.correlate.chance import (
    LAGS,
    Film,
    Verdict,
    against_chance,
    effective_moments,
    moved,
)
from deepdream_av.correlate.filter_pair import (
    FilterPair,
    Weights,
    as_weights,
    pairs_from_json,
    pairs_to_json,
)
from deepdream_av.correlate.lag import EARLY, lag_between
from deepdream_av.correlate.series import Series, detrended
from deepdream_av.errors import UsageError, unknown_name

__all__ = ["FilterPair", "Search", "canonical", "find_pairs", "pairs_from_json", "pairs_to_json"]

CHANCE = 0.05  # a pair must be rarer than this without any link between sound and picture
_MOST_COMPONENTS = 16
_MOST_CHANNELS = 24  # of each side of a pair
_MOST_FRAMES = 12_000  # of a longer film, stretches from all over it
_STRETCHES = 20
_RISES = 0.35  # how much a rise counts beside a channel: it says when, but less well what
_PRIOR = 30.0  # independent moments that what is expected is worth
_ALIKE = 0.7  # cosine of the weights from which a pair is the one that was expected


@dataclass(frozen=True, eq=False)
class Search:
    """What was found in a film, and how it compares with chance.

    Attributes:
        pairs: those that beat chance, strongest first.
        refused: the best one that did not.
        null: float32 `[shifts]`, held-out correlations of the first pair with the sound moved out of place.
        threshold: the 95 % point of `null`.
        lags: float64 `[lags]`, seconds by which the picture follows the sound.
        lag_curve: float32 `[lags]`, held-out correlation of the first pair at each lag.
        effective: how many independent moments the film has.
    """

    pairs: tuple[FilterPair, ...]
    refused: FilterPair | None
    null: np.ndarray
    threshold: float
    lags: np.ndarray
    lag_curve: np.ndarray
    effective: float


def find_pairs(
    heard: Series,
    seen: Series,
    *,
    most: int = 4,
    shifts: int = 199,
    seed: int = 0,
    prior: Iterable[FilterPair] = (),
) -> Search:
    """Look for pairs in a film, one after the other, as long as they beat chance.

    Args:
        heard: channels of an ear at the times of the frames.
        seen: channels of a network that looks, at the same times.
        most: pairs at most.
        shifts: how often the sound is moved out of place to see what chance gives.
        seed: of these shifts.
        prior: pairs that are expected; the shorter the film, the more they count.

    Returns:
        A `Search`; its `pairs` may be empty.

    Raises:
        UsageError: the series are not of the same frames.
    """
    _check(heard, seen)
    film, effective = _film(heard, seen, prior := tuple(prior))
    found: list[FilterPair] = []
    first = refused = None
    # a film in which nothing moves, or nothing more, has no components
    while len(found) < most and refused is None and film.heard.scores.shape[1] and film.seen.scores.shape[1]:
        verdict = against_chance(film, shifts=shifts, seed=seed)
        first = first or verdict
        u, v = _fit(film)
        pair = _described(u, v, verdict, heard, seen, prior)
        if pair is None:
            break
        if pair.p <= CHANCE and pair.rho > _threshold(verdict.null):
            found.append(pair)
            film = _without(film, u, v)
        else:
            refused = pair
    null = first.null if first else np.zeros(0, np.float32)
    curve = first.lag_curve if first else np.zeros(len(LAGS), np.float32)
    return Search(tuple(found), refused, null, _threshold(null), LAGS, curve, effective)


def canonical(series: Series, weights: Weights) -> np.ndarray:
    """One side of a pair over time, with mean 0 and variance 1.

    Args:
        series: channels over time.
        weights: names of channels and their weights.

    Returns:
        float32 `[frames]`; all 0 where nothing moves.

    Raises:
        UsageError: a channel that the series does not have.
    """
    place = {name: n for n, name in enumerate(series.names)}
    for name, _ in weights:
        if name not in place:
            raise unknown_name("channel", name, series.names, owner="the series")
    columns = series.standardised()[:, [place[name] for name, _ in weights]]
    total = columns @ np.array([weight for _, weight in weights], np.float32)
    total = total - total.mean() if len(total) else total
    deviation = float(total.std()) if len(total) else 0.0
    return total / np.float32(deviation) if deviation > 1e-6 else np.zeros_like(total)


def _without(film: Film, u: np.ndarray, v: np.ndarray) -> Film:
    """The film without what a pair of weights hears and sees."""
    heard, seen = (side.without(side.curve(w), film.times) for side, w in ((film.heard, u), (film.seen, v)))
    return replace(film, heard=heard, seen=seen, events=events(seen))


def _check(heard: Series, seen: Series) -> None:
    if heard.times.shape != seen.times.shape or not np.allclose(heard.times, seen.times, atol=1e-6):
        raise UsageError(
            "`heard` and `seen` must be of the same frames. "
            f"Received: {len(heard.times)} and {len(seen.times)} of them, or other times."
        )
    if len(seen.times) > 1 and not (np.diff(seen.times) > 0).all():
        raise UsageError("The times of frames must grow. Received: times that do not.")


def _film(heard: Series, seen: Series, prior: tuple[FilterPair, ...]) -> tuple[Film, float]:
    """What a search works on, and how many independent moments it has."""
    rows, times, shots = _stretches(seen.times, seen.shots)
    # what is heard keeps its trends at cuts for now: it is to be moved first
    whole = Series(times, heard.values[rows], heard.names, np.zeros(len(rows), np.int32))
    look = Series(times, seen.values[rows], seen.names, shots)
    sides = [components(x.standardised() * _importance(x.names), _MOST_COMPONENTS) for x in (whole, look)]
    effective = effective_moments(detrended(sides[0].scores, times, shots), sides[1].scores)
    rank = int(np.clip(effective / 5, 4, _MOST_COMPONENTS))
    sides = [x.first(rank) for x in sides]
    expected, trust = _expected(prior, heard, seen, *(x.loadings for x in sides)), 0.0
    if expected.any():
        trust = _PRIOR / (_PRIOR + effective)
    return Film(*sides, events(sides[1]), times, shots, expected, trust), effective


def _importance(names: tuple[str, ...]) -> np.ndarray:
    return np.array([_RISES if name.endswith("+") else 1.0 for name in names], np.float32)


def _stretches(times: np.ndarray, shots: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Frames that are searched, their times without what is left out between them, and their shots."""
    frames = len(times)
    if frames <= _MOST_FRAMES:
        return np.arange(frames), times, shots
    size = _MOST_FRAMES // _STRETCHES
    starts = np.linspace(0, frames - size, _STRETCHES).astype(int)
    rows = (starts[:, None] + np.arange(size)).ravel()
    new = np.concatenate([[False], (np.diff(rows) != 1) | (np.diff(shots[rows]) != 0)])
    steps = np.diff(times[rows])
    steps[np.diff(rows) != 1] = np.median(np.diff(times))
    return rows, np.concatenate([[0.0], steps.cumsum()]), new.cumsum().astype(np.int32)


def _expected(prior, heard: Series, seen: Series, heard_loadings, seen_loadings) -> np.ndarray:
    """The covariance of scores if the pairs of a prior were all that happens; missing channels are left out."""
    total = np.zeros([len(heard_loadings), len(seen_loadings)], np.float32)
    for pair in prior:
        u, v = _as_vector(pair.heard, heard.names), _as_vector(pair.seen, seen.names)
        # that many channels of one curve each have this covariance along their weights
        total += max(pair.rho, 0.0) * u.sum() * v.sum() * np.outer(heard_loadings @ u, seen_loadings @ v)
    return total


def _as_vector(weights: Weights, names: tuple[str, ...]) -> np.ndarray:
    given = dict(weights)
    found = np.array([given.get(name, 0.0) for name in names], np.float32)
    return found / max(float(np.linalg.norm(found)), 1e-12)


def _fit(film: Film) -> tuple[np.ndarray, np.ndarray]:
    """Weights of both sides, from the whole film."""
    there = moved(film.heard.scores, film.times, LAGS)
    there = detrended(there.reshape(len(there), -1), film.times, film.shots).reshape(there.shape)
    cross = there.transpose(1, 2, 0) @ film.seen.scores / len(film.times)
    _, u, v = best_pairs(film.to_fit(cross)[None], film.heard.loadings, film.events)
    return u[0], v[0]


def _described(u, v, verdict: Verdict, heard: Series, seen: Series, prior) -> FilterPair | None:
    """The pair that these weights are; None if they are none."""
    sides = [_strongest(x.names, weights * _importance(x.names)) for x, weights in ((heard, u), (seen, v))]
    if not all(sides):
        return None
    # a rise is early by nature; what rises tells the time better
    curves = canonical(heard, _sustained(sides[0])), canonical(seen, sides[1])
    alike = [(_cosine(sides[0], pair.heard), _cosine(sides[1], pair.seen)) for pair in prior]
    return FilterPair(
        *sides,
        lag=round(lag_between(*curves, seen.times, early=EARLY), 4),
        rho=round(verdict.rho, 4),
        p=round(verdict.p, 5),
        source="prior" if any(min(pair) > _ALIKE for pair in alike) else "learned",
    )


def _strongest(names: tuple[str, ...], weights: np.ndarray) -> Weights:
    order = np.argsort(-weights, kind="stable")[:_MOST_CHANNELS]
    return as_weights([names[n] for n in order], weights[order])


def _sustained(weights: Weights) -> Weights:
    """The channels themselves instead of their rises."""
    return tuple((name.removesuffix("+"), weight) for name, weight in weights)


def _cosine(one: Weights, other: Weights) -> float:
    other = dict(other)
    return sum(weight * other.get(name, 0.0) for name, weight in one)


def _threshold(null: np.ndarray) -> float:
    return float(np.quantile(null, 0.95)) if len(null) else 1.0
