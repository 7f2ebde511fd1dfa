"""Two picture networks to train from scratch: a plain residual one and a small inception-style one.

Both are made for being dreamt with: average pools instead of strides, whose gradient would draw a grid, few channels
where the maps are large, and maps with names (`stride4`, `stride8_mix1`, ...).
"""

from __future__ import annotations

from collections.abc import Callable

WIDTHS = (24, 48, 96, 160)  # channels at strides 2, 4, 8, 16
_DROPOUT = 0.1
_AROUND = 25  # pixels over which contrast is evened
_UNSEEN = 0.02  # contrast that stays small


def build_residual(classes: int, *, width: float = 1.0, dtype=None):
    """A plain residual network (He et al. 2015): one block at stride 4, two each at strides 8 and 16.

    Args:
        classes: how many it tells apart.
        width: factor of all numbers of channels.
        dtype: Keras dtype policy; the logits are float32 in any case.

    Returns:
        A functional model from pictures `[batch, height, width, 3]` in [0, 1] to logits `[batch, classes]`.
    """
    import keras
    from keras import layers

    def block(x, channels, name):
        y = _convolution(x, channels, 3, f"{name}_a", dtype)
        # starts as nothing (Goyal et al. 2017): a deep network learns as a shallow one at first
        y = _convolution(y, channels, 3, f"{name}_b", dtype, relu=False, gamma="zeros")
        x = layers.Add(name=f"{name}_add", dtype=dtype)([x, y])
        return layers.ReLU(name=name, dtype=dtype)(x)

    def body(x, channels, name):
        x = _convolution(x, channels, 3, f"{name}_in", dtype)
        for b in (1,) if name == "stride4" else (1, 2):
            x = block(x, channels, f"{name}_block{b}")
        return x

    return _network(keras, "residual", body, classes, width, dtype)


def build_inception(classes: int, *, width: float = 1.0, dtype=None):
    """A small network of inception modules (Szegedy et al. 2014): 1x1, 3x3, two 3x3, and a pool, side by side.

    Args, returns: see `build_residual`.
    """
    import keras
    from keras import layers

    def module(x, channels, name):
        q = channels // 4
        one = _convolution(x, q, 1, f"{name}_1x1", dtype)
        three = _convolution(_convolution(x, q, 1, f"{name}_3x3_in", dtype), q, 3, f"{name}_3x3", dtype)
        five = _convolution(x, q, 1, f"{name}_5x5_in", dtype)
        five = _convolution(_convolution(five, q, 3, f"{name}_5x5_a", dtype), q, 3, f"{name}_5x5", dtype)
        pool = layers.AveragePooling2D(3, 1, padding="same", name=f"{name}_pool", dtype=dtype)(x)
        pool = _convolution(pool, channels - 3 * q, 1, f"{name}_pool_1x1", dtype)
        return layers.Concatenate(name=name, dtype=dtype)([one, three, five, pool])

    def body(x, channels, name):
        for m in (1, 2) if name == "stride4" else (1, 2, 3):
            x = module(x, channels, f"{name}_mix{m}")
        return x

    return _network(keras, "inception", body, classes, width, dtype)


ARCHITECTURES: dict[str, Callable] = {"residual": build_residual, "inception": build_inception}
DREAMT = {
    "residual": (("stride8_block2", 1.0), ("stride16_block1", 1.0)),
    "inception": (("stride8_mix3", 1.0), ("stride16_mix1", 1.0)),
}


def _network(keras, name, body, classes, width, dtype):
    from keras import layers

    channels = [max(8, round(w * width / 4) * 4) for w in WIDTHS]
    picture = keras.Input((None, None, 3), name="picture", dtype="float32")
    x = evened(picture)
    # a 4x4 kernel at stride 2 reaches every pixel equally often
    x = layers.Conv2D(channels[0], 4, 2, padding="same", use_bias=False, name="stride2_conv", dtype=dtype)(x)
    x = layers.GroupNormalization(4, name="stride2_norm", dtype=dtype)(x)
    x = layers.ReLU(name="stride2", dtype=dtype)(x)
    for k, count in enumerate(channels[1:], 2):
        x = layers.AveragePooling2D(2, name=f"stride{2**k}_pool", dtype=dtype)(x)
        x = body(x, count, f"stride{2**k}")
    return keras.Model(picture, head(x, classes), name=name)


def evened(picture):
    """Every place of a picture brought to mean 0 and deviation 1 (local contrast normalisation, Jarrett et al. 2009).

    Colours and contrast tell no class of motifs, so that a network from scratch need not learn to overlook them; and
    a motif that was faintly dreamt in a photo stands beside the photo's own edges.

    Args:
        picture: symbolic, `[batch, height, width, 3]` in [0, 1].
    """
    from keras import layers, ops

    def around(x, name):
        x = layers.AveragePooling2D((_AROUND, 1), 1, padding="same", name=f"{name}_rows", dtype="float32")(x)
        return layers.AveragePooling2D((1, _AROUND), 1, padding="same", name=name, dtype="float32")(x)

    detail = layers.Subtract(name="detail", dtype="float32")([picture, around(picture, "light")])
    power = around(ops.mean(ops.square(detail), -1, keepdims=True), "power")
    return layers.Multiply(name="range", dtype="float32")([detail, ops.rsqrt(power + _UNSEEN**2)])


def head(x, classes: int):
    """From maps to a logit for each class: the mean over the picture, so that any size will do."""
    from keras import layers

    x = layers.GlobalAveragePooling2D(name="pool", dtype="float32")(x)
    x = layers.Dropout(_DROPOUT, name="dropout", dtype="float32")(x)
    return layers.Dense(classes, name="logits", dtype="float32")(x)


def _convolution(x, channels, kernel, name, dtype, *, relu=True, gamma="ones"):
    from keras import layers

    x = layers.Conv2D(channels, kernel, padding="same", use_bias=False, name=f"{name}_conv", dtype=dtype)(x)
    x = layers.BatchNormalization(
        momentum=0.9, gamma_initializer=gamma, name=f"{name}_bn" if relu else name, dtype=dtype
    )(x)
    return layers.ReLU(name=name, dtype=dtype)(x) if relu else x
