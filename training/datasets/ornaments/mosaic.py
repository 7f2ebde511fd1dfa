"""Mosaic: irregular stones laid in rows along guiding curves, with grout between them."""

from __future__ import annotations

import cv2
import numpy as np
from scipy.spatial import cKDTree

from training.datasets.ornaments.drafting import lightness, paint, soft, spaced
from training.datasets.painting import noise, palette, plane, relief, stretched


def guide(rng: np.random.Generator, size: int) -> np.ndarray:
    """Distance in pixels, with sign, from a curve that the rows of stones follow: float32 `[size, size]`."""
    kind = rng.choice(["blob", "waves", "ring"])
    x, y = plane(rng, size, zoom=(0.7, 1.3), shift=0.6)
    if kind == "ring":
        inside = np.hypot(x, y) < rng.uniform(0.3, 0.8)
    elif kind == "waves":
        inside = np.sin(y * rng.uniform(1.5, 4) + rng.uniform(0.3, 1.2) * np.sin(x * rng.uniform(2, 4))) > 0
    else:
        inside = noise(rng, size, cells=rng.uniform(1, 2.5), octaves=1) > 0.5
    inside = inside.astype(np.uint8)
    if inside.min() == inside.max():
        inside[: size // 2] = 1 - inside[0, 0]
    distance = cv2.distanceTransform(inside, cv2.DIST_L2, 5) - cv2.distanceTransform(
        1 - inside, cv2.DIST_L2, 5
    )
    return cv2.GaussianBlur(distance, (0, 0), size / 60)


def stones(rng: np.random.Generator, distance: np.ndarray, gap: float, *, jitter: float = 0.1) -> np.ndarray:
    """Middles of stones in rows that follow the level lines of a distance field: `[n, 2]` as (x, y) in pixels.

    Args:
        distance: in pixels, as from `guide`.
        gap: from row to row and from stone to stone, in pixels.
        jitter: irregularity as a share of `gap`.
    """
    frame = int(2 * gap) + 2  # stones beyond the border, so that the picture's edge cuts through stones
    field = cv2.copyMakeBorder(distance, frame, frame, frame, frame, cv2.BORDER_REFLECT)
    points = []
    for level in np.arange(np.floor(field.min() / gap) + 0.5, field.max() / gap):
        mask = (field > level * gap).astype(np.uint8)
        for contour in cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)[0]:
            if len(contour) >= 2 * gap:
                points.append(spaced(contour[:, 0], gap))
    points = np.concatenate(points)
    return points + rng.normal(0, jitter * gap, points.shape) - frame


def draw_mosaic(rng: np.random.Generator, size: int) -> np.ndarray:
    """Tesserae: float32 `[size, size, 3]`."""
    distance = guide(rng, size)
    gap = size * float(np.exp(rng.uniform(np.log(0.048), np.log(0.14))))
    points = stones(rng, distance, gap, jitter=rng.uniform(0.04, 0.14))
    y, x = np.mgrid[:size, :size].astype(np.float32)
    where, which = cKDTree(points).query(np.stack([x.ravel(), y.ravel()], 1), k=2)
    first, second = points[which[:, 0]], points[which[:, 1]]
    apart = np.linalg.norm(first - second, axis=1) + 1e-6
    edge = ((where[:, 1] ** 2 - where[:, 0] ** 2) / (2 * apart)).reshape(size, size).astype(np.float32)
    owner = which[:, 0].reshape(size, size)
    colours = _stone_colours(rng, distance, points, gap)
    grout = _grout(rng, colours)
    colour = colours[owner]
    width = gap * rng.uniform(0.05, 0.11)
    if rng.random() < 0.6:
        height = np.clip((edge - width) / (0.25 * gap), 0, 1)
        colour = colour * relief(rng, height, depth=rng.uniform(1.5, 4) * gap / size * 10)
    sheet = np.broadcast_to(grout, [size, size, 3]).astype(np.float32).copy()
    paint(sheet, colour, soft(width - edge, 1.0))
    return np.clip(sheet, 0, 1)


def _grout(rng, colours):
    """A colour from which at least most stones stand out."""
    middle = float(np.median(lightness(colours)))
    bright = (
        rng.uniform(0.65, 0.95)
        if middle < 0.35 or (middle < 0.6 and rng.random() < 0.4)
        else rng.uniform(0, 0.25)
    )
    return (bright * (1 - rng.uniform(0, 0.25, 3))).astype(np.float32)


def _stone_colours(rng, distance, points, gap):
    """A colour for each stone: bands along the rows or a cloud, each stone a little off."""
    size = distance.shape[0]
    colours = palette(rng, 5)
    at = np.clip(np.rint(points).astype(int), 0, size - 1)
    depth = distance[at[:, 1], at[:, 0]]
    if rng.random() < 0.6:
        band = np.floor(depth / (gap * rng.integers(1, 4)))
        place = (band % 5).astype(int)
    else:
        field = stretched(noise(rng, size, cells=2, octaves=2))
        place = (field[at[:, 1], at[:, 0]] * 4.99).astype(int)
    stray = rng.random(len(points)) < rng.uniform(0, 0.2)
    place = np.where(stray, rng.integers(0, 5, len(points)), place)
    tone = 1 + rng.uniform(0.06, 0.22) * rng.normal(0, 1, [len(points), 1])
    return np.clip(colours[place] * tone + rng.normal(0, 0.03, [len(points), 3]), 0.06, 1).astype(np.float32)
