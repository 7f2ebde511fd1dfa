"""Gradient rules: from a gradient, whose scale means nothing, to a direction whose step size does."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import tensorflow as tf

_TINY = 1e-12
# [1 4 6 4 1] / 16 is the Gaussian of Burt and Adelson's pyramid (1983)
_KERNEL = np.outer([1, 4, 6, 4, 1], [1, 4, 6, 4, 1]).astype(np.float32) / 256


@dataclass(frozen=True)
class Std:
    """Divides by the standard deviation: a few strong places do not drown the rest as they do in `Mean`'s average."""

    def __call__(self, gradient, state, given=()):
        """A direction of the gradient's shape."""
        return gradient / (tf.math.reduce_std(gradient) + _TINY)


@dataclass(frozen=True)
class Mean:
    """Divides by the mean of the absolute values, as in the notebook of 2015."""

    def __call__(self, gradient, state, given=()):
        """A direction of the gradient's shape."""
        return gradient / (tf.reduce_mean(tf.abs(gradient)) + _TINY)


@dataclass(frozen=True)
class Laplacian:
    """Every band of detail sizes gets the same strength (Mordvintsev 2016), so that large forms keep up with grain.

    The gradient of a picture is split by a Laplacian pyramid, each band divided by its standard deviation, and the
    sum brought back to a standard deviation of 1.

    Args:
        bands: how many; the last one holds all that is coarser.
    """

    bands: int = 4

    def __call__(self, gradient, state, given=()):
        """A direction of the gradient's shape, `[height, width, 3]`."""
        rest, sizes, parts = gradient, [], []
        for _ in range(self.bands - 1):
            smaller = _halved(rest)
            parts.append(rest - _grown(smaller, tf.shape(rest)))
            sizes.append(tf.shape(rest))
            rest = smaller
        total = _levelled(rest)
        for part, size in zip(reversed(parts), reversed(sizes)):
            total = _levelled(part) + _grown(total, size)
        return _levelled(total)


def _levelled(x):
    return x / (tf.math.reduce_std(x) + _TINY)


def _halved(x):
    """Half the size, after a Gaussian."""
    kernel = tf.constant(np.tile(_KERNEL[:, :, None, None], (1, 1, 3, 1)))
    padded = tf.pad(x, [[2, 2], [2, 2], [0, 0]], "SYMMETRIC")
    return tf.nn.depthwise_conv2d(padded[None], kernel, [1, 2, 2, 1], "VALID")[0]


def _grown(x, size):
    """Bilinear, to a `[height, width, channels]`."""
    return tf.image.resize(x[None], size[:2])[0]


@dataclass(frozen=True)
class Natural:
    """Detail sizes and colours get the shares that they have in photos, so that forms are drawn and not glitter.

    A network's gradient is full of fine, many-coloured detail that no other network, and no person, makes anything
    of. Here its spectrum is divided by the frequency, and what differs between the colours is held back: ascending
    so in pixels is what Olah et al. (2017) do by ascending in a decorrelated Fourier basis.

    Args:
        decay: exponent of the frequency; photos' amplitudes fall with about 1.
        chroma: share that is kept of what differs between the colours.
    """

    decay: float = 1.0
    chroma: float = 0.4

    def __call__(self, gradient, state, given=()):
        """A direction of the gradient's shape, `[height, width, 3]`."""
        height, width = tf.shape(gradient)[0], tf.shape(gradient)[1]
        grey = tf.reduce_mean(gradient, -1, keepdims=True)
        gradient = grey + self.chroma * (gradient - grey)
        y, x = tf.cast(tf.range(height), tf.float32), tf.cast(tf.range(width // 2 + 1), tf.float32)
        tall, wide = tf.cast(height, tf.float32), tf.cast(width, tf.float32)
        frequency = tf.sqrt(tf.square(tf.minimum(y, tall - y) / tall)[:, None] + tf.square(x / wide)[None])
        # nothing below three periods in the picture: a dream does not change the light as a whole
        falloff = tf.pow(tf.maximum(frequency, 3 / tf.minimum(tall, wide)), -self.decay)
        spectrum = tf.signal.rfft2d(tf.transpose(gradient, [2, 0, 1])) * tf.cast(falloff, tf.complex64)
        return _levelled(tf.transpose(tf.signal.irfft2d(spectrum, [height, width]), [1, 2, 0]))
