"""Labelled pictures of TensorFlow Datasets."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np

from deepdream_av.errors import InputError, MissingExtraError
from training.datasets.folders import squared
from training.datasets.holdout import SHARE, evenly, held_out
from training.datasets.labelled import Labelled


def load_tfds(name: str, *, size: int, limit: int, seed: int, cache: Path, progress=None) -> Labelled:
    """See `training.datasets.pictures.load_pictures`.

    Raises:
        MissingExtraError: TensorFlow Datasets is not installed.
        InputError: it does not know the name, or cannot fetch the data.
    """
    try:
        import tensorflow_datasets as tfds
    except ImportError:
        raise MissingExtraError(
            f"`data` '{name}' is neither a folder nor a dataset made by code; to look for it in TensorFlow Datasets: "
            "pip install 'deepdream-av[training]'."
        ) from None
    if name.partition("/")[0] not in tfds.list_builders():
        raise InputError(
            "`data` must be fractals, ornaments, organic, a folder with a directory for each class, or a name of "
            f"TensorFlow Datasets. Received: '{name}'."
        )
    try:
        builder = tfds.builder(name)
        builder.download_and_prepare()
        classes = tuple(builder.info.features["label"].names)
        splits = [s for s in ("train", "validation", "test") if s in builder.info.splits]
        source = builder.as_dataset(split="+".join(splits))
        count = sum(builder.info.splits[s].num_examples for s in splits)
        x, labels = _decoded(
            source, count, size, cache / f"tfds-{name.replace('/', '-')}-{size}.u8", progress
        )
    except Exception as error:  # no connection, no space, no labels: TFDS raises many kinds
        line = (str(error).strip().splitlines() or [type(error).__name__])[0][:160]
        raise InputError(f"`data` '{name}' could not be had from TensorFlow Datasets ({line}).") from None
    wanted = evenly(labels, round(limit / (1 - SHARE)) if limit else 0, seed)
    return held_out(name, classes, x, labels, wanted, seed, ())


def _decoded(source, count, size, store: Path, progress):
    """All pictures as squares, uint8 `[count, size, size, 3]`, and their labels."""
    store.parent.mkdir(parents=True, exist_ok=True)
    said, shape = store.with_suffix(".json"), (count, size, size, 3)
    if not said.is_file():  # written last
        part = store.with_suffix(f".{os.getpid()}.part")
        array, labels = np.memmap(part, np.uint8, "w+", shape=shape), []
        for k, example in enumerate(source.as_numpy_iterator()):
            array[k] = squared(example["image"], size)
            labels.append(int(example["label"]))
            if progress:
                progress(k + 1, count)
        array.flush()
        os.replace(part, store)
        part.write_text(json.dumps(labels))
        os.replace(part, said)
    return np.memmap(store, np.uint8, "r", shape=shape), np.array(json.loads(said.read_text()), np.int32)
