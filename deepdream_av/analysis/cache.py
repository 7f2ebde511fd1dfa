"""What has been computed once for a network is kept on disk: dreamt channels, usual levels."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import zipfile
from functools import lru_cache
from pathlib import Path

import numpy as np


def cache_folder() -> Path:
    """`~/.cache/deepdream_av`, or where `XDG_CACHE_HOME` says; it may be deleted at any time."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "deepdream_av"


class Cache:
    """Arrays under keys; a key is anything that JSON holds, and names all that the array depends on.

    A cache that cannot be written to is none: everything works without, only slower.

    Args:
        folder: where; `cache_folder()` unless given.
        enabled: False keeps and finds nothing.
    """

    def __init__(self, folder: str | os.PathLike | None = None, *, enabled: bool = True):
        self.folder = Path(folder) if folder else cache_folder()
        self.enabled = enabled

    def read(self, *key) -> np.ndarray | None:
        """The array of a key, or None if there is none, or its file is broken."""
        if not self.enabled or None in key:
            return None
        try:
            with np.load(self._path(key), allow_pickle=False) as archive:
                return archive["array"]
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None

    def write(self, array: np.ndarray, *key) -> None:
        """Keep an array, whole or not at all."""
        if not self.enabled or None in key:
            return
        path = self._path(key)
        part = path.with_name(f".{path.stem}.{secrets.token_hex(4)}.part.npz")
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                np.savez_compressed(part, array=array)
                os.replace(part, path)
            finally:
                part.unlink(missing_ok=True)

    def _path(self, key) -> Path:
        name = hashlib.sha256(json.dumps(key).encode()).hexdigest()[:32]
        return self.folder / name[:2] / f"{name}.npz"


@lru_cache(maxsize=16)
def fingerprint(backbone) -> str | None:
    """A hash of a network's weights, layers and precision; None for one whose weights cannot be read."""
    model = getattr(backbone, "model", None)
    if not hasattr(model, "weights") or not hasattr(model, "layers"):
        return None
    digest = hashlib.sha256()
    for layer in model.layers:
        if type(layer).__name__ == "InputLayer":  # named by how many there were before
            continue
        digest.update(f"{layer.name} {getattr(layer, 'compute_dtype', '')}\n".encode())
    for weight in model.weights:
        digest.update(np.ascontiguousarray(weight).tobytes())
    return digest.hexdigest()[:32]
