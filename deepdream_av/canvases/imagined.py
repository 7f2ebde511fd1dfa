"""The canvas of a log-mel picture without a sound behind it: what is heard in it is dreamt from noise."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from deepdream_av.canvases.waveform import RATE
from deepdream_av.spectral import MelGrid, normalised

RANGE = 1.6  # deviations: how far a cell may be from what is usual in its band
CONTRAST = 0.6  # most root mean square of the picture before its range is bent
FAINT = 0.15  # that of the noise which it grows from


class Imagined:
    """A log-mel picture that hovers around a mean spectrum.

    Args:
        start: noise, float32 `[frames, 128]` with a deviation of 1.
        usual: what each band is like on average, in the ear's units, float32 `[128]`.
        where: float32 `[frames, 128]` in [0, 1], the cells that may be dreamt; all if None.
    """

    form = "imagined"
    grid = MelGrid(RATE)

    def __init__(self, start, usual, where=None):
        self.state = FAINT * tf.convert_to_tensor(start, tf.float32)
        where = tf.ones_like(self.state) if where is None else tf.convert_to_tensor(where, tf.float32)
        self.given = (tf.convert_to_tensor(usual, tf.float32), where)

    @property
    def size(self) -> tuple[int, int]:
        """Frames and bands."""
        return tuple(self.state.shape)

    def array(self) -> np.ndarray:
        """What an ear hears of the dream so far, float32 `[frames, 128]`."""
        return self.render(self.state, self.given)[0, :, :, 0].numpy()

    @classmethod
    def signature(cls):
        """Shapes of the state and of what is given with it."""
        picture = tf.TensorSpec([None, 128], tf.float32)
        return picture, (tf.TensorSpec([128], tf.float32), picture)

    @classmethod
    def render(cls, state, given):
        """What the ear hears: log-mel `[1, frames, 128, 1]`; the range is bent, not clipped."""
        usual, where = given
        heard = usual + where * RANGE * tf.tanh(state)
        return tf.maximum(heard, normalised(tf.constant(0.0)))[None, :, :, None]

    @classmethod
    def project(cls, state, given):
        """No louder than the contrast: what more is wanted replaces what is there."""
        state -= tf.reduce_mean(state, 0)
        power = tf.reduce_mean(tf.square(state))
        return state * tf.minimum(1.0, CONTRAST / tf.sqrt(power + 1e-12))
