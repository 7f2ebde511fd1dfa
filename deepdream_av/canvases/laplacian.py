"""The canvas of a pyramid: a dream is a sum of pictures, each half as large as the last."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from deepdream_av.canvases.encoded import Encoded
from deepdream_av.canvases.statistics import coloured, whitened

LEVELS = 6
_GAIN = 0.5**0.5  # from one level to the next smaller one


class Laplacian(Encoded):
    """A dream held as a Laplacian pyramid (Burt and Adelson 1983), so that coarse forms move as easily as grain.

    A pixel of a small level reaches many of the picture, so that its gradient is that much larger; each level is
    turned down by the root of 2 to make up for it, and a step changes every detail size by about as much. Colours are
    those of `Fourier`.

    State: float32 `[n, 3]`, the pixels of all levels one after the other.
    """

    form = (None, 3)
    _before: list = []

    def resize(self, size: tuple[int, int]) -> None:
        """Go on at another size: the source is scaled anew from its full size, the dream from where it is."""
        self._before = _sizes(self.given[0].shape[:2])
        super().resize(size)

    def resize_memory(self, array: np.ndarray) -> np.ndarray:
        """What a gradient rule remembers of each pixel of each level, for the size at which the canvas now is.

        Args:
            array: float32 `[n, channels]`, in the order of the state that was.
        """
        now = _sizes(self.given[0].shape[:2])
        ends = np.cumsum([height * width for height, width in self._before])[:-1]
        levels = [x.reshape(*size, -1) for x, size in zip(np.split(array, ends), self._before)]
        return np.concatenate([_nearest(x, size).reshape(-1, array.shape[1]) for x, size in zip(levels, now)])

    @classmethod
    def encode(cls, delta, given):
        """The pyramid of a difference, float32 `[height, width, 3]`."""
        parts, sizes = [], _sizes(tf.shape(delta)[:2])
        rest = whitened(delta)
        for level, (size, smaller) in enumerate(zip(sizes, sizes[1:])):
            less = tf.image.resize(rest[None], smaller, method="area")[0]
            parts.append((rest - tf.image.resize(less[None], size)[0]) / _GAIN**level)
            rest = less
        parts.append(rest / _GAIN ** (LEVELS - 1))
        return tf.concat([tf.reshape(part, [-1, 3]) for part in parts], 0)

    @classmethod
    def decode(cls, state, given):
        """The difference of a state, float32 `[height, width, 3]`."""
        sizes = _sizes(tf.shape(given[0])[:2])
        parts = tf.split(state, [tf.reduce_prod(size) for size in sizes], num=LEVELS)
        total = 0.0
        for level in reversed(range(LEVELS)):
            part = tf.reshape(parts[level], tf.concat([sizes[level], [3]], 0)) * _GAIN**level
            total = part if level == LEVELS - 1 else part + tf.image.resize(total[None], sizes[level])[0]
        return coloured(total)


def _sizes(size) -> list:
    """Height and width of every level; none is smaller than a pixel."""
    if not tf.is_tensor(size):
        size = np.array(size)
    return [-(-size // 2**level) for level in range(LEVELS)]


def _nearest(x: np.ndarray, size) -> np.ndarray:
    """A level at another size, without values that were not there (squares stay positive)."""
    rows, columns = (np.arange(n) * m // n for n, m in zip(size, x.shape[:2]))
    return x[rows][:, columns]
