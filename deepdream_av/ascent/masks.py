"""Masks: where in the picture may be dreamt. White is all, black is nothing, and grey lies between."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from deepdream_av.errors import InputError

_LIGHT = np.array([0.2126, 0.7152, 0.0722], np.float32)  # BT.709
_BLACK = 0.5 / 255  # what is darker in all of an 8-bit file is nowhere


def read_mask(path) -> np.ndarray:
    """A mask from a picture: its alpha channel if it has one, else its light.

    Args:
        path: of a picture.

    Returns:
        float32 `[height, width]` in [0, 1].

    Raises:
        InputError: no picture, or black all over.
    """
    from deepdream_av.media.image import read_image

    picture = read_image(path)
    mask = picture.array @ _LIGHT if picture.alpha is None else picture.alpha
    return checked_mask(mask, path)


def alpha_mask(alpha) -> np.ndarray:
    """The mask that a picture's own alpha channel is.

    Raises:
        InputError: the picture has none, or nothing in it is to be seen.
    """
    if alpha is None:
        raise InputError("`mask` alpha needs a picture with an alpha channel. Received: one that is opaque.")
    return checked_mask(alpha, "alpha")


def checked_mask(mask: np.ndarray, name) -> np.ndarray:
    """A mask, float32 in [0, 1].

    Raises:
        InputError: black all over.
    """
    if float(mask.max()) < _BLACK:
        raise InputError(f"`mask` must be white somewhere, where to dream. Received: '{name}', black all over.")
    # the sum of the three lights of white is not quite 1
    return np.where(mask > 1 - 1e-5, 1.0, np.clip(mask, 0.0, 1.0)).astype(np.float32)


def mask_notes(recipe, shape) -> list[str]:
    """What is to be said of the masks of a recipe: which of them are not as large as the picture.

    Args:
        recipe: its `mask`, and the masks behind the @ of layers, guides, terms and penalties, count.
        shape: of the picture, `(height, width, ...)`.
    """
    pairs = (*recipe.layers, *recipe.guides, *recipe.terms, *recipe.penalties)
    files = [recipe.mask if recipe.mask != "alpha" else "", *(name.partition("@")[2] for name, _ in pairs)]
    notes = []
    for file in dict.fromkeys(filter(None, files)):
        height, width = read_mask(file).shape
        if (height, width) != tuple(shape[:2]):
            notes.append(
                f"The mask {file} has {width} x {height} px and is resized to the {shape[1]} x {shape[0]} of the "
                "picture."
            )
    return notes


def sized(mask: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """A mask at another size `(height, width)`, float32 in [0, 1]."""
    import cv2

    if mask.shape == tuple(size):
        return mask
    smaller = size[0] * size[1] < mask.size
    kind = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    return np.clip(cv2.resize(mask, (size[1], size[0]), interpolation=kind), 0.0, 1.0)


def fitted(mask, canvas) -> tf.Tensor:
    """A mask at the size at which a canvas of pixels is now, float32 `[height, width, 1]`."""
    size = canvas.given[0].shape[:2] if len(canvas.given[0].shape) == 3 else canvas.size
    return tf.constant(sized(np.asarray(mask, np.float32), tuple(size))[..., None])


def laid_out(mask: np.ndarray, size: tuple[int, int], inside=None) -> np.ndarray:
    """A mask for a picture that lies in a frame of its mirror image; see `ascent.pictures.framed`.

    Args:
        mask: float32 `[height, width]`.
        size: (height, width) of the whole.
        inside: two slices, where the picture lies in it; all of it if None.
    """
    if inside is None:
        return sized(mask, size)
    fitting = sized(mask, tuple(part.stop - part.start for part in inside))
    pad = [(part.start, side - part.stop) for part, side in zip(inside, size)]
    return np.pad(fitting, pad, mode="symmetric")
