"""Pictures whose style is wanted, read from files, each with the part of the source that it is wanted in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from deepdream_av.errors import InputError, UsageError

_LIGHT = np.array([0.2126, 0.7152, 0.0722], np.float32)  # BT.709
_BLACK = 0.5 / 255  # what is darker all over an 8-bit file is nowhere


@dataclass(frozen=True, eq=False)
class Painting:
    """A picture whose style is wanted.

    Attributes:
        array: float32 `[height, width, 3]` in [0, 1].
        weight: its share beside other ones.
        mask: float32 `[height, width]` in [0, 1] over the source: where this style is wanted; None: everywhere.
        name: for messages.
        notes: what a user should know, in whole sentences.
    """

    array: np.ndarray = field(repr=False)
    weight: float = 1.0
    mask: np.ndarray | None = field(default=None, repr=False)
    name: str = "the style"
    notes: tuple[str, ...] = ()


def read_paintings(
    styles: Iterable[tuple[str, float]], size: tuple[int, int] | None = None
) -> list[Painting]:
    """Read the styles of a recipe.

    Args:
        styles: pairs of a file, perhaps with `@MASK` behind it, and a weight.
        size: (width, height) of the source, to say where a mask has another one.

    Raises:
        InputError: a file that is missing or no picture, or a mask that is black all over.
    """
    from deepdream_av.media.files import with_mask
    from deepdream_av.media.image import read_image

    found = []
    for name, weight in styles:
        file, masked = with_mask(name)
        picture = read_image(file)
        notes, mask = list(picture.notes), None
        if masked:
            mask = _mask(masked)
            if size is not None and mask.shape[::-1] != tuple(size):
                notes.append(
                    f"The mask {masked} has {mask.shape[1]}x{mask.shape[0]} pixels, the source {size[0]}x{size[1]}: "
                    "it is scaled to fit."
                )
        found.append(Painting(picture.array, float(weight), mask, file, tuple(notes)))
    return found


def _mask(file: str) -> np.ndarray:
    from deepdream_av.media.image import read_image

    picture = read_image(file)
    mask = picture.array @ _LIGHT if picture.alpha is None else picture.alpha
    if float(mask.max()) < _BLACK:
        raise InputError(f"The mask of a style must be white somewhere. Received: '{file}', black all over.")
    return np.clip(mask, 0.0, 1.0).astype(np.float32)


def check_weights(paintings: Iterable[Painting]) -> float:
    """The sum of the weights.

    Raises:
        UsageError: there are no paintings, a weight is negative, or their sum is 0.
    """
    paintings = list(paintings)
    if not paintings:
        raise UsageError("`styles` must name at least one picture. Received: none.")
    for p in paintings:
        if not p.weight >= 0:
            raise UsageError(f"`styles` must have weights of 0 or more. Received: {p.weight} for {p.name}.")
    total = sum(p.weight for p in paintings)
    if not total > 0:
        raise UsageError(f"`styles` must have weights whose sum is not 0. Received: {total}.")
    return total
