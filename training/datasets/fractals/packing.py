"""Apollonian packings: every gap between three touching circles holds the circle that touches all three."""

from __future__ import annotations

import cv2
import numpy as np

from training.datasets.fractals.sheet import fine, inks, reduced, view
from training.datasets.painting import background, noise


def start(radii: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Three circles that touch each other and the one around them.

    Args:
        radii: of the three, `[3]`.

    Returns:
        `(bend, moment)`: signed curvatures `[4]` (the outer one is negative) and curvature times centre, complex.
    """
    a, b, c = radii
    p, q, r = a + b, b + c, c + a
    x = (p * p + r * r - q * q) / (2 * p)
    centres = np.array([0, p, x + 1j * np.sqrt(max(r * r - x * x, 0))])
    bend = 1 / np.asarray(radii, float)
    moment = bend * centres
    pairs = bend[0] * bend[1] + bend[1] * bend[2] + bend[2] * bend[0]
    outer = bend.sum() - 2 * np.sqrt(pairs)  # Descartes' theorem
    root = np.sqrt(moment[0] * moment[1] + moment[1] * moment[2] + moment[2] * moment[0])
    options = moment.sum() + 2 * np.array([root, -root])  # and its complex form
    miss = [np.abs(np.abs(m / outer - centres) - np.abs(1 / outer + radii)).sum() for m in options]
    return np.append(bend, outer), np.append(moment, options[int(np.argmin(miss))])


def packed(
    bend: np.ndarray,
    moment: np.ndarray,
    *,
    least: float,
    centre: complex = 0,
    reach: float = np.inf,
    most: int = 9000,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """All circles of the packing down to a radius.

    Args:
        bend, moment: from `start`.
        least: radius of the smallest circle wanted.
        centre, reach: gaps wholly farther from `centre` than `reach` may be left empty.
        most: circles.

    Returns:
        `(centres, radii, generations)`, without the outer circle.
    """
    found = [(moment[:3] / bend[:3], 1 / bend[:3], np.zeros(3, int))]
    bends, moments = bend[None], moment[None]
    last = np.array([-1])  # which of the four came last: putting it back would lead to where we were
    total, generation = 3, 1
    while len(bends) and total < most:
        fresh = []
        for k in range(4):
            use = last != k
            b, m = bends[use].copy(), moments[use].copy()
            b[:, k] = 2 * (b.sum(1) - b[:, k]) - b[:, k]
            m[:, k] = 2 * (m.sum(1) - m[:, k]) - m[:, k]
            others = [j for j in range(4) if j != k]
            o, p = b[:, others], m[:, others]
            corner = (p + np.roll(p, 1, 1)) / (o + np.roll(o, 1, 1))  # where the three touch
            hub = m[:, k] / b[:, k]
            extent = 1.5 * np.abs(corner - hub[:, None]).max(1)
            keep = (b[:, k] > 0) & (b[:, k] < 1 / least) & (np.abs(hub - centre) < reach + extent)
            fresh.append((b[keep], m[keep], np.full(keep.sum(), k)))
        bends, moments, last = (np.concatenate(part) for part in zip(*fresh))
        rows = np.arange(len(bends))
        radius = 1 / bends[rows, last]
        found.append((moments[rows, last] * radius, radius, np.full(len(bends), generation)))
        total, generation = total + len(bends), generation + 1
    return tuple(np.concatenate(part) for part in zip(*found))


def _site(
    rng: np.random.Generator, centres: np.ndarray, radii: np.ndarray, around: complex, hull: float
) -> tuple[complex, float]:
    """Centre and half side of a view inside the packing in which no circle takes too much room."""
    best, chosen = np.inf, (around, hull * 0.75)
    grid = np.linspace(-1, 1, 16) + 1j * np.linspace(-1, 1, 16)[:, None]
    for _ in range(10):
        half = hull * np.exp(rng.uniform(np.log(0.2), np.log(0.8)))
        middle = centres[rng.integers(len(centres))]
        middle = around + (middle - around) * min(1.0, max(hull - half, 0) / max(abs(middle - around), 1e-9))
        places = grid.ravel() * half + middle
        held = np.abs(places[:, None] - centres) < radii
        waste = max(held.mean(0).max(), 0.15) + (np.abs(places - around) > hull).mean()
        if waste < best:
            best, chosen = waste, (middle, half)
    return chosen


def _map(side: int, spots: np.ndarray, sizes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each pixel: index of its circle (-1 in gaps), and where in it the pixel lies, in units of the radius."""
    owner = np.full([side, side], -1, np.float32)
    for k in np.argsort(-sizes):
        spot = (int(round(spots[k, 0] * 16)), int(round(spots[k, 1] * 16)))
        cv2.circle(owner, spot, int(round((sizes[k] + 0.7) * 16)), float(k), -1, cv2.LINE_8, 4)
    index = owner.astype(int)
    y, x = np.mgrid[:side, :side]
    return index, (x - spots[index, 0]) / sizes[index], (y - spots[index, 1]) / sizes[index]


def _surface(
    rng: np.random.Generator, x: np.ndarray, y: np.ndarray, tint: np.ndarray, other: np.ndarray
) -> np.ndarray:
    """Discs, balls, rings or dishes."""
    far = np.hypot(x, y)
    style = rng.choice(["disc", "ball", "rings", "dish"], p=[0.2, 0.35, 0.25, 0.2])
    if style == "disc":
        return tint
    if style == "rings":
        wave = 0.5 + 0.5 * np.cos(2 * np.pi * far * rng.integers(2, 5))
        return tint + (other - tint) * wave[..., None]
    angle, lift = rng.uniform(0, 2 * np.pi), rng.uniform(0.35, 0.7)
    slope = (np.cos(angle) * x + np.sin(angle) * y) * (1 if style == "ball" else -1)
    light = 1 + lift * slope - 0.35 * np.clip(far, 0, 1) ** 2 * (style == "ball")
    shine = np.clip(1 - np.hypot(x - 0.45 * np.cos(angle), y - 0.45 * np.sin(angle)) / 0.3, 0, 1) ** 2
    return tint * light[..., None] + (0.5 * shine * (style == "ball"))[..., None]


def draw_apollonian(rng: np.random.Generator, size: int) -> np.ndarray:
    """Circles that touch, down to the smallest a pixel can show."""
    side = fine(size)
    bend, moment = start(np.exp(rng.normal(0, 0.25, 3)))
    around, hull = moment[3] / bend[3], 1 / abs(bend[3])
    middle, half = _site(rng, *packed(bend, moment, least=hull * 0.03)[:2], around, hull)
    least = half * 2 / side * rng.uniform(1.2, 2.5)
    centres, radii, generation = packed(bend, moment, least=least, centre=middle, reach=1.5 * half)
    seen = np.abs(centres - middle) < radii + 1.5 * half
    centres, radii, generation = centres[seen], radii[seen], generation[seen]
    look = view(rng, side, centre=middle, half=half)
    index, x, y = _map(side, look.place(centres), radii * look.scale)
    colours = inks(rng, 6, gap=0.5)
    order = generation if rng.random() < 0.5 else rng.integers(100, size=len(radii))
    tint = colours[2 + (order + rng.integers(4)) % 4][index]  # 1 is too near the ground
    disc = _surface(rng, x, y, tint, colours[0] if rng.random() < 0.5 else colours[3])
    edge = (1 - np.hypot(x, y)) * (radii * look.scale)[index]  # pixels to the rim
    line = rng.choice([0.3, 1.0]) * rng.uniform(0.5, 1.0) * side / 224
    cover = np.clip(edge - line + 0.5, 0, 1) * (index >= 0)
    gap = background(rng, side, colours[:1]) * (0.8 + 0.4 * noise(rng, side, cells=3, octaves=3))[..., None]
    return reduced(gap + (disc - gap) * cover[..., None], size)
