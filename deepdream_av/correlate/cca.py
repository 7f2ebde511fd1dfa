"""Which channels that hear and which channels that see rise together: a sparse canonical correlation without signs.

Weights are 0 or more, so that each side of a pair is a set of channels that can be raised and shown (Sigg, Fischer,
Ommer, Roth and Buhmann 2007, "Nonnegative CCA for Audiovisual Source Separation"), and few. Covariances within a side
are left out of it (Witten, Tibshirani and Hastie 2009, "A Penalized Matrix Decomposition"): with far more channels than
independent moments they cannot be inverted. What is random in the covariance between the sides is lowered by keeping
only a few principal components of each.

Where several things in a film each have their sound, all mixtures of them are as well correlated as they are, so that
correlation alone cannot tell them apart. What happens independently can: the components of the picture are first turned
into events, curves that are still most of the time and rise now and then, each on its own (Hyvarinen and Oja 2000,
"Independent Component Analysis"). This looks at the picture alone and so favours no sound. Channels that hear are then
found for each event, and the other way round.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

SPARSITY = 0.5  # channels that covary less than this share of the best one with the other side have no part in a pair
MOST_EVENTS = 5
_TURNS = 100
_AROUND = (
    -0.16,
    -0.08,
    0.0,
    0.08,
    0.16,
)  # seconds; a thing that is taken out is taken out with its rise and its fall


@dataclass(frozen=True, eq=False)
class Components:
    """Principal components of standardised series.

    Attributes:
        scores: float32 `[frames, rank]`, what each does over time.
        loadings: float32 `[rank, channels]`, orthonormal rows; `scores @ loadings` is nearest to the series.
    """

    scores: np.ndarray
    loadings: np.ndarray

    def without(self, curve: np.ndarray, times: np.ndarray) -> Components:
        """The same, without whatever follows a curve `[frames]`, a little earlier or later too."""
        near = np.stack([np.interp(times + by, times, curve) for by in _AROUND], 1)
        share = np.linalg.lstsq(near, self.scores, rcond=1e-3)[0]
        return replace(self, scores=(self.scores - near @ share).astype(np.float32))

    def curve(self, weights: np.ndarray) -> np.ndarray:
        """The weighted sum of channels over time, as far as the components know it."""
        return self.scores @ (self.loadings @ weights)

    def first(self, rank: int) -> Components:
        """The `rank` largest components only."""
        return Components(self.scores[:, :rank], self.loadings[:rank])


@dataclass(frozen=True, eq=False)
class Events:
    """Things that happen in the picture, each on its own.

    Attributes:
        mix: float32 `[rank, events]`, from scores to curves of variance 1.
        weights: float32 `[events, channels]`, the channels that see each, 0 or more, of length 1.
        clear: float32 `[events]`, how clearly each is an event, at most 1.
    """

    mix: np.ndarray
    weights: np.ndarray
    clear: np.ndarray


def components(standardised: np.ndarray, rank: int) -> Components:
    """The largest principal components of `[frames, channels]`; fewer where there are no more."""
    frames, channels = standardised.shape
    x = standardised.astype(np.float32)
    values, vectors = np.linalg.eigh((x @ x.T if frames < channels else x.T @ x).astype(np.float64))
    keep = np.argsort(-values)[: min(rank, frames, channels)]
    keep = keep[values[keep] > max(1e-6 * values.max(initial=0.0), 1e-9)]
    loadings = (
        (vectors[:, keep].T @ x) / np.sqrt(values[keep])[:, None] if frames < channels else vectors[:, keep].T
    )
    loadings = loadings.astype(np.float32)
    return Components(x @ loadings.T, loadings)


def events(seen: Components) -> Events:
    """Turn the largest components until each is as skewed as can be: still for long, and then it rises."""
    scores = seen.scores[:, :MOST_EVENTS].astype(np.float64)
    # after something was taken out, fewer directions are left
    _, size, turned = np.linalg.svd(scores / np.sqrt(max(1, len(scores))), full_matrices=False)
    keep = size > 0.05 * max(size.max(initial=0.0), 1e-9)
    white = turned[keep].T / size[keep]
    curves = scores @ white
    turn = np.eye(white.shape[1])
    for _ in range(_TURNS):
        left, _, right = np.linalg.svd(np.square(curves @ turn).T @ curves)
        turn = (left @ right).T
    mix = white @ turn
    skew = ((scores @ mix) ** 3).mean(0)
    mix *= np.where(skew < 0, -1, 1)
    covariance = (scores @ mix).T @ seen.scores @ seen.loadings / max(1, len(scores))
    weights = few(covariance.astype(np.float32))
    # from here on an event is what its channels do; the turned component is only its most striking part
    mix = seen.loadings @ weights.T
    mix /= np.maximum((seen.scores @ mix).std(0), 1e-6)
    clear = np.sqrt(np.abs(skew) / max(np.abs(skew).max(initial=0.0), 1e-9))
    return Events(mix, weights, clear.astype(np.float32))


def best_pairs(
    cross: np.ndarray, heard: np.ndarray, seen: Events
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The channels that hear best when one of the events happens, and that event.

    Args:
        cross: covariances of scores `[fits, lags, rank heard, rank seen]`.
        heard: loadings `[rank, channels]`.
        seen: what happens in the picture.

    Returns:
        Numbers of lags `[fits]`, and weights `[fits, channels]` of both sides.
    """
    fits, lags = cross.shape[:2]
    best = np.full(fits, -np.inf, np.float32)
    where, covariances = np.zeros([fits, 2], int), np.zeros([fits, heard.shape[1]], np.float32)
    for lag in range(lags):
        covariance = own((cross[:, lag] @ seen.mix).transpose(0, 2, 1) @ heard)
        strength = covariance.max(2) * seen.clear
        event = strength.argmax(1)
        mine = np.arange(fits), event
        better = strength[mine] > best
        best = np.where(better, strength[mine], best)
        where[better] = np.stack([np.full(fits, lag), event], 1)[better]
        covariances[better] = covariance[mine][better]
    return where[:, 0], few(covariances), seen.weights[where[:, 1]]


def own(covariance: np.ndarray) -> np.ndarray:
    """Covariances `[..., events, channels]` times their share in all that a channel goes with.

    A channel that hears everything goes well with each event, and tells nothing about it.
    """
    rising = np.maximum(covariance, 0)
    return covariance * rising / np.maximum(np.sqrt(np.square(rising).sum(-2, keepdims=True)), 1e-9)


def few(covariance: np.ndarray) -> np.ndarray:
    """Weights `[..., channels]` of length 1 of the channels that covary most; all 0 if none does."""
    top = np.maximum(covariance.max(-1, keepdims=True), 0)
    weights = np.maximum(covariance - SPARSITY * top, 0)
    return weights / np.maximum(np.linalg.norm(weights, axis=-1, keepdims=True), 1e-12)
