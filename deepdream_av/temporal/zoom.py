"""The motion of a zoom film, and how its end flows into its beginning."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from deepdream_av.errors import UsageError

KNOWN_FPS = 30.0  # at which people name the rates of such films
_FAR = 24.0  # times smaller than the picture at which it comes into sight again
_NEAR = 2.5  # times larger, where it comes in from outside
_SECONDS = 2.5  # in which it comes where nothing zooms
_FEATHER = 0.12  # of the shorter side, over which its edge is soft
_AGAIN = 4 / 3  # times larger, what is repeated outside
_CORE = 2.2  # times that, over which the dream goes on into it
_FIRM = 0.45  # share of its way, at the end, in which the dream lets go of it


@dataclass(frozen=True)
class Zoom:
    """What happens to a picture from one frame to the next: it grows, turns and moves around its centre.

    Args:
        zoom: times larger, at 30 frames a second; below 1 it shrinks.
        rotate: degrees to the left.
        translate: pixels to the right and down.
        fps: frames a second of the film; each then does a larger or smaller part, so that the speed is the same.

    >>> round(float(Zoom(1.04, fps=60.0).matrix((100, 100))[0, 0]), 4)
    1.0198
    """

    zoom: float = 1.02
    rotate: float = 0.0
    translate: tuple[float, float] = (0.0, 0.0)
    fps: float = KNOWN_FPS

    @property
    def factor(self) -> float:
        """How much larger a frame is than the last one."""
        return self.zoom ** (KNOWN_FPS / self.fps)

    def matrix(self, size: tuple[int, int]) -> np.ndarray:
        """From a place in one frame to that in the next: float64 `[3, 3]` for `(x, y, 1)` in pixels.

        Args:
            size: (height, width).
        """
        share = KNOWN_FPS / self.fps
        angle = np.deg2rad(self.rotate * share)
        cos, sin = self.factor * np.cos(angle), self.factor * np.sin(angle)
        x, y = (size[1] - 1) / 2, (size[0] - 1) / 2
        linear = np.array([[cos, sin], [-sin, cos]])
        shift = np.array([x, y]) - linear @ [x, y] + np.array(self.translate) * share
        return np.vstack([np.column_stack([linear, shift]), [0, 0, 1]])


def translation(text: str) -> tuple[float, float]:
    """`"2,-1"` as pixels to the right and down.

    Raises:
        UsageError: something else.
    """
    try:
        x, y = (float(part) for part in text.split(","))
        if abs(x) <= 1000 and abs(y) <= 1000:
            return x, y
    except ValueError:
        pass
    raise UsageError(f"`translate` must be two numbers of pixels, as in 2,-1. Received: {text!r}.")


def moved(picture: np.ndarray, matrix: np.ndarray, *, outside: str = "mirror") -> np.ndarray:
    """A picture after a motion, read sharply (Lanczos); what comes in from outside is its mirror image.

    Args:
        picture: float32 `[height, width]` or `[height, width, 3]`.
        matrix: float64 `[3, 3]`, see `Zoom.matrix`.
        outside: `"mirror"`, or `"nothing"` for zeros, read linearly.
    """
    import cv2

    height, width = picture.shape[:2]
    growth = np.sqrt(abs(np.linalg.det(matrix[:2, :2])))
    if growth < 0.6:  # much smaller: what would be lost between the samples is averaged first
        picture = cv2.GaussianBlur(picture, (0, 0), 0.45 * (1 / growth - 1))
    kind, border = cv2.INTER_LANCZOS4, cv2.BORDER_REFLECT_101
    if outside == "nothing":
        kind, border = cv2.INTER_LINEAR, cv2.BORDER_CONSTANT
    return cv2.warpAffine(picture, matrix[:2], (width, height), flags=kind, borderMode=border)


def continued(picture: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """A picture after a motion, going on outside with what lies a little further in, larger.

    The mirror image of an edge that is mirrored again in every frame would become stripes. What lies further in moves
    along, so that from frame to frame the strips that are added belong together.

    Args:
        picture, matrix: see `moved`.
    """
    import cv2

    inside = moved(np.ones(picture.shape[:2], np.float32), matrix, outside="nothing")
    result = moved(picture, matrix)
    if inside.min() > 0.99:
        return result
    x, y = (picture.shape[1] - 1) / 2, (picture.shape[0] - 1) / 2
    larger = np.array([[_AGAIN, 0, x - _AGAIN * x], [0, _AGAIN, y - _AGAIN * y], [0, 0, 1]])
    soft = inside * np.clip(2 * cv2.GaussianBlur(inside, (0, 0), 1.5) - 1, 0, 1)
    again = moved(picture, larger)
    return again + soft[..., None] * (result - again)


class Arrival:
    """The first frame comes into sight again before the end, and fills the picture exactly when the film is over.

    Where a film zooms in, its beginning is a small picture in the depth of the dream that it ends in; where it zooms
    out or only moves, it comes in from where the motion leads. It always is where the motion puts it.

    Args:
        first: float32 `[height, width, 3]`, the first frame.
        zoom: the motion.
        frames: of the whole film.
    """

    def __init__(self, first: np.ndarray, zoom: Zoom, frames: int):
        self.first, self.frames = first, frames
        self._back = np.linalg.inv(zoom.matrix(first.shape[:2]))
        self.length = min(frames // 2, self._wanted(zoom))

    @staticmethod
    def _wanted(zoom: Zoom) -> int:
        growth, usual = np.log(zoom.factor), _SECONDS * zoom.fps
        if growth > 1e-6:
            # slow zooms would take too long to come from far away, and begin nearer
            return round(min(max(np.log(_FAR) / growth, 0.5 * usual), 3 * usual))
        if growth < -1e-6:
            return round(min(max(np.log(_NEAR) / -growth, 0.25 * usual), usual))
        return round(usual)

    def __call__(self, number: int) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
        """What is seen of the first frame in frame `number`, or None if it is not in sight yet.

        Returns:
            Its picture float32 `[height, width, 3]`; how much of it there is, `[height, width, 1]`, before anything is
            dreamt into it; and how much of it stays as it is.
        """
        left = self.frames - number
        if not 0 < left <= self.length:
            return None
        matrix = np.linalg.matrix_power(self._back, left)
        done = 1 - (left - 1) / self.length
        softness = min(1.0, (left - 1) / (0.3 * self.length))
        cover, core = (
            moved(self._soft(softness, reach), matrix, outside="nothing")[..., None] for reach in (1.0, _CORE)
        )
        firm = _eased((done - 1 + _FIRM) / (_FIRM - 1 / self.length))
        return moved(self.first, matrix), _eased(done / (1 - _FIRM)) * cover, firm * core

    def _soft(self, softness: float, reach: float) -> np.ndarray:
        """A white picture whose edges fade, `reach` times as far as usual."""
        import cv2

        height, width = self.first.shape[:2]
        border = max(1.0, softness * reach * _FEATHER * min(height, width))
        x, y = (np.minimum(np.arange(n), np.arange(n)[::-1]).astype(np.float32) + 1 for n in (width, height))
        edge = np.minimum(np.minimum(x[None], y[:, None]) / border, 1.0)
        if softness > 0.2:  # round, where it is small
            cy, cx = (np.linspace(-1, 1, n, dtype=np.float32) for n in (height, width))
            edge *= np.clip((1.25 - np.hypot(cy[:, None], cx[None])) / 0.3 + 4 * (1 - softness), 0, 1)
        return cv2.GaussianBlur(edge, (0, 0), 1) * edge if softness else edge


def _eased(x: float) -> np.float32:
    """From 0 to 1 without a jerk at either end."""
    x = min(max(float(x), 0.0), 1.0)
    return np.float32(x * x * (3 - 2 * x))


def jump(last: np.ndarray, frame: np.ndarray, matrix: np.ndarray) -> float:
    """How much changes from one frame to the next beyond the motion: mean absolute difference, range 1.

    Args:
        last, frame: float32 `[height, width, 3]`.
        matrix: the motion between them.
    """
    seen = moved(np.ones(last.shape[:2], np.float32), matrix, outside="nothing") > 0.99
    return float(np.abs(moved(last, matrix) - frame)[seen].mean())
