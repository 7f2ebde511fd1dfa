"""Nearest channels of two networks: those whose activations go together over the places of the same pictures."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from deepdream_av.analysis.levels import maps_of
from deepdream_av.errors import UsageError

GRID = 12  # places along each side of a picture, at which both networks are compared


@dataclass(frozen=True)
class Near:
    """A channel of one network and its nearest in another.

    Attributes:
        name: `layer#channel` of the first network.
        nearest: `layer#channel` of the other one.
        correlation: Pearson's, over all places of all pictures.
        chance: the highest correlation that the same channel finds when the pictures are mixed up.
    """

    name: str
    nearest: str
    correlation: float
    chance: float


class Correlations:
    """Collects the correlations of all channels of some layers of two networks, picture by picture.

    Args:
        first, second: networks of one kind.
        layers, other_layers: names of their layers.
    """

    def __init__(self, first, second, layers: Iterable[str], other_layers: Iterable[str]):
        if first.kind != "image" or second.kind != "image":
            raise UsageError(
                f"`backbone` and `to` must both look at pictures. Received: {first.name!r} and {second.name!r}."
            )
        self.first, self.second = first, second
        self.layers, self.other_layers = tuple(layers), tuple(other_layers)
        self._a: list[np.ndarray] = []
        self._b: list[np.ndarray] = []

    def add(self, picture: np.ndarray) -> None:
        """One more picture, float32 `[height, width, 3]`."""
        self._a.append(_on_grid(maps_of(self.first, self.layers, picture), self.layers))
        self._b.append(_on_grid(maps_of(self.second, self.other_layers, picture), self.other_layers))

    def nearest(self, channels: Iterable[str] = ()) -> list[Near]:
        """The nearest channel for each channel, surest first.

        Args:
            channels: `layer#channel` of the first network; all if empty.

        Raises:
            UsageError: fewer than two pictures, for which nothing can be mixed up.
        """
        if len(self._a) < 2:
            raise UsageError(f"`photos` must hold at least 2 pictures. Received: {len(self._a)}.")
        mine, others = self._names(self.first, self.layers), self._names(self.second, self.other_layers)
        a, b = (_standardised(np.concatenate(x)) for x in (self._a, self._b))
        if channels := tuple(channels):
            chosen = [mine.index(c) for c in channels]
            mine, a = list(channels), a[:, chosen]
        table = a.T @ b / len(a)
        # the control: each picture's places against those of the next one
        moved = a.T @ np.roll(b, len(self._b[0]), axis=0) / len(a)
        best, chance = table.argmax(1), moved.max(1)
        found = [
            Near(mine[k], others[n], round(float(table[k, n]), 4), round(float(chance[k]), 4))
            for k, n in enumerate(best)
        ]
        return sorted(found, key=lambda near: -near.correlation)

    @staticmethod
    def _names(backbone, layers) -> list[str]:
        return [f"{name}#{n}" for name in layers for n in range(backbone.channels(name))]


def _on_grid(maps: dict, layers) -> np.ndarray:
    """All layers at the same places: float32 `[places, channels of all layers]`."""
    parts = []
    for name in layers:
        map_ = maps[name]
        rows, columns = _shares(map_.shape[0]), _shares(map_.shape[1])
        parts.append(np.einsum("ay,bx,yxc->abc", rows, columns, map_, optimize=True).reshape(GRID * GRID, -1))
    return np.concatenate(parts, 1)


def _shares(length: int) -> np.ndarray:
    """`[GRID, length]`: mean over each of the grid's cells, interpolated where the map is coarser."""
    fine = 8 * GRID
    at = np.clip((np.arange(fine) + 0.5) / fine * length - 0.5, 0, length - 1)
    low = np.floor(at).astype(int)
    weights = np.zeros([fine, length], np.float32)
    weights[np.arange(fine), low] += 1 - (at - low)
    weights[np.arange(fine), np.minimum(low + 1, length - 1)] += at - low
    return weights.reshape(GRID, 8, length).mean(1)


def _standardised(x: np.ndarray) -> np.ndarray:
    """Mean 0 and deviation 1 of each column; a channel that never changes goes with none."""
    x = x - x.mean(0)
    deviation = x.std(0)
    return np.where(
        deviation > 1e-6 * max(float(deviation.max()), 1e-12), x / np.maximum(deviation, 1e-12), 0.0
    )
