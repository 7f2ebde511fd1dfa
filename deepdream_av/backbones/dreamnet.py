"""dreamnet: the small network that looks, trained by this project (`python -m training.distill`).

A plain residual CNN made for being dreamt with rather than for classifying: few channels where the
maps are large, all depth at strides 8 and 16 where motifs live, and only operations whose gradient
is even. Each halving is a 2x2 average pool followed by a 3x3 convolution, because the gradient of a
3x3 convolution of stride 2 reaches every second pixel twice as often as its neighbour and draws that
grid into every dream. As a side effect every cell of a map sits exactly over the centre of its pixels.
"""

from __future__ import annotations

WIDTHS = (24, 48, 80, 192, 288)  # channels at strides 2, 4, 8, 16, 32
BLOCKS = (0, 0, 1, 2, 1)  # residual blocks after each halving
DEFAULT_LAYERS = (("stride8", 1.0), ("stride16", 1.0))


def build_dreamnet(*, batch_norm: bool = False, dtype=None):
    """Build the network without weights.

    Args:
        batch_norm: keep a batch norm after every convolution, as in training. The shipped weights
            have them folded into the convolutions.
        dtype: Keras dtype policy of the layers, e.g. `"mixed_bfloat16"`.

    Returns:
        A functional `keras.Model` from pictures `[batch, height, width, 3]` in [0, 1] to the maps
        `[stride8, stride16, stride32]`. Layers to dream are named `stride2` ... `stride32`.
    """
    import keras
    from keras import layers

    def conv(x, width, kernel, name, *, strides=1, relu="relu"):
        x = layers.Conv2D(
            width, kernel, strides, padding="same", use_bias=not batch_norm, name=f"{name}_conv", dtype=dtype
        )(x)
        if batch_norm:
            x = layers.BatchNormalization(momentum=0.97, epsilon=1e-3, name=f"{name}_bn", dtype=dtype)(x)
        return layers.ReLU(name=relu if relu == name else f"{name}_{relu}", dtype=dtype)(x) if relu else x

    picture = keras.Input((None, None, 3), name="picture", dtype="float32")
    x = layers.Rescaling(2.0, offset=-1.0, name="range", dtype=dtype)(picture)
    maps = []
    for index, (width, blocks) in enumerate(zip(WIDTHS, BLOCKS)):
        name = f"stride{2 ** (index + 1)}"
        if index:
            x = layers.AveragePooling2D(2, name=f"{name}_pool", dtype=dtype)(x)
        entry = f"{name}_in" if blocks else name
        x = conv(
            x, width, 3 if index else 4, entry, strides=1 if index else 2, relu="relu" if blocks else name
        )
        for b in range(blocks):
            block = f"{name}_block{b + 1}"
            # narrow inside: half the cost of a plain block at the same receptive field
            y = conv(x, width // 2, 3, f"{block}_a")
            y = conv(y, width, 3, f"{block}_b", relu="")
            x = layers.Add(name=f"{block}_add", dtype=dtype)([x, y])
            x = layers.ReLU(name=name if b == blocks - 1 else f"{block}_relu", dtype=dtype)(x)
        maps.append(x)
    return keras.Model(picture, maps[2:], name="dreamnet")
