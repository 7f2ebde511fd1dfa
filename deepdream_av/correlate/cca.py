"""Which channels that hear and which channels that see rise together: a sparse canonical correlation without signs.

Weights are 0 or more, so that each side of a pair is a set of channels that can be raised and shown (Sigg, Fischer,
Ommer, Roth and Buhmann 2007, "Nonnegative CCA for Audiovisual Source Separation"), and few, so that two things which
happen in one film are not mixed. Covariances within a side are left out of it (Witten, Tibshirani and Hastie 2009, "A
Penalized Matrix Decomposition"): with far more channels than independent moments they cannot be inverted. What is
random in the covariance between the sides is lowered by keeping only a few principal components of each.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SPARSITY = 0.6  # channels that covary less than this share of the best one with the other side have no part in a pair
_STEPS = 12
_CANDIDATES = 192  # channels of each side that are looked at one by one
_FITS_AT_ONCE = 64


@dataclass(frozen=True, eq=False)
class Components:
    """Principal components of standardised series.

    Attributes:
        scores: float32 `[frames, rank]`, what each does over time.
        loadings: float32 `[rank, channels]`, orthonormal rows; `scores @ loadings` is nearest to the series.
    """

    scores: np.ndarray
    loadings: np.ndarray

    def without(self, curve: np.ndarray) -> Components:
        """The same, without whatever follows a curve `[frames]`."""
        share = curve @ self.scores / max(float(curve @ curve), 1e-12)
        return Components(self.scores - curve[:, None] * share, self.loadings)

    def curve(self, weights: np.ndarray) -> np.ndarray:
        """The weighted sum of channels over time, as far as the components know it."""
        return self.scores @ (self.loadings @ weights)

    def first(self, rank: int) -> Components:
        """The `rank` largest components only."""
        return Components(self.scores[:, :rank], self.loadings[:rank])


def components(standardised: np.ndarray, rank: int) -> Components:
    """The largest principal components of `[frames, channels]`; fewer where there are no more."""
    frames, channels = standardised.shape
    x = standardised.astype(np.float32)
    small = (x @ x.T if frames < channels else x.T @ x).astype(np.float64)
    values, vectors = np.linalg.eigh(small)
    keep = np.argsort(-values)[: min(rank, frames, channels)]
    keep = keep[values[keep] > 1e-6 * max(values.max(initial=0.0), 1e-12)]
    loadings = (vectors[:, keep].T @ x) / np.sqrt(values[keep])[:, None] if frames < channels else vectors[:, keep].T
    loadings = loadings.astype(np.float32)
    return Components(x @ loadings.T, loadings)


def nearest_channels(cross: np.ndarray, heard: np.ndarray, seen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The seen channel in the couple of single channels that covary most, and how much they do.

    Args:
        cross: covariances of scores, float32 `[fits, rank heard, rank seen]`.
        heard, seen: loadings `[rank, channels]`.

    Returns:
        Numbers of seen channels, int `[fits]`, and covariances, float32 `[fits]`.
    """
    h, s = _clearest(heard), _clearest(seen)
    left, right = np.ascontiguousarray(heard[:, h].T), np.ascontiguousarray(seen[:, s])
    strongest = np.concatenate(
        [(left @ cross[n : n + _FITS_AT_ONCE] @ right).max(1) for n in range(0, len(cross), _FITS_AT_ONCE)]
    )
    return s[strongest.argmax(1)], strongest.max(1)


def _clearest(loadings: np.ndarray) -> np.ndarray:
    """Numbers of the channels of which the components know most; the others could not win."""
    return np.argsort(-np.square(loadings).sum(0), kind="stable")[:_CANDIDATES]


def sparse_pairs(cross, heard, seen, start) -> tuple[np.ndarray, np.ndarray]:
    """Sets of channels that rise together, for each of many covariances.

    A mixture of two pairs would be a resting point too, but none that is reached from a single channel.

    Args:
        cross, heard, seen: see `nearest_channels`.
        start: the seen channel to begin with, int `[fits]`.

    Returns:
        Weights of length 1, float32 `[fits, channels]`, of either side; all 0 if nothing rises together.
    """
    v = np.eye(seen.shape[1], dtype=np.float32)[start]
    for _ in range(_STEPS):
        u = _few((cross @ (v @ seen.T)[..., None])[..., 0] @ heard)
        v = _few(((u @ heard.T)[:, None] @ cross)[:, 0] @ seen)
    return u, v


def _few(covariance: np.ndarray) -> np.ndarray:
    """Weights `[fits, channels]` of length 1 of the channels that covary most."""
    top = covariance.max(1, keepdims=True)
    weights = np.maximum(covariance - SPARSITY * np.maximum(top, 0), 0)
    return weights / np.maximum(np.linalg.norm(weights, axis=1, keepdims=True), 1e-12)
