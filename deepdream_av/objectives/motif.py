"""A class as something to be seen: not only what convinces a classifier, but what the pictures of the class look like.

A logit can be raised by detail that no other network, and no person, sees anything in. What the pictures of a class
have in common in the layers of the same network, where it is in them left out, is its texture (Gatys et al. 2015): a
dream that is drawn towards it paints the motif itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import tensorflow as tf

from deepdream_av.objectives.objective import ClassLogit, Objective
from deepdream_av.objectives.style import moments

_NEAR = 1e-3  # relative distance from which nearer means nothing


@dataclass(frozen=True, eq=False)
class Texture:
    """How near the second moments of a layer come to given ones.

    It is minus the logarithm of the squared distance, relative to the given one, so that layers count alike however
    loud they are and however far they still have to go.

    Args:
        layer: name of a layer.
        target: float32 `[channels, channels]`, mean products of two channels.
    """

    layer: str
    target: np.ndarray

    @property
    def layers(self) -> tuple[str]:
        """The layer that it reads."""
        return (self.layer,)

    def __call__(self, activations: dict) -> tf.Tensor:
        """A number from `{layer: float [batch, height, width, channels]}`."""
        away = moments(activations[self.layer])[1] - self.target
        return -tf.math.log(tf.reduce_sum(tf.square(away)) / float(np.square(self.target).sum() + 1e-12) + _NEAR)


@lru_cache(maxsize=64)  # the same terms again, so that what was compiled for them serves again
def class_dream(backbone, index: int, motif: float = 1.0) -> Objective:
    """Raise one class everywhere, in its own texture if the network knows that.

    Args:
        backbone: a `Backbone` or `Pair` with classes.
        index: number of the class.
        motif: weight of the texture in each of its layers, beside the logit.
    """
    terms: list = [(ClassLogit(index), 1.0)]
    if motif:
        terms += [(Texture(name, arrays[index]), motif) for name, arrays in backbone.textures.items()]
    return Objective(tuple(terms))
