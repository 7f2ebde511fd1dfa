"""A canvas of pixels shows what it holds, keeps within range, and can fit any picture."""

import numpy as np
import pytest
import tensorflow as tf

from deepdream_av.canvases import ClippedPixels, Pixels
from deepdream_av.canvases.pixels import scaled


def noise(*shape, seed=0, low=0.0, high=1.0):
    return np.random.default_rng(seed).uniform(low, high, shape).astype(np.float32)


@pytest.mark.parametrize("kind", [Pixels, ClippedPixels])
def test_what_a_network_is_shown_is_what_is_written(kind):
    source, delta = noise(24, 32, 3), noise(24, 32, 3, seed=1, low=-0.6, high=0.6)
    canvas = kind(source)
    canvas.state = kind.project(tf.constant(delta), canvas.given)
    shown = kind.render(canvas.state, canvas.given)[0].numpy()
    assert np.abs(shown - canvas.array()).max() < 2e-3
    assert canvas.array().min() >= 0 and canvas.array().max() <= 1


@pytest.mark.parametrize("kind", [Pixels, ClippedPixels])
def test_no_dream_is_the_source(kind):
    source = noise(20, 30, 3)
    assert np.array_equal(kind(source).array(), source)


def test_small_dreams_are_added_and_large_ones_bend():
    source = np.full((8, 8, 3), 0.5, np.float32)
    small, large = (Pixels.toned(source, np.full_like(source, d)) - source for d in (0.01, 5.0))
    assert small == pytest.approx(0.01, rel=1e-3)
    assert 0.45 < large.max() < 0.5
    # a file of 8 bits holds no black or white that was not there
    written = np.rint(
        255 * Pixels.toned(noise(64, 64, 3, low=0.02, high=0.98), noise(64, 64, 3, low=-9, high=9))
    )
    assert written.min() > 0 and written.max() < 255


@pytest.mark.parametrize("kind", [Pixels, ClippedPixels])
def test_it_can_fit_a_given_picture(kind):
    wanted = tf.constant(noise(16, 16, 3, seed=3, low=0.1, high=0.9))
    canvas = kind(noise(16, 16, 3, seed=4, low=0.1, high=0.9))
    for _ in range(400):
        with tf.GradientTape() as tape:
            tape.watch(canvas.state)
            error = tf.reduce_sum(tf.square(kind.render(canvas.state, canvas.given)[0] - wanted))
        canvas.state = kind.project(canvas.state - 0.2 * tape.gradient(error, canvas.state), canvas.given)
    assert np.abs(canvas.array() - wanted.numpy()).max() < 0.02


def test_the_picture_itself_is_never_resampled():
    source = noise(60, 90, 3)
    canvas = Pixels(source)
    canvas.resize((20, 30))
    assert canvas.state.shape == canvas.given[0].shape == (20, 30, 3)
    assert np.array_equal(canvas.array(), source)


def test_an_even_dream_stays_even_at_every_size():
    even = np.full((20, 30, 3), 0.2, np.float32)
    for size in ((60, 90), (7, 11), (20, 30)):
        assert scaled(even, size).shape == (*size, 3)
        assert scaled(even, size) == pytest.approx(0.2, abs=1e-6)
