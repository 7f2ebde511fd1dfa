"""Short-time Fourier transform with an exact inverse, both differentiable."""

from __future__ import annotations

import tensorflow as tf


def frame_count(samples: int, hop: int) -> int:
    """Number of frames of a sound: frame `k` is centred on sample `k * hop`, the last at or past the end.

    >>> frame_count(1024, 512), frame_count(1025, 512)
    (3, 4)
    """
    return 1 + -(-samples // hop)


def stft(x, grid):
    """Complex spectrum of every frame.

    The sound is padded with silence so that frame `k` is centred on sample `k * grid.hop`.

    Args:
        x: float32 samples, `[..., samples]`.
        grid: anything with `n_fft` and `hop` in samples, e.g. a `MelGrid`.

    Returns:
        complex64, `[..., frames, n_fft // 2 + 1]`, `frames = 1 + ceil(samples / hop)`.
    """
    x = tf.convert_to_tensor(x, tf.float32)
    # The last frame must reach the last sample, or the inverse would divide by nearly nothing there.
    tail = (-tf.shape(x)[-1]) % grid.hop
    half = grid.n_fft // 2
    quiet = tf.zeros([tf.rank(x) - 1, 2], tf.int32)
    x_padded = tf.pad(x, tf.concat([quiet, [[half, half + tail]]], 0))
    x_padded.set_shape(x.shape[:-1].concatenate([None]) if x.shape.rank is not None else None)
    return tf.signal.stft(x_padded, grid.n_fft, grid.hop, grid.n_fft, _window)


def istft(spectrum, grid, length):
    """The sound whose `stft` is nearest to `spectrum` (exactly the source where nothing was changed).

    The overlapping windows are divided out as they really overlap, at the two ends too, so the
    round trip has unity gain everywhere. For a changed spectrum this is the least-squares inverse
    of Griffin and Lim (1984).

    Args:
        spectrum: complex64 `[..., frames, n_fft // 2 + 1]`.
        grid: the grid that `stft` was given.
        length: number of samples to return.

    Returns:
        float32 samples, `[..., length]`.
    """
    sound = tf.signal.inverse_stft(spectrum, grid.n_fft, grid.hop, grid.n_fft, _window)
    squared = tf.square(_window(grid.n_fft, tf.float32))
    frames = tf.shape(spectrum)[-2]
    overlap = tf.signal.overlap_and_add(tf.tile(squared[None], [frames, 1]), grid.hop)
    half = grid.n_fft // 2
    # Outside the sound (in the padding) the overlap falls to zero; those samples are cut away.
    sound = sound[..., half : half + length] / tf.maximum(overlap[half : half + length], 1e-3)
    short = tf.maximum(length - tf.shape(sound)[-1], 0)
    quiet = tf.zeros([tf.rank(sound) - 1, 2], tf.int32)
    return tf.pad(sound, tf.concat([quiet, [[0, short]]], 0))


def _window(length, dtype):
    return tf.signal.hann_window(length, periodic=True, dtype=dtype)
