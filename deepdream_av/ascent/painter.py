"""Paints a picture in the style of others, from small to large: what a recipe asks of style."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import tensorflow as tf

from deepdream_av.ascent.lbfgs import climb_lbfgs
from deepdream_av.ascent.loop import Step, ascend
from deepdream_av.ascent.memory import carried
from deepdream_av.ascent.moments import Adam
from deepdream_av.ascent.octaves import Octaves
from deepdream_av.ascent.pictures import STEPS, framed
from deepdream_av.backbones import load_backbone
from deepdream_av.canvases import ClippedPixels
from deepdream_av.canvases.pixels import scaled
from deepdream_av.errors import UsageError
from deepdream_av.objectives import Wanted
from deepdream_av.objectives.named import named_penalty
from deepdream_av.objectives.objective import Objective, wanting
from deepdream_av.objectives.paintings import Painting
from deepdream_av.objectives.styling import StyleGoal, StyleLayers, stride, style_layers
from deepdream_av.recipe import Recipe
from deepdream_av.transforms import Jitter

MARGIN = 8  # pixels of its mirror image around a picture that is painted
LEAST_SIDE = 64  # pixels of the smallest size: below, no network sees a style
# forgets faster than is usual: of a few dozen steps the first ones say little of the last
RULE = Adam(first=0.8, second=0.9, floor=1e-12, average=0.7)
_LAST_STEP = 0.1  # length of the last step beside the first, at the largest size
_FOLLOWING = 3  # times the steps of a frame that is dreamt: what comes into view has to be painted from nothing
_SOFTER = 0.6  # times the length of a step, as the rest of the frame is painted already
_FADING = 0.8  # share of the steps of the largest size over which it falls to that


class Easel(ClippedPixels):
    """Pixels between black and white, of which an optimiser that wants to know its bounds is told."""

    @staticmethod
    def bounds(given) -> tuple[np.ndarray, np.ndarray]:
        """The least and the largest difference to the source, float32 `[height, width, 3]`."""
        source = given[0].numpy()
        return -source, 1.0 - source


class Painter:
    """Paints with one network in the style of some paintings; compiled once for all sizes.

    Args:
        recipe: its fields on style, `seed`, `speed` and `strength` count;
            `layers` and `classes`, if any, are dreamt at the same time, and `penalties` are kept low.
        paintings: whose style is wanted.
        dtype: precision of the network; the fastest that the hardware has if empty.

    Raises:
        UsageError: an unknown backbone or layer, weights that come to nothing.
        InputError: a painting that is too small.
        WeightsError: weights that do not fit or cannot be had.
    """

    def __init__(self, recipe: Recipe, paintings: list[Painting], *, dtype: str = ""):
        self.recipe = recipe
        if recipe.optimizer == "lbfgs":
            dtype = "float32"  # a line search does not bear the noise of bfloat16
        self.backbone = load_backbone(recipe.backbone, weights=recipe.weights, dtype=dtype)
        if self.backbone.kind != "image":
            raise UsageError(
                f"`backbone` must look at pictures. Received: {recipe.backbone!r}, which listens."
            )
        own = style_layers(self.backbone)
        self.layers = StyleLayers(recipe.style_layers or own.style, recipe.content_layers or own.content)
        self.goal = StyleGoal(
            self.backbone,
            paintings,
            loss=recipe.style_loss,
            relative=recipe.style_norm == "relative",
            layers=self.layers,
            content_weight=recipe.content_weight / max(recipe.strength, 1e-3),
            scale=recipe.style_scale,
            besides=self._besides(),
        )

        # where the first layer of style halves the picture, a picture that never moves is drawn on that grid
        first = next((name for name, _ in self.layers.style if name != "picture"), "")
        self.transforms = (Jitter(1),) if first and stride(self.backbone, first) > 1 else ()

    def _besides(self) -> Objective | None:
        """What is dreamt and what is not wanted, beside style and content."""
        recipe, found = self.recipe, []
        if recipe.layers or recipe.classes:
            found.append(recipe.dream_weight * Wanted(self.backbone, recipe.layers, recipe.classes).objective)
        found += [-weight * wanting(named_penalty(name)) for name, weight in recipe.penalties]
        return sum(found[1:], found[0]) if found else None

    def paint(self, source: np.ndarray, *, every: int = 5) -> Iterator[Step]:
        """A whole picture, from small to large; the moments of one size begin the next.

        Args:
            source: float32 `[height, width, 3]` in [0, 1], at the size at which it is painted.
            every: steps between two yields.
        """
        recipe, canvas = self.recipe, Easel(source)
        sizes = Octaves(recipe.style_sizes, recipe.style_ratio, least=LEAST_SIDE).sizes(*canvas.size)
        counts = self.counts(len(sizes))
        memory: tuple | None = None
        for octave, (size, count) in enumerate(zip(sizes, counts)):
            before = canvas.state
            canvas.resize(size)
            canvas.state = Easel.project(canvas.state, canvas.given)
            self.goal.aim(canvas.given[0].numpy())
            memory = carried(RULE, memory, before, canvas) if memory else None
            ways = self._way(canvas, count, every, memory, last=octave == len(sizes) - 1)
            for step in ways:
                memory = step.memory
                yield Step(octave, len(sizes), step.step, step.steps, step.scores, canvas, memory)

    def counts(self, sizes: int) -> list[int]:
        """Steps at each size."""
        first = self.recipe.first_steps or self.recipe.style_steps
        counts = (
            [first, *[self.recipe.style_steps] * (sizes - 1)]
            if sizes > 1
            else [max(first, self.recipe.style_steps)]
        )
        return [max(1, round(n * STEPS[self.recipe.speed])) for n in counts]

    def follow(self, source: np.ndarray, delta: np.ndarray, *, steps: int, step_size: float) -> np.ndarray:
        """A few more steps on what is painted already, at its size.

        Args:
            source, delta: float32 `[height, width, 3]`.
            steps, step_size: how many, and how long.
        """
        canvas = Easel(source, np.clip(delta, -source, 1.0 - source))
        self.goal.aim(source)
        for _ in self._steps(canvas, steps, steps, None, step_size):
            pass
        return canvas.delta()

    def _way(self, canvas, count, every, memory, *, last: bool) -> Iterator[Step]:
        if self.recipe.optimizer == "lbfgs":
            return climb_lbfgs(canvas, self.backbone, self.goal.objective, steps=count, every=every)
        if not last:
            return self._steps(canvas, count, every, memory, self.recipe.style_step)
        done = 0

        def length() -> float:
            nonlocal done
            gone = max(0.0, (done / count - 1) / _FADING + 1)
            done += every
            share = 0.5 + 0.5 * math.cos(math.pi * min(gone, 1.0))
            return self.recipe.style_step * (_LAST_STEP + (1 - _LAST_STEP) * share)

        return self._steps(canvas, count, every, memory, length)

    def _steps(self, canvas, count, every, memory, length) -> Iterator[Step]:
        return ascend(
            canvas,
            self.backbone,
            self.goal.objective,
            rule=RULE,
            transforms=self.transforms,
            steps=count,
            step_size=length,
            every=every,
            memory=memory,
            seed=self.recipe.seed,
        )

    def style_score(self, picture: np.ndarray) -> float:
        """How far a picture is from the style, 0 at best; at the size of the last `aim`."""
        return -float(self.goal.style(self.goal.look(picture)))


class FramePainter:
    """Paints the frames of a film; see `temporal.carry.DreamsFrames`.

    Args:
        recipe: how to paint.
        paintings: whose style is wanted.
    """

    def __init__(self, recipe: Recipe, paintings: list[Painting]):
        self.recipe, self._painter = recipe, Painter(recipe, paintings)
        self._size: tuple[int, int] | None = None

    def toned(self, picture: np.ndarray, delta: np.ndarray) -> np.ndarray:
        """A frame with what was painted, at any size; of its detail no more than the painter saw is left."""
        if self._size is not None and self._size != picture.shape[:2]:
            picture = scaled(scaled(picture, self._size), picture.shape[:2])
        return np.clip(picture + delta, 0.0, 1.0)

    def begin(self, frame: np.ndarray, asked=None) -> np.ndarray:
        """The first frame of a shot, painted from small to large, as a difference to it."""
        self._size = frame.shape[:2]
        wide, inside = framed(frame, margin=MARGIN)
        for step in self._painter.paint(wide, every=64):
            canvas = step.canvas
        return np.ascontiguousarray(canvas.delta()[inside])

    def follow(self, frame: np.ndarray, delta: np.ndarray, asked=None) -> np.ndarray:
        """A few steps at full size, for what has come into view and what memory let go."""
        (wide, inside), (delta, _) = framed(frame, margin=MARGIN), framed(delta, margin=MARGIN)
        steps = _FOLLOWING * self.recipe.frame_steps
        delta = self._painter.follow(wide, delta, steps=steps, step_size=_SOFTER * self.recipe.style_step)
        return np.ascontiguousarray(delta[inside])

    def state(self) -> dict[str, np.ndarray]:
        """All that the next frame depends on beside what was painted in the last one."""
        return {"size": np.array(self._size or (0, 0))}

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Go on from a `state()` of the same film."""
        height, width = state["size"].tolist()
        self._size = (height, width) if height else None

    def activations(self, frame: np.ndarray) -> np.ndarray:
        """Mean squared activation of every layer in which style is seen."""
        seen = self._painter.goal.look(framed(frame, margin=MARGIN)[0])
        names = self._painter.goal.objective.layers
        return np.array([float(tf.reduce_mean(tf.square(tf.cast(seen[n], tf.float32)))) for n in names])
