"""What all made pictures share: palettes, coordinates, noise, relief and light.

Every function takes a `numpy.random.Generator` first and draws all it needs from it, so that a picture is a function
of its seed. Pictures are float32 `[size, size, 3]` in [0, 1], fields float32 `[size, size]`.
"""

from __future__ import annotations

import cv2
import numpy as np

cv2.setNumThreads(1)  # pictures are made by several processes, each of which has one core


def palette(rng: np.random.Generator, count: int = 5) -> np.ndarray:
    """Colours that go well together, from dark to light or in any order: float32 `[count, 3]`.

    Hues are related as colour wheels teach (near, opposite, triad or free); lightness rises along the palette in
    most draws, so that a field painted with it keeps its relief.
    """
    scheme = rng.choice(["near", "opposite", "triad", "free", "single"], p=[0.3, 0.25, 0.15, 0.2, 0.1])
    first, span = rng.uniform(0, 360), rng.uniform(20, 90)
    hues = {
        "near": first + np.linspace(-span / 2, span / 2, count),
        "opposite": first + 180 * (np.arange(count) % 2) + rng.normal(0, 12, count),
        "triad": first + 120 * (np.arange(count) % 3) + rng.normal(0, 10, count),
        "free": rng.uniform(0, 360, count),
        "single": first + rng.normal(0, 8, count),
    }[scheme]
    low, high = rng.uniform(0.05, 0.35), rng.uniform(0.7, 1.0)
    value = np.linspace(low, high, count) + rng.normal(0, 0.06, count)
    if rng.random() < 0.3:
        rng.shuffle(value)
    saturation = np.clip(rng.uniform(0.15, 0.95) + rng.normal(0, 0.15, count), 0, 1)
    hsv = np.stack([hues % 360, saturation, np.clip(value, 0.03, 1)], 1).astype(np.float32)
    colours = cv2.cvtColor(hsv[None], cv2.COLOR_HSV2RGB)[0]
    return colours[::-1].copy() if rng.random() < 0.3 else colours


def coloured(field: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """A field in [0, 1] painted with a palette, smoothly: `[..., 3]`."""
    place = np.clip(field, 0, 1) * (len(colours) - 1)
    left = np.minimum(place.astype(np.int32), len(colours) - 2)
    share = (place - left)[..., None]
    return (colours[left] * (1 - share) + colours[left + 1] * share).astype(np.float32)


def plane(
    rng: np.random.Generator,
    size: int,
    *,
    zoom: tuple[float, float] = (0.6, 1.8),
    turn: bool = True,
    shift: float = 1.0,
    warp: float = 0.0,
    tilt: float = 0.0,
) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates of a plane that is turned, zoomed, moved, bent and seen askew.

    Args:
        size: side of the picture in pixels.
        zoom: least and largest half side of what is seen, in units of the plane (drawn evenly in logarithm).
        turn: whether the plane may be turned by any angle.
        shift: most movement of the centre, in units of the plane.
        warp: standard deviation of a smooth displacement, in half sides.
        tilt: strength of the perspective; 0 looks straight at the plane, 0.5 is strongly askew.

    Returns:
        `(x, y)`, float32 `[size, size]`.
    """
    y, x = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j].astype(np.float32)
    if tilt:
        a, b = rng.uniform(-tilt, tilt, 2)
        depth = 1 + a * x + b * y
        x, y = x / depth, y / depth
    if warp:
        x = x + warp * 2 * (noise(rng, size, cells=3, octaves=2) - 0.5)
        y = y + warp * 2 * (noise(rng, size, cells=3, octaves=2) - 0.5)
    half = np.exp(rng.uniform(*np.log(zoom)))
    angle = rng.uniform(0, 2 * np.pi) if turn else rng.normal(0, 0.05)
    c, s = half * np.cos(angle), half * np.sin(angle)
    dx, dy = rng.uniform(-shift, shift, 2)
    return (c * x - s * y + dx).astype(np.float32), (s * x + c * y + dy).astype(np.float32)


def noise(
    rng: np.random.Generator, size: int, *, cells: float = 4, octaves: int = 5, gain: float = 0.5
) -> np.ndarray:
    """Fractal value noise, a field in [0, 1].

    Args:
        cells: of the coarsest octave along a side.
        octaves: each twice as fine as the last.
        gain: strength of an octave relative to the one before.
    """
    total = np.zeros([size, size], np.float32)
    for k in range(octaves):
        count = int(round(cells * 2**k)) + 3
        if count > size:
            break
        grain = rng.random([count, count], np.float32)
        total += gain**k * cv2.resize(grain, (size, size), interpolation=cv2.INTER_CUBIC)
    return stretched(total)


def stretched(field: np.ndarray, *, tails: float = 0.0) -> np.ndarray:
    """A field brought to [0, 1].

    Args:
        tails: share of samples that may be cut off at either end.
    """
    low, high = np.quantile(field, [tails, 1 - tails]) if tails else (field.min(), field.max())
    return np.clip((field - low) / max(float(high - low), 1e-9), 0, 1).astype(np.float32)


def smooth_step(field: np.ndarray, edge: float, width: float) -> np.ndarray:
    """0 below `edge`, 1 above, with a soft passage of `width`."""
    t = np.clip((field - edge) / max(width, 1e-6) + 0.5, 0, 1)
    return (t * t * (3 - 2 * t)).astype(np.float32)


def relief(rng: np.random.Generator, height: np.ndarray, *, depth: float = 8.0) -> np.ndarray:
    """Light and shade on a height field from a random side: factors around 1, `[size, size, 1]`.

    Args:
        height: in [0, 1].
        depth: height of 1 in hundredths of the side.
    """
    dy, dx = np.gradient(height * depth * height.shape[0] / 100)
    angle = rng.uniform(0, 2 * np.pi)
    slope = (np.cos(angle) * dx + np.sin(angle) * dy) / np.sqrt(1 + dx**2 + dy**2)
    return np.clip(1 + rng.uniform(0.3, 0.8) * slope, 0.2, 1.9)[..., None].astype(np.float32)


def over(back: np.ndarray, front: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """`front` laid over `back` with an opacity `[size, size]` in [0, 1]."""
    alpha = alpha[..., None]
    return back * (1 - alpha) + front * alpha


def background(rng: np.random.Generator, size: int, colours: np.ndarray | None = None) -> np.ndarray:
    """Something quiet to draw on: plain, a gradient, or soft clouds."""
    colours = palette(rng, 3) if colours is None else colours
    kind = rng.choice(["plain", "gradient", "clouds"])
    if kind == "plain":
        return np.broadcast_to(colours[rng.integers(len(colours))], [size, size, 3]).astype(np.float32).copy()
    if kind == "gradient":
        x, y = plane(rng, size, zoom=(0.4, 0.6), shift=0.1)
        return coloured(np.clip(0.5 + x, 0, 1), colours)
    return coloured(noise(rng, size, cells=2, octaves=3), colours)


def finished(rng: np.random.Generator, picture: np.ndarray) -> np.ndarray:
    """A picture as a camera might see it: light, exposure, a little blur and noise; uint8 `[size, size, 3]`."""
    size = picture.shape[0]
    x = np.clip(picture, 0, 1).astype(np.float32)
    if rng.random() < 0.5:
        u, v = plane(rng, size, zoom=(0.9, 1.1), shift=0.5)
        x = x * (1 - rng.uniform(0.1, 0.5) * np.clip(u * u + v * v, 0, 1.5) / 1.5)[..., None]
    x = np.power(np.clip(x, 0, 1), np.exp(rng.normal(0, 0.25)))
    x = (x - 0.5) * rng.uniform(0.65, 1.15) + 0.5 + rng.uniform(-0.1, 0.1)
    if rng.random() < 0.25:
        x = cv2.GaussianBlur(x, (0, 0), rng.uniform(0.5, 1.3) * size / 224)
    if rng.random() < 0.4:
        x = x + rng.normal(0, rng.uniform(0.005, 0.05), x.shape).astype(np.float32)
    return (np.clip(x, 0, 1) * 255 + 0.5).astype(np.uint8)
