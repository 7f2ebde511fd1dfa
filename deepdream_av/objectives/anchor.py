"""An anchor: what a network sees in the source stays, while something else in it is raised."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import tensorflow as tf

_TINY = 1e-6


@dataclass(frozen=True, eq=False)
class Anchor:
    """How near a dream is to its source in the eyes of a layer, so that it accentuates what is there.

    It is minus the squared distance of the two, as a share of what the layer sees in the source: 0 at the source, -1
    where all of it is gone (Hamblin et al. 2024, "Feature Accentuation", who add such a distance to their loss; ours
    does not depend on how loud the layer is).

    Args:
        seen: from pictures `[1, height, width, 3]` to `{layer: activation}`, e.g. `backbone.truncated([layer])`.
        layer: name of the layer.
    """

    seen: Callable
    layer: str

    @property
    def layers(self) -> tuple[str, ...]:
        """What it reads: the picture as it is rendered, and its source."""
        return "picture", "source"

    def __call__(self, activations: dict) -> tf.Tensor:
        """A number of at most 0 from `{"picture", "source": float32 [1, height, width, 3]}`."""
        # of the pictures before the transforms, as these would move one and not the other
        here, there = (tf.cast(self.seen(activations[n])[self.layer], tf.float32) for n in self.layers)
        there = tf.stop_gradient(there)
        return -tf.reduce_mean(tf.square(here - there)) / (tf.reduce_mean(tf.square(there)) + _TINY)


def anchor_layer(names, dreamt) -> str:
    """The layer half way to the first one that is dreamt: it sees shapes and edges, not yet what is to change.

    Args:
        names: layers of a network, from the first to the deepest.
        dreamt: those that are dreamt.

    >>> anchor_layer(["stride2", "stride4", "stride8", "stride16"], ["stride8"])
    'stride4'
    """
    names = list(names)
    first = min((names.index(name) for name in dreamt if name in names), default=len(names) - 1)
    return names[first // 2]
