"""Jitter for pictures: a random shift, so that no pixel meets the same cell of a network's grid twice."""

from __future__ import annotations

from dataclasses import dataclass

import tensorflow as tf


@dataclass(frozen=True)
class Jitter:
    """Rolls a picture along both axes; what leaves it on one side comes back on the other.

    Args:
        pixels: largest shift in either direction.
    """

    pixels: int = 32

    def draw(self, seed):
        """Shifts in y and x, int32 `[2]`, from a seed int32 `[2]`."""
        return tf.random.stateless_uniform([2], seed, -self.pixels, self.pixels + 1, tf.int32)

    def apply(self, x, params):
        """`x` `[batch, height, width, channels]`, rolled."""
        return tf.roll(x, params, [1, 2])

    def undo(self, x, params):
        """The inverse of `apply`."""
        return tf.roll(x, -params, [1, 2])
