"""Colours of a source for what was dreamt into it: its own at every place, or its palette as a whole."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

WAYS = ("dream", "luminance", "lab", "histogram")
LIGHT = np.array([0.2126, 0.7152, 0.0722], np.float32)  # BT.709
# light, blue to orange, magenta to green: the axes along which the colours of photos vary on their own
AXES = np.array([[1, 1, 1], [1, 0, -1], [-0.5, 1, -0.5]], np.float32) / np.sqrt(
    [[3], [2], [1.5]], dtype=np.float32
)
_QUANTILES = 256
_TINY = 1e-6


def keeper(way: str, source: np.ndarray, dream: np.ndarray) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """A function `(source, dream) -> picture` that gives a dream the colours of its source.

    What must be known of the whole is learnt here, at any size; the function then works on the whole or on rows of it.

    Args:
        way: `"dream"` leaves the dream as it is; `"luminance"` keeps the source's colour at every place and takes only
            the light of the dream; `"lab"` brings the spread of the dream's colours back to the source's (Reinhard et
            al. 2001, a* and b* only); `"histogram"` gives it the source's light and colours, each axis in full.
        source, dream: float32 `[height, width, 3]` in [0, 1], of one size.

    >>> grey, red = np.full((4, 4, 3), 0.5, np.float32), np.full((4, 4, 3), [0.9, 0.2, 0.2], np.float32)
    >>> [round(float(x), 3) for x in keeper("luminance", grey, red)(grey, red)[0, 0]]
    [0.349, 0.349, 0.349]
    """
    if way == "luminance":
        return _own_colours
    if way == "lab":
        return _lab(source, dream)
    if way == "histogram":
        return _histogram(source, dream)
    return lambda source, dream: dream


def paled(light: np.ndarray, colour: np.ndarray) -> np.ndarray:
    """Light and colour as a picture in [0, 1]; a colour that does not fit pales, which keeps its hue.

    Args:
        light: float32 `[height, width, 1]`.
        colour: float32 `[height, width, 3]`, the difference to it.
    """
    light = np.clip(light, 0.0, 1.0)
    room = np.where(colour > 0, 1.0 - light, light)
    share = np.min(room / np.maximum(np.abs(colour), _TINY), axis=-1, keepdims=True)
    return np.clip(light + np.minimum(share, 1.0) * colour, 0.0, 1.0).astype(np.float32)


def split(picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Light `[height, width, 1]` of a picture, and its colours `[height, width, 3]` as the difference to it."""
    light = (picture @ LIGHT)[..., None]
    return light, picture - light


def _own_colours(source, dream):
    return paled(split(dream)[0], split(source)[1])


def _lab(source, dream):
    import cv2

    theirs, mine = (cv2.cvtColor(x.astype(np.float32), cv2.COLOR_RGB2Lab)[..., 1:] for x in (source, dream))
    gain = theirs.std((0, 1)) / np.maximum(mine.std((0, 1)), 0.5)  # half a unit of Lab cannot be seen
    gain = np.minimum(gain, 2.0)  # a dream without colour stays one
    middle, new = mine.mean((0, 1)), theirs.mean((0, 1))

    def kept(source, dream):
        lab = cv2.cvtColor(np.ascontiguousarray(dream, np.float32), cv2.COLOR_RGB2Lab)
        lab[..., 1:] = (lab[..., 1:] - middle) * gain + new
        return np.clip(cv2.cvtColor(lab, cv2.COLOR_Lab2RGB), 0.0, 1.0)

    return kept


def _histogram(source, dream):
    at = np.linspace(0, 1, _QUANTILES)
    theirs, mine = (np.quantile(x.reshape(-1, 3) @ AXES.T, at, axis=0) for x in (source, dream))

    def kept(source, dream):
        moved = dream @ AXES.T
        for axis in range(3):
            # strictly growing, as a table has to be
            table = mine[:, axis] + np.arange(_QUANTILES) * 1e-9
            moved[..., axis] = np.interp(moved[..., axis], table, theirs[:, axis])
        picture = (moved @ AXES).astype(np.float32)
        return paled(*split(picture))

    return kept
