"""From a pair in training to two plain networks that anyone can load."""

from __future__ import annotations

import os
from pathlib import Path

import keras
import numpy as np

from deepdream_av.gan.models import build_discriminator, build_generator
from training.gan_pictures import latents

_ROUNDS, _MANY = 12, 64  # batches, and latent vectors in each, of which the batch norms are taken


def plain_generator(pair) -> keras.Model:
    """The generator of the running mean in float32, its batch norms folded into the weights before them.

    The batch norms' own running statistics belong to weights that have moved on; they are measured anew.
    """
    s = pair.settings
    whole = build_generator(size=s.size, latent=s.latent, width=s.width, batch_norm=True)
    whole.set_weights(pair.average.get_weights())
    _measure(whole)
    return folded(whole, build_generator(size=s.size, latent=s.latent, width=s.width))


def folded(whole: keras.Model, plain: keras.Model) -> keras.Model:
    """`plain`, a generator without batch norms, with weights that let it paint what `whole` does, which has them."""
    norms = {x.name: x for x in whole.layers if isinstance(x, keras.layers.BatchNormalization)}
    for layer in plain.layers:
        if not layer.weights:
            continue
        weights = whole.get_layer(layer.name).get_weights()
        level, _, kind = layer.name.rpartition("_")
        if kind in ("conv", "dense") and f"{level}_bn" in norms:
            weights = _folded(weights, norms[f"{level}_bn"])
        layer.set_weights(weights)
    return plain


def plain_discriminator(pair) -> keras.Model:
    """The discriminator in float32, without what it knew of class and batch."""
    settings = pair.settings
    plain = build_discriminator(size=settings.size, width=settings.width)
    plain.set_weights(pair.critic.get_weights())
    return plain


def save_model(model: keras.Model, path: str | os.PathLike) -> None:
    """Write a `.keras` file, whole or not at all."""
    path = Path(path)
    part = path.with_name(f".{path.stem}.part.keras")
    model.save(part)
    os.replace(part, path)


def save_weights(model: keras.Model, path: str | os.PathLike) -> None:
    """Write the weights as the package ships them: float16 `.npz`, whole or not at all."""
    from deepdream_av.backbones import embedded

    embedded.save_weights(
        {f"{x.name}/{v.name}": np.asarray(v) for x in model.layers for v in x.weights}, path
    )


def _measure(whole):
    """Sets the batch norms to the mean of many batches."""
    norms = [x for x in whole.layers if isinstance(x, keras.layers.BatchNormalization)]
    sums = [np.zeros([2, x.moving_mean.shape[0]]) for x in norms]
    for layer in norms:
        layer.momentum = 0.0  # each batch leaves its own statistics
    for k in range(_ROUNDS):
        whole(latents(k, _MANY, whole.input_shape[1]), training=True)
        for total, layer in zip(sums, norms):
            total += np.array([layer.moving_mean, layer.moving_variance])
    for total, layer in zip(sums, norms):
        layer.moving_mean.assign(total[0] / _ROUNDS)
        layer.moving_variance.assign(total[1] / _ROUNDS)


def _folded(weights, norm):
    """Kernel and bias that compute what the batch norm made of them (enlarging by interpolation keeps means)."""
    kernel, bias = (np.asarray(w, np.float64) for w in weights)
    scale = 1 / np.sqrt(np.asarray(norm.moving_variance, np.float64) + norm.epsilon)
    repeated = len(bias) // len(scale)  # a dense layer has every channel once for each place
    mean, scale = np.tile(np.asarray(norm.moving_mean, np.float64), repeated), np.tile(scale, repeated)
    return [kernel * scale, (bias - mean) * scale]
