"""Fractal noise: what clouds, rock and water of the example are made of."""

from __future__ import annotations

import numpy as np


def fractal(rng, shape, *, slope: float, stretch: float = 1.0) -> np.ndarray:
    """Noise that tiles, with spectrum 1 / f^slope, mean 0 and deviation 1."""
    fy = np.fft.fftfreq(shape[0])[:, None] * (stretch if stretch > 1 else 1.0)
    fx = np.fft.rfftfreq(shape[1])[None, :] / (1.0 if stretch > 1 else stretch)
    frequency = np.hypot(fx * (stretch if stretch > 1 else 1.0), fy / (stretch if stretch > 1 else 1.0))
    frequency[0, 0] = 1.0
    # the largest waves are held back, or a whole sky may be one cloud
    amplitude = frequency**-slope * (1 - np.exp(-((frequency * shape[0] / 3.0) ** 2)))
    spectrum = amplitude * np.fft.rfft2(rng.standard_normal(shape))
    spectrum[0, 0] = 0
    noise = np.fft.irfft2(spectrum, shape)
    return (noise / noise.std()).astype(np.float32)


def sample(texture: np.ndarray, x, y) -> np.ndarray:
    """Look up a tiling texture at any real coordinates."""
    import cv2

    size = texture.shape[0]
    padded = np.pad(texture, ((0, 1), (0, 1)), mode="wrap")
    return cv2.remap(
        padded, np.mod(x, size).astype(np.float32), np.mod(y, size).astype(np.float32), cv2.INTER_LINEAR
    )


def smooth_step(x, low: float, high: float):
    """0 below `low`, 1 above `high`, and a soft step between."""
    t = np.clip((x - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)
