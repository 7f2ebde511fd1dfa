"""Film files to pictures: streamed, with exact timestamps, upright and in honest colours."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from deepdream_av.errors import InputError

_BT709, _BT601 = 1, 5  # AVColorSpace
_UNSPECIFIED = (0, 2, 3)
_PQ, _HLG = 16, 18  # AVColorTransferCharacteristic
_FULL_RANGE = 2


@dataclass(frozen=True, eq=False)
class Frame:
    """One picture of a film.

    Attributes:
        pts: presentation time in ticks of `time_base`.
        time_base: seconds per tick, exact.
        duration: how long it is shown, in ticks; 0 where the file does not say.
        array: uint8 `[height, width, 3]`, sRGB order, upright.
    """

    pts: int
    time_base: Fraction
    duration: int
    array: np.ndarray

    @property
    def time(self) -> float:
        """Presentation time in seconds."""
        return float(self.pts * self.time_base)


class FilmReader:
    """Iterates over the frames of a film, one in memory at a time.

    Iterating reads the file from its start (or from `start`) every time, so a film can be looked
    at twice: once to analyse, once to dream. After an iteration `decoded`, `damaged` and
    `missing` say what was found.

    Attributes:
        path: the file.
        size: (width, height) as shown, rotation applied, in pixels.
        fps: average frames per second, a `Fraction`.
        time_base: seconds per tick of `Frame.pts`, exact.
        aspect: shape of a pixel, width over height, a `Fraction`.
        rotation: degrees, counter-clockwise, by which the stored pictures are turned to be upright.
        n_frames: how many frames are expected; 0 where the file does not say.
        duration: seconds that are expected to be shown; 0 where the file does not say.
        sounds: number of sound tracks.
        notes: what a user should know (HDR, interlacing), in whole sentences.
    """

    def __init__(self, path, *, start: float = 0.0, duration: float = 0.0):
        self.path = Path(path)
        self.start, self.limit = float(start), float(duration)
        self.decoded = self.damaged = 0
        self._ended = False
        self.notes: list[str] = []
        with open_container(self.path) as container:
            stream = _pictures(container, self.path)
            self.time_base = Fraction(stream.time_base)
            self.fps = Fraction(stream.average_rate or stream.guessed_rate or stream.base_rate or 25)
            self.sounds = len(container.streams.audio)
            # everything is measured from where the film as a whole begins
            begin = Fraction(container.start_time or 0, av.time_base)
            # whole ticks, so that a cut moves every timestamp by exactly the same
            self._shift = math.ceil((begin + Fraction(self.start)) / self.time_base) if self.start else 0
            frames, length = stream.frames or 0, stream.duration and stream.duration * self.time_base
            length = Fraction(length or Fraction(container.duration or 0, av.time_base))
            first = next(self._frames(container, stream), None)
        if first is None:
            where = f" after {self.start:g} s" if self.start else ""
            raise InputError(
                f"No picture of {self.path} can be decoded{where}. "
                f"A film with at least one whole frame is needed."
            )
        self.rotation = _rotation(first)
        width, height = first.width, first.height
        self.size = (height, width) if self.rotation % 180 else (width, height)
        self._expect(frames, length)
        self._look_at_colours(first)
        aspect = _ratio(stream)
        self.aspect = 1 / aspect if self.rotation % 180 else aspect

    def _expect(self, frames: int, length: Fraction) -> None:
        wanted = max(Fraction(0), length - Fraction(self.start))
        if self.limit:
            wanted = min(wanted, Fraction(self.limit)) if length else Fraction(self.limit)
        whole = not self.start and (not self.limit or wanted == length)
        self.duration = float(wanted)
        self.n_frames = frames if whole and frames else round(wanted * self.fps)
        self._counted = bool(whole and frames)

    def _look_at_colours(self, frame) -> None:
        if frame.color_trc in (_PQ, _HLG):
            name = "PQ" if frame.color_trc == _PQ else "HLG"
            self.notes.append(
                f"The film is HDR ({name}); it is dreamt and written as SDR without tone mapping, "
                "so highlights look flat."
            )
        if frame.interlaced_frame:
            self.notes.append("The film is interlaced; combs are kept and dreamt as they are.")

    @property
    def origin(self) -> Fraction:
        """Seconds of the file at which this reading begins; what sound must be moved by as well."""
        return self._shift * self.time_base

    @property
    def missing(self) -> int:
        """Frames that the file promised and that could not be read; known after an iteration."""
        return max(0, self.n_frames - self.decoded) if self._counted and self._ended else 0

    def __iter__(self) -> Iterator[Frame]:
        self.decoded = self.damaged = 0
        self._ended = False
        end = None
        last = None
        with open_container(self.path) as container:
            stream = _pictures(container, self.path)
            for raw in self._frames(container, stream):
                pts = raw.pts if raw.pts is not None else (last if last is not None else -1) + 1
                pts -= self._shift
                if self.limit and pts * self.time_base >= Fraction(self.limit) - Fraction(1, 10**6):
                    end = pts
                    break
                if last is not None and pts <= last:  # a broken clock must still run forward
                    pts = last + 1
                last = pts
                self.decoded += 1
                yield Frame(pts, self.time_base, int(raw.duration or 0), self._upright(raw))
        self._ended = end is None

    def _frames(self, container, stream):
        """Decoded frames from `start` on; what cannot be decoded is skipped and counted."""
        stream.thread_type = "AUTO"
        if self._shift:
            container.seek(self._shift, stream=stream, backward=True)
        packets = container.demux(stream)
        while True:
            try:
                packet = next(packets)
                frames = packet.decode()
            except StopIteration:
                return
            except av.EOFError:
                return
            except av.FFmpegError:
                self.damaged += 1
                if self.damaged > 10_000:
                    return
                continue
            for frame in frames:
                if frame.pts is None or frame.pts >= self._shift or not self._shift:
                    yield frame

    def _upright(self, raw) -> np.ndarray:
        matrix = raw.colorspace
        if matrix in _UNSPECIFIED:  # what players guess: large pictures are HD
            matrix = _BT709 if max(raw.width / 1.5, raw.height) >= 720 else _BT601
        full = raw.color_range == _FULL_RANGE or raw.format.name.startswith("yuvj")
        if raw.format.is_rgb or raw.format.name.startswith("gray"):
            rgb = raw.reformat(format="rgb24")
        else:
            rgb = raw.reformat(
                format="rgb24", src_colorspace=matrix, src_color_range=2 if full else 1, dst_color_range=2
            )
        array = rgb.to_ndarray()
        width, height = self.size if hasattr(self, "size") else (array.shape[1], array.shape[0])
        turns = round(_rotation(raw) / 90) % 4
        array = np.ascontiguousarray(np.rot90(array, turns)) if turns else array
        if array.shape[:2] != (height, width):  # streams may change size; a film keeps its first
            import cv2

            array = cv2.resize(array, (width, height), interpolation=cv2.INTER_AREA)
        return array


def open_film(path, *, start: float = 0.0, duration: float = 0.0) -> FilmReader:
    """Open a film for reading.

    Args:
        path: the file.
        start: seconds to skip from the beginning.
        duration: seconds to read; 0 reads to the end.

    Returns:
        A `FilmReader`.

    Raises:
        InputError: missing, empty, not a film, or without a picture that can be decoded.
    """
    return FilmReader(path, start=start, duration=duration)


def open_container(path: Path):
    """PyAV's container of `path`, or an `InputError` that says what is wrong with the file."""
    path = Path(path)
    if not path.exists():
        raise InputError(f"The film does not exist. Received: {path}.")
    if path.is_dir():
        raise InputError(f"A film is a file. Received the folder {path}.")
    try:
        if path.stat().st_size == 0:
            raise InputError(f"The film is empty (0 bytes). Received: {path}.")
        # `file:` and the white list, so that no name or playlist can reach the network
        return av.open(f"file:{path}", options={"protocol_whitelist": "file"}, metadata_errors="replace")
    except PermissionError:
        raise InputError(f"The film may not be read (no permission). Received: {path}.") from None
    except (av.FFmpegError, OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or type(error).__name__
        raise InputError(
            f"The file cannot be read as a film: {why}. Received: {path}. "
            "Films in mp4, mov, mkv, webm, avi and the like are understood."
        ) from None


def _pictures(container, path):
    """The video stream to dream; cover art does not count."""
    for stream in container.streams.video:
        if "attached_pic" not in str(getattr(stream.disposition, "name", "") or ""):
            return stream
    raise InputError(
        f"The file has no video stream. Received: {path}. For sound alone there is "
        "`python -m deepdream_av.audio`."
    )


def _rotation(frame) -> int:
    return round((getattr(frame, "rotation", 0) or 0) / 90) * 90


def _ratio(stream) -> Fraction:
    """Pixel aspect of a video stream, 1 where it is unknown."""
    try:
        ratio = Fraction(stream.sample_aspect_ratio or 1)
    except (TypeError, ZeroDivisionError, ValueError):
        return Fraction(1)
    return ratio if ratio > 0 else Fraction(1)
