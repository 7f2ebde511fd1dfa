"""The canvas of frequencies: a dream is a sum of waves in colours that have nothing to do with each other."""

from __future__ import annotations

import tensorflow as tf

from deepdream_av.canvases.encoded import Encoded
from deepdream_av.canvases.statistics import coloured, falloff, picture_of, spectrum_of, whitened


class Fourier(Encoded):
    """A dream held as Fourier coefficients in decorrelated colours (Olah et al. 2017, "Feature Visualization").

    All coefficients equally large make what photos have: coarse before fine, light before colour. An ascent in
    it finds forms where one in pixels finds glitter. Unlike theirs, it holds the difference to a source and
    is measured so that a state of variance 1 is a difference of variance 1: step sizes mean what they do in pixels.

    State: float32 `[height, width // 2 + 1, 6]`, three real parts and three imaginary ones.
    """

    form = (None, None, 6)

    @classmethod
    def encode(cls, delta, given):
        """The state whose difference is `delta`, float32 `[height, width, 3]`."""
        spectrum = spectrum_of(whitened(delta))
        parts = tf.concat([tf.math.real(spectrum), tf.math.imag(spectrum)], -1)
        return parts * (2.0**0.5) / falloff(tf.shape(delta)[:2])[..., None]

    @classmethod
    def decode(cls, state, given):
        """The difference of a state, float32 `[height, width, 3]`."""
        size = tf.shape(given[0])[:2]
        parts = state * (0.5**0.5) * falloff(size)[..., None]
        return coloured(picture_of(tf.complex(parts[..., :3], parts[..., 3:]), size))
