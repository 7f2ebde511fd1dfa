"""Gradient rules: from a gradient, whose scale means nothing, to a direction whose step size does.

Those that weigh detail sizes are in `bands.py`, those that remember in `moments.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from deepdream_av.ascent.bands import Cascade, Laplacian, LapNorm, Natural, _grown, _halved

__all__ = ["Cascade", "InUnits", "LapNorm", "Laplacian", "Mean", "Natural", "Std", "_grown", "_halved"]

_TINY = 1e-12


@dataclass(frozen=True)
class Std:
    """Divides by the standard deviation: a few strong places do not drown the rest as they do in `Mean`'s average.

    Args:
        floor: added to it. A program that adds 1e-8 on pictures in [-1, 1] adds twice that in [0, 1].
    """

    floor: float = _TINY

    def __call__(self, gradient, state, given=()):
        """A direction of the gradient's shape."""
        return gradient / (tf.math.reduce_std(gradient) + self.floor)


@dataclass(frozen=True)
class Mean:
    """Divides by the mean of the absolute values, as in the notebook of 2015.

    Args:
        floor: added to it.
        least: what is divided by at least, as in Keras' example, where steps on large pictures are short for it.
    """

    floor: float = _TINY
    least: float = 0.0

    def __call__(self, gradient, state, given=()):
        """A direction of the gradient's shape."""
        return gradient / tf.maximum(tf.reduce_mean(tf.abs(gradient)) + self.floor, self.least)


@dataclass(frozen=True)
class InUnits:
    """A rule in units of its own for each colour, as programs use that dream in normalised pictures.

    Args:
        rule: makes a direction of the gradient in these units.
        units: of red, green and blue, as shares of the range: the standard deviations of ImageNet's photos.
    """

    rule: Any
    units: tuple[float, float, float] = (0.229, 0.224, 0.225)

    def __post_init__(self):
        # only a rule with a memory has a start; this one has what it has
        if hasattr(self.rule, "start"):
            object.__setattr__(self, "start", self.rule.start)
        if hasattr(self.rule, "carried"):
            object.__setattr__(self, "carried", self.rule.carried)

    def __call__(self, gradient, state, given=(), memory=None):
        """A direction of the gradient's shape, `[height, width, 3]`; with the memory, if the rule has one."""
        units = tf.constant(self.units)
        if memory is None:
            return units * self.rule(units * gradient, state, given)
        direction, memory = self.rule(units * gradient, state, given, memory)
        return units * direction, memory
