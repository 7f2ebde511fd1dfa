"""A small network of one's own that hears: `earnet`'s convolutions, at any width, under one head."""

from __future__ import annotations

import keras
from keras import layers

from deepdream_av.backbones.earnet import DEFAULT_LAYERS, build_earnet
from deepdream_av.errors import UsageError

DREAMT = DEFAULT_LAYERS
"""What is dreamt with such a network unless the user asks for something else: `(layer, weight)`."""
_DROPOUT = 0.3


def build_sound_cnn(classes: int, *, width: float = 1.0, dtype=None) -> keras.Model:
    """A network for `load_recordings`' log-mels, with random weights.

    Its maps have the names of `earnet`'s layers (`block1` to `block5`, `embedding`), so that what dreams with one
    dreams with the other. Its head is linear in the mean of the last map: how much a place adds to a class can be
    read off the map.

    Args:
        classes: number of them, two or more.
        width: factor on the number of channels of every map, rounded to 8; 0.25 to 4.
        dtype: Keras' dtype policy of the maps, e.g. `"mixed_bfloat16"`; the global one if None.

    Returns:
        A functional model, log-mel `[batch, frames, 128, 1]` of any number of frames to float32 logits
        `[batch, classes]` of a layer `"logits"`.

    Raises:
        UsageError: numbers out of range.

    >>> build_sound_cnn(10).output_shape
    (None, 10)
    """
    if classes < 2 or not 0.25 <= width <= 4:
        raise UsageError(
            f"`classes` must be 2 or more, `width` from 0.25 to 4. Received: {classes} and {width}."
        )
    policy = keras.dtype_policies.get(dtype or keras.config.dtype_policy())
    trunk = build_earnet(folded=False)

    def widened(layer):
        changed = {"dtype": policy}
        if isinstance(layer, layers.Conv2D):
            changed["filters"] = 8 * max(1, round(layer.filters * width / 8))
        return type(layer).from_config(layer.get_config() | changed)

    inputs = keras.Input(trunk.input_shape[1:], name="log_mel")
    x = keras.models.clone_model(trunk, input_tensors=inputs, clone_function=widened).output
    x = layers.GlobalAveragePooling2D(name="mean", dtype="float32")(x)
    x = layers.Dropout(_DROPOUT, name="dropout", dtype="float32")(x)
    logits = layers.Dense(classes, name="logits", dtype="float32")(x)
    return keras.Model(inputs, logits, name="sound_cnn")
