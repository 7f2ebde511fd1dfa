"""A dream that is carried from frame to frame, grows where the film moves and rests where it rests."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from deepdream_av.temporal.flow import Motion, averaged
from deepdream_av.temporal.pulse import Pulse
from deepdream_av.temporal.warp import settle, warp

QUIET = 0.14  # share of the source's own unrest that the dream may add
FLOOR = (0.01 / 255) ** 2  # unrest that nobody sees; in 8 bits even a hundredth of a level turns over some pixels
_NEIGHBOURHOOD = 6.0  # pixels over which unrest is averaged
_CALMING = np.float32(0.1)  # share of the way to a rest that a dream goes in a frame when it has changed too much
_LARGE = 1 / 40  # of the height: larger shapes are those that the bass lifts


class DreamsFrames(Protocol):
    """What a dream of frames is made by; `asked` is what the sound asks of the frame, see `correlate.coupling`.

    A dreamer may have `voices`, a number of smaller dreams beside the main one. Then `begin_voice(frame, number)` and
    `follow_voice(frame, delta, number)` make them, and `asked.voices` says how far each is heard.
    """

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
    boil, a still wall may not flicker.

    The dream as a whole swells and fades with the sound, and so does each of its voices, see `Pulse`: what is
    dreamt already can be shown at once when it is called, which no gradient could do in a frame. Voices take turns in
    growing.

    Args:
        dreamer: makes the steps.
        memory: share of the last frame's dream that is kept, 0 to 1.
    """

    def __init__(self, dreamer: DreamsFrames, *, memory: float = 0.92):
        self.dreamer, self.memory = dreamer, memory
        self._main: _Growth | None = None
        self._voices: list[_Growth] = []
        self._turn = 0
        self._level = np.zeros(0, np.float32)  # of the main dream, of its large shapes on top, and of each voice
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
        if not self.goes_on(frame, motion):
            return self.begin(frame, asked)
        way = Way(motion)
        self.grow(frame, way, asked)
        return self.show(frame, motion, asked)

    def goes_on(self, frame: np.ndarray, motion: Motion | None) -> bool:
        """Whether a frame can follow the last one; else it begins a shot."""
        return motion is not None and self._main is not None and self._main.shown.shape == frame.shape

    def begin(self, frame: np.ndarray, asked: Any = None) -> np.ndarray:
        """The difference to show on the first frame of a shot."""
        self._begin(frame, asked)
        self._level = self._wanted(asked)
        return self._finished(frame, self.parts)

    def grow(self, frame: np.ndarray, way: Way, asked: Any = None) -> None:
        """Carry the dream to a frame and let it grow there, without showing it yet.

        Args:
            frame: float32 `[height, width, 3]` in [0, 1].
            way: from the last frame that was grown on.
            asked: what the sound asks of it.
        """
        self._main.carry(way)
        self._main.grow(self.dreamer.follow(frame, self.memory * self._main.grown, asked), way)
        self._grow_voices(frame, way)

    @property
    def parts(self) -> list[np.ndarray]:
        """The main dream and each voice at level 1, float32 `[height, width, 3]`, where they were grown last."""
        return [growth.shown for growth in (self._main, *self._voices)]

    def show(
        self, frame: np.ndarray, motion: Motion, asked: Any = None, *, parts: list[np.ndarray] | None = None
    ) -> np.ndarray:
        """The difference to show on a frame that follows the last one that was shown.

        Args:
            frame: float32 `[height, width, 3]` in [0, 1].
            motion: from the last frame to this one.
            asked: what the sound asks of it.
            parts: as `parts`, carried to this frame; those grown last if None.
        """
        parts, level = parts or self.parts, self._wanted(asked)
        self._swell(level, parts)
        before = warp(self._last, motion.flow)
        delta = self._finished(frame, parts)
        self._pulse.book(
            unrest=float((motion.residual**2 * motion.seen).mean()),
            shown=float((averaged(np.square(self._last - before)) * motion.seen).mean()),
        )
        return delta

    def _swell(self, level: np.ndarray, parts: list[np.ndarray]) -> None:
        """Bring the level nearer to what is wanted, as far as the film hides it; without room, nearer to a rest."""
        if self._pulse.overdrawn:
            rest = np.minimum(level, np.float32([1.0, 0.0, *level[2:]]))
            self._level = np.minimum(self._level, self._level + _CALMING * (rest - self._level))
        elif not np.array_equal(level, self._level):
            change = level - self._level
            self._level = self._level + self._pulse.share(_rms(_at(change, parts))) * change

    def state(self) -> dict[str, np.ndarray]:
        """All that the next frame depends on, as arrays; none before the first frame."""
        if self._main is None:
            return {}
        growths = [self._main, *self._voices]
        return {
            "grown": np.stack([growth.grown for growth in growths]),
            "shown": np.stack([growth.shown for growth in growths]),
            "last": self._last,
            "level": self._level,
            "account": np.array([self._pulse.saved, self._turn]),
        }

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Go on from a `state()` of the same film."""
        growths = [_Growth(grown, shown) for grown, shown in zip(state["grown"], state["shown"])]
        self._main, self._voices = growths[0], growths[1:]
        self._last, self._level = state["last"], state["level"]
        self._pulse.saved, self._turn = float(state["account"][0]), int(state["account"][1])

    def _begin(self, frame: np.ndarray, asked: Any) -> None:
        self._pulse = Pulse()  # a shot depends on no other
        self._main = _Growth(self.dreamer.begin(frame, asked))
        count = getattr(self.dreamer, "voices", 0)
        self._voices = [_Growth(self.dreamer.begin_voice(frame, number)) for number in range(count)]
        self._turn = 0

    def _grow_voices(self, frame: np.ndarray, way: Way) -> None:
        count = len(self._voices)
        for voice in self._voices:
            voice.carry(way)
        if count:
            voice, kept = self._voices[self._turn % count], self.memory**count
            voice.grow(self.dreamer.follow_voice(frame, kept * voice.grown, self._turn % count), way)
            self._turn += 1

    def _wanted(self, asked: Any) -> np.ndarray:
        count = getattr(self.dreamer, "voices", 0)
        voices = np.zeros(count) if asked is None or not count else asked.voices
        return np.float32([1.0, 0.0, *voices] if asked is None else [asked.gain, asked.bass, *voices])

    def _finished(self, frame: np.ndarray, parts: list[np.ndarray]) -> np.ndarray:
        delta = _at(self._level, parts)
        self._last = self.dreamer.toned(frame, delta)
        return delta


def _at(level: np.ndarray, parts: list[np.ndarray]) -> np.ndarray:
    """A dream at a level: of the whole, of its large shapes on top, and of each voice."""
    (gain, bass, *shares), (main, *voices) = level, parts
    delta = gain * main
    if abs(bass) > 1e-4:
        delta = delta + bass * _large(main)
    for voice, share in zip(voices, shares):
        delta = delta + share * voice
    return delta


class Way:
    """How one frame follows another, made ready for dreams."""

    def __init__(self, motion: Motion):
        self.flow, self.seen, self.residual = settle(motion.flow), soft(motion.seen), motion.residual


class _Growth:
    """A dream as the ascent left it, and as the last frame showed it at level 1."""

    def __init__(self, grown: np.ndarray, shown: np.ndarray | None = None):
        self.grown, self.shown = grown, grown if shown is None else shown

    def carry(self, way: Way) -> None:
        """To the next frame; what was hidden is let go."""
        self.grown, self.shown = (
            warp(delta, way.flow, kind="cubic") * way.seen[..., None] for delta in (self.grown, self.shown)
        )

    def grow(self, grown: np.ndarray, way: Way) -> None:
        """Become this, and show as much of it as the film hides."""
        change = grown - self.shown
        self.grown = grown
        self.shown = self.shown + _share(change, way.residual, way.seen)[..., None] * change


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
    asked = around(averaged(np.square(change)) * seen) / weight + 1e-12
    share = np.minimum(1.0, np.sqrt(allowed / asked))
    return 1.0 - seen * (1.0 - share)


def soft(seen: np.ndarray) -> np.ndarray:
    """A mask without hard edges: where the edge of a dream would show, it fades in."""
    import cv2

    eroded = cv2.erode(seen, np.ones((3, 3), np.uint8))
    return np.minimum(seen, cv2.GaussianBlur(eroded, (0, 0), 1.2))
