"""Channels made louder or silent: the picture follows, and the rest stays."""

import numpy as np
import pytest

from deepdream_av import load_backbone
from deepdream_av.analysis.change import Changed, change_channels
from deepdream_av.errors import UsageError
from deepdream_av.media.example_noise import fractal


def test_the_score_is_highest_where_all_is_as_it_should_be():
    import tensorflow as tf

    term = Changed("x", ((1, 3.0), (2, 0.0)))
    source = tf.constant(np.random.default_rng(0).uniform(0.1, 1, (1, 5, 5, 4)), tf.float32)
    wanted = source * tf.constant([1.0, 3.0, 0.0, 1.0])
    best = float(term({"x": tf.concat([source, wanted], 0)}))
    assert best == pytest.approx(0, abs=1e-6)
    for other in (source, wanted * 1.1, 0.5 * (source + wanted)):
        assert float(term({"x": tf.concat([source, other], 0)})) < best - 1e-3


def test_a_channel_becomes_louder_and_another_one_silent():
    rng = np.random.default_rng(3)
    picture = np.stack([0.5 + 0.15 * fractal(rng, (96, 96), slope=1.0) for _ in range(3)], -1)
    picture = np.clip(picture, 0, 1).astype(np.float32)
    backbone = load_backbone("dreamnet")
    changed, reached = change_channels(picture, backbone, {"stride8": {4: 3.0, 15: 0.0}}, steps=16)
    assert reached["stride8#4"]["reached"] > 1.4
    assert reached["stride8#15"]["reached"] < 0.6
    assert changed.shape == picture.shape and 0 <= changed.min() and changed.max() <= 1


def test_what_cannot_be_changed_is_told():
    picture = np.zeros((64, 64, 3), np.float32)
    with pytest.raises(UsageError, match="neither"):
        change_channels(picture, load_backbone("dreamnet"), {})
    with pytest.raises(UsageError, match="which listens"):
        change_channels(picture, load_backbone("earnet"), {"block4": {1: 2.0}})
