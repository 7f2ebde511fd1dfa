"""Paper marbling: ink drops that push each other aside, then combed.

Each tool is an exact map of the plane that keeps areas, for ink can neither be pressed together nor torn. The
picture asks where each of its points came from, and so runs the tools backwards. Drops and tines after Lu, Jaffer,
Jin, Zhao and Mao, "Mathematical Marbling", IEEE Computer Graphics and Applications 32 (2012).
"""

from __future__ import annotations

import numpy as np

from training.datasets.organic.easel import fine, inks, reduced
from training.datasets.painting import palette, plane


def inside(x: np.ndarray, y: np.ndarray, cx: float, cy: float, radius: float) -> np.ndarray:
    """Which points a drop covers; the one test for all, lest rounding leave specks along its edge."""
    dx, dy = x - cx, y - cy
    return dx * dx + dy * dy < radius * radius


def undo_drop(x: np.ndarray, y: np.ndarray, cx: float, cy: float, radius: float) -> tuple:
    """Where points lay before a drop of `radius` fell at (cx, cy); inside it there was nothing, and they stay."""
    dx, dy = x - cx, y - cy
    far = np.maximum(dx * dx + dy * dy, 1e-12)
    factor = np.where(inside(x, y, cx, cy, radius), 1, np.sqrt(np.clip(1 - radius**2 / far, 0, 1)))
    return cx + dx * factor, cy + dy * factor


def undo_comb(
    x: np.ndarray, y: np.ndarray, *, angle: float, spacing: float, pull: float, sharpness: float, turns: bool
) -> tuple:
    """Where points lay before a comb was drawn through them.

    Args:
        angle: direction of the tines in radians.
        spacing: distance of the tines.
        pull: how far ink at a tine was dragged.
        sharpness: how steeply the drag falls off beside a tine; 0.5 is a sine, 4 drags narrow threads.
        turns: whether every second tine runs the other way.
    """
    c, s = np.cos(angle), np.sin(angle)
    across = (x * -s + y * c) * (np.pi / spacing)
    drag = np.abs(np.cos(across)) ** (2 * sharpness)
    if turns:
        drag = drag * np.sign(np.cos(across))
    return x - pull * drag * c, y - pull * drag * s


def undo_swirl(x: np.ndarray, y: np.ndarray, cx: float, cy: float, *, turn: float, reach: float) -> tuple:
    """Where points lay before a stylus stirred around (cx, cy) by `turn` radians, fading over `reach`."""
    dx, dy = x - cx, y - cy
    angle = -turn * np.exp(-(dx * dx + dy * dy) / reach**2)
    c, s = np.cos(angle), np.sin(angle)
    return cx + c * dx - s * dy, cy + s * dx + c * dy


def inked(rng: np.random.Generator, x: np.ndarray, y: np.ndarray, *, drops: int, inks: int) -> np.ndarray:
    """Which ink lies at each point after drops fell all over the square from -1.5 to 1.5: int, 0 is the bath."""
    shape, x, y = x.shape, x.ravel(), y.ravel()
    ink = np.zeros(x.size, np.int32)
    nests = rng.uniform(-1.4, 1.4, [max(drops // 4, 1), 2])
    todo = np.arange(x.size)
    for k in range(drops):  # the last drop first: what it does not cover lay elsewhere before
        cx, cy = (nests[rng.integers(len(nests))] + rng.normal(0, 0.04, 2)).astype(np.float32)
        radius = np.float32(rng.uniform(0.16, 0.36) * (1 if k % 4 else 0.7))
        hit = inside(x, y, cx, cy, radius)
        ink[todo[hit]] = 1 + k % (inks - 1)
        x, y, todo = x[~hit], y[~hit], todo[~hit]
        x, y = undo_drop(x, y, cx, cy, radius)
    ink[todo] = np.floor((x + y) * 3).astype(np.int32) % inks
    return ink.reshape(shape)


def _combed(rng: np.random.Generator, x: np.ndarray, y: np.ndarray, angle: float) -> tuple:
    """Where points lay before the classical work: raked to and fro into bands, then combed across the bands."""
    spacing = rng.uniform(0.12, 0.26)
    threads = rng.random() < 0.7
    x, y = undo_comb(
        x,
        y,
        angle=angle,
        spacing=spacing,
        pull=spacing * (rng.uniform(1.2, 2.6) if threads else rng.uniform(0.5, 0.9)),
        sharpness=rng.uniform(1.2, 4) if threads else 0.5,
        turns=not threads,
    )
    return undo_comb(
        x,
        y,
        angle=angle + np.pi / 2,
        spacing=rng.uniform(0.3, 0.55),
        pull=rng.uniform(0.5, 1),
        sharpness=0.5,
        turns=True,
    )


def marbling(rng: np.random.Generator, size: int) -> np.ndarray:
    """Marbled paper: drops within drops of a few inks, combed into feathered threads and waves, or stirred."""
    side = fine(size, twice=True)
    x, y = plane(rng, side, zoom=(0.45, 1.0), shift=0.3)
    combed = rng.random() < 0.7
    for _ in range(rng.choice([0, 0, 1, 2]) if combed else rng.integers(2, 5)):
        cx, cy = rng.uniform(-0.8, 0.8, 2)
        x, y = undo_swirl(
            x, y, cx, cy, turn=rng.choice([-1, 1]) * rng.uniform(1, 3), reach=rng.uniform(0.2, 0.5)
        )
    angle = rng.uniform(0, np.pi)
    if rng.random() < 0.4:
        x, y = undo_comb(
            x,
            y,
            angle=angle,
            spacing=rng.uniform(0.4, 0.9),
            pull=rng.uniform(0.1, 0.2),
            sharpness=0.5,
            turns=True,
        )
    if combed:
        x, y = _combed(rng, x, y, angle)
    colours = inks(rng, 5)
    if rng.random() < 0.4:
        colours = np.concatenate([colours[[0, 4]], palette(rng, 3)])
    rng.shuffle(colours)
    ink = inked(
        rng, x.astype(np.float32), y.astype(np.float32), drops=int(rng.integers(32, 52)), inks=len(colours)
    )
    return reduced(colours[ink], size)
