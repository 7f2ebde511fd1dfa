"""Flow finds motion, warp undoes it, and what was hidden is known."""

from __future__ import annotations

import numpy as np
import pytest

from deepdream_av.temporal.flow import FlowEstimator
from deepdream_av.temporal.warp import settle, warp


def texture(height=120, width=160, seed=0, smooth=2.0) -> np.ndarray:
    import cv2

    noise = np.random.default_rng(seed).random((height, width, 3)).astype(np.float32)
    noise = cv2.GaussianBlur(noise, (0, 0), smooth)
    return (noise - noise.min()) / (noise.max() - noise.min())


def constant(dx, dy, height=120, width=160) -> np.ndarray:
    return np.full((height, width, 2), [dx, dy], np.float32)


def test_zero_flow_changes_no_bit():
    picture = texture()
    for kind in ("linear", "cubic"):
        assert np.array_equal(warp(picture, constant(0, 0), kind=kind), picture)


def test_whole_pixels_are_moved_exactly():
    picture = texture()
    moved = warp(picture, constant(3, -2))
    assert np.allclose(moved[2:, :-3], picture[:-2, 3:], atol=1e-6)
    assert warp(picture, constant(500, 0), outside=0.0).max() == 0


def test_cubic_keeps_detail_that_linear_blurs():
    picture = texture(smooth=1.2)
    there, back = constant(0.5, 0), constant(-0.5, 0)
    loss = {
        k: np.abs(warp(warp(picture, there, kind=k), back, kind=k) - picture)[8:-8, 8:-8].mean()
        for k in ("linear", "cubic")
    }
    assert loss["cubic"] < 0.6 * loss["linear"]


@pytest.mark.parametrize("dx, dy", [(4, 0), (-3, 2), (0, -5), (1.5, 0.5)])
def test_flow_is_the_true_backward_flow(dx, dy):
    before = texture()
    now = warp(before, constant(dx, dy))  # now[y, x] shows before[y + dy, x + dx]
    motion = FlowEstimator()(now, before)
    inner = motion.flow[12:-12, 12:-12]
    assert np.abs(inner - [dx, dy]).mean() < 0.15
    back = warp(before, motion.flow)
    assert np.abs(back - now)[12:-12, 12:-12].mean() < 0.01
    assert motion.residual[12:-12, 12:-12].mean() < 0.01
    assert motion.seen[12:-12, 12:-12].mean() > 0.98


def test_still_frames_have_no_motion_after_settling():
    picture = texture()
    grain = np.random.default_rng(3).normal(0, 1.5 / 255, picture.shape).astype(np.float32)
    motion = FlowEstimator()(picture + grain, picture)
    assert np.abs(settle(motion.flow)).max() < 0.05
    assert motion.seen.mean() > 0.99


def test_what_a_moving_thing_uncovers_is_not_seen():
    ground, thing = texture(seed=1), texture(seed=2)
    before, now = ground.copy(), ground.copy()
    before[40:80, 40:80] = thing[40:80, 40:80]
    now[40:80, 46:86] = thing[40:80, 40:80]
    seen = FlowEstimator()(now, before).seen
    assert seen[44:76, 41:45].mean() < 0.5  # uncovered
    assert seen[44:76, 52:80].mean() > 0.8  # the thing itself
    assert seen[5:30, 5:150].mean() > 0.97  # far from it


def test_tiny_pictures_have_no_flow():
    assert FlowEstimator()(texture(8, 8), texture(8, 8)).flow.shape == (8, 8, 2)
    assert FlowEstimator()(texture(20, 200), texture(20, 200)).flow.shape == (20, 200, 2)
