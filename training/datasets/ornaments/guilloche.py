"""Guilloche: banknote rosettes and bands, laced from many thin waves."""

from __future__ import annotations

import cv2
import numpy as np

from training.datasets.ornaments.drafting import SUBPIXEL, Camera, camera, fine, inks, reduced
from training.datasets.painting import background


def rosette(radii: tuple[float, float], waves: int, curves: int, *, second: float = 0.0) -> np.ndarray:
    """Closed waves about a centre that lace a ring: `[curves, points, 2]`.

    Args:
        radii: inner and outer edge of the ring, both touched by every curve.
        waves: of every curve in a full turn; the ring looks the same after a turn by `1 / waves`.
        curves: each turned a little further than the last.
        second: share (0 to 0.5) of a wave three times as fast.
    """
    points = waves * max(24, -(-240 // waves))
    angle = np.linspace(0, 2 * np.pi, points + 1)
    phase = 2 * np.pi * np.arange(curves)[:, None] / curves
    wave = (1 - second) * np.cos(waves * angle + phase) + second * np.cos(3 * (waves * angle + phase))
    radius = (radii[0] + radii[1]) / 2 + (radii[1] - radii[0]) / 2 * wave
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], -1)


def band(length: float, height: float, waves: float, curves: int, *, swell: float = 0.0) -> np.ndarray:
    """Waves along x from `-length` to `length` that lace a band of `height`: `[curves, points, 2]`.

    Args:
        waves: in a unit of length.
        swell: how much the band grows and shrinks along the way, 0 to 1.
    """
    x = np.linspace(-length, length, int(24 * waves * length) + 2)
    phase = 2 * np.pi * np.arange(curves)[:, None] / curves
    envelope = 1 - swell * (0.5 + 0.5 * np.cos(2 * np.pi * waves / 4 * x))
    y = height / 2 * envelope * np.cos(2 * np.pi * waves * x + phase)
    return np.stack([np.broadcast_to(x, y.shape), y], -1)


def draw_guilloche(rng: np.random.Generator, size: int) -> np.ndarray:
    """Lace of thin lines as engraved on banknotes: float32 `[size, size, 3]`."""
    side = fine(size)
    colours = inks(rng, 5, apart=0.5)
    ground = colours[:1] + rng.uniform(-0.1, 0.1, [2, 3])
    sheet = background(rng, side, np.clip(ground, 0, 1).astype(np.float32))
    view = camera(rng, side, zoom=(0.4, 1.5), shift=0.6, tilt=0.25 * (rng.random() < 0.3))
    line = max(1, round(side / 336 * rng.uniform(1, 2.4)))
    _bands(rng, sheet, view, colours, line)
    centres = np.zeros([1, 2])
    if rng.random() < 0.65:
        step = rng.uniform(1.6, 2.2)
        i, j = np.mgrid[-2:3, -2:3]
        centres = step * np.stack([i.ravel() + 0.5 * (j.ravel() % 2), 0.87 * j.ravel()], 1)
        centres = centres[np.linalg.norm(centres - view.centre, axis=1) < 1.6 * view.half + 1.1]
    _rosettes(rng, sheet, view, centres, colours, line)
    return reduced(sheet, size)


def _lines(sheet: np.ndarray, view: Camera, curves: np.ndarray, inks: tuple, width: int) -> None:
    """Draws curves `[curves, points, 2]`, whose colour runs from the first ink to the second and back."""
    share = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(len(curves)) / len(curves))
    for points, s in zip(view.points(curves), share, strict=True):
        colour = inks[0] + s * (inks[1] - inks[0])
        cv2.polylines(sheet, [points], False, colour.tolist(), width, cv2.LINE_AA, SUBPIXEL)


def _bands(rng, sheet, view, colours, line):
    """Fills the ground with laced bands that lie side by side."""
    height = rng.uniform(0.3, 0.8)
    curves = band(
        4 * view.half, height * rng.uniform(1.0, 1.5), rng.uniform(0.6, 1.4) / height, int(rng.integers(4, 10)),
        swell=rng.uniform(0, 0.6),
    )  # fmt: skip
    reach = int(np.ceil(2.2 * view.half / height)) + 1
    for k in range(-reach, reach + 1):
        move = np.array([0.37 * k * height * (k % 2), k * height])
        colour = colours[0] + 0.75 * (colours[1 + k % 2] - colours[0])
        _lines(sheet, view, curves + move, (colour, colour), line)


def _rosettes(rng, sheet, view, centres, colours, line):
    """Draws rings of lace about every centre, on a scalloped disc of plain paper."""
    waves = int(rng.choice([6, 8, 9, 10, 12, 16]))
    turn = np.linspace(0, 2 * np.pi, 240)
    edge = 1.0 + rng.uniform(0, 0.06) * np.cos(2 * waves * turn)
    disc = edge[:, None] * np.stack([np.cos(turn), np.sin(turn)], 1)
    if len(centres):
        cv2.fillPoly(
            sheet, list(view.points(centres[:, None] + disc)), colours[0].tolist(), cv2.LINE_AA, SUBPIXEL
        )
    rings = int(rng.integers(1, 4))
    cuts = (np.arange(1, rings) + rng.uniform(-0.2, 0.2, rings - 1)) / rings
    edges = np.concatenate([[rng.uniform(0.06, 0.2)], cuts, [1.0]])
    for k in range(rings):
        outer = edges[k + 1]
        inner = max(edges[k] - rng.uniform(0, 0.25) * (outer - edges[k]), 0.06)
        fast = waves * int(rng.choice([1, 1, 2])) if inner > 0.3 else waves
        around = np.pi * (inner + outer) * view.scale / (rng.uniform(3.5, 8) * line)  # lines that have room
        count = int(np.clip(around / (2 * fast), 4, 16))
        fast = int(np.clip(around / (2 * count), 5, fast))
        lace = rosette((inner, outer), fast, count, second=float(rng.choice([0, 0, 0.2, 0.35])))
        pair = (colours[1 + k % 4], colours[1 + (k + 1) % 4])
        for centre in centres:
            _lines(sheet, view, centre + lace, pair, line)
