"""What is not wanted of the picture itself; each of these is 0 or more, and takes a negative weight."""

from __future__ import annotations

from dataclasses import dataclass

import tensorflow as tf

from deepdream_av.objectives.registry import kind

_TINY = 1e-12
_LIGHT = (0.2126, 0.7152, 0.0722)  # BT.709
_LOW, _HIGH = 0.03, 0.45  # cycles per pixel between which the slope is measured: not the composition, not the corners
_RINGS = 24


@kind("tv", penalty=True)
@dataclass(frozen=True)
class TotalVariation:
    """How much neighbouring pixels differ: the mean absolute difference, down and across."""

    @property
    def layers(self) -> tuple[str, ...]:
        """The picture."""
        return ("picture",)

    def __call__(self, activations: dict) -> tf.Tensor:
        """A number from `{"picture": float [batch, height, width, 3]}`."""
        x = activations["picture"]
        down, across = x[:, 1:] - x[:, :-1], x[:, :, 1:] - x[:, :, :-1]
        return tf.reduce_mean(tf.abs(down)) + tf.reduce_mean(tf.abs(across))


@kind("slope", penalty=True)
@dataclass(frozen=True)
class SpectralSlope:
    """How far the fall of the spectrum from coarse to fine is from that of photos, squared.

    The power of photos falls with about the square of the frequency (Field 1987): a slope of -2 between the
    logarithms. Grain makes it flat, blur makes it steep.

    Args:
        wanted: the slope.
    """

    wanted: float = -2.0

    @property
    def layers(self) -> tuple[str, ...]:
        """The picture."""
        return ("picture",)

    def __call__(self, activations: dict) -> tf.Tensor:
        """A number from `{"picture": float [batch, height, width, 3]}`."""
        return tf.square(slope(activations["picture"]) - self.wanted)


def slope(pictures) -> tf.Tensor:
    """Slope of the light's power over the frequency, both as logarithms, of pictures `[batch, height, width, 3]`."""
    grey = tf.reduce_sum(pictures * tf.constant(_LIGHT), -1)
    height, width = tf.shape(grey)[1], tf.shape(grey)[2]
    # without a window the edges of a picture, which do not meet, would be its finest detail
    window = tf.signal.hann_window(height)[:, None] * tf.signal.hann_window(width)[None]
    grey = (grey - tf.reduce_mean(grey, [1, 2], keepdims=True)) * window
    power = tf.reduce_mean(tf.square(tf.abs(tf.signal.rfft2d(grey))), 0)
    y, x = tf.cast(tf.range(height), tf.float32), tf.cast(tf.range(width // 2 + 1), tf.float32)
    tall, wide = tf.cast(height, tf.float32), tf.cast(width, tf.float32)
    log_f = tf.math.log(tf.sqrt(tf.square(tf.minimum(y, tall - y) / tall)[:, None] + tf.square(x / wide)[None]) + _TINY)
    low, high = tf.math.log(_LOW), tf.math.log(_HIGH)
    ring = tf.cast(tf.floor((log_f - low) / (high - low) * _RINGS), tf.int32)
    ring = tf.reshape(tf.where((log_f >= low) & (log_f < high), ring, -1), [-1])  # negative numbers are left out
    count = tf.math.unsorted_segment_sum(tf.ones_like(ring, tf.float32), ring, _RINGS)
    mean = tf.math.unsorted_segment_sum(tf.reshape(power, [-1]), ring, _RINGS) / tf.maximum(count, 1.0)
    place = tf.math.unsorted_segment_sum(tf.reshape(log_f, [-1]), ring, _RINGS) / tf.maximum(count, 1.0)
    # every ring counts alike; one without a frequency in it does not count
    share = tf.cast(count > 0, tf.float32)
    share /= tf.reduce_sum(share) + _TINY
    level = tf.math.log(mean + _TINY)
    away = (place - tf.reduce_sum(share * place)) * share
    return tf.reduce_sum(away * level) / (tf.reduce_sum(away * place) + _TINY)


@kind("distance", penalty=True)
@dataclass(frozen=True)
class Distance:
    """How far the picture is from its source: the mean squared difference in units of a tenth of the range."""

    @property
    def layers(self) -> tuple[str, ...]:
        """The picture and what it was made from."""
        return ("picture", "source")

    def __call__(self, activations: dict) -> tf.Tensor:
        """A number from `{"picture": float [1, height, width, 3], "source": the same}`."""
        return 100 * tf.reduce_mean(tf.square(activations["picture"] - activations["source"]))
