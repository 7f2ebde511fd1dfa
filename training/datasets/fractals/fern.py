"""Ferns as iterated function systems: a frond is a row of smaller fronds, each a row of leaves.

Barnsley's fern is the attractor of four maps: a stem, a map that carries the whole up towards the tip, and two that
make it into the lowest leaflet of either side. Here the maps are composed to a fixed depth and leaves are drawn as
filled forms, which is crisper than scattered points.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from training.datasets.fractals.sheet import SUBPIXEL, View, fine, inks, reduced, view
from training.datasets.painting import background, noise, relief


@dataclass(frozen=True)
class Frond:
    """Similarities z -> a * z + b of a frond that grows from 0 with its tip at 1.

    Attributes:
        climb: factor of the map towards the tip, which fixes 1; its angle curls the frond.
        left, right: factors of the maps into the lowest leaflets.
        stalk: share of the stem below the first leaflet.
    """

    climb: complex
    left: complex
    right: complex
    stalk: float

    def leaflets(self, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Maps `(a, b)` of the leaflets, complex `[2, count]`, the left ones first, from the foot to the tip."""
        climb = self.climb ** np.arange(count)
        foot = 1 - climb * (1 - self.stalk)
        half = 1 - climb * self.climb**0.5 * (1 - self.stalk)
        return np.stack([climb * self.left, climb * self.right]), np.stack([foot, half])


def composed(outer: tuple, inner: tuple) -> tuple[np.ndarray, np.ndarray]:
    """Maps `outer(inner(z))` for every pair: complex `[outer..., inner...]`."""
    shape = np.shape(outer[0]) + (1,) * np.ndim(inner[0])
    a, b = np.reshape(outer[0], shape), np.reshape(outer[1], shape)
    return a * inner[0], a * inner[1] + b


def _drawn(rng: np.random.Generator) -> Frond:
    """A frond near Barnsley's."""
    step = rng.uniform(0.84, 0.9)
    length = rng.uniform(0.3, 0.42)
    spread = rng.uniform(0.8, 1.15)
    return Frond(
        step * np.exp(1j * rng.normal(0, 0.03)),
        length * np.exp(1j * spread),
        length * np.exp(-1j * spread * rng.uniform(0.9, 1.1)),
        rng.uniform(0.08, 0.18),
    )


def _outline(width: float) -> np.ndarray:
    """A leaf from 0 to 1, complex `[14]`."""
    t = np.linspace(0, 1, 8)
    rim = width * np.sin(np.pi * t**0.8) ** 0.8
    return np.concatenate([t + 1j * rim, (t - 1j * rim)[-2:0:-1]])


def _filled(sheet: np.ndarray, look: View, maps: tuple, leaf: np.ndarray, tone: np.ndarray) -> None:
    """Draws a leaf under every map that leaves it large enough to see, and in sight."""
    a, b = maps[0].ravel(), maps[1].ravel()
    keep = np.abs(a) * look.scale > 0.7
    forms = look.fixed(a[keep, None] * leaf + b[keep, None])
    place = forms.mean(1) / 2**SUBPIXEL
    reach = 20 + np.abs(a[keep, None]) * look.scale
    seen = ((place > -reach) & (place < look.side + reach)).all(1)
    cv2.fillPoly(sheet, list(forms[seen]), tone.tolist(), cv2.LINE_AA, SUBPIXEL)


def _plant(
    sheet: np.ndarray,
    look: View,
    root: tuple,
    frond: Frond,
    tones: np.ndarray,
    shade: np.ndarray,
    width: float,
) -> None:
    """Draws one frond on a sheet: what it hides, leaves of either side in their tones, then the stems."""
    long = abs(root[0]) * look.scale
    count = int(np.clip(np.log(2.5 / max(long * abs(frond.left), 4)) / np.log(abs(frond.climb)), 6, 34))
    first = composed(root, frond.leaflets(count))
    _filled(sheet, look, first, _outline(0.3) * 1.08 - 0.04, shade)
    for side in (0, 1):
        a, b = composed((first[0][side], first[1][side]), frond.leaflets(max(count - 5, 5)))
        for half in (0, 1):
            _filled(sheet, look, (a[:, half], b[:, half]), _outline(width), tones[side + half])
    along = np.linspace(0, 1, 12)
    stem = 1 - (1 - along) * np.exp(1j * np.angle(frond.climb) * count * along)  # bends as the leaflets climb
    stems = look.fixed(first[0].ravel()[:, None] * stem + first[1].ravel()[:, None])
    cv2.polylines(sheet, list(stems), False, tones[3].tolist(), 1, cv2.LINE_AA, SUBPIXEL)
    spine, thick = look.fixed(root[0] * stem + root[1]), max(1, round(long / 110))
    cv2.polylines(sheet, [spine], False, tones[3].tolist(), thick, cv2.LINE_AA, SUBPIXEL)


def _roots(rng: np.random.Generator, long: float) -> list[tuple[complex, complex]]:
    """Maps that place fronds about as `long` as given, those behind first: strewn evenly, or in rosettes."""
    lean, spread = rng.uniform(0, 2 * np.pi), rng.uniform(0.2, 0.7)
    rosette = rng.random() < 0.4
    gap = long * (1.1 if rosette else 0.48)
    count = int(np.ceil(2.4 / gap)) + 1
    grid = (np.arange(count) - (count - 1) / 2) * gap
    spots = (grid + 1j * grid[:, None]).ravel()
    spots = spots + gap * (rng.uniform(-0.35, 0.35, len(spots)) + 1j * rng.uniform(-0.35, 0.35, len(spots)))
    found = []
    for spot in spots[rng.permutation(len(spots))]:
        arms = int(rng.integers(5, 9)) if rosette else 1
        for k in rng.permutation(arms):
            angle = lean + 2 * np.pi * k / arms + rng.normal(0, 0.15 if rosette else spread)
            grown = long * rng.uniform(0.8, 1.15) * np.exp(1j * angle)
            found.append((grown, spot - (0 if rosette else 0.45) * grown))
    return found


def draw_ifs_fern(rng: np.random.Generator, size: int) -> np.ndarray:
    """Many fronds over one another, strewn or in rosettes."""
    side = fine(size)
    frond, width = _drawn(rng), rng.uniform(0.16, 0.27)
    colours = inks(rng, 5, gap=0.55)
    sheet = np.ascontiguousarray(background(rng, side, colours[[0, 0, 1]]), np.float32)
    look = view(rng, side, centre=0, half=1.0, tilt=0.2)
    roots = _roots(rng, np.exp(rng.uniform(np.log(0.7), np.log(2.0))))
    shade = colours[0] * (0.35 if colours[0].sum() < colours[4].sum() else 1)
    depth = rng.uniform(0.2, 0.8)
    for k, root in enumerate(roots):
        mix = depth + (1 - depth) * (k + 1) / len(roots)  # those behind are nearer to the ground's colour
        tones = colours[0] + mix * (colours[[3, 4, 3, 2]] - colours[0])
        tones[3] = 0.5 * tones[3] + 0.5 * colours[4]
        own = frond if rng.random() < 0.6 else replace(frond, climb=frond.climb.conjugate())
        _plant(sheet, look, root, own, tones, shade, width)
    if rng.random() < 0.4:
        sheet *= relief(rng, cv2.GaussianBlur(sheet.mean(-1), (0, 0), side / 300), depth=3)
    return reduced(sheet * (0.85 + 0.3 * noise(rng, side, cells=3, octaves=3))[..., None], size)
