"""Textures of classes as arrays in a file: symmetric matrices, of which one half says all."""

from __future__ import annotations

import numpy as np

from deepdream_av.errors import WeightsError

_SCALE = "scale/"


def pack_textures(textures: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Upper halves as float16, beside the largest number of each, which float16 could not hold.

    Args:
        textures: `{layer: float [classes, channels, channels]}`, symmetric.
    """
    arrays = {}
    for name, matrices in textures.items():
        largest = np.abs(matrices).max((1, 2)).astype(np.float32) + np.float32(1e-12)
        upper = (matrices / largest[:, None, None])[:, *np.triu_indices(matrices.shape[1])]
        arrays[name], arrays[_SCALE + name] = upper.astype(np.float16), largest
    return arrays


def unpack_textures(arrays: dict[str, np.ndarray], path) -> dict[str, np.ndarray]:
    """What `pack_textures` packed, float32.

    Args:
        arrays: as they were read.
        path: of their file, for the message.

    Raises:
        WeightsError: they are something else.
    """
    whole = {}
    for name, packed in arrays.items():
        if name.startswith(_SCALE):
            continue
        scale = arrays.get(_SCALE + name, np.zeros(0))
        width = int(np.sqrt(2 * packed.shape[-1])) if packed.ndim == 2 else 0
        fits = width and scale.ndim == 1 and packed.shape == (len(scale), width * (width + 1) // 2)
        if not fits or not np.isfinite(packed).all() or not np.isfinite(scale).all():
            raise WeightsError(
                f"`backbone` has textures that cannot be read. Received: '{path}' with {packed.shape} for {name!r}."
            )
        rows, columns = np.triu_indices(width)
        matrices = np.zeros([len(packed), width, width], np.float32)
        matrices[:, rows, columns] = matrices[:, columns, rows] = packed * scale[:, None]
        whole[name] = matrices
    return whole
