"""A dream with the colours of its source keeps its light, or its forms."""

import cv2
import numpy as np
import pytest

from deepdream_av.media.example import example_picture
from deepdream_av.media.palette import AXES, LIGHT, WAYS, keeper, paled, split

SIZE = 48, 64


@pytest.fixture(scope="module")
def pair():
    """A picture, and one with its colours turned and its light changed."""
    source = (0.15 + 0.7 * example_picture(*SIZE[::-1])).astype(np.float32)
    wave = 0.1 * np.sin(np.arange(SIZE[1]) / 3)[None, :, None]
    return source, np.clip(source[..., [2, 0, 1]] + wave, 0, 1).astype(np.float32)


@pytest.mark.parametrize("way", WAYS)
def test_without_a_dream_nothing_changes_and_nothing_is_clipped(way, pair):
    source, dream = pair
    assert keeper(way, source, source)(source, source) == pytest.approx(source, abs=4e-3)
    kept = keeper(way, source, dream)(source, dream)
    assert kept.dtype == np.float32 and kept.min() >= 0 and kept.max() <= 1


def test_luminance_keeps_the_light_of_the_dream_and_the_colours_of_the_source(pair):
    source, dream = pair
    kept = keeper("luminance", source, dream)(source, dream)
    assert kept @ LIGHT == pytest.approx(dream @ LIGHT, abs=1e-5)
    ours, theirs = split(kept)[1], split(source)[1]
    along = np.sum(ours * theirs, -1) / (
        np.linalg.norm(ours, axis=-1) * np.linalg.norm(theirs, axis=-1) + 1e-9
    )
    assert along[np.linalg.norm(theirs, axis=-1) > 0.02].min() > 0.999  # the same hue at every place


def test_lab_brings_the_spread_of_colours_back(pair):
    source, dream = pair
    kept = keeper("lab", source, dream)(source, dream)
    theirs, ours, before = (cv2.cvtColor(x, cv2.COLOR_RGB2Lab) for x in (source, kept, dream))
    assert ours[..., 1:].mean((0, 1)) == pytest.approx(theirs[..., 1:].mean((0, 1)), abs=1.5)
    assert ours[..., 1:].std((0, 1)) == pytest.approx(theirs[..., 1:].std((0, 1)), rel=0.25)
    assert np.abs(ours[..., 0] - before[..., 0]).mean() < 1.0  # of 100


def test_histograms_are_those_of_the_source(pair):
    source, dream = pair
    kept = keeper("histogram", source, dream)(source, dream)
    at = np.linspace(0.05, 0.95, 19)
    ours, theirs, before = (np.quantile(x.reshape(-1, 3) @ AXES.T, at, axis=0) for x in (kept, source, dream))
    assert np.abs(ours - theirs).max() < 0.02 < np.abs(before - theirs).max()


def test_what_is_learnt_at_one_size_serves_rows_of_another(pair):
    source, dream = pair
    for way in WAYS:
        keep = keeper(way, source, dream)
        whole = keep(source, dream)
        assert keep(source[10:20], dream[10:20]) == pytest.approx(whole[10:20], abs=1e-5)


def test_axes_turn_and_do_not_stretch():
    assert AXES @ AXES.T == pytest.approx(np.eye(3), abs=1e-6)
    assert paled(np.float32([[[0.9]]]), np.float32([[[0.4, -0.1, 0.0]]]))[0, 0] == pytest.approx(
        [1.0, 0.875, 0.9]
    )
