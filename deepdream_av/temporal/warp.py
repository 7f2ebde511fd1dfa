"""Carry a picture, or what was dreamt into it, along a flow."""

from __future__ import annotations

import numpy as np

_KINDS = {"linear": 1, "cubic": 2}  # cv2.INTER_LINEAR, cv2.INTER_CUBIC


def warp(
    picture: np.ndarray, flow: np.ndarray, *, kind: str = "linear", outside: float | None = None
) -> np.ndarray:
    """Read `picture` at every pixel plus `flow`.

    Where the flow is exactly zero the picture comes back bit by bit.

    Args:
        picture: float32 `[height, width]` or `[height, width, channels]`.
        flow: float32 `[height, width, 2]`, x and y in pixels.
        kind: `"linear"`, or `"cubic"` which keeps fine detail over many frames.
        outside: value beyond the edge; None repeats the edge.

    >>> ramp = np.tile(np.arange(8, dtype=np.float32), (4, 1))
    >>> warp(ramp, np.full((4, 8, 2), [2, 0], np.float32))[0, :4].tolist()
    [2.0, 3.0, 4.0, 5.0]
    """
    import cv2

    height, width = flow.shape[:2]
    x = np.arange(width, dtype=np.float32)[None] + flow[..., 0]
    y = np.arange(height, dtype=np.float32)[:, None] + flow[..., 1]
    border = cv2.BORDER_REPLICATE if outside is None else cv2.BORDER_CONSTANT
    value = (outside or 0.0,) * 4
    return cv2.remap(picture, x, y, _KINDS[kind], borderMode=border, borderValue=value)


def settle(flow: np.ndarray, *, still: float = 0.04) -> np.ndarray:
    """The flow with motions too small to be seen set to zero.

    A search that reads noise answers with hundredths of a pixel; interpolating that far, frame after
    frame, would blur a dream on a wall that does not move.

    Args:
        flow: float32 `[height, width, 2]` in pixels.
        still: shorter than this is no motion, in pixels.
    """
    import cv2

    length = cv2.blur(np.hypot(flow[..., 0], flow[..., 1]), (5, 5))
    return flow * np.clip((length - still) / still, 0, 1)[..., None]
