"""Ornaments that a rule per tile defines: truchet, seigaiha and herringbone.

Each rule is a function of plane coordinates, so that it can be tested without a picture.
"""

from __future__ import annotations

import numpy as np

from training.datasets.ornaments.drafting import fine, inks, looked_up, paint, pixel, reduced, soft
from training.datasets.painting import background, noise, plane, relief


def truchet_arcs(x: np.ndarray, y: np.ndarray, flips: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Smith's form of Truchet's tiles: two quarter circles about opposite corners of every unit square.

    C. S. Smith, "The tiling patterns of Sebastien Truchet" (1987).

    Args:
        flips: bool table; where it is true the circles stand about the other two corners.

    Returns:
        `(distance, side)`: distance to the nearest arc, and on which side of the arcs a point lies (bool); both go
        on across the edges of the tiles.
    """
    i, j = np.floor(x).astype(np.int32), np.floor(y).astype(np.int32)
    u, v = x - i, y - j
    flip = looked_up(flips, i, j)
    u = np.where(flip, 1 - u, u)
    radius = np.minimum(np.hypot(u, v), np.hypot(1 - u, 1 - v))
    side = (radius < 0.5) ^ flip ^ ((i + j) % 2 == 0)
    return np.abs(radius - 0.5), side


def draw_truchet(rng: np.random.Generator, size: int) -> np.ndarray:
    """Quarter circles that join to a labyrinth: float32 `[size, size, 3]`."""
    n = fine(size)
    x, y = plane(
        rng, n, zoom=(1.6, 5.5), shift=50, warp=0.06 * (rng.random() < 0.3), tilt=0.3 * (rng.random() < 0.4)
    )
    distance, side = truchet_arcs(x, y, rng.random([97, 97]) < rng.uniform(0.35, 0.65))
    px, colours = pixel(x, y), inks(rng, 5)
    sheet = background(rng, n, colours[:1] * np.linspace(0.85, 1, 2, dtype=np.float32)[:, None])
    if rng.random() < 0.55:
        quiet = rng.random() < 0.4
        halves = colours[rng.choice([2, 3, 4])]
        paint(sheet, 0.4 * halves + 0.6 * colours[0] if quiet else halves, side.astype(np.float32))
        line = colours[1] if quiet or rng.random() < 0.5 else colours[0] * 0.4
    else:
        line = colours[1]
    kind = rng.choice(["line", "tube", "stripes"])
    if kind == "line":
        width = rng.uniform(0.05, 0.16)
        paint(sheet, line, soft(distance - width, px))
    elif kind == "tube":
        width = rng.uniform(0.15, 0.3)
        paint(sheet, colours[0] * 0.3, soft(distance - width, px))
        inside = width - rng.uniform(0.03, 0.07)
        height = np.sqrt(np.clip(1 - (distance / inside) ** 2, 0, 1))
        tube = colours[1] * relief(rng, height, depth=0.25 * 100 * width / (px * n))
        paint(sheet, tube, soft(distance - inside, px))
    else:
        count, width = int(rng.integers(2, 4)), rng.uniform(0.24, 0.4)
        for k, share in enumerate(np.linspace(1, 0, 2 * count, endpoint=False)):
            paint(
                sheet,
                colours[1 + k // 2 % 4] if k % 2 == 0 else colours[0],
                soft(distance - width * share, px),
            )
    return reduced(sheet, size)


def scales(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Seigaiha: circles of radius 1 in rows 1/2 apart, each row moved by 1 and laid over the row behind it.

    Rows with larger y lie in front.

    Returns:
        `(radius, column, row)` of the circle that is seen at a point: distance to its centre and its place.
    """
    column, row = np.zeros(x.shape, np.int32), np.zeros(x.shape, np.int32)
    radius = np.full(x.shape, np.inf, np.float32)
    front = np.floor(2 * (y + 1)).astype(np.int32)
    for back in range(5):
        j = front - back
        i = np.rint((x - j % 2) / 2).astype(np.int32)
        r = np.hypot(x - 2 * i - j % 2, y - j / 2)
        seen = np.isinf(radius) & (r <= 1)
        radius, column, row = np.where(seen, r, radius), np.where(seen, i, column), np.where(seen, j, row)
    return radius.astype(np.float32), column, row


def draw_seigaiha(rng: np.random.Generator, size: int) -> np.ndarray:
    """Waves of concentric arcs that overlap like scales: float32 `[size, size, 3]`."""
    n = fine(size)
    x, y = plane(
        rng, n, zoom=(1.3, 4.8), shift=30, warp=0.05 * (rng.random() < 0.3), tilt=0.3 * (rng.random() < 0.4)
    )
    radius, column, row = scales(x, y * rng.uniform(0.85, 1.2))
    px, colours = 1.3 * pixel(x, y), inks(rng, 5)
    rings = int(rng.integers(2, 5))
    filled = rng.uniform(0.35, 0.7)
    hub = rng.random() < 0.5
    sheet = np.broadcast_to(colours[0], [n, n, 3]).astype(np.float32).copy()
    table = rng.integers(1, 5, [23, 23])
    order = str(rng.choice(["one", "rings", "rows", "scales"]))
    which = {"rows": 1 + row % 4, "scales": looked_up(table, column, row)}.get(order)
    for k in range(rings):
        outer = 1 - (k + 0.15) / (rings + 0.2 * hub)
        inner = outer - filled / rings
        band = soft(
            np.maximum(radius - outer, inner - radius) if k < rings - 1 or not hub else radius - outer, px
        )
        colour = colours[which] if which is not None else colours[1 + k % 4 if order == "rings" else 1]
        paint(sheet, colour, band)
    if rng.random() < 0.5:
        shade = rng.uniform(0.25, 0.6)
        sheet *= (1 - shade * np.clip(1 - (1 - radius) * rng.uniform(1.0, 2.5), 0, 1) ** 2)[..., None]
    if rng.random() < 0.4:
        sheet *= relief(rng, np.clip(1 - radius**2, 0, 1), depth=2.5 / (px * n) * 10)
    return reduced(sheet, size)


def planks(
    x: np.ndarray, y: np.ndarray, length: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Herringbone: planks of `length` x 1 that meet at right angles.

    Returns:
        `(along, across, upright, number)`: place on the plank (0 to `length`, 0 to 1), whether it stands upright,
        and an integer `[..., 2]` that is the plank's own.
    """
    i, j = np.floor(x).astype(np.int32), np.floor(y).astype(np.int32)
    k = (i - j) % (2 * length)
    upright = k >= length
    first_i = np.where(upright, i, i - k)
    first_j = np.where(upright, j - (2 * length - 1 - k), j)
    along = np.where(upright, y - first_j, x - first_i)
    across = np.where(upright, x - first_i, y - first_j)
    return along, across, upright, np.stack([first_i, first_j], -1)


def draw_herringbone(rng: np.random.Generator, size: int) -> np.ndarray:
    """A floor of planks or bricks in zigzag: float32 `[size, size, 3]`."""
    n = fine(size)
    length = int(rng.integers(3, 6))
    x, y = plane(rng, n, zoom=(0.7 * length, 2.4 * length), shift=60, tilt=0.35 * (rng.random() < 0.5))
    along, across, upright, number = planks(x, y, length)
    px, colours = pixel(x, y), inks(rng, 5)
    edge = np.minimum(np.minimum(across, 1 - across), np.minimum(along, length - along))
    gap = rng.uniform(0.05, 0.12)
    tone = looked_up(rng.random([61, 61], np.float32), number[..., 0], number[..., 1])
    kind = rng.choice(["two", "tones", "many"])
    if kind == "two":
        wood = colours[np.where(upright, 1, 2)]
    elif kind == "tones":
        wood = np.broadcast_to(colours[1], [n, n, 3]).copy()
    else:
        wood = colours[1 + (tone * 4).astype(np.int32) % 4]
    wood = wood * (1 + rng.uniform(0.3, 0.7) * (tone[..., None] - 0.5))
    if rng.random() < 0.6:
        grain = rng.random([64, 256], np.float32)
        rows = (across * 9 + 97 * tone).astype(np.int32)
        streak = looked_up(grain, rows, (along * 1.5 + 31 * tone).astype(np.int32))
        wood = wood * (1 + rng.uniform(0.1, 0.4) * (streak[..., None] - 0.5))
    sheet = np.broadcast_to(colours[0], [n, n, 3]).astype(np.float32).copy()
    if rng.random() < 0.5:
        height = np.clip((edge - gap / 2) / rng.uniform(0.1, 0.3), 0, 1)
        wood = wood * relief(rng, height, depth=10 / (px * n) * rng.uniform(0.5, 1.2))
    paint(sheet, wood, soft(gap / 2 - edge, 1.5 * px))
    if rng.random() < 0.3:
        sheet *= 1 + 0.3 * (noise(rng, n, cells=3)[..., None] - 0.5)
    return reduced(sheet, size)
