"""The first pass over a film, forward only: what the channels of both networks do. It is kept on disk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from deepdream_av.analysis.cache import Cache, fingerprint
from deepdream_av.correlate import heard as ears
from deepdream_av.correlate import seen as eyes
from deepdream_av.correlate.series import Series
from deepdream_av.media.fingerprint import of_file

_VERSION = 1  # of what is kept; grows when the same film gives other numbers


@dataclass(frozen=True, eq=False)
class Analysis:
    """What the channels do over a film.

    Attributes:
        seen: of the network that looks.
        heard: of the ear; None without sound.
    """

    seen: Series
    heard: Series | None


def analyse(
    film,
    track,
    *,
    backbone,
    seen_layers,
    ear=None,
    progress: Callable | None = None,
    cache: Cache | None = None,
) -> Analysis:
    """See and hear a film once.

    Args:
        film: a `FilmReader`; it is read from its start.
        track: its `Soundtrack`, or None.
        backbone: who looks.
        seen_layers: names of its layers.
        ear: who listens; needed if there is a track.
        progress: called as `progress(done, total)` in frames.
        cache: where the result is kept; the user's own unless given.
    """
    cache = cache or Cache()
    seen = _cached(
        cache,
        ("seen", source_key(film), fingerprint(backbone), list(seen_layers)),
        lambda: look(film, [eyes.Watcher(backbone, seen_layers)], progress=progress)[0],
    )
    if track is None or ear is None:
        return Analysis(seen, None)
    listened = [name for name in ears.LAYERS if name in ear.list_layers()] or [n for n, _ in ear.default_layers]
    heard = _cached(
        cache,
        ("heard", source_key(film), fingerprint(ear), listened),
        lambda: ears.hear(
            track.store.blocks(),
            track.rate,
            start=float(track.start),
            times=seen.times,
            shots=seen.shots,
            ear=ear,
            layers=listened,
        ),
    )
    return Analysis(seen, heard)


def look(film, watchers, *, progress: Callable | None = None, most_side: int = 256) -> list[Series]:
    """Show a film to some watchers at once.

    Args:
        film: a `FilmReader`, or frames with `array` and `time`.
        watchers: objects with `add(time, picture, shot)` and `finish()`.
        progress: called as `progress(done, total)`.
        most_side: long side of the pictures that they are shown.
    """
    import cv2

    from deepdream_av.temporal.shots import CutDetector

    cuts, shot = CutDetector(), -1
    for number, frame in enumerate(film):
        height, width = frame.array.shape[:2]
        scale = min(1.0, most_side / max(height, width))
        size = max(1, round(width * scale)), max(1, round(height * scale))
        small = cv2.resize(frame.array, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
        shot += cuts(small, time=frame.time)
        for watcher in watchers:
            watcher.add(frame.time, small, shot)
        if progress:
            total = getattr(film, "n_frames", 0)
            progress(number + 1, max(total, number + 1) if total else None)
    return [watcher.finish() for watcher in watchers]


def source_key(film) -> list | None:
    """What names the content of a film that is read from a file: its bytes and the part that is read."""
    try:
        return [of_file(film.path), str(film.start), str(film.end), _VERSION]
    except (OSError, AttributeError, TypeError):
        return None


def _cached(cache: Cache, key: tuple, compute: Callable[[], Series]) -> Series:
    fields = ("times", "values", "names", "shots", "scales")
    parts = {name: cache.read(*key, name) if None not in key else None for name in fields}
    if all(part is not None for part in parts.values()):
        return Series(**{**parts, "names": tuple(parts["names"].tolist())})
    series = compute()
    for name in fields:
        cache.write(np.asarray(getattr(series, name)), *key, name)
    return series
