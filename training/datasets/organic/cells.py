"""Voronoi cells: giraffe skin, dragonfly wings, plant tissue. Also the net of walls that leaf veins are made of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.datasets.organic.easel import chance, fine, inks, reduced
from training.datasets.painting import coloured, noise, over, plane, relief, smooth_step

_SIDE = 64  # period of the lattice of nuclei


@dataclass(frozen=True)
class Cells:
    """To which cell each point belongs, `[height, width]` each, in units of the mean distance of nuclei.

    Attributes:
        dx, dy: from the nucleus to the point.
        wall: distance to the nearest wall, with corners rounded.
        column, row: integer name of the cell.
    """

    dx: np.ndarray
    dy: np.ndarray
    wall: np.ndarray
    column: np.ndarray
    row: np.ndarray


def cells(
    rng: np.random.Generator, x: np.ndarray, y: np.ndarray, *, jitter: float = 0.8, rounding: float = 0.0
) -> Cells:
    """The Voronoi cells of one nucleus in each square of the unit lattice, a half-shifted row at a time.

    Args:
        x, y: points, `[height, width]`, in units of the lattice.
        jitter: how far nuclei stray, 0 (hexagons) to 1.
        rounding: radius of the corners; 0 leaves them sharp.
    """
    # a nucleus strays by +-0.4 at most: then the 9 squares around a point hold the two that matter
    stray = (jitter * (rng.random([2, _SIDE, _SIDE], np.float32) - 0.5) * 0.8 + 0.5).astype(np.float32)
    row = np.floor(y).astype(np.int32)
    offsets = np.float32(0.5) * (row & 1)
    dx, dy = np.empty([2, 9, *x.shape], np.float32)
    shifts = offsets, np.float32(0.5) - offsets
    squares = [np.floor(x - shift).astype(np.int32) for shift in shifts]
    for k in range(9):
        r = row + (k // 3 - 1)
        other = int(k // 3 != 1)
        c = squares[other] + (k % 3 - 1)
        i = ((r & (_SIDE - 1)) * _SIDE) + (c & (_SIDE - 1))
        np.subtract(x - shifts[other] - c, stray[0].ravel()[i], out=dx[k])
        np.subtract(y - r, stray[1].ravel()[i], out=dy[k])
    far = dx * dx + dy * dy
    best = np.argmin(far, 0)[None]
    own_x, own_y, least = (np.take_along_axis(f, best, 0)[0] for f in (dx, dy, far))
    walls = (far - least) / (2 * np.sqrt((dx - own_x) ** 2 + (dy - own_y) ** 2) + 1e-6)
    np.put_along_axis(walls, best, np.float32(9), 0)
    wall = walls.min(0)
    if rounding:
        wall = wall - rounding * np.log(np.exp((wall - walls) / rounding).sum(0))
    up, right = best[0] // 3 - 1, best[0] % 3 - 1
    column = np.where(up == 0, *squares) + right
    return Cells(own_x, own_y, wall, column, row + up)


def voronoi(rng: np.random.Generator, size: int) -> np.ndarray:
    """Cells with walls, and often with nuclei: patches of a giraffe, panes of a dragonfly, tissue of a plant."""
    side = fine(size)
    x, y = plane(
        rng, side, zoom=(1.6, 6), shift=20, warp=rng.uniform(0, 0.15), tilt=rng.choice([0, 0.4], p=[0.6, 0.4])
    )
    pixel = 3 * float(np.abs(np.diff(x, axis=1)).mean() + np.abs(np.diff(x, axis=0)).mean())
    kind = rng.choice(["patches", "panes", "tissue"])
    net = cells(rng, x, y, jitter=rng.uniform(0.6, 1), rounding=0.0 if kind == "panes" else 0.05)
    width = {"patches": (0.06, 0.12), "panes": (0.025, 0.05), "tissue": (0.04, 0.1)}[kind]
    inside = smooth_step(net.wall, rng.uniform(*width) + pixel / 4, pixel)
    colours = inks(rng, 5)
    own = chance(rng, net.column, net.row)
    spread = rng.uniform(0.1, 0.6)
    depth = np.clip(net.wall / 0.45, 0, 1)
    tone = {
        "patches": 0.85 + 0.3 * (noise(rng, side, cells=12, octaves=3) - 0.5),
        "panes": 0.9 - rng.uniform(0.2, 0.6) * depth,
        "tissue": 0.5 + rng.uniform(-0.4, 0.4) * (1 - depth) ** 2,
    }[kind]
    fill = coloured(np.clip(0.25 + 0.75 * tone + spread * (own - 0.5), 0.3, 1), colours)
    picture = over(np.broadcast_to(colours[0], fill.shape), fill, inside)
    if kind == "tissue" or rng.random() < 0.25:
        a, b = chance(rng, net.column, net.row) - 0.5, chance(rng, net.column, net.row) - 0.5
        far = np.hypot(net.dx - 0.12 * a, net.dy - 0.12 * b)
        radius = rng.uniform(0.1, 0.17)
        picture = over(
            picture, np.broadcast_to(colours[1], fill.shape), 0.9 * smooth_step(-far, -radius, pixel)
        )
        picture = over(
            picture, np.broadcast_to(colours[4], fill.shape), smooth_step(-far, -radius * 0.4, pixel)
        )
    if rng.random() < 0.5:
        rise = np.sqrt(np.clip(net.wall / 0.3, 0, 1))
        picture = picture * relief(rng, rise if rng.random() < 0.7 else 1 - rise, depth=rng.uniform(3, 6))
    return reduced(picture, size)
