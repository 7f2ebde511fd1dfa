"""The canvas of pixels that keeps hues: where a dream leaves the range of colours, it pales instead of turning."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from deepdream_av.canvases.pixels import _LEAST_ROOM, _MARGIN, Pixels

LIGHT = np.array([0.2126, 0.7152, 0.0722], np.float32)  # BT.709


class ChromaPixels(Pixels):
    """A picture with its dream, whose light bends near black and white, and whose colours pale only as far as needed.

    Bending red, green and blue each on its own turns a dream's colours towards the corners of the colour cube:
    the rainbow swirls that Deep Dreams are known for. Here hue and light stay what was dreamt.
    """

    @classmethod
    def render(cls, state, given):
        """What a network is shown: float32 `[1, height, width, 3]`."""
        (source,) = given
        light = tf.constant(LIGHT)
        grey, step = (tf.reduce_sum(x * light, -1, keepdims=True) for x in (source, state))
        room = tf.maximum(tf.where(step > 0, 1.0 - grey, grey) - _MARGIN, _LEAST_ROOM)
        bent = room * tf.tanh(step / room)
        colour = source - grey
        wanted = colour + state - step
        low = tf.minimum(tf.reduce_min(source, -1, keepdims=True), _MARGIN)
        high = tf.maximum(tf.reduce_max(source, -1, keepdims=True), 1.0 - _MARGIN)
        y = grey + bent
        fits = tf.where(
            wanted > 0, (high - y) / tf.maximum(wanted, 1e-6), (y - low) / tf.maximum(-wanted, 1e-6)
        )
        share = tf.clip_by_value(tf.reduce_min(fits, -1, keepdims=True), 0.0, 1.0)
        return (source + bent + share * (state - step) - (1.0 - share) * colour)[None]

    @staticmethod
    def toned(picture: np.ndarray, delta: np.ndarray) -> np.ndarray:
        """A picture with a dream: what `render` shows, in NumPy and at any size."""
        grey, step = ((x @ LIGHT)[..., None] for x in (picture, delta))
        room = np.maximum(np.where(step > 0, 1 - grey, grey) - np.float32(_MARGIN), np.float32(_LEAST_ROOM))
        bent = room * np.tanh(step / room)
        colour = picture - grey
        wanted = colour + delta - step
        low = np.minimum(picture.min(-1, keepdims=True), np.float32(_MARGIN))
        high = np.maximum(picture.max(-1, keepdims=True), np.float32(1 - _MARGIN))
        y = grey + bent
        fits = np.where(
            wanted > 0, (high - y) / np.maximum(wanted, 1e-6), (y - low) / np.maximum(-wanted, 1e-6)
        )
        share = np.clip(fits.min(-1, keepdims=True), 0.0, 1.0)
        return np.clip(picture + bent + share * (delta - step) - (1 - share) * colour, 0.0, 1.0)
