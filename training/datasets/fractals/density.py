"""Pictures of where a moving point spends its time: histograms of orbits, brought to tones."""

from __future__ import annotations

import cv2
import numpy as np

from training.datasets.fractals.sheet import View


def histogram(view: View, points: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """How many points fall into each pixel: float32 `[side, side]`.

    Args:
        view: from plane to pixels.
        points: complex, any shape.
        weights: of the points; 1 if none.
    """
    place = view.place(points.ravel()) + 0.5  # from the middles of pixels to their corners
    x, y = place[:, 0], place[:, 1]
    side = view.side
    seen = (x >= 0) & (x < side) & (y >= 0) & (y < side)
    cell = y[seen].astype(np.int32) * side + x[seen].astype(np.int32)
    shares = None if weights is None else weights.ravel()[seen]
    return np.bincount(cell, shares, side * side).reshape(side, side).astype(np.float32)


def framed(points: np.ndarray, *, tails: float = 0.03) -> tuple[complex, float]:
    """Middle and half side of the square that holds most of the points."""
    x, y = points.real.ravel(), points.imag.ravel()
    (left, right), (low, high) = np.quantile(x, [tails, 1 - tails]), np.quantile(y, [tails, 1 - tails])
    return complex((left + right) / 2, (low + high) / 2), float(max(right - left, high - low) / 2)


def softened(count: np.ndarray, sigma: float) -> np.ndarray:
    """Counts with less grain where they are few, and sharp where they are many.

    Args:
        sigma: of the blur where there is next to nothing, in pixels.
    """
    wide = cv2.GaussianBlur(count, (0, 0), sigma)
    middle = cv2.GaussianBlur(count, (0, 0), max(sigma / 2.5, 0.3))
    share = np.clip(wide / 12, 0, 1)
    return wide * (1 - share) + middle * share


def exposed(count: np.ndarray, *, gamma: float = 1.0, white: float = 0.995) -> np.ndarray:
    """Logarithm of counts in [0, 1]: orbits are too uneven for anything else.

    Args:
        gamma: exponent after the logarithm.
        white: share of the pixels that are not yet full.
    """
    tone = np.log1p(count * (8 / max(float(count.mean()), 1e-9)))
    return np.clip(tone / max(float(np.quantile(tone, white)), 1e-9), 0, 1) ** gamma
