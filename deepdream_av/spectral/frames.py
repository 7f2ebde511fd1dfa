"""One value per frame of a spectrum: its power, and its course over time."""

from __future__ import annotations

import tensorflow as tf


def frame_power(spectrum):
    """Power of each frame: complex `[..., frames, bins]` to float `[..., frames]`."""
    return tf.reduce_sum(tf.square(tf.math.real(spectrum)) + tf.square(tf.math.imag(spectrum)), -1)


def smooth_frames(values, *, width: int):
    """Moving mean of float `[frames]` over an odd number of frames; at the ends, over those there are."""
    both = tf.stack([values, tf.ones_like(values)])[..., None]
    padded = tf.pad(both, [[0, 0], [width // 2, width // 2], [0, 0]])
    sums = tf.nn.avg_pool1d(padded, width, 1, "VALID")[..., 0]
    return sums[0] / sums[1]
