"""Transforms for robustness: drawn from a seed, undone, and with a gradient that comes back."""

import numpy as np
import pytest
import tensorflow as tf

from deepdream_av.transforms.robust import Pad, Rotate, Scale, robust

KINDS = [Pad(5), Scale(0.2), Rotate(12.0)]


def smooth(height=40, width=56):
    y, x = np.mgrid[:height, :width]
    waves = np.stack([np.sin(x / 9), np.cos(y / 8), np.sin((x + y) / 10)], -1)
    return tf.constant((0.5 + 0.4 * waves)[None], tf.float32)


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_it_is_undone(kind):
    x = smooth()
    for seed in range(3):
        params = kind.draw(tf.constant([seed, 1]))
        back = kind.undo(kind.apply(x, params), params)
        assert all(abs(a - b) <= 1 for a, b in zip(back.shape, x.shape))  # sizes are rounded
        inner = (slice(None), slice(14, 26), slice(14, 42))
        assert np.abs(back[inner] - x[inner]).max() < 0.05
    assert float(kind.draw(tf.constant([2, 1]))) == float(kind.draw(tf.constant([2, 1])))


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_a_gradient_comes_back_to_where_it_belongs(kind):
    x, params = smooth(), kind.draw(tf.constant([3, 3]))
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.reduce_sum(tf.square(kind.apply(x, params)))
    g = tape.gradient(y, x)
    step = 1e-2 * np.random.default_rng(0).normal(size=x.shape).astype(np.float32)
    ahead, behind = (tf.reduce_sum(tf.square(kind.apply(x + s * step, params))) for s in (1, -1))
    assert float(ahead - behind) / 2 == pytest.approx(float(tf.reduce_sum(g * step)), rel=0.02, abs=0.05)


def test_a_turn_is_a_turn():
    spot = np.zeros((1, 41, 41, 1), np.float32)
    spot[0, 20, 32] = 1.0  # to the right of the centre
    turned = Rotate().apply(tf.constant(spot), tf.constant(np.pi / 2, tf.float32))[0, ..., 0].numpy()
    assert np.unravel_index(turned.argmax(), turned.shape) in [(8, 20), (32, 20)]
    still = Rotate().apply(smooth(), tf.constant(0.0))
    assert np.allclose(still, smooth(), atol=1e-5)


def test_amounts():
    assert robust(0) == () and len(robust(1.0)) == 5
    assert robust(1.0)[2] == Scale(0.1) and robust(0.5)[3] == Rotate(5.0)
