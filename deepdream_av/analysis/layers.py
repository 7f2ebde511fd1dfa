"""What a network is made of: its layers with channels, stride and receptive field, and names of single channels."""

from __future__ import annotations

from dataclasses import dataclass

from deepdream_av.backbones.fields import grids_of, ways_of
from deepdream_av.errors import UsageError


@dataclass(frozen=True)
class LayerFacts:
    """One layer that can be dreamt.

    Attributes:
        name: as `--layer` takes it.
        channels: how many.
        stride: pixels (of a picture; frames and mel bands of a sound) from one place of its map to the next,
            `(rows, columns)`; None where it cannot be computed.
        field: side of what one place sees, in the same units; None where it cannot be computed, or is everything.
        default: weight with which it is dreamt unless something else is asked for; 0 if it is not.
        narrow: whether all that deeper layers know passes through it, as between two blocks.
    """

    name: str
    channels: int
    stride: tuple[float, float] | None
    field: tuple[int, int] | None
    default: float = 0.0
    narrow: bool = False


def describe_layers(backbone) -> list[LayerFacts]:
    """All layers of a network that can be dreamt, from the first to the deepest.

    Args:
        backbone: from `load_backbone`.

    >>> from deepdream_av import load_backbone
    >>> facts = describe_layers(load_backbone("dreamnet"))[0]
    >>> facts.name, facts.channels, facts.stride, facts.field
    ('stride2', 24, (2.0, 2.0), (4, 4))
    """
    model = getattr(backbone, "model", None)
    grids, narrow = grids_of(model), _narrow(model)
    default = dict(backbone.default_layers)
    facts = []
    for name in backbone.list_layers():
        grid = grids.get(name)
        facts.append(
            LayerFacts(
                name,
                backbone.channels(name),
                grid and tuple(float(jump) for jump, _ in grid),
                grid and tuple(int(seen) for _, seen in grid),
                float(default.get(name, 0.0)),
                name in narrow,
            )
        )
    return facts


def chosen_layers(backbone, names=()) -> list[LayerFacts]:
    """The layers of these names; of none, the deepest layer of each stride, which shows a network on one page.

    Args:
        backbone: from `load_backbone`.
        names: of layers, or aliases of them.

    Raises:
        UsageError: an unknown name; the message offers the closest one.
    """
    facts = describe_layers(backbone)
    if names:
        known = {f.name: f for f in facts}
        return [known[_plain(backbone, name)] for name in dict.fromkeys(names)]
    # pools only choose among what the layer before them sees
    seeing = [f for f in facts if "pool" not in f.name and not f.name.endswith(("_pad", "_padding"))]
    deepest = {f.stride or f.name: f for f in seeing} | {f.stride: f for f in seeing if f.narrow and f.stride}
    some = list(deepest.values())
    # where strides are not known every layer is its own; eight make a page
    return some if len(some) <= 8 else [some[round(k * (len(some) - 1) / 7)] for k in range(8)]


def _plain(backbone, name: str) -> str:
    if "#" in name:
        raise UsageError(f"`layer` must be a whole layer here, without #CHANNEL. Received: {name!r}.")
    return backbone.layer_name(name)


def parse_channel(backbone, text: str) -> tuple[str, int]:
    """`stride8#12` as the layer's own name and the number.

    Raises:
        UsageError: not of that form, no such layer (the closest one is offered), or no such channel.
    """
    name, mark, number = text.partition("#")
    if not mark or not number.isdecimal():
        example = f"{backbone.list_layers()[-1]}#12"
        raise UsageError(f"A channel must be LAYER#NUMBER, as in {example}. Received: {text!r}.")
    name, width = backbone.layer_name(name), backbone.channels(name)
    if int(number) >= width:
        raise UsageError(f"{backbone.name}'s {name} has channels 0 to {width - 1}. Received: {number}.")
    return name, int(number)


def parse_numbers(text: str, width: int) -> tuple[int, ...]:
    """`0-3,17` as numbers of channels.

    Raises:
        UsageError: something else, or a number that is not below `width`.

    >>> parse_numbers("0-3,17", 24)
    (0, 1, 2, 3, 17)
    """
    numbers: list[int] = []
    for part in text.replace(" ", "").split(","):
        first, dash, last = part.partition("-")
        last = last if dash else first
        if not (first.isdecimal() and last.isdecimal()) or int(first) > int(last):
            raise UsageError(f"`channels` must be numbers and ranges, as in 0-7,12. Received: {text!r}.")
        if int(last) >= width:
            raise UsageError(f"`channels` must lie between 0 and {width - 1}. Received: {last}.")
        numbers += range(int(first), int(last) + 1)
    return tuple(dict.fromkeys(numbers))


def spread(width: int, count: int) -> tuple[int, ...]:
    """Up to `count` channel numbers, evenly over all `width` of them.

    >>> spread(100, 4)
    (0, 33, 66, 99)
    """
    if count >= width:
        return tuple(range(width))
    return tuple(round(k * (width - 1) / max(count - 1, 1)) for k in range(count))


def _narrow(model) -> set[str]:
    """Layers that no way goes around."""
    ways = ways_of(model)
    place = {name: k for k, name in enumerate(ways)}
    passed = [0] * (len(place) + 1)
    for name, sources in ways.items():
        for source in sources:
            if place.get(source, place[name]) + 1 < place[name]:
                passed[place[source] + 1] += 1
                passed[place[name]] -= 1
    narrow, open_ways = set(), 0
    for name, k in place.items():
        open_ways += passed[k]
        if not open_ways:
            narrow.add(name)
    return narrow
