"""What all ornaments are drafted with: a finer sheet, inks that stand apart, soft edges, and a camera for points.

Two ways lead to an ornament. A field ornament asks for every pixel which part of the pattern it lies in; a drawn one
computes points of curves, sends them through a `Camera` and lets OpenCV draw the lines. Both are made on a sheet
finer than the picture and reduced at the end, so that thin lines do not fray.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from training.datasets.painting import palette

SUBPIXEL = 4  # binary digits behind the point in coordinates given to OpenCV


def fine(size: int) -> int:
    """Side in pixels of the sheet on which a picture of `size` is drafted."""
    return 3 * size if size <= 96 else 2 * size if size <= 160 else 3 * size // 2


def reduced(sheet: np.ndarray, size: int) -> np.ndarray:
    """The finished picture, float32 `[size, size, 3]` in [0, 1], from a finer sheet."""
    picture = cv2.resize(np.ascontiguousarray(sheet, np.float32), (size, size), interpolation=cv2.INTER_AREA)
    return np.clip(picture, 0, 1)


def lightness(colours: np.ndarray) -> np.ndarray:
    """Luma of sRGB colours `[..., 3]`."""
    return colours @ np.array([0.299, 0.587, 0.114], np.float32)


def inks(rng: np.random.Generator, count: int = 5, *, apart: float = 0.35) -> np.ndarray:
    """A palette whose colour 0 can be told from each other one: float32 `[count, 3]`.

    Colour 0 serves as ground (or as line, which is the same thing with light and dark exchanged).

    Args:
        apart: least difference in luma between colour 0 and the others.
    """
    colours = palette(rng, count)
    dark = lightness(colours[0]) < lightness(colours[1:]).mean()
    if dark:
        colours[0] *= min(1.0, 0.6 * (1 - apart) / max(float(lightness(colours[0])), 1e-3))
    else:
        room = min(1.0, max(0.0, (1 - float(lightness(colours[0]))) * 1.2))
        colours[0] += (1 - colours[0]) * room * rng.uniform(0.3, 1.0)
    ground = float(lightness(colours[0]))
    for colour in colours[1:]:
        missing = apart - (lightness(colour) - ground) * (1 if dark else -1)
        if missing > 0:
            goal = np.clip(lightness(colour) + missing * (1 if dark else -1), 0.02, 0.98)
            toward = 1.0 if goal > lightness(colour) else 0.0
            share = (goal - lightness(colour)) / (toward - lightness(colour))
            colour += (toward - colour) * share
    return np.clip(colours, 0, 1).astype(np.float32)


def pixel(x: np.ndarray, y: np.ndarray) -> float:
    """Side of a pixel in units of the plane, in the middle of the picture."""
    m = x.shape[0] // 2
    return float(np.hypot(x[m, m + 1] - x[m, m], y[m, m + 1] - y[m, m])) + 1e-9


def soft(distance: np.ndarray, width: float) -> np.ndarray:
    """Opacity of what lies at negative signed distance, with an edge `width` wide."""
    return np.clip(0.5 - distance / width, 0, 1).astype(np.float32)


def paint(sheet: np.ndarray, colour: np.ndarray, alpha: np.ndarray) -> None:
    """Lays a colour (`[3]` or `[size, size, 3]`) over a sheet in place."""
    sheet += alpha[..., None] * (colour - sheet)


def looked_up(table: np.ndarray, i: np.ndarray, j: np.ndarray) -> np.ndarray:
    """Entries of a table that is repeated over the whole plane, for integer cells `(i, j)`."""
    return table[i % table.shape[0], j % table.shape[1]]


def sampled(texture: np.ndarray, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """A texture `[h, w, channels]` seen at coordinates in [0, 1]: `u` to the right, `v` downwards."""
    h, w = texture.shape[:2]
    return cv2.remap(
        texture,
        (u * w - 0.5).astype(np.float32),
        (v * h - 0.5).astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )


def spaced(contour: np.ndarray, gap: float) -> np.ndarray:
    """Points on a closed contour `[n, 2]` that lie evenly, about `gap` apart."""
    closed = np.concatenate([contour, contour[:1]]).astype(np.float64)
    length = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(closed, axis=0), axis=1))])
    count = max(3, round(length[-1] / gap))
    at = np.linspace(0, length[-1], count, endpoint=False)
    return np.stack([np.interp(at, length, closed[:, k]) for k in range(2)], 1)


@dataclass(frozen=True)
class Camera:
    """How points of the plane come to lie on a sheet.

    Attributes:
        matrix: homography `[3, 3]` from plane to pixels.
        half: half side of what is seen, in units of the plane.
        size: side of the sheet in pixels.
    """

    matrix: np.ndarray
    half: float
    size: int

    @property
    def scale(self) -> float:
        """Pixels in a unit of the plane (in the middle of the sheet)."""
        return self.size / (2 * self.half)

    @property
    def centre(self) -> np.ndarray:
        """The point of the plane in the middle of the sheet, `[2]`."""
        p = np.linalg.solve(self.matrix, [self.size / 2, self.size / 2, 1])
        return p[:2] / p[2]

    def points(self, plane: np.ndarray) -> np.ndarray:
        """Points `[..., 2]` of the plane as OpenCV wants them: int32 with `SUBPIXEL` binary digits."""
        p = plane @ self.matrix[:, :2].T + self.matrix[:, 2]
        q = p[..., :2] / np.maximum(p[..., 2:], 0.05)
        return np.clip(np.rint(q * 2**SUBPIXEL), -(2**24), 2**24).astype(np.int32)

    def thick(self, width: float) -> int:
        """A line width in units of the plane as whole pixels, at least 1."""
        return max(1, round(width * self.scale))


def camera(
    rng: np.random.Generator,
    size: int,
    *,
    zoom: tuple[float, float],
    shift: float = 1.0,
    tilt: float = 0.0,
) -> Camera:
    """A camera that is turned by any angle, moved by up to `shift` units and held askew by up to `tilt`."""
    half = float(np.exp(rng.uniform(*np.log(zoom))))
    angle, (dx, dy), (a, b) = (
        rng.uniform(0, 2 * np.pi),
        rng.uniform(-shift, shift, 2),
        rng.uniform(-tilt, tilt, 2),
    )
    c, s = np.cos(angle) / half, np.sin(angle) / half
    turn = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]) @ np.array([[1, 0, -dx], [0, 1, -dy], [0, 0, 1]])
    askew = np.array([[1, 0, 0], [0, 1, 0], [a, b, 1]])
    sheet = np.array([[size / 2, 0, size / 2], [0, size / 2, size / 2], [0, 0, 1]])
    return Camera(sheet @ askew @ turn, half, size)
