"""A folder with a directory for each class, in any picture format, decoded once."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import numpy as np

from deepdream_av.errors import InputError
from training.datasets.holdout import SHARE, evenly, held_out
from training.datasets.labelled import Labelled

_NAMED = 5  # files that are named in one note


def load_folder(folder: Path, *, size: int, limit: int, seed: int, cache: Path, progress=None) -> Labelled:
    """See `training.datasets.pictures.load_pictures`."""
    classes = sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith("."))
    if len(classes) < 2:
        raise InputError(
            f"`data` must be a folder with a directory for each of two or more classes. Received: '{folder}' "
            f"with {len(classes)}."
        )
    files, labels = [], []
    for k, path in enumerate(classes):
        found = sorted(p for p in path.rglob("*") if p.is_file() and not p.name.startswith("."))
        if not found:
            raise InputError(f"Every class must have two or more pictures. Received: none in '{path}'.")
        files += found
        labels += [k] * len(found)
    labels = np.array(labels, np.int32)
    wanted = evenly(labels, round(limit / (1 - SHARE)) if limit else 0, seed)
    files, labels = [files[k] for k in wanted], labels[wanted]
    x, bad = _decoded(files, size, cache, progress)
    good = np.array([k for k in range(len(files)) if k not in bad], int)
    names = tuple(p.name for p in classes)
    for k in range(len(names)):
        count = int((labels[good] == k).sum())
        if count < 2:
            raise InputError(
                f"Every class must have two or more pictures. Received: {count} that can be read in '{classes[k]}'."
            )
    notes = ()
    if bad:
        named = ", ".join(str(files[k].relative_to(folder)) for k in sorted(bad)[:_NAMED])
        more = f" and {len(bad) - _NAMED} more" if len(bad) > _NAMED else ""
        notes = (f"skipped, as they are no pictures that can be read: {named}{more}",)
    return held_out(folder.name, names, x, labels, good, seed, notes)


def _decoded(files, size, cache, progress):
    """All files as squares, uint8 `[n, size, size, 3]`, and the numbers of those that cannot be read."""
    from concurrent.futures import ThreadPoolExecutor

    key = hashlib.sha256(str(size).encode())
    for p in files:
        stat = p.stat()
        key.update(f"{p.resolve()}|{stat.st_size}|{stat.st_mtime_ns}\n".encode())
    cache.mkdir(parents=True, exist_ok=True)
    store = cache / f"folder-{key.hexdigest()[:16]}.u8"
    said = store.with_suffix(".json")
    shape = (len(files), size, size, 3)
    if not said.is_file():  # written last
        part = store.with_suffix(f".{os.getpid()}.part")
        array, bad = np.memmap(part, np.uint8, "w+", shape=shape), []
        with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
            for k, picture in enumerate(pool.map(lambda p: _square(p, size), files)):
                if picture is None:
                    bad.append(k)
                else:
                    array[k] = picture
                if progress:
                    progress(k + 1, len(files))
        array.flush()
        os.replace(part, store)
        part.write_text(json.dumps(bad))
        os.replace(part, said)
    return np.memmap(store, np.uint8, "r", shape=shape), set(json.loads(said.read_text()))


def _square(path, size):
    """A file as uint8 `[size, size, 3]`, or None."""
    from deepdream_av.errors import DeepDreamError
    from deepdream_av.media.image import read_image

    try:
        return squared(read_image(path).array, size)
    except DeepDreamError:
        return None


def squared(picture: np.ndarray, size: int) -> np.ndarray:
    """The middle of a picture, uint8 `[size, size, 3]`.

    Args:
        picture: float32 `[height, width, 3]` in [0, 1], or uint8.
    """
    import cv2

    height, width = picture.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = np.ascontiguousarray(picture[top : top + side, left : left + side])
    square = cv2.resize(
        square, (size, size), interpolation=cv2.INTER_AREA if side > size else cv2.INTER_CUBIC
    )
    if square.dtype == np.uint8:
        return square
    return (np.clip(square, 0, 1) * 255 + 0.5).astype(np.uint8)
