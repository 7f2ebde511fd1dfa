"""Paisley: a bent drop full of rows of dots and petals, repeated by a wallpaper group."""

from __future__ import annotations

import cv2
import numpy as np

from training.datasets.ornaments.drafting import SUBPIXEL, fine, inks, paint, reduced, sampled, soft, spaced
from training.datasets.painting import background, plane, relief

GROUPS = ("p1", "p2", "pg", "pgg", "cm")


def folded(x: np.ndarray, y: np.ndarray, group: str) -> tuple[np.ndarray, np.ndarray]:
    """Where in its unit cell a point of a wallpaper lies, as the group sees it: two fields in [0, 1).

    Points that a symmetry of the group maps onto each other get the same place. Next to the unit translations of
    `p1` or their doubles: `p2` has half turns, `pg` glide reflections along y, `pgg` glides along both axes and hence
    half turns, and `cm` pairs of columns that mirror each other, every other pair moved by half a cell.

    Raises:
        ValueError: if `group` is none of `GROUPS`.
    """
    if group not in GROUPS:
        raise ValueError(f"`group` must be one of {GROUPS}. Received: {group!r}")
    if group == "cm":
        i = np.floor(x)
        y = y + 0.5 * (np.floor(i / 2) % 2)
        u, v = x - i, y - np.floor(y)
        return np.where(i % 2 == 1, 1 - u, u), v
    i, j = np.floor(x), np.floor(y)
    u, v = x - i, y - j
    turned = {"p1": 0 * i, "p2": (i + j) % 2, "pg": 0 * i, "pgg": i % 2}[group] == 1
    u, v = np.where(turned, 1 - u, u), np.where(turned, 1 - v, v)
    mirrored = (group in ("pg", "pgg")) & (j % 2 == 1)
    return np.where(mirrored, 1 - u, u), v


def drop(bend: float, slim: float, points: int = 240) -> np.ndarray:
    """Outline of a drop whose tip bends over, within the unit square: `[points, 2]`, y downwards."""
    t = np.linspace(0, 2 * np.pi, points, endpoint=False)
    x, y = slim * np.sin(t) * np.sin(t / 2) ** 1.35, -np.cos(t)
    rise = np.clip((0.6 - y) / 1.6, 0, None)
    angle = bend * rise**2
    px, py = x * np.cos(angle) - (y - 0.4) * np.sin(angle), x * np.sin(angle) + (y - 0.4) * np.cos(angle)
    outline = np.stack([px, py], 1)
    outline -= (outline.max(0) + outline.min(0)) / 2
    return 0.5 + outline * 0.43 / np.abs(outline).max()


def draw_paisley(rng: np.random.Generator, size: int) -> np.ndarray:
    """A cloth of bent drops: float32 `[size, size, 3]`."""
    n = fine(size)
    colours = inks(rng, 6)
    motif = _motif(rng, colours, 3 * n // 4)
    flower = _flower(rng, colours)
    warp, tilt = 0.05 * (rng.random() < 0.4), 0.3 * (rng.random() < 0.4)
    x, y = plane(rng, n, zoom=(0.7, 2.2), shift=20, warp=warp, tilt=tilt)
    x = x * rng.uniform(1.2, 1.5)
    group = str(rng.choice(GROUPS))
    sheet = background(rng, n, colours[:1] * np.linspace(0.85, 1, 2, dtype=np.float32)[:, None])
    if rng.random() < 0.6:
        _dots(rng, sheet, x, y, colours)
    fu, fv = x + 0.5, y + 0.5
    near = rng.uniform(2.3, 3.2)
    fu, fv = (fu % 1 - 0.5) * near + 0.5, (fv % 1 - 0.5) * near + 0.5
    if group != "cm":
        spot = sampled(flower if rng.random() < 0.5 else motif, fu, fv)
        paint(sheet, spot[..., :3], spot[..., 3])
    layer = sampled(motif, *folded(x, y, group))
    paint(sheet, layer[..., :3], layer[..., 3])
    if rng.random() < 0.35:
        sheet *= relief(rng, cv2.GaussianBlur(layer[..., 3], (0, 0), n / 200), depth=rng.uniform(1, 3))
    return reduced(sheet, size)


def _dots(rng, sheet, x, y, colours):
    """A quiet ground of small dots."""
    many = int(rng.integers(5, 9))
    u, v = x * many, y * many
    u = u + 0.5 * (np.floor(v) % 2)
    d = np.hypot(u % 1 - 0.5, v % 1 - 0.5)
    paint(sheet, colours[int(rng.integers(1, 6))], soft(d - rng.uniform(0.12, 0.22), 0.1) * 0.8)


def _motif(rng, colours, side):
    """The drop as a texture with opacity, `[side, side, 4]`: layers from outline to kernel."""
    outline = drop(rng.uniform(1.1, 2.1), rng.uniform(0.75, 1.05)) * side
    sheet = np.zeros([side, side, 4], np.float32)
    shape = np.zeros([side, side], np.uint8)
    cv2.fillPoly(shape, [np.rint(outline * 2**SUBPIXEL).astype(np.int32)], 255, cv2.LINE_8, SUBPIXEL)
    depth = cv2.distanceTransform(shape, cv2.DIST_L2, 5)
    deepest = depth.max()
    ink = colours[1:][rng.permutation(5)]

    def layer(colour, alpha):
        paint(sheet[..., :3], colour, alpha)
        sheet[..., 3] = np.maximum(sheet[..., 3], alpha)

    def beads(points, radius, colour):
        mask = np.zeros([side, side], np.uint8)
        for p in np.rint(points * 2**SUBPIXEL).astype(int):
            cv2.circle(mask, p.tolist(), int(radius * 2**SUBPIXEL), 255, -1, cv2.LINE_AA, SUBPIXEL)
        layer(colour, mask.astype(np.float32) / 255)

    if rng.random() < 0.65:
        gap = side * rng.uniform(0.05, 0.08)
        petals = spaced(outline, gap)
        beads(petals, gap * 0.62, ink[0])
        beads(petals, gap * 0.3, colours[0] if rng.random() < 0.5 else ink[1])
    levels = np.sort(rng.uniform(0.0, 0.75, int(rng.integers(3, 6))))
    levels[0] = 0.0
    for k, level in enumerate(levels):
        colour = colours[0] if k % 2 == 1 else ink[(k // 2 + 1) % 5]
        layer(colour, soft(level * deepest + 0.5 - depth, 1.5))
    for level in (rng.uniform(0.12, 0.3), rng.uniform(0.4, 0.6)):
        contours, _ = cv2.findContours(
            (depth > level * deepest).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
        )
        gap = side * rng.uniform(0.035, 0.06)
        if contours:
            beads(spaced(contours[0][:, 0], gap), gap * rng.uniform(0.28, 0.42), ink[int(rng.integers(5))])
    middle = np.unravel_index(np.argmax(depth), depth.shape)[::-1]
    angle = 2 * np.pi * np.arange(8) / 8
    ring = np.array(middle) + deepest * 0.2 * np.stack([np.cos(angle), np.sin(angle)], 1)
    beads(ring, deepest * 0.11, ink[3])
    beads(np.array([middle]), deepest * 0.12, ink[4])
    return sheet


def _flower(rng, colours):
    """A small flower that fills the gaps, `[64, 64, 4]`."""
    v, u = np.mgrid[-1:1:64j, -1:1:64j].astype(np.float32)
    radius, angle = np.hypot(u, v), np.arctan2(v, u)
    petals = int(rng.integers(5, 9))
    edge = 0.62 + 0.22 * np.cos(petals * angle)
    sheet = np.zeros([64, 64, 4], np.float32)
    first, second = colours[rng.permutation(5)[:2] + 1]
    for scale, colour in ((1.0, first), (0.6, colours[0]), (0.35, second)):
        alpha = soft(radius - edge * scale, 0.06)
        paint(sheet[..., :3], colour, alpha)
        sheet[..., 3] = np.maximum(sheet[..., 3], alpha)
    return sheet
