"""`earnet`: the small network that hears, trained by this project (`training/audio.py`).

A plain CNN on log-mel features. Average pooling, because max pooling routes a dream's gradient
through single cells and that sounds like clicks; frequency is pooled early and time late, and the
frequency position is kept to the end, so that channels answer to pitch, harmony, timbre and rhythm.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import keras
import numpy as np
from keras import layers

from deepdream_av.errors import WeightsError

DEFAULT_LAYERS = (("block4", 1.0),)
"""What is dreamt unless the user asks for something else: `(layer, weight)`."""

BANDS = 128
EMBEDDING = 192
WEIGHTS = Path(__file__).with_name("weights") / "earnet.npz"

# (name, filters, kernel [time, frequency], pool after it [time, frequency])
_CONVOLUTIONS = (
    ("block1", 16, (3, 5), (1, 2)),
    ("block2", 32, (3, 3), (2, 2)),
    ("block3", 64, (3, 3), (1, 2)),
    ("block4_conv1", 96, (3, 3), None),
    ("block4", 96, (3, 3), (2, 2)),
    ("block5_conv1", 128, (3, 3), None),
    ("block5", 128, (3, 3), None),
    ("embedding", EMBEDDING, (1, 8), None),
)


def build_earnet(*, heads=None, folded: bool = True) -> keras.Model:
    """The network, with random weights.

    Args:
        heads: `{name: number of classes}`; each becomes a layer of logits of that name. `None`: no head,
            the output is the embedding.
        folded: one biased convolution for each convolution + batch norm, as it is shipped. `False`
            gives the form that is trained.

    Returns:
        A functional model: log-mel float32 `[batch, frames, 128, 1]` of any number of frames to
        `{head: [batch, classes]}`. Dreamable layers carry the names of `list_layers()`.
    """
    x = inputs = keras.Input([None, BANDS, 1], name="log_mel")
    for name, filters, kernel, pool in _CONVOLUTIONS:
        # The last kernel spans all that is left of frequency: it hears where, not only what.
        padding = "valid" if name == "embedding" else "same"
        x = layers.Conv2D(filters, kernel, padding=padding, use_bias=folded, name=f"{name}_kernel",
                          kernel_initializer="he_normal")(x)  # fmt: skip
        if not folded:
            x = layers.BatchNormalization(momentum=0.97, epsilon=1e-3, name=f"{name}_norm")(x)
        x = layers.Activation("relu", name=name)(x)
        if pool:
            x = layers.AveragePooling2D(pool, padding="same", name=f"{name}_pool")(x)
    if not heads:
        return keras.Model(inputs, x, name="earnet")
    mean = layers.GlobalAveragePooling2D(name="mean")(x)
    peak = layers.GlobalMaxPooling2D(name="peak")(x)
    # A short event in a long clip is lost in the mean, a lasting texture says nothing in the peak.
    pooled = layers.Concatenate(name="pooled")([mean, peak])
    if not folded:
        pooled = layers.Dropout(0.3, name="dropout")(pooled)
    outputs = {name: layers.Dense(classes, name=name, dtype="float32")(pooled) for name, classes in heads.items()}
    return keras.Model(inputs, outputs, name="earnet")


def list_layers() -> list[str]:
    """Names of the layers that can be dreamt, from the first to the deepest."""
    return [name for name, *_ in _CONVOLUTIONS]


def fold(model: keras.Model, *, heads) -> keras.Model:
    """The same function with each batch norm folded into its convolution.

    Args:
        model: from `build_earnet(folded=False)`.
        heads: names of the heads that are kept.
    """
    heads = {name: model.get_layer(name).units for name in heads}
    folded = build_earnet(heads=heads, folded=True)
    for name in list_layers():
        kernel = model.get_layer(f"{name}_kernel").get_weights()[0]
        gamma, beta, mean, variance = model.get_layer(f"{name}_norm").get_weights()
        gain = gamma / np.sqrt(variance + model.get_layer(f"{name}_norm").epsilon)
        folded.get_layer(f"{name}_kernel").set_weights([kernel * gain, beta - mean * gain])
    for name in heads:
        folded.get_layer(name).set_weights(model.get_layer(name).get_weights())
    return folded


def save_earnet(model: keras.Model, path, *, classes) -> None:
    """Writes a folded network: float16 weights as `.npz`, and the names of its classes beside them as `.json`.

    Args:
        model: from `fold`.
        path: the `.npz` file to write.
        classes: `{head: names of its classes}`.
    """
    from deepdream_av.backbones.embedded import save_weights

    save_weights({f"{of.name}/{w.name}": w.value for of in model.layers for w in of.weights}, path)
    described = {head: list(names) for head, names in classes.items()}
    Path(path).with_suffix(".json").write_text(json.dumps(described, indent=1) + "\n", encoding="utf-8")


@cache
def load_earnet(path=WEIGHTS) -> keras.Model:
    """The trained network, frozen; its layers can be picked by name.

    Args:
        path: a file written by `save_earnet`; the shipped one unless given.

    Raises:
        WeightsError: a file is missing or is not of an earnet.
    """
    from deepdream_av.backbones.embedded import set_weights

    model = build_earnet(heads={head: len(names) for head, names in class_names(path).items()})
    set_weights(model, path)
    model.trainable = False
    return model


@cache
def class_names(path=WEIGHTS) -> dict[str, list[str]]:
    """`{head: names of its classes}` of a stored network."""
    path = Path(path).with_suffix(".json")
    try:
        described = json.loads(path.read_text(encoding="utf-8"))
        return {str(head): [str(name) for name in names] for head, names in described.items()}
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise WeightsError(f"earnet's classes must stand beside its weights. Received: {path} ({error}).") from None
