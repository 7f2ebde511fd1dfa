"""What a set of pictures has in common: mean colour, colour covariance, magnitude spectrum.

They are kept with a network that learnt from the pictures, so that a dream can start from, or stay within, what its
pictures look like (Olah et al. 2017 decorrelate colours, Fel et al. 2023 keep the magnitude spectrum).
"""

from __future__ import annotations

import numpy as np

SIDE = 64  # of the spectrum
_MOST = 512  # pictures that are looked at


def statistics(pictures: np.ndarray) -> dict:
    """Statistics of pictures.

    Args:
        pictures: uint8 `[n, side, side, 3]`; at most 512 of them, evenly spaced, are looked at.

    Returns:
        `mean`: `[3]`, in [0, 1]. `covariance`: `[3, 3]` of the colours of all pixels. `spectrum`: `[64, 33]`, the mean
        magnitude of `numpy.fft.rfft2` of the grey pictures scaled to 64 x 64 pixels, their mean taken out.
    """
    import cv2

    picks = np.unique(np.linspace(0, len(pictures) - 1, min(_MOST, len(pictures))).astype(int))
    small = np.stack(
        [cv2.resize(np.asarray(pictures[k]), (SIDE, SIDE), interpolation=cv2.INTER_AREA) for k in picks]
    ).astype(np.float32)
    small /= 255
    pixels = small.reshape(-1, 3)
    grey = small.mean(3)
    magnitude = np.abs(np.fft.rfft2(grey - grey.mean((1, 2), keepdims=True))).mean(0)
    return {
        "mean": np.round(pixels.mean(0, dtype=np.float64), 5).tolist(),
        "covariance": np.round(np.cov(pixels.T), 6).tolist(),
        "spectrum": np.round(magnitude, 4).tolist(),
    }
