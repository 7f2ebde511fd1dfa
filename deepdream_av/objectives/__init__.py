"""What a dream wants: terms over the activations of a network, added and weighed; larger is better.

A new kind of term is a frozen dataclass with `layers` and `__call__(activations)`, under `@kind("name")`; JSON knows it
then. See `Objective` for how terms are added.
"""

from __future__ import annotations

from deepdream_av.objectives.diversity import Diversity
from deepdream_av.objectives.gated import Gated
from deepdream_av.objectives.guides import Guide
from deepdream_av.objectives.layers import Raise
from deepdream_av.objectives.masked import Masked
from deepdream_av.objectives.objective import (
    ClassLogit,
    LayerEnergy,
    Objective,
    class_logit,
    layer,
    wanting,
)
from deepdream_av.objectives.penalties import Distance, SpectralSlope, TotalVariation
from deepdream_av.objectives.places import Direction, Neuron
from deepdream_av.objectives.wanted import Wanted, Wishes

__all__ = [
    "ClassLogit",
    "Direction",
    "Distance",
    "Diversity",
    "Gated",
    "Guide",
    "LayerEnergy",
    "Masked",
    "Neuron",
    "Objective",
    "Raise",
    "SpectralSlope",
    "TotalVariation",
    "Wanted",
    "Wishes",
    "class_logit",
    "layer",
    "wanting",
]
