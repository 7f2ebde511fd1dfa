"""Fractal flames: an iterated system of bent maps, its density in logarithm, its colour carried by the orbit.

After Draves and Reckase, "The Fractal Flame Algorithm" (2003); here all particles of a step take the map that chance
gives to their block, and the blocks are shuffled, which is as good and lets NumPy work on whole arrays.
"""

from __future__ import annotations

import numpy as np

from training.datasets.fractals.density import exposed, framed, histogram, softened
from training.datasets.fractals.sheet import fine, inks, reduced, view
from training.datasets.painting import coloured, over


def _swirl(x, y):
    r = x * x + y * y
    s, c = np.sin(r), np.cos(r)
    return x * s - y * c, x * c + y * s


def _sphere(x, y):
    r = x * x + y * y + 0.05
    return x / r, y / r


def _horseshoe(x, y):
    r = np.sqrt(x * x + y * y) + 1e-3
    return (x - y) * (x + y) / r, 2 * x * y / r


def _handkerchief(x, y):
    r, a = np.hypot(x, y), np.arctan2(x, y)
    return r * np.sin(a + r), r * np.cos(a - r)


def _disc(x, y):
    r, a = np.pi * np.hypot(x, y), np.arctan2(x, y) / np.pi
    return a * np.sin(r), a * np.cos(r)


def _bubble(x, y):
    r = 4 / (x * x + y * y + 4)
    return 2 * r * x, 2 * r * y


def _sine(x, y):
    return np.sin(x), np.sin(y)


VARIATIONS = (_swirl, _sphere, _horseshoe, _handkerchief, _disc, _bubble, _sine)
"""The bends: functions of (x, y)."""


def system(rng: np.random.Generator) -> list:
    """Two to four maps, each `(affine [2, 3], bend, share of the bend, colour in [0, 1])`."""
    maps = []
    count = int(rng.integers(2, 5))
    for k in range(count):
        angle, shear = rng.uniform(0, 2 * np.pi), rng.normal(0, 0.25)
        c, s = np.cos(angle), np.sin(angle)
        scale = rng.uniform(0.45, 0.95, 2)
        affine = np.array([[c, -s], [s, c]]) @ np.array([[scale[0], shear], [0, scale[1]]])
        affine = np.concatenate([affine, rng.uniform(-0.8, 0.8, [2, 1])], 1).astype(np.float32)
        bend = VARIATIONS[rng.integers(len(VARIATIONS))]
        maps.append((affine, bend, np.float32(rng.uniform(0.5, 1.0)), k / (count - 1)))
    return maps


def orbit(rng: np.random.Generator, maps: list, *, count: int, steps: int, fold: int = 1, skip: int = 10):
    """What particles visit under a system.

    Args:
        maps: from `system`.
        count: of particles.
        steps: kept after the first `skip`.
        fold: order of the rotation the picture shall have.

    Returns:
        `(points, colours)`: complex64 and float32, `[steps, count]` each.
    """
    x, y = rng.uniform(-1, 1, [2, count]).astype(np.float32)
    hue = rng.random(count, np.float32)
    points, hues = np.empty([steps, count], np.complex64), np.empty([steps, count], np.float32)
    turn = np.exp(2j * np.pi * np.arange(fold) / fold).astype(np.complex64)
    for k in range(-skip, steps):
        order = rng.permutation(count)
        x, y, hue = x[order], y[order], hue[order]
        edges = np.linspace(0, count, len(maps) + 1).astype(int)
        for (affine, bend, share, colour), a, b in zip(maps, edges, edges[1:]):
            u = affine[0, 0] * x[a:b] + affine[0, 1] * y[a:b] + affine[0, 2]
            v = affine[1, 0] * x[a:b] + affine[1, 1] * y[a:b] + affine[1, 2]
            p, q = bend(u, v)
            x[a:b], y[a:b] = u + share * (p - u), v + share * (q - v)
            hue[a:b] = 0.5 * (hue[a:b] + np.float32(colour))
        wild = ~(x * x + y * y < 1e4)
        x[wild] = y[wild] = 0.1
        if k >= 0:
            points[k].real, points[k].imag = x, y
            if fold > 1:
                points[k] *= turn[rng.integers(fold, size=count)]
            hues[k] = hue
    return points, hues


def _lively(rng: np.random.Generator) -> tuple[list, int]:
    """A system that neither collapses to a few points nor spreads like fog, and an order of rotation."""
    best, chosen = -9.0, None
    for _ in range(14):
        maps, fold = system(rng), int(rng.choice([2, 3, 4, 5, 6], p=[0.25, 0.25, 0.2, 0.15, 0.15]))
        points, _ = orbit(rng, maps, count=600, steps=8, fold=fold)
        _, half = framed(points, tails=0.06)
        if not 0.15 < half < 8:
            continue
        count = histogram(view(rng, 32, centre=0, half=0.65 * half), points)
        spread, even = (count > 0).mean(), count.std() / max(count.mean(), 1e-6)
        merit = -abs(spread - 0.6) - 0.25 * abs(even - 2.2)
        if merit > best:
            best, chosen = merit, (maps, fold)
    return chosen or (system(rng), 5)


def draw_flame(rng: np.random.Generator, size: int) -> np.ndarray:
    """Glowing wisps that curl in several colours, before a dark ground or, as in a negative, a light one."""
    side = fine(size)
    maps, fold = _lively(rng)
    points, hues = orbit(rng, maps, count=18000, steps=36, fold=fold)
    _, half = framed(points[:4], tails=0.06)
    half *= np.exp(rng.uniform(np.log(0.45), np.log(0.95)))
    middle = 0.3 * half * complex(*rng.normal(0, 1, 2))
    look = view(rng, side, centre=middle, half=half, tilt=0.15)
    count, paint = histogram(look, points), histogram(look, points, hues)
    count, paint = softened(count, side / 130), softened(paint, side / 130)
    dark = rng.random() < 0.8
    tone = exposed(count, gamma=rng.uniform(0.9, 1.5) if dark else 0.8, white=0.98).astype(np.float32)
    place = paint / np.maximum(count, 1e-6)
    low, high = np.quantile(place[count >= count.mean()], [0.02, 0.98])
    colours = inks(rng, 5, gap=0.3, ordered=False)
    glow = coloured((place - low) / max(high - low, 1e-3), colours)
    if dark:
        ground = colours[rng.integers(5)] * rng.uniform(0.02, 0.25)
        glow = glow / np.maximum(glow.max(-1, keepdims=True), 0.2)
        glow = glow + 0.5 * np.clip(tone - 0.8, 0, 1)[..., None]
    else:
        ground = 1 - (1 - colours[rng.integers(5)]) * rng.uniform(0.05, 0.35)
        glow = glow * 0.4 / np.maximum(glow.max(-1, keepdims=True), 0.3)
    return reduced(over(ground * np.ones_like(glow), glow, tone), size)
