"""Mandala: rings of petals, arcs and beads about a centre."""

from __future__ import annotations

import numpy as np

from training.datasets.ornaments.drafting import fine, inks, paint, reduced, sampled, soft
from training.datasets.painting import background, plane, relief

SHAPES = ("petal", "scallop", "leaf", "beads", "rays")


def fold(angle: np.ndarray, count: int, phase: float = 0.0) -> np.ndarray:
    """How far an angle in radians is from the axis of its petal: 0 on the axis, 1 at the border to the next one.

    It repeats `count` times in a full turn and is even about every axis.
    """
    return np.abs((angle * count / (2 * np.pi) + phase + 0.5) % 1 - 0.5) * 2


def outline(shape: str, t: np.ndarray, s: np.ndarray, slim: float) -> np.ndarray:
    """Signed value of a petal's shape, negative inside and about a distance in ring widths.

    Args:
        t: place from the axis (0) to the border (1).
        s: place from the inner (0) to the outer edge (1) of the ring.
        slim: width of a petal in ring widths, from border to border.
    """
    if shape == "petal":
        return np.maximum(s - np.sqrt(np.clip(1 - t, 0, 1)) * (1 - 0.15 * t), -s) * 0.7
    if shape == "scallop":
        return np.maximum(np.hypot(t * 0.98, s / 0.98) - 0.98, -s) * 0.8
    if shape == "leaf":
        half = 0.5 * slim
        bend = 0.85 * np.abs(np.sin(np.pi * np.clip(s, 0, 1))) ** 0.8
        return (t - bend) * half * 0.9 + np.maximum(np.abs(s - 0.5) - 0.5, 0)
    if shape == "beads":
        bead = min(0.42, 0.45 * slim)
        return np.hypot(t * slim / 2, s - 0.5) - bead
    return (np.abs(t) - (1 - np.clip(s, 0, 1)) * 0.95) * 0.5 * slim + np.maximum(-s, 0) + np.maximum(s - 1, 0)


def rings(
    rng: np.random.Generator, radius: np.ndarray, angle: np.ndarray, colours: np.ndarray, order: int
) -> np.ndarray:
    """A mandala of radius 1 about the origin, in polar coordinates.

    Args:
        radius: `[rows, columns]`, evenly spaced down the rows.
        angle: in radians, `[rows, columns]`.
        order: the mandala is the same after a turn by `1 / order`, and seen in a mirror.

    Returns:
        float32 `[rows, columns, 4]`: colour, and how high it lies (0 between petals).
    """
    px = float(radius[1, 0] - radius[0, 0])
    count = int(rng.integers(4, 8))
    edges = np.concatenate([[0], np.cumsum(rng.uniform(0.6, 1.4, count))])
    edges = (edges / edges[-1]).tolist()
    sheet = np.zeros([*radius.shape, 4], np.float32)
    flat = sheet[..., :3]
    ink = colours[0] * np.float32(rng.uniform(0.0, 0.5)) if rng.random() < 0.5 else colours[0]
    line = float(rng.uniform(0.03, 0.08))
    for k in reversed(range(count)):
        inner, outer = edges[k], edges[k + 1]
        wide, last = outer - inner, k == count - 1
        many = order * int(rng.choice([1, 2, 2])) if inner > 0.3 else order
        shape = str(rng.choice(SHAPES, p=[0.34, 0.24, 0.2, 0.12, 0.1]))
        shape = "petal" if last and shape == "beads" else shape
        base, front, inside = colours[1 + rng.permutation(len(colours) - 1)[:3]]
        t, s = fold(angle, many, 0.5 * (k % 2)), (radius - inner) / wide
        slim = float(np.pi * (inner + outer) / many / wide)
        paint(flat, base, soft(radius - (inner if last else outer), px))
        if not last and rng.random() < 0.7:
            paint(flat, ink, soft(np.abs(radius - outer) - line * 0.15, px))
        pointed = shape in ("leaf", "beads")
        d = outline(shape, t, s if pointed else s * 0.95, slim) * wide
        alpha = soft(d, px)
        paint(flat, ink, alpha)
        sheet[..., 3] = np.maximum(sheet[..., 3], alpha * np.clip(1 - t * t, 0, 1))
        paint(flat, front, soft(d + line * wide, px))
        if rng.random() < 0.65:
            smaller = outline(shape, t * 1.7, (s - 0.5) * 1.6 + 0.5 if pointed else s * 1.5, slim)
            paint(flat, inside, soft(smaller * wide, px))
    hub = edges[1] * float(rng.uniform(0.35, 0.6))
    paint(flat, ink, soft(radius - hub, px))
    paint(flat, colours[1 + int(rng.integers(4))], soft(radius - hub * 0.8, px))
    return sheet


def wedge(rng: np.random.Generator, colours: np.ndarray, order: int, rows: int) -> np.ndarray:
    """Half a petal's share of a mandala as a texture: radius 0 to 1.05 downwards, angle 0 to `pi / order` across."""
    radius, angle = np.mgrid[0 : 1.05 : rows * 1j, 0 : np.pi / order : rows // 3 * 1j].astype(np.float32)
    return rings(rng, radius, angle, colours, order)


def _texel(place: np.ndarray, count: int) -> np.ndarray:
    """A place in [0, 1] between the middles of the first and last of `count` texels, for `sampled`."""
    return (place * (count - 1) + 0.5) / count


def draw_mandala(rng: np.random.Generator, size: int) -> np.ndarray:
    """A flower of many rings, whole or cropped: float32 `[size, size, 3]`."""
    n = fine(size)
    x, y = plane(rng, n, zoom=(0.4, 1.1), shift=0.35, tilt=0.3 * (rng.random() < 0.4))
    colours = inks(rng, 6, apart=0.3)
    order = int(rng.choice([5, 6, 8, 8, 10, 12, 16]))
    if rng.random() < 0.35:  # a cloth of several mandalas
        x, y = x * 1.8, y * 1.8
        row = np.floor(y / 1.74 + 0.5)
        x, y = (x + 1 - row % 2) % 2 - 1, y - 1.74 * row
    rows = 6 * n // 5
    texture = wedge(rng, colours, order, rows)
    radius = np.minimum(np.hypot(x, y), 1.049)
    share = fold(np.arctan2(y, x), order)
    picture = sampled(texture, _texel(share, rows // 3), _texel(radius / 1.05, rows))
    ground = background(rng, n, colours[:1] * np.linspace(0.8, 1, 2, dtype=np.float32)[:, None])
    bare = (picture[..., :3].sum(-1) == 0) & (radius > 0.6)
    sheet = np.where(bare[..., None], ground, picture[..., :3])
    if rng.random() < 0.4:
        sheet = sheet * relief(rng, picture[..., 3], depth=float(rng.uniform(1.5, 4)))
    return reduced(sheet, size)
