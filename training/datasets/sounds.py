"""Folders of labelled recordings, decoded once and cached."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from deepdream_av.errors import InputError

ENDINGS = {".wav", ".ogg", ".flac", ".mp3", ".m4a", ".aif", ".aiff"}


@dataclass(frozen=True)
class Clips:
    """Recordings of one rate with their classes.

    Attributes:
        samples: one float32 array `[samples]` in [-1, 1] for each clip (mono).
        labels: int32 `[clips]`, index into `classes`.
        folds: int32 `[clips]`, 1 to 5, or 0 where the file names hold no fold.
        classes: names of the sub-folders, sorted.
        names: file names.
        rate: Hz.
    """

    samples: list
    labels: np.ndarray
    folds: np.ndarray
    classes: tuple[str, ...]
    names: tuple[str, ...]
    rate: int

    def __len__(self):
        return len(self.samples)


def read_folder(folder, *, rate: int = 22050, cache=None, folds: bool = False) -> Clips:
    """Reads a folder that holds one sub-folder of sound files for each class.

    Args:
        folder: path of the folder.
        rate: the rate that everything is resampled to, in Hz.
        cache: folder for the decoded samples, or `None`.
        folds: take the first character of each file name as its cross-validation fold (as ESC-10
            names its files, so that clips of one recording share a fold).

    Raises:
        InputError: the folder has no sub-folder with sound files, or a file name lacks its fold.
    """
    folder = Path(folder)
    kinds = sorted(p for p in folder.iterdir() if p.is_dir()) if folder.is_dir() else []
    files = [(k, f) for k in kinds for f in sorted(k.iterdir()) if f.suffix.lower() in ENDINGS]
    if not files:
        raise InputError(
            f"The folder must hold one sub-folder of sound files for each class. Received: {folder}."
        )
    if folds and (bad := [f.name for _, f in files if f.name[0] not in "12345"]):
        raise InputError(f"File names must begin with their fold, 1 to 5. Received: {bad[0]}.")
    return Clips(
        samples=_decode_all([f for _, f in files], rate, cache),
        labels=np.array([kinds.index(k) for k, _ in files], np.int32),
        folds=np.array([int(f.name[0]) if folds else 0 for _, f in files], np.int32),
        classes=tuple(k.name.split("_", 1)[1] if k.name[:3].isdigit() else k.name for k in kinds),
        names=tuple(f.name for _, f in files),
        rate=rate,
    )


def decode(path, rate: int) -> np.ndarray:
    """Samples of one sound file, mono, resampled; float32 `[samples]`."""
    import av

    with av.open(os.fspath(path)) as container:
        resampler = av.AudioResampler(format="flt", layout="mono", rate=rate)
        pieces = []
        for frame in container.decode(audio=0):
            pieces += [f.to_ndarray()[0] for f in resampler.resample(frame)]
        pieces += [f.to_ndarray()[0] for f in resampler.resample(None)]
    if not pieces:
        raise InputError(f"No sound decodes from {path}.")
    return np.concatenate(pieces).astype(np.float32)


def _decode_all(files, rate, cache):
    if cache is None:
        return [decode(f, rate) for f in files]
    described = "\n".join(f"{f.resolve()} {f.stat().st_size}" for f in files) + f"\n{rate}"
    key = hashlib.sha256(described.encode()).hexdigest()[:16]
    flat_file, ends_file = Path(cache) / f"sounds-{key}.npy", Path(cache) / f"sounds-{key}-ends.npy"
    if not ends_file.exists():
        flat_file.parent.mkdir(parents=True, exist_ok=True)
        decoded = [decode(f, rate) for f in files]
        np.save(flat_file, np.concatenate(decoded))
        np.save(ends_file, np.cumsum([len(d) for d in decoded]))
    flat, ends = np.load(flat_file), np.load(ends_file)
    return [np.array(piece) for piece in np.split(flat, ends[:-1])]
