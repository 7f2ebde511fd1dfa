"""What keeps a dream that is dreamt on and on from drifting away: its light, its colours and its sharpness stay."""

from __future__ import annotations

import numpy as np

from deepdream_av.media.palette import AXES, paled, split

_PULL = 0.08  # share of a deviation of light and colours that is undone in each frame
_SHARPEN = 0.2  # of what is missing of a band, the same
_MOST = 1.35  # times that a band is raised in one frame
_SIGMAS = (0.7, 1.4, 2.8)  # pixels; the finest details lie below the first
_EDGE = np.float32(1.2 / 255)  # what a file of 8 bits does not take for black or white
_KNEE = np.float32(0.08)  # of the light below white and above black
_CONTRAST = 0.16, 0.26  # standard deviations of light between which a dream stays
_COLOUR = 0.02, 0.10  # the same for each colour axis


class Drift:
    """Holds the mean, spread and sharpness of pictures near those of a first one.

    A picture that is enlarged a little for every frame loses its finest details each time, and one whose every frame
    is dreamt anew grows gaudier with each. What is measured in the whole picture is led back slowly, so that nothing
    flickers.

    Args:
        first: float32 `[height, width, 3]` in [0, 1].
        pull: share of a deviation that is undone in each frame.
    """

    def __init__(self, first: np.ndarray, *, pull: float = _PULL):
        self.pull = pull
        seen = first @ AXES.T
        self._mean = seen.mean((0, 1))
        spread = seen.std((0, 1)) / np.array([np.sqrt(3), 1, 1], np.float32)
        low, high = (np.array([_CONTRAST[k], _COLOUR[k], _COLOUR[k]], np.float32) for k in (0, 1))
        self._spread = np.clip(spread, low, high) * np.array([np.sqrt(3), 1, 1], np.float32)
        # an even picture has no details that a dream should be held to
        self._bands = [
            max(float(band.std()), least) for band, least in zip(_bands(first)[0], (0.02, 0.03, 0.04))
        ]

    def __call__(self, picture: np.ndarray) -> np.ndarray:
        """A picture led back a little, float32 `[height, width, 3]` in [0, 1]."""
        bands, rest = _bands(picture)
        for band, wanted in zip(bands, self._bands):
            ratio = wanted / max(float(band.std()), 1e-4)
            rest = rest + band * np.float32(min(max(ratio, 1 / _MOST) ** _SHARPEN, _MOST))
        seen = rest @ AXES.T
        mean, spread = seen.mean((0, 1)), seen.std((0, 1))
        gain = (self._spread / np.maximum(spread, 1e-3)) ** self.pull
        seen = (seen - mean) * gain + mean + self.pull * (self._mean - mean)
        light, colour = split((seen @ AXES).astype(np.float32))
        # bent near black and white, and of no colour as much as would be cut off
        return _EDGE + (1 - 2 * _EDGE) * paled(0.5 + _bent(light - 0.5), colour)


def _bent(light: np.ndarray) -> np.ndarray:
    """Light around 0 that never quite reaches a half."""
    size = np.abs(light)
    beyond = np.maximum(size - 0.5 + _KNEE, 0.0)
    return np.sign(light) * (np.minimum(size, 0.5 - _KNEE) + _KNEE * np.tanh(beyond / _KNEE))


def _bands(picture: np.ndarray) -> tuple[list[np.ndarray], np.ndarray]:
    """Details of three sizes, the finest first, and all that is coarser."""
    import cv2

    bands, rest = [], picture
    for sigma in _SIGMAS:
        smooth = cv2.GaussianBlur(rest, (0, 0), sigma)
        bands.append(rest - smooth)
        rest = smooth
    return bands, rest
