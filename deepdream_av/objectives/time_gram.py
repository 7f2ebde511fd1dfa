"""The style of a sound: what is heard together, wherever in time it is heard."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import tensorflow as tf

_TINY = 1e-12


@dataclass(frozen=True, eq=False)
class TimeGram:
    """How near the Gram matrix over time of a layer comes to that of a style, 0 at best.

    Pitches count as channels, since a texture may come at any time but not at any pitch (Ulyanov and Lebedev 2016).
    The score is minus |G - G'|^2 / |G'|^2. The matrices, 4096 x 4096 each, are never made: |F^T F|^2 is |F F^T|^2,
    and a few seconds have far fewer frames than that.

    Args:
        layer: name of a layer.
        width: pitches times channels.
    """

    layer: str
    width: int
    _rows: tf.Variable = field(init=False, repr=False)
    _norm: tf.Variable = field(init=False, repr=False)

    def __post_init__(self):
        rows = np.zeros([1, self.width], np.float32)
        object.__setattr__(self, "_rows", tf.Variable(rows, trainable=False, shape=tf.TensorShape([None, self.width])))
        object.__setattr__(self, "_norm", tf.Variable(1.0, trainable=False))

    @property
    def layers(self) -> tuple[str, ...]:
        """The layer that it reads."""
        return (self.layer,)

    def aim(self, styles: Iterable[tuple[np.ndarray, float]]) -> None:
        """From now on, these styles: pairs of a layer's activation `[1, frames, pitches, channels]` and a weight.

        Of several styles the matrices are added, by weight.
        """
        styles = list(styles)
        total = sum(weight for _, weight in styles)
        rows = [
            np.reshape(x, [-1, self.width]) * np.sqrt(weight / total / np.shape(x)[1])
            for x, weight in styles
            if weight > 0
        ]
        self._rows.assign(np.concatenate(rows).astype(np.float32))
        self._norm.assign(_square(self._rows, self._rows))

    def distance(self, activation) -> tf.Tensor:
        """|G - G'|^2 / |G'|^2 of an activation `[1, frames, pitches, channels]`."""
        rows = tf.reshape(tf.cast(activation, tf.float32), [-1, self.width])
        rows /= tf.sqrt(tf.cast(tf.shape(rows)[0], tf.float32))
        apart = _square(rows, rows) - 2 * _square(rows, self._rows) + self._norm
        return apart / (self._norm + _TINY)

    def __call__(self, activations: dict) -> tf.Tensor:
        """A number, 0 at best, from `{layer: float [1, frames, pitches, channels]}`."""
        return -self.distance(activations[self.layer])


def _square(a, b):
    return tf.reduce_sum(tf.square(tf.matmul(a, b, transpose_b=True)))
