"""The term on classes."""

from __future__ import annotations

from dataclasses import dataclass

import tensorflow as tf

from deepdream_av.objectives.registry import kind


@kind("class")
@dataclass(frozen=True)
class ClassLogit:
    """The answer of a classifier for one class, before the softmax, at every place of the picture.

    The mean over a picture can be raised by one place that is absurdly convincing. Here a place counts by the margin
    of the class over all others, and one that is convincing enough is left alone, so that the class comes everywhere.

    Args:
        index: number of the class.
        layer: name of the layer that holds, at each place, a number for each class.
        enough: margin beyond which nothing more is wanted.
        within: first and behind the last number of the classes against which it counts; all of them if empty.
    """

    index: int
    layer: str = "class_map"
    enough: float = 6.0
    within: tuple[int, ...] = ()

    @property
    def layers(self) -> tuple[str, ...]:
        """The layer that it reads."""
        return (self.layer,)

    def __call__(self, activations: dict) -> tf.Tensor:
        """A number from `{layer: float [batch, ..., classes]}`; below 0, where everything is convincing."""
        logits = tf.cast(activations[self.layer], tf.float32)
        mine = logits[..., self.index]
        first, last = self.within or (0, logits.shape[-1])
        others = tf.reduce_logsumexp(
            tf.concat([logits[..., first : self.index], logits[..., self.index + 1 : last]], -1), axis=-1
        )
        return -tf.reduce_mean(tf.nn.softplus(self.enough - (mine - others)))
