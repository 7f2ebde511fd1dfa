"""The canvas of a generator: what is dreamt is where in its world a picture lies."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import tensorflow as tf

from deepdream_av.canvases.world import World, world_of
from deepdream_av.errors import UsageError

_TINY = 1e-12


class Latent:
    """Pictures of a generator, changed only where the generator itself can go.

    A state is a latent and, behind it, the moves of a few maps (see `World`). The latent stays on the sphere where
    nearly all normal latents lie; a move has at most the root mean square `room`. Made by `latent_canvas`.

    Args:
        latents: float32 `[batch, latent]`; brought onto the sphere.
        room: how far each map may move, in units of its spread; 0 leaves the latent alone.
        reach: how far its colours may go, in units of the usual range of the generator's random pictures.

    Attributes:
        world, shown: set by `latent_canvas`.
    """

    world: World
    shown: int

    def __init__(self, latents, *, room: float = 0.0, reach: float = 1.0):
        latents = np.asarray(latents, np.float32)
        if latents.ndim != 2 or latents.shape[1] != self.world.latent or not len(latents):
            raise UsageError(
                f"`latents` must have the shape [batch, {self.world.latent}]. Received: {list(latents.shape)}."
            )
        moves = tf.zeros([len(latents), sum(self.world.widths[1:])])
        self.state = tf.concat([self.world.on_sphere(latents), moves], 1)
        self.given = (tf.constant(room, tf.float32), tf.constant(reach, tf.float32))

    @property
    def latents(self) -> np.ndarray:
        """Latents of the dream so far, float32 `[batch, latent]`."""
        return self.world.parts(self.state)[0].numpy()

    def array(self) -> np.ndarray:
        """The pictures so far, float32 `[batch, size, size, 3]` in [0, 1], at the generator's own size."""
        return self.world.toned(self.world.paint(self.state), self.given[1]).numpy()

    @classmethod
    def signature(cls):
        """Shapes of the state and of what is given with it."""
        return tf.TensorSpec([None, sum(cls.world.widths)], tf.float32), (tf.TensorSpec([], tf.float32),) * 2

    @classmethod
    def render(cls, state, given):
        """What a network is shown: float32 `[batch, shown, shown, 3]`."""
        return enlarged(cls.world.toned(cls.world.paint(state), given[1]), cls.shown)

    @classmethod
    def project(cls, state, given):
        """Back onto the sphere, and no further than the room."""
        latent, *moves = cls.world.parts(state)
        lengths = [tf.sqrt(tf.reduce_mean(tf.square(x), 1, keepdims=True)) for x in moves]
        near = [x * tf.minimum(1.0, given[0] / (length + _TINY)) for x, length in zip(moves, lengths)]
        return tf.concat([cls.world.on_sphere(latent), *near], 1)


@lru_cache(maxsize=8)
def latent_canvas(generator, shown: int) -> type[Latent]:
    """The canvas of one generator.

    Args:
        generator: `keras.Model` from latents `[batch, latent]` to pictures `[batch, size, size, 3]` in [0, 1].
        shown: side in pixels at which a network is shown the pictures, at least that of the generator.

    Raises:
        WeightsError: the model is no generator of square pictures.
        UsageError: the pictures would be shown smaller than they are.
    """
    world = world_of(generator)
    if shown < world.size:
        raise UsageError(f"`shown` must be at least the generator's {world.size} px. Received: {shown}.")
    return type("Latent", (Latent,), {"world": world, "shown": shown, "__doc__": Latent.__doc__})


@dataclass(frozen=True)
class PartWise:
    """A gradient rule: the latent and every move of every picture gets a direction of root mean square 1.

    Their gradients differ by orders of magnitude, and none of these says how far one may go.

    Args:
        widths: numbers in each part of a state.
    """

    widths: tuple[int, ...]

    def __call__(self, gradient, state, given=()):
        """A direction `[batch, sum(widths)]`."""
        parts = tf.split(gradient, self.widths, axis=1)
        sizes = [tf.sqrt(tf.reduce_mean(tf.square(x), 1, keepdims=True)) for x in parts]
        return tf.concat([x / (size + _TINY) for x, size in zip(parts, sizes)], 1)


def enlarged(pictures, size: int) -> tf.Tensor:
    """Square pictures at another size, by Lanczos; the same for the network that looks and for the file.

    Args:
        pictures: float32 `[batch, side, side, 3]` in [0, 1].
        size: side in pixels.
    """
    side = pictures.shape[1]
    if side == size:
        return pictures
    weights = tf.constant(lanczos(side, size))
    rows = tf.einsum("ay,byxc->baxc", weights, pictures)
    return tf.clip_by_value(tf.einsum("ex,baxc->baec", weights, rows), 0.0, 1.0)


@lru_cache(maxsize=16)
def lanczos(before: int, after: int, lobes: int = 3) -> np.ndarray:
    """Weights from one side of a picture to another, float32 `[after, before]`; edges are mirrored.

    >>> bool(np.allclose(lanczos(8, 20).sum(1), 1))
    True
    """
    wide = max(1.0, before / after)
    place = (np.arange(after) + 0.5) * before / after - 0.5
    reach = int(np.ceil(lobes * wide))
    taps = np.floor(place)[:, None].astype(int) + np.arange(1 - reach, reach + 1)
    x = (taps - place[:, None]) / wide
    values = np.where(np.abs(x) < lobes, np.sinc(x) * np.sinc(x / lobes), 0.0)
    mirrored = np.abs((taps + before * 2 * reach) % (2 * before) - before + 0.5)
    source = (before - 0.5 - mirrored).astype(int)
    weights = np.zeros([after, before])
    np.add.at(weights, (np.arange(after)[:, None], source), values)
    return (weights / weights.sum(1, keepdims=True)).astype(np.float32)
