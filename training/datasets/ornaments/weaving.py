"""Weave: flat or round strands that pass over and under one another."""

from __future__ import annotations

import numpy as np

from training.datasets.ornaments.drafting import fine, inks, looked_up, pixel, reduced, soft
from training.datasets.painting import over, plane

WEAVES = {  # 1 where the strand that runs along x lies on top; rows follow y, columns x
    "plain": np.array([[1, 0], [0, 1]], bool),
    "basket": np.array([[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 1], [0, 0, 1, 1]], bool),
    "twill": np.array([[1, 1, 0], [0, 1, 1], [1, 0, 1]], bool),
}


def strand_height(along: np.ndarray, top: np.ndarray, before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """How high a strand lies along a unit cell, in [0, 1].

    Args:
        along: place in the cell, 0 to 1.
        top: whether it is on top in this cell; `before` and `after` in its neighbours.
    """
    end = np.where(along < 0.5, before, after)
    near = np.abs(2 * along - 1)
    blend = 0.5 - 0.5 * np.cos(np.pi * near)
    here, there = top.astype(np.float32), end.astype(np.float32)
    return here + (there - here) * blend * 0.5


def draw_weave(rng: np.random.Generator, size: int) -> np.ndarray:
    """A basket, a braid or a coarse cloth: float32 `[size, size, 3]`."""
    n = fine(size)
    x, y = plane(
        rng, n, zoom=(1.6, 5.5), shift=40, warp=0.05 * (rng.random() < 0.4), tilt=0.3 * (rng.random() < 0.4)
    )
    kind = str(rng.choice(list(WEAVES), p=[0.6, 0.25, 0.15]))
    table, px = WEAVES[kind], pixel(x, y)
    u, v = x - np.floor(x), y - np.floor(y)
    i, j = np.floor(x).astype(np.int32), np.floor(y).astype(np.int32)
    cell = (j % len(table)) * len(table) + i % len(table)
    top, left, right, above, below = (
        np.roll(table, move, axis).ravel()[cell] for move, axis in ((0, 0), (1, 1), (-1, 1), (1, 0), (-1, 0))
    )
    across = strand_height(u, top, left, right)
    down = strand_height(v, ~top, ~above, ~below)
    width, split = rng.uniform(0.66, 0.92), int(rng.choice([1, 1, 2, 3]))
    colours = inks(rng, 5)
    order = str(rng.choice(["one", "two", "stripes"]))
    picks = {"one": (1, 1), "two": (1, 2)}.get(order)
    table_x, table_y = (np.full(12, picks[k]) if picks else rng.integers(1, 5, 12) for k in range(2))
    light = float(rng.uniform(-1, 1))
    round_ = rng.uniform(0.3, 1.0)
    fibre = rng.uniform(0, 0.35) * (rng.random() < 0.7)
    grain = rng.random([48, 24], np.float32)

    def strand(side, along, height, colour, number):
        s = (2 * side - 1) / width
        inner = np.abs(2 * ((s + 1) / 2 * split % 1) - 1)
        shade = 0.45 + 0.75 * height + 0.35 * light * s * np.abs(s)
        shade = shade * (1 - round_ * 0.55 * np.square(inner * inner)) * (1 - round_ * 0.3 * np.square(s * s))
        if fibre:
            row = (side * 11).astype(np.int32) + 11 * number
            shade = shade * (1 + fibre * (looked_up(grain, row, (along * 2.5).astype(np.int32)) - 0.5))
        return colour * shade[..., None], soft((np.abs(s) - 1) * width / 2, px)

    first, alpha = strand(v, x, across, colours[table_x[j % 12]], j)
    second, beta = strand(u, y, down, colours[table_y[i % 12]], i)
    sheet = np.broadcast_to(colours[0] * 0.5, [n, n, 3])
    on_top = top[..., None]
    sheet = over(sheet, np.where(on_top, second, first), np.where(top, beta, alpha))
    sheet = over(sheet, np.where(on_top, first, second), np.where(top, alpha, beta))
    return reduced(sheet, size)
