"""The canvas of phases: how much there is of every detail size stays as it is, only where it lies is dreamt."""

from __future__ import annotations

import tensorflow as tf

from deepdream_av.canvases.encoded import Encoded
from deepdream_av.canvases.statistics import coloured, picture_of, spectrum_of, whitened

_FAINTEST = 1e-3  # share of the usual amplitude, below which a phase means nothing


class Phase(Encoded):
    """A dream held as the phases of a spectrum whose magnitudes are those of its source.

    Fel et al. (2023, "MACO") fix the magnitudes to the mean of many photos, so that an ascent cannot turn up the
    glitter that networks like and eyes do not. Here they are those of the source, in decorrelated colours: of a
    photo, which then keeps its light, colours and sharpness, or of a noise that has the spectrum of photos.

    State: float32 `[height, width // 2 + 1, 3]`, an angle times the root of its magnitude, so that a step moves
    coarse and fine alike as photos have them, and step sizes mean what they do in pixels.
    """

    form = (None, None, 3)

    @classmethod
    def signature(cls):
        """Shapes of the state and of what is given with it: source, magnitudes and mean colour."""
        shapes = ([None, None, 3], [None, None, 3], [3])
        return tf.TensorSpec(cls.form, tf.float32), tuple(tf.TensorSpec(s, tf.float32) for s in shapes)

    @classmethod
    def measured(cls, source) -> tuple:
        """The source, the magnitudes of its spectrum around its mean colour, and that colour."""
        mean = tf.reduce_mean(source, [0, 1])
        return source, tf.abs(spectrum_of(whitened(source - mean))), mean

    @classmethod
    def encode(cls, delta, given):
        """The phases of the source with a difference, float32 `[height, width, 3]`."""
        source, magnitude, mean = given
        return tf.math.angle(spectrum_of(whitened(source + delta - mean))) * _weight(magnitude)

    @classmethod
    def decode(cls, state, given):
        """The difference to the source, float32 `[height, width, 3]`."""
        source, magnitude, mean = given
        angle = state / _weight(magnitude)
        spectrum = tf.complex(magnitude * tf.cos(angle), magnitude * tf.sin(angle))
        return coloured(picture_of(spectrum, tf.shape(source)[:2])) + mean - source


def _weight(magnitude):
    usual = tf.sqrt(tf.reduce_mean(tf.square(magnitude))) + 1e-9
    return tf.sqrt(tf.maximum(magnitude, _FAINTEST * usual) * usual)
