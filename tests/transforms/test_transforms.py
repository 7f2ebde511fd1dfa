"""Every transform undoes itself, and is drawn from its seed alone."""

import numpy as np
import pytest
import tensorflow as tf

from deepdream_av.transforms import Jitter, PitchMask, Tempo, TimeMask, TimeShift

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


@pytest.mark.parametrize("mask", [TimeMask(0.3), PitchMask(0.3)], ids=["time", "pitch"])
def test_a_mask_hides_one_stretch_and_no_more(mask):
    """Under it is the mean of the axis, beside it what was there; no gradient reaches what is hidden."""
    x = tf.random.stateless_normal([1, 60, 50, 1], [1, 2])
    count = x.shape[mask.axis]
    lengths = []
    for n in range(40):
        params = mask.draw(tf.constant([n, 1]))
        with tf.GradientTape() as tape:
            tape.watch(x)
            shown = mask.apply(x, params)
        gradient = np.moveaxis(tape.gradient(shown, x).numpy(), mask.axis, 0).reshape(count, -1)[:, 0]
        hidden = np.flatnonzero(gradient < 1e-6)
        lengths.append(len(hidden) / count)
        assert len(hidden) == 0 or hidden[-1] - hidden[0] + 1 == len(hidden)
        level = np.moveaxis((shown - tf.reduce_mean(x, mask.axis, keepdims=True)).numpy(), mask.axis, 0)
        assert np.abs(level[hidden]).max(initial=0) < 1e-5
        free = np.flatnonzero(gradient > 1 - 1e-6)
        same = np.moveaxis((shown - x).numpy(), mask.axis, 0)[free]
        assert np.abs(same).max(initial=0) < 1e-5 and len(free) > 0.6 * count
    assert 0.2 < max(lengths) <= 0.3


def test_a_tempo_moves_time_and_not_pitch():
    """A pulse every 12 frames in one band comes every 6 frames at twice the speed, in the same band."""
    x = np.zeros([1, 96, 40, 1], np.float32)
    x[0, ::12, 17] = 1.0
    tempo = Tempo(2.0)
    fast = tempo.apply(tf.constant(x), tempo.draw([0, 0])).numpy()[0, :, :, 0]
    assert fast.shape == (48, 40) and not np.delete(fast, 17, 1).any()
    spectrum = np.abs(np.fft.rfft(fast[:, 17] - fast[:, 17].mean()))
    assert spectrum.argmax() == 8  # eight pulses are still eight pulses
    smooth = tf.constant(np.sin(np.arange(96) / 9)[None, :, None, None] * np.ones([1, 96, 40, 1]), tf.float32)
    back = tempo.undo(tempo.apply(smooth, tf.constant(2.0)), tf.constant(2.0))
    assert np.abs(back - smooth)[:, 4:-4].max() < 0.1
