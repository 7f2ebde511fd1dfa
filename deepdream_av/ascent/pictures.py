"""Whole dreams of pictures, as a recipe asks for them."""

from __future__ import annotations

import copy
from collections.abc import Iterator

import numpy as np
import tensorflow as tf

from deepdream_av.ascent.loop import Step, ascend
from deepdream_av.ascent.masks import laid_out, read_mask
from deepdream_av.ascent.plans import canvas_of, octaves_of, rule_of, transforms_of
from deepdream_av.backbones import load_backbone
from deepdream_av.errors import UsageError
from deepdream_av.objectives import Objective, Wanted, Wishes
from deepdream_av.objectives.anchor import Anchor, anchor_layer
from deepdream_av.recipe import Recipe

WORK_SIZE = {"sketch": 384, "normal": 512, "fine": 768}  # long side on a CPU, in pixels
FILM_WORK_SIZE = {
    "sketch": 384,
    "normal": 640,
    "fine": 960,
}  # the same for a film, which gets few steps a frame
GPU_WORK_SIZE = {"sketch": 768, "normal": 1280, "fine": 2048}
STEPS = {"sketch": 0.5, "normal": 1.0, "fine": 1.5}  # times those of the look
_LOUD_PLACES = 1.3  # times that, where a dream is loudest
_MOST_LIFT = 2.0  # times what was dreamt, where the dream of a whole picture is too quiet
MARGIN = 16  # pixels of its mirror image around a picture that is dreamt
LEAST_SIDE = 64  # pixels in all, before a network looks
_FIELD = 14.0  # pixels over which a dream's loudness is kept even


class PictureDreamer:
    """Dreams in pictures with one network and one objective; compiled once for all sizes.

    Args:
        recipe: its fields on pictures, `seed`, `strength` and `speed` count.

    Attributes:
        masks: `{file: float32 [height, width]}` for the terms that have one, and under "" that of the whole dream.

    Raises:
        UsageError: an unknown backbone or layer, or a network that listens.
        InputError: a guide or a mask that cannot be used.
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
        self.wanted = Wanted(self.backbone, recipe.layers, recipe.classes, contrast=contrast, wishes=Wishes.of(recipe))
        self.objective = self.wanted.objective
        if recipe.anchor > 0:
            self.objective = self.objective + Objective(((self._anchor(), recipe.anchor),))
        self.steps = max(1, round(recipe.steps * STEPS[recipe.speed]))
        self.rule, self.transforms = rule_of(recipe, self.steps), transforms_of(recipe)
        self.canvas, self.octaves = canvas_of(recipe), octaves_of(recipe)
        self.masks = {name: read_mask(name) for name in self.objective.masks}
        if recipe.mask and recipe.mask != "alpha":  # that one comes with the picture
            self.masks[""] = read_mask(recipe.mask)

    def _anchor(self) -> Anchor:
        mine = self.backbone if not hasattr(self.backbone, "first") else self.backbone.first
        dreamt = [name.partition("#")[0] for name, _ in self.wanted.layers]
        layer = anchor_layer(mine.list_layers(), dreamt)
        return Anchor(mine.truncated([layer]), layer)

    def dream(
        self,
        picture: np.ndarray,
        *,
        every: int = 5,
        delta: np.ndarray | None = None,
        longer: float = 1.0,
        inside: tuple[slice, slice] | None = None,
        signals: np.ndarray | None = None,
    ) -> Iterator[Step]:
        """A whole dream, octave by octave; see `ascend`.

        Args:
            picture: float32 `[height, width, 3]` in [0, 1], at the size at which it is dreamt.
            every: steps between two yields.
            delta: a dream to go on from, of the picture's shape.
            longer: times the steps of the recipe.
            inside: where in it the picture lies that the masks are for, see `framed`.
            signals: for terms that read them, see `ascend`.
        """
        recipe = self.recipe
        return ascend(
            self.canvas(picture) if delta is None else self.canvas(picture, delta),
            self.backbone,
            self.objective,
            octaves=self.octaves,
            transforms=self.transforms,
            rule=self.rule,
            steps=max(1, round(recipe.steps * STEPS[recipe.speed] * longer)) if longer != 1 else self.steps,
            step_size=recipe.step_size * recipe.strength,
            seed=recipe.seed,
            every=every,
            masks=self._masks(picture, inside),
            signals=signals,
            rescue=recipe.rescue,
        )

    def follow(
        self,
        picture: np.ndarray,
        delta: np.ndarray,
        *,
        steps: int,
        step_size: float,
        seed: int | None = None,
        inside: tuple[slice, slice] | None = None,
        signals: np.ndarray | None = None,
    ) -> np.ndarray:
        """A few more steps on a dream that is there already, at its size and always with the same shifts.

        Args:
            picture, delta: float32 `[height, width, 3]`.
            steps: how many.
            step_size: of each.
            seed: other shifts than the recipe's.
            inside: where in it the picture lies that the masks are for, see `framed`.
            signals: for terms that read them, see `ascend`.
        """
        done = ascend(
            self.canvas(picture, delta),
            self.backbone,
            self.objective,
            transforms=self.transforms,
            rule=self.rule,
            steps=steps,
            step_size=step_size,
            seed=self.recipe.seed if seed is None else seed,
            every=steps,
            masks=self._masks(picture, inside),
            signals=signals,
        )
        return next(done).canvas.delta()

    def also(self, objective: Objective) -> None:
        """Want something more from now on."""
        self.objective = self.objective + objective

    def wanting_only(self, objective: Objective) -> PictureDreamer:
        """The same dreamer with the same network, that wants only this."""
        other = copy.copy(self)
        other.objective = objective
        return other

    def presence(self, gated, picture: np.ndarray) -> np.ndarray:
        """How much there is of each set of channels in a picture, float32 `[sets]`; see `objectives.Gated`."""
        maps = self.backbone.truncated(gated.layers[:-1])(tf.constant(picture[None]))
        return gated.presence(maps).numpy()[0]

    def _masks(self, picture: np.ndarray, inside) -> dict:
        return {name: laid_out(mask, picture.shape[:2], inside) for name, mask in self.masks.items()}

    def untouched(self, picture: np.ndarray, result: np.ndarray) -> np.ndarray:
        """The result with the very pixels of the picture where the mask is black.

        Args:
            picture, result: float32 `[height, width, 3]`, of any size.
        """
        if "" not in self.masks:
            return result
        return np.where(laid_out(self.masks[""], picture.shape[:2])[..., None] > 0, result, picture)

    def within(self, delta: np.ndarray, inside=None) -> np.ndarray:
        """A dream where the mask lets it be.

        In pixels grey was half as fast, and only what crept over the edge is cut. In other forms a step in one place
        is a step everywhere, and the mask is laid over what came of it.
        """
        if "" not in self.masks:
            return delta
        mask = laid_out(self.masks[""], delta.shape[:2], inside)[..., None]
        return np.where(mask > 0, delta, np.float32(0)) if self.recipe.canvas == "pixels" else mask * delta

    def settled(self, picture: np.ndarray, delta: np.ndarray) -> np.ndarray:
        """A finished dream at the loudness that its strength asks for, whatever the picture.

        Args:
            picture, delta: float32 `[height, width, 3]`.
        """
        if self.recipe.finish == "raw":
            return self.within(delta)
        wanted = self.recipe.loudness * self.recipe.strength
        delta = self.within(delta)
        share = self._share(picture.shape[:2])
        delta = levelled(delta, _LOUD_PLACES * wanted)
        for _ in range(3):  # what bends near black and white is made up for elsewhere
            change = float(np.sqrt(np.mean(share * np.square(self.canvas.toned(picture, delta) - picture))))
            delta = delta * np.float32(min(wanted / max(change, 1e-6), _MOST_LIFT ** (1 / 3)))
        return delta

    def _share(self, size: tuple[int, int]) -> np.ndarray | np.float32:
        """How much every place counts where the loudness of a dream is measured, 1 in the mean."""
        if "" not in self.masks:
            return np.float32(1)
        mask = np.square(laid_out(self.masks[""], size))[..., None]  # a loudness is a square too
        return mask / max(float(mask.mean()), 1e-6)

    def activations(self, picture: np.ndarray) -> np.ndarray:
        """Mean squared activation of every dreamt layer, in the order of the recipe."""
        names = self.wanted.objective.layers
        maps = self.backbone.truncated(names)(tf.constant(picture[None]))
        return np.array([float(tf.reduce_mean(tf.square(tf.cast(maps[n], tf.float32)))) for n in names])


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
