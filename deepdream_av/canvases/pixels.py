"""The canvas of pixels: what is dreamt is the difference to a source."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

_LEAST_ROOM = 1e-3
_MARGIN = 1.5 / 255  # a dream alone makes no pixel of an 8-bit file quite black or white


class Pixels:
    """A picture and what is dreamt into it. The picture itself is never resampled, only the dream is.

    Near black and white the dream bends instead of breaking off: a difference of any size leaves the picture
    within its range, and nothing is clipped.

    Args:
        picture: float32 `[height, width, 3]` in [0, 1], the source.
        delta: a dream to go on from, of the same shape.
    """

    def __init__(self, picture: np.ndarray, delta: np.ndarray | None = None):
        self.picture = np.asarray(picture, np.float32)
        self.state = tf.convert_to_tensor(
            np.zeros_like(self.picture) if delta is None else np.asarray(delta, np.float32)
        )
        self.given = (tf.convert_to_tensor(self.picture),)

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the source in pixels."""
        return self.picture.shape[:2]

    def resize(self, size: tuple[int, int]) -> None:
        """Go on at another size: the source is scaled anew from its full size, the dream from where it is."""
        self.state = tf.convert_to_tensor(scaled(self.state.numpy(), size))
        self.given = (tf.convert_to_tensor(scaled(self.picture, size)),)

    def delta(self) -> np.ndarray:
        """What has been dreamt so far, float32, at the size of the source."""
        return scaled(self.state.numpy(), self.size)

    def array(self) -> np.ndarray:
        """The picture with its dream, float32 `[height, width, 3]` in [0, 1]."""
        return self.toned(self.picture, self.delta())

    @staticmethod
    def signature():
        """Shapes of the state and of what is given with it."""
        return tf.TensorSpec([None, None, 3], tf.float32), (tf.TensorSpec([None, None, 3], tf.float32),)

    @classmethod
    def source(cls, given):
        """What is dreamt in, as a network would be shown it: float32 `[1, height, width, 3]`."""
        return given[0][None]

    @classmethod
    def render(cls, state, given):
        """What a network is shown: float32 `[1, height, width, 3]`."""
        (source,) = given
        room = tf.maximum(tf.where(state > 0, 1.0 - source, source) - _MARGIN, _LEAST_ROOM)
        return (source + room * tf.tanh(state / room))[None]

    @classmethod
    def project(cls, state, given):
        """Every difference is allowed."""
        return state

    @staticmethod
    def toned(picture: np.ndarray, delta: np.ndarray) -> np.ndarray:
        """A picture with a dream: what `render` shows, in NumPy and at any size."""
        room = np.where(delta > 0, 1.0 - picture, picture) - np.float32(_MARGIN)
        room = np.maximum(room, np.float32(_LEAST_ROOM))
        return np.clip(picture + room * np.tanh(delta / room), 0.0, 1.0)


class ClippedPixels(Pixels):
    """The same with the hard edges of 2015: what goes beyond black or white is cut off."""

    @classmethod
    def render(cls, state, given):
        """What a network is shown: float32 `[1, height, width, 3]`."""
        return (given[0] + state)[None]

    @classmethod
    def project(cls, state, given):
        """No further than black and white."""
        return tf.clip_by_value(state, -given[0], 1.0 - given[0])

    @staticmethod
    def toned(picture: np.ndarray, delta: np.ndarray) -> np.ndarray:
        """A picture with a dream: what `render` shows, in NumPy and at any size."""
        return np.clip(picture + delta, 0.0, 1.0)


def scaled(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """A picture or a dream at another size, float32 `[height, width, 3]`; the same object if it has that size."""
    import cv2

    height, width = size
    if picture.shape[:2] == (height, width):
        return picture
    smaller = height * width < picture.shape[0] * picture.shape[1]
    kind = cv2.INTER_AREA if smaller else cv2.INTER_CUBIC
    return cv2.resize(picture, (width, height), interpolation=kind)
