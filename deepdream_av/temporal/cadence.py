"""Dream on every n-th frame alone, and carry the dreams before and after it into those between."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from deepdream_av.temporal.carry import CarriedDream, Way, soft
from deepdream_av.temporal.flow import Motion, composed, explained, judged, visible
from deepdream_av.temporal.warp import settle, warp

ONSET = 0.15  # rise of the push from frame to frame, from which on a beat is dreamt at once
_LEAST = 1e-3  # weight of a dream where its pixel was hidden; counts where both were


@dataclass(frozen=True, eq=False)
class _Waiting:
    """A frame that is seen and not yet finished."""

    seen: Any
    asked: Any

    @property
    def frame(self) -> np.ndarray:
        return self.seen.small


class Cadence:
    """Decides which frames are dreamt, and makes those between out of the dreams on both sides.

    The dreams before and after are warped to a frame between, along flows that are put together from frame to frame,
    and blended: the nearer one counts more, and only where its pixel can be seen. What is warped is the dream at level
    1; each frame then swells with its own sound, so that a beat falls on its frame and not on the next dreamt one.
    Dreamt for certain are the first and the last frame of a shot, and those of strong onsets.

    Args:
        dream: what is carried.
        every: dream each so many frames; 1 dreams them all.
    """

    def __init__(self, dream: CarriedDream, *, every: int = 1):
        self.dream, self.every = dream, every
        self.dreamt = 0
        self._waiting: list[_Waiting] = []
        self._start: np.ndarray | None = None  # the last frame that was dreamt
        self._push = self._dreamt_push = 1.0  # of the last frame, and of the last that was dreamt

    @property
    def waits(self) -> bool:
        """Whether frames wait for a dream behind them."""
        return bool(self._waiting)

    def add(self, seen, asked) -> list[tuple[Any, np.ndarray]]:
        """Take the next frame.

        Args:
            seen: a `stream.Seen`; before one that begins a shot comes `end`.
            asked: what the sound asks of it.

        Returns:
            The frames that are finished now, in order, each with its difference.
        """
        push = getattr(asked, "push", 1.0)
        onset, self._push = push - self._push > ONSET, push
        if self.every == 1 or not self.dream.goes_on(seen.small, seen.motion):
            self._start, self._dreamt_push = seen.small, push
            self.dreamt += 1
            return [(seen, self.dream(seen.small, motion=seen.motion, asked=asked))]
        self._waiting.append(_Waiting(seen, asked))
        return self.end() if onset or len(self._waiting) >= self.every else []

    def end(self) -> list[tuple[Any, np.ndarray]]:
        """Dream the last frame that waits, and finish those before it."""
        if not self._waiting:
            return []
        waiting, self._waiting = self._waiting, []
        span = _Span(self._start, waiting)
        before, last = self.dream.parts, waiting[-1]
        self.dream.grow(last.frame, Way(span.from_start()), last.asked)
        after, finished = self.dream.parts, []
        self.dreamt += 1
        for n, one in enumerate(waiting):
            parts = after if one is last else span.between(n, before, after)
            finished.append((one.seen, self.dream.show(one.frame, one.seen.motion, one.asked, parts=parts)))
        self._start, self._dreamt_push = last.frame, self._push
        return finished

    def drop(self) -> None:
        """Forget the frames that wait."""
        self._waiting, self._push = [], self._dreamt_push

    def state(self) -> dict[str, np.ndarray]:
        """What the next frame depends on beside the carried dream, when none waits."""
        return {} if self._start is None else {"start": self._start, "push": np.array(self._dreamt_push)}

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Go on from a `state()` of the same film."""
        self._start = state["start"]
        self._push = self._dreamt_push = float(state["push"])


class _Span:
    """The way from one dreamt frame to the next, over those between."""

    def __init__(self, start: np.ndarray, waiting: list[_Waiting]):
        frames = [start, *(one.frame for one in waiting)]
        motions = [one.seen.motion for one in waiting]
        still = np.zeros_like(motions[0].flow)
        # to the start: (where in it my pixels are, where its pixels are in me); to the end the same
        self._frames, self._first, self._last = frames, [(still, still)], [(still, still)]
        for motion in motions:
            back, ahead = self._first[-1]
            self._first.append((composed(motion.flow, back), composed(ahead, motion.ahead)))
        for motion in reversed(motions):
            ahead, back = self._last[0]
            self._last.insert(0, (composed(motion.ahead, ahead), composed(back, motion.flow)))

    def from_start(self) -> Motion:
        """From the start to the end."""
        return judged(self._frames[-1], self._frames[0], *self._first[-1])

    def between(self, n: int, before: list[np.ndarray], after: list[np.ndarray]) -> list[np.ndarray]:
        """The dreams at the start and at the end, in frame `n` of those between."""
        import cv2

        frame, share = self._frames[n + 1], (n + 1) / (len(self._frames) - 1)
        sides = (
            (before, self._frames[0], self._first[n + 1], 1 - share),
            (after, self._frames[-1], self._last[n + 1], share),
        )
        ways = [settle(back) for _, _, (back, _), _ in sides]
        weights = [near * (_trust(frame, other, *flows) + _LEAST) for _, other, flows, near in sides]
        total = weights[0] + weights[1]
        weights = [cv2.merge([weight / total] * 3) for weight in weights]
        carried = ([warp(part, way, kind="cubic") for part in side[0]] for side, way in zip(sides, ways))
        return [a * weights[0] + b * weights[1] for a, b in zip(*carried)]


def _trust(frame: np.ndarray, other: np.ndarray, back: np.ndarray, ahead: np.ndarray) -> np.ndarray:
    """Where another frame shows what this one shows: float32 `[height, width]`, without hard edges.

    Told at half the size, where it costs a quarter and is fine enough for weights.
    """
    import cv2

    height, width = frame.shape[:2]
    half = max(1, width // 2), max(1, height // 2)
    frame, other, back, ahead = (cv2.resize(x, half, interpolation=cv2.INTER_AREA) for x in (frame, other, back, ahead))
    scale = np.array([half[0] / width, half[1] / height], np.float32)
    back, ahead = back * scale, ahead * scale
    seen = soft(visible(back, ahead) * explained(frame, warp(other, back)))
    return cv2.resize(seen, (width, height), interpolation=cv2.INTER_LINEAR)
