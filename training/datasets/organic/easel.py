"""The easel of the organic motifs: a finer grid to draw on, inks that stand out, and tables of chance."""

from __future__ import annotations

import cv2
import numpy as np

from training.datasets.painting import palette

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def fine(size: int, *, twice: bool = False) -> int:
    """Side in pixels of the grid to draw on, so that thin lines do not alias when they are `reduced`.

    Args:
        size: side of the picture in pixels.
        twice: whether even a large picture is to be drawn at twice its size, for forms with hard edges.

    Raises:
        ValueError: if `size` is below 32.
    """
    if size < 32:
        raise ValueError(f"`size` must be at least 32 pixels. Received: {size}.")
    return size * 2 if twice or size <= 128 else size * 3 // 2


def reduced(picture: np.ndarray, size: int) -> np.ndarray:
    """A finely drawn picture brought to `[size, size, 3]`, float32 in [0, 1]."""
    small = cv2.resize(picture.astype(np.float32), (size, size), interpolation=cv2.INTER_AREA)
    return np.clip(small, 0, 1)


def inks(rng: np.random.Generator, count: int = 4, *, gap: float = 0.35) -> np.ndarray:
    """A palette whose first and last colour differ clearly in lightness: float32 `[count, 3]`.

    The colours run from ground to figure, dark to light or light to dark. A form that is only a change of hue is
    lost on a network that sees small pictures, so the palette is drawn anew until the gap is there, and
    the palette as a whole neither dim nor pale.

    Args:
        gap: least difference in luma between the two ends.
    """
    for _ in range(20):
        colours = palette(rng, count)
        colours = colours[np.argsort(colours @ _LUMA)]
        light = colours @ _LUMA
        if light[-1] - light[0] >= gap and 0.3 <= light.mean() <= 0.7:
            break
    else:
        light = np.linspace(0.15, 0.85, count)[:, None]
        colours = (0.4 * colours + 0.6 * light).astype(np.float32)
    return colours if rng.random() < 0.5 else colours[::-1].copy()


def chance(rng: np.random.Generator, column: np.ndarray, row: np.ndarray, *, side: int = 64) -> np.ndarray:
    """A random number in [0, 1) for each cell of a lattice, the same wherever the cell is seen.

    Args:
        column, row: integer indices of the cells, of one shape.
        side: period of the lattice, a power of two.
    """
    table = rng.random([side, side], np.float32)
    return table[row & (side - 1), column & (side - 1)]
