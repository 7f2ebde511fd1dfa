"""Gradient rules that weigh detail sizes: a pyramid with a gain per band, that of 2016, and cascades of Gaussians."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import tensorflow as tf

_TINY = 1e-12
# [1 4 6 4 1] / 16 is the Gaussian of Burt and Adelson's pyramid (1983)
_KERNEL = np.outer([1, 4, 6, 4, 1], [1, 4, 6, 4, 1]).astype(np.float32) / 256


@dataclass(frozen=True)
class Laplacian:
    """Every band of detail sizes gets the same strength (Mordvintsev 2016), so that large forms keep up with grain.

    The gradient of a picture is split by a Laplacian pyramid, each band divided by its standard deviation, and the
    sum brought back to a standard deviation of 1.

    Args:
        bands: how many; the last one holds all that is coarser.
        gains: an equaliser: a factor for each band, the finest first; all 1 if empty. They replace `bands`.
    """

    bands: int = 4
    gains: tuple[float, ...] = ()

    def __call__(self, gradient, state, given=()):
        """A direction of the gradient's shape, `[height, width, 3]`."""
        gains = self.gains or (1.0,) * self.bands
        rest, sizes, parts = gradient, [], []
        for _ in gains[1:]:
            smaller = _halved(rest)
            parts.append(rest - _grown(smaller, tf.shape(rest)))
            sizes.append(tf.shape(rest))
            rest = smaller
        total = gains[-1] * _levelled(rest)
        for part, size, gain in zip(reversed(parts), reversed(sizes), reversed(gains[:-1])):
            total = gain * _levelled(part) + _grown(total, size)
        return _levelled(total)


@dataclass(frozen=True)
class LapNorm:
    """The Laplacian normalisation of TensorFlow's notebook (Mordvintsev 2016), number by number.

    Unlike `Laplacian` it divides each band by its root mean square, pads with zeros, enlarges by a transposed
    convolution, and leaves the sum as strong as its bands make it.

    Args:
        levels: bands beside the coarsest one.
    """

    levels: int = 4

    def __call__(self, gradient, state, given=()):
        """A direction of the gradient's shape, `[height, width, 3]`."""
        kernel = tf.constant(_KERNEL[:, :, None, None] * np.eye(3, dtype=np.float32))
        rest, parts = gradient[None], []
        for _ in range(self.levels):
            smaller = tf.nn.conv2d(rest, kernel, 2, "SAME")
            parts.append(rest - tf.nn.conv2d_transpose(smaller, 4 * kernel, tf.shape(rest), 2, "SAME"))
            rest = smaller
        total = _even(rest)
        for part in reversed(parts):
            total = tf.nn.conv2d_transpose(total, 4 * kernel, tf.shape(part), 2, "SAME") + _even(part)
        return total[0]


def _even(x):
    return x / tf.maximum(tf.sqrt(tf.reduce_mean(tf.square(x))), 1e-10)


@dataclass(frozen=True)
class Cascade:
    """The sum of the gradient under three Gaussians, half and twice as wide as one that widens from step to step.

    That is what made the dreams of the best known PyTorch program smooth, and of Hvass' tutorial before it: the
    longer an octave is dreamt, the larger the forms.

    Args:
        steps: of an octave.
        base, rise: the standard deviation is `base + rise * share` pixels.
        begun: 1 if the share of the first step is 1 / steps, 0 if it is 0.
        reach: pixels to either side at which a Gaussian is cut off; 0: at four standard deviations, as SciPy does.
        centred: whether the mean is taken away.
        doubled: whether the mirror image at an edge begins with the edge itself, as SciPy's does and PyTorch's not.
        floor: added to the standard deviation that is divided by.
    """

    steps: int
    base: float = 0.5
    rise: float = 2.0
    begun: int = 1
    reach: int = 4
    centred: bool = True
    doubled: bool = False
    floor: float = _TINY

    def start(self, state):
        """No step done."""
        return (tf.zeros([]),)

    def carried(self, memory, state):
        """Every octave begins anew."""
        return self.start(state)

    def __call__(self, gradient, state, given, memory):
        """A direction of the gradient's shape, `[height, width, 3]`, with a standard deviation of 1, and the memory."""
        (done,) = memory
        sigma = self.base + self.rise * (done + self.begun) / self.steps
        smooth = tf.add_n([self._blurred(gradient, share * sigma) for share in (0.5, 1.0, 2.0)])
        if self.centred:
            smooth -= tf.reduce_mean(smooth)
        return smooth / (tf.math.reduce_std(smooth) + self.floor), (done + 1,)

    def _blurred(self, gradient, sigma):
        if self.reach:
            return blurred(gradient, sigma, self.reach, doubled=self.doubled)
        widest = int(np.ceil(8 * (self.base + self.rise)))
        return blurred(gradient, sigma, widest, cut=tf.floor(4 * sigma + 0.5), doubled=self.doubled)


def blurred(x, sigma, reach: int, *, cut=None, doubled: bool = False):
    """A picture `[height, width, 3]` under a Gaussian, mirrored at its edges.

    Args:
        x: float32.
        sigma: standard deviation in pixels.
        reach: pixels to either side at which the Gaussian is cut off.
        cut: the same if it is less and not known before.
        doubled: whether the mirror image begins with the edge itself.
    """
    place = tf.range(-reach, reach + 1, dtype=tf.float32)
    kernel = tf.exp(-tf.square(place / sigma) / 2)
    if cut is not None:
        kernel = tf.where(tf.abs(place) <= cut, kernel, 0.0)
    kernel /= tf.reduce_sum(kernel)
    across = tf.tile(kernel[:, None, None, None], [1, 1, 3, 1])
    x = tf.nn.depthwise_conv2d(_mirrored(x, reach, 0, doubled)[None], across, [1, 1, 1, 1], "VALID")
    across = tf.transpose(across, [1, 0, 2, 3])
    return tf.nn.depthwise_conv2d(_mirrored(x[0], reach, 1, doubled)[None], across, [1, 1, 1, 1], "VALID")[0]


def _mirrored(x, reach: int, axis: int, doubled: bool):
    """Continued by its mirror image, as often as it takes."""
    count = tf.shape(x)[axis]
    period = tf.maximum(2 * (count - 1), 1) if not doubled else 2 * count
    place = tf.math.floormod(tf.range(-reach, count + reach), period)
    return tf.gather(x, tf.minimum(place, period - place - int(doubled)), axis=axis)


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
