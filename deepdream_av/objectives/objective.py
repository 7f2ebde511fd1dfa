"""Objectives: sums of weighted terms, each of them one number from the activations of one layer."""

from __future__ import annotations

from dataclasses import dataclass

import tensorflow as tf

_TINY = 1e-6


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
        return tf.math.log(tf.reduce_mean(tf.square(tf.cast(map_, tf.float32))) + _TINY)


@dataclass(frozen=True)
class ClassLogit:
    """The answer of a classifier for one class, before the softmax, at every place of the picture.

    The mean over a picture can be raised by one place that is absurdly convincing. Here a place counts by the margin
    of the class over all others, and one that is convincing enough is left alone, so that the class comes everywhere.

    Args:
        index: number of the class.
        layer: name of the layer that holds, at each place, a number for each class.
        enough: margin beyond which nothing more is wanted.
    """

    index: int
    layer: str = "class_map"
    enough: float = 6.0

    @property
    def layers(self) -> tuple[str, ...]:
        """The layer that it reads."""
        return (self.layer,)

    def __call__(self, activations: dict) -> tf.Tensor:
        """A number from `{layer: float [batch, ..., classes]}`; below 0, where everything is convincing."""
        logits = tf.cast(activations[self.layer], tf.float32)
        mine = logits[..., self.index]
        others = tf.reduce_logsumexp(
            tf.concat([logits[..., : self.index], logits[..., self.index + 1 :]], -1), axis=-1
        )
        return -tf.reduce_mean(tf.nn.softplus(self.enough - (mine - others)))


@dataclass(frozen=True)
class Objective:
    """A weighted sum of terms. `2 * a + b`, `a - 0.5 * b` and `-a` are what they say.

    Attributes:
        terms: pairs of a term and its weight; a negative weight makes a penalty.

    >>> wanted = 2 * layer("mixed4") - layer("mixed5")
    >>> wanted.layers
    ('mixed4', 'mixed5')
    >>> float(wanted({"mixed4": tf.ones([1, 4, 4, 8]), "mixed5": tf.ones([1, 2, 2, 8])})) < 1e-5
    True
    """

    terms: tuple[tuple[LayerEnergy | ClassLogit, float], ...]

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the layers that it reads, each once."""
        return tuple(dict.fromkeys(name for term, _ in self.terms for name in term.layers))

    def __call__(self, activations: dict) -> tf.Tensor:
        """The score, a float32 scalar, of `{layer: float [batch, ..., channels]}`."""
        return tf.add_n([weight * term(activations) for term, weight in self.terms])

    def __add__(self, other: Objective) -> Objective:
        if not isinstance(other, Objective):
            return NotImplemented
        return Objective(self.terms + other.terms)

    def __mul__(self, factor: float) -> Objective:
        if not isinstance(factor, int | float):
            return NotImplemented
        return Objective(tuple((term, weight * factor) for term, weight in self.terms))

    __rmul__ = __mul__

    def __neg__(self) -> Objective:
        return self * -1.0

    def __sub__(self, other: Objective) -> Objective:
        return self + -other


def layer(name: str, channel: int | None = None) -> Objective:
    """Raise a whole layer, as the first Deep Dreams did, or one channel of it.

    Args:
        name: one of the backbone's `list_layers()`.
        channel: number of the channel.
    """
    return Objective(((LayerEnergy(name, channel), 1.0),))


def class_logit(index: int) -> Objective:
    """Raise one class of a network that knows classes.

    Args:
        index: number of the class, e.g. `backbone.class_index("mandala")`.
    """
    return Objective(((ClassLogit(index), 1.0),))
