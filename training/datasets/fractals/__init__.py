"""Ten kinds of fractal made by code: each repeats its own form at every scale, so that a piece names the whole.

Each category is a function `draw(rng, size)` that returns float32 `[size, size, 3]` in [0, 1] and draws all it needs
from the generator: the same seed and size give the same bytes. No colour belongs to a category; a network has to
look at form.
"""

from __future__ import annotations

from collections.abc import Callable

from training.datasets.fractals.attractor import draw_attractor
from training.datasets.fractals.dragon import draw_dragon_curve
from training.datasets.fractals.escape import draw_julia, draw_mandelbrot
from training.datasets.fractals.fern import draw_ifs_fern
from training.datasets.fractals.flame import draw_flame
from training.datasets.fractals.gasket import draw_sierpinski
from training.datasets.fractals.newton import draw_newton
from training.datasets.fractals.packing import draw_apollonian
from training.datasets.fractals.plasma import draw_plasma

CATEGORIES: dict[str, Callable] = {
    "julia": draw_julia,
    "mandelbrot": draw_mandelbrot,
    "newton": draw_newton,
    "ifs_fern": draw_ifs_fern,
    "flame": draw_flame,
    "dragon_curve": draw_dragon_curve,
    "plasma": draw_plasma,
    "attractor": draw_attractor,
    "apollonian": draw_apollonian,
    "sierpinski": draw_sierpinski,
}
"""Name of a category -> `draw(rng, size)`, in the order of the classes."""

__all__ = ["CATEGORIES"]
