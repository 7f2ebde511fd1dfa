"""Leaf venation: midrib, side veins, and between them a net within a net."""

from __future__ import annotations

import numpy as np

from training.datasets.organic.cells import cells
from training.datasets.organic.easel import chance, fine, inks, reduced
from training.datasets.painting import background, coloured, noise, over, plane, relief, smooth_step


def _wandering(rng: np.random.Generator, place: np.ndarray, amount: float) -> np.ndarray:
    """A smooth random displacement along one axis, so that no two gaps are alike."""
    knots = np.linspace(-6, 6, 60)
    return np.interp(place, knots, rng.normal(0, amount, knots.size)).astype(np.float32)


def side_veins(
    u: np.ndarray, v: np.ndarray, *, per_unit: float, slope: float, bend: float
) -> tuple[np.ndarray, np.ndarray]:
    """A count that rises by one from each side vein to the next, and the distance to the nearest vein.

    Veins leave the midrib v = 0 forwards and bend: they lie where u - slope |v| - bend v^2 = k / per_unit.

    Args:
        u, v: along and across the midrib.
        per_unit: veins per unit of u.
        slope: forward lean, 1 is 45 degrees.
        bend: curvature towards the tip.
    """
    away = np.abs(v)
    count = (u - slope * away - bend * away**2) * per_unit
    steep = per_unit * np.sqrt(1 + (slope + 2 * bend * away) ** 2)
    return count, np.abs(count - np.round(count)) / steep


def _line(distance: np.ndarray, width: np.ndarray | float, pixel: float) -> np.ndarray:
    return smooth_step(-distance, -width - pixel / 2, 1.5 * pixel)


def veins(rng: np.random.Generator, size: int) -> np.ndarray:
    """A leaf seen close: a midrib with side veins to both sides, and a fine net of veins between them."""
    side = fine(size)
    tilt = rng.choice([0, 0.3])
    x, y = plane(rng, side, zoom=(0.4, 1.15), shift=0.3, warp=rng.uniform(0, 0.06), tilt=tilt)
    pixel = float(np.hypot(np.diff(x, axis=1).mean(), np.diff(y, axis=1).mean()))
    y = y + rng.uniform(-0.2, 0.2) * x**2
    per_unit, slope = rng.uniform(2, 4.5), rng.uniform(0.35, 1.2)
    right = y > 0
    u = x + np.where(
        right, _wandering(rng, x, 0.03), _wandering(rng, x, 0.03) + rng.choice([0, 0.5]) / per_unit
    )
    count, second = side_veins(u, y, per_unit=per_unit, slope=slope, bend=rng.uniform(0, 0.5))
    # the net stands in the frame of the side veins, so that its threads run from one to the next
    across = np.abs(y) * per_unit * np.sqrt(1 + slope**2) + 30 * right
    ladder = rng.uniform(1.3, 2)
    third = cells(rng, count * ladder, across * ladder * rng.uniform(1, 1.8), jitter=0.9)
    fourth = cells(rng, count * ladder * 3, across * ladder * 3.2, jitter=0.9)
    unit = 1 / (per_unit * ladder)
    thick = rng.uniform(0.6, 1.3) / per_unit
    fading = np.clip(1 - 0.6 * np.abs(y), 0.25, 1)
    taper = np.clip(1 - 0.3 * x, 0.4, 1.6)
    layers = [
        (_line(fourth.wall * unit / 3, 0.006 * thick, pixel), rng.uniform(0.2, 0.45)),
        (_line(third.wall * unit, 0.016 * thick, pixel), rng.uniform(0.5, 0.75)),
        (_line(second, 0.05 * thick * fading, pixel), 0.9),
        (_line(np.abs(y), 0.11 * thick * taper, pixel), 1.0),
    ]
    line = np.zeros([side, side], np.float32)
    for alpha, strength in layers:
        line = np.maximum(line, alpha * strength)
    colours = inks(rng, 5, gap=0.4)
    tint = 0.35 * chance(rng, third.column, third.row) * rng.choice([0.3, 1])
    pale = np.exp(-second / (0.12 / per_unit)) + np.exp(-np.abs(y) / 0.06)
    blade = coloured(
        0.1 + tint + 0.25 * noise(rng, side, cells=3, octaves=3) + rng.choice([-0.1, 0.25]) * pale,
        colours[:4],
    )
    bulge = np.clip(third.wall * 2.2, 0, 1) * 0.5 + np.clip(second * per_unit * 2, 0, 1) * 0.5
    if rng.random() < 0.75:
        blade = blade * relief(rng, np.sqrt(bulge), depth=rng.uniform(2, 5))
    picture = over(blade, np.broadcast_to(colours[4], blade.shape), line)
    if rng.random() < 0.3:  # the leaf's edge comes into view
        half = rng.uniform(0.55, 0.95)
        along = np.clip((x + 1.4) / 2.8, 0, 1)
        margin = half * np.sin(np.pi * along**0.8) + 0.015 * np.abs(np.mod(count, 1) - 0.5) - np.abs(y)
        picture = over(background(rng, side) * 0.7, picture, smooth_step(margin, 0, 1.5 * pixel))
    return reduced(picture, size)
