"""A dream that is carried from frame to frame, grows where the film moves and rests where it rests."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from deepdream_av.temporal.flow import Motion
from deepdream_av.temporal.warp import settle, warp

QUIET = 0.14  # share of the source's own unrest that the dream may add
FLOOR = (0.01 / 255) ** 2  # unrest that nobody sees; in 8 bits even a hundredth of a level turns over some pixels
_NEIGHBOURHOOD = 6.0  # pixels over which unrest is averaged


class DreamsFrames(Protocol):
    """What a dream of frames is made by."""

    def begin(self, frame: np.ndarray) -> np.ndarray:
        """The whole dream of the first frame of a shot, as a difference to it."""

    def follow(self, frame: np.ndarray, delta: np.ndarray) -> np.ndarray:
        """The difference `delta` after the few steps that a following frame gets."""


class CarriedDream:
    """Dreams frame after frame; what is carried is the difference to the source.

    Each frame takes the last one's difference along the flow, lets go of what was hidden, fades the
    rest to `memory` and adds a few gradient steps. Gradients do not repeat exactly, so every step
    also changes what should stay. How much of that change is let through is decided for every
    neighbourhood by how much the source itself changes there beyond its motion: a noisy sea may
    boil, a still wall may not flicker.

    Args:
        dreamer: makes the steps.
        memory: share of the last frame's dream that is kept, 0 to 1.
    """

    def __init__(self, dreamer: DreamsFrames, *, memory: float = 0.92):
        self.dreamer, self.memory = dreamer, memory
        self._grown: np.ndarray | None = None  # as the ascent left it
        self._shown: np.ndarray | None = None  # as the last frame showed it

    def __call__(self, frame: np.ndarray, *, motion: Motion | None, gain: float = 1.0) -> np.ndarray:
        """The difference to show on `frame`.

        Args:
            frame: float32 `[height, width, 3]` in [0, 1].
            motion: from the last frame to this one; None begins a new shot.
            gain: how strongly this frame dreams; 1 is usual.

        Returns:
            float32 `[height, width, 3]`.
        """
        if motion is None or self._grown is None or self._grown.shape != frame.shape:
            self._grown = self.dreamer.begin(frame)
            self._shown = gain * self._grown
            return self._shown
        flow, seen = settle(motion.flow), _soft(motion.seen)
        grown = warp(self._grown, flow, kind="cubic") * seen[..., None]
        shown = warp(self._shown, flow, kind="cubic") * seen[..., None]
        self._grown = self.dreamer.follow(frame, self.memory * grown)
        wanted = gain * self._grown
        self._shown = shown + _share(wanted - shown, motion.residual, seen)[..., None] * (wanted - shown)
        return self._shown


def _share(change: np.ndarray, residual: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """How much of a change is let through: all of it where the source is restless or new."""
    import cv2

    def around(x):
        return cv2.GaussianBlur(x, (0, 0), _NEIGHBOURHOOD)

    weight = around(seen) + 1e-3
    allowed = QUIET * around(residual**2 * seen) / weight + FLOOR
    asked = around((change**2).mean(2) * seen) / weight + 1e-12
    share = np.minimum(1.0, np.sqrt(allowed / asked))
    return 1.0 - seen * (1.0 - share)


def _soft(seen: np.ndarray) -> np.ndarray:
    """A mask without hard edges: where the edge of a dream would show, it fades in."""
    import cv2

    eroded = cv2.erode(seen, np.ones((3, 3), np.uint8))
    return np.minimum(seen, cv2.GaussianBlur(eroded, (0, 0), 1.2))
