"""Cuts are found at the right frame, and nothing else is taken for one."""

from __future__ import annotations

import numpy as np

from deepdream_av.media.example_landscape import Landscape
from deepdream_av.temporal.shots import CutDetector


def scene(seed: int, width=480, height=72) -> np.ndarray:
    """A wide picture to look along, with its own colours."""
    import cv2

    rng = np.random.default_rng(seed)
    shape = cv2.GaussianBlur(rng.standard_normal((height, width, 3)).astype(np.float32), (0, 0), 5)
    colour = rng.uniform(0.2, 0.8, 3).astype(np.float32)
    return np.clip(colour + shape / shape.std() * 0.15, 0, 1)


def view(wide: np.ndarray, x: float) -> np.ndarray:
    return wide[:, int(x) : int(x) + 128]


def cuts(frames, fps=24) -> list[int]:
    detector = CutDetector()
    return [n for n, frame in enumerate(frames) if detector(frame, time=n / fps)]


def test_cuts_are_found_at_their_frame():
    a, b, c = scene(1), scene(2), scene(3)
    frames = [view(a, 2 * n) for n in range(20)] + [view(b, 100 - n) for n in range(13)] + [view(c, 40)] * 10
    assert cuts(frames) == [0, 20, 33]


def test_slow_and_fast_motion_are_no_cuts():
    wide = scene(4)
    for speed in (0.5, 4, 12):
        assert cuts([view(wide, min(speed * n, 350)) for n in range(30)]) == [0]


def test_a_flash_is_no_cut():
    wide = scene(5)
    frames = [view(wide, n) for n in range(30)]
    frames[10] = np.clip(frames[10] * 0.3 + 0.75, 0, 1)
    frames[20] = np.ones_like(frames[20])
    frames[21] = np.ones_like(frames[21])
    found = cuts(frames)
    assert 22 not in found and len(found) <= 2 and 10 not in found and 11 not in found


def test_a_fade_is_no_cut():
    wide = scene(6)
    assert cuts([view(wide, n) * (1 - n / 30) for n in range(30)]) == [0]


def test_the_example_has_one_shot():
    landscape = Landscape(128, 72)
    frames = [landscape.render(n / 24) for n in range(0, 24, 3)]
    assert cuts(frames, fps=8) == [0]
