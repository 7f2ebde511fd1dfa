"""Newton's method seen as a map: which root a point falls to, and how soon.

Wherever two basins would meet, every other one comes between them, and so their borders are chains of beads.
"""

from __future__ import annotations

import cv2
import numpy as np

from training.datasets.fractals.sheet import LUMA, border, busy, fine, inks, reduced
from training.datasets.painting import plane, relief

_NEAR = 1e-2  # a root counts as found within this distance


def basins(
    z: np.ndarray, roots: np.ndarray, *, steps: int = 40, relax: complex = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    """Where Newton's method leads for the polynomial with the given simple roots.

    Args:
        z: where to start, complex, any shape.
        roots: complex `[count]`.
        steps: most steps.
        relax: factor on each step; 1 is Newton's method.

    Returns:
        `(index, count)`: int8 index of the root, -1 where none was reached, and float32 smooth number of steps.
    """
    shape = z.shape
    z = z.astype(np.complex64).ravel()
    roots = roots.astype(np.complex64)
    index = np.full(z.size, -1, np.int8)
    count = np.full(z.size, steps, np.float32)
    at = np.arange(z.size)
    for step in range(steps):
        pull = np.zeros_like(z)  # p' / p, the sum over the roots of 1 / (z - root)
        for k, root in enumerate(roots):
            gap = z - root
            square = gap.real**2 + gap.imag**2
            hit = square < _NEAR**2
            if hit.any():
                index[at[hit]] = k
                count[at[hit]] = step - np.log2(np.log(np.maximum(square[hit], 1e-12)) / np.log(_NEAR**2))
            pull += np.conj(gap) / np.maximum(square, 1e-12)
        left = index[at] < 0
        z, at, pull = z[left], at[left], pull[left]
        if not len(at):
            break
        z = z - np.complex64(relax) / np.where(pull == 0, np.complex64(1e-6), pull)
    return index.reshape(shape), count.reshape(shape)


def _roots(rng: np.random.Generator) -> np.ndarray:
    """Three to six roots: those of unity, drawn a little out of place or with one in the middle."""
    count = int(rng.choice([3, 4, 5, 6], p=[0.4, 0.25, 0.2, 0.15]))
    roots = np.exp(2j * np.pi * np.arange(count) / count)
    if rng.random() < 0.5:
        roots = roots + 0.12 * (rng.normal(0, 1, count) + 1j * rng.normal(0, 1, count))
    elif rng.random() < 0.3:
        roots[-1] = 0
    return roots


def _site(rng: np.random.Generator, roots: np.ndarray) -> tuple[complex, float]:
    """Centre and half side of a view with many beads and every basin in it."""
    best, chosen = -9.0, (0j, 1.0)
    for _ in range(8):
        half = np.exp(rng.uniform(np.log(0.4), np.log(1.8)))
        middle = half * complex(rng.normal(0, 0.3), rng.normal(0, 0.3)) + roots.mean()
        y, x = np.mgrid[-half:half:40j, -half:half:40j]
        index, _ = basins(x + 1j * y + middle, roots, steps=20)
        share = np.bincount(index[index >= 0], minlength=len(roots)) / index.size
        merit = (
            min(border(index), 14.0)
            + 8 * busy(index)
            - 20 * max(share.max() - 0.45, 0)
            - 10 * max(0.08 - share.min(), 0)
        )
        if merit > best:
            best, chosen = merit, (middle, half)
    return chosen


def _tints(rng: np.random.Generator, count: int) -> np.ndarray:
    """A colour for each basin, well apart from each other in hue or in lightness: `[count, 3]`."""
    if rng.random() < 0.35:
        return inks(rng, count, gap=0.5)[rng.permutation(count)]
    hue = (rng.uniform(0, 360) + 360 * np.arange(count) / count + rng.normal(0, 12, count)) % 360
    value = np.clip(rng.uniform(0.55, 0.9) + rng.normal(0, 0.15, count), 0.3, 1)
    hsv = np.stack([hue, np.clip(rng.uniform(0.3, 0.95, count), 0, 1), value], 1).astype(np.float32)
    return cv2.cvtColor(hsv[None], cv2.COLOR_HSV2RGB)[0][rng.permutation(count)]


def draw_newton(rng: np.random.Generator, size: int) -> np.ndarray:
    """Basins in as many colours as there are roots, with beads along their borders."""
    side = fine(size)
    roots = _roots(rng)
    relax = 1.0 if rng.random() < 0.7 else rng.uniform(0.85, 1.15) + 0.1j * rng.normal()
    middle, half = _site(rng, roots)
    x, y = plane(rng, side, zoom=(half, half), shift=0, tilt=0.2)
    index, count = basins(x + 1j * y + middle, roots, relax=relax)
    tints = np.concatenate([_tints(rng, len(roots)), np.full([1, 3], 0.1)]).astype(np.float32)
    tone = np.clip(1 - np.maximum(count - 1, 0) / rng.uniform(12, 22), 0.05, 1)
    style = rng.choice(["dusk", "dawn", "bands"], p=[0.45, 0.25, 0.3])
    picture = tints[index]
    if style == "dusk":
        picture = picture * (tone ** rng.uniform(0.6, 1.4))[..., None]
    elif style == "dawn":
        end = 1.0 if (tints @ LUMA).mean() < 0.55 else 0.05
        picture = end + (picture - end) * (tone**1.2)[..., None]
    else:
        wave = 0.5 + 0.5 * np.cos(2 * np.pi * count * rng.choice([0.5, 1.0]))
        picture = picture * (0.3 + 0.4 * tone + 0.3 * wave)[..., None]
    if rng.random() < 0.5:
        picture = picture * relief(
            rng, cv2.GaussianBlur(tone.astype(np.float32), (0, 0), side / 250), depth=6
        )
    return reduced(picture, size)
