"""High dynamic range to the 8 bits of everyday films, so that daylight looks as it did and highlights roll off."""

from __future__ import annotations

from functools import cache

import numpy as np

_KINDS = {16: "PQ", 18: "HLG"}  # AVColorTransferCharacteristic
WHITE = 203.0  # cd/m2 of a sheet of white paper, after ITU-R BT.2408
_PEAK = 1000.0  # cd/m2 of the display for which HLG is decoded
_KNEE = 0.75  # of white; below it light stays as it is
_GAMMA = 2.4  # of the display of an everyday film, ITU-R BT.1886
# ITU-R BT.2087: light of BT.2020's primaries in those of BT.709
_NARROWED = np.float32(
    [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]],
)


def hdr_kind(raw) -> str:
    """`"PQ"`, `"HLG"`, or nothing for a frame of everyday range."""
    return _KINDS.get(raw.color_trc, "")


def tone_mapped(picture: np.ndarray, kind: str, *, wide: bool = True) -> np.ndarray:
    """A picture of high dynamic range as one of everyday range.

    Args:
        picture: uint16 `[height, width, 3]`, as coded, in full range.
        kind: `"PQ"` (SMPTE ST 2084) or `"HLG"` (ARIB STD-B67).
        wide: whether its primaries are those of BT.2020.

    Returns:
        uint8 `[height, width, 3]`.

    >>> grey = np.full((1, 1, 3), round(0.5807 * 65535), np.uint16)  # 203 cd/m2, the white of paper
    >>> 235 < int(tone_mapped(grey, "PQ")[0, 0, 0]) < 250
    True
    """
    light = _decoded(kind)[picture >> 4]
    if kind == "HLG":  # the display's own gamma, on the whole of the light
        luminance = light @ np.float32([0.2627, 0.6780, 0.0593])
        light = light * np.maximum(luminance, 1e-6)[..., None] ** np.float32(0.2) * np.float32(_PEAK / WHITE)
    if wide:
        light = np.maximum(light @ _NARROWED.T, 0.0)
    # all three by the same factor, so that hues stay
    most = light.max(2, keepdims=True)
    over = np.maximum(most - _KNEE, 0)
    rolled = _KNEE + (1 - _KNEE) * over / (over + np.float32(1 - _KNEE))
    light = light * np.where(most > _KNEE, rolled / np.maximum(most, 1e-6), 1)
    return (np.clip(light, 0, 1) ** np.float32(1 / _GAMMA) * 255 + 0.5).astype(np.uint8)


@cache
def _decoded(kind: str) -> np.ndarray:
    """Light for each of 4096 code values: of PQ in units of white, of HLG before the display's gamma."""
    code = np.linspace(0, 1, 4096)
    if kind == "PQ":
        m1, m2, c1, c2, c3 = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128
        power = code ** (1 / m2)
        light = 10_000 / WHITE * (np.maximum(power - c1, 0) / (c2 - c3 * power)) ** (1 / m1)
    else:
        a, b, c = 0.17883277, 0.28466892, 0.55991073
        light = np.where(code <= 0.5, code**2 / 3, (np.exp((code - c) / a) + b) / 12)
    return light.astype(np.float32)
