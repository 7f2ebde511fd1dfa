"""An atlas of what a network finds in a folder of photos: a map of directions, neighbours alike, each cell dreamt.

After Carter et al. (2019, "Activation Atlas"), who lay activations out by UMAP and average them in the cells of a
grid. Here a self-organising map (Kohonen 1982) does both at once and needs no further package.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from deepdream_av.analysis.levels import maps_of
from deepdream_av.errors import InputError

PLACES = 12  # that are taken of each photo
_ROUNDS = 24


@dataclass(frozen=True, eq=False)
class Atlas:
    """A map of activations.

    Attributes:
        layer: whose they are.
        vectors: mean activation of each cell, float32 `[rows, columns, channels]`.
        count: activations in each cell, int `[rows, columns]`.
    """

    layer: str
    vectors: np.ndarray
    count: np.ndarray

    def directions(self, usual: np.ndarray) -> np.ndarray:
        """What sets each cell apart: its mean without what all cells have, float32 `[cells, channels]`.

        Args:
            usual: mean activation over all that was collected, `[channels]`.
        """
        vectors = self.vectors.reshape(-1, self.vectors.shape[-1]) - 0.5 * usual
        return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)


def collect(
    backbone, layer: str, pictures: Iterable[np.ndarray], *, progress: Callable | None = None
) -> np.ndarray:
    """Activations at some places of each picture, float32 `[places, channels]`; never at an edge.

    Args:
        backbone: from `load_backbone`.
        layer: name of the layer.
        pictures: float32 `[height, width, 3]`.
        progress: called with 1 after each picture.

    Raises:
        InputError: fewer than 16 places in all.
    """
    rng, found = np.random.default_rng(0), []
    for picture in pictures:
        map_ = maps_of(backbone, (layer,), picture)[layer]
        inner = map_[1:-1, 1:-1] if min(map_.shape[:2]) > 4 else map_
        flat = inner.reshape(-1, map_.shape[-1])
        found.append(flat[rng.permutation(len(flat))[:PLACES]])
        if progress:
            progress(1)
    if sum(map(len, found)) < 16:
        raise InputError(
            f"An atlas needs more photos. Received: {len(found)} with {sum(map(len, found))} places."
        )
    return np.concatenate(found)


def drawn(layer: str, activations: np.ndarray, *, cells: int = 8) -> Atlas:
    """Lay activations out on a square map.

    Args:
        layer: their layer.
        activations: float32 `[places, channels]`.
        cells: on each side.
    """
    lengths = np.linalg.norm(activations, axis=1, keepdims=True)
    unit = activations / np.maximum(lengths, 1e-9)
    middle = unit.mean(0)
    # the first components hold what tells places apart; the rest is noise, and slow
    _, _, axes = np.linalg.svd(unit - middle, full_matrices=False)
    flat = (unit - middle) @ axes[: min(32, len(axes))].T
    home = _organised(flat, cells)
    vectors = np.zeros([cells * cells, activations.shape[1]], np.float32)
    count = np.bincount(home, minlength=cells * cells)
    np.add.at(vectors, home, activations)
    vectors /= np.maximum(count, 1)[:, None]
    return Atlas(layer, vectors.reshape(cells, cells, -1), count.reshape(cells, cells))


def _organised(points: np.ndarray, cells: int) -> np.ndarray:
    """The cell, 0 to cells^2 - 1, of each point `[points, axes]`, by a self-organising map in batches.

    It starts as the plane of the first two components; the neighbourhood shrinks from half the map to less than a cell.
    """
    at = np.stack(np.meshgrid(np.arange(cells), np.arange(cells), indexing="ij"), -1).reshape(-1, 2)
    apart = ((at[:, None] - at[None]) ** 2).sum(-1)
    plane = (at / max(cells - 1, 1) - 0.5) * 2
    nodes = np.zeros([cells * cells, points.shape[1]])
    spread = points.std(0)
    used = min(2, points.shape[1])
    nodes[:, :used] = 1.5 * plane[:, :used] * spread[:used]
    for turn in range(_ROUNDS):
        width = max(cells / 2 * (0.5 / (cells / 2)) ** (turn / (_ROUNDS - 1)), 0.5)
        home = _closest(points, nodes)
        pull = np.exp(-apart / (2 * width**2))
        sums = np.zeros_like(nodes)
        np.add.at(sums, home, points)
        weight = pull @ np.bincount(home, minlength=len(nodes))
        nodes = (pull @ sums) / np.maximum(weight, 1e-9)[:, None]
    return _closest(points, nodes)


def _closest(points, nodes) -> np.ndarray:
    return ((nodes**2).sum(1)[None] - 2 * points @ nodes.T).argmin(1)
