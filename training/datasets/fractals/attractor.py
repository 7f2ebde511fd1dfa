"""Strange attractors of Clifford and de Jong: a plane folded by sines, again and again, into veils with sharp hems."""

from __future__ import annotations

import numpy as np

from training.datasets.fractals.density import exposed, framed, histogram, softened
from training.datasets.fractals.sheet import fine, inks, reduced, view
from training.datasets.painting import coloured, relief


def clifford(x: np.ndarray, y: np.ndarray, p: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """One step of Clifford's map; |x| <= 1 + |c| and |y| <= 1 + |d| ever after."""
    a, b, c, d = p
    return np.sin(a * y) + c * np.cos(a * x), np.sin(b * x) + d * np.cos(b * y)


def de_jong(x: np.ndarray, y: np.ndarray, p: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """One step of de Jong's map; both coordinates stay in [-2, 2]."""
    a, b, c, d = p
    return np.sin(a * y) - np.cos(b * x), np.sin(c * x) - np.cos(d * y)


def orbit(
    rng: np.random.Generator, step, p: np.ndarray, *, count: int, steps: int, skip: int = 12
) -> np.ndarray:
    """Complex points `[steps, count]` that many particles visit after the first `skip` steps."""
    x, y = rng.uniform(-1, 1, [2, count]).astype(np.float32)
    p = p.astype(np.float32)
    for _ in range(skip):
        x, y = step(x, y, p)
    points = np.empty([steps, count], np.complex64)
    for k in range(steps):
        x, y = step(x, y, p)
        points[k].real, points[k].imag = x, y
    return points


def _law(rng: np.random.Generator):
    """A map and its parameters whose attractor spreads over an area and has hems to look at."""
    best, chosen = -1.0, None
    for _ in range(10):
        step = (clifford, de_jong)[rng.integers(2)]
        p = rng.uniform(1.2, 2.4, 4) * rng.choice([-1, 1], 4)
        if step is clifford:
            p[2:] = rng.uniform(0.4, 1.4, 2) * rng.choice([-1, 1], 2)
        points = orbit(rng, step, p, count=600, steps=8, skip=20)
        middle, half = framed(points)
        if half < 0.4:
            continue
        count = histogram(view(rng, 32, centre=middle, half=half), points)
        spread = (count > 0).mean()
        merit = min(spread, 0.75) + 0.15 * min(count.std() / max(count.mean(), 1e-6), 2.5)
        if merit > best:
            best, chosen = merit, (step, p)
    return chosen or (clifford, np.array([-1.4, 1.6, 1.0, 0.7]))


def draw_attractor(rng: np.random.Generator, size: int) -> np.ndarray:
    """Folded veils in one range of tones, light on dark or dark on light."""
    side = fine(size)
    step, p = _law(rng)
    points = orbit(rng, step, p, count=24000, steps=36)
    middle, half = framed(points[:4])
    half *= np.exp(rng.uniform(np.log(0.4), np.log(0.95)))
    near = points[0, rng.integers(points.shape[1])]
    middle = middle + (near - middle) * rng.uniform(0, 0.5)
    count = histogram(view(rng, side, centre=middle, half=half, tilt=0.2), points)
    count = softened(count, side / 110)
    tone = exposed(count, gamma=rng.uniform(0.8, 1.5), white=0.997).astype(np.float32)
    picture = coloured(tone, inks(rng, rng.integers(2, 5), gap=0.55))
    if rng.random() < 0.4:
        picture = picture * relief(rng, tone, depth=5)
    return reduced(picture, size)
