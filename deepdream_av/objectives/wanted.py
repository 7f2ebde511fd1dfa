"""From the names in a recipe to an objective for one network."""

from __future__ import annotations

from collections.abc import Iterable

from deepdream_av.errors import UsageError
from deepdream_av.objectives.objective import Objective, class_logit, layer

Pairs = Iterable[tuple[str, float]]
OTHER = "other/"  # before the layers of the network that a pair is contrasted with


class Wanted:
    """What a recipe asks of a network, with every name made sure of.

    Attributes:
        layers: pairs of the layer's own name (with `#channel` behind it, if one was asked for) and its weight.
        classes: pairs of a class and its weight.
        objective: the sum of both.
    """

    def __init__(self, backbone, layers: Pairs, classes: Pairs = (), *, contrast: float = 0.0):
        """Look up the names.

        Args:
            backbone: a `Backbone`, or a `Pair` if there is a contrast.
            layers: `(name, weight)` or `(name#channel, weight)`; the network's default if neither layers nor
                classes are asked for.
            classes: `(class, weight)`.
            contrast: weight with which what the other network of a `Pair` sees in the same layers is kept out.

        Raises:
            UsageError: a name or number that the network does not have.
        """
        layers, classes = tuple(layers), tuple(classes)
        if not layers and not classes:
            layers = tuple(backbone.default_layers)
        self.layers = tuple((_own_name(backbone, name), float(weight)) for name, weight in layers)
        self.classes = tuple((backbone.labels[backbone.class_index(n)], float(w)) for n, w in classes)
        terms = [weight * _layer(backbone, name) for name, weight in self.layers]
        terms += [w * class_logit(backbone.class_index(n)) for n, w in self.classes]
        if contrast:
            terms += [-contrast * weight * layer(name) for name, weight in _shared(backbone, self.layers)]
        self.objective = sum(terms[1:], terms[0])


def _own_name(backbone, name: str) -> str:
    plain, mark, channel = name.partition("#")
    plain = backbone.layer_name(plain)
    if not mark:
        return plain
    if not channel.isdigit():
        raise UsageError(f"A channel is a number, as in {plain}#12. Received: {name!r}.")
    return f"{plain}#{int(channel)}"


def _layer(backbone, name: str) -> Objective:
    plain, _, channel = name.partition("#")
    if not channel:
        return layer(plain)
    width = backbone.channels(plain)
    if int(channel) >= width:
        raise UsageError(f"{backbone.name}'s {plain} has channels 0 to {width - 1}. Received: {channel}.")
    return layer(plain, int(channel))


def _shared(backbone, layers: Pairs):
    """What is kept out: the same layers in the other network, or its own default where it has no such layer."""
    known = set(backbone.list_layers())
    asked = [(OTHER + n.partition("#")[0], w) for n, w in layers or backbone.default_layers]
    same = [(name, w) for name, w in asked if name in known]
    return same or [(OTHER + name, w) for name, w in backbone.second.default_layers]
