"""Whole dreams of pictures, as a recipe asks for them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import tensorflow as tf

from deepdream_av.ascent.loop import Step, ascend
from deepdream_av.ascent.octaves import Octaves
from deepdream_av.ascent.rules import Laplacian, Mean, Natural, Std
from deepdream_av.backbones import load_backbone
from deepdream_av.canvases import ClippedPixels, Pixels
from deepdream_av.errors import UsageError
from deepdream_av.objectives import Wanted
from deepdream_av.recipe import Recipe
from deepdream_av.transforms import Jitter

WORK_SIZE = {"sketch": 384, "normal": 512, "fine": 768}  # long side on a CPU, in pixels
FILM_WORK_SIZE = {
    "sketch": 384,
    "normal": 640,
    "fine": 960,
}  # the same for a film, which gets few steps a frame
GPU_WORK_SIZE = {"sketch": 768, "normal": 1280, "fine": 2048}
STEPS = {"sketch": 0.5, "normal": 1.0, "fine": 1.5}  # times those of the look
LOUDNESS = 19.5 / 255  # root mean square of a dream at strength 1
_LOUD_PLACES = 1.3  # times that, where a dream is loudest
_MOST_LIFT = 2.0  # times what was dreamt, where the dream of a whole picture is too quiet
MARGIN = 16  # pixels of its mirror image around a picture that is dreamt
LEAST_SIDE = 64  # pixels in all, before a network looks
_RULES = {"std": Std(), "mean": Mean(), "laplacian": Laplacian(), "natural": Natural()}
_FIELD = 14.0  # pixels over which a dream's loudness is kept even


class PictureDreamer:
    """Dreams in pictures with one network and one objective; compiled once for all sizes.

    Args:
        recipe: its fields on pictures, `seed`, `strength` and `speed` count.

    Raises:
        UsageError: an unknown backbone or layer, or a network that listens.
        WeightsError: weights that do not fit or cannot be had.
    """

    def __init__(self, recipe: Recipe):
        self.recipe = recipe
        self.backbone = load_backbone(recipe.backbone, weights=recipe.weights, contrast=recipe.contrast)
        if self.backbone.kind != "image":
            raise UsageError(
                f"`backbone` must look at pictures. Received: {recipe.backbone!r}, which listens."
            )
        contrast = recipe.contrast_strength if recipe.contrast else 0.0
        self.wanted = Wanted(self.backbone, recipe.layers, recipe.classes, contrast=contrast)
        self.objective = self.wanted.objective
        self.rule = _RULES[recipe.rule]
        self.transforms = (Jitter(recipe.jitter),) if recipe.jitter else ()
        self.canvas = ClippedPixels if recipe.tone == "clip" else Pixels
        self.octaves = Octaves(recipe.octaves, recipe.octave_scale)

    def dream(self, picture: np.ndarray, *, every: int = 5) -> Iterator[Step]:
        """A whole dream, octave by octave; see `ascend`.

        Args:
            picture: float32 `[height, width, 3]` in [0, 1], at the size at which it is dreamt.
            every: steps between two yields.
        """
        recipe = self.recipe
        return ascend(
            self.canvas(picture),
            self.backbone,
            self.objective,
            octaves=self.octaves,
            transforms=self.transforms,
            rule=self.rule,
            steps=max(1, round(recipe.steps * STEPS[recipe.speed])),
            step_size=recipe.step_size * recipe.strength,
            seed=recipe.seed,
            every=every,
        )

    def follow(self, picture: np.ndarray, delta: np.ndarray, *, steps: int, step_size: float) -> np.ndarray:
        """A few more steps on a dream that is there already, at its size and always with the same shifts.

        Args:
            picture, delta: float32 `[height, width, 3]`.
            steps: how many.
            step_size: of each.
        """
        done = ascend(
            self.canvas(picture, delta),
            self.backbone,
            self.objective,
            transforms=self.transforms,
            rule=self.rule,
            steps=steps,
            step_size=step_size,
            seed=self.recipe.seed,
            every=steps,
        )
        return next(done).canvas.delta()

    def settled(self, picture: np.ndarray, delta: np.ndarray) -> np.ndarray:
        """A finished dream at the loudness that its strength asks for, whatever the picture.

        Args:
            picture, delta: float32 `[height, width, 3]`.
        """
        wanted = LOUDNESS * self.recipe.strength
        delta = levelled(delta, _LOUD_PLACES * wanted)
        for _ in range(3):  # what bends near black and white is made up for elsewhere
            change = float(np.sqrt(np.mean(np.square(self.canvas.toned(picture, delta) - picture))))
            delta = delta * np.float32(min(wanted / max(change, 1e-6), _MOST_LIFT ** (1 / 3)))
        return delta

    def activations(self, picture: np.ndarray) -> np.ndarray:
        """Mean squared activation of every dreamt layer, in the order of the recipe."""
        maps = self.backbone.truncated(self.objective.layers)(tf.constant(picture[None]))
        return np.array(
            [float(tf.reduce_mean(tf.square(tf.cast(maps[n], tf.float32)))) for n in self.objective.layers]
        )


def work_size(recipe: Recipe, size: tuple[int, int], *, film: bool = False) -> tuple[int, int]:
    """(width, height) at which a picture is dreamt: its own, or smaller.

    Args:
        recipe: `work_size`, or `speed` and the hardware where it is 0.
        size: (width, height) of the source.
        film: whether it is a frame of a film.

    >>> work_size(Recipe(work_size=512), (1920, 1080)), work_size(Recipe(work_size=512), (320, 180))
    ((512, 288), (320, 180))
    """
    longest = recipe.work_size
    if not longest:
        on_cpu = FILM_WORK_SIZE if film else WORK_SIZE
        longest = (GPU_WORK_SIZE if tf.config.list_physical_devices("GPU") else on_cpu)[recipe.speed]
    scale = min(1.0, longest / max(size))
    width, height = (max(1, round(side * scale)) for side in size)
    return width, height


def levelled(delta: np.ndarray, loudness: float) -> np.ndarray:
    """A dream whose loud places are kept down, so that it is even and bounded however long it was dreamt.

    Args:
        delta: float32 `[height, width, 3]`.
        loudness: most root mean square around a pixel.
    """
    import cv2

    power = cv2.GaussianBlur((delta**2).mean(2), (0, 0), _FIELD)
    return delta * np.minimum(1.0, loudness / np.sqrt(power + 1e-12))[..., None].astype(np.float32)


def framed(
    picture: np.ndarray, *, margin: int = MARGIN, least: int = LEAST_SIDE
) -> tuple[np.ndarray, tuple[slice, slice]]:
    """A picture continued by its mirror image on all sides, and where in it the picture lies.

    At an edge a network sees an edge, and dreams one; so the edge is moved out of the picture.

    Args:
        picture: float32 `[height, width, 3]`.
        margin: on every side, in pixels.
        least: of both sides in all, in pixels.
    """
    missing = [max(2 * margin, least - side) for side in picture.shape[:2]]
    pad = [(m // 2, m - m // 2) for m in missing]
    inside = tuple(slice(before, before + side) for (before, _), side in zip(pad, picture.shape[:2]))
    return np.pad(picture, [*pad, (0, 0)], mode="symmetric"), inside
