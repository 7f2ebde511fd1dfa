"""Terms by their names, as recipes and the command line have them: `stride8#3+7`, `neuron=stride16#12/0.5/0.3`."""

from __future__ import annotations

import math

from deepdream_av.errors import UsageError, unknown_name
from deepdream_av.objectives.diversity import Diversity
from deepdream_av.objectives.layers import MEASURES, LayerEnergy, Raise
from deepdream_av.objectives.masked import Masked
from deepdream_av.objectives.places import Direction, Neuron
from deepdream_av.objectives.registry import PENALTIES

WITH_LAYER = (*MEASURES, "neuron", "direction", "cosine", "diversity")


def own_name(backbone, name: str) -> str:
    """`LAYER`, `LAYER#CHANNEL` or `LAYER#CHANNEL+CHANNEL` with the layer's own name, each number made sure of.

    Raises:
        UsageError: a name or number that the network does not have.
    """
    plain, mark, rest = name.partition("#")
    plain = backbone.layer_name(plain)
    if not mark:
        return plain
    numbers = rest.split("+")
    if not all(number.isdecimal() for number in numbers):
        raise UsageError(f"A channel is a number, as in {plain}#12 or {plain}#3+7. Received: {name!r}.")
    width = backbone.channels(plain)
    for number in numbers:
        if int(number) >= width:
            raise UsageError(f"{backbone.name}'s {plain} has channels 0 to {width - 1}. Received: {number}.")
    return f"{plain}#{'+'.join(str(int(number)) for number in numbers)}"


def split_mask(name: str) -> tuple[str, str]:
    """`stride8@sky.png` as a name and the file of its mask, which is empty if there is none."""
    plain, _, mask = name.partition("@")
    return plain, mask


def masked(term, mask: str):
    """A term, with a mask if it has one."""
    return Masked(term, mask) if mask else term


def raising(name: str, *, loss: str = "energy", border: int = 0):
    """The term of an own name of `own_name`.

    Args:
        name: see there.
        loss: how it is measured, see `Raise`.
        border: cells at the edges that do not count.
    """
    plain, channels = numbers_of(name)
    if loss == "energy" and not border and len(channels) < 2:
        return LayerEnergy(plain, channels[0] if channels else None)
    return Raise(plain, channels, loss, border)


def numbers_of(name: str) -> tuple[str, tuple[int, ...]]:
    """An own name as a layer and its channels."""
    plain, _, rest = name.partition("#")
    return plain, tuple(int(number) for number in rest.split("+")) if rest else ()


def named_term(backbone, text: str):
    """A term by `KIND=LAYER`, with `#CHANNEL` or `#CHANNEL+CHANNEL` behind it, and `@MASK` at the end.

    A neuron may have its place behind the channel, down and across: `neuron=LAYER#12/0.5/0.3`.

    Raises:
        UsageError: an unknown kind, layer or channel, or a channel that is missing.
    """
    text, mask = split_mask(text)
    kind, equals, name = text.partition("=")
    if kind not in WITH_LAYER:
        raise unknown_name("term", kind, WITH_LAYER)
    if not equals:
        raise UsageError(f"`term` must be KIND=LAYER, as in {kind}={backbone.list_layers()[-1]}. Received: {text!r}.")
    place = ()
    if kind == "neuron":
        layer, mark, rest = name.partition("#")
        channel, *shares = rest.split("/")
        place, name = _place(shares, text), layer + mark + channel
    name = own_name(backbone, name)
    layer, channels = numbers_of(name)
    if kind in MEASURES:
        return masked(raising(name, loss=kind), mask)
    if kind == "diversity":
        return masked(Diversity(layer), mask)
    if not channels or (kind == "neuron" and len(channels) > 1):
        raise UsageError(f"`term` {kind} needs a channel, as in {kind}={layer}#12. Received: {text!r}.")
    if kind == "neuron":
        return masked(Neuron(layer, channels[0], *place), mask)
    return masked(Direction(layer, (1.0,) * len(channels), channels, dot=int(kind == "direction")), mask)


def _place(shares: list[str], text: str) -> tuple[float, ...]:
    try:
        place = tuple(float(share) for share in shares)
    except ValueError:
        place = (math.nan,)
    if len(place) not in (0, 2) or not all(0 <= share <= 1 for share in place):
        raise UsageError(
            f"The place of a neuron must be two numbers from 0 to 1, as in neuron=LAYER#12/0.5/0.3. Received: {text!r}."
        )
    return place


def named_penalty(text: str):
    """A penalty by its name.

    Raises:
        UsageError: there is none of that name.
    """
    text, mask = split_mask(text)
    if text not in PENALTIES:
        raise unknown_name("penalty", text, sorted(PENALTIES))
    return masked(PENALTIES[text](), mask)
