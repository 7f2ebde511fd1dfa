"""Jitter for sound: a shift along time, never along frequency, where it would change the pitch."""

from __future__ import annotations

from dataclasses import dataclass

import tensorflow as tf


@dataclass(frozen=True)
class TimeShift:
    """Rolls features along time, so that no frame of the dream falls on the same cell of a pooling grid twice.

    Args:
        frames: largest shift.
    """

    frames: int = 8

    def draw(self, seed):
        """A number of frames from 0 to `frames`."""
        return tf.random.stateless_uniform([], seed, 0, self.frames + 1, tf.int32)

    def apply(self, x, params):
        """`x` `[batch, frames, ...]`, rolled."""
        return tf.roll(x, params, 1)

    def undo(self, x, params):
        """The inverse of `apply`."""
        return tf.roll(x, -params, 1)
