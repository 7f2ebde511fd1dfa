"""Films made by code in which it is known what belongs together: discs of a colour that flash with a tone."""

from __future__ import annotations

import numpy as np

FPS, RATE = 24, 22050
COLOURS = ((0.9, 0.15, 0.1), (0.1, 0.75, 0.2), (0.15, 0.25, 0.95), (0.95, 0.85, 0.1))
HERTZ = (220.0, 523.0, 1245.0, 2960.0)


def envelopes(count: int, seconds: float, *, seed: int, fps: float = FPS) -> np.ndarray:
    """When each disc flashes, independently of the others: `[frames, count]` from 0 to 1."""
    rng = np.random.default_rng(seed)
    times = np.arange(round(seconds * fps)) / fps
    out = np.zeros([len(times), count])
    for k in range(count):
        at = rng.uniform(0.1, 0.7)
        while at < seconds:
            since = times - at
            out[:, k] = np.maximum(out[:, k], np.where(since >= -1e-9, np.exp(-since / 0.18), 0))
            at += rng.uniform(0.35, 1.3)
    return out


def frames(curves: np.ndarray, *, seed: int, height: int = 96, width: int = 160) -> np.ndarray:
    """Discs as bright as their curves say, on a grey ground: float32 `[frames, height, width, 3]`."""
    rng = np.random.default_rng(seed)
    count = curves.shape[1]
    y, x = np.mgrid[:height, :width]
    ground = np.float32(0.3) + rng.normal(0, 0.02, [height, width, 1]).astype(np.float32)
    out = np.repeat(ground[None], len(curves), 0).repeat(3, -1)
    for k in range(count):
        middle = width * (k + 0.5) / count
        disc = (np.hypot(x - middle, y - height / 2) < 0.36 * min(height, width / count)).astype(np.float32)
        share = disc[None, :, :, None] * curves[:, k, None, None, None].astype(np.float32)
        out += share * (np.array(COLOURS[k], np.float32) - out)
    return np.clip(out, 0, 1)


def sound(curves: np.ndarray, *, lag: float = 0.0, fps: float = FPS, rate: int = RATE) -> np.ndarray:
    """Tones as loud as the curves say, `lag` seconds before them: float32 `[samples, 1]`."""
    t = np.arange(round(len(curves) / fps * rate)) / rate
    out = 1e-4 * np.random.default_rng(0).standard_normal(len(t))
    for k in range(curves.shape[1]):
        loud = np.interp(t + lag, np.arange(len(curves)) / fps, curves[:, k])
        out += 0.2 * loud * np.sin(2 * np.pi * HERTZ[k] * t)
    return out.astype(np.float32)[:, None]
