"""Generators and discriminators that are ready to use: the package's own, or a `.keras` file."""

from __future__ import annotations

import os
from importlib import resources

from deepdream_av.errors import WeightsError

SIZE, LATENT, WIDTH = 64, 64, 32
"""Of the pair that ships in the package."""


def load_generator(name: str | os.PathLike = ""):
    """A trained generator.

    Args:
        name: a `.keras` file, e.g. of `python -m training.gan`; empty for the one in the package.

    Returns:
        `keras.Model` from `[batch, latent]`, unit normal, to pictures `[batch, size, size, 3]` in [0, 1].

    Raises:
        WeightsError: not a saved network, one that needs code of its own, or one that does not paint.
    """
    from deepdream_av.gan.models import build_generator

    if not name:
        return _own(build_generator(size=SIZE, latent=LATENT, width=WIDTH), "generator.npz")
    model = _saved(name, "generator")
    takes, gives = _shape(model, "input_shape"), _shape(model, "output_shape")
    if len(takes) != 2 or len(gives) != 4 or gives[3] != 3 or not all((takes[1], gives[1], gives[2])):
        raise WeightsError(
            "`generator` must make pictures [height, width, 3] of latent vectors [latent]. "
            f"Received: '{name}' from {takes} to {gives}."
        )
    return model


def load_discriminator(name: str | os.PathLike = ""):
    """A trained discriminator; as a backbone, what it looks for can be dreamt.

    Args:
        name: a `.keras` file; empty for the one in the package.

    Returns:
        `keras.Model` from pictures `[batch, height, width, 3]` in [0, 1] to the logit `[batch, 1]` of their being
        real.

    Raises:
        WeightsError: not a saved network, one that needs code of its own, or one that does not look at pictures.
    """
    from deepdream_av.gan.models import build_discriminator

    if not name:
        return _own(build_discriminator(size=SIZE, width=WIDTH), "discriminator.npz")
    model = _saved(name, "discriminator")
    takes, gives = _shape(model, "input_shape"), _shape(model, "output_shape")
    if len(takes) != 4 or takes[3] != 3 or gives[1:] != (1,):
        raise WeightsError(
            "`discriminator` must make one logit of a picture [height, width, 3]. "
            f"Received: '{name}' from {takes} to {gives}."
        )
    return model


def _own(model, file: str):
    from deepdream_av.backbones.embedded import set_weights

    set_weights(model, resources.files("deepdream_av") / "gan" / "weights" / file)
    return model


def _saved(name, kind: str):
    import keras

    try:
        return keras.models.load_model(os.fspath(name), compile=False, safe_mode=True)
    except Exception as error:  # zip, JSON, HDF5 and Keras raise many kinds here
        line = (str(error).strip().splitlines() or [type(error).__name__])[0][:160].rstrip(".")
        raise WeightsError(
            f"`{kind}` must be a network saved by Keras 3 without custom code. Received: '{name}' ({line})."
        ) from None


def _shape(model, name: str) -> tuple:
    """A model's shape, or `()` where it has several or none."""
    shape = getattr(model, name, None)
    return shape if isinstance(shape, tuple) and all(x is None or isinstance(x, int) for x in shape) else ()
