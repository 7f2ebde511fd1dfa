"""Dragon curves: a strip of paper folded in half again and again, and opened to the same angle at every fold.

As an L-system: F -> F+G, G -> F-G (right angles), or F -> F-F+F (the terdragon, 120 degrees). Four dragons around a
point, or six terdragons, fill the plane and never use an edge twice; that is why the curves can be drawn as ribbons
in several colours.
"""

from __future__ import annotations

import cv2
import numpy as np

from training.datasets.fractals.sheet import SUBPIXEL, fine, inks, reduced, view
from training.datasets.painting import background, noise, relief


def turns(order: int, *, three: bool = False) -> np.ndarray:
    """Turns, +1 to the left and -1 to the right, of a dragon folded `order` times.

    Args:
        order: 2**order segments, or 3**order of a terdragon.
        three: whether the strip is folded in thirds.
    """
    found = np.zeros(0, np.int8)
    for _ in range(order):
        if three:
            found = np.concatenate([found, [1], found, [-1], found])
        else:
            found = np.concatenate([found, [1], -found[::-1]])
    return found


def path(order: int, *, three: bool = False) -> np.ndarray:
    """Vertices of a dragon from 0 with a first step to 1: complex `[segments + 1]`."""
    angle = 2 * np.pi / (3 if three else 4)
    headings = np.concatenate([[0], np.cumsum(turns(order, three=three))])
    return np.concatenate([[0], np.cumsum(np.exp(1j * angle * headings))])


def rounded(points: np.ndarray, cut: float) -> np.ndarray:
    """A path with its corners cut off: every segment keeps its middle part, complex `[2 * segments]`.

    Args:
        cut: share of a segment taken at either end, at most 0.5.
    """
    a, b = points[:-1], points[1:]
    return np.stack([a + cut * (b - a), b - cut * (b - a)], 1).ravel()


def _ribbon(sheet, look, points, colours, run, width) -> None:
    """Draws a path in colours that change every `run` points."""
    placed = look.fixed(points)
    for k, start in enumerate(range(0, len(points) - 1, run)):
        part = placed[start : start + run + 1]
        shown = ((part > 0) & (part < look.side << SUBPIXEL)).all(1)
        if shown.any():
            tone = colours[k % len(colours)].tolist()
            cv2.polylines(sheet, [part], False, tone, width, cv2.LINE_AA, SUBPIXEL)


def draw_dragon_curve(rng: np.random.Generator, size: int) -> np.ndarray:
    """A ribbon that turns at every step and fills ragged islands, in one colour for each part of its way."""
    side = fine(size)
    three = rng.random() < 0.3
    arms, order = (6, 8) if three else (4, 13)
    curve = path(order, three=three)
    half = np.exp(rng.uniform(np.log(4.5), np.log(12)))
    middle = curve[int(rng.integers(len(curve) // 8))] * np.exp(2j * np.pi * rng.integers(arms) / arms)
    look = view(rng, side, centre=middle, half=half, tilt=0.25)
    colours = inks(rng, 6, gap=0.5)
    sheet = np.ascontiguousarray(background(rng, side, colours[:1]), np.float32)
    unit = look.scale
    cut = rng.choice([0.0, 0.25, 0.35])
    if three:
        cut = max(cut, 0.25)
    width = max(1, int(round(unit * rng.uniform(0.25, 0.5) * (0.8 if three else 1))))
    run = len(curve) * 2 // int(2 ** rng.integers(3, 7))
    rim = rng.random() < 0.4
    mono = rng.random() < 0.25
    for k in range(arms):
        if mono and k % 2:
            continue
        arm = rounded(curve * np.exp(2j * np.pi * k / arms), cut)
        tones = np.roll(colours[2:], k, axis=0)
        if rim:
            _ribbon(sheet, look, arm, colours[1:2], run, width + max(2, round(0.2 * unit)))
        _ribbon(sheet, look, arm, tones if not mono else colours[-1:], run, width)
    if rng.random() < 0.5:
        sheet *= relief(
            rng, cv2.GaussianBlur(np.abs(sheet - colours[0]).mean(-1), (0, 0), unit * 0.12), depth=5
        )
    if rng.random() < 0.4:
        sheet *= (0.75 + 0.5 * noise(rng, side, cells=3, octaves=4))[..., None]
    return reduced(sheet, size)
