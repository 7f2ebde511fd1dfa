"""How loud every channel of a network is on a picture or a sound, and what that is against its usual level."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

LOOK = 256  # long side at which a picture is looked at
_SHARE = 0.2  # of a layer's usual level, added above and below, so that what is never heard is no sensation


@dataclass(frozen=True, eq=False)
class Levels:
    """Levels of a layer's channels.

    Attributes:
        level: root mean square activation of each, float32 `[channels]`.
        place: where it is loudest, (row, column) as shares of the height and width, float32 `[channels, 2]`.
    """

    level: np.ndarray
    place: np.ndarray


def maps_of(backbone, names: Iterable[str], x: np.ndarray) -> dict[str, np.ndarray]:
    """Activations of one picture `[h, w, 3]` or log-mel `[frames, 128]`.

    Returns:
        `{layer: float32 [height, width, channels]}`.
    """
    import tensorflow as tf

    x = np.asarray(x, np.float32)
    batch = x[None, ..., None] if x.ndim == 2 else x[None]
    seen = backbone.truncated(tuple(names))(batch)
    return {name: tf.cast(map_, tf.float32).numpy()[0] for name, map_ in seen.items()}


def levels_of(backbone, names: Iterable[str], x: np.ndarray) -> dict[str, Levels]:
    """Levels of all channels of some layers on one picture or sound; see `maps_of`."""
    levels = {}
    for name, map_ in maps_of(backbone, names, x).items():
        height, width, channels = map_.shape
        flat = np.abs(map_).reshape(-1, channels)
        peak = flat.argmax(0)
        place = np.stack([(peak // width + 0.5) / height, (peak % width + 0.5) / width], 1)
        levels[name] = Levels(np.sqrt(np.mean(flat**2, 0)), place.astype(np.float32))
    return levels


def relative(level: np.ndarray, usual: np.ndarray) -> np.ndarray:
    """How many times its usual level each channel has, float `[channels]`; a silent layer gives ones.

    A share of the layer's mean is added above and below the line, so that a channel that is never heard does not
    come first with next to nothing.
    """
    floor = _SHARE * float(usual.mean()) + 1e-9
    return (level + floor) / (usual + floor)


def shrunk(picture: np.ndarray, side: int = LOOK) -> np.ndarray:
    """A picture whose long side is at most `side`, and whose sides are at least 32 pixels."""
    from deepdream_av.canvases.pixels import scaled

    scale = min(1.0, side / max(picture.shape[:2]))
    size = tuple(max(32, round(x * scale)) for x in picture.shape[:2])
    return scaled(np.ascontiguousarray(picture, np.float32), size)


def log_mel_of(samples: np.ndarray, rate: int) -> np.ndarray:
    """What an ear hears of float `[samples, channels]`: log-mel float32 `[frames, 128]`."""
    from deepdream_av.spectral import MelGrid, log_mel

    mono = np.asarray(samples, np.float32).reshape(len(samples), -1).mean(1)
    return log_mel(mono, MelGrid(rate)).numpy()


def spectrogram(log_mel: np.ndarray) -> np.ndarray:
    """A log-mel `[frames, 128]` as a picture: time to the right, pitch upwards, uint8 `[128, frames, 3]`."""
    import cv2

    grey = np.clip((np.asarray(log_mel).T[::-1] + 2.5) / 5.0 * 255, 0, 255).astype(np.uint8)
    return np.ascontiguousarray(cv2.applyColorMap(np.ascontiguousarray(grey), cv2.COLORMAP_MAGMA)[..., ::-1])
