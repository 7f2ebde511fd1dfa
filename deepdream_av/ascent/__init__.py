"""The one optimisation loop, and what is built from it: octaves, gradient rules, dreams of pictures and sounds."""

from __future__ import annotations

from deepdream_av.ascent.loop import Step, ascend
from deepdream_av.ascent.moments import Adam, Momentum
from deepdream_av.ascent.octaves import Octaves
from deepdream_av.ascent.rules import Laplacian, Mean, Std

__all__ = ["Adam", "Laplacian", "Mean", "Momentum", "Octaves", "Std", "Step", "ascend"]
