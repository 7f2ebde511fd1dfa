"""Julia and Mandelbrot sets, painted by how soon a point escapes under z -> z**2 + c.

The two are told apart by what is global in them: a Julia set is a dendrite that looks the same from both sides of its
centre; a picture of the Mandelbrot set always shows some of its filled bulbs.
"""

from __future__ import annotations

import cv2
import numpy as np

from training.datasets.fractals.sheet import border, busy, cyclic, fine, inks, reduced
from training.datasets.painting import plane, relief, stretched

_RADIUS = 100.0  # large, so that the smooth count is smooth; 100**8 squared still fits float32


def escape(z: np.ndarray, c: np.ndarray | complex, steps: int) -> np.ndarray:
    """Smooth number of steps after which z -> z**2 + c has left the circle of radius 100.

    Args:
        z: where to start, complex, any shape.
        c: one value or an array of the shape of `z`.
        steps: most steps; a multiple of 3, as escape is looked for at every third.

    Returns:
        float32 of the shape of `z`; infinite where a point has not left.
    """
    shape = z.shape
    z = z.astype(np.complex64).ravel()
    c = np.complex64(c) if np.ndim(c) == 0 else c.astype(np.complex64).ravel()
    count = np.full(z.size, np.inf, np.float32)
    at = np.arange(z.size)
    for step in range(0, steps, 3):
        for _ in range(3):
            np.multiply(z, z, out=z)
            z += c
        square = z.real**2 + z.imag**2
        out = square > _RADIUS**2
        if out.any():
            gone = 0.5 * np.log2(square[out]) / np.log2(_RADIUS)
            count[at[out]] = step + 3 - np.log2(gone)
            keep = ~out
            z, at = z[keep], at[keep]
            c = c if c.ndim == 0 else c[keep]
        if not len(at):
            break
    return count.reshape(shape)


def inside(c: np.ndarray) -> np.ndarray:
    """Whether `c` lies in the cardioid or the great disc of the Mandelbrot set, where no iteration is needed."""
    q = np.abs(c - 0.25) ** 2
    return (q * (q + c.real - 0.25) < 0.25 * c.imag**2) | (np.abs(c + 1) < 0.25)


def rim(rng: np.random.Generator, *, beyond: tuple[float, float] = (1.0, 1.0)) -> complex:
    """A point at the rim of the Mandelbrot set's cardioid or great disc.

    Args:
        beyond: least and largest distance from its middle, in units of the rim's.
    """
    reach = rng.uniform(*beyond) * np.exp(1j * rng.uniform(0, 2 * np.pi))
    return reach / 2 - reach**2 / 4 if rng.random() < 0.7 else -1 + reach / 4


def _look(x: np.ndarray, y: np.ndarray, centre: complex) -> np.ndarray:
    return (x + 1j * y).astype(np.complex64) + np.complex64(centre)


def _grid(side: int, half: float, centre: complex) -> np.ndarray:
    y, x = np.mgrid[-half : half : side * 1j, -half : half : side * 1j]
    return _look(x, y, centre)


_DENDRITES = (
    1j,
    -0.1011 + 0.9563j,
    -1.5437,
    -0.8 + 0.156j,
    -0.7269 + 0.1889j,
    0.285 + 0.01j,
    -0.4 + 0.6j,
    -1.25 + 0.05j,
)


def _seed(rng: np.random.Generator) -> complex:
    """A parameter whose Julia set has much to see: neither a mere ring nor scattered dust."""
    best, chosen = -1.0, 1j
    for _ in range(6):
        if rng.random() < 0.35:
            c = _DENDRITES[rng.integers(len(_DENDRITES))] + rng.normal(0, 0.004) + 1j * rng.normal(0, 0.004)
        else:
            c = rim(rng, beyond=(1.01, 1.07))
        count = escape(_grid(48, 1.4, 0), c, 60)
        merit = min(border(count > 14), 6.0) + min(border(count > 25), 4.0) - 12 * np.isinf(count).mean()
        if merit > best:
            best, chosen = merit, c
    return chosen


def draw_julia(rng: np.random.Generator, size: int) -> np.ndarray:
    """A dendrite with the same spirals on both sides of its centre, in smooth bands of escape time."""
    side = fine(size)
    c = _seed(rng)
    x, y = plane(rng, side, zoom=(0.45, 1.15), shift=0.25, tilt=0.2)
    count = escape(_look(x, y, 0), c, 150)
    count = np.minimum(count, 150)
    low, high = np.quantile(count, [0.02, 0.995])
    tone = np.log1p(np.maximum(count - low, 0)) / np.log1p(max(high - low, 5.0))
    colours = inks(rng, rng.integers(3, 6), gap=0.45)
    if rng.random() < 0.5:
        picture = cyclic(tone * rng.uniform(0.9, 2.2) + rng.random(), colours)
    else:
        picture = cyclic(np.minimum(tone, 1) * 0.8, colours)
    if rng.random() < 0.6:
        picture = picture * relief(
            rng, cv2.GaussianBlur(tone.astype(np.float32), (0, 0), side / 300), depth=6
        )
    return reduced(picture, size)


_PLACES = (
    (-0.745 + 0.11j),
    (-0.16 + 1.033j),
    (-1.757 + 0.01j),
    (-0.088 + 0.654j),
    (0.29 + 0.015j),
    (-1.25 + 0.03j),
    (-0.5 + 0.56j),
    (0.36 + 0.32j),
)


def _site(rng: np.random.Generator) -> tuple[complex, float]:
    """Centre and half side of a view in which bulbs and what surrounds them both have room."""
    best, chosen = -9.0, (-0.6 + 0j, 1.2)
    for _ in range(10):
        half = np.exp(rng.uniform(np.log(0.03), np.log(0.7)))
        middle = _PLACES[rng.integers(len(_PLACES))] if rng.random() < 0.35 else rim(rng)
        middle = middle + half * (rng.normal(0, 0.35) + 1j * rng.normal(0, 0.35))
        c = _grid(40, half, middle)
        known = inside(c)
        count = np.full(c.shape, np.inf, np.float32)
        count[~known] = escape(c[~known], c[~known], 240)
        body = np.isinf(count)
        bands = np.where(body, -1, np.floor(np.log2(np.maximum(count, 1))))
        bulb = cv2.distanceTransform(body.astype(np.uint8), cv2.DIST_L2, 5).max() / 40
        merit = (
            min(border(body), 6.0)
            + 12 * busy(bands)
            - 25 * max(body.mean() - 0.4, 0)
            - 60 * max(0.1 - bulb, 0)
        )
        if merit > best:
            best, chosen = merit, (middle, half)
    return chosen


def draw_mandelbrot(rng: np.random.Generator, size: int) -> np.ndarray:
    """Filled bulbs that wear smaller bulbs, and the bands and spirals around them."""
    side = fine(size)
    middle, half = _site(rng)
    x, y = plane(rng, side, zoom=(half, half), shift=0, tilt=0.15)
    c = _look(x, y, middle)
    known = inside(c)
    count = np.full(c.shape, np.inf, np.float32)
    count[~known] = escape(c[~known], c[~known], 240)
    body = np.isinf(count)
    outside = count[~body]
    low = outside.min()
    tone = np.log1p(np.where(body, outside.max(), count) - low)
    tone /= np.log1p(np.quantile(outside, 0.97) - low)
    colours = inks(rng, rng.integers(4, 7), gap=0.5)
    turns = rng.uniform(0.8, 3.0)
    picture = cyclic(turns * tone, colours[1:])
    if rng.random() < 0.5:
        picture = picture * relief(
            rng, cv2.GaussianBlur(tone.astype(np.float32), (0, 0), side / 250), depth=8
        )
    far = cv2.distanceTransform(body.astype(np.uint8), cv2.DIST_L2, 5) / side
    dome = np.sqrt(np.minimum(far / rng.uniform(0.03, 0.1), 1))
    flat = colours[0] * np.ones_like(picture)
    if rng.random() < 0.5:
        flat = flat * relief(rng, stretched(dome), depth=4) * (0.7 + 0.3 * dome[..., None])
    return reduced(np.where(body[..., None], flat, picture), size)
