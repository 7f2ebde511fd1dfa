"""Where one shot ends and the next begins, told from frames as they pass."""

from __future__ import annotations

import numpy as np

from deepdream_av.temporal.flow import FlowEstimator
from deepdream_av.temporal.warp import warp

_BINS = (12, 8, 8)


class CutDetector:
    """Says of every frame whether it begins a new shot.

    Two signs must agree. Colours: the joint histogram of hue, saturation and value differs from the
    last frame's. Places: the frame cannot be explained by moving the last one, where moving includes
    a change of brightness. A flash changes the colours but not the places; fast motion changes the
    places but hardly the colours. A flash of a frame or two comes back to what was before, which is
    told from a memory of the frame before it.

    Args:
        places: least share of structure that motion does not explain, 0 to 1.
        both: least product of that share with the difference of the histograms, 0 to 1.
        rest: shortest shot, in seconds.

    >>> detector = CutDetector()
    >>> frame = np.random.default_rng(0).random((36, 64, 3), np.float32)
    >>> [detector(frame, time=t / 24) for t in range(3)]
    [True, False, False]
    """

    def __init__(self, *, places: float = 0.5, both: float = 0.3, rest: float = 0.12):
        self.places, self.both, self.rest = places, both, rest
        self._flow = FlowEstimator()
        self._last = None
        self._older: list = []
        self._cut_at = -np.inf

    def __call__(self, frame: np.ndarray, *, time: float) -> bool:
        """Whether `frame` is the first of a shot.

        Args:
            frame: float32 `[height, width, 3]` in [0, 1]; any size, small ones are quicker.
            time: when it is shown, in seconds.
        """
        look = _Look(frame)
        last, self._last = self._last, look
        if last is None:
            self._cut_at = time
            return True
        cut = self._differs(look, last) and time - self._cut_at >= self.rest
        # the end of a flash: back in the shot that it interrupted
        if cut and any(self._returns(look, old) for old in self._older):
            cut = False
        self._older = [] if cut else [*self._older[-2:], last]
        if cut:
            self._cut_at = time
        return cut

    def _differs(self, look: _Look, last: _Look) -> bool:
        places = look.place_distance(last, self._flow)
        return places > self.places and look.colour_distance(last) * places > self.both

    def _returns(self, look: _Look, old: _Look) -> bool:
        return look.place_distance(old, self._flow) < 0.35


class _Look:
    """What the detector remembers of a frame."""

    def __init__(self, frame: np.ndarray):
        import cv2

        height, width = frame.shape[:2]
        scale = min(1.0, 96 / max(height, width))
        size = max(16, round(width * scale)), max(16, round(height * scale))
        small = cv2.resize(np.ascontiguousarray(frame, np.float32), size, interpolation=cv2.INTER_AREA)
        small = np.clip(small, 0, 1)
        hsv = cv2.cvtColor(small, cv2.COLOR_RGB2HSV)
        hsv[..., 0] /= 360.0
        # hue means nothing where there is no colour
        hsv[..., 0] *= (hsv[..., 1] > 0.12) & (hsv[..., 2] > 0.08)
        bins = [np.minimum((hsv[..., c] * n).astype(int), n - 1) for c, n in enumerate(_BINS)]
        index = (bins[0] * _BINS[1] + bins[1]) * _BINS[2] + bins[2]
        count = np.bincount(index.ravel(), minlength=int(np.prod(_BINS))).reshape(_BINS)
        # neighbouring bins are nearly the same colour
        soft = count.astype(np.float32)
        for axis in range(3):
            soft = soft + 0.5 * (
                np.roll(soft, 1, axis) + np.roll(soft, -1, axis) if axis == 0 else _shifted(soft, axis)
            )
        self.histogram = soft / soft.sum()
        self.grey = (small @ np.array([0.2126, 0.7152, 0.0722], np.float32)).astype(np.float32)

    def colour_distance(self, other: _Look) -> float:
        return 0.5 * float(np.abs(self.histogram - other.histogram).sum())

    def place_distance(self, other: _Look, estimate: FlowEstimator) -> float:
        """1 minus the correlation of the structure, at the best of all motions that are searched."""
        import cv2

        a, b = _structure(self.grey), _structure(other.grey)
        flow = estimate.backward(_as_bytes(a), _as_bytes(b))
        # a flow that tears the picture into pieces explains anything; only smooth motion counts
        flow = cv2.GaussianBlur(flow, (0, 0), 3.0)
        moved = warp(b, flow)
        return 1.0 - max(_correlation(a, moved), _correlation(a, b), 0.0)


def _shifted(x: np.ndarray, axis: int) -> np.ndarray:
    up, down = np.zeros_like(x), np.zeros_like(x)
    front, back = [slice(None)] * 3, [slice(None)] * 3
    front[axis], back[axis] = slice(1, None), slice(None, -1)
    up[tuple(front)], down[tuple(back)] = x[tuple(back)], x[tuple(front)]
    return up + down


def _structure(grey: np.ndarray) -> np.ndarray:
    """Brightness relative to its surroundings, so that a flash or a fade changes little."""
    import cv2

    mean = cv2.GaussianBlur(grey, (0, 0), 8)
    spread = np.sqrt(cv2.GaussianBlur((grey - mean) ** 2, (0, 0), 8)) + 0.02
    return (grey - mean) / spread


def _as_bytes(x: np.ndarray) -> np.ndarray:
    return (np.clip(x * 0.2 + 0.5, 0, 1) * 255).astype(np.uint8)


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    a, b = a - a.mean(), b - b.mean()
    scale = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / scale if scale > 1e-6 else 1.0
