"""Reaction and diffusion: spots and labyrinths, as Turing explained the skins of animals.

Both come from the Swift-Hohenberg equation, the normal form of every pattern of one wavelength. Its quadratic term
decides: without it stripes win and bend into a labyrinth, with it the peaks draw together into spots.
"""

from __future__ import annotations

import cv2
import numpy as np
from scipy import fft

from training.datasets.organic.easel import fine, inks, reduced
from training.datasets.painting import background, coloured, noise, over, plane, relief, smooth_step


def linear_growth(grid: int, *, waves: float, drive: float, stretch: float = 1.0) -> np.ndarray:
    """Rate at which each wave grows while it is weak: float32 `[grid, grid // 2 + 1]`, as `rfft2` orders them.

    Args:
        waves: wavelengths along a side; there the rate has its maximum, `drive`.
        drive: distance from the onset of the pattern.
        stretch: ratio of the wavelengths along y and x.
    """
    ky = np.fft.fftfreq(grid, 1 / grid)[:, None] * stretch
    kx = np.fft.rfftfreq(grid, 1 / grid)[None]
    return (drive - (1 - (kx**2 + ky**2) / waves**2) ** 2).astype(np.float32)


def step(field: np.ndarray, growth: np.ndarray, *, asymmetry: float, time: float = 1.2) -> np.ndarray:
    """One semi-implicit step of u' = L u + asymmetry u^2 - u^3 on a torus; the cube keeps u bounded."""
    field = np.clip(field, -3, 3)  # far outside what the equation reaches, but a large step might run away
    pushed = fft.rfft2(field + time * (field * field * (asymmetry - field)))
    return fft.irfft2(pushed / (1 - time * growth), s=field.shape)


def pattern(
    rng: np.random.Generator,
    *,
    waves: float,
    asymmetry: float,
    drive: float = 0.35,
    stretch: float = 1.0,
    grid: int = 128,
    steps: int = 50,
) -> np.ndarray:
    """A grown pattern on a torus, float32 `[grid, grid]`, within about -1.5 to 1.5.

    Args:
        waves: wavelengths along a side.
        asymmetry: 0 for labyrinths, about 1 for spots.
        drive: distance from the onset; spots want less than labyrinths.
        stretch: of the wavelength along x.
        steps: fewer leave more faults.
    """
    growth = linear_growth(grid, waves=waves, drive=drive, stretch=stretch)
    field = rng.normal(0, 0.4, [grid, grid]).astype(np.float32)
    for _ in range(steps):
        field = step(field, growth, asymmetry=asymmetry)
    return field


def _seen(
    rng: np.random.Generator, field: np.ndarray, size: int, *, warp: float, squeeze: float = 0.0
) -> np.ndarray:
    """The torus seen in perspective, turned and bent: float32 `[size, size]`."""
    x, y = plane(rng, size, zoom=(0.65, 1.0), warp=warp, tilt=rng.choice([0, 0.35]))
    x = x * (1 - rng.uniform(0, 1) * squeeze)
    grid = field.shape[0]
    # the map is wrapped by hand: the picture may see far beyond one period
    padded = np.pad(field, 2, mode="wrap")
    u, v = ((c * 0.5 + 0.5) * grid % grid + 2 for c in (x, y))
    return cv2.remap(padded, u.astype(np.float32), v.astype(np.float32), cv2.INTER_CUBIC)


def spots(rng: np.random.Generator, size: int) -> np.ndarray:
    """Spots of reaction and diffusion, as on a frog or a leopard: full, ringed, haloed or with a pupil."""
    side = fine(size)
    waves = float(np.exp(rng.uniform(np.log(6), np.log(15))))
    field = pattern(
        rng, waves=waves, asymmetry=1.0, drive=rng.uniform(0.05, 0.15), steps=rng.integers(32, 55)
    )
    u = _seen(rng, field / np.quantile(field, 0.985), side, warp=rng.uniform(0, 0.15), squeeze=0.35)
    edge = rng.uniform(0.32, 0.55) + rng.uniform(0, 0.4) * (noise(rng, side, cells=4, octaves=2) - 0.5)
    soft = 6 * waves / size
    colours = inks(rng, 4, gap=0.4)
    ground = over(
        background(rng, side, colours[:2]), background(rng, side, colours[:2]), np.full([side, side], 0.5)
    )
    mask = smooth_step(u, edge, soft)
    kind = rng.choice(["full", "ring", "halo", "pupil"], p=[0.45, 0.2, 0.2, 0.15])
    if kind == "halo":
        ground = over(ground, np.broadcast_to(colours[2], ground.shape), smooth_step(u, edge - 0.35, soft))
    paint = coloured(0.75 + 0.25 * noise(rng, side, cells=6, octaves=3), colours[[0, 2, 3]])
    picture = over(ground, paint, mask)
    if kind in ("ring", "pupil"):
        inner = smooth_step(u, edge + rng.uniform(0.25, 0.35), soft)
        picture = over(picture, np.broadcast_to(colours[1], picture.shape), inner)
    if kind == "pupil":
        picture = over(picture, np.broadcast_to(colours[3], picture.shape), smooth_step(u, edge + 0.5, soft))
    if rng.random() < 0.45:
        picture = picture * relief(rng, np.clip(u, 0, 1), depth=25 / waves)
    return reduced(picture, size)


def labyrinth(rng: np.random.Generator, size: int) -> np.ndarray:
    """Winding stripes of one width, as on brain coral: flat, in relief, or with a line along every ridge."""
    side = fine(size)
    waves = float(np.exp(rng.uniform(np.log(7), np.log(18))))
    field = pattern(
        rng, waves=waves, asymmetry=0.0, stretch=rng.choice([1, 1, 1.25]), steps=rng.integers(18, 40)
    )
    u = _seen(rng, field / np.quantile(np.abs(field), 0.95), side, warp=rng.uniform(0, 0.12))
    colours = inks(rng, 4, gap=0.4)
    soft = 6 * waves / size
    edge = rng.uniform(-0.3, 0.3)
    kind = rng.choice(["flat", "smooth", "outlined"], p=[0.4, 0.35, 0.25])
    if kind == "smooth":
        picture = coloured(0.5 + 0.5 * np.sign(u) * np.abs(np.clip(u, -1, 1)) ** rng.uniform(0.4, 1), colours)
    else:
        shade = noise(rng, side, cells=3, octaves=2)
        ridge, valley = coloured(0.6 + 0.4 * shade, colours[1:]), coloured(0.4 * shade, colours[:3])
        picture = over(valley, ridge, smooth_step(u, edge, soft))
    if kind == "outlined":
        line = smooth_step(-np.abs(u - edge), -rng.uniform(0.18, 0.3), soft)
        picture = over(picture, np.broadcast_to(colours[rng.choice([0, 3])], picture.shape), line)
        groove = smooth_step(u, 0.8, soft)
        picture = over(picture, np.broadcast_to(colours[0], picture.shape), 0.6 * groove)
    if rng.random() < 0.65:
        picture = picture * relief(rng, np.clip(0.5 + 0.5 * u, 0, 1), depth=45 / waves)
    return reduced(picture, size)
