"""The loop: one graph for all sizes, exact replay, steps that add up, and stopping at any time."""

import numpy as np
import pytest
import tensorflow as tf

from deepdream_av import Octaves, Pixels, ascend, layer
from deepdream_av.ascent.loop import compiled
from deepdream_av.ascent.rules import Std
from deepdream_av.backbones import Backbone
from deepdream_av.errors import UsageError
from deepdream_av.transforms import Jitter


@pytest.fixture(scope="module")
def network():
    import keras

    keras.utils.set_random_seed(2)
    picture = keras.Input((None, None, 3))
    x = keras.layers.Conv2D(8, 3, strides=2, padding="same", activation="relu", name="a")(picture)
    x = keras.layers.Conv2D(8, 3, strides=2, padding="same", activation="relu", name="b")(x)
    return Backbone("small", keras.Model(picture, x), layers=["a", "b"], default_layers=[("b", 1.0)])


def picture(height=64, width=80):
    return np.random.default_rng(0).uniform(0.2, 0.8, (height, width, 3)).astype(np.float32)


def dream(network, *, every=4, seed=0, steps=8, octaves=None, **more):
    canvas = Pixels(picture())
    told = list(ascend(canvas, network, layer("b"), transforms=(Jitter(8),), steps=steps, every=every, seed=seed,
                       octaves=octaves, **more))  # fmt: skip
    return canvas.array(), told


def test_scores_rise_in_every_octave(network):
    _, told = dream(network, steps=12, octaves=Octaves(3, 1.4, least=16))
    assert [t.octave for t in told] == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    for step in told[2::3]:
        assert len(step.scores) == 12 and np.mean(step.scores[-4:]) > np.mean(step.scores[:4])
    assert [round(t.done, 3) for t in told][:3] == [0.111, 0.222, 0.333] and told[-1].done == 1


def test_same_seed_same_pixels_and_another_seed_others(network):
    a, b, c = (dream(network, seed=s)[0] for s in (3, 3, 4))
    assert np.array_equal(a, b) and not np.array_equal(a, c)


def test_how_often_one_looks_changes_nothing(network):
    (a, scores), (b, more) = dream(network, every=1), dream(network, every=8)
    assert np.array_equal(a, b) and scores[-1].scores == more[-1].scores


def test_one_trace_serves_all_octaves_and_all_pictures(network):
    kept = []
    for size in ((64, 80), (120, 70)):
        list(ascend(Pixels(picture(*size)), network, layer("a"), octaves=Octaves(3, 1.3), steps=2))
        kept.append(compiled(Pixels, network.truncated(("a",)), layer("a"), Std(), ()))
    assert kept[0] is kept[1] and kept[0].experimental_get_tracing_count() == 1


def test_nothing_depends_on_the_gradient_of_a_filter(network):
    """TensorFlow writes it down beside that of the input; what nobody reads is pruned and never computed."""
    climb = compiled(Pixels, network.truncated(("b",)), layer("b"), Std(), ())
    graph = climb.get_concrete_function().graph.as_graph_def()
    found = 0
    for function in graph.library.function:
        filters = {n.name for n in function.node_def if n.op == "Conv2DBackpropFilter"}
        found += any(n.op == "Conv2DBackpropInput" for n in function.node_def)
        read = {i.lstrip("^").split(":")[0] for n in function.node_def for i in n.input}
        assert not filters & (read | {v.split(":")[0] for v in function.ret.values()})
    assert found


def test_a_step_is_as_long_as_it_says(network):
    canvas = Pixels(picture())
    next(ascend(canvas, network, layer("b"), steps=1, step_size=0.01, every=1))
    assert float(tf.math.reduce_std(canvas.state)) == pytest.approx(0.01, rel=1e-3)


def test_a_step_size_can_be_asked_for_before_each_step(network):
    lengths = iter([0.01, 0.0, 0.0, 0.0])
    canvas = Pixels(picture())
    run = ascend(canvas, network, layer("b"), steps=4, step_size=lambda: next(lengths), every=1)
    next(run)
    first = canvas.array()
    assert [np.array_equal(step.array(), first) for step in run] == [True, True, True]


def test_it_stops_when_nobody_asks(network):
    canvas = Pixels(picture())
    run = ascend(canvas, network, layer("b"), steps=1000, every=2)
    step = next(run)
    run.close()
    assert step.step == 2 and next(run, None) is None and not np.array_equal(canvas.array(), picture())


def test_wrong_layers_and_numbers_are_named(network):
    with pytest.raises(UsageError, match="small's layers. Received: 'c'"):
        next(ascend(Pixels(picture()), network, layer("c")))
    with pytest.raises(UsageError, match="at least 1. Received: 0"):
        next(ascend(Pixels(picture()), network, layer("a"), steps=0))


def test_octaves_grow_to_the_picture():
    assert Octaves(4, 1.5).sizes(480, 640)[-1] == (480, 640)
    sizes = Octaves(4, 1.5).sizes(480, 640)
    assert len(sizes) == 4 and all(
        b[0] / a[0] == pytest.approx(1.5, rel=0.01) for a, b in zip(sizes, sizes[1:])
    )
    assert Octaves(4, 1.5).sizes(50, 60) == [(50, 60)]
