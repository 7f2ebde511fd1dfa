"""The correlation report of a film: a file of numbers and a page with pictures, written beside it."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from deepdream_av.correlate.judgement import Judgement
from deepdream_av.correlate.pairs import FilterPair, Search
from deepdream_av.correlate.series import Series
from deepdream_av.media.files import check_output, writing

Moments = tuple[tuple[float, np.ndarray], ...]


@dataclass(frozen=True, eq=False)
class Told:
    """What a film has to tell of its coupling.

    Attributes:
        film: name of the dreamt film's file, without folders.
        recipe: how it was dreamt.
        mode: `off`, `base`, `pairs` or `joint`: what was really used.
        search: for pairs; None if nobody searched.
        pairs: those that were dreamt with, if they were given and not found.
        heard, seen: what the dreamt networks hear and see in the source.
        heard_after, seen_after: the same in the dream.
        gates_seen, gates_heard: float32 `[frames, pairs]`, what drove the picture and the sound.
        judged: what other networks say.
        frames: times and pictures uint8 `[height, width, 3]` of strong moments.
        spectrograms: times and pictures of sounds, likewise.
        likes: for each pair, names and pictures of what its seen side likes.
        notes: whole sentences.
    """

    film: str
    recipe: dict
    mode: str
    search: Search | None = None
    pairs: tuple[FilterPair, ...] = ()
    heard: Series | None = None
    seen: Series | None = None
    seen_after: Series | None = None
    heard_after: Series | None = None
    gates_seen: np.ndarray | None = None
    gates_heard: np.ndarray | None = None
    judged: Judgement | None = None
    frames: Moments = ()
    spectrograms: Moments = ()
    likes: tuple[tuple[tuple[str, np.ndarray], ...], ...] = ()
    notes: list[str] = field(default_factory=list)

    @property
    def pairs_used(self) -> tuple[FilterPair, ...]:
        """Those that were dreamt with."""
        return tuple(self.pairs) or (self.search.pairs if self.search is not None else ())


def report_paths(film: str | os.PathLike) -> tuple[Path, Path]:
    """Where the report of a film goes.

    >>> [path.name for path in report_paths("dream.mp4")]
    ['dream.correlation.json', 'dream.correlation.html']
    """
    film = Path(film)
    return tuple(film.with_suffix(f".correlation.{kind}") for kind in ("json", "html"))


def check_reports(film: str | os.PathLike, *, force: bool = False) -> None:
    """Make sure that a report can be written beside a film, before hours are spent on it.

    Raises:
        OutputError: see `media.files.check_output`.
    """
    for path in report_paths(film):
        check_output(path, force=force)


def write_reports(film: str | os.PathLike, told: Told, *, force: bool = False) -> tuple[Path, Path] | None:
    """Write the report beside a film.

    Args:
        film: path of the dreamt film.
        told: what it has to tell.
        force: whether files that exist may be replaced.

    Returns:
        The files: numbers, which `--pairs` reads too, and page; None if nothing was coupled.

    Raises:
        OutputError: they cannot be written.
    """
    if told.mode == "off":
        return None
    from deepdream_av.correlate.findings import findings
    from deepdream_av.correlate.page import page

    found = findings(told)
    numbers, pictures = report_paths(film)
    texts = {
        # one line for each part: people read it, and programs do not care
        numbers: "{\n"
        + ",\n".join(f" {json.dumps(k)}: {json.dumps(v, allow_nan=False)}" for k, v in found.items())
        + "\n}\n",
        pictures: page(found, frames=told.frames, spectrograms=told.spectrograms, likes=told.likes),
    }
    for path, text in texts.items():
        with writing(path, force=force) as part:
            part.write_text(text, encoding="utf-8")
    return numbers, pictures
