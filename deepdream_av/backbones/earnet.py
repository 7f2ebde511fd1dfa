"""`earnet`: the small network that hears, trained by this project (`training/audio.py`).

A plain CNN on log-mel features. Average pooling, because max pooling routes a dream's gradient
through single cells and that sounds like clicks; frequency is pooled early and time late, and the
frequency position is kept to the end, so that channels answer to pitch, harmony, timbre and rhythm.
"""

from __future__ import annotations

import json
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
    # This kernel spans all that is left of frequency: it hears where, not only what.
    ("embedding", EMBEDDING, (1, 8), None),
)
_PITCH = ("pitch", 128, (1, 64))
"""A side branch on `block1`: templates of whole spectra, fine enough to tell a C from a C sharp."""
PITCHED_HEADS = ("root", "chord")
"""Heads that read the side branch too. The others do not: rain has no pitch to be remembered by."""


def build_earnet(*, heads=None, folded: bool = True, pitch: bool = True) -> keras.Model:
    """The network, with random weights.

    Args:
        heads: `{name: number of classes}`; each becomes a layer of logits of that name. `None`: no head,
            the output is the embedding.
        folded: one biased convolution for each convolution + batch norm, as it is shipped. `False`
            gives the form that is trained.
        pitch: add the side branch for the `PITCHED_HEADS` (if there are any).

    Returns:
        A functional model: log-mel float32 `[batch, frames, 128, 1]` of any number of frames to
        `{head: [batch, classes]}`. Dreamable layers carry the names of `list_layers()`.
    """
    inputs = keras.Input([None, BANDS, 1], name="log_mel")
    x, side = inputs, None
    for name, filters, kernel, pool in _CONVOLUTIONS:
        x = _convolved(x, name, filters, kernel, folded=folded)
        if pool:
            x = layers.AveragePooling2D(pool, padding="same", name=f"{name}_pool")(x)
        if name == "block1" and pitch and heads and any(h in PITCHED_HEADS for h in heads):
            side = _convolved(x, *_PITCH, folded=folded)
    if not heads:
        return keras.Model(inputs, x, name="earnet")
    # A short event in a long clip is lost in the mean, a lasting texture says nothing in the peak.
    pooled = layers.Concatenate(name="pooled")(_mean_and_peak(x, ""))
    if not folded:
        pooled = layers.Dropout(0.3, name="dropout")(pooled)
    with_pitch = pooled
    if side is not None:
        with_pitch = layers.Concatenate(name="pooled_with_pitch")([pooled, *_mean_and_peak(side, "pitch_")])
    outputs = {
        name: layers.Dense(classes, name=name, dtype="float32")(
            with_pitch if name in PITCHED_HEADS else pooled
        )
        for name, classes in heads.items()
    }
    return keras.Model(inputs, outputs, name="earnet")


def _convolved(x, name, filters, kernel, *, folded):
    padding = "valid" if kernel[0] == 1 else "same"
    x = layers.Conv2D(filters, kernel, padding=padding, use_bias=folded, name=f"{name}_kernel",
                      kernel_initializer="he_normal")(x)  # fmt: skip
    if not folded:
        x = layers.BatchNormalization(momentum=0.97, epsilon=1e-3, name=f"{name}_norm")(x)
    return layers.Activation("relu", name=name)(x)


def _mean_and_peak(x, prefix):
    return [
        layers.GlobalAveragePooling2D(name=f"{prefix}mean")(x),
        layers.GlobalMaxPooling2D(name=f"{prefix}peak")(x),
    ]


def list_layers() -> list[str]:
    """Names of the layers that can be dreamt, from the first to the deepest."""
    return [_CONVOLUTIONS[0][0], _PITCH[0], *(name for name, *_ in _CONVOLUTIONS[1:])]


def fold(model: keras.Model, *, heads) -> keras.Model:
    """The same function with each batch norm folded into its convolution.

    Args:
        model: from `build_earnet(folded=False)`.
        heads: names of the heads that are kept.
    """
    heads = {name: model.get_layer(name).units for name in heads}
    folded = build_earnet(heads=heads, folded=True)
    present = {layer.name for layer in folded.layers}
    for name in [n for n in list_layers() if n in present]:
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


def with_class_map(model: keras.Model, heads) -> keras.Model:
    """The network with one more layer, `class_map`: what its heads would answer at each place, one after the other.

    A head reads the mean and the peak of the embedding over time; of a place, both are what is there.

    Args:
        model: from `load_earnet`.
        heads: names of the heads, in the order in which they are to stand.
    """
    maps, sides = [], {True: None, False: None}
    embedding = model.get_layer("embedding").output
    sides[False] = [embedding]
    if any(name in PITCHED_HEADS for name in heads):
        # a frame of the embedding is four of the side branch
        pitch = layers.AveragePooling2D((4, 1), padding="same", name="pitch_pool")(model.get_layer("pitch").output)
        sides[True] = [embedding, pitch]
    for name in heads:
        kernel, bias = model.get_layer(name).get_weights()
        x, rows, first = sides[name in PITCHED_HEADS], [], 0
        for part in x:
            width = part.shape[-1]
            rows.append(kernel[first : first + width] + kernel[first + width : first + 2 * width])
            first += 2 * width
        joined = layers.Concatenate(name=f"{name}_heard")(x) if len(x) > 1 else x[0]
        head = layers.Conv2D(kernel.shape[-1], 1, dtype="float32", name=f"{name}_map")
        maps.append(head(joined))
        head.set_weights([np.concatenate(rows)[None, None], bias])
    joined = layers.Concatenate(name="class_map")(maps) if len(maps) > 1 else layers.Identity(name="class_map")(maps[0])
    outputs = {name: model.get_layer(name).output for name in heads}
    found = keras.Model(model.inputs[0], {**outputs, "class_map": joined})
    found.trainable = False
    return found


def class_names(path=WEIGHTS) -> dict[str, list[str]]:
    """`{head: names of its classes}` of a stored network."""
    path = Path(path).with_suffix(".json")
    try:
        described = json.loads(path.read_text(encoding="utf-8"))
        return {str(head): [str(name) for name in names] for head, names in described.items()}
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise WeightsError(
            f"earnet's classes must stand beside its weights. Received: {path} ({error})."
        ) from None
