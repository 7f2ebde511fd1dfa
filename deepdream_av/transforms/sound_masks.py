"""Masks for sound: an ear that misses a moment or a range of pitch must still hear what a dream is about.

As in SpecAugment (Park et al. 2019), but drawn anew for each step of an ascent, so that no single cell carries a score.
"""

from __future__ import annotations

from dataclasses import dataclass

import tensorflow as tf

_EDGE = 2.0  # cells of a soft edge


@dataclass(frozen=True)
class TimeMask:
    """Silences one stretch of time: what is there becomes what is usual in each band.

    Args:
        share: longest mask as a share of the whole.
    """

    share: float = 0.1
    axis = 1

    def draw(self, seed):
        """Where it begins and how long it is, float32 `[2]`, both as shares of the whole."""
        place, length = tf.unstack(tf.random.stateless_uniform([2], seed))
        length *= self.share
        return tf.stack([place * (1 - length), length])

    def apply(self, x, params):
        """`x` `[batch, frames, bands, 1]` with its mean over that axis where the mask lies."""
        shape = [1, 1, 1, 1]
        shape[self.axis] = -1
        hidden = tf.reshape(self._hidden(tf.shape(x)[self.axis], params), shape)
        return x + hidden * (tf.stop_gradient(tf.reduce_mean(x, self.axis, keepdims=True)) - x)

    def _hidden(self, count, params):
        """1 under the mask, with soft edges inside of it; float32 `[count]`."""
        cells = tf.cast(count, tf.float32)
        at = tf.range(cells) + 0.5
        first, last = params[0] * cells, (params[0] + params[1]) * cells
        return tf.clip_by_value(tf.minimum(at - first, last - at) / _EDGE + 0.5, 0.0, 1.0) * tf.cast(
            params[1] > 0, tf.float32
        )

    def undo(self, x, params):
        """Nothing has moved."""
        return x


@dataclass(frozen=True)
class PitchMask(TimeMask):
    """Silences one range of mel bands in the same way."""

    axis = 2


@dataclass(frozen=True)
class Tempo:
    """Plays a log-mel picture faster: a layer then dreams forms that are as much longer; pitch stays what it is.

    Args:
        factor: how many times as fast; 1 leaves it.
    """

    factor: float = 1.0

    def draw(self, seed):
        """Nothing is left to chance: the factor, float32."""
        return tf.constant(self.factor, tf.float32)

    def apply(self, x, params):
        """`x` `[batch, frames, bands, 1]` with fewer frames."""
        frames = tf.cast(tf.shape(x)[1], tf.float32) / params
        size = tf.stack([tf.maximum(tf.cast(tf.round(frames), tf.int32), 1), tf.shape(x)[2]])
        # a mean over what is left out, or quick sounds would be heard or missed by chance
        return tf.ensure_shape(tf.image.resize(x, size, antialias=True), [x.shape[0], None, x.shape[2], x.shape[3]])

    def undo(self, x, params):
        """The inverse of `apply`, to a frame in length, and as far as a faster sound holds what a slower one did."""
        return self.apply(x, 1 / params)
