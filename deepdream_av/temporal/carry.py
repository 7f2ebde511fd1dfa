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
_LARGE = 1 / 40  # of the height: larger shapes are those that the bass lifts


class DreamsFrames(Protocol):
    """What a dream of frames is made by; `asked` is what the sound asks of the frame, see `correlate.coupling`."""

    def begin(self, frame: np.ndarray, asked: Any) -> np.ndarray:
        """The whole dream of the first frame of a shot, as a difference to it."""

    def follow(self, frame: np.ndarray, delta: np.ndarray, asked: Any) -> np.ndarray:
        """The difference `delta` after the few steps that a following frame gets."""


class CarriedDream:
    """Dreams frame after frame; what is carried is the difference to the source.

    Each frame takes the last one's difference along the flow, lets go of what was hidden, fades the
    rest to `memory` and adds a few gradient steps. Gradients do not repeat exactly, so every step
    also changes what should stay. How much of that change is let through is decided for every
    neighbourhood by how much the source itself changes there beyond its motion: a noisy sea may
    boil, a still wall may not flicker. The loudness as a whole follows the sound, see `Pulse`.

    Args:
        dreamer: makes the steps.
        memory: share of the last frame's dream that is kept, 0 to 1.
    """

    def __init__(self, dreamer: DreamsFrames, *, memory: float = 0.92):
        self.dreamer, self.memory = dreamer, memory
        self._grown: np.ndarray | None = None  # as the ascent left it
        self._shown: np.ndarray | None = None  # as the last frame showed it, at level 1
        self._levels = {"gain": 1.0, "bass": 0.0}
        self._pulses = {"gain": Pulse(), "bass": Pulse()}

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
        wanted = {"gain": 1.0, "bass": 0.0} if asked is None else {"gain": asked.gain, "bass": asked.bass}
        if motion is None or self._grown is None or self._grown.shape != frame.shape:
            self._grown = self._shown = self.dreamer.begin(frame, asked)
            self._levels = wanted
            return self._at_levels()
        flow, seen = settle(motion.flow), _soft(motion.seen)
        grown = warp(self._grown, flow, kind="cubic") * seen[..., None]
        shown = warp(self._shown, flow, kind="cubic") * seen[..., None]
        self._grown = self.dreamer.follow(frame, self.memory * grown, asked)
        change = self._grown - shown
        self._shown = shown + _share(change, motion.residual, seen)[..., None] * change
        self._swell(wanted, unrest=float((motion.residual**2 * seen).mean()))
        return self._at_levels()

    def state(self) -> dict[str, np.ndarray]:
        """All that the next frame depends on, as arrays; none before the first frame."""
        if self._grown is None:
            return {}
        levels = [self._levels[k] for k in self._pulses] + [pulse.saved for pulse in self._pulses.values()]
        return {"grown": self._grown, "shown": self._shown, "levels": np.array(levels)}

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Go on from a `state()` of the same film."""
        self._grown, self._shown = state["grown"], state["shown"]
        names, numbers = list(self._pulses), state["levels"].tolist()
        self._levels = dict(zip(names, numbers))
        for name, saved in zip(names, numbers[len(names) :]):
            self._pulses[name].saved = saved

    def _swell(self, wanted: dict, *, unrest: float) -> None:
        """Bring the levels nearer to what is wanted, as far as the film hides it."""
        if wanted == self._levels:
            return
        size = {"gain": _rms(self._shown), "bass": _rms(_large(self._shown)) if any(wanted.values()) else 0.0}
        for name, pulse in self._pulses.items():
            self._levels[name] = pulse(
                wanted[name], level=self._levels[name], loudness=size[name], unrest=unrest / len(self._pulses)
            )

    def _at_levels(self) -> np.ndarray:
        gain, bass = self._levels["gain"], self._levels["bass"]
        shown = gain * self._shown
        return shown + bass * _large(self._shown) if bass > 1e-4 else shown


def _large(delta: np.ndarray) -> np.ndarray:
    """The large shapes of a dream; blurred at a quarter of the size, where it costs nothing."""
    import cv2

    height, width = delta.shape[:2]
    small = cv2.resize(delta, (max(1, width // 4), max(1, height // 4)), interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), max(0.5, _LARGE * height / 4))
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)


def _rms(delta: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(delta))))


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
