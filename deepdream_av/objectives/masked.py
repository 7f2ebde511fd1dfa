"""A term that may change only a part of the picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from deepdream_av.objectives.registry import kind


@kind("masked")
@dataclass(frozen=True)
class Masked:
    """Any term, with the name of a mask beside it; where the mask is black, the term moves nothing.

    It is the gradient with respect to the picture that is masked, and not the layer: a cell of a deep layer sees far
    beyond the edge of a mask. The mask itself is given to `ascend(masks={name: array})`.

    Args:
        term: what is wanted there.
        mask: name of the mask, a path if it comes from a file.
    """

    term: Any
    mask: str

    @property
    def layers(self) -> tuple[str, ...]:
        """What the term reads."""
        return self.term.layers

    def bound(self, backbone) -> Masked:
        """The same with the term bound."""
        return Masked(self.term.bound(backbone), self.mask) if hasattr(self.term, "bound") else self

    def __call__(self, activations: dict) -> tf.Tensor:
        """The score of the term."""
        return self.term(activations)
