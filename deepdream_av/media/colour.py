"""Colours of any profile to sRGB, the one space in which everything here is dreamt."""

from __future__ import annotations

import io
from functools import lru_cache

import numpy as np

GRID = 33  # nodes per axis of the table for 16-bit colours


def to_srgb(picture, profile: bytes | None):
    """A Pillow picture without alpha as 8-bit RGB in sRGB.

    A profile that is broken or does not fit the picture is ignored, as every viewer does.

    Args:
        picture: `PIL.Image` in any mode.
        profile: its ICC profile, or None.
    """
    if picture.mode == "LAB":
        from PIL import ImageCms

        return _transformed(picture, ImageCms.createProfile("LAB"))
    if profile and picture.mode in ("RGB", "L", "CMYK"):
        source = _opened(profile)
        if source is not None:
            managed = _transformed(picture, source)
            if managed is not None:
                return managed
    return picture.convert("RGB")


def deep_to_srgb(samples: np.ndarray, profile: bytes | None) -> np.ndarray:
    """Colours of more than 8 bits to sRGB.

    Pillow's colour management knows 8 bits only. The *change* that a profile makes is smooth, so that it
    is tabulated at 33 x 33 x 33 colours and added, interpolated: fine gradations survive.

    Args:
        samples: float32 `[height, width, 3]` in [0, 1].
        profile: ICC profile of an RGB space, or None.

    Returns:
        float32 `[height, width, 3]` in [0, 1].
    """
    source = _opened(profile) if profile else None
    table = _table(profile) if source is not None else None
    if table is None:
        return samples
    from scipy.ndimage import map_coordinates

    result = np.empty_like(samples)
    for top in range(0, len(samples), 256):  # in bands, so that memory stays small
        band = samples[top : top + 256]
        where = np.moveaxis(band, -1, 0) * (GRID - 1)
        for channel in range(3):
            change = map_coordinates(table[..., channel], where, order=1, mode="nearest", output=np.float32)
            result[top : top + 256, :, channel] = np.clip(band[..., channel] + change, 0.0, 1.0)
    return result


@lru_cache(maxsize=2)
def _table(profile: bytes) -> np.ndarray | None:
    """What the profile adds to each node: float32 `[33, 33, 33, 3]`, or None if it is not for RGB."""
    from PIL import Image

    axis = np.round(np.linspace(0, 255, GRID)).astype(np.uint8)
    nodes = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1)
    flat = Image.fromarray(nodes.reshape(GRID * GRID, GRID, 3))
    managed = _transformed(flat, _opened(profile))
    if managed is None:
        return None
    change = np.asarray(managed, np.float32).reshape(nodes.shape) - nodes
    return change / np.float32(255)


def _opened(profile: bytes):
    """The profile, or None if it cannot be read or is sRGB already (then nothing is lost by rounding)."""
    from PIL import ImageCms

    try:
        opened = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        name = ImageCms.getProfileDescription(opened)
    except Exception:  # profiles are strangers' bytes, and littleCMS has many ways to refuse them
        return None
    return None if "sRGB" in name else opened


def _transformed(picture, source):
    """`picture` from the profile `source` to sRGB, or None if the two do not fit."""
    from PIL import ImageCms

    try:
        return ImageCms.profileToProfile(
            picture,
            source,
            ImageCms.createProfile("sRGB"),
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            outputMode="RGB",
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except ImageCms.PyCMSError:
        return None
