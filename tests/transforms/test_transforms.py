"""Every transform undoes itself, and is drawn from its seed alone."""

import numpy as np
import pytest
import tensorflow as tf

from deepdream_av.transforms import Jitter, TimeShift

CASES = [(Jitter(32), (1, 20, 30, 3)), (TimeShift(8), (2, 40, 16, 1))]


@pytest.mark.parametrize("transform, shape", CASES)
def test_it_undoes_itself_bit_by_bit(transform, shape):
    x = tf.random.stateless_normal(shape, [1, 2])
    for n in range(8):
        params = transform.draw(tf.constant([n, 7]))
        assert np.array_equal(transform.undo(transform.apply(x, params), params), x)


@pytest.mark.parametrize("transform, shape", CASES)
def test_the_gradient_comes_back_to_where_it_belongs(transform, shape):
    """The derivative of a sum of weighted cells is the weight of each cell, wherever it was shown."""
    x, weights = tf.zeros(shape), tf.random.stateless_normal(shape, [3, 4])
    params = transform.draw(tf.constant([5, 6]))
    with tf.GradientTape() as tape:
        tape.watch(x)
        total = tf.reduce_sum(transform.apply(x, params) * weights)
    assert np.array_equal(tape.gradient(total, x), transform.undo(weights, params))


@pytest.mark.parametrize("transform, shape", CASES)
def test_same_seed_same_draw_and_all_draws_within_reach(transform, shape):
    draws = [np.atleast_1d(transform.draw(tf.constant([n, 0])).numpy()) for n in range(200)]
    assert np.array_equal(draws[3], np.atleast_1d(transform.draw(tf.constant([3, 0])).numpy()))
    reach = getattr(transform, "pixels", None) or transform.frames
    assert np.max(draws) == reach and len(np.unique(np.concatenate(draws))) > 8
