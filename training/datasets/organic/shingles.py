"""Scales that overlap like shingles, as on fish, snakes and dragons."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.datasets.organic.easel import chance, fine, inks, reduced
from training.datasets.painting import coloured, noise, over, plane, relief, smooth_step, stretched


@dataclass(frozen=True)
class Scales:
    """Which scale lies on top at each point, `[height, width]` each.

    Attributes:
        across: -1 to 1 from one side of the scale to the other.
        along: 0 at its root, 1 at its tip.
        edge: distance to its free edge, in units of the scales' width.
        over: distance to the edge of the scale that lies over it, in the same units.
        column, row: integer name of the scale.
    """

    across: np.ndarray
    along: np.ndarray
    edge: np.ndarray
    over: np.ndarray
    column: np.ndarray
    row: np.ndarray


def shingled(
    x: np.ndarray, y: np.ndarray, *, length: float, row_height: float, taper: float, power: float
) -> Scales:
    """Scales of width 1 in staggered rows; a row lies over the one that follows it along y.

    Args:
        length: of a scale, in widths.
        row_height: distance of rows, in widths.
        taper: by which share of its length a scale is shorter at its sides than at its tip.
        power: form of the free edge: 1 a point, 2 a parabola, 3 and more a blunt end.
    """
    if length * (1 - taper) < row_height:
        raise ValueError(
            "Scales must cover the skin: `length * (1 - taper)` must be at least `row_height`. "
            f"Received: length={length}, taper={taper}, row_height={row_height}."
        )
    last = np.floor(y / row_height).astype(np.int32)
    fields = {name: np.zeros(x.shape, np.float32) for name in ("across", "along", "edge")}
    above = np.full(x.shape, 9, np.float32)
    names = np.zeros([2, *x.shape], np.int32)
    free = np.ones(x.shape, bool)
    for back in range(int(np.ceil(length / row_height)), -1, -1):
        row = last - back
        shifted = x - 0.5 * (row & 1)
        column = np.round(shifted).astype(np.int32)
        across = 2 * (shifted - column)
        along = (y - row * row_height) / length
        edge = (1 - taper * np.abs(across) ** power - along) * length
        take = free & (edge >= 0)
        above = np.where(free & ~take, np.minimum(above, -edge), above)
        for name, value in (("across", across), ("along", along), ("edge", edge)):
            np.copyto(fields[name], value, where=take)
        np.copyto(names[0], column, where=take)
        np.copyto(names[1], row, where=take)
        free &= ~take
    return Scales(fields["across"], fields["along"], fields["edge"], above, names[0], names[1])


def scales(rng: np.random.Generator, size: int) -> np.ndarray:
    """Overlapping scales with light and shadow: round, pointed or blunt, often with a keel, rings or a rim."""
    side = fine(size)
    tilt = rng.choice([0, 0.5], p=[0.6, 0.4])
    x, y = plane(rng, side, zoom=(1.3, 4.5), shift=10, warp=rng.uniform(0.02, 0.08), tilt=tilt)
    pixel = float(np.hypot(np.diff(x, axis=1).mean(), np.diff(y, axis=1).mean()))
    power, taper = rng.choice([1.7, 2.0, 2.4, 3.0]), rng.uniform(0.42, 0.58)
    height = rng.uniform(0.42, 0.7)
    skin = shingled(x, y, length=height / (1 - taper) * 1.02, row_height=height, taper=taper, power=power)
    own = chance(rng, skin.column, skin.row)
    colours = inks(rng, 5)
    seen = np.clip(
        skin.edge / height, 0, 1
    )  # 0 at the free edge, about 1 where the scale slips under the next
    tone = 0.5 + rng.choice([-0.45, 0.45]) * (seen - 0.5) + rng.uniform(0.1, 0.5) * (own - 0.5)
    patch = noise(rng, side, cells=3, octaves=2) - 0.5
    tone = tone + rng.uniform(0, 0.6) * patch
    if rng.random() < 0.4:
        tone = tone + 0.12 * np.sin(skin.edge * 2 * np.pi * rng.uniform(5, 9))
    picture = coloured(0.05 + 0.9 * stretched(tone, tails=0.03), colours)
    dome = 1 - 0.55 * skin.across**2 - 0.3 * seen**2
    if rng.random() < 0.4:
        keel = np.exp(-((skin.across / 0.1) ** 2)) * np.clip(skin.edge * 6, 0, 1)
        dome = dome + 0.25 * keel
        picture = over(picture, np.broadcast_to(colours[rng.choice([0, 4])], picture.shape), 0.5 * keel)
    depth = rng.uniform(7, 12) / (pixel * side)  # in the proportion of a scale's width to the picture's
    picture = picture * relief(rng, np.clip(dome, 0, 1.3), depth=depth)
    if rng.random() < 0.6:
        rim = smooth_step(-skin.edge, -rng.uniform(0.03, 0.08), 2 * pixel)
        picture = over(picture, np.broadcast_to(colours[rng.choice([0, 4])], picture.shape), 0.8 * rim)
    shadow = np.exp(-skin.over / rng.uniform(0.05, 0.14))
    picture = picture * (1 - rng.uniform(0.5, 0.85) * shadow)[..., None]
    return reduced(picture, size)
