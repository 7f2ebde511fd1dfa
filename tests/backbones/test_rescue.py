"""Waking ReLUs: the same answers, and a gradient where there was none."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from deepdream_av import Pixels, ascend
from deepdream_av.backbones import Backbone
from deepdream_av.backbones.rescue import rescued
from deepdream_av.objectives import Neuron, wanting


@pytest.fixture(scope="module")
def network():
    """Its last layer is off in every usual picture."""
    keras.utils.set_random_seed(1)
    shown = keras.Input((None, None, 3))
    x = keras.layers.Conv2D(6, 3, padding="same", activation="relu", name="a")(shown)
    x = keras.layers.BatchNormalization(name="n")(x)
    x = keras.layers.ReLU(6.0, name="b")(x)
    x = keras.layers.Conv2D(4, 3, padding="same", bias_initializer=keras.initializers.Constant(-0.5), name="c")(x)
    x = keras.layers.Activation("relu", name="dead")(x)
    return Backbone("small", keras.Model(shown, x), layers=["a", "b", "dead"], default_layers=[("b", 1.0)])


def slope(listener, picture, layer):
    x = tf.constant(picture[None])
    with tf.GradientTape() as tape:
        tape.watch(x)
        score = tf.reduce_mean(listener(x)[layer])
    return tape.gradient(score, x).numpy()


def grey(seed=0):
    return np.random.default_rng(seed).uniform(0.48, 0.52, (16, 16, 3)).astype(np.float32)


def test_answers_stay_and_only_blocked_gradients_change(network):
    whole = network.truncated(("a", "b", "dead"))
    for name, answer in whole(grey()[None]).items():
        assert np.array_equal(answer, rescued(whole)(grey()[None])[name])
    live, dead = network.truncated(("b",)), network.truncated(("dead",))
    assert np.allclose(slope(live, grey(), "b"), slope(rescued(live), grey(), "b"), atol=1e-7)
    assert not slope(dead, grey(), "dead").any() and slope(rescued(dead), grey(), "dead").any()
    assert rescued(dead) is rescued(dead)


def test_a_dead_neuron_is_waked_and_then_climbed(network):
    wanted = wanting(Neuron("dead", 1))
    stuck, waked = Pixels(grey()), Pixels(grey())
    *_, none = ascend(stuck, network, wanted, steps=24, step_size=0.02, every=8)
    *_, some = ascend(waked, network, wanted, steps=24, step_size=0.02, every=8, rescue=16)
    assert none.scores[-1] == 0 and not stuck.delta().any()
    assert len(some.scores) == 24 and some.scores[0] == 0 < some.scores[-1]
    assert some.scores[-1] > some.scores[16]  # after the rescue by its own gradient
