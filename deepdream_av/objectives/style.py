"""Style and content: a picture shall have the statistics of a painting and still show what it shows.

A style is what the cells of a layer have in common wherever they lie: the mean and the second moment of their
activations. What is aimed at is held in variables, so that one compiled graph serves every size, every frame and every
painting.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import tensorflow as tf

_TINY = 1e-12
_KEPT = 0.9995  # share of a style's variance whose directions are matched; the rest is noise, and costs most


@dataclass(frozen=True, eq=False)
class Moments:
    """What is known of the cells of a layer when it is forgotten where they lie.

    Attributes:
        mean: float32 `[channels]`.
        second: float32 `[channels, channels]`, the mean of the products of two channels.
    """

    mean: np.ndarray
    second: np.ndarray


def moments(activation, share=None) -> tuple[tf.Tensor, tf.Tensor]:
    """Mean `[channels]` and second moment `[channels, channels]` of a layer's cells, in float32.

    Args:
        activation: float `[1, height, width, channels]`.
        share: float32 `[height, width]`, how much each cell counts, with a sum of 1; all alike if None.
    """
    channels = activation.shape[-1]
    cells = tf.reshape(tf.cast(activation, tf.float32), [-1, channels])
    if share is None:
        count = tf.cast(tf.shape(cells)[0], tf.float32)
        return tf.reduce_mean(cells, 0), tf.matmul(cells, cells, transpose_a=True) / count
    counted = cells * tf.reshape(share, [-1, 1])
    return tf.reduce_sum(counted, 0), tf.matmul(counted, cells, transpose_a=True)


def blended(parts: Iterable[tuple[Moments, float]]) -> Moments:
    """The moments of several styles together, as if their cells had been poured into one, by weight.

    >>> one = Moments(np.ones(2, np.float32), np.eye(2, dtype=np.float32))
    >>> two = Moments(np.zeros(2, np.float32), 3 * np.eye(2, dtype=np.float32))
    >>> blended([(one, 1.0), (two, 3.0)]).mean.tolist()
    [0.25, 0.25]
    """
    parts = list(parts)
    total = sum(weight for _, weight in parts)
    return Moments(
        sum(m.mean * np.float32(weight / total) for m, weight in parts),
        sum(m.second * np.float32(weight / total) for m, weight in parts),
    )


def _held(shape, value=None) -> tf.Variable:
    """A variable whose sides of None may change, so that another target is no other graph."""
    value = np.zeros([side or 1 for side in shape], np.float32) if value is None else value
    return tf.Variable(value, trainable=False, shape=tf.TensorShape(shape), dtype=tf.float32)


@dataclass(frozen=True, eq=False)
class _Style:
    """What both measures of style share.

    Args:
        layer: name of a layer, or `picture` for the colours alone.
        channels: how many it has.
        relative: divide by the size of what is aimed at, so that layers and weights compare.
        regional: whether only a part of the picture counts.
    """

    layer: str
    channels: int
    relative: bool = True
    regional: bool = False
    _share: tf.Variable = field(init=False, repr=False)
    _mean: tf.Variable = field(init=False, repr=False)

    def __post_init__(self):
        object.__setattr__(self, "_share", _held([None, None], np.ones([1, 1], np.float32)))
        object.__setattr__(self, "_mean", _held([self.channels]))

    @property
    def layers(self) -> tuple[str, ...]:
        """The layer that it reads."""
        return (self.layer,)

    def cover(self, share) -> None:
        """Let each cell count by this much: float32 `[height, width]` of the layer's size, with a sum of 1."""
        self._share.assign(share)

    def _found(self, activations: dict):
        return moments(activations[self.layer], self._share if self.regional else None)


@dataclass(frozen=True, eq=False)
class GramStyle(_Style):
    """The second moments of a layer shall be those of a style (Gatys, Ecker and Bethge 2016).

    Plain, it is the mean squared difference of the two matrices, each divided by the number of channels, as in
    Johnson's program of 2015; relative, the squared difference is divided by the square of what is aimed at.
    """

    _second: tf.Variable = field(init=False, repr=False)

    def __post_init__(self):
        super().__post_init__()
        object.__setattr__(self, "_second", _held([self.channels, self.channels]))

    def aim(self, wanted: Moments) -> None:
        """From now on, this style."""
        self._second.assign(wanted.second)

    def __call__(self, activations: dict) -> tf.Tensor:
        """A number, 0 at best, from `{layer: float [1, height, width, channels]}`."""
        _, second = self._found(activations)
        apart = tf.reduce_sum(tf.square(second - self._second))
        if self.relative:
            return -apart / (tf.reduce_sum(tf.square(self._second)) + _TINY)
        return -apart / self.channels**4


@dataclass(frozen=True, eq=False)
class WassersteinStyle(_Style):
    """How far the cells of a layer must be moved, in the least square, until they are spread as those of a style.

    Cells are taken as normally distributed: the squared Wasserstein distance is then
    |m - m'|^2 + tr C + tr C' - 2 tr (C'^1/2 C C'^1/2)^1/2 (Olkin and Pukelsheim 1982). Against Gram matrices, whose
    difference grows with the fourth power of an activation, no strong channel drowns the rest.

    With C'^1/2 replaced by a root A of C' with few columns (its principal directions), the last trace is that of a
    small matrix, and the same. Its gradient is known from the eigenvectors, so that nothing is iterated.

    Plain, it is divided by the number of channels, relative, by the mean square of what is aimed at.
    """

    _root: tf.Variable = field(init=False, repr=False)
    _trace: tf.Variable = field(init=False, repr=False)

    def __post_init__(self):
        super().__post_init__()
        object.__setattr__(self, "_root", _held([self.channels, None]))
        object.__setattr__(self, "_trace", _held([]))

    def aim(self, wanted: Moments) -> None:
        """From now on, this style."""
        covariance = np.float64(wanted.second) - np.outer(wanted.mean, wanted.mean)
        values, vectors = np.linalg.eigh(covariance)
        values = np.maximum(values[::-1], 0.0)
        kept = 1 + int(np.searchsorted(np.cumsum(values), _KEPT * values.sum()))
        root = vectors[:, ::-1][:, :kept] * np.sqrt(values[:kept])
        self._root.assign(np.float32(root))
        self._mean.assign(wanted.mean)
        self._trace.assign(np.float32(values.sum()))

    def __call__(self, activations: dict) -> tf.Tensor:
        """A number, 0 at best, from `{layer: float [1, height, width, channels]}`."""
        mean, second = self._found(activations)
        covariance = second - mean[:, None] * mean[None]
        overlap = tf.matmul(self._root, tf.matmul(covariance, self._root), transpose_a=True)
        spread = tf.linalg.trace(covariance) + self._trace - 2.0 * trace_of_root(overlap)
        apart = tf.reduce_sum(tf.square(mean - self._mean)) + spread
        if self.relative:
            return -apart / (tf.reduce_sum(tf.square(self._mean)) + self._trace + _TINY)
        return -apart / self.channels


@tf.custom_gradient
def trace_of_root(matrix):
    """The trace of the square root of a symmetric, positive semi-definite `[k, k]`; a float32 scalar.

    >>> float(trace_of_root(tf.linalg.diag([4.0, 9.0])))
    5.0
    """
    values, vectors = tf.linalg.eigh(0.5 * (matrix + tf.transpose(matrix)))
    # beyond the precision of float32 an eigenvalue is noise, and its inverse root would be all there is
    values = tf.maximum(values, 1e-6 * values[-1] + _TINY)

    def gradient(upstream):
        return upstream * 0.5 * tf.matmul(vectors / tf.sqrt(values), vectors, transpose_b=True)

    return tf.reduce_sum(tf.sqrt(values)), gradient


@dataclass(frozen=True, eq=False)
class Content:
    """A layer shall answer, at every place, as it answers to the source.

    Plain, it is the mean squared difference; relative, it is divided by the mean square of what is aimed at.

    Args:
        layer: name of a layer, or `picture` for the pixels themselves.
        channels: how many it has.
        relative: see above.
    """

    layer: str
    channels: int
    relative: bool = True
    _map: tf.Variable = field(init=False, repr=False)

    def __post_init__(self):
        object.__setattr__(self, "_map", _held([1, None, None, self.channels]))

    @property
    def layers(self) -> tuple[str, ...]:
        """The layer that it reads."""
        return (self.layer,)

    def aim(self, wanted) -> None:
        """From now on, this content: float `[1, height, width, channels]`."""
        self._map.assign(tf.cast(wanted, tf.float32))

    def __call__(self, activations: dict) -> tf.Tensor:
        """A number, 0 at best, from `{layer: float [1, height, width, channels]}`."""
        found = tf.cast(activations[self.layer], tf.float32)
        apart = tf.reduce_mean(tf.square(found - self._map))
        if self.relative:
            return -apart / (tf.reduce_mean(tf.square(self._map)) + _TINY)
        return -apart
