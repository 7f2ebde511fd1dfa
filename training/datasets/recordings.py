"""From a folder of recordings, or from the word `music`, to labelled pieces of sound."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from deepdream_av.errors import DeepDreamError, InputError, UsageError
from training.datasets import crops, music
from training.datasets.holdout import SHARE, evenly
from training.datasets.labelled import Labelled
from training.datasets.pictures import default_cache

LIMIT = 1600  # pieces of synthesised music to learn from, unless told otherwise
MOST = 20_000  # pieces to learn from of a folder, unless told otherwise: 550 MB
LEVEL = 10 ** (-18 / 20)  # of a piece's loudest frame, full scale being 1: the middle of what music has
LONGEST = 1800  # seconds of a file that are heard
SHORTEST = 0.05  # seconds; shorter than one window
SILENT = 1e-4  # -80 dB, just above the noise of 16 bits
VALIDATION_FOLD = "5"
_ESC = re.compile(r"[1-5]-\d+-[A-Z](-\d+)?\.\w+")
_PER_CLIP = 400
_NAMED = 5  # files that are named in one note


def load_recordings(
    spec: str | os.PathLike,
    *,
    limit: int = 0,
    seed: int = 0,
    cache: str | os.PathLike | None = None,
    progress: Callable | None = None,
) -> Labelled:
    """Labelled pieces of sound, 2.48 s each, as log-mels; cached on disk.

    A recording gives several pieces, all of them to learn from or all of them to judge by. Of every class one
    recording in five is held out, and one at the least. A folder whose files are named as those of ESC-10 and ESC-50
    are (`fold-source-take.ogg`) is split by its folds: the fifth is held out, as pieces of one source share a fold.

    Args:
        spec: `"music"`: clips made by code, whose class is their instrument; or a folder with a directory of
            recordings for each class, in any format and at any rate that FFmpeg reads.
        limit: most pieces to learn from, evenly of all classes and two of each at the least; 0: 1,600 made ones, or
            up to 20,000 of a folder.
        seed: of what is made and of what is held out.
        cache: folder; that of pictures if None.
        progress: called as `progress(done, count)` while recordings are made or read.

    Returns:
        `Labelled` of kind `"sound"`, float16 `[n, 108, 128]`; its notes name the files that could not be used.

    Raises:
        InputError: no such folder, fewer than two classes, or a class with fewer than two recordings.
        UsageError: a limit out of range.
    """
    if limit < 0:
        raise UsageError(f"`limit` must be at least 0. Received: {limit}.")
    spec, cache = os.fspath(spec), Path(cache) if cache else default_cache()
    if spec == "music":
        return _made(limit or LIMIT, seed, cache, progress)
    if not Path(spec).is_dir():
        raise InputError(
            f"`data` must be music, or a folder with a directory of recordings for each class. Received: '{spec}'."
        )
    return _read(_listed(Path(spec)), limit, seed, cache, progress)


def augmentation(*, mix: float = 0.5, pitch: float = 0.4, tempo: float = 0.4) -> Callable:
    """What makes a batch sound as if others had made and recorded it; the hook of `Labelled.batches`.

    Pitch and tempo move by up to the given shares of an octave and of a doubling, each for itself. Then come what
    `training.datasets.augment` does: level, colour, hiss, turns in time, mixtures, and SpecAugment's masks.

    Args:
        mix: share of the examples that are mixed with another one; their label then is a mixture too.
        pitch: 0 where the pitch of a sound is its class.
        tempo: 0 where its speed is.

    Returns:
        `augment(x, y, rng) -> (x, y)` of NumPy arrays, `[batch, frames, 128, 1]` and `[batch, classes]`.
    """
    from training.datasets.augment import augment

    def augmented(x, y, rng: np.random.Generator):
        ratios = 2 ** (rng.uniform(-1, 1, [len(x), 2]) * [tempo, pitch])
        x = np.stack([replayed(one, *r) for one, r in zip(x[..., 0], ratios, strict=True)])
        x, targets = augment(x, {"class": y}, rng, shift_pitch=False, mix=mix)
        return x[..., None], targets["class"]

    return augmented


def replayed(x: np.ndarray, tempo: float, pitch: float) -> np.ndarray:
    """A log-mel as of the same sound at another tempo and pitch; what is missing at its end is heard again.

    Args:
        x: float32 `[frames, 128]`.
        tempo: how many times as fast.
        pitch: how many times as high; what would lie beyond the last band is its neighbour.
    """
    import cv2

    from deepdream_av.spectral import MelGrid

    frames, bands = x.shape
    times = np.arange(frames) * tempo % (frames - 1)
    hz = MelGrid(crops.RATE).band_hz
    heights = np.interp(hz / pitch, hz, np.arange(bands))
    maps = np.meshgrid(heights, times)
    return cv2.remap(
        x, *(m.astype(np.float32) for m in maps), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )


@dataclass(frozen=True)
class _Folder:
    """Files with their classes; `held` tells which of them are to judge by, if their names do."""

    path: Path
    classes: tuple[str, ...]
    files: list
    labels: np.ndarray
    held: np.ndarray | None

    def part(self, rows) -> _Folder:
        held = None if self.held is None else self.held[rows]
        return replace(self, files=[self.files[k] for k in rows], labels=self.labels[rows], held=held)


def _listed(folder: Path) -> _Folder:
    try:
        directories = sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith("."))
    except OSError as error:
        raise InputError(
            f"`data` must be a folder that can be read. Received: '{folder}' ({error.strerror})."
        ) from None
    if len(directories) < 2:
        raise InputError(
            f"`data` must be a folder with a directory for each of two or more classes. Received: '{folder}' "
            f"with {len(directories)}."
        )
    found = [
        (k, f)
        for k, p in enumerate(directories)
        for f in sorted(p.rglob("*"))
        if f.is_file() and not f.name.startswith(".")
    ]
    named = [(k, f) for k, f in found if _ESC.fullmatch(f.name)]
    folds = [{f.name[0] for k, f in named if k == of} for of in range(len(directories))]
    by_fold = 2 * len(named) > len(found) and all(
        VALIDATION_FOLD in f and f != {VALIDATION_FOLD} for f in folds
    )
    found = named if by_fold else found
    names = [re.sub(r"^\d{3}_", "", p.name) if by_fold else p.name for p in directories]
    return _Folder(
        folder,
        tuple(names),
        [f for _, f in found],
        np.array([k for k, _ in found], np.int32),
        np.array([f.name[0] == VALIDATION_FOLD for _, f in found]) if by_fold else None,
    )


def _read(folder: _Folder, limit, seed, cache, progress) -> Labelled:
    _check(folder, "")
    folder = folder.part(_wanted(folder, limit, seed))
    x, clip, bad = _heard(folder, cache, progress)
    good = np.array([k for k in range(len(folder.files)) if k not in bad], int)
    _check(folder.part(good), " that can be heard")
    held = folder.held if folder.held is not None else _held_out(folder, good, seed)
    y = folder.labels[clip]
    train, judged = np.flatnonzero(~held[clip]), np.flatnonzero(held[clip])
    train = train[evenly(y[train], limit or MOST, seed)]
    return Labelled(
        folder.path.resolve().name,
        "sound",
        folder.classes,
        np.asarray(x[train]),
        y[train],
        np.asarray(x[judged]),
        y[judged],
        _notes(folder, bad),
    )


def _check(folder: _Folder, which: str):
    if not folder.files:
        raise InputError(f"`data` must be a folder of recordings. Received: none{which} in '{folder.path}'.")
    for k, name in enumerate(folder.classes):
        mine = folder.labels == k
        if mine.sum() < 2:
            raise InputError(
                f"Every class must have two or more recordings. Received: {mine.sum()}{which} of '{name}' in "
                f"'{folder.path}'."
            )
        if folder.held is not None and len(set(folder.held[mine])) < 2:
            raise InputError(
                f"Every class must have recordings in fold {VALIDATION_FOLD} and in another one. Received: "
                f"none{which} of '{name}' in '{folder.path}'."
            )


def _wanted(folder: _Folder, limit, seed):
    """Numbers of the files that are worth reading: each gives one piece or more."""
    rows = np.arange(len(folder.files))
    if not limit:
        return rows
    shares = {False: limit, True: max(1, round(limit * SHARE / (1 - SHARE)))}
    if folder.held is None:
        return evenly(folder.labels, sum(shares.values()), seed)
    parts = [rows[folder.held == held] for held in shares]
    chosen = [p[evenly(folder.labels[p], most, seed)] for p, most in zip(parts, shares.values(), strict=True)]
    return np.sort(np.concatenate(chosen))


def _held_out(folder: _Folder, good, seed):
    rng, held = np.random.default_rng([seed, 2]), np.zeros(len(folder.files), bool)
    for k in range(len(folder.classes)):
        mine = rng.permutation(good[folder.labels[good] == k])
        held[mine[: max(1, round(len(mine) * SHARE))]] = True
    return held


def _notes(folder: _Folder, bad) -> tuple[str, ...]:
    notes = []
    for why in sorted(set(bad.values())):
        files = [str(folder.files[k].relative_to(folder.path)) for k in sorted(bad) if bad[k] == why]
        more = f" and {len(files) - _NAMED} more" if len(files) > _NAMED else ""
        notes.append(f"skipped, as they are {why}: {', '.join(files[:_NAMED])}{more}")
    return tuple(notes)


def _heard(folder: _Folder, cache: Path, progress):
    """Log-mels of all pieces, the number of each one's file, and `{number: why}` of files that are of no use."""
    from concurrent.futures import ThreadPoolExecutor

    key = hashlib.sha256(f"{crops.FRAMES} {LEVEL} {LONGEST} {_PER_CLIP}".encode())
    for p in folder.files:
        stat = p.stat()
        key.update(f"{p.resolve()}|{stat.st_size}|{stat.st_mtime_ns}\n".encode())
    store = cache / f"recordings-{key.hexdigest()[:16]}.npy"
    said = store.with_suffix(".json")
    if not said.is_file():  # written last
        features, clip, bad = [np.zeros([0, crops.FRAMES, 128], np.float16)], [], {}
        with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
            for k, heard in enumerate(pool.map(_pieces, folder.files)):
                if isinstance(heard, str):
                    bad[k] = heard
                else:
                    features.append(heard)
                    clip += [k] * len(heard)
                if progress:
                    progress(k + 1, len(folder.files))
        _store(store, np.concatenate(features), {"clip": clip, "bad": bad})
    kept = json.loads(said.read_text())
    bad = {int(k): why for k, why in kept["bad"].items()}
    return np.load(store, mmap_mode="r"), np.array(kept["clip"], int), bad


def _store(path: Path, array, described):
    """Whole files or none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(f".{os.getpid()}.part.npy")
    np.save(part, array)
    os.replace(part, path)
    part.write_text(json.dumps(described))
    os.replace(part, path.with_suffix(".json"))


def _pieces(path: Path):
    """Log-mels of one file, float16 `[pieces, 108, 128]`, or why it has none."""
    try:
        samples = mono(path)
    except DeepDreamError:
        return "no sounds that can be read"
    if len(samples) < SHORTEST * crops.RATE:
        return "too short"
    if np.sqrt(np.mean(np.square(samples[: len(samples) // 512 * 512].reshape(-1, 512)), 1).max()) < SILENT:
        return "silent"
    if len(samples) < crops.SAMPLES:  # placed in silence, by the file's own length and not by chance
        rng = np.random.default_rng(len(samples))
        cut = np.stack([crops.cut(samples, rng) for _ in range(3)])
    else:
        # Pieces overlap by two thirds, up to the number that one file may have.
        count = 1 + int(np.ceil(3 * (len(samples) / crops.SAMPLES - 1)))
        cut = crops.sounding_crops(samples, count=min(count, _PER_CLIP))
    return crops.hear([LEVEL * crops.levelled(piece) for piece in cut], {}).features


def mono(path: str | os.PathLike, *, rate: int = crops.RATE, longest: float = LONGEST) -> np.ndarray:
    """The beginning of a sound file or of a film's sound as one channel, float32 `[samples]`.

    Args:
        path: the file; its channels are averaged.
        rate: Hz, to which it is resampled.
        longest: seconds after which nothing more is read.

    Raises:
        InputError: nothing can be decoded.
    """
    import av

    from deepdream_av.media.audio import nothing_read, open_audio

    resampler, parts = av.AudioResampler(format="flt", layout="mono", rate=rate), []
    with open_audio(path, duration=longest) as reader:
        for block in reader.blocks():
            frame = av.AudioFrame.from_ndarray(block.mean(1, keepdims=True).T, format="flt", layout="mono")
            frame.sample_rate = reader.rate
            parts += [f.to_ndarray()[0] for f in resampler.resample(frame)]
        if parts:
            parts += [f.to_ndarray()[0] for f in resampler.resample(None)]
    if not sum(map(len, parts)):
        raise nothing_read(path, start=0)
    return np.concatenate(parts).astype(np.float32)


def _made(limit, seed, cache, progress) -> Labelled:
    classes = tuple(music.INSTRUMENTS)
    if limit < 2 * len(classes):
        raise UsageError(
            f"`limit` must be at least {2 * len(classes)}, two clips of each class. Received: {limit}."
        )
    counts = (limit, max(len(classes), round(limit * SHARE)))
    x = [_played(seed, split, n, cache, progress) for split, n in enumerate(counts)]
    y = [(np.arange(n) % len(classes)).astype(np.int32) for n in counts]
    return Labelled("music", "sound", classes, x[0], y[0], x[1], y[1])


def _played(seed, split, count, cache: Path, progress):
    """Log-mels of the first clips of a split, kept; clip k depends on `(seed, split, k)` alone."""
    from concurrent.futures import ThreadPoolExecutor

    store = cache / f"music-{seed}-{split}-{count}.npy"
    if not store.with_suffix(".json").is_file():
        features = []
        with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
            for k, heard in enumerate(pool.map(lambda k: _clip(seed, split, k), range(count))):
                features.append(heard)
                if progress:
                    progress(k + 1, count)
        _store(store, np.concatenate(features), {})
    return np.load(store, mmap_mode="r")


def _clip(seed, split, k):
    """The log-mel of one clip of music, float16 `[1, 108, 128]`."""
    rng = np.random.default_rng([seed, 3, split, k])
    score = replace(music.draw_score(rng), instrument=k % len(music.INSTRUMENTS))
    sound = music.play(score, rng, seconds=crops.SAMPLES / crops.RATE)
    return crops.hear([music.place(sound, rng)], {}).features
