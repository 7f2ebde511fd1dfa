"""A network that paints any style in one go: arbitrary stylisation, from TensorFlow Hub or a SavedModel folder."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import tensorflow as tf

from deepdream_av.backbones.hub import _loaded
from deepdream_av.errors import WeightsError

STYLE_SIDE = 256  # pixels of the style, at which Ghiasi et al. (2017) trained


@lru_cache(maxsize=2)
def load_stylizer(handle: str):
    """`stylize(content, style)` of a handle or a folder: float32 `[1, height, width, 3]` in [0, 1], all three.

    The network is that of `magenta/arbitrary-image-stylization-v1-256` or one with the same inputs and output.

    Raises:
        MissingExtraError: a handle, and no tensorflow_hub.
        InputError: a folder without a SavedModel.
        WeightsError: it cannot be fetched, or it is another kind of network.
    """
    loaded = _loaded(handle)  # the hub's own loader does no more for a folder, and is not needed for one
    if callable(loaded):
        called = loaded
    elif "serving_default" in getattr(loaded, "signatures", {}):
        called = _by_signature(loaded.signatures["serving_default"], handle)
    else:
        raise WeightsError(
            f"`stylizer` must take a content and a style. Received: '{handle}', which takes neither."
        )

    def stylize(content: np.ndarray, style: np.ndarray) -> np.ndarray:
        try:
            found = called(tf.constant(content, tf.float32), tf.constant(style, tf.float32))
        except (TypeError, ValueError, tf.errors.OpError) as error:
            line = (str(error).strip().splitlines() or [type(error).__name__])[0][:120]
            raise WeightsError(
                f"`stylizer` must take a content and a style picture. Received: '{handle}' ({line})."
            ) from None
        if isinstance(found, dict):
            found = list(found.values())
        found = found[0] if isinstance(found, list | tuple) else found
        if len(found.shape) != 4 or found.shape[-1] != 3:
            raise WeightsError(
                f"`stylizer` must give pictures. Received: '{handle}', which gives {found.shape}."
            )
        return found.numpy()

    stylize.network = loaded  # functions of a SavedModel die with it
    return stylize


def _by_signature(function, handle: str):
    """A signature takes its inputs by name: in the order of their names, the content comes first."""
    names = sorted(function.structured_input_signature[1])
    if len(names) != 2:
        raise WeightsError(
            f"`stylizer` must take two pictures. Received: '{handle}', which takes {len(names)}."
        )
    return lambda content, style: function(**{names[0]: content, names[1]: style})


def stylized(
    picture: np.ndarray, paintings, handle: str, *, scale: float = 1.0, strength: float = 1.0
) -> np.ndarray:
    """A picture in one go in the style of some paintings, which are mixed by weight and each kept to its mask.

    Args:
        picture: float32 `[height, width, 3]` in [0, 1].
        paintings: `objectives.paintings.Painting`s.
        handle: see `load_stylizer`.
        scale: size of the brushwork: how large the paintings are shown.
        strength: share of the result; the rest is the picture.

    Returns:
        float32 `[height, width, 3]` in [0, 1].
    """
    from deepdream_av.canvases.pixels import scaled

    stylize = load_stylizer(handle)
    height, width = picture.shape[:2]
    total, weights = np.zeros_like(picture), np.full((height, width, 1), 1e-6, np.float32)
    for painting in paintings:
        side = max(64, round(STYLE_SIDE * scale))
        style = np.clip(scaled(painting.array, (side, side)), 0.0, 1.0)
        # the network halves and doubles: its output may be a few pixels larger or smaller
        result = np.clip(scaled(stylize(picture[None], style[None])[0], (height, width)), 0.0, 1.0)
        share = np.full((height, width, 1), painting.weight, np.float32)
        if painting.mask is not None:
            share = share * scaled(painting.mask[..., None].repeat(3, -1), (height, width))[..., :1]
        total, weights = total + share * result, weights + share
    # where no mask is white, the picture stays
    covered = np.minimum(weights / max(sum(p.weight for p in paintings), 1e-6), 1.0)
    if all(p.mask is None for p in paintings):
        covered = np.float32(1.0)
    share = np.float32(min(strength, 1.0)) * covered
    return picture + share * (total / weights - picture)
