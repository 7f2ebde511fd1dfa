"""What is done to a picture or a sound before a network is shown it: drawn from a seed, then applied, and undone.

The gradient comes back through a transform as it went in, so that a canvas itself never moves.
"""

from __future__ import annotations

from deepdream_av.transforms.jitter import Jitter
from deepdream_av.transforms.robust import Pad, Rotate, Scale, robust
from deepdream_av.transforms.sound_masks import PitchMask, Tempo, TimeMask
from deepdream_av.transforms.time_shift import TimeShift

__all__ = ["Jitter", "Pad", "PitchMask", "Rotate", "Scale", "Tempo", "TimeMask", "TimeShift", "robust"]
