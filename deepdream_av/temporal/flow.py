"""Optical flow: where every pixel of a frame was in the frame before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from deepdream_av.temporal.warp import warp

_EFFORT = {"ultrafast": 0, "fast": 1, "medium": 2}


@dataclass(frozen=True, eq=False)
class Motion:
    """How one frame follows another.

    Attributes:
        flow: float32 `[height, width, 2]`, x and y in pixels: `now[y, x]` shows what
            `before[y + flow_y, x + flow_x]` showed. This is the true backward flow; the negated
            forward flow is not the same near edges that move.
        seen: float32 `[height, width]`, 1 where the pixel could be seen before, 0 where it was
            hidden (or left of the picture, or where the flow cannot be trusted).
        residual: float32 `[height, width]`, absolute difference in [0, 1] between the frame and the
            one before, warped onto it: what the motion does not explain.
        ahead: float32 `[height, width, 2]`, the other way round: where every pixel of the frame before
            is in this one.
    """

    flow: np.ndarray
    seen: np.ndarray
    residual: np.ndarray
    ahead: np.ndarray | None = None


class FlowEstimator:
    """Dense inverse search (Kroeger et al. 2016), backward and forward.

    A dream that is carried for a hundred frames needs the medium preset: the fast one is a tenth of a
    pixel off, and on real films that alone doubled the flicker of what was carried. To find cuts, fast
    is enough.

    Args:
        effort: `"ultrafast"`, `"fast"` or `"medium"`.

    >>> still = np.random.default_rng(0).random((48, 64, 3), np.float32)
    >>> bool(np.abs(FlowEstimator()(still, still).flow).max() < 0.05)
    True
    """

    def __init__(self, effort: str = "fast"):
        import cv2

        self._dis = cv2.DISOpticalFlow_create(_EFFORT[effort])

    def __call__(self, now: np.ndarray, before: np.ndarray) -> Motion:
        """The motion from `before` to `now`.

        Args:
            now, before: float32 `[height, width, 3]` in [0, 1], of one size.
        """
        a, b = grey(now), grey(before)
        return judged(now, before, self.backward(a, b), self.backward(b, a))

    def backward(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """The flow alone, from uint8 `[height, width]` pictures: where in `b` the pixels of `a` are."""
        height, width = a.shape
        short = min(height, width)
        if short < 16:  # smaller than one patch of the search: nothing there can be followed
            return np.zeros((height, width, 2), np.float32)
        pad = max(0, 48 - height), max(0, 48 - width)
        if any(pad):
            a, b = (np.pad(x, ((0, pad[0]), (0, pad[1])), mode="edge") for x in (a, b))
        return np.ascontiguousarray(self._dis.calc(a, b, None)[:height, :width])


def judged(now: np.ndarray, before: np.ndarray, backward: np.ndarray, forward: np.ndarray) -> Motion:
    """The motion that two flows tell of, and how far they can be trusted.

    Args:
        now, before: float32 `[height, width, 3]` in [0, 1].
        backward: float32 `[height, width, 2]`, where in `before` the pixels of `now` are.
        forward: where in `now` those of `before` are.
    """
    import cv2

    agreed = visible(backward, forward)
    # on a bare wall the search follows the grain; if nothing changed there, nothing moved
    still = (1 - agreed) * unchanged(now, before)
    still = np.maximum(still, at_rest(now, before, warp(before, backward)))
    moving = cv2.merge([1 - still] * 2)
    backward = backward * moving
    carried = warp(before, backward)
    seen = np.maximum(agreed * explained(now, carried), still)
    return Motion(backward, seen, averaged(np.abs(carried - now)), forward * moving)


def composed(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """The flow that goes along `first` and from there along `second`, float32 `[height, width, 2]`.

    >>> right, down = (np.full((4, 4, 2), step, np.float32) for step in ([1, 0], [0, 2]))
    >>> composed(right, down)[0, 0].tolist()
    [1.0, 2.0]
    """
    return first + warp(second, first)


def resized(motion: Motion, size: tuple[int, int]) -> Motion:
    """The same motion in pictures of another size.

    Args:
        motion: as estimated.
        size: (width, height) in pixels.
    """
    import cv2

    height, width = motion.seen.shape
    if (width, height) == size:
        return motion
    flow, seen, residual, ahead = (
        x if x is None else cv2.resize(x, size, interpolation=cv2.INTER_AREA)
        for x in (motion.flow, motion.seen, motion.residual, motion.ahead)
    )
    scale = np.array([size[0] / width, size[1] / height], np.float32)
    seen = (seen > 0.6).astype(np.float32)
    return Motion(flow * scale, seen, residual, ahead if ahead is None else ahead * scale)


def grey(picture: np.ndarray) -> np.ndarray:
    """Luma of a picture in [0, 1] as uint8 `[height, width]`, which is what the search reads."""
    luma = picture @ np.array([0.2126, 0.7152, 0.0722], np.float32)
    return (np.clip(luma, 0, 1) * 255 + 0.5).astype(np.uint8)


def averaged(picture: np.ndarray) -> np.ndarray:
    """Over the channels; several times quicker than `mean(2)`."""
    return picture @ np.full(3, 1 / 3, np.float32)


def visible(backward: np.ndarray, forward: np.ndarray) -> np.ndarray:
    """Where two flows agree, so that the pixel was there in both frames.

    The test is that of Sundaram, Brox and Keutzer (2010): there and back again must end where it
    began, up to 0.5 px^2 and a hundredth of the way. Its second test, on motion edges, is left out:
    it also fires inside textures that turn.

    Args:
        backward, forward: float32 `[height, width, 2]` in pixels.

    Returns:
        float32 `[height, width]`, 0 or 1.
    """
    import cv2

    height, width = backward.shape[:2]
    x = np.arange(width, dtype=np.float32)[None] + backward[..., 0]
    y = np.arange(height, dtype=np.float32)[:, None] + backward[..., 1]
    back = cv2.remap(forward, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    gap, size = _squared(backward + back), _squared(backward) + _squared(back)
    inside = (x > -0.5) & (x < width - 0.5) & (y > -0.5) & (y < height - 0.5)
    return ((gap <= 0.01 * size + 0.5) & inside).astype(np.float32)


def unchanged(now: np.ndarray, before: np.ndarray) -> np.ndarray:
    """Where two frames are the same but for grain: float32 `[height, width]`, 0 or 1."""
    import cv2

    difference = averaged(now - before)
    mean, power = cv2.blur(difference, (9, 9)), cv2.blur(difference**2, (9, 9))
    return ((np.abs(mean) < 0.012) & (power < 0.025**2)).astype(np.float32)


def at_rest(now: np.ndarray, before: np.ndarray, carried: np.ndarray) -> np.ndarray:
    """Where a frame is explained as well by no motion as by the motion found: float32 `[height, width]`."""
    import cv2

    moved, still = (cv2.blur(averaged(np.square(now - x)), (13, 13)) for x in (carried, before))
    return (still <= 1.12 * moved + (0.4 / 255) ** 2).astype(np.float32)


def explained(now: np.ndarray, carried: np.ndarray) -> np.ndarray:
    """Where a frame and the warped one before it show the same structure, whatever the light.

    Two flows can agree and both be wrong, when something is too quick to be followed.

    Args:
        now, carried: float32 `[height, width, 3]` in [0, 1].

    Returns:
        float32 `[height, width]`, 0 or 1.
    """
    import cv2

    def spread(x):
        mean = cv2.blur(x, (9, 9))
        return np.sqrt(np.maximum(cv2.blur(x * x, (9, 9)) - mean * mean, 0))

    a, b = averaged(now), averaged(carried)
    left = spread(a - b)
    return ((left < 0.05) | (left < 0.75 * np.maximum(spread(a), spread(b)))).astype(np.float32)


def _squared(flow: np.ndarray) -> np.ndarray:
    """Squared length."""
    return np.square(flow[..., 0]) + np.square(flow[..., 1])
