"""Girih: Islamic star patterns, found by the method of polygons in contact.

E. H. Hankin (1925) drew them so: lay a tiling of regular polygons, let two rays start at the middle of every side at
a contact angle, and let each end where it meets the ray of the neighbouring side. Rays of two polygons that share a
side continue each other, so the straps run on through the whole plane.
"""

from __future__ import annotations

import cv2
import numpy as np

from training.datasets.ornaments.drafting import SUBPIXEL, Camera, camera, fine, inks, reduced
from training.datasets.painting import background, noise

ROOT3 = np.sqrt(3)


def polygon(sides: int, centre: np.ndarray, normal: float) -> np.ndarray:
    """A regular polygon of side 1, one side of which faces the direction `normal` in degrees: `[sides, 2]`."""
    angles = np.deg2rad(normal) + np.pi / sides + 2 * np.pi * np.arange(sides) / sides
    return np.asarray(centre) + 0.5 / np.sin(np.pi / sides) * np.stack([np.cos(angles), np.sin(angles)], 1)


def tiling(name: str) -> tuple[np.ndarray, list[np.ndarray]]:
    """A tiling by regular polygons, by its vertex figure.

    Returns:
        `(lattice, polygons)`: the two translations `[2, 2]` and the polygons of one cell.
    """
    if name == "4.8.8":
        side = 1 + np.sqrt(2)
        return side * np.eye(2), [polygon(8, [0, 0], 0), polygon(4, [side / 2, side / 2], 45)]
    length = {"3.12.12": 2 + ROOT3, "4.6.12": 3 + ROOT3, "3.4.6.4": 1 + ROOT3, "3.6.3.6": 2.0}[name]
    lattice = length * np.array([[1, 0], [0.5, ROOT3 / 2]])
    a, b = lattice
    squares = [polygon(4, m / 2, t) for m, t in ((a, 0), (b, 60), (a - b, -60))]
    first, second = (a + b) / 3, 2 * (a + b) / 3
    return lattice, {
        "3.12.12": [polygon(12, [0, 0], 0), polygon(3, first, 210), polygon(3, second, 30)],
        "4.6.12": [polygon(12, [0, 0], 0), *squares, polygon(6, first, 30), polygon(6, second, 30)],
        "3.4.6.4": [polygon(6, [0, 0], 0), *squares, polygon(3, first, 30), polygon(3, second, 210)],
        "3.6.3.6": [polygon(6, [0, 0], 30), polygon(3, first, 210), polygon(3, second, 30)],
    }[name]


CONTACT = {  # degrees between side and ray that give good stars
    "4.8.8": (58, 70),
    "3.12.12": (66, 77),
    "4.6.12": (63, 75),
    "3.4.6.4": (52, 66),
    "3.6.3.6": (50, 66),
}


def star(corners: np.ndarray, contact: float) -> np.ndarray:
    """The star that the rays draw in a regular polygon.

    Args:
        corners: `[n, 2]`, anticlockwise.
        contact: angle between side and ray in degrees.

    Returns:
        `[n, 2, 2]`: the middle of every side and the point where its forward ray meets the next side's backward one.
    """
    along = np.roll(corners, -1, 0) - corners
    half_corner = np.pi / 2 - np.pi / len(corners)
    angle = np.deg2rad(contact)
    reach = (
        0.5 * np.sin(half_corner) / np.sin(angle + half_corner)
    )  # they meet on the line that halves the corner
    c, s = np.cos(angle), np.sin(angle)
    middle = corners + along / 2
    return np.stack([middle, middle + reach * along @ np.array([[c, s], [-s, c]])], 1)


def in_view(view: Camera, lattice: np.ndarray, reach: float) -> np.ndarray:
    """Translations of the lattice that bring a cell into what the camera sees: `[n, 2]`."""
    steps = int(np.ceil(reach / np.linalg.norm(lattice[0]))) * 2 + 2
    i, j = np.mgrid[-steps : steps + 1, -steps : steps + 1]
    base = np.rint(np.linalg.solve(lattice.T, view.centre)) @ lattice
    moves = base + np.stack([i.ravel(), j.ravel()], 1) @ lattice
    return moves[np.linalg.norm(moves - view.centre, axis=1) < reach + np.linalg.norm(lattice[0])]


def draw_girih(rng: np.random.Generator, size: int) -> np.ndarray:
    """Stars and interlaced straps: float32 `[size, size, 3]`."""
    side = fine(size)
    name = str(rng.choice(list(CONTACT), p=[0.3, 0.2, 0.2, 0.15, 0.15]))
    lattice, polygons = tiling(name)
    period = np.linalg.norm(lattice[0])
    view = camera(
        rng, side, zoom=(0.45 * period, 1.7 * period), shift=period, tilt=0.3 * (rng.random() < 0.5)
    )
    contact = rng.uniform(*CONTACT[name])
    stars = [star(p, contact) for p in polygons]
    moves = in_view(view, lattice, 1.9 * view.half)
    colours = inks(rng, 6, apart=rng.uniform(0.25, 0.45))
    sheet = np.ascontiguousarray(_ground(rng, side, colours))
    if rng.random() < 0.75:
        _fill(sheet, view, moves, polygons, stars, colours, plain=rng.random() < 0.3)
    widest = 0.5 * min(np.linalg.norm(s[:, 1] - s[:, 0], axis=1).min() for s in stars)
    width = min(rng.uniform(0.1, 0.3), 1.0 * widest)
    edge = colours[0] * rng.uniform(0.15, 0.6) if rng.random() < 0.7 else 1 - 0.3 * (1 - colours[0])
    _straps(
        sheet, view, moves, stars, width, colours[1], edge, woven=rng.random() < 0.8, core=rng.random() < 0.35
    )
    if rng.random() < 0.4:
        sheet *= 1 + rng.uniform(0.1, 0.35) * (noise(rng, side, cells=6)[..., None] - 0.5)
    return reduced(sheet, size)


def _ground(rng, side, colours):
    shades = np.clip(colours[:1] * rng.uniform(0.8, 1.15, [2, 1]), 0, 1)
    return background(rng, side, shades.astype(np.float32))


def _fill(sheet, view, moves, polygons, stars, colours, *, plain):
    """Colours the insides of the stars, one colour for each kind of polygon, and a small star in the large ones."""
    kinds = sorted({len(p) for p in polygons}, reverse=True)
    for corners, rays in zip(polygons, stars, strict=True):
        n = len(corners)
        colour = colours[2 + kinds.index(n) % 3]
        outline = rays.reshape(-1, 2)
        _areas(sheet, view, moves, outline, colour)
        if n >= 6 and not plain:
            centre = corners.mean(0)
            inner = (np.roll(rays[:, 1], 1, 0) - centre) * 0.82
            dents = (rays[:, 1] + np.roll(rays[:, 1], 1, 0)) / 2 - centre
            points = centre + np.stack([inner, dents * 0.45], 1).reshape(-1, 2)
            _areas(sheet, view, moves, points, colours[0])
            _areas(sheet, view, moves, centre + (points - centre) * 0.45, colours[5])


def _areas(sheet, view, moves, outline, colour):
    shapes = view.points(moves[:, None] + outline)
    cv2.fillPoly(sheet, list(shapes), colour.tolist(), cv2.LINE_AA, SUBPIXEL)


def _straps(sheet, view, moves, stars, width, colour, edge, *, woven, core):
    """Draws the rays as straps that pass over and under one another.

    A ray that leans forward along its side goes over, one that leans backward under. What leans forward in one
    polygon does so in its neighbour too, and becomes a backward ray at the next side: over and under alternate.
    """
    thin, thick = view.thick(width * 0.62), view.thick(width) + 1
    thick = max(thick, thin + 2)

    def lines(paths, colour, thickness):
        cv2.polylines(
            sheet, list(paths), False, np.asarray(colour).tolist(), thickness, cv2.LINE_AA, SUBPIXEL
        )

    paths = [np.stack([s[:, 0], s[:, 1], np.roll(s[:, 0], -1, 0)], 1) for s in stars]
    whole = np.concatenate([view.points(moves[:, None, None] + p).reshape(-1, 3, 2) for p in paths])
    lines(whole, edge, thick)
    lines(whole, colour, thin)
    if woven:
        over = np.concatenate(stars)
        length = np.linalg.norm(over[:, 1] - over[:, 0], axis=1)[:, None]
        unit = (over[:, 1] - over[:, 0]) / length
        short = np.stack([over[:, 0], over[:, 0] + unit * np.minimum(0.5 * length, 0.55 * width)], 1)
        longer = np.stack([over[:, 0], over[:, 0] + unit * np.minimum(0.95 * length, 1.5 * width)], 1)
        lines(view.points(moves[:, None, None] + short).reshape(-1, 2, 2), edge, thick)
        lines(view.points(moves[:, None, None] + longer).reshape(-1, 2, 2), colour, thin)
    if core:
        lines(whole, edge, max(1, thin // 4))
