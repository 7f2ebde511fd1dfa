"""Which examples are learnt from, and which are only judged by."""

from __future__ import annotations

import numpy as np

from training.datasets.labelled import Labelled

SHARE = 0.2  # of every class is held out


def evenly(labels: np.ndarray, most: int, seed: int) -> np.ndarray:
    """Numbers of at most `most` examples, of every class as many; all of them if 0."""
    if not most or most >= len(labels):
        return np.arange(len(labels))
    order = np.random.default_rng([seed, 1]).permutation(len(labels))
    place = np.empty(len(labels), int)  # of each example within its class
    for k in np.unique(labels):
        mine = order[labels[order] == k]
        place[mine] = np.arange(len(mine))
    chosen = np.lexsort((order.argsort(), place))[: max(most, 2 * len(np.unique(labels)))]
    return np.sort(chosen)


def held_out(name, classes, x, labels, good, seed, notes) -> Labelled:
    """Pictures, of which one in five of each class, and one at the least, is held out.

    Args:
        name, classes, notes: as in `Labelled`.
        x: uint8 `[n, size, size, 3]`; rows that are not used stay where they are.
        labels: int32 `[n]`.
        good: numbers of the examples that are used.
        seed: which ones are held out.
    """
    rng, train, held = np.random.default_rng([seed, 2]), [], []
    for k in range(len(classes)):
        mine = rng.permutation(good[labels[good] == k])
        count = max(1, round(len(mine) * SHARE))
        held.append(mine[:count])
        train.append(mine[count:])
    train, held = (np.sort(np.concatenate(part)) for part in (train, held))
    return Labelled(
        name, "image", classes, _Chosen(x, train), labels[train], _Chosen(x, held), labels[held], notes
    )


class _Chosen:
    """Some rows of a memory map, read when they are asked for."""

    def __init__(self, array, rows):
        self._array, self._rows = array, rows
        self.shape = (len(rows), *array.shape[1:])
        self.dtype = array.dtype

    def __len__(self):
        return len(self._rows)

    def __getitem__(self, key):
        return self._array[self._rows[key]]

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self._array[self._rows], dtype)
