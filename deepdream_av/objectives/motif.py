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
_CARICATURE = 1.0  # how many times what sets a class apart from the others is drawn once more
_FAINT = 0.01  # share of the loudest channel below which a channel is as good as silent


@dataclass(frozen=True, eq=False)
class Texture:
    """How near the second moments of a layer come to given ones.

    Every channel is measured in units of its own loudness over all classes, or the few loud ones, which all pictures
    have in common, would be all that counts. The score is minus the logarithm of the squared distance, relative to
    what is aimed at, so that layers count alike however far they still have to go.

    Args:
        layer: name of a layer.
        target: float32 `[channels, channels]`, mean products of two channels.
        units: float32 `[channels]`, root mean square of each channel.
    """

    layer: str
    target: np.ndarray
    units: np.ndarray

    @property
    def layers(self) -> tuple[str]:
        """The layer that it reads."""
        return (self.layer,)

    def __call__(self, activations: dict) -> tf.Tensor:
        """A number from `{layer: float [batch, height, width, channels]}`."""
        units = np.outer(self.units, self.units)
        away = (moments(activations[self.layer])[1] - self.target) / units
        return -tf.math.log(tf.reduce_sum(tf.square(away)) / float(np.square(self.target / units).sum()) + _NEAR)


def textures(backbone, index: int) -> tuple[Texture, ...]:
    """A term for each layer in which the look of a class is known; what sets the class apart is drawn as a caricature."""
    found = []
    for name, arrays in backbone.textures.items():
        loudness = np.sqrt(np.maximum(np.einsum("kcc->kc", arrays).mean(0), 0.0))
        drawn = arrays[index] + _CARICATURE * (arrays[index] - arrays.mean(0))
        found.append(Texture(name, drawn, np.maximum(loudness, _FAINT * loudness.max() + 1e-12)))
    return tuple(found)


@lru_cache(maxsize=64)  # the same terms again, so that what was compiled for them serves again
def class_dream(backbone, index: int, motif: float = 1.0) -> Objective:
    """Raise one class everywhere, in its own texture if the network knows that.

    Args:
        backbone: a `Backbone` or `Pair` with classes.
        index: number of the class.
        motif: weight of the texture in each of its layers, beside the logit.
    """
    group = getattr(backbone, "class_group", lambda index: ())(index)
    terms: list = [(ClassLogit(index, within=group), 1.0)] if backbone.has_logits else []
    if motif or not terms:
        terms += [(term, motif or 1.0) for term in textures(backbone, index)]
    return Objective(tuple(terms))
