"""What a dream wants: terms over the activations of a network, added and weighed; larger is better."""

from __future__ import annotations

from deepdream_av.objectives.objective import LayerEnergy, Objective, from_layers, layer

__all__ = ["LayerEnergy", "Objective", "from_layers", "layer"]
