"""Plumage: layered feathers with shafts and barbs, barred, spotted, laced, or with the eyes of a peacock."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.datasets.organic.easel import fine, inks, reduced
from training.datasets.painting import coloured, over, plane, smooth_step

_SIDE = 64  # period of the tables of chance


@dataclass(frozen=True)
class Feathers:
    """Which feather lies on top at each point, `[height, width]` each.

    Attributes:
        across: signed distance from the shaft, in feather widths; the vane ends near 0.5.
        along: 0 at the root, 1 at the tip.
        rim: share of the vane's half width that is left to its edge, 1 on the shaft.
        over: how far beyond the edge of the feather that lies over it, in feather widths.
        own: a number in [0, 1) for each feather.
        bare: where no feather lies.
    """

    across: np.ndarray
    along: np.ndarray
    rim: np.ndarray
    over: np.ndarray
    own: np.ndarray
    bare: np.ndarray


def vane(along: np.ndarray, blunt: float) -> np.ndarray:
    """Half width of a feather relative to its widest place: 0 at root and tip, 1 about the middle."""
    t = np.clip(along, 0, 1)
    return np.sqrt(np.clip(1 - t**blunt, 0, 1)) * np.clip(t / 0.2, 0, 1) ** 0.5


def barb(along: np.ndarray, across: np.ndarray, *, length: float, lean: float) -> np.ndarray:
    """Where along the shaft the barb through a point leaves it, in feather widths; barbs bend towards the tip."""
    away = np.abs(across)
    return along * length - lean * away * (0.7 + away)


def plumed(
    rng: np.random.Generator,
    x: np.ndarray,
    y: np.ndarray,
    *,
    length: float,
    row: float,
    width: float,
    blunt: float,
) -> Feathers:
    """Feathers rooted in staggered rows, each a little turned; a row lies over the one that follows it along y.

    Args:
        length, width: of a feather, in units of the distance of neighbours in a row.
        row: distance of rows.
        blunt: form of the tip; 2 is pointed, 8 nearly square.
    """
    turn, shift, notch = (
        rng.normal(0, 0.1, [_SIDE, _SIDE]),
        rng.uniform(-0.3, 0.3, [_SIDE, _SIDE]),
        rng.random(512),
    )
    cosine, sine, shift = (t.astype(np.float32) for t in (np.cos(turn), np.sin(turn), shift * row))
    notch = np.convolve(notch**12, [1, 1, 0.6, 0.3], "same").astype(np.float32)
    lots = rng.random([_SIDE, _SIDE], np.float32)
    shape, x, y = x.shape, x.ravel(), y.ravel()
    fields, above = np.zeros([4, x.size], np.float32), np.full(x.size, 9, np.float32)
    last, free = np.floor(y / row).astype(np.int32), np.arange(x.size)  # free: points still uncovered
    for back in range(int(np.ceil(length / row)) + 1, -1, -1):
        for beside in (0, 1, -1, 2):  # a turned feather reaches beyond its own column
            u, v, r = x[free], y[free], last[free] - back
            u = u - np.float32(0.5) * (r & 1)
            c = np.floor(u).astype(np.int32) + beside
            i = (r & (_SIDE - 1)) * _SIDE + (c & (_SIDE - 1))
            dx, dy, own = u - c, v - r * np.float32(row) - shift.ravel()[i], lots.ravel()[i]
            cs, sn = cosine.ravel()[i], sine.ravel()[i]
            a, b = (cs * dx - sn * dy) / width, (sn * dx + cs * dy) / length
            place = (barb(b, a, length=length, lean=0.9) * 40 + own * 400).astype(np.int32) & 511
            half = 0.5 * vane(b, blunt) * (1 - 0.2 * notch[place])
            left = half - np.abs(a)
            inside = (left > 0) & (b > 0) & (b < 1)
            near = np.where(b > 0.3, np.maximum(-left, 0), 9)
            above[free] = np.where(inside, above[free], np.minimum(above[free], near))
            fields[:, free[inside]] = np.stack([a, b, left / np.maximum(half, 1e-6), own])[:, inside]
            free = free[~inside]
    bare = np.zeros(x.size, bool)
    bare[free] = True
    return Feathers(*(f.reshape(shape) for f in (fields[0], fields[1], fields[2], above, fields[3], bare)))


def feathers(rng: np.random.Generator, size: int) -> np.ndarray:
    """Layered feathers whose shafts and fine barbs show, each with the marks of its kind."""
    side = fine(size)
    length, width = rng.uniform(2, 3.4), rng.uniform(1.0, 1.3)
    x, y = plane(rng, side, zoom=(0.85, 2.2), shift=10, warp=rng.uniform(0, 0.08), tilt=rng.choice([0, 0.3]))
    pixel = float(np.hypot(np.diff(x, axis=1).mean(), np.diff(y, axis=1).mean()))
    coat = plumed(
        rng, x, y, length=length, row=rng.uniform(0.7, 1.1), width=width, blunt=rng.choice([3, 5, 8])
    )
    lean = rng.uniform(0.6, 1.2)
    place = barb(coat.along, coat.across, length=length, lean=lean)
    colours = inks(rng, 5)
    kind = rng.choice(["bars", "lace", "tip", "eye", "plain"], p=[0.25, 0.2, 0.2, 0.25, 0.1])
    tone = 0.55 + 0.3 * (coat.own - 0.5) + 0.15 * (coat.along - 0.5)
    if kind == "bars":
        tone = tone + 0.4 * np.clip(2.5 * np.sin(2 * np.pi * place * rng.uniform(1.3, 2.6)), -1, 1)
    elif kind == "lace":
        tone = tone + 0.2 - 0.7 * smooth_step(-np.minimum(coat.rim, (1 - coat.along) * 8), -0.22, 0.12)
    elif kind == "tip":
        tone = tone + 0.2 - 0.8 * smooth_step(place, length * rng.uniform(0.72, 0.82), 0.12)
    picture = coloured(tone, colours)
    if kind == "eye":
        far = np.hypot(coat.across * 1.15, (coat.along - 0.83) * length * 0.85) * (
            1 + 0.12 * np.sin(place * 9)
        )
        for k, radius in enumerate((0.37, 0.29, 0.2, 0.11)):
            ring = np.broadcast_to(colours[(0, 4, 2, 0)[k]], picture.shape)
            picture = over(picture, ring, smooth_step(-far, -radius, 2 * pixel + 0.02))
    # about 35 barbs along a side of the picture, however near it is seen
    per_width = min(rng.uniform(16, 26), 0.16 / pixel)
    wave = 0.5 + 0.5 * np.cos(2 * np.pi * place * per_width + 2 * coat.own)
    light = 1 - rng.uniform(0.35, 0.55) * wave**2
    light = light * (1 + rng.uniform(-0.3, 0.3) * np.sign(coat.across) * (1 - coat.rim))
    picture = picture * light[..., None]
    shaft = smooth_step(-np.abs(coat.across), -0.022 * (1.3 - coat.along) - pixel / 3, pixel)
    picture = over(
        picture, np.broadcast_to(colours[rng.choice([0, 4])] * 0.7 + 0.2, picture.shape), 0.9 * shaft
    )
    picture = picture * (1 - 0.6 * np.exp(-coat.over / 0.09))[..., None]
    down = np.broadcast_to(colours[0] * 0.3, picture.shape)
    return reduced(over(picture, down, coat.bare.astype(np.float32)), size)
