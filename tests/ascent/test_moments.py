"""Rules that remember: their formulas, and a memory that survives calls, octaves and other ascents."""

import numpy as np
import pytest
import tensorflow as tf

from deepdream_av import Octaves, Pixels, ascend
from deepdream_av.ascent.memory import carried, memory_specs, started
from deepdream_av.ascent.moments import Adam, Momentum
from deepdream_av.ascent.rules import Std
from deepdream_av.canvases.pixels import ClippedPixels

RULES = [Momentum(0.8), Adam(), Adam(average=0.9)]


class Brightness:
    """Wants the picture itself to be near a grey; needs no network."""

    layers = ("picture",)

    def __call__(self, seen):
        return -tf.reduce_mean(tf.square(seen["picture"] - 0.8))


def canvas(size=(20, 24)):
    return ClippedPixels(np.random.default_rng(1).uniform(0.2, 0.4, (*size, 3)).astype(np.float32))


def climbed(rule, **options):
    on = canvas()
    told = list(ascend(on, None, Brightness(), rule=rule, step_size=0.01, **options))
    return on, told


def gradients(count=6):
    return np.random.default_rng(0).normal(size=(count, 5, 4, 3)).astype(np.float32)


def test_adam_is_adam():
    rule, steps = Adam(0.8, 0.95, 1e-6), gradients()
    memory, m, v = rule.start(tf.zeros([5, 4, 3])), 0.0, 0.0
    for n, g in enumerate(steps, 1):
        direction, memory = rule(tf.constant(g), tf.zeros([5, 4, 3]), (), memory)
        m, v = 0.8 * m + 0.2 * g, 0.95 * v + 0.05 * g**2
        wanted = (m / (1 - 0.8**n)) / (np.sqrt(v / (1 - 0.95**n)) + 1e-6)
        assert np.allclose(direction, wanted, atol=1e-4)


def test_momentum_forgets_what_alternates_and_keeps_its_length():
    rule, memory, steps = Momentum(0.9), Momentum(0.9).start(tf.zeros([5, 4, 3])), gradients(40)
    steady = steps[0]
    for n, g in enumerate(steps):
        noisy = tf.constant(steady + 6 * g * (-1) ** n)
        direction, memory = rule(noisy, None, (), memory)
        assert float(tf.math.reduce_std(direction)) == pytest.approx(1, rel=1e-4)
    alike = [np.corrcoef(x.numpy().ravel(), steady.ravel())[0, 1] for x in (direction, Std()(noisy, None))]
    assert alike[0] > 2 * alike[1]


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_how_often_one_looks_changes_nothing(rule):
    (one, a), (two, b) = climbed(rule, steps=9, every=1), climbed(rule, steps=9, every=4)
    assert np.array_equal(one.array(), two.array()) and a[-1].scores == b[-1].scores
    assert a[-1].score > a[0].scores[0]


def test_the_average_is_that_of_all_states():
    plain, averaged = Adam(), Adam(average=0.8)
    states = []
    on = canvas()
    for step in ascend(on, None, Brightness(), rule=plain, steps=7, every=1, step_size=0.01):
        states.append(step.canvas.state.numpy())
    weights = 0.8 ** np.arange(6, -1, -1)
    wanted = np.average(states, axis=0, weights=weights)
    assert np.allclose(climbed(averaged, steps=7, every=3)[0].state, wanted, atol=1e-5)


@pytest.mark.parametrize("rule", RULES[:2], ids=str)  # with the third the canvas holds a mean, not where it was
def test_a_memory_goes_on_in_another_ascent(rule):
    whole, _ = climbed(rule, steps=8, every=8)
    on = canvas()
    *_, last = ascend(on, None, Brightness(), rule=rule, steps=5, step_size=0.01)
    list(ascend(on, None, Brightness(), rule=rule, steps=3, step_size=0.01, memory=last.memory))
    assert np.allclose(on.array(), whole.array(), atol=1e-6)


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_a_memory_grows_with_the_octaves(rule):
    on, told = climbed(rule, octaves=Octaves(3, 1.5, least=4), steps=2)
    assert [t.octave for t in told] == [0, 1, 2]
    big = [x.shape for x in told[-1].memory if len(x.shape)]
    assert big and all(shape == on.state.shape for shape in big)
    assert all(np.isfinite(x).all() for x in told[-1].memory)
    specs = memory_specs(rule, Pixels.signature()[0])
    assert all(spec.shape.is_compatible_with(x.shape) for spec, x in zip(specs, told[-1].memory))


def test_squares_stay_positive_and_an_even_memory_even():
    rule, on = Adam(), canvas()
    state = on.state
    done, mean, square = started(rule, state)
    spot = np.zeros(state.shape, np.float32)
    spot[7, 9] = 4.0
    on.resize((31, 40))
    memory = carried(rule, (done + 3, mean + 0.5, square + spot), state, on)
    assert float(memory[0]) == 3 and np.allclose(memory[1], 0.5) and memory[2].shape == (31, 40, 3)
    assert float(tf.reduce_min(memory[2])) >= 0
