"""Decoded frames of any kind to upright pictures of 8 bits: matrix, range, depth, transparency, high dynamic range."""

from __future__ import annotations

import numpy as np

BT709, BT601 = 1, 5  # AVColorSpace
_UNSPECIFIED = (0, 2, 3)
FULL_RANGE = 2


def rgb_of(raw, *, form: str = "rgb24") -> np.ndarray:
    """A frame as red, green and blue in full range, after the matrix and the range that it is tagged with.

    Args:
        raw: PyAV's frame.
        form: `"rgb24"`, `"rgba"`, or `"rgb48le"` for 16 bits.

    Returns:
        uint8 or uint16 `[height, width, channels]`.
    """
    matrix = raw.colorspace
    if matrix in _UNSPECIFIED:  # what players guess: large pictures are HD
        matrix = BT709 if max(raw.width / 1.5, raw.height) >= 720 else BT601
    if raw.format.is_rgb or raw.format.name.startswith(("gray", "pal8", "mono", "ya8")):
        return raw.reformat(format=form).to_ndarray()
    full = raw.color_range == FULL_RANGE or raw.format.name.startswith("yuvj")
    rgb = raw.reformat(format=form, src_colorspace=matrix, src_color_range=2 if full else 1, dst_color_range=2)
    return rgb.to_ndarray()


def has_alpha(raw) -> bool:
    """Whether a frame says how transparent it is."""
    name = raw.format.name
    return name.startswith(("yuva", "rgba", "bgra", "argb", "abgr", "gbrap", "ya8", "ya16"))


def picture_of(raw) -> tuple[np.ndarray, np.ndarray | None]:
    """A frame as it is stored, and its transparency.

    Returns:
        uint8 `[height, width, 3]`, tone-mapped where the frame is HDR; uint8 `[height, width]` from 0 for clear to
        255, or None for an opaque frame.
    """
    from deepdream_av.media.tone_mapping import hdr_kind, tone_mapped

    kind = hdr_kind(raw)
    if kind:
        wide = raw.color_primaries == 9 or raw.colorspace == 9
        return tone_mapped(rgb_of(raw, form="rgb48le"), kind, wide=wide), None
    if has_alpha(raw):
        rgba = rgb_of(raw, form="rgba")
        if rgba[..., 3].min() < 255:
            return np.ascontiguousarray(rgba[..., :3]), np.ascontiguousarray(rgba[..., 3])
        return np.ascontiguousarray(rgba[..., :3]), None
    return rgb_of(raw), None
