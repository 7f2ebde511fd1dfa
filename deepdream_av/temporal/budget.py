"""A film in a given time: measured on its first frames, then as large and as carefully dreamt as time allows."""

from __future__ import annotations

import contextlib
import itertools
import math
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from deepdream_av.errors import InputError
from deepdream_av.recipe import Recipe

MARGIN = 0.85  # share of the time that is planned with; the rest is for what nobody can know before
LEAST_SIDE = 160  # pixels of the long side; smaller dreams show nothing
SCALES = (1.0, 0.85, 0.71, 0.6, 0.5, 0.42, 0.35, 0.3, 0.25)
CADENCES = (1, 2, 3, 4)
_FRAMES = 7  # that are dreamt to measure
_STEPPED = 0.75  # share of the work on a frame that lies in its gradient steps
_SCANNED = 30.0  # seconds of the film in which shots are counted


@dataclass(frozen=True)
class Measured:
    """What a film costs.

    Attributes:
        fixed: seconds of a frame, whatever the size at which it is dreamt.
        per_pixel: seconds for each pixel of that size.
        first: seconds for each pixel of the first frame of a shot.
        frames, shots: how many there are, or are likely to be.
        size: (width, height) at which the film would be dreamt without a budget.
    """

    fixed: float
    per_pixel: float
    first: float
    frames: int
    shots: int
    size: tuple[int, int]

    def seconds(self, choice: Choice, *, steps: int) -> float:
        """How long the pictures take.

        Args:
            choice: how they are dreamt.
            steps: of a frame when it was measured.
        """
        pixels = self.size[0] * self.size[1] * choice.scale**2
        stepped = self.per_pixel * pixels * _STEPPED * choice.steps / steps / choice.cadence
        frame = self.fixed + self.per_pixel * pixels * (1 - _STEPPED) + stepped
        return self.frames * frame + self.shots * self.first * pixels


@dataclass(frozen=True)
class Choice:
    """Size, beside the usual one, cadence and steps with which a film is dreamt."""

    scale: float
    cadence: int
    steps: int

    def worth(self, recipe: Recipe) -> float:
        """How good it looks, 0 for what the recipe asks for, less for less.

        Every second frame is hardly seen, where the motion is followed well; half the size is.
        """
        fewer = math.log2(recipe.frame_steps / self.steps)
        return 2 * math.log2(self.scale) - 0.35 * (self.cadence - recipe.cadence) - 0.8 * fewer


def chosen(recipe: Recipe, measured: Measured, left: float) -> tuple[Recipe, float]:
    """The recipe that fits into a time, as near to the one that was asked for as may be.

    Args:
        recipe: what was asked for.
        measured: what the film costs with it.
        left: seconds that there are.

    Returns:
        The recipe with its `work_size`, `cadence` and `frame_steps`, and how many seconds it will take. Where nothing
        is quick enough, the quickest.
    """
    side, steps = max(measured.size), recipe.frame_steps
    scales = [s for s in SCALES if s == 1 or s * side >= LEAST_SIDE]
    cadences = [c for c in CADENCES if c >= recipe.cadence]
    found = [Choice(*parts) for parts in itertools.product(scales, cadences, sorted({steps, (steps + 1) // 2, 1}))]
    cost = {choice: measured.seconds(choice, steps=steps) for choice in found}
    fitting = [choice for choice in found if cost[choice] <= MARGIN * left]
    best = max(fitting, key=lambda c: (c.worth(recipe), -cost[c])) if fitting else min(found, key=cost.get)
    size = max(16, round(best.scale * side))
    return recipe.replace(work_size=size, cadence=best.cadence, frame_steps=best.steps), cost[best]


def measure(film, recipe: Recipe, *, sound, dreamer, size: tuple[int, int], writer: Callable) -> Measured:
    """Dream the first frames at two small sizes, with all that belongs to it.

    Args:
        film: a `FilmReader`.
        recipe, sound, dreamer: see `Pictures`.
        size: (width, height) at which the film would be dreamt.
        writer: called without arguments for a `FilmWriter` whose file is thrown away.
    """
    from deepdream_av.media.video import open_film

    seconds = (_FRAMES + 0.5) / float(film.fps)
    found = []
    for scale in (0.35, 0.35, 0.6):  # the first time, programs are compiled
        small = max(16, round(size[0] * scale)), max(16, round(size[1] * scale))
        piece = open_film(film.path, start=film.start, duration=seconds)
        found.append((small[0] * small[1], *_timed(piece, recipe, sound, dreamer, small, writer)))
    (low, _, frame_low), (high, first, frame_high) = found[1], found[2]
    per_pixel = max((frame_high - frame_low) / (high - low), 0.25 * frame_high / high)
    frames = film.n_frames or round(film.duration * film.fps) or _FRAMES
    return Measured(
        fixed=max(frame_high - per_pixel * high, 0.0),
        per_pixel=per_pixel,
        first=first / high,
        frames=frames,
        shots=_shots(film, frames),
        size=size,
    )


def in_time(film, recipe: Recipe, *, sound, dreamer, size, left: float, suffix: str) -> tuple[Recipe, str]:
    """The recipe with which the pictures of a film are done in a time, and a sentence on it.

    Args:
        film, recipe, sound, dreamer, size: see `measure`.
        left: seconds that there are.
        suffix: of the file that is written.
    """
    began = time.monotonic()

    @contextlib.contextmanager
    def thrown_away() -> Iterator:
        from deepdream_av.media.video import FilmWriter

        with tempfile.TemporaryDirectory(prefix="deepdream-") as folder:
            path = Path(folder) / f"piece{suffix}"
            with FilmWriter(path, size=film.size, time_base=film.time_base, fps=film.fps) as writer:
                yield writer

    measured = measure(film, recipe, sound=sound, dreamer=dreamer, size=size, writer=thrown_away)
    left -= time.monotonic() - began
    found, seconds = chosen(recipe, measured, left)
    return found, in_words(found, seconds, budget=left)


class _Silent:
    """The sound of a measurement: it asks what the real one asks, and writes nothing."""

    def __init__(self, sound):
        self.asked = sound.asked

    @staticmethod
    def until(seconds):
        return iter(())


def _timed(piece, recipe: Recipe, sound, dreamer, size, writer: Callable) -> tuple[float, float]:
    """Seconds of the first frame, and of each that follows."""
    from deepdream_av.temporal.pictures import Pictures

    moments, began = [], time.monotonic()
    with writer() as film:
        work = Pictures(
            piece, recipe.replace(cadence=1), writer=film, sound=_Silent(sound), dreamer=dreamer, size=size
        )
        work.run(lambda done, total: None, lambda draw, shot: moments.append(time.monotonic()))
    if work.interrupted:
        raise KeyboardInterrupt
    first = moments[0] - began
    following = (time.monotonic() - moments[0]) / max(len(moments) - 1, 1)
    return max(first - following, 0.0), following


def _shots(film, frames: int) -> int:
    """How many shots a film is likely to have, from its first half minute."""
    import cv2
    import numpy as np

    from deepdream_av.media.video import open_film
    from deepdream_av.temporal.shots import CutDetector

    cuts, seen, found = CutDetector(), 0, 0
    try:
        for frame in open_film(film.path, start=film.start, duration=min(_SCANNED, film.duration or _SCANNED)):
            small = cv2.resize(frame.array, (96, 54), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
            found += cuts(small, time=frame.time)
            seen += 1
    except InputError:
        return 1
    return max(1, round(found * frames / max(seen, 1)))


def in_words(recipe: Recipe, seconds: float, *, budget: float) -> str:
    """What was chosen, in a sentence."""
    every = {1: "every frame", 2: "every second frame", 3: "every third frame", 4: "every fourth frame"}
    how = (
        f"{every[recipe.cadence]} at {recipe.work_size} px with {recipe.frame_steps} "
        f"step{'s' * (recipe.frame_steps > 1)}, in about {seconds:.0f} s"
    )
    if seconds <= budget:
        return f"To be done in time, it is dreamt on {how}."
    return f"It cannot be done in {budget:.0f} s; as quickly as may be, it is dreamt on {how}."
