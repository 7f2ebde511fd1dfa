"""Meander: the Greek key, a line that winds in and out at right angles."""

from __future__ import annotations

import cv2
import numpy as np

from training.datasets.ornaments.drafting import fine, inks, paint, pixel, reduced, sampled, soft
from training.datasets.painting import noise, plane, relief

KEYS = {  # name: (period, height, corners of the line in one period); all lines are a unit apart
    "hook": (4, 3, [(0, 0), (0, 3), (3, 3), (3, 1), (1, 1), (1, 2), (2, 2)]),
    "spiral": (5, 4, [(0, 0), (0, 4), (4, 4), (4, 1), (1, 1), (1, 3), (3, 3), (3, 2), (2, 2)]),
    "double": (
        6,
        4,
        [(0, 0), (0, 4), (5, 4), (5, 1), (2, 1), (2, 2), (4, 2), (4, 3), (1, 3), (1, 0), (6, 0)],
    ),
    "key": (4, 3, [(0, 0), (0, 3), (3, 3), (3, 1), (2, 1), (2, 2), (1, 2), (1, 0), (4, 0)]),
}


def key(name: str) -> tuple[int, int, list[tuple[tuple[int, int], tuple[int, int]]]]:
    """One period of a meander.

    Returns:
        `(period, height, segments)`; the segments lie on a unit grid, and repeated along x they form one line.
    """
    period, height, corners = KEYS[name]
    segments = list(zip(corners[:-1], corners[1:], strict=True))
    if corners[-1] != (period, 0):
        segments.append(((0, 0), (period, 0)))  # a dead end winds up; the line runs on along the base
    return period, height, segments


def key_texture(
    name: str, width: float, *, step: int = 16, border: bool = True
) -> tuple[np.ndarray, float, float]:
    """Opacity of one band of a meander as a texture that repeats along x.

    Args:
        width: of the line in grid units, 0 to 1.
        step: pixels in a grid unit.
        border: whether a line runs along either edge of the band.

    Returns:
        `(texture, period, height)`: float32 `[rows, columns]`, and its two sides in grid units.
    """
    period, height, segments = key(name)
    margin = 2 if border else 1
    rows = height + 2 * margin
    sheet = np.zeros([rows * step, 3 * period * step], np.float32)
    half = width / 2 * step

    def rectangle(a, b):
        (x0, y0), (x1, y1) = np.minimum(a, b), np.maximum(a, b)
        left, right = round(x0 * step - half), round(x1 * step + half)
        low, high = round((y0 + margin) * step - half), round((y1 + margin) * step + half)
        sheet[max(low, 0) : high, max(left, 0) : max(right, 0)] = 1

    for shift in range(-1, 4):
        for (x0, y0), (x1, y1) in segments:
            rectangle((x0 + shift * period, y0), (x1 + shift * period, y1))
    if border:
        for y in (1 - margin, height + margin - 1):
            rectangle((-1, y), (3 * period + 1, y))
    return sheet[:, period * step : 2 * period * step], float(period), float(rows)


def draw_meander(rng: np.random.Generator, size: int) -> np.ndarray:
    """Bands of Greek keys, straight or round a plate: float32 `[size, size, 3]`."""
    n = fine(size)
    name = str(rng.choice(list(KEYS)))
    texture, period, rows = key_texture(name, rng.uniform(0.4, 0.62), border=rng.random() < 0.7)
    x, y = plane(
        rng, n, zoom=(0.75 * rows, 2.2 * rows), shift=2 * rows, warp=0.03 * (rng.random() < 0.3),
        tilt=0.3 * (rng.random() < 0.5),
    )  # fmt: skip
    px = pixel(x, y)
    if rng.random() < 0.25:
        x, y = _round_a_plate(rng, x, y, period, rows)
    band = np.floor(y / rows).astype(np.int32)
    u, v = x / period % 1, y / rows - band
    mirrored = (band % 2 == 1) & (rng.random() < 0.6)
    v = np.where(mirrored, 1 - v, v)
    u = np.where(mirrored & (rng.random() < 0.5), 1 - u, u)
    wide = np.concatenate([texture[:, -1:], texture, texture[:, :1]], 1)
    w = texture.shape[1]
    line = sampled(wide, (u * w + 1) / (w + 2), v)
    colours = inks(rng, 5)
    sheet = np.broadcast_to(colours[0], [n, n, 3]).astype(np.float32).copy()
    if rng.random() < 0.35:
        sheet[band % 2 == 1] = colours[0] * 0.5 + 0.5 * (1 - colours[0]) * 0.15
    ink = colours[1 + band % int(rng.integers(1, 5))]
    if rng.random() < 0.45:
        height = cv2.GaussianBlur(line, (0, 0), 0.1 / px)
        ink = ink * relief(rng, height, depth=rng.uniform(8, 20) / (px * n))
        sheet = sheet * (1 - 0.4 * cv2.GaussianBlur(line, (0, 0), 0.2 / px)[..., None])
    paint(sheet, ink, line)
    if rng.random() < 0.25:
        lines = np.minimum(v, 1 - v) * rows
        paint(sheet, colours[4], soft(lines - 0.35, 1.5 * px))
    if rng.random() < 0.35:
        sheet *= 1 + rng.uniform(0.15, 0.4) * (noise(rng, n, cells=8)[..., None] - 0.5)
    return reduced(sheet, size)


def _round_a_plate(rng, x, y, period, rows):
    """Coordinates along and across rings about a centre near the picture; a whole number of keys fits each ring."""
    shift = rng.uniform(-1, 1, 2) * rows * 0.6
    cx, cy = x - x.mean() - shift[0], y - y.mean() - shift[1]
    radius, angle = np.hypot(cx, cy), np.arctan2(cy, cx) / (2 * np.pi)
    ring = np.floor(radius / rows)
    count = np.maximum(np.round(2 * np.pi * (ring + 0.6) * rows / period), 3)
    return (angle * count * period).astype(np.float32), radius.astype(np.float32)
