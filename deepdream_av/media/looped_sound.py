"""A sound for a film that is a loop: as long as the film, and flowing into its own beginning."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from deepdream_av.media.audio import nothing_read, open_audio
from deepdream_av.media.sample_store import SampleStore

FADE = 0.25  # seconds in which what comes after the cut gives way to the beginning


class LoopedSound:
    """A sound file cut or repeated to a length. It is false where there is none.

    What would follow after the last sample is faded out over the first ones, so that a player that begins anew is not
    heard to do so.

    Args:
        path: of a sound, or of a film with sound; "" for none.
        seconds: wanted.

    Attributes:
        notes: what a user should know, in whole sentences.

    Raises:
        InputError: nothing can be decoded.
    """

    def __init__(self, path: str, *, seconds: float):
        self.notes: tuple[str, ...] = ()
        self.seconds, self._store = seconds, None
        if not path:
            return
        with open_audio(path, duration=seconds + FADE) as reader:
            self.rate, self.layout = reader.rate, reader.layout
            for block in reader.blocks():
                self._store = self._store or SampleStore(block.shape[1])
                self._store.append(block)
            self.notes = tuple(reader.notes)
        if self._store is None or not len(self._store):
            raise nothing_read(path, start=0.0)
        self.channels = self._store.channels
        self._length = round(seconds * self.rate)

    def __bool__(self) -> bool:
        return self._store is not None

    def __enter__(self) -> LoopedSound:
        return self

    def __exit__(self, *_) -> None:
        if self._store is not None:
            self._store.close()

    def between(self, first: int, last: int) -> np.ndarray:
        """Samples of the loop, float32 `[samples, channels]`.

        Args:
            first, last: number of the first one and of that behind the last, from the beginning of the film.
        """
        heard = self._repeated(first, last)
        fade = min(round(FADE * self.rate), self._length // 2)
        if first < fade:
            n = min(fade, last) - first
            share = ((np.arange(first, first + n) + 0.5) / fade * (np.pi / 2))[:, None]
            after = self._repeated(self._length + first, self._length + first + n)
            heard[:n] = np.sin(share) ** 2 * heard[:n] + np.cos(share) ** 2 * after
        return heard

    def blocks(self) -> Iterator[np.ndarray]:
        """The whole loop, a second at a time."""
        for first in range(0, self._length, self.rate):
            yield self.between(first, min(first + self.rate, self._length))

    def _repeated(self, first: int, last: int) -> np.ndarray:
        """The file again and again."""
        parts, whole = [], len(self._store)
        while first < last:
            start = first % whole
            end = min(whole, start + last - first)
            parts.append(self._store.read(start, end))
            first += end - start
        return np.concatenate(parts).astype(np.float32) if parts else np.zeros((0, self.channels), np.float32)
