"""The three datasets that are made by code: `fractals`, `ornaments`, `organic`.

A picture is a function of (dataset, seed, split, number), so that any number of them can be made by any number of
processes, stopped, and gone on with. They are kept on disk as raw bytes, one picture behind the other.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from importlib import import_module
from pathlib import Path

import numpy as np

DATASETS = ("fractals", "ornaments", "organic")
SPLITS = ("train", "validation")
_CHUNK = 32  # pictures that one process makes at a time


def categories(dataset: str) -> dict[str, Callable]:
    """`{name: draw(rng, size) -> float32 [size, size, 3]}` of one of `DATASETS`, in the order of their labels."""
    return import_module(f"training.datasets.{dataset}").CATEGORIES


def picture(dataset: str, number: int, *, size: int, seed: int = 0, split: str = "train") -> np.ndarray:
    """One picture, uint8 `[size, size, 3]`; its label is `number` modulo the number of categories."""
    from training.datasets.painting import finished

    draws = list(categories(dataset).values())
    rng = np.random.default_rng([seed, SPLITS.index(split), number])
    return finished(rng, draws[number % len(draws)](rng, size))


def pictures(
    dataset: str,
    count: int,
    *,
    size: int,
    cache: str | Path,
    seed: int = 0,
    split: str = "train",
    workers: int = 0,
    progress: Callable | None = None,
) -> np.ndarray:
    """The first `count` pictures of a split as a memory map; those that are missing in the cache are made.

    Args:
        dataset: one of `DATASETS`.
        count: how many.
        size: side in pixels.
        cache: folder.
        seed: another seed, other pictures.
        split: `"train"` or `"validation"`; no picture is in both.
        workers: processes; as many as there are cores, at most 8, if 0.
        progress: called as `progress(done, count)`.

    Returns:
        uint8 `[count, size, size, 3]`, read only.
    """
    file = Path(cache) / f"{dataset}-{size}-{split}-seed{seed}-{_version(dataset)}.u8"
    file.parent.mkdir(parents=True, exist_ok=True)
    each = size * size * 3
    file.touch()
    done = file.stat().st_size // each  # what was cut off by a kill is made again
    if done < count:
        # two runs at a time write the same bytes to the same place
        with open(file, "r+b") as out:
            out.seek(done * each)
            for chunk in _made(dataset, done, count, size, seed, split, workers):
                out.write(chunk.tobytes())
                out.flush()
                done += len(chunk)
                if progress:
                    progress(done, count)
    return np.memmap(file, np.uint8, "r", shape=(count, size, size, 3))


def _made(dataset, first, last, size, seed, split, workers) -> Iterator[np.ndarray]:
    """Pictures `first` to `last` in their order, some at a time."""
    parts = [(dataset, k, min(k + _CHUNK, last), size, seed, split) for k in range(first, last, _CHUNK)]
    workers = min(workers or min(os.cpu_count() or 1, 8), len(parts))
    if workers < 2:
        yield from map(_chunk, parts)
        return
    # a fresh interpreter each: TensorFlow's threads do not survive a fork
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(_chunk, parts)


def _chunk(part) -> np.ndarray:
    dataset, first, last, size, seed, split = part
    return np.stack([picture(dataset, k, size=size, seed=seed, split=split) for k in range(first, last)])


def _version(dataset: str) -> str:
    """A few digits that change with the code that draws."""
    here = Path(__file__).parent
    digest = hashlib.sha256()
    for source in sorted([here / "painting.py", *(here / dataset).glob("*.py")]):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:8]


def main(argv=None) -> int:
    """`python -m training.datasets.synthesis ornaments -o sheet.jpg`: a contact sheet, a row for each category."""
    import argparse

    from training.charts import contact_sheet

    p = argparse.ArgumentParser(prog="python -m training.datasets.synthesis", description="A contact sheet.")
    p.add_argument("dataset", choices=DATASETS)
    p.add_argument("-o", "--output", required=True, metavar="FILE", help="picture to write")
    p.add_argument("--columns", type=int, default=8, metavar="N", help="pictures of each category [8]")
    p.add_argument("--size", type=int, default=112, metavar="N", help="side of each in pixels [112]")
    p.add_argument("--seed", type=int, default=7, metavar="N")
    args = p.parse_args(argv)
    names = list(categories(args.dataset))
    shown = [
        picture(args.dataset, k + len(names) * j, size=args.size, seed=args.seed)
        for k in range(len(names))
        for j in range(args.columns)
    ]
    contact_sheet(np.stack(shown), Path(args.output), columns=args.columns, labels=names)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
