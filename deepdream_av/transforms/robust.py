"""Transforms that make a dream robust: what it is raised by must survive being scaled, turned and shifted.

Without them a dream from noise finds patterns that a network answers to and nobody sees anything in (Olah et al. 2017).
"""

from __future__ import annotations

from dataclasses import dataclass

import tensorflow as tf

from deepdream_av.transforms.jitter import Jitter


@dataclass(frozen=True)
class Pad:
    """Puts a grey frame around a picture, so that nothing depends on where it ends.

    Args:
        pixels: on each side.
    """

    pixels: int = 12

    def draw(self, seed):
        """Nothing is left to chance: the width of the frame, int32."""
        return tf.constant(self.pixels)

    def apply(self, x, params):
        """`x` `[batch, height, width, channels]` with its frame."""
        return tf.pad(x, [[0, 0], [params, params], [params, params], [0, 0]], constant_values=0.5)

    def undo(self, x, params):
        """The inverse of `apply`."""
        return x[:, params : tf.shape(x)[1] - params, params : tf.shape(x)[2] - params]


@dataclass(frozen=True)
class Scale:
    """Shows a picture a little smaller or larger.

    Args:
        most: by which share at most, in either direction.
    """

    most: float = 0.1

    def draw(self, seed):
        """A factor, float32."""
        return tf.random.stateless_uniform([], seed, 1 - self.most, 1 + self.most)

    def apply(self, x, params):
        """`x` `[batch, height, width, channels]`, resized."""
        size = tf.cast(tf.shape(x)[1:3], tf.float32) * params
        return tf.image.resize(x, tf.maximum(tf.cast(tf.round(size), tf.int32), 1))

    def undo(self, x, params):
        """The inverse of `apply`, to a pixel in size, and as far as a smaller picture holds what a larger one did."""
        return self.apply(x, 1 / params)


@dataclass(frozen=True)
class Rotate:
    """Shows a picture a little turned around its centre; its corners are filled with its mirror image.

    Args:
        degrees: at most, in either direction.
    """

    degrees: float = 10.0

    def draw(self, seed):
        """An angle in radians, float32."""
        most = self.degrees * 3.14159265 / 180
        return tf.random.stateless_uniform([], seed, -most, most)

    def apply(self, x, params):
        """`x` `[batch, height, width, channels]`, turned to the left by `params`."""
        height, width = (tf.cast(tf.shape(x)[axis] - 1, tf.float32) for axis in (1, 2))
        c, s = tf.cos(params), tf.sin(params)
        # where each pixel of the result comes from, in coordinates from the upper left corner
        left = (width - (c * width - s * height)) / 2
        top = (height - (s * width + c * height)) / 2
        zero = tf.zeros([])
        return tf.raw_ops.ImageProjectiveTransformV3(
            images=x,
            transforms=tf.stack([c, -s, left, s, c, top, zero, zero])[None],
            output_shape=tf.shape(x)[1:3],
            interpolation="BILINEAR",
            fill_mode="REFLECT",
            fill_value=0.5,
        )

    def undo(self, x, params):
        """The inverse of `apply`, but for what left the picture."""
        return self.apply(x, -params)


def robust(amount: float) -> tuple:
    """The transforms of Lucid's default, times an amount; none for 0.

    Args:
        amount: 1 is Lucid's: a frame of 12 px, shifts of 8 px, a tenth in size, ten degrees, shifts of 4 px.
    """
    if amount <= 0:
        return ()
    return (
        Pad(round(12 * amount)),
        Jitter(max(1, round(8 * amount))),
        Scale(min(0.1 * amount, 0.5)),
        Rotate(10.0 * amount),
        Jitter(max(1, round(4 * amount))),
    )
