"""Terms on single cells and on directions among the channels of a layer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from deepdream_av.errors import UsageError
from deepdream_av.objectives.registry import kind

_TINY = 1e-6
_LEAST_COSINE = 0.1  # so that a map which looks the other way has a gradient


@kind("neuron")
@dataclass(frozen=True)
class Neuron:
    """The activation of one channel at one place of the picture.

    Args:
        layer: name of a layer.
        channel: number of the channel.
        y, x: the place, 0 at the top and left edge, 1 at the bottom and right one.
    """

    layer: str
    channel: int
    y: float = 0.5
    x: float = 0.5

    def __post_init__(self):
        if not (0 <= self.y <= 1 and 0 <= self.x <= 1):
            raise UsageError(
                f"The place of a neuron must lie between 0 and 1. Received: {self.y:g} and {self.x:g}."
            )

    @property
    def layers(self) -> tuple[str, ...]:
        """The layer that it reads."""
        return (self.layer,)

    def __call__(self, activations: dict) -> tf.Tensor:
        """A number from `{layer: float [batch, height, width, channels]}`."""
        map_ = activations[self.layer]
        row, column = (_cell(share, tf.shape(map_)[axis]) for share, axis in ((self.y, 1), (self.x, 2)))
        return tf.reduce_mean(tf.cast(map_[:, row, column, self.channel], tf.float32))


def _cell(share: float, count):
    """Number of the cell in which a place lies."""
    return tf.minimum(tf.cast(share * tf.cast(count, tf.float32), tf.int32), count - 1)


@kind("direction")
@dataclass(frozen=True)
class Direction:
    """How far the cells of a layer go in one direction of its channels, and how purely.

    At every place it is the scalar product with the direction, times a power of the cosine between both, as in
    Lucid (Olah et al. 2018): a channel on its own is a direction, and so is a mixture.

    Args:
        layer: name of a layer.
        vector: a number for each channel, or for those in `channels`.
        channels: numbers of the channels that `vector` is about; all others are 0.
        power: of the cosine, which is not taken below 0.1. 0: the scalar product alone.
        dot: 0 for the cosine alone, without the scalar product; it does not care how strong a cell answers.
    """

    layer: str
    vector: tuple[float, ...]
    channels: tuple[int, ...] = ()
    power: float = 1.0
    dot: int = 1

    def __post_init__(self):
        if not any(self.vector) or (self.channels and len(self.channels) != len(self.vector)):
            raise UsageError(
                f"A direction must hold a number for each of its channels, not all 0. Received: {self.vector[:8]}."
            )

    @property
    def layers(self) -> tuple[str, ...]:
        """The layer that it reads."""
        return (self.layer,)

    def __call__(self, activations: dict) -> tf.Tensor:
        """A number from `{layer: float [batch, height, width, channels]}`."""
        map_ = tf.cast(activations[self.layer], tf.float32)
        unit = np.float32(self.vector) / np.linalg.norm(self.vector)
        # what lies across the direction counts too, so the whole cell is measured
        along = tf.gather(map_, list(self.channels), axis=-1) if self.channels else map_
        product = tf.linalg.matvec(along, tf.constant(np.float32(unit)))
        cosine = product / tf.sqrt(tf.reduce_sum(tf.square(map_), -1) + _TINY**2)
        if not self.dot:
            return tf.reduce_mean(cosine)
        return tf.reduce_mean(product * tf.pow(tf.maximum(cosine, _LEAST_COSINE), self.power))
