"""Gradient rules: a direction does not depend on the scale of the gradient, and each rule keeps its promise."""

import numpy as np
import pytest
import tensorflow as tf

from deepdream_av.ascent.rules import Cascade, InUnits, Laplacian, Mean, Natural, Std, _grown, _halved

RULES = [Std(), Mean(), Laplacian(), Laplacian(bands=1), Laplacian(bands=6), Natural(), Natural(0.0, 1.0)]


def gradient(height=61, width=90, seed=0):
    return tf.random.stateless_normal([height, width, 3], [seed, 1])


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_scale_of_the_gradient_does_not_matter(rule):
    g = gradient()
    once, much = rule(g, None), rule(g * 1e-4, None)
    assert np.allclose(once, much, atol=1e-3)
    assert once.shape == g.shape


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_no_gradient_is_no_step(rule):
    assert np.array_equal(rule(tf.zeros([40, 40, 3]), None), np.zeros([40, 40, 3]))


def test_units():
    assert float(tf.math.reduce_std(Std()(gradient(), None))) == pytest.approx(1, rel=1e-4)
    assert float(tf.reduce_mean(tf.abs(Mean()(gradient(), None)))) == pytest.approx(1, rel=1e-4)
    assert float(tf.math.reduce_std(Laplacian()(gradient(), None))) == pytest.approx(1, rel=1e-4)


def test_a_direction_points_uphill():
    for rule in RULES:
        g = gradient()
        assert float(tf.reduce_sum(rule(g, None) * g)) > 0


def spread(picture):
    """Standard deviation of the fine and of the coarse half of a picture."""
    coarse = picture
    for _ in range(2):
        coarse = _halved(coarse)
    return float(tf.math.reduce_std(picture - _grown(_grown(coarse, [31, 45]), tf.shape(picture)))), float(
        tf.math.reduce_std(coarse)
    )


def test_bands_are_made_equal():
    """A gradient of grain with a faint large form: afterwards the form counts as much as the grain."""
    y, x = np.mgrid[:61, :90]
    form = 0.01 * np.sin(x / 14)[..., None] * np.sin(y / 12)[..., None] * np.ones(3)
    g = tf.constant((form + np.random.default_rng(0).normal(0, 0.3, (61, 90, 3))).astype(np.float32))
    fine, coarse = spread(Std()(g, None))
    assert coarse < 0.25 * fine
    fine, coarse = spread(Laplacian(bands=5)(g, None))
    assert coarse > 0.5 * fine


def test_a_pyramid_keeps_an_even_picture_even():
    even = tf.fill([33, 47, 3], 0.7)
    assert np.allclose(_halved(even), 0.7, atol=1e-6) and _halved(even).shape == (17, 24, 3)


def test_natural_divides_by_the_frequency():
    """White noise in, the spectrum of photos out: amplitude over frequency, and less colour than light."""
    out = Natural(decay=1.0, chroma=0.25)(gradient(256, 256), None).numpy()
    spectrum = np.abs(np.fft.fft2(out.mean(2)))
    y, x = np.meshgrid(*[np.abs(np.fft.fftfreq(256))] * 2, indexing="ij")
    f = np.hypot(y, x)
    low, high = (spectrum[(f > a) & (f < b)].mean() for a, b in ((0.03, 0.04), (0.24, 0.32)))
    assert low / high == pytest.approx(8, rel=0.15)
    colour = out - out.mean(2, keepdims=True)
    before = gradient(256, 256).numpy()
    was = (before - before.mean(2, keepdims=True)).std() / before.mean(2).std()
    assert colour.std() / out.mean(2).std() == pytest.approx(0.25 * was, rel=0.1)
    same, white = Natural(0.0, 1.0)(gradient(), None), Std()(gradient(), None)
    assert np.allclose(same, white, atol=1e-3)


def test_an_equaliser_turns_bands_up_and_off():
    noise = gradient(96, 96)
    flat = Laplacian(gains=(1, 1, 1, 1))(noise, None)
    assert np.allclose(flat, Laplacian(bands=4)(noise, None), atol=1e-5)
    fine, coarse = spread96(Laplacian(gains=(1, 0, 0, 0))(noise, None))
    assert coarse < 0.1 * fine
    fine, coarse = spread96(Laplacian(gains=(0, 0, 0, 1))(noise, None))
    assert fine < 0.35 * coarse
    louder = spread96(Laplacian(gains=(1, 1, 1, 4))(noise, None))
    equal = spread96(flat)
    assert louder[1] / louder[0] > 2 * equal[1] / equal[0]


def spread96(picture):
    coarse = _halved(_halved(picture))
    back = _grown(_grown(coarse, [48, 48]), [96, 96])
    return float(tf.math.reduce_std(picture - back)), float(tf.math.reduce_std(coarse))


def test_a_floor_matters_where_gradients_are_small():
    g = gradient()
    size = float(tf.reduce_mean(tf.abs(g)))
    for scale in (1.0, 1e-6):
        limited = Mean(least=1e-6)(g * scale, None)
        assert np.allclose(limited, g * scale / max(size * scale, 1e-6), rtol=1e-4)
    assert np.allclose(Std(floor=0.5)(g, None), g / (tf.math.reduce_std(g) + 0.5), rtol=1e-5)


def test_units_of_their_own_stretch_gradient_and_step():
    units = np.float32([0.229, 0.224, 0.225])
    g = gradient()
    assert np.allclose(InUnits(Std())(g, None), units * Std()(units * g, None), rtol=1e-5)
    rule, memory = InUnits(Cascade(10)), None
    memory = rule.start(g)
    direction, memory = rule(g, None, (), memory)
    inner, _ = Cascade(10)(units * g, None, (), Cascade(10).start(g))
    assert np.allclose(direction, units * inner, rtol=1e-4) and float(memory[0]) == 1
    assert float(rule.carried(memory, g)[0]) == 0  # every octave begins anew
