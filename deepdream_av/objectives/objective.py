"""Objectives: sums of weighted terms, each of them one number from the activations of one layer."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from deepdream_av.errors import UsageError, unknown_name
from deepdream_av.objectives.classes import ClassLogit
from deepdream_av.objectives.layers import LayerEnergy, Raise
from deepdream_av.objectives.masked import Masked
from deepdream_av.objectives.registry import from_dict, to_dict

__all__ = ["BALANCES", "ClassLogit", "LayerEnergy", "Objective", "class_logit", "layer", "wanting"]

BALANCES = ("none", "own")
_SHOWN = ("picture", "source", "signals")  # no layers, but given to every term


@dataclass(frozen=True)
class Objective:
    """A weighted sum of terms. `2 * a + b`, `a - 0.5 * b` and `-a` are what they say.

    Attributes:
        terms: pairs of a term and its weight; a negative weight makes a penalty.
        balance: `none`: the score is followed as it is. `own`: the gradient of every term with respect to the picture
            is brought to length 1 before it is weighed, so that a weight of 2 moves the picture twice as far as a
            weight of 1, whatever the terms measure (Mordvintsev's normalised gradient, for each term on its own).

    >>> wanted = 2 * layer("mixed4") - layer("mixed5")
    >>> wanted.layers
    ('mixed4', 'mixed5')
    >>> float(wanted({"mixed4": tf.ones([1, 4, 4, 8]), "mixed5": tf.ones([1, 2, 2, 8])})) < 1e-5
    True
    >>> Objective.from_json(wanted.to_json()) == wanted
    True
    """

    terms: tuple[tuple[Any, float], ...]
    balance: str = "none"

    def __post_init__(self):
        if self.balance not in BALANCES:
            raise unknown_name("balance", self.balance, BALANCES)

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the layers that it reads, each once; the picture itself is none."""
        names = dict.fromkeys(name for term, _ in self.terms for name in read_by(term))
        return tuple(name for name in names if name not in _SHOWN)

    @property
    def masks(self) -> tuple[str, ...]:
        """Names of the masks that its terms have, each once."""
        return tuple(dict.fromkeys(term.mask for term, _ in self.terms if isinstance(term, Masked)))

    @property
    def signalled(self) -> bool:
        """Whether any of its terms follows signals that are given to `ascend`."""
        return any("signals" in read_by(term) for term, _ in self.terms)

    def __call__(self, activations: dict) -> tf.Tensor:
        """The score, a float32 scalar, of `{layer: float [batch, ..., channels]}`."""
        return tf.add_n([weight * term(activations) for term, weight in self.terms])

    def bound(self, backbone) -> Objective:
        """The same with everything filled in that needs the network, such as what it sees in a guide."""
        if not any(hasattr(term, "bound") for term, _ in self.terms):
            return self
        terms = [(t.bound(backbone) if hasattr(t, "bound") else t, weight) for t, weight in self.terms]
        return dataclasses.replace(self, terms=tuple(terms))

    def to_json(self) -> str:
        """This objective as JSON; guides by the names of their files."""
        terms = [{"weight": weight, **to_dict(term)} for term, weight in self.terms]
        return json.dumps({"balance": self.balance, "terms": terms})

    @classmethod
    def from_json(cls, text: str | bytes) -> Objective:
        """Read what `to_json` wrote; nothing in it is ever evaluated.

        Raises:
            UsageError: something else.
        """
        try:
            data = json.loads(text)
            pairs = [(dict(term), float(term["weight"])) for term in data["terms"]]
            balance = data.get("balance", "none")
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise UsageError(f"An objective must be JSON with weighted terms. Received: {str(text)[:80]!r}.") from None
        if not pairs or not isinstance(balance, str):
            raise UsageError(f"An objective must have at least one term. Received: {str(text)[:80]!r}.")
        terms = tuple((from_dict({k: v for k, v in t.items() if k != "weight"}), w) for t, w in pairs)
        return cls(terms, balance)

    def __add__(self, other: Objective) -> Objective:
        if not isinstance(other, Objective):
            return NotImplemented
        return Objective(self.terms + other.terms, max(self.balance, other.balance))  # "own" is kept

    def __mul__(self, factor: float) -> Objective:
        if not isinstance(factor, int | float):
            return NotImplemented
        return Objective(tuple((term, weight * factor) for term, weight in self.terms), self.balance)

    __rmul__ = __mul__

    def __neg__(self) -> Objective:
        return self * -1.0

    def __sub__(self, other: Objective) -> Objective:
        return self + -other


def read_by(term) -> tuple[str, ...]:
    """Names of what a term reads."""
    return term.layers if hasattr(term, "layers") else (term.layer,)


def wanting(term, weight: float = 1.0) -> Objective:
    """An objective of one term.

    Args:
        term: of any kind.
        weight: negative for what is not wanted.
    """
    return Objective(((term, float(weight)),))


def layer(name: str, channel: int | tuple[int, ...] | None = None) -> Objective:
    """Raise a whole layer, as the first Deep Dreams did, or one or several channels of it.

    Args:
        name: one of the backbone's `list_layers()`.
        channel: number of the channel, or several.
    """
    return wanting(Raise(name, tuple(channel)) if isinstance(channel, tuple) else LayerEnergy(name, channel))


def class_logit(index: int) -> Objective:
    """Raise one class of a network that knows classes.

    Args:
        index: number of the class, e.g. `backbone.class_index("mandala")`.
    """
    return wanting(ClassLogit(index))
