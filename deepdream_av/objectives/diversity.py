"""The term that wants differences: between the pictures of a batch, or between the parts of one."""

from __future__ import annotations

from dataclasses import dataclass

import tensorflow as tf

from deepdream_av.errors import UsageError
from deepdream_av.objectives.registry import kind

_TINY = 1e-9


@kind("diversity")
@dataclass(frozen=True)
class Diversity:
    """How little the textures of several pictures have in common, from -1 (all alike) to 0.

    As in Lucid (Olah et al. 2017): minus the mean cosine between the Gram matrices of a layer. A single picture is
    cut in a grid of parts, which shall differ from each other.

    Args:
        layer: name of a layer.
        parts: of a side of a single picture.
    """

    layer: str
    parts: int = 2

    def __post_init__(self):
        if not 2 <= self.parts <= 16:
            raise UsageError(f"`parts` of a diversity must lie between 2 and 16. Received: {self.parts}.")

    @property
    def layers(self) -> tuple[str, ...]:
        """The layer that it reads."""
        return (self.layer,)

    def __call__(self, activations: dict) -> tf.Tensor:
        """A number from `{layer: float [batch, height, width, channels]}`."""
        map_ = tf.cast(activations[self.layer], tf.float32)
        textures = tf.cond(tf.shape(map_)[0] > 1, lambda: _grams(map_), lambda: _grams_of_parts(map_, self.parts))
        flat = tf.reshape(textures, [tf.shape(textures)[0], -1])
        unit = flat / tf.sqrt(tf.reduce_sum(tf.square(flat), 1, keepdims=True) + _TINY**2)
        count = tf.cast(tf.shape(unit)[0], tf.float32)
        # all pairs at once, less each one with itself
        total = tf.reduce_sum(tf.square(tf.reduce_sum(unit, 0))) - tf.reduce_sum(tf.square(unit))
        return -total / (count * (count - 1))


def _grams(maps):
    """`[batch, channels, channels]`."""
    rows = tf.reshape(maps, [tf.shape(maps)[0], -1, maps.shape[-1]])
    return tf.matmul(rows, rows, transpose_a=True) / tf.cast(tf.shape(rows)[1], tf.float32)


def _grams_of_parts(map_, parts: int):
    """The same for each part of one map; a part has at least one cell."""
    height, width = tf.shape(map_)[1], tf.shape(map_)[2]
    grams = []
    for y in range(parts):
        for x in range(parts):
            top, left = y * height // parts, x * width // parts
            bottom = tf.maximum((y + 1) * height // parts, top + 1)
            right = tf.maximum((x + 1) * width // parts, left + 1)
            grams.append(_grams(map_[:, top:bottom, left:right])[0])
    return tf.stack(grams)
