"""The canvas of a log-mel picture, and the way back from an edited picture to a sound."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from deepdream_av.canvases.waveform import RATE
from deepdream_av.spectral import (
    MelGrid,
    istft,
    log_mel,
    mel_power,
    normalised,
    spread_bands,
    stft,
)
from deepdream_av.spectral.mel import DEVIATION

MOST_STEP_DB = 30.0
MOST_RISE_DB = 18.0
_DB = DEVIATION * 10 / np.log(10)  # decibels in one unit of what the ear hears


class Spectrogram:
    """The log-mel picture of a mono sound at 22.05 kHz; the safest canvas, since it keeps the source's phase.

    Args:
        samples: float32 `[samples]`.
        where: float32 `[frames, 128]` in [0, 1], the cells that may be dreamt; all if None.
    """

    form = "spectrogram"
    grid = MelGrid(RATE)

    def __init__(self, samples, where=None):
        self.samples = tf.convert_to_tensor(np.asarray(samples, np.float32))
        self.state = log_mel(self.samples, self.grid)
        where = tf.ones_like(self.state) if where is None else tf.convert_to_tensor(where, tf.float32)
        self.given = (self.state, where)

    @property
    def size(self) -> tuple[int, int]:
        """Frames and bands."""
        return tuple(self.state.shape)

    @property
    def kept(self) -> tf.Tensor:
        """What the ear hears of the source, `[frames, 128]`."""
        return self.given[0]

    def heard(self, state) -> tf.Tensor:
        """Log-mel picture of a state, `[frames, 128]`."""
        return state

    def array(self) -> np.ndarray:
        """The sound that looks like the dream so far, float32 `[samples]`."""
        return masked(self.samples, self.state, 8).numpy()

    @classmethod
    def signature(cls):
        """Shapes of the state and of what is given with it."""
        picture = tf.TensorSpec([None, 128], tf.float32)
        return picture, (picture, picture)

    @classmethod
    def source(cls, given):
        """What the ear hears of the source: log-mel `[1, frames, 128, 1]`."""
        return given[0][None, :, :, None]

    @classmethod
    def render(cls, state, given):
        """What the ear hears: log-mel `[1, frames, 128, 1]`."""
        return state[None, :, :, None]

    @classmethod
    def project(cls, state, given):
        """Not under the floor, not far over the source, and silence stays silent; the source where it is masked."""
        source, where = given
        floor = normalised(tf.constant(0.0))
        # a cell at the floor may not rise, one 20 dB over it may rise all the way
        room = tf.clip_by_value((source - floor) * _DB / 20.0, 0.0, 1.0) * MOST_RISE_DB / _DB
        state = tf.clip_by_value(state, tf.maximum(source - MOST_STEP_DB / _DB, floor), source + room)
        return source + where * (state - source)


@tf.function(input_signature=[tf.TensorSpec([None]), tf.TensorSpec([None, 128]), tf.TensorSpec([], tf.int32)])
def masked(samples, wanted, rounds):
    """The sound whose log-mel picture is `wanted`, by a gain in each cell of the source's spectrum.

    In each round every mel band is raised by what it still lacks, interpolated between bands in decibels, so that
    the phase is always the sound's own. Against Griffin-Lim from a mel picture it is 25 dB nearer.

    Args:
        samples: float32 `[samples]` at 22.05 kHz.
        wanted: what the ear should hear, float32 `[frames, 128]`.
        rounds: how often.
    """
    grid = Spectrogram.grid
    length, limit = tf.shape(samples)[0], MOST_STEP_DB * np.log(10) / 20
    for _ in tf.range(rounds):
        spectrum = stft(samples, grid)
        lacking = (wanted - normalised(mel_power(spectrum, grid))) * (DEVIATION / 2)
        gain = tf.exp(spread_bands(tf.clip_by_value(lacking, -limit, limit), grid))
        samples = istft(spectrum * tf.cast(gain, spectrum.dtype), grid, length)
        samples.set_shape([None])
    return samples
