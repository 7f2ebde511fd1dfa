"""From the names in a recipe to an objective for one network."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from deepdream_av.errors import UsageError
from deepdream_av.objectives.guides import Guide
from deepdream_av.objectives.keeping import named_keeping
from deepdream_av.objectives.motif import class_dream
from deepdream_av.objectives.named import masked, named_penalty, named_term, own_name, raising, split_mask
from deepdream_av.objectives.objective import Objective, layer, wanting

Pairs = Iterable[tuple[str, float]]
OTHER = "other/"  # before the layers of the network that a pair is contrasted with


@dataclasses.dataclass(frozen=True, kw_only=True)
class Wishes:
    """What a recipe asks for beside layers and classes; see the recipe's fields of these names.

    Args:
        loss: measure of the layers.
        border: cells at their edges that do not count.
        balance: see `Objective`.
        guides: `(file, weight)`; `file@mask` for one with a mask.
        guide_match: see `Guide`.
        terms: `(KIND=LAYER, weight)`; see `named_term`.
        penalties: `(name, weight)`.
        keep: `(name, weight)` of what shall stay of a sound; see `keeping`.
    """

    loss: str = "energy"
    border: int = 0
    balance: str = "none"
    guides: Pairs = ()
    guide_match: str = "cosine"
    terms: Pairs = ()
    penalties: Pairs = ()
    keep: Pairs = ()

    @classmethod
    def of(cls, recipe) -> Wishes:
        """Those of a recipe."""
        return cls(**{f.name: getattr(recipe, f.name) for f in dataclasses.fields(cls) if f.name != "keep"})


class Wanted:
    """What a recipe asks of a network, with every name made sure of.

    Attributes:
        layers: pairs of the layer's own name (with `#channel` behind it, if one was asked for) and its weight.
        classes: pairs of a class and its weight.
        objective: the sum of all that is wanted.
    """

    def __init__(
        self,
        backbone,
        layers: Pairs,
        classes: Pairs = (),
        *,
        contrast: float = 0.0,
        wishes: Wishes = Wishes(),
    ):
        """Look up the names.

        Args:
            backbone: a `Backbone`, or a `Pair` if there is a contrast.
            layers: `(name, weight)` or `(name#channel, weight)`, and `@file` behind it for a mask; the network's
                default if nothing else is asked for. With guides, where the guides are looked at.
            classes: `(class, weight)`.
            contrast: weight with which what the other network of a `Pair` sees in the same layers is kept out.
            wishes: what else.

        Raises:
            UsageError: a name or number that the network does not have, or weights that leave nothing to want.
            InputError: a guide that cannot be read, or is too small.
        """
        layers, classes = tuple(layers), tuple(classes)
        if not layers and (wishes.guides or not (classes or wishes.terms)):
            layers = tuple(backbone.default_layers)
        names = [(own_name(backbone, split_mask(name)[0]), split_mask(name)[1], float(w)) for name, w in layers]
        self.layers = tuple((name, weight) for name, _, weight in names)
        # a class may have a mask behind it, as a layer has
        found = [(backbone.class_index(split_mask(n)[0]), split_mask(n)[1], float(w)) for n, w in classes]
        self.classes = tuple((backbone.labels[index], w) for index, _, w in found)
        if wishes.guides:
            terms = [w * by * _guided(name, guide, wishes) for name, _, w in names for guide, by in wishes.guides]
        else:
            terms = [
                w * wanting(masked(raising(name, loss=wishes.loss, border=wishes.border), mask))
                for name, mask, w in names
            ]
        terms += [w * _in_mask(class_dream(backbone, index), mask) for index, mask, w in found]
        terms += [w * wanting(named_term(backbone, name)) for name, w in wishes.terms]
        if contrast:
            terms += [-contrast * weight * layer(name) for name, weight in _shared(backbone, self.layers)]
        _check_weights(terms)
        terms += [-w * wanting(named_penalty(name)) for name, w in wishes.penalties]
        terms += [-w * wanting(named_keeping(name)) for name, w in wishes.keep]
        whole = sum(terms[1:], terms[0])
        self.objective = dataclasses.replace(whole, balance=wishes.balance).bound(backbone)


def _in_mask(objective: Objective, mask: str) -> Objective:
    return dataclasses.replace(objective, terms=tuple((masked(term, mask), weight) for term, weight in objective.terms))


def _guided(name: str, guide: str, wishes: Wishes) -> Objective:
    layer_name, channel, _ = name.partition("#")
    if channel:
        raise UsageError(f"`layer` must be a whole layer beside guides, without #CHANNEL. Received: {name!r}.")
    file, mask = split_mask(guide)
    return wanting(masked(Guide(layer_name, file, wishes.guide_match), mask))


def _check_weights(terms):
    """Whether anything is left to want when equal terms are added up."""
    total: dict = {}
    for objective in terms:
        for term, weight in objective.terms:
            total[term] = total.get(term, 0.0) + weight
    if not any(abs(weight) > 1e-9 for weight in total.values()):
        raise UsageError(
            "The weights of all that is wanted must not be 0 or cancel out. Received: "
            f"{', '.join(f'{w:g}' for o in terms for _, w in o.terms)}."
        )


def _shared(backbone, layers: Pairs):
    """What is kept out: the same layers in the other network, or its own default where it has no such layer."""
    known = set(backbone.list_layers())
    asked = [(OTHER + n.partition("#")[0], w) for n, w in layers or backbone.default_layers]
    same = [(name, w) for name, w in asked if name in known]
    return same or [(OTHER + name, w) for name, w in backbone.second.default_layers]
