"""Terms guided by a picture or a sound: the dream shall be made of what a network finds in that one."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np
import tensorflow as tf

from deepdream_av.errors import InputError, UsageError, unknown_name
from deepdream_av.objectives.registry import kind

MATCHES = ("best", "cosine", "place", "copy")
LONGEST_SECONDS = 60.0  # of a sound that are listened to
GUIDE_LEVEL = 0.1  # root mean square of a guide that is a sound
LONGEST = 512  # pixels of a guide's long side that are looked at
CHUNK = 512  # cells of the dream whose similarities to all cells of the guide are held at a time
_TINY = 1e-6


@kind("guide")
@dataclass(frozen=True)
class Guide:
    """A guide by the name of its file; what it holds is looked up when a network is known.

    Args:
        layer: name of a layer.
        guide: path of a picture, or, for a network that listens, of a sound. Of a sound whole moments are compared,
            every pitch in its place.
        match: `best`: each cell goes towards that cell of the guide with which its scalar product is largest, as in
            the notebook of 2015. `cosine`: towards that whose direction is nearest, so that the strong cells of a
            guide do not win everywhere, and the more the nearer it is.
            `place`: the scalar product with the cell at the same place. `copy`: the
            activations of the guide themselves, at the same place.
    """

    layer: str
    guide: str
    match: str = "cosine"

    def __post_init__(self):
        if self.match not in MATCHES:
            raise unknown_name("guide_match", self.match, MATCHES)

    @property
    def layers(self) -> tuple[str, ...]:
        """The layer that it reads."""
        return (self.layer,)

    def bound(self, backbone) -> Guided:
        """The term with the guide's activations in this network; the same object each time.

        Raises:
            InputError: no such picture or sound, or one that is too small for this layer.
        """
        from deepdream_av.media.files import check_source

        return _guided(self, backbone, check_source(Path(self.guide)).stat().st_mtime_ns)

    def __call__(self, activations: dict):
        """A guide without a network has no score."""
        raise UsageError("A guide must be bound to a network: `objective.bound(backbone)`. Received: one that is not.")


@dataclass(frozen=True, eq=False)
class Guided:
    """How near a layer comes to the activations of a guide.

    Args:
        described: layer, file and match.
        seen: float32 `[height, width, channels]`, the guide's activations.
        moments: whether all that is heard at one time is one cell; `seen` is then `[frames, 1, pitches * channels]`.
    """

    described: Guide
    seen: np.ndarray = field(repr=False)
    moments: bool = False

    @property
    def layers(self) -> tuple[str, ...]:
        """The layer that it reads."""
        return self.described.layers

    def __call__(self, activations: dict) -> tf.Tensor:
        """A number from `{layer: float [batch, height, width, channels]}`, in units of the guide's own strength."""
        map_ = tf.cast(activations[self.described.layer], tf.float32)
        if self.moments:
            map_ = tf.reshape(map_, [tf.shape(map_)[0], tf.shape(map_)[1], 1, self.seen.shape[-1]])
        size = float(np.mean(np.sum(np.square(self.seen), -1))) + _TINY
        if self.described.match in ("place", "copy"):
            there = tf.image.resize(tf.constant(self.seen)[None], tf.shape(map_)[1:3])
            if self.described.match == "place":
                return tf.reduce_mean(tf.reduce_sum(map_ * there, -1)) / size
            return -tf.reduce_mean(tf.reduce_sum(tf.square(map_ - there), -1)) / size
        cells = tf.reshape(map_, [-1, map_.shape[-1]])
        known = self.seen.reshape(-1, self.seen.shape[-1])
        if self.described.match == "best":
            best = tf.gather(tf.constant(known), nearest(cells, known))
            return tf.reduce_mean(tf.reduce_sum(cells * best, -1)) / size
        known = known / np.sqrt(np.sum(np.square(known), -1, keepdims=True) + _TINY)
        best = tf.gather(tf.constant(known), nearest(cells, known))
        product = tf.reduce_sum(cells * best, -1)
        cosine = product / tf.sqrt(tf.reduce_sum(tf.square(cells), -1) + _TINY)
        # the cosine alone is moved most by cells that hardly answer, and their answer is grain
        return tf.reduce_mean(product * cosine) / float(np.sqrt(size))


def nearest(cells, known: np.ndarray) -> tf.Tensor:
    """For each cell the number of that known one with which its scalar product is largest, int32 `[n]`.

    Some cells at a time, so that n x m products are never held at once; no gradient flows through the choice.

    Args:
        cells: float32 `[n, channels]`.
        known: float32 `[m, channels]`.
    """
    cells = tf.stop_gradient(cells)
    count = tf.shape(cells)[0]
    chunks = (count + CHUNK - 1) // CHUNK
    padded = tf.pad(cells, [[0, chunks * CHUNK - count], [0, 0]])

    def chosen(rows):
        return tf.argmax(tf.matmul(rows, tf.constant(known), transpose_b=True), -1, tf.int32)

    parts = tf.reshape(padded, [chunks, CHUNK, known.shape[-1]])
    found = tf.map_fn(chosen, parts, fn_output_signature=tf.TensorSpec([CHUNK], tf.int32), parallel_iterations=1)
    return tf.reshape(found, [-1])[:count]


@lru_cache(maxsize=32)
def _guided(term: Guide, backbone, stamp: int) -> Guided:
    if backbone.kind == "sound":
        heard = heard_in(term.guide)
        seen = backbone.truncated((term.layer,))(tf.constant(heard[None, :, :, None]))[term.layer]
        seen = tf.cast(seen, tf.float32).numpy()[0]
        return Guided(term, seen.reshape(len(seen), 1, -1), moments=True)
    from deepdream_av.canvases.pixels import scaled
    from deepdream_av.media.image import read_image

    picture = read_image(term.guide).array
    height, width = picture.shape[:2]
    scale = min(1.0, LONGEST / max(height, width))
    picture = scaled(picture, (max(1, round(height * scale)), max(1, round(width * scale))))
    needed = _field(backbone, term.layer)
    small = min(picture.shape[:2]) < needed
    seen = None if small else _seen(backbone, term.layer, picture)
    if seen is None or min(seen.shape[:2]) < 1:
        raise InputError(
            f"`guide` must be at least {needed} px on its short side, which is what one cell of {backbone.name}'s "
            f"{term.layer} sees. Received: '{term.guide}' with {width} x {height} px."
        )
    return Guided(term, seen)


def heard_in(path, *, seconds: float = LONGEST_SECONDS) -> np.ndarray:
    """What an ear hears of a recording, at a middling level: log-mel float32 `[frames, 128]`.

    Args:
        path: of a sound or film.
        seconds: no more than this much from its start.

    Raises:
        InputError: no sound, or a silent one.
    """
    from deepdream_av.media.audio import read_audio
    from deepdream_av.spectral import MelGrid, log_mel

    sound = read_audio(path, duration=seconds)
    middle = sound.samples.mean(1)
    power = float(np.mean(np.square(middle, dtype=np.float64)))
    if power < 1e-10:
        raise InputError(f"`guide` must be a sound that can be heard. Received: '{path}', which is silent.")
    return log_mel(middle * np.float32(GUIDE_LEVEL / np.sqrt(power)), MelGrid(sound.rate)).numpy()


def _seen(backbone, layer: str, picture: np.ndarray):
    try:
        seen = backbone.truncated((layer,))(tf.constant(picture[None]))[layer]
    except (ValueError, tf.errors.InvalidArgumentError):  # the network has no cell left for so small a picture
        return None
    return tf.cast(seen, tf.float32).numpy()[0]


def _field(backbone, layer: str) -> int:
    """Pixels that one cell sees, as far as it is known, and no more than a guide ever has."""
    from deepdream_av.backbones.fields import field_of

    return min(max(field_of(backbone, layer), 1), LONGEST // 2)
