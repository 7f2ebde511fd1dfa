"""Plasma: a landscape of midpoint displacement in a palette that runs round and round, so that it shows as bands."""

from __future__ import annotations

import cv2
import numpy as np

from training.datasets.fractals.sheet import cyclic, fine, inks, reduced
from training.datasets.painting import plane, relief, stretched


def midpoints(rng: np.random.Generator, levels: int, rough: float) -> np.ndarray:
    """Heights by the diamond-square method (Fournier, Fussell and Carpenter, 1982).

    Args:
        levels: of subdivision.
        rough: by what displacements shrink from one level to the next; 0 leaves all midpoints where they are.

    Returns:
        float64 `[2**levels + 1, 2**levels + 1]`.
    """
    field = rng.normal(0, 1, [2, 2])
    strength = rough
    for _ in range(levels):
        n = len(field)
        finer = np.zeros([2 * n - 1, 2 * n - 1])
        finer[::2, ::2] = field
        quad = (field[:-1, :-1] + field[1:, :-1] + field[:-1, 1:] + field[1:, 1:]) / 4
        finer[1::2, 1::2] = quad + strength * rng.normal(0, 1, quad.shape)
        edged = np.pad(
            finer[1::2, 1::2], 1, mode="edge"
        )  # a border point has one square less: its own, twice
        across, down = finer[::2, 1::2], finer[1::2, ::2]
        across += (field[:, :-1] + field[:, 1:] + edged[:-1, 1:-1] + edged[1:, 1:-1]) / 4
        down += (field[:-1] + field[1:] + edged[1:-1, :-1] + edged[1:-1, 1:]) / 4
        across += 0.7 * strength * rng.normal(0, 1, across.shape)
        down += 0.7 * strength * rng.normal(0, 1, down.shape)
        field = finer
        strength *= rough
    return field


def draw_plasma(rng: np.random.Generator, size: int) -> np.ndarray:
    """Ragged islands inside one another in bands of every colour of the palette."""
    side = fine(size)
    field = stretched(midpoints(rng, 8, rng.uniform(0.48, 0.56)))
    half = np.exp(rng.uniform(np.log(0.35), np.log(0.95)))
    x, y = plane(rng, side, zoom=(half, half), shift=0.3 * (1 - half), tilt=0.15)
    scale = (len(field) - 1) / 2
    field = cv2.remap(
        cv2.GaussianBlur(field, (0, 0), 0.8),
        x * scale + scale,
        y * scale + scale,
        cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REFLECT,
    )
    field = stretched(field)
    turns = np.exp(rng.uniform(np.log(3.0), np.log(7.0)))
    colours = inks(rng, rng.integers(3, 7), gap=0.45, ordered=False)
    phase = turns * field + rng.random()
    if rng.random() < 0.35:  # hard steps, as a palette of few entries shows them
        steps = len(colours) * int(rng.integers(1, 3))
        phase = np.floor(phase * steps) / steps
    picture = cyclic(phase, colours)
    if rng.random() < 0.3:
        picture = picture * relief(rng, field, depth=12)
    return reduced(picture, size)
