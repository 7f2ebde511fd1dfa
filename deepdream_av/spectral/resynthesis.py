"""From a log-mel picture to a sound, where there is no sound whose phase could be kept."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from deepdream_av.spectral.mel import DEVIATION, FLOOR, MEAN, MelGrid
from deepdream_av.spectral.phase import heap_phase
from deepdream_av.spectral.stft import istft, stft

UPDATES = 60
ROUNDS = 32
SPEED = 0.99
_TINY = 1e-9


def resynthesised(picture, grid: MelGrid, *, length: int = 0, seed: int = 0, rounds: int = ROUNDS) -> np.ndarray:
    """A sound that looks like a log-mel picture.

    The magnitudes are those non-negative ones whose mel power is the picture's; their phase begins with what they
    imply (`heap_phase`) and is made consistent by the fast Griffin-Lim algorithm. That start is worth nine decibels
    of spectral convergence against a random one.

    Args:
        picture: what an ear hears, float32 `[frames, 128]`.
        grid: `MelGrid(22050)` for what `earnet` hears.
        length: samples wanted; as many as the frames hold if 0.
        seed: of the phase of what is all but silent.
        rounds: of Griffin and Lim.

    Returns:
        float32 `[samples]`; nothing limits its level.
    """
    picture = np.asarray(picture, np.float32)
    power = np.maximum(np.exp(picture * DEVIATION + MEAN) - FLOOR, 0.0)
    magnitude = np.sqrt(spectrum_of(tf.constant(power), tf.constant(grid.weights), UPDATES).numpy())
    length = length or (len(picture) - 1) * grid.hop
    return from_magnitude(magnitude, grid, length=length, seed=seed, rounds=rounds)


def from_magnitude(magnitude, grid, *, length: int, seed: int = 0, rounds: int = ROUNDS) -> np.ndarray:
    """A sound of a magnitude spectrum.

    Args:
        magnitude: float32 `[frames, bins]`.
        grid: anything with `n_fft` and `hop`.
        length: samples wanted.
        seed: of the phase of what is all but silent.
        rounds: of Griffin and Lim; 0 leaves the phase as it is found first.
    """
    magnitude = np.asarray(magnitude, np.float32)
    phase = heap_phase(magnitude, grid.n_fft, grid.hop, seed=seed)
    start = magnitude * np.exp(1j * phase).astype(np.complex64)
    return consistent(tf.constant(start), grid, length=length, rounds=rounds).numpy()


@tf.function(reduce_retracing=True, input_signature=[tf.TensorSpec([None, None])] * 2 + [tf.TensorSpec([], tf.int32)])
def spectrum_of(power, weights, rounds):
    """Power `[frames, bins]` whose mel power `[frames, bands]` is a given one: multiplicative updates (Lee and Seung 2001).

    They start from what is even within each band, and cannot become negative; of the many solutions they find a smooth
    one near it.

    Args:
        power: mel power, float32 `[frames, bands]`.
        weights: float32 `[bins, bands]`, see `MelGrid.weights`.
        rounds: how often.
    """
    share = tf.reduce_sum(weights, 1) + _TINY
    found = tf.matmul(power / (tf.reduce_sum(weights, 0) + _TINY), weights, transpose_b=True) / share
    for _ in tf.range(rounds):
        ratio = power / (tf.matmul(found, weights) + _TINY)
        found *= tf.matmul(ratio, weights, transpose_b=True) / share
    return found


def consistent(spectrum, grid, *, length: int, rounds: int = ROUNDS) -> tf.Tensor:
    """The sound whose magnitudes come near a spectrum's (Perraudin, Balazs and Sondergaard 2013).

    Args:
        spectrum: complex64 `[frames, bins]`, with the phase to begin with.
        grid: anything with `n_fft` and `hop`.
        length: samples wanted.
        rounds: how often.

    Returns:
        float32 `[samples]`.
    """
    return _consistent(grid)(spectrum, tf.constant(length), tf.constant(rounds))


def _consistent(grid):
    if grid not in _MADE:
        _MADE[grid] = _made(grid)
    return _MADE[grid]


_MADE: dict = {}  # one graph for each grid


def _made(grid):
    cells = tf.TensorSpec([None, grid.n_fft // 2 + 1], tf.complex64)

    @tf.function(input_signature=[cells, tf.TensorSpec([], tf.int32), tf.TensorSpec([], tf.int32)])
    def rounds_of(spectrum, length, rounds):
        magnitude = tf.cast(tf.abs(spectrum), tf.complex64)
        frames = tf.shape(spectrum)[0]
        ahead, last = spectrum, spectrum
        for number in tf.range(rounds):
            tf.autograph.experimental.set_loop_options(shape_invariants=[(ahead, cells.shape), (last, cells.shape)])
            there = stft(istft(ahead, grid, length), grid)[:frames]
            moved = there + SPEED * (there - last) if number > 0 else there
            ahead = magnitude * moved / tf.cast(tf.abs(moved) + _TINY, tf.complex64)
            last = there
        return istft(ahead, grid, length)

    return rounds_of
