"""Sierpinski's gasket: triangles that lack their middle, and so do the three that remain, and so on."""

from __future__ import annotations

import cv2
import numpy as np

from training.datasets.fractals.sheet import fine, inks, reduced
from training.datasets.painting import background, noise, over, plane, relief


def holes(u: np.ndarray, v: np.ndarray, levels: int) -> tuple[np.ndarray, np.ndarray]:
    """At which level a point falls out of the gasket with corners (0, 0), (1, 0) and (0, 1), repeated over the plane.

    Of each unit square the half with u + v > 1 belongs to no gasket and counts as a hole of level 0.

    Args:
        u, v: oblique coordinates.
        levels: how often the middle is taken out.

    Returns:
        `(level, depth)`: int8 level of the hole, -1 where the point is still in the gasket, and its distance from
        the nearest side of that hole (or of its remaining triangle) in units of its own inner radius.
    """
    level = np.full(u.shape, -1, np.int8)
    depth = np.zeros(u.shape, np.float32)
    for k in range(levels + 1):
        p, q = u * 2**k, v * 2**k
        p, q = p - np.floor(p), q - np.floor(q)
        fresh = (level < 0) & (p + q > 1)
        level[fresh] = k
        depth[fresh] = 3 * np.minimum(np.minimum(1 - p, 1 - q), p + q - 1)[fresh]
    rest = level < 0
    depth[rest] = 3 * np.minimum(np.minimum(p, q), 1 - p - q)[rest]
    return level, depth


def _tone(rng: np.random.Generator, level: np.ndarray, colours: np.ndarray, levels: int) -> np.ndarray:
    """Gasket in the first colour, holes in the others: alike, or by level."""
    if rng.random() < 0.4:
        table = np.repeat(colours[-1:], levels + 2, 0)
    else:
        table = colours[1 + (np.arange(levels + 2) + rng.integers(3)) % (len(colours) - 1)]
    table[-1] = colours[0]
    return table[level]


def draw_sierpinski(rng: np.random.Generator, size: int) -> np.ndarray:
    """A plane of gaskets, flat, or with holes cut in or raised as pyramids."""
    side = fine(size)
    half = np.exp(rng.uniform(np.log(0.42), np.log(1.1)))
    x, y = plane(rng, side, zoom=(half, half), shift=0.5, tilt=0.3, warp=0.03 if rng.random() < 0.3 else 0.0)
    x = x + rng.normal(0, 0.12) * y  # not always equilateral
    tall = np.sqrt(0.75) * np.exp(rng.normal(0, 0.1))
    v = y / tall
    u = x - v / 2
    levels = int(np.clip(np.floor(np.log2(side / (2 * half) / rng.uniform(7, 14))), 3, 6))
    level, depth = holes(u, v, levels)
    colours = inks(rng, 5, gap=0.5)
    picture = _tone(rng, level, colours, levels)
    style = rng.choice(["flat", "raised", "lined", "layer"], p=[0.3, 0.3, 0.2, 0.2])
    hole = level >= 0
    if style == "raised":
        height = np.where(hole, depth * 2.0 ** -np.maximum(level, 0), 0)
        picture = picture * relief(rng, height.astype(np.float32), depth=30 * rng.choice([-1, 1]) / half / 4)
    elif style == "lined":
        line = np.clip(1 - depth * 2.0 ** -np.maximum(level, 0) * rng.uniform(20, 40) * 0.3, 0, 1) * hole
        picture = over(picture, np.broadcast_to(colours[0] * 0.5, picture.shape), line)
    elif style == "layer":
        back = background(rng, side, colours[-2:])
        picture = over(
            back,
            colours[0] * np.ones_like(picture),
            cv2.GaussianBlur((~hole).astype(np.float32), (0, 0), 0.6),
        )
    if rng.random() < 0.5:
        picture = picture * (0.75 + 0.5 * noise(rng, side, cells=3, octaves=4))[..., None]
    return reduced(picture.astype(np.float32), size)
