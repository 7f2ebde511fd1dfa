"""From a name or a folder to labelled pictures: made by code, one's own, or of TensorFlow Datasets."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np

from deepdream_av.errors import UsageError
from training.datasets import synthesis
from training.datasets.holdout import SHARE
from training.datasets.labelled import Labelled

LIMIT = 1000  # pictures to learn from, unless told otherwise
SIZE = 224


def default_cache() -> Path:
    """Folder for pictures that were made or decoded: `$XDG_CACHE_HOME/deepdream_av` or `~/.cache/deepdream_av`."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "deepdream_av"


def load_pictures(
    spec: str | os.PathLike,
    *,
    size: int = SIZE,
    limit: int = 0,
    seed: int = 0,
    cache: str | os.PathLike | None = None,
    progress: Callable | None = None,
) -> Labelled:
    """Labelled pictures, cached on disk as they are needed.

    Args:
        spec: `"fractals"`, `"ornaments"`, `"organic"`; a folder with a directory for each class; or a name that
            TensorFlow Datasets knows, such as `"oxford_flowers102"` or `"dtd"`.
        size: side in pixels; other pictures are cropped to a square around their middle and scaled.
        limit: most pictures to learn from, evenly of all classes; 0: 1,000 made ones, or all that a folder has.
        seed: of what is made and of what is held out.
        cache: folder; `default_cache()` if None.
        progress: called as `progress(done, count)` while pictures are made or decoded.

    Raises:
        InputError: no such folder or dataset, fewer than two classes, or a class with fewer than two pictures.
        UsageError: numbers out of range.
    """
    if size < 32 or limit < 0:
        raise UsageError(f"`size` must be at least 32, `limit` at least 0. Received: {size} and {limit}.")
    spec, cache = os.fspath(spec), Path(cache) if cache else default_cache()
    if spec in synthesis.DATASETS:
        return _made(spec, size, limit or LIMIT, seed, cache, progress)
    if Path(spec).is_dir():
        from training.datasets.folders import load_folder as load
    else:
        from training.datasets.catalogue import load_tfds as load
    return load(
        Path(spec) if Path(spec).is_dir() else spec,
        size=size,
        limit=limit,
        seed=seed,
        cache=cache,
        progress=progress,
    )


def _made(name, size, limit, seed, cache, progress) -> Labelled:
    classes = tuple(synthesis.categories(name))
    if limit < 2 * len(classes):
        raise UsageError(
            f"`limit` must be at least {2 * len(classes)}, two pictures of each class. Received: {limit}."
        )
    count = {"train": limit, "validation": max(len(classes), round(limit * SHARE))}
    x = {
        split: synthesis.pictures(name, n, size=size, cache=cache, seed=seed, split=split, progress=progress)
        for split, n in count.items()
    }
    y = {split: (np.arange(n) % len(classes)).astype(np.int32) for split, n in count.items()}
    return Labelled(name, "image", classes, x["train"], y["train"], x["validation"], y["validation"])
