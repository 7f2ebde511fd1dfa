"""Finished frames of a film that is still being made: kept in pieces, without loss."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np

from deepdream_av.media.job import Job, refused

_STATES = 2  # the last so many pieces keep what the next frame depends on; older ones only where a shot ends


class KeptFrames:
    """The frames of a job in pieces, each with what the frame after it depends on.

    A piece is whole when its record is there: the record is written last, and knows the contents of both others.

    Args:
        job: where they are kept.

    Attributes:
        count: frames in whole pieces.
        state: what the next frame depends on; none at the beginning of a shot.
    """

    def __init__(self, job: Job):
        self.job, self.count = job, 0
        self.state: dict[str, np.ndarray] = {}
        self._pieces: list[int] = []  # frames in each
        self._open: _Piece | None = None
        self._find()

    def _find(self) -> None:
        """The longest run of whole pieces from which the work can go on."""
        sound, number = [], 0
        while (record := self._record(number)) is not None:
            sound.append(record)
            number += 1
        while sound:
            last = sound[-1]
            state = self.job.get(_name("state", len(sound) - 1)) if last["state"] else {}
            if state is not None:
                self.state = state
                break
            sound.pop()
        self._pieces = [record["frames"] for record in sound]
        self.count = sum(self._pieces)
        self._forget(len(sound))

    def _record(self, number: int) -> dict | None:
        folder = self.job.folder
        try:
            record = json.loads((folder / f"{_name('frames', number)}.json").read_text("utf-8"))
            whole = record["digest"] == _digest(folder / f"{_name('frames', number)}.mkv")
            return {"frames": int(record["frames"]), "state": bool(record["state"])} if whole else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _forget(self, number: int) -> None:
        """Remove pieces from one on: what is damaged, and what would follow it."""
        for path in self.job.folder.glob("*-?????.*"):
            kind, _, rest = path.name.partition("-")
            if kind in ("frames", "state") and rest[:5].isdigit() and int(rest[:5]) >= number:
                self.job.drop(path.name)

    def __iter__(self) -> Iterator[np.ndarray]:
        """All kept frames, uint8 `[height, width, 3]`."""
        for number in range(len(self._pieces)):
            with av.open(str(self.job.folder / f"{_name('frames', number)}.mkv")) as container:
                for frame in container.decode(video=0):
                    yield frame.to_ndarray(format="rgb24")

    def add(self, frame: np.ndarray) -> None:
        """Add a frame to the open piece, uint8 `[height, width, 3]`.

        Raises:
            OutputError: the disk is full.
        """
        try:
            if self._open is None:
                self._open = _Piece(self.job.folder / f"{_name('frames', len(self._pieces))}.mkv.part", frame)
            self._open.write(frame)
        except (av.FFmpegError, OSError) as error:
            raise refused(error, self.job.output) from None

    def close(self, state: dict[str, np.ndarray]) -> None:
        """Make the open piece whole.

        Args:
            state: what the next frame depends on; none if a shot ends here.
        """
        if self._open is None:
            return
        number, piece = len(self._pieces), self._open
        frames, kept = _name("frames", number), _name("state", number)
        try:
            piece.close()
        except (av.FFmpegError, OSError) as error:
            raise refused(error, self.job.output) from None
        self.job.write(f"{frames}.mkv", lambda part: None)
        if state:
            self.job.put(kept, **state)
        record = {"frames": piece.count, "digest": _digest(self.job.folder / f"{frames}.mkv"), "state": bool(state)}
        self.job.write(f"{frames}.json", lambda part: part.write_text(json.dumps(record), "utf-8"))
        self._pieces.append(piece.count)
        self.count += piece.count
        self._open = None
        if number >= _STATES:
            self.job.drop(f"{_name('state', number - _STATES)}.npz")

    def abandon(self) -> None:
        """Let go of the open piece."""
        if self._open is not None:
            self._open.abandon()
            self._open = None


class _Piece:
    """A film of FFV1 without loss: every level of red, green and blue comes back."""

    def __init__(self, path: Path, first: np.ndarray):
        self.count = 0
        self._container = av.open(str(path), "w", format="matroska")
        self._stream = self._container.add_stream("ffv1", rate=25, options={"level": "3", "slicecrc": "1", "g": "1"})
        self._stream.height, self._stream.width = first.shape[:2]
        self._stream.pix_fmt = "bgr0"

    def write(self, array: np.ndarray) -> None:
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(array), format="rgb24").reformat(format="bgr0")
        frame.pts = self.count
        self._container.mux(self._stream.encode(frame))
        self.count += 1

    def close(self) -> None:
        self._container.mux(self._stream.encode(None))
        self._container.close()

    def abandon(self) -> None:
        try:
            self._container.close()
        except (av.FFmpegError, OSError, ValueError):
            pass


def _name(kind: str, number: int) -> str:
    return f"{kind}-{number:05d}"


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()
