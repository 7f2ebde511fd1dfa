"""What each class of pictures looks like in the layers of the network that learnt it (see `objectives.motif`)."""

from __future__ import annotations

import numpy as np

_PICTURES = 16  # of a class: more change the mean little
_BATCH = 8
_WIDEST = 1024  # channels
_NARROWEST = 16


def texture_layers(model, deepest: str, side: int) -> tuple[str, ...]:
    """The last map of each size, from half a picture down to the deepest that is dreamt.

    Args:
        model: functional model with one picture as its input.
        deepest: name of a layer.
        side: of a picture, in pixels.
    """
    import keras

    names = [x.name for x in model.layers]
    maps = [
        x
        for x in model.layers[1 : names.index(deepest) + 1]
        if len(getattr(x.output, "shape", ())) == 4 and _NARROWEST <= x.output.shape[-1] <= _WIDEST
    ]
    looks = keras.Model(model.inputs[0], [x.output for x in maps])
    sizes = [m.shape[1] for m in looks(np.zeros([1, side, side, 3], np.float32), training=False)]
    last = {round(np.log2(side / max(size, 1))): x.name for x, size in zip(maps, sizes)}
    return tuple(last.values())


def class_textures(model, data, deepest: str) -> dict[str, np.ndarray]:
    """Mean products of two channels, over all places of the pictures of each class.

    Args:
        model: the trained network.
        data: `Labelled` pictures.
        deepest: the deepest layer that is dreamt.

    Returns:
        `{layer: float32 [classes, channels, channels]}`.
    """
    import keras
    import tensorflow as tf

    from deepdream_av.objectives.style import moments

    names = texture_layers(model, deepest, data.train_x.shape[1])
    looks = keras.Model(model.inputs[0], [model.get_layer(n).output for n in names])
    seen = tf.function(lambda x: [moments(m)[1] for m in looks(x, training=False)])
    found: list[list] = [[] for _ in names]
    for label in range(len(data.classes)):
        picks = np.flatnonzero(np.asarray(data.train_y) == label)[:_PICTURES]
        total, parts = [0.0] * len(names), np.array_split(picks, -(-len(picks) // _BATCH))
        for part in parts:
            x = tf.constant(np.asarray(data.train_x[np.sort(part)], np.float32) / 255)
            total = [t + np.asarray(g) * len(part) / len(picks) for t, g in zip(total, seen(x))]
        for of_layer, matrix in zip(found, total):
            of_layer.append(matrix)
    return {name: np.stack(matrices) for name, matrices in zip(names, found)}
