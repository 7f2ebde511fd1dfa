"""The two networks of a generative adversarial pair, made to be dreamt with (`python -m training.gan`).

The shape is that of DCGAN (Radford et al. 2015, arXiv:1511.06434): four to five levels of convolutions, each doubling
or halving the picture. Where we differ: the generator enlarges by interpolation instead of transposed convolutions,
which draw with the dots of their own lattice (Odena et al. 2016, doi:10.23915/distill.00003); the latent vector also
scales and shifts the channels of every level (self-modulation, Chen et al. 2019, arXiv:1810.01365), as motifs that have
nothing in common need different channels; plane waves whose directions and lengths the latent vector decides enter at a
quarter and a half of the size, as patterns repeat (Bergmann et al. 2017, arXiv:1705.06566, enter them at the bottom);
and the discriminator ends in an average, so that it looks at any size. Its 4x4 kernels of stride 2 reach every pixel
equally often, so that its dreams have no grid.
"""

from __future__ import annotations

from deepdream_av.errors import UsageError

SIZES = (64, 128)  # pixels
_SLOPE = 0.2  # of the leaky ReLU
_TURNS, _FAMILIES = 6, 8  # waves of a family differ by 30 degrees: two make squares, three hexagons
_CYCLES = 3.0  # standard deviation of a wave number, in cycles across the picture


def build_generator(
    *, size: int = 64, latent: int = 64, width: int = 32, batch_norm: bool = False, dtype=None
):
    """Build the network that paints, without trained weights.

    Args:
        size: side of the pictures in pixels, 64 or 128.
        latent: numbers in a latent vector.
        width: channels at half the picture's size, half of that at the full size, twice and more of it below.
        batch_norm: keep a batch norm after every convolution, as in training, which folds them into it at the end.
        dtype: Keras dtype policy of the layers, e.g. `"mixed_bfloat16"`.

    Returns:
        A functional `keras.Model` from latent vectors `[batch, latent]`, unit normal, to pictures
        `[batch, size, size, 3]`, float32 in [0, 1].

    Raises:
        UsageError: another size, or a number that is not positive.
    """
    import keras
    from keras import layers

    _check(size, latent=latent, width=width)

    def settled(x, name):
        if batch_norm:
            x = layers.BatchNormalization(
                momentum=0.9, epsilon=1e-3, center=False, scale=False, name=f"{name}_bn", dtype=dtype
            )(x)
        return x

    def modulated(x, name):
        return _modulated(x, style, name, dtype)

    z = keras.Input((latent,), name="latent", dtype="float32")
    style = layers.Dense(4 * width, activation="relu", name="style", dtype=dtype)(z)
    half = _waves(z, style, size // 2)
    waves = {size // 2: half, size // 4: layers.AveragePooling2D(2, name="long_waves", dtype="float32")(half)}
    x = layers.Dense(4 * 4 * 8 * width, name="size4_dense", dtype=dtype)(z)
    x = layers.Reshape((4, 4, 8 * width), name="size4_map", dtype=dtype)(x)
    x = modulated(settled(x, "size4"), "size4")
    side = 4
    while side < size:
        side *= 2
        channels = max(8, min(8 * width, width * size // side // 2))
        name = f"size{side}"
        x = layers.Conv2D(channels, 3, padding="same", name=f"{name}_conv", dtype=dtype)(x)
        x = layers.UpSampling2D(2, interpolation="bilinear", name=f"{name}_larger", dtype=dtype)(x)
        x = settled(x, name)
        if side in waves:
            drawn = layers.Conv2D(channels, 1, use_bias=False, name=f"{name}_waves", dtype=dtype)(waves[side])
            x = layers.Add(name=f"{name}_with_waves", dtype=dtype)([x, drawn])
        x = modulated(x, name)
    x = layers.Conv2D(x.shape[-1], 3, padding="same", name="detail_conv", dtype=dtype)(x)
    x = modulated(settled(x, "detail"), "detail")
    x = layers.Conv2D(3, 3, padding="same", name="colour_conv", dtype=dtype)(x)
    picture = layers.Activation("sigmoid", name="picture", dtype="float32")(x)
    return keras.Model(z, picture, name="generator")


def build_discriminator(*, size: int = 64, width: int = 32, dtype=None):
    """Build the network that tells pictures of a set from painted ones, without trained weights.

    It is a network to dream with as well: what it looks for is what the set is made of.

    Args:
        size: side of the pictures that it is trained on, 64 or 128; decides how deep it is.
        width: channels at half the size; they double with every halving, up to eight times.
        dtype: Keras dtype policy of the layers.

    Returns:
        A functional `keras.Model` from pictures `[batch, height, width, 3]` in [0, 1], any size from 64, to
        the logit of their being real, float32 `[batch, 1]`. Layers to dream are named `stride2` ... `stride16`
        (`stride32` for size 128) and `motifs`.

    Raises:
        UsageError: another size, or a width that is not positive.
    """
    import keras
    from keras import layers

    _check(size, width=width)

    def level(x, channels, kernel, strides, name):
        x = layers.Conv2D(channels, kernel, strides, padding="same", name=f"{name}_conv", dtype=dtype)(x)
        return layers.LeakyReLU(negative_slope=_SLOPE, name=name, dtype=dtype)(x)

    picture = keras.Input((None, None, 3), name="picture", dtype="float32")
    x = layers.Rescaling(2.0, offset=-1.0, name="range", dtype=dtype)(picture)
    stride = 1
    while size // stride > 4:
        stride *= 2
        x = level(x, min(8 * width, width * stride // 2), 4, 2, f"stride{stride}")
    x = level(x, 8 * width, 3, 1, "motifs")
    x = layers.GlobalAveragePooling2D(name="pool", dtype=dtype)(x)
    logit = layers.Dense(1, name="realness", dtype="float32")(x)
    return keras.Model(picture, logit, name="discriminator")


def _modulated(x, style, name: str, dtype):
    """Channels scaled and shifted as the style says, and a leaky ReLU."""
    from keras import layers

    channels = x.shape[-1]
    for part, start, combine in (("gain", "ones", layers.Multiply), ("shift", "zeros", layers.Add)):
        factor = layers.Dense(channels, bias_initializer=start, name=f"{name}_{part}", dtype=dtype)(style)
        factor = layers.Reshape((1, 1, channels), name=f"{name}_{part}_map", dtype=dtype)(factor)
        x = combine(name=f"{name}_with_{part}", dtype=dtype)([x, factor])
    return layers.LeakyReLU(negative_slope=_SLOPE, name=name, dtype=dtype)(x)


def _waves(z, style, side: int):
    """Plane waves `[batch, side, side, waves]`, float32: phases in bfloat16 would be off by a tenth of a cycle."""
    import keras
    import numpy as np
    from keras import layers

    count = _TURNS * _FAMILIES
    vectors = layers.Dense(3 * count, name="wave_vectors", dtype="float32")
    x = layers.Reshape((count, 3), name="wave_numbers", dtype="float32")(vectors(z))
    # what each place adds to the phase: 2 pi (x cycles across + y cycles down) + a constant
    plane = layers.Dense(side * side, use_bias=False, trainable=False, name="wave_plane", dtype="float32")
    heights = layers.Dense(count, bias_initializer="ones", name="wave_heights", dtype="float32")(style)
    heights = layers.Reshape((count, 1), name="wave_height_column", dtype="float32")(heights)
    x = layers.Multiply(name="wave_rows", dtype="float32")([keras.ops.sin(plane(x)), heights])
    x = layers.Reshape((count, side, side), name="wave_maps", dtype="float32")(x)
    y, across = np.mgrid[-0.5 : 0.5 : side * 1j, -0.5 : 0.5 : side * 1j]
    plane.kernel.assign(2 * np.pi * np.stack([across.ravel(), y.ravel(), np.ones(side * side)]))
    first = np.asarray(keras.random.normal((z.shape[1], _FAMILIES, 1, 3))) / np.sqrt(z.shape[1])
    kx, ky = (_CYCLES * first[..., k] for k in (0, 1))
    turns = np.arange(_TURNS) * np.pi / _TURNS
    phase = np.asarray(keras.random.normal((z.shape[1], _FAMILIES, _TURNS))) / np.sqrt(z.shape[1])
    kernel = np.stack(
        [kx * np.cos(turns) - ky * np.sin(turns), kx * np.sin(turns) + ky * np.cos(turns), phase], -1
    )
    vectors.kernel.assign(kernel.reshape(z.shape[1], -1))
    return layers.Permute((2, 3, 1), name="waves", dtype="float32")(x)


def _check(size: int, **positive: int):
    if size not in SIZES:
        raise UsageError(f"`size` must be 64 or 128 pixels. Received: {size!r}.")
    for name, value in positive.items():
        if not isinstance(value, int) or value < 1:
            raise UsageError(f"`{name}` must be a whole number from 1. Received: {value!r}.")
