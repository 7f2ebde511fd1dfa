"""What a dream wants: terms over the activations of a network, added and weighed; larger is better."""

from __future__ import annotations

from deepdream_av.objectives.objective import ClassLogit, LayerEnergy, Objective, class_logit, layer
from deepdream_av.objectives.wanted import Wanted

__all__ = ["ClassLogit", "LayerEnergy", "Objective", "Wanted", "class_logit", "layer"]
