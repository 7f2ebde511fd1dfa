"""Terms that raise a whole layer or some of its channels: each one a measure of how much there is of it."""

from __future__ import annotations

from dataclasses import dataclass

import tensorflow as tf

from deepdream_av.errors import unknown_name
from deepdream_av.objectives.registry import kind

TINY = 1e-6
MEASURES = ("energy", "mean", "square", "norm")


@kind("energy")
@dataclass(frozen=True)
class LayerEnergy:
    """The energy of a layer: whatever it has begun to see, it shall see more of (Mordvintsev et al. 2015).

    It is the logarithm of the mean square. Its gradient points where that of the mean square points, but its
    length does not depend on how loud a layer is, so that weights between layers mean what they say.

    Args:
        layer: name of a layer.
        channel: number of one channel of it; the whole layer if None.
    """

    layer: str
    channel: int | None = None

    @property
    def layers(self) -> tuple[str, ...]:
        """The layer that it reads."""
        return (self.layer,)

    def __call__(self, activations: dict) -> tf.Tensor:
        """A number from `{layer: float [batch, ..., channels]}`."""
        map_ = activations[self.layer]
        if self.channel is not None:
            map_ = map_[..., self.channel]
        return tf.math.log(tf.reduce_mean(tf.square(tf.cast(map_, tf.float32))) + TINY)


@kind("raise")
@dataclass(frozen=True)
class Raise:
    """How much there is of a layer, or of some of its channels, in the measure of another program.

    Args:
        layer: name of a layer.
        channels: numbers of channels; all of them if empty.
        measure: `energy`, the logarithm of the mean square; `mean`, as in TensorFlow's tutorial; `square`, the mean
            square, as in Keras' example; `norm`, the root of the sum of squares.
        border: cells at every edge of the map that do not count; Keras' example leaves out 2, whose padding shows.
    """

    layer: str
    channels: tuple[int, ...] = ()
    measure: str = "energy"
    border: int = 0

    def __post_init__(self):
        if self.measure not in MEASURES:
            raise unknown_name("measure", self.measure, MEASURES)

    @property
    def layers(self) -> tuple[str, ...]:
        """The layer that it reads."""
        return (self.layer,)

    def __call__(self, activations: dict) -> tf.Tensor:
        """A number from `{layer: float [batch, height, width, channels]}`."""
        map_ = tf.cast(activations[self.layer], tf.float32)
        if self.border:
            map_ = without_border(map_, self.border)
        if self.channels:
            map_ = tf.gather(map_, list(self.channels), axis=-1)
        if self.measure == "mean":
            return tf.reduce_mean(map_)
        if self.measure == "norm":
            return tf.sqrt(tf.reduce_sum(tf.square(map_)) + TINY**2)
        square = tf.reduce_mean(tf.square(map_))
        return square if self.measure == "square" else tf.math.log(square + TINY)


def without_border(map_, border: int):
    """The inner part of a map `[batch, height, width, channels]`; a map that is nothing but border stays whole."""
    height, width = tf.shape(map_)[1], tf.shape(map_)[2]
    y = tf.where(height > 2 * border, border, 0)
    x = tf.where(width > 2 * border, border, 0)
    return map_[:, y : height - y, x : width - x]
