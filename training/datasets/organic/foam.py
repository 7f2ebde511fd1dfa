"""Foam: a packing of spheres of mixed sizes, each with rim, highlight and inner light."""

from __future__ import annotations

import cv2
import numpy as np

from training.datasets.organic.easel import fine, inks, reduced
from training.datasets.painting import background, coloured, over


def packing(rng: np.random.Generator, *, least: float, most: float, tries: int = 900) -> np.ndarray:
    """Circles that never overlap; most touch a neighbour: float64 `[count, 3]` of (x, y, radius).

    Centres come at random and grow until they touch, in rounds of falling size, so that small ones fill the gaps.

    Args:
        least, most: radii, in units of the picture's side; centres lie within the picture and a margin of `most`.
        tries: number of centres tried.
    """
    wanted = most * (least / most) ** (np.arange(tries) / tries) ** 0.8
    centres = rng.uniform(-most * 0.7, 1 + most * 0.7, [tries, 2])
    circles = np.empty([tries, 3])
    count = 0
    for (x, y), limit in zip(centres, wanted):
        placed = circles[:count]
        room = np.hypot(placed[:, 0] - x, placed[:, 1] - y) - placed[:, 2]
        radius = room.min() if count else most * rng.uniform(0.6, 1)
        if radius < max(least, 0.6 * limit):
            continue
        circles[count] = x, y, min(radius, 1.3 * limit, most)
        count += 1
    return circles[:count]


def _normals(circles: np.ndarray, side: int) -> np.ndarray:
    """Where each pixel lies on its sphere: `[side, side, 4]` of (x, y) from -1 to 1, coverage, and index."""
    field = np.zeros([side, side, 4], np.float32)
    for index, (cx, cy, r) in enumerate(circles * side):
        left, right = max(int(cx - r) - 1, 0), min(int(cx + r) + 2, side)
        top, bottom = max(int(cy - r) - 1, 0), min(int(cy + r) + 2, side)
        if right <= left or bottom <= top:
            continue
        x = (np.arange(left, right, dtype=np.float32) - cx)[None] / r
        y = (np.arange(top, bottom, dtype=np.float32) - cy)[:, None] / r
        cover = np.clip((1 - np.sqrt(x * x + y * y)) * r + 0.5, 0, 1)
        patch = field[top:bottom, left:right]
        take = cover > patch[..., 2]
        for channel, value in enumerate((x, y, cover, np.float32(index))):
            patch[..., channel] = np.where(take, value, patch[..., channel])
    return field


def bubbles(rng: np.random.Generator, size: int) -> np.ndarray:
    """A foam of shaded spheres of mixed sizes: soap with bright rims, or solid pearls."""
    side = fine(size)
    most = float(np.exp(rng.uniform(np.log(0.08), np.log(0.24))))
    circles = packing(rng, least=most * rng.uniform(0.12, 0.25), most=most)
    field = _normals(circles, side)
    x, y, cover, index = np.moveaxis(field, -1, 0)
    index = index.astype(np.int32)
    away = np.clip(x * x + y * y, 0, 1)
    nz = np.sqrt(1 - away)
    angle = rng.uniform(0, 2 * np.pi)
    lx, ly = 0.5 * np.cos(angle), 0.5 * np.sin(angle)
    facing = np.clip(x * lx + y * ly + 0.85 * nz, 0, 1)
    spot = np.exp(-((x - lx) ** 2 + (y - ly) ** 2) / rng.uniform(0.012, 0.035))
    glow = np.exp(-((x + 1.25 * lx) ** 2 + (y + 1.25 * ly) ** 2) / 0.12)
    colours = inks(rng, 5, gap=0.45)
    own = rng.random(len(circles)).astype(np.float32)[index]
    back = background(rng, side, colours[:2]) * rng.uniform(0.5, 0.9)
    white = np.ones([side, side, 3], np.float32)
    if rng.random() < 0.55:  # soap: clear in the middle, its film shines at the rim where one looks along it
        rim = away ** rng.uniform(1.5, 4)
        film = 0.15 + 0.85 * coloured(
            np.clip(0.45 + 0.5 * rim + 0.5 * (own - 0.5) + 0.25 * y * np.sign(ly), 0, 1), colours
        )
        body = over(back, film, np.clip(0.3 + 0.75 * rim, 0, 1))
        body = body * (1 - 0.45 * np.exp(-(((1 - np.sqrt(away)) / 0.05) ** 2)))[..., None]
    else:
        film = coloured(np.clip(0.2 + 0.8 * own, 0, 1), colours)
        body = film * (0.25 + 0.9 * facing)[..., None]
    body = over(body, white, np.clip(rng.uniform(0.25, 0.5) * glow, 0, 1))
    body = over(body, white, np.clip(1.3 * spot, 0, 1))
    shade = cv2.GaussianBlur(cover, (0, 0), most * side * 0.15)[..., None]
    return reduced(over(back * (1.1 - 0.6 * shade), body, cover), size)
