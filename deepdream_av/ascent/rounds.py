"""Sound that is dreamt again and again, each time from the last dream, as a loop without a seam."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Self

import numpy as np

from deepdream_av.ascent.long_sound import GUARD, LongSound
from deepdream_av.media.sample_store import SampleStore
from deepdream_av.recipe import Recipe
from deepdream_av.spectral.stretch import stretched

FADE = 0.5  # seconds in which a round gives way to the next one; the first splice of a stretch comes later
_BLOCK = 1 << 16


class Rounds:
    """A sound as a loop, and the rounds in which it is dreamt; works as a `LongSound` does.

    The end of the source is faded over its beginning. Each round is dreamt with what comes before and after it in the
    loop, so that it is a loop again; stretched, it is what the next one dreams in. All rounds are heard in turn, and
    the last one flows into the first. Memory does not grow with their number or length: what is done lies on disk.

    Args:
        source: the sound.
        rate: samples per second.
        recipe: how to dream; `rounds` and `stretch` count too. Times are those of each round.
        shape: what `LongSound` takes beside these: `layout`, `ceiling_db`, `styler`.
    """

    def __init__(self, source: SampleStore, rate: int, *, recipe: Recipe, **shape):
        self.source, self.rate, self.recipe = source, rate, recipe
        if shape.get("styler"):
            shape["styler"] = lru_cache(maxsize=1)(shape["styler"])  # it is the same in each round
        self._shape = shape
        self._fade = min(round(FADE * rate), len(source) // 4)
        self._guard = min(GUARD * rate, len(source))
        self._rounds = SampleStore(source.channels)
        self._lengths: list[int] = []
        self.interrupted = False
        self.report: dict = {"notes": []}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_):
        self._rounds.close()

    def run(self, progress: Callable | None = None):
        """Dream all rounds; on Ctrl-C those that are done stay, or what there is of the first one."""
        loop = _Loop(self.source, self._fade, self.source.channels)
        told, before = [], 0.0
        for number in range(self.recipe.rounds):
            recipe = self._recipe(number)
            with loop.around(self._guard, self._guard + self._fade) as wide:
                dreaming = LongSound(wide, self.rate, recipe=recipe, origin=-self._guard / self.rate, **self._shape)
                with dreaming:
                    following = self._round(dreaming, loop, number, before, progress)
            loop.close()
            if dreaming.interrupted and number:
                following.close()
                break
            if self._recipe(number + 1) == recipe:
                self._shape["dreamer"] = dreaming.dreamer  # compiled once
            told.append(dreaming.report)
            self._keep(following)
            before += len(following) / self.rate
            if dreaming.interrupted or dreaming.undreamt or number == self.recipe.rounds - 1:
                following.close()
                break
            loop = following.stretched(self.recipe.stretch, self.rate)
        self.interrupted = dreaming.interrupted
        self._tell(told)

    def _recipe(self, number: int) -> Recipe:
        """How a round is dreamt: what was made of noise is a sound afterwards."""
        new = self.recipe.sound == "noise" and "styler" not in self._shape
        return self.recipe.replace(sound="wave") if new and number else self.recipe

    def _round(self, dreaming, loop, number, before, progress):
        """One round, as a loop."""
        length, factor = len(loop) / self.rate, self.recipe.stretch
        total = before + length * sum(factor**k for k in range(self.recipe.rounds - number))

        def on(done, _):
            progress(round(before + min(done, length), 1), round(total, 1))

        dreaming.run(on if progress else None)
        with SampleStore(self.source.channels) as dream:
            for block in dreaming.blocks():
                dream.append(block)
            end = len(loop) + self._guard + self._fade
            if len(dream) < end and len(dream) < self._guard + 4 * self._fade:
                raise KeyboardInterrupt  # stopped before there was anything
            return _Loop(dream, self._fade, self.source.channels, first=self._guard, last=end)

    def _keep(self, loop):
        for block in loop.blocks():
            self._rounds.append(block)
        self._lengths.append(len(loop))

    def _tell(self, told):
        notes = dict.fromkeys(note for report in told for note in report["notes"])
        changes = [report["change_db"] for report in told if "change_db" in report]
        self.report = told[-1] | {
            "source_lufs": told[0]["source_lufs"],
            "notes": list(notes),
            "rounds": len(told),
            "round_seconds": [round(n / self.rate, 6) for n in self._lengths],
        }
        if changes:
            self.report["change_db_by_round"] = changes

    def blocks(self) -> Iterator[np.ndarray]:
        """The rounds in turn, each faded in over what would follow in the one before it."""
        ends = np.cumsum(self._lengths)
        starts = ends - self._lengths
        for k, (start, end) in enumerate(zip(starts.tolist(), ends.tolist())):
            head = self._rounds.read(start, start + self._fade)
            before = self._rounds.read(int(starts[k - 1]), int(starts[k - 1]) + self._fade)
            yield _faded(before, head)
            for first in range(start + len(head), end, _BLOCK):
                yield self._rounds.read(first, min(first + _BLOCK, end))


class _Loop:
    """Samples without an end: those of a store, its end faded over its beginning, or given ones.

    Args:
        source: a store; it may be closed afterwards.
        fade: samples of it that are lost in closing the loop.
        channels: of it.
        first, last: part of the store.
    """

    def __init__(self, source, fade: int, channels: int, *, first: int = 0, last: int | None = None):
        last = min(len(source), len(source) if last is None else last)
        self._store = SampleStore(channels)
        cut = last - fade
        self._store.append(_faded(source.read(cut, last), source.read(first, first + fade)))
        for at in range(first + fade, cut, _BLOCK):
            self._store.append(source.read(at, min(at + _BLOCK, cut)))

    def __len__(self) -> int:
        return len(self._store)

    def close(self):
        self._store.close()

    def blocks(self) -> Iterator[np.ndarray]:
        return self._store.blocks()

    def read(self, first: int, last: int) -> np.ndarray:
        """Samples from one number to another, which may lie before the loop or behind it."""
        parts, whole = [], len(self._store)
        while first < last:
            start = first % whole
            end = min(whole, start + last - first)
            parts.append(self._store.read(start, end))
            first += end - start
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def around(self, before: int, after: int) -> SampleStore:
        """A store of the loop with what comes before and after it."""
        wide = SampleStore(self._store.channels)
        for first in range(-before, len(self) + after, _BLOCK):
            wide.append(self.read(first, min(first + _BLOCK, len(self) + after)))
        return wide

    def stretched(self, factor: float, rate: int) -> _Loop:
        """The same longer or shorter, at its pitch; this one is closed."""
        made = SampleStore(self._store.channels)
        for block in stretched(self.read, len(self), factor, rate):
            made.append(block)
        loop = _Loop(made, 0, self._store.channels)
        made.close()
        self.close()
        return loop


def _faded(old: np.ndarray, new: np.ndarray) -> np.ndarray:
    """One sound into another, which it is like; float32 `[samples, channels]`."""
    count = min(len(old), len(new))
    rise = np.sin(np.pi / 2 * (np.arange(count) + 0.5) / max(count, 1))[:, None] ** 2
    return ((1 - rise) * old[:count] + rise * new[:count]).astype(np.float32)
