"""What photos have in common, in numbers: how their colours hang together, and how detail falls with its frequency."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

# Principal axes of the colours of 909 photos of 909 kinds of things around each photo's mean; columns: light, blue to
# orange, magenta to green. Measured by `python -m training.colour_statistics FOLDER`; only the numbers are here.
COLOURS = np.array(
    [[0.9603, 0.3120, -0.0777], [0.9773, -0.0242, 0.1706], [0.9461, -0.2917, -0.0973]], np.float32
)
TO_WHITE = np.linalg.inv(COLOURS).astype(np.float32)
EXPONENT = 1.0  # of the fall of amplitude with frequency in natural scenes (Field 1987)
MEASURED = 1.286  # the same in those photos, by the same program
_COARSEST = 1.5  # periods in the picture, below which the amplitude rises no further


def coloured(x):
    """From numbers that have nothing to do with each other to red, green and blue; the last axis is 3."""
    return tf.linalg.matvec(tf.constant(COLOURS), x)


def whitened(x):
    """The other way round."""
    return tf.linalg.matvec(tf.constant(TO_WHITE), x)


def spectrum_of(x):
    """Fourier coefficients of a picture, complex64 `[height, width // 2 + 1, 3]`, as large as pixels are.

    Args:
        x: float32 `[height, width, 3]`.
    """
    size = tf.cast(tf.shape(x)[0] * tf.shape(x)[1], tf.float32)
    planes = tf.signal.rfft2d(tf.transpose(x, [2, 0, 1]))
    return tf.transpose(planes, [1, 2, 0]) / tf.cast(tf.sqrt(size), tf.complex64)


def picture_of(spectrum, size):
    """The picture with these Fourier coefficients, float32 `[height, width, 3]`.

    Args:
        spectrum: complex64 `[height, width // 2 + 1, 3]`.
        size: int32 `[2]`, height and width.
    """
    area = tf.cast(size[0] * size[1], tf.float32)
    planes = tf.signal.irfft2d(tf.transpose(spectrum, [2, 0, 1]), size)
    return tf.transpose(planes, [1, 2, 0]) * tf.sqrt(area)


def falloff(size, exponent: float = EXPONENT):
    """How large photos are at each frequency, root mean square 1 over all: float32 `[height, width // 2 + 1]`.

    Args:
        size: int32 `[2]`, height and width.
        exponent: of the fall.
    """
    height, width = size[0], size[1]
    y, x = tf.cast(tf.range(height), tf.float32), tf.cast(tf.range(width // 2 + 1), tf.float32)
    tall, wide = tf.cast(height, tf.float32), tf.cast(width, tf.float32)
    frequency = tf.sqrt(tf.square(tf.minimum(y, tall - y) / tall)[:, None] + tf.square(x / wide)[None])
    amplitude = tf.pow(tf.maximum(frequency, _COARSEST / tf.minimum(tall, wide)), -exponent)
    return amplitude / tf.sqrt(tf.reduce_mean(tf.square(amplitude)))


def noise(size: tuple[int, int], *, seed: int, contrast: float = 0.2, amplitude=None) -> np.ndarray:
    """A picture of nothing, with the spectrum and the colours of photos.

    Args:
        size: (height, width).
        seed: decides it.
        contrast: standard deviation of it.
        amplitude: how large it is at each frequency, float `[height, width // 2 + 1, 1 or 3]`, in decorrelated
            colours; as in the photos that were measured if None.

    Returns:
        float32 `[height, width, 3]` around 0.
    """
    white = np.random.default_rng(seed).standard_normal((*size, 3)).astype(np.float32)
    shape = tf.constant(size)
    if amplitude is None:
        amplitude = falloff(shape, MEASURED)[..., None]
    # the size of each coefficient is exactly that of photos, only its phase is drawn
    angle = tf.math.angle(spectrum_of(tf.constant(white)))
    spectrum = tf.cast(amplitude, tf.complex64) * tf.exp(tf.complex(0.0, angle))
    picture = coloured(picture_of(spectrum, shape)).numpy()
    picture -= picture.mean((0, 1))
    return picture * np.float32(contrast / max(float(picture.std()), 1e-9))


def mean_amplitude(pictures, size: tuple[int, int]) -> np.ndarray:
    """How large some pictures are, on average, at each frequency (the constraint of Fel et al. 2023).

    Args:
        pictures: float32 `[height, width, 3]` each, of any size.
        size: (height, width) for which it is asked.

    Returns:
        float32 `[height, width // 2 + 1, 3]`, in decorrelated colours.
    """
    import cv2

    total, count = 0.0, 0
    for picture in pictures:
        fitted = cv2.resize(np.asarray(picture, np.float32), size[::-1], interpolation=cv2.INTER_AREA)
        fitted = fitted - fitted.mean((0, 1))
        # where a picture ends is no edge in it, but the Fourier transform takes it for one
        window = np.outer(np.hanning(size[0] + 2)[1:-1], np.hanning(size[1] + 2)[1:-1]).astype(np.float32)
        total = total + np.abs(spectrum_of(whitened(tf.constant(fitted * window[..., None]))).numpy())
        count += 1
    return total / max(count, 1)
