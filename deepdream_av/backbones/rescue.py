"""A network whose dead units can be waked: a gradient passes a ReLU that lets nothing through.

From noise a class or a neuron is often not answered at all: somewhere on the way every unit is off, and the gradient
is zero in the whole picture. Lucid (Olah et al. 2017) lets the gradient of such a layer pass for the first steps.
"""

from __future__ import annotations

from functools import lru_cache

import tensorflow as tf

from deepdream_av.backbones.backbone import Truncated


@tf.custom_gradient
def waking_relu(x):
    """ReLU, whose gradient passes where nothing of it would have come through; see `waking`."""
    return tf.nn.relu(x), lambda upstream: waking(x, upstream)


@tf.custom_gradient
def waking_relu6(x):
    """The same with an upper bound of 6, as MobileNet has it."""
    return tf.nn.relu6(x), lambda upstream: waking(x, upstream, most=6.0)


def waking(x, upstream, most: float = float("inf")):
    """The gradient of a ReLU, or where that is zero all over a picture, what would raise units that are off.

    Args:
        x: what came in, `[batch, ...]`.
        upstream: the gradient of what went out; larger is better.
        most: upper bound of the ReLU.
    """
    plain = tf.where((x > 0) & (x < most), upstream, tf.zeros_like(upstream))
    axes = list(range(1, len(x.shape)))
    blocked = tf.reduce_all(tf.equal(plain, 0), axis=axes, keepdims=True)
    # units that are on and at their bound, or off and wanted lower still, gain nothing
    up = tf.where((x <= 0) & (upstream > 0), upstream, tf.zeros_like(upstream))
    return tf.where(blocked, up, plain)


@lru_cache(maxsize=8)
def rescued(listener):
    """A truncated network, copied, with waking ReLUs; the same object each time. Its answers are the same.

    Args:
        listener: from `Backbone.truncated`; of a pair, or anything else that is no single network, it comes back
            as it is.
    """
    if not isinstance(listener, Truncated):
        return listener
    import keras

    def copied(layer):
        config = layer.get_config()
        if isinstance(layer, keras.layers.ReLU):
            bound = config.get("max_value")
            if config.get("negative_slope") or config.get("threshold") or bound not in (None, 6, 6.0):
                return layer.__class__.from_config(config)
            function = waking_relu if bound is None else waking_relu6
            return keras.layers.Activation(function, name=layer.name, dtype=config["dtype"])
        made = layer.__class__.from_config(config)
        functions = {"relu": waking_relu, "relu6": waking_relu6}
        if (name := getattr(getattr(made, "activation", None), "__name__", "")) in functions:
            made.activation = functions[name]
        return made

    copy = keras.models.clone_model(listener.model, clone_function=copied)
    copy.set_weights(listener.model.get_weights())
    copy.trainable = False
    return Truncated(copy, listener._preprocess)
