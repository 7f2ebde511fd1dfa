"""The sheet on which fractals are drawn: a finer grid, inks that stand apart, and a view for points of the plane."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from training.datasets.painting import coloured, palette

SUBPIXEL = 4  # binary digits behind the point in coordinates given to OpenCV
LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def fine(size: int) -> int:
    """Side in pixels of the sheet for a picture of `size`, so that thin forms do not alias when it is `reduced`.

    Raises:
        ValueError: if `size` is below 32.
    """
    if size < 32:
        raise ValueError(f"`size` must be at least 32 pixels. Received: {size}.")
    return size * 2 if size <= 128 else size * 3 // 2


def reduced(sheet: np.ndarray, size: int) -> np.ndarray:
    """A sheet brought to `[size, size, 3]`, float32 in [0, 1]."""
    small = cv2.resize(np.ascontiguousarray(sheet, np.float32), (size, size), interpolation=cv2.INTER_AREA)
    return np.clip(small, 0, 1)


def inks(rng: np.random.Generator, count: int = 4, *, gap: float = 0.4, ordered: bool = True) -> np.ndarray:
    """A palette that spans a clear difference in lightness: float32 `[count, 3]`.

    Args:
        count: of colours.
        gap: least difference in luma between the lightest and the darkest.
        ordered: whether lightness rises or falls (either, by chance) along the palette.
    """
    for _ in range(20):
        colours = palette(rng, count)
        light = colours @ LUMA
        if light.max() - light.min() >= gap and 0.25 <= light.mean() <= 0.7:
            break
    else:
        light = np.linspace(0.12, 0.88, count)[:, None]
        colours = (0.4 * colours + 0.6 * light).astype(np.float32)
    if not ordered:
        return colours
    colours = colours[np.argsort(colours @ LUMA)]
    return colours if rng.random() < 0.5 else colours[::-1].copy()


def cyclic(phase: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """A field painted with a palette that returns to its first colour whenever the field grows by 1."""
    return coloured(phase - np.floor(phase), np.concatenate([colours, colours[:1]]))


def border(labels: np.ndarray) -> float:
    """Length of the borders between labels in units of the picture's side: 1 is a straight line across it."""
    return ((labels[1:] != labels[:-1]).sum() + (labels[:, 1:] != labels[:, :-1]).sum()) / len(labels)


def busy(labels: np.ndarray, *, windows: int = 5) -> float:
    """Share of the picture's windows, so many along a side, through which a border between labels runs."""
    edge = (labels[1:, 1:] != labels[:-1, 1:]) | (labels[1:, 1:] != labels[1:, :-1])
    side = len(edge) // windows
    cut = edge[: side * windows, : side * windows].reshape(windows, side, windows, side)
    return float(cut.any((1, 3)).mean())


@dataclass(frozen=True)
class View:
    """How points of the plane come to lie on a sheet: moved, turned, enlarged, and seen a little askew.

    Attributes:
        centre: complex point in the middle of the sheet.
        half: half side of what is seen, in units of the plane.
        angle: in radians.
        tilt: strength of the perspective along x and y.
        side: of the sheet in pixels.
    """

    centre: complex
    half: float
    angle: float
    tilt: tuple[float, float]
    side: int

    @property
    def scale(self) -> float:
        """Pixels in a unit of the plane (in the middle of the sheet)."""
        return self.side / (2 * self.half)

    def place(self, points: np.ndarray) -> np.ndarray:
        """Complex points as pixels, float `[..., 2]`."""
        z = (points - self.centre) * np.exp(1j * self.angle) / self.half
        w = np.maximum(1 + self.tilt[0] * z.real + self.tilt[1] * z.imag, 0.1)
        return (np.stack([z.real / w, z.imag / w], -1) + 1) * (self.side / 2) - 0.5

    def fixed(self, points: np.ndarray) -> np.ndarray:
        """Complex points as OpenCV wants them: int32 with `SUBPIXEL` binary digits."""
        return np.clip(np.rint(self.place(points) * 2**SUBPIXEL), -(2**24), 2**24).astype(np.int32)


def view(rng: np.random.Generator, side: int, *, centre: complex, half: float, tilt: float = 0.0) -> View:
    """A view turned by any angle."""
    askew = rng.uniform(-tilt, tilt, 2)
    return View(complex(centre), half, rng.uniform(0, 2 * np.pi), (float(askew[0]), float(askew[1])), side)
