"""A long sound that is written once and read in pieces, in memory while it is short, on disk when it is long."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from typing import Self

import numpy as np

from deepdream_av.errors import OutputError
from deepdream_av.media.audio_reader import BLOCK
from deepdream_av.media.files import FULL

IN_MEMORY = 1 << 25  # values; 128 MiB, or six minutes of CD sound


class SampleStore:
    """Samples that are appended at the end and read anywhere.

    Args:
        channels: number of channels.
        in_memory: most values to keep in memory; more go to a temporary file, without a name, that
            the system removes with the process.

    >>> with SampleStore(1, in_memory=2) as store:
    ...     store.append(np.array([[1.0], [2.0], [3.0]], np.float32))
    ...     store.append(np.array([[4.0]], np.float32))
    ...     store.read(2, 4)[:, 0].tolist(), len(store)
    ([3.0, 4.0], 4)
    """

    def __init__(self, channels: int, *, in_memory: int = IN_MEMORY):
        self.channels, self._limit = channels, in_memory
        self._blocks: list[np.ndarray] = []
        self._file = None
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Give memory and disk back."""
        self._blocks = []
        if self._file:
            with contextlib.suppress(
                OSError
            ):  # a full disk refuses what is still buffered, which nobody wants now
                self._file.close()
            self._file = None

    def append(self, samples: np.ndarray):
        """Add float32 `[samples, channels]` at the end.

        Raises:
            OutputError: the temporary folder is full, or cannot be written.
        """
        samples = np.ascontiguousarray(samples, np.float32)
        if self._file is None and (self._length + len(samples)) * self.channels <= self._limit:
            self._blocks.append(samples)
        else:
            self._to_disk([*self._blocks, samples])
            self._blocks = []
        self._length += len(samples)

    def _to_disk(self, blocks: list[np.ndarray]):
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile(prefix="deepdream-")
            self._file.seek(0, 2)
            for block in blocks:
                self._file.write(block.data)
            self._file.flush()  # or a full disk would show itself anywhere later
        except OSError as error:
            raise _no_room(error, sum(block.nbytes for block in blocks)) from None

    def read(self, first: int, last: int) -> np.ndarray:
        """Samples `first` up to `last` (what lies outside is left out), float32 `[samples, channels]`."""
        first, last = max(first, 0), min(last, self._length)
        if last <= first:
            return np.zeros([0, self.channels], np.float32)
        if self._file is not None:
            self._file.seek(first * self.channels * 4)
            raw = self._file.read((last - first) * self.channels * 4)
            return np.frombuffer(raw, np.float32).reshape(-1, self.channels)
        if len(self._blocks) > 1:
            self._blocks = [np.concatenate(self._blocks)]
        return self._blocks[0][first:last]

    def blocks(self, samples: int = BLOCK) -> Iterator[np.ndarray]:
        """All of it, in order."""
        for first in range(0, self._length, samples):
            yield self.read(first, first + samples)


def _no_room(error: OSError, size: int) -> OutputError:
    """The error for a temporary folder that does not take `size` bytes."""
    folder = "nowhere"
    with contextlib.suppress(OSError):  # there may be no such folder at all
        folder = tempfile.gettempdir()
    why = "is full" if error.errno in FULL else f"cannot be written ({error.strerror or error})"
    return OutputError(
        f"The temporary folder {why}: a long sound needs it. Received: {size / 2**20:.1f} MiB more for '{folder}'. "
        "Set TMPDIR to a folder with more room."
    )
