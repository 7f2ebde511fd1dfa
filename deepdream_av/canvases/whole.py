"""Canvases of pixels as older programs have them: out of range until the end, or carried on as whole pictures."""

from __future__ import annotations

from functools import cache

import numpy as np
import tensorflow as tf

from deepdream_av.canvases.pixels import Pixels, scaled


class FreePixels(Pixels):
    """A picture and a dream without bounds; it is cut off at black and white when it is written."""

    @classmethod
    def render(cls, state, given):
        """What a network is shown: float32 `[1, height, width, 3]`."""
        return (given[0] + state)[None]

    @staticmethod
    def toned(picture: np.ndarray, delta: np.ndarray) -> np.ndarray:
        """A picture with a dream: what `render` shows, cut off, in NumPy and at any size."""
        return np.clip(picture + delta, 0.0, 1.0)


@cache
def whole(kind: type[Pixels], blend: float = 0.0) -> type[Pixels]:
    """A canvas that goes from octave to octave as a whole picture, and loses its fine detail on the way.

    That is the look of the programs that do so; see `Pixels` for why we carry the difference.

    Args:
        kind: `ClippedPixels` or `FreePixels`.
        blend: share of the source that is mixed in again at every octave, as in Hvass' tutorial.
    """

    class Whole(kind):
        """See `whole`."""

        def resize(self, size: tuple[int, int]) -> None:
            """Go on at another size: the picture is scaled from where it is."""
            picture = scaled((self.given[0] + self.state).numpy(), size)
            source = scaled(self.picture, size)
            self.given = (tf.convert_to_tensor(source),)
            self.state = tf.convert_to_tensor((1 - np.float32(blend)) * (picture - source))

        def delta(self) -> np.ndarray:
            """How the picture, scaled to the size of the source, differs from it."""
            return scaled((self.given[0] + self.state).numpy(), self.size) - self.picture

    Whole.__name__ = f"Whole{kind.__name__}"
    return Whole
