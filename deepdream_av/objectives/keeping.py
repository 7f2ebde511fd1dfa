"""What shall stay of a sound while it is dreamt: its onsets, its harmony, its course of loudness.

Each of these is 0 where nothing was lost, and takes a negative weight. They read the log-mel picture of the dream and
that of its source, and answer within a tolerance with 0, so that what is kept well enough pulls at nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import tensorflow as tf

from deepdream_av.errors import unknown_name
from deepdream_av.objectives.registry import kind
from deepdream_av.spectral.mel import DEVIATION, FLOOR, MEAN, MelGrid

KEPT: dict[str, type] = {}
RANGE_DB = 80.0  # what is softer than this under the loudest cell is silence
_DB = DEVIATION * 10 / np.log(10)  # in one unit of what the ear hears
_LOWEST_DB = 10 * np.log10(FLOOR)
_TINY = 1e-9


def _kept(name: str):
    def known(term):
        KEPT[name] = term
        return kind(name)(term)

    return known


@dataclass(frozen=True)
class _Keeping:
    """What all of them share.

    Args:
        seen, kept: names of the two pictures among the activations, `[1, frames, 128, 1]` each.
        tolerance: distance up to which nothing is lost.
    """

    seen: str = "picture"
    kept: str = "source"
    tolerance: float = 0.0

    @property
    def layers(self) -> tuple[str, ...]:
        """Both pictures."""
        return self.seen, self.kept

    def __call__(self, activations: dict) -> tf.Tensor:
        """A number of at least 0."""
        here, there = (tf.cast(activations[name], tf.float32)[0, :, :, 0] for name in self.layers)
        return tf.nn.relu(self.distance(here, tf.stop_gradient(there)) - self.tolerance)


@_kept("onsets")
@dataclass(frozen=True)
class Onsets(_Keeping):
    """How far the onset curve, which says when and how strongly something begins, has moved.

    The curve is the mean rise of all bands in decibels from frame to frame (spectral flux; its use as what a style may
    not move is Tomczak, Southall and Hockman 2018, who take a cosine; the squared distance keeps new onsets out too).
    """

    def distance(self, here, there):
        """Squared distance of two curves in units of the second, from `[frames, 128]` each."""
        # silence of the dream is measured from the source's loudest cell
        top = tf.reduce_max(there)
        a, b = onset_curve(here, top), onset_curve(there, top)
        return tf.reduce_sum(tf.square(a - b)) / (tf.reduce_sum(tf.square(b)) + _TINY)


@_kept("chroma")
@dataclass(frozen=True)
class Chroma(_Keeping):
    """How far the harmony has moved: 1 less the cosine of the powers of the twelve tones, in the frames that sound."""

    def distance(self, here, there):
        """A number between 0 and 1, from `[frames, 128]` each."""
        a, b = (_amplitude(x) @ tf.constant(tone_weights()) for x in (here, there))
        loud = tf.reduce_sum(b, 1)
        counts = loud / (tf.reduce_sum(loud) + _TINY)
        cosine = tf.reduce_sum(a * b, 1) / (tf.norm(a + _TINY, axis=1) * tf.norm(b + _TINY, axis=1))
        return tf.reduce_sum(counts * (1 - cosine))


@_kept("envelope")
@dataclass(frozen=True)
class Envelope(_Keeping):
    """How far the course of loudness has moved: the mean squared difference of the frames' levels, 6 dB being 1."""

    def distance(self, here, there):
        """A number from `[frames, 128]` each."""
        a, b = (tf.math.log(tf.reduce_sum(_power(x), 1) + FLOOR) * float(10 / np.log(10)) for x in (here, there))
        return tf.reduce_mean(tf.square((a - b) / 6.0))


def onset_curve(mel, top):
    """Mean rise of the bands in dB from one frame to the next, float32 `[frames - 1]`.

    Args:
        mel: what the ear hears, float32 `[frames, 128]`.
        top: highest cell, from which silence is measured.
    """
    level = tf.maximum(mel * float(_DB), top * float(_DB) - RANGE_DB)
    return tf.reduce_mean(tf.nn.relu(level[1:] - level[:-1]), 1)


def _power(mel):
    return tf.nn.relu(tf.exp(mel * DEVIATION + MEAN) - FLOOR)


def _amplitude(mel):
    # powers would let the loudest partial be all there is
    return tf.sqrt(_power(mel) + FLOOR)


@lru_cache(maxsize=1)
def tone_weights() -> np.ndarray:
    """Share of each mel band in each of the twelve tones from A, float32 `[128, 12]`.

    Bands below 200 Hz are wider than a semitone and say nothing of it.
    """
    hz = MelGrid(22050).band_hz
    tone = 12 * np.log2(hz / 440.0) % 12
    away = np.abs((tone[:, None] - np.arange(12) + 6) % 12 - 6)
    used = (hz > 200) & (hz < 5000)
    return (np.maximum(1 - away, 0) * used[:, None]).astype(np.float32)


def named_keeping(name: str):
    """A term by its name, with a tolerance that cannot be heard.

    Raises:
        UsageError: there is none of that name.
    """
    if name not in KEPT:
        raise unknown_name("keep", name, sorted(KEPT))
    return KEPT[name]()
