"""A dream that is carried from frame to frame, grows where the film moves and rests where it rests."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from deepdream_av.temporal.flow import Motion
from deepdream_av.temporal.pulse import Pulse
from deepdream_av.temporal.warp import settle, warp

QUIET = 0.14  # share of the source's own unrest that the dream may add
FLOOR = (0.01 / 255) ** 2  # unrest that nobody sees; in 8 bits even a hundredth of a level turns over some pixels
_NEIGHBOURHOOD = 6.0  # pixels over which unrest is averaged
_USUAL = np.array([1.0, 0.0], np.float32)
_LARGE = 1 / 40  # of the height: larger shapes are those that the bass lifts


class DreamsFrames(Protocol):
    """What a dream of frames is made by; `asked` is what the sound asks of the frame, see `correlate.coupling`."""

    def begin(self, frame: np.ndarray, asked: Any) -> np.ndarray:
        """The whole dream of the first frame of a shot, as a difference to it."""

    def follow(self, frame: np.ndarray, delta: np.ndarray, asked: Any) -> np.ndarray:
        """The difference `delta` after the few steps that a following frame gets."""

    def toned(self, picture: np.ndarray, delta: np.ndarray) -> np.ndarray:
        """A frame with its dream, as it is shown."""


class CarriedDream:
    """Dreams frame after frame; what is carried is the difference to the source.

    Each frame takes the last one's difference along the flow, lets go of what was hidden, fades the
    rest to `memory` and adds a few gradient steps. Gradients do not repeat exactly, so every step
    also changes what should stay. How much of that change is let through is decided for every
    neighbourhood by how much the source itself changes there beyond its motion: a noisy sea may
    boil, a still wall may not flicker. The dream as a whole swells and fades with the sound, see `Pulse`.

    Args:
        dreamer: makes the steps.
        memory: share of the last frame's dream that is kept, 0 to 1.
    """

    def __init__(self, dreamer: DreamsFrames, *, memory: float = 0.92):
        self.dreamer, self.memory = dreamer, memory
        self._grown: np.ndarray | None = None  # as the ascent left it
        self._shown: np.ndarray | None = None  # as the last frame showed it, at level 1
        self._level = _USUAL  # of the dream, and of its large shapes on top
        self._pulse = Pulse()
        self._last: np.ndarray | None = None  # the last frame as it was shown

    def __call__(self, frame: np.ndarray, *, motion: Motion | None, asked: Any = None) -> np.ndarray:
        """The difference to show on `frame`.

        Args:
            frame: float32 `[height, width, 3]` in [0, 1].
            motion: from the last frame to this one; None begins a new shot.
            asked: what the sound asks of this frame, with `gain` and `bass` (see `correlate.drive.Drive`) and what the
                dreamer reads; None for nothing.

        Returns:
            float32 `[height, width, 3]`.
        """
        level = _USUAL if asked is None else np.array([asked.gain, asked.bass], np.float32)
        if motion is None or self._grown is None or self._grown.shape != frame.shape:
            self._grown = self._shown = self.dreamer.begin(frame, asked)
            self._level = level
            return self._finished(frame)
        flow, seen = settle(motion.flow), _soft(motion.seen)
        grown = warp(self._grown, flow, kind="cubic") * seen[..., None]
        shown = warp(self._shown, flow, kind="cubic") * seen[..., None]
        self._grown = self.dreamer.follow(frame, self.memory * grown, asked)
        change = self._grown - shown
        self._shown = shown + _share(change, motion.residual, seen)[..., None] * change
        if not np.array_equal(level, self._level):
            self._level = self._level + self._pulse.share(self._loudness(level - self._level)) * (level - self._level)
        before = warp(self._last, motion.flow)
        delta = self._finished(frame)
        self._pulse.book(
            unrest=float((motion.residual**2 * motion.seen).mean()),
            shown=float((np.square(self._last - before).mean(2) * motion.seen).mean()),
        )
        return delta

    def state(self) -> dict[str, np.ndarray]:
        """All that the next frame depends on, as arrays; none before the first frame."""
        if self._grown is None:
            return {}
        saved = np.array(self._pulse.saved)
        return {"grown": self._grown, "shown": self._shown, "last": self._last, "level": self._level, "saved": saved}

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Go on from a `state()` of the same film."""
        self._grown, self._shown, self._last = state["grown"], state["shown"], state["last"]
        self._level, self._pulse.saved = state["level"], float(state["saved"])

    def _loudness(self, level: np.ndarray) -> float:
        """Root mean square of the dream at a level."""
        return float(np.sqrt(np.mean(np.square(self._at(level)))))

    def _at(self, level: np.ndarray) -> np.ndarray:
        gain, bass = level
        return gain * self._shown + bass * _large(self._shown) if abs(bass) > 1e-4 else gain * self._shown

    def _finished(self, frame: np.ndarray) -> np.ndarray:
        delta = self._at(self._level)
        self._last = self.dreamer.toned(frame, delta)
        return delta


def _large(delta: np.ndarray) -> np.ndarray:
    """The large shapes of a dream; blurred at a quarter of the size, where it costs nothing."""
    import cv2

    height, width = delta.shape[:2]
    small = cv2.resize(delta, (max(1, width // 4), max(1, height // 4)), interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), max(0.5, _LARGE * height / 4))
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)


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
