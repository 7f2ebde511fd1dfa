"""How near painted pictures come to a set of true ones, measured in the features of a network that knows the set.

The Frechet distance is that of Heusel et al. 2017 (arXiv:1706.08500), but in the features of a network of one's own:
its numbers compare two generators on one judge and are no FID. Coverage (Naeem et al. 2020, arXiv:2002.09797) says
which share of the true pictures has a painted one in its neighbourhood: a generator that has collapsed has little.
"""

from __future__ import annotations

import os

import numpy as np

from deepdream_av.errors import UsageError, WeightsError

_BATCH = 64


def frechet_distance(a: np.ndarray, b: np.ndarray) -> float:
    """Squared Frechet distance of the normal distributions that fit two sets of features.

    Args:
        a, b: `[n, features]` and `[m, features]`.

    Raises:
        UsageError: other shapes, or less than two rows.

    >>> round(frechet_distance(np.array([[0.0], [2.0]]), np.array([[3.0], [5.0]])), 6)  # means 1 and 4, spread alike
    9.0
    """
    a, b = _checked(a, b)
    difference = a.mean(0) - b.mean(0)
    first, second = np.atleast_2d(np.cov(a.T)), np.atleast_2d(np.cov(b.T))
    # The trace of sqrt(first second), by the symmetric matrix that has the same eigenvalues: it stays real where a
    # covariance is singular, and a general matrix square root does not.
    values, vectors = np.linalg.eigh(first)
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    shared = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ second @ root), 0)).sum()
    return float(max(0.0, difference @ difference + np.trace(first) + np.trace(second) - 2 * shared))


def coverage(true: np.ndarray, painted: np.ndarray, *, k: int = 5) -> float:
    """Share of the true pictures within whose distance to their k-th true neighbour lies a painted picture.

    Args:
        true, painted: features `[n, features]` and `[m, features]`; the definition has n = m in mind.
        k: which neighbour.

    Raises:
        UsageError: other shapes, or not more than `k` true ones.
    """
    true, painted = _checked(true, painted)
    if not 1 <= k < len(true):
        raise UsageError(f"`k` must be from 1 to {len(true) - 1}, one less than the pictures. Received: {k}.")
    among = _squared_distances(true, true)
    np.fill_diagonal(among, -1)  # oneself first, whatever the rounding
    radius = np.partition(among, k, axis=1)[:, k]
    return float((_squared_distances(true, painted).min(1) <= radius).mean())


def load_judge(path: str | os.PathLike = ""):
    """A function from pictures to features.

    Args:
        path: a classifier saved as `.keras` whose last dense layer is named `logits`: the features are what that
            layer sees. Empty: the means of dreamnet's maps at strides 16 and 32.

    Returns:
        `features(pictures)`: uint8 `[n, height, width, 3]`, or float in [0, 1], to float32 `[n, features]`.

    Raises:
        WeightsError: not such a classifier.
    """
    import keras

    if not path:
        from deepdream_av import load_backbone

        net = load_backbone("dreamnet").truncated(["stride16", "stride32"])
        return lambda x: _in_batches(
            lambda p: np.concatenate([np.mean(m, (1, 2)) for m in net(p).values()], 1), x
        )
    try:
        model = keras.models.load_model(os.fspath(path), compile=False, safe_mode=True)
        inner = keras.Model(model.inputs[0], model.get_layer("logits").input)
        side = model.inputs[0].shape[1]
    except Exception as error:  # zip, JSON, HDF5 and Keras raise many kinds here
        line = (str(error).strip().splitlines() or [type(error).__name__])[0][:160].rstrip(".")
        raise WeightsError(
            "`judge` must be a classifier saved by Keras 3 with a dense layer named 'logits'. "
            f"Received: '{path}' ({line})."
        ) from None
    return lambda x: _in_batches(lambda p: inner(_sized(p, side), training=False), x)


def _in_batches(network, pictures) -> np.ndarray:
    parts = []
    for k in range(0, len(pictures), _BATCH):
        x = np.asarray(pictures[k : k + _BATCH])
        x = x.astype(np.float32) / 255 if x.dtype == np.uint8 else x.astype(np.float32)
        parts.append(np.asarray(network(x), np.float32).reshape(len(x), -1))
    return np.concatenate(parts)


def _sized(pictures, side):
    """Pictures at the size that the judge was built for, if it was for one."""
    import tensorflow as tf

    return pictures if side in (None, pictures.shape[1]) else tf.image.resize(pictures, (side, side))


def _squared_distances(a, b):
    return np.maximum((a * a).sum(1)[:, None] + (b * b).sum(1)[None] - 2 * a @ b.T, 0)


def _checked(a, b):
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[1] or min(len(a), len(b)) < 2:
        raise UsageError(
            f"Features must be [n, features] and [m, features], two rows or more. Received: {a.shape} and {b.shape}."
        )
    return a, b
