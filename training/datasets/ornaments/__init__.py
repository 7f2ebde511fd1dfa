"""Ornaments made by code: ten kinds of pattern that people have drawn, woven and laid for centuries.

Each function draws one picture, float32 `[size, size, 3]` in [0, 1], and is a function of its generator. Colour,
scale, turn and light are drawn alike for all, so that only the form tells one kind from another.
"""

from __future__ import annotations

from collections.abc import Callable

from training.datasets.ornaments.girih import draw_girih
from training.datasets.ornaments.guilloche import draw_guilloche
from training.datasets.ornaments.mandala import draw_mandala
from training.datasets.ornaments.meander import draw_meander
from training.datasets.ornaments.mosaic import draw_mosaic
from training.datasets.ornaments.paisley import draw_paisley
from training.datasets.ornaments.tiles import draw_herringbone, draw_seigaiha, draw_truchet
from training.datasets.ornaments.weaving import draw_weave

CATEGORIES: dict[str, Callable] = {
    "girih": draw_girih,
    "truchet": draw_truchet,
    "weave": draw_weave,
    "guilloche": draw_guilloche,
    "mandala": draw_mandala,
    "paisley": draw_paisley,
    "meander": draw_meander,
    "mosaic": draw_mosaic,
    "seigaiha": draw_seigaiha,
    "herringbone": draw_herringbone,
}
"""Name of a category -> `draw(rng, size)`, in the order of the classes."""

__all__ = ["CATEGORIES"]
