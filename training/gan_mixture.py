"""Several labelled sets of pictures as one."""

from __future__ import annotations

import numpy as np

from training.datasets.labelled import Labelled


def mixed(parts: list[Labelled]) -> Labelled:
    """One set of several; the labels of each follow those of the ones before.

    Args:
        parts: of pictures of the same size.
    """
    shifts = np.cumsum([0, *(len(p.classes) for p in parts[:-1])])
    return Labelled(
        ",".join(p.name for p in parts),
        parts[0].kind,
        tuple(f"{p.name}/{c}" for p in parts for c in p.classes),
        *(
            np.concatenate([np.asarray(getattr(p, name)) + (shift if name.endswith("_y") else 0)
                            for p, shift in zip(parts, shifts)]).astype(np.uint8 if name.endswith("_x") else np.int32)
            for name in ("train_x", "train_y", "validation_x", "validation_y")
        ),
        tuple(note for p in parts for note in p.notes),
    )  # fmt: skip
