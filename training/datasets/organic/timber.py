"""Wood: year rings cut lengthwise, with knots around which the grain flows; sometimes boards or a cut trunk."""

from __future__ import annotations

import cv2
import numpy as np

from training.datasets.organic.easel import chance, fine, inks, reduced
from training.datasets.painting import coloured, over, plane, relief, smooth_step, stretched


def grain(x: np.ndarray, y: np.ndarray, knots: np.ndarray) -> np.ndarray:
    """Stream function of a flow along x around round knots: wood lays its fibres as water flows around stones.

    Each knot is the dipole that makes a lone circle a streamline; knots that stand close disturb each other a
    little, as they do in wood.

    Args:
        knots: `[count, 3]` of (x, y, radius).
    """
    flow = y.copy()
    for cx, cy, radius in knots:
        far = np.maximum((x - cx) ** 2 + (y - cy) ** 2, radius**2)
        flow -= (y - cy) * radius**2 / far
    return flow


def year_ring(place: np.ndarray, late: float) -> np.ndarray:
    """Tone of a ring, 0 in the early wood to 1 in the late: it rises slowly and drops at once."""
    phase = np.mod(place, 1)
    return np.where(phase < 0.9, (phase / 0.9) ** late, (1 - phase) / 0.1).astype(np.float32)


def _fibres(rng: np.random.Generator, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Fine threads along x, in [0, 1]: a field of chance read with a stretched scale."""
    table = cv2.GaussianBlur(rng.random([512, 512], np.float32), (0, 0), 0.7)
    table = (table - table.min()) / np.ptp(table)
    u, v = np.mod(x * 14, 500) + 5, np.mod(y * 160, 500) + 5
    return cv2.remap(table, u.astype(np.float32), v.astype(np.float32), cv2.INTER_LINEAR)


def _drift(rng: np.random.Generator, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """How the grain wanders, about -1 to 1: long slow waves along x, as a trunk is never straight."""
    total = np.zeros_like(x)
    for along, across in zip(rng.uniform(0.6, 4, 5), rng.uniform(-2, 2, 5)):
        total += np.sin(along * x + across * y + rng.uniform(0, 2 * np.pi)) / (1 + along)
    return total / 1.3


def _boards(
    rng: np.random.Generator, x: np.ndarray, y: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """Planks beside one another: (x, y) in each board's own wood, distance to the joint, and the boards' tone."""
    width = rng.uniform(0.35, 0.8)
    board = np.floor(y / width).astype(np.int32)
    joint = np.abs(y / width - np.round(y / width)) * width
    a, b = chance(rng, board, board), chance(rng, board, 0 * board)
    return x + 5 * a, y - board * width + 3 * b, joint, chance(rng, board, 0 * board + 1)


def wood(rng: np.random.Generator, size: int) -> np.ndarray:
    """Grain with knots: a board, several boards side by side, or the rings of a cut trunk."""
    side = fine(size)
    x, y = plane(
        rng, side, zoom=(0.4, 1.1), shift=0.6, warp=rng.uniform(0.01, 0.03), tilt=rng.choice([0, 0.4])
    )
    pixel = float(np.hypot(np.diff(x, axis=1).mean(), np.diff(y, axis=1).mean()))
    rings = rng.uniform(8, 18)
    kind = rng.choice(["board", "boards", "trunk"], p=[0.5, 0.3, 0.2])
    tone, joint = np.zeros_like(x), np.full_like(x, 9)
    drift = _drift(rng, x, y)
    core = np.zeros_like(x)
    if kind == "trunk":
        cx, cy = np.quantile(x, rng.uniform(0.2, 0.8)), np.quantile(y, rng.uniform(0.2, 0.8))
        far, turn = np.hypot(x - cx, y - cy), np.arctan2(y - cy, x - cx)
        place = (
            far * (1 + 0.06 * np.sin(turn * 2 + rng.uniform(0, 6)) + 0.04 * np.sin(turn * 5)) + 0.04 * drift
        )
        thread = _fibres(rng, far * 0.3, turn * 0.6)
        cracks = np.abs(np.mod(turn + rng.uniform(0, 6), 2 * np.pi) - np.pi + 0.05 * drift) * far
        joint = cracks + np.maximum(far - rng.uniform(0.3, 0.8), 0) * 0.1
    else:
        if kind == "boards":
            x, y, joint, tone = _boards(rng, x, y)
        wavy = y + 0.12 * drift * rng.uniform(0.3, 1)
        knots = _knots(rng, x, y)
        squeezed = knots * np.array([0.55, 1, 1])  # knots are long ovals along the grain
        place = grain(x * 0.55, wavy, squeezed)
        thread = _fibres(rng, x, wavy)
        for cx, cy, radius in squeezed:
            far = np.hypot(x * 0.55 - cx, wavy - cy)
            inside = smooth_step(-far, -radius * 0.97, 3 * pixel)
            place = np.where(far < radius, cy + (radius - far) * 1.5, place)
            core = np.maximum(
                core, inside * (0.35 + 0.6 * np.exp(-(((far - radius) / (0.18 * radius)) ** 2)))
            )
            core = np.maximum(core, 0.9 * smooth_step(-far, -radius * 0.2, radius * 0.2))
    swing = np.interp(place, np.linspace(-8, 8, 160), rng.normal(0, 0.03, 160))
    tones = year_ring((place + swing) * rings, rng.uniform(1, 2.5))
    colours = inks(rng, 4, gap=0.4)
    field = 0.08 + 0.6 * tones + 0.3 * (thread - 0.5) + 0.3 * (tone - 0.5) + 0.06 * drift + 0.5 * core
    picture = coloured(stretched(field, tails=0.04), colours)
    dark = colours[np.argmin(colours.sum(1))] * 0.5
    picture = over(
        picture, np.broadcast_to(dark, picture.shape), smooth_step(-joint, -0.008 - pixel, 2 * pixel)
    )
    if rng.random() < 0.4:
        picture = picture * relief(rng, cv2.GaussianBlur(tones, (0, 0), 1.0), depth=0.7)
    return reduced(picture, size)


def _knots(rng: np.random.Generator, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """One to four knots within what is seen, apart from one another: `[count, 3]` of (x, y, radius)."""
    knots: list[list[float]] = []
    span = float(np.ptp(y))
    for _ in range(rng.integers(2, 9)):
        row, column = (rng.uniform(0.1, 0.9, 2) * x.shape[0]).astype(int)
        knot = [float(x[row, column]), float(y[row, column]), min(span, 2.5) * rng.uniform(0.025, 0.075)]
        if all(np.hypot(0.55 * (knot[0] - k[0]), knot[1] - k[1]) > 2.2 * (knot[2] + k[2]) for k in knots):
            knots.append(knot)
    return np.array(knots[:4])
