"""A generator, opened at the maps on the way from a latent to its picture."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import tensorflow as tf

from deepdream_av.errors import WeightsError

SAMPLES = 128  # random latents that show what a generator's maps usually hold
_OPEN = 2  # times smaller than the picture, at least: maps that say what is where; finer ones only paint it
_USUAL_MEANS, _USUAL_SPREAD = (5, 95), 90  # percent of the random pictures
_TINY = 1e-6


class World:
    """What a generator can paint, from its latent and from a few maps behind it.

    A latent alone chooses one picture as a whole. Each opened map lets a part of the picture go another way, as the
    extended latent W+ of StyleGAN does level by level (Abdal et al. 2019); a DCGAN has no styles to set, so its maps
    are moved instead. They are moved in units of their own spread and held within their own range over random
    latents, so that the layers behind them meet nothing that they have not met before.

    Args:
        generator: `keras.Model` from latents `[batch, latent]` to pictures `[batch, size, size, 3]` in [0, 1].

    Attributes:
        latent: length of a latent.
        size: side of a picture in pixels.
        widths: numbers in the latent and in each opened map; a state is all of them in a row.

    Raises:
        WeightsError: the model is no generator of square pictures.
    """

    def __init__(self, generator):
        self.latent, self.size = dimensions(generator)
        self._model, self._maps = _opened(generator)
        self._explore()
        self.widths = (self.latent, *(int(np.prod(x.shape)) for x in self._maps))

    def _explore(self):
        """What the maps hold over random latents: their spread and their range."""
        seen, pictures = [[] for _ in self._maps], []
        for part in tf.split(tf.random.stateless_normal([SAMPLES, self.latent], [0, 0]), 8):
            pictures.append(tf.cast(self._model(part, training=False), tf.float32))
            for values, opened in zip(seen, self._maps):
                values.append(opened.last)
        for values, opened in zip(seen, self._maps):
            opened.measure(tf.concat(values, 0))
        self._palette = Palette(tf.concat(pictures, 0).numpy())

    def parts(self, state) -> list:
        """A state `[batch, sum(widths)]` cut into its latent and its moves, each `[batch, width]`."""
        return tf.split(state, self.widths, axis=1)

    def paint(self, state) -> tf.Tensor:
        """Pictures of states: float32 `[batch, size, size, 3]` in [0, 1].

        Args:
            state: `[batch, sum(widths)]`: latents, and how far each map is moved, in units of its spread.
        """
        latent, *moves = self.parts(state)
        for opened, move in zip(self._maps, moves):
            opened.move = tf.reshape(move, [-1, *opened.shape])
        try:
            return tf.cast(self._model(latent, training=False), tf.float32)
        finally:
            for opened in self._maps:
                opened.move = None

    def toned(self, pictures, reach=1.0) -> tf.Tensor:
        """Pictures `[batch, height, width, 3]` in the colours that the generator's random ones have; see `Palette`."""
        return self._palette(pictures, reach)

    def on_sphere(self, latent) -> tf.Tensor:
        """Latents at the length that nearly all normal ones have: the square root of their number of numbers."""
        return latent * tf.math.rsqrt(tf.reduce_mean(tf.square(latent), axis=-1, keepdims=True) + _TINY**2)


@lru_cache(maxsize=4)
def world_of(generator) -> World:
    """The world of a generator, which is explored once."""
    return World(generator)


class Palette:
    """Keeps pictures within the colours of other ones.

    Whatever a network is asked for, garish colours give it more of it, and a dream that may take them takes nothing
    else. So the mean and the spread of a picture's colours, along the axes on which the colours of the others vary,
    are held within the usual range.

    Args:
        pictures: float32 `[n, height, width, 3]` in [0, 1].
    """

    def __init__(self, pictures: np.ndarray):
        self._centre = pictures.mean((0, 1, 2))
        away = (pictures - self._centre).astype(np.float64)
        axes = np.linalg.eigh(np.einsum("nyxc,nyxd->cd", away, away))[1]
        placed = away @ axes
        self._axes = axes.astype(np.float32)
        low, high = np.percentile(placed.mean((1, 2)), _USUAL_MEANS, axis=0).astype(np.float32)
        self._middle, self._half = (low + high) / 2, (high - low) / 2
        self._most = np.percentile(placed.std((1, 2)), _USUAL_SPREAD, axis=0).astype(np.float32)

    def __call__(self, pictures, reach=1.0) -> tf.Tensor:
        """Pictures of the same shape; those whose colours are usual stay as they are.

        Args:
            pictures: float32 `[n, height, width, 3]` in [0, 1].
            reach: times the usual range.
        """
        placed = tf.einsum("nyxc,cd->nyxd", pictures - self._centre, self._axes)
        mean = tf.reduce_mean(placed, [1, 2], keepdims=True)
        away = placed - mean
        spread = tf.sqrt(tf.reduce_mean(tf.square(away), [1, 2], keepdims=True) + _TINY**2)
        away *= tf.minimum(1.0, reach * self._most / spread)
        mean = self._middle + tf.clip_by_value(mean - self._middle, -reach * self._half, reach * self._half)
        return tf.clip_by_value(tf.einsum("nyxd,cd->nyxc", mean + away, self._axes) + self._centre, 0.0, 1.0)


class _Map:
    """One opened map: what it may hold, and how it is moved while a picture is painted."""

    def __init__(self, shape: tuple[int, int, int]):
        self.shape, self.move, self.last = shape, None, None

    def measure(self, values):
        """Learn spread and range of every channel from maps `[batch, height, width, channels]`."""
        self.spread = tf.math.reduce_std(values, [0, 1, 2]) + _TINY
        self.low, self.high = tf.reduce_min(values, [0, 1, 2]), tf.reduce_max(values, [0, 1, 2])
        self.last = None

    def __call__(self, x):
        """The map, moved."""
        if self.move is None:
            self.last = tf.cast(x, tf.float32)
            return x
        still = tf.cast(x, tf.float32)
        # what the latent itself gives is never cut off
        low, high = tf.minimum(self.low, still), tf.maximum(self.high, still)
        return tf.cast(tf.clip_by_value(still + self.spread * self.move, low, high), x.dtype)


def _opened(generator):
    """A copy of the generator in which the last map of each open size can be moved, and these maps.

    The latent may reach every level of a generator on ways of its own, so that it cannot be cut in two.
    """
    import keras

    class Door(keras.layers.Layer):
        """Hands what passes to a map; weightless."""

        def __init__(self, opened, dtype):
            super().__init__(dtype=dtype)
            self.opened = opened

        def call(self, x):
            return self.opened(x) if not keras.utils.is_keras_tensor(x) else x

        def compute_output_spec(self, x):
            return keras.KerasTensor(x.shape, x.dtype)

    doors, size = {}, generator.output_shape[1] // _OPEN
    for layer in generator.layers:
        try:
            shape = layer.output.shape
        except (AttributeError, ValueError):  # used more than once, or with several outputs
            continue
        if len(shape) == 4 and shape[1] == shape[2] and shape[1] and 1 < shape[1] <= size:
            doors[shape[1]] = (layer.name, _Map(tuple(shape[1:])))
    named = dict(doors.values())

    def call(layer, *args, **kwargs):
        x = layer(*args, **kwargs)
        return Door(named[layer.name], layer.compute_dtype)(x) if layer.name in named else x

    copy = keras.models.clone_model(generator, call_function=call)
    for layer in generator.layers:  # one by one: a copy may hold them in another order
        if layer.weights:
            copy.get_layer(layer.name).set_weights(layer.get_weights())
    copy.trainable = False
    return copy, [doors[side][1] for side in sorted(doors)]


def dimensions(generator) -> tuple[int, int]:
    """Length of a generator's latent, and side of its pictures in pixels.

    Raises:
        WeightsError: the model is no generator of square pictures.
    """
    takes, gives = (getattr(generator, name, None) for name in ("input_shape", "output_shape"))
    fit = isinstance(takes, tuple) and isinstance(gives, tuple) and len(takes) == 2 and len(gives) == 4
    if not fit or takes[1] is None or gives[1] is None or gives[1:] != (gives[1], gives[1], 3):
        raise WeightsError(
            "`generator` must paint square pictures [size, size, 3] from a latent [n]. "
            f"Received: a network from {takes} to {gives}."
        )
    return takes[1], gives[1]
