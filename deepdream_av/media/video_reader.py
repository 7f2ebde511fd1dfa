"""Film files to pictures: streamed, with exact timestamps, upright and in honest colours."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from deepdream_av.errors import InputError
from deepdream_av.media.film_file import FrameSource, open_container, pictures_of, promised_end
from deepdream_av.media.film_pixels import has_alpha, picture_of
from deepdream_av.media.orientation import lies, orientation_of, upright
from deepdream_av.media.tone_mapping import hdr_kind


@dataclass(frozen=True, eq=False)
class Frame:
    """One picture of a film.

    Attributes:
        pts: presentation time in ticks of `time_base`.
        time_base: seconds per tick, exact.
        duration: how long it is shown, in ticks; 0 where the file does not say.
        array: uint8 `[height, width, 3]`, sRGB order, upright.
        alpha: uint8 `[height, width]`, 0 where it is clear; None for an opaque frame.
    """

    pts: int
    time_base: Fraction
    duration: int
    array: np.ndarray
    alpha: np.ndarray | None = None

    @property
    def time(self) -> float:
        """Presentation time in seconds."""
        return float(self.pts * self.time_base)


class FilmReader:
    """Iterates over the frames of a film, one in memory at a time.

    Iterating reads the file from its start (or from `start`) every time, so a film can be looked
    at twice: once to analyse, once to dream. After an iteration `decoded`, `damaged`, `missing`
    and `missing_seconds` say what was found.

    Attributes:
        path: the file.
        size: (width, height) as shown, rotation applied, in pixels.
        fps: average frames per second, a `Fraction`.
        time_base: seconds per tick of `Frame.pts`, exact.
        aspect: shape of a pixel, width over height, a `Fraction`.
        n_frames: how many frames are expected; 0 where the file does not say.
        duration: seconds that are expected to be shown; 0 where the file does not say.
        sounds: number of sound tracks.
        clear: whether its frames may be transparent.
        notes: what a user should know (HDR, interlacing, further sound tracks), in whole sentences.
    """

    def __init__(self, path, *, start: float = 0.0, duration: float = 0.0, size: tuple[int, int] | None = None):
        self.path = Path(path)
        self.start, self.limit = float(start), float(duration)
        self.decoded = self.damaged = 0
        self._ended = False
        self._reach = Fraction(0)
        self.notes: list[str] = []
        with open_container(self.path) as container:
            stream = pictures_of(container, self.path)
            self.time_base = Fraction(stream.time_base)
            self.fps = Fraction(stream.average_rate or stream.guessed_rate or stream.base_rate or 25)
            self.sounds = len(container.streams.audio)
            # everything is measured from where the film as a whole begins
            self._begin = Fraction(container.start_time or 0, av.time_base)
            self._promised = promised_end(container, stream)
            self._shown_until = self._promised if stream.duration and "mp4" in container.format.name else None
            # whole ticks, so that a cut moves every timestamp by exactly the same
            self._shift = math.ceil((self._begin + _exact(start)) / self.time_base) if self.start else 0
            frames, length = stream.frames or 0, stream.duration and stream.duration * self.time_base
            if not length and self._promised:
                length = self._promised - self._begin
            length = Fraction(length or Fraction(container.duration or 0, av.time_base))
            first = next(self._source(stream).frames(container), (0, None))[1]
            aspect = _ratio(stream)
        if first is None:
            where = f" after {self.start:g} s" if self.start else ""
            raise InputError(
                f"No picture of {self.path} can be decoded{where}. "
                f"A film with at least one whole frame is needed."
            )
        lying = lies(orientation_of(first))
        self.size = size or ((first.height, first.width) if lying else (first.width, first.height))
        self._expect(frames, length)
        self._look_at_colours(first)
        if self.sounds > 1:
            self.notes.append(f"The film has {self.sounds} sound tracks: the first is dreamt, the others stay.")
        self.aspect = 1 / aspect if lying else aspect

    def _expect(self, frames: int, length: Fraction) -> None:
        wanted = max(Fraction(0), length - _exact(self.start))
        if self.limit:
            wanted = min(wanted, _exact(self.limit)) if length else _exact(self.limit)
        whole = not self.start and (not self.limit or wanted == length)
        self.duration = float(wanted)
        self.n_frames = frames if whole and frames else round(wanted * self.fps)
        self._counted = bool(whole and frames)

    def _look_at_colours(self, frame) -> None:
        self.clear = has_alpha(frame)
        if kind := hdr_kind(frame):
            self.notes.append(f"The film is HDR ({kind}); it is tone-mapped, dreamt and written in everyday range.")
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

    @property
    def end(self) -> Fraction | None:
        """Where the reading stops, in seconds on the clock of the frames read; None: at the file's end."""
        return _exact(self.limit) + (0 if self.start else self._begin) if self.limit else None

    @property
    def missing_seconds(self) -> float:
        """Seconds that the file promised and does not hold, as if cut off; known after an iteration.

        0 if it is complete within half a second or three frames, or if the container promises nothing.
        """
        if not self._ended or self._promised is None:
            return 0.0
        wanted = self._promised if self.end is None else min(self._promised, self.end + self.origin)
        short = wanted - self._reach
        return float(short) if short > max(3 / self.fps, Fraction(1, 2)) else 0.0

    def __iter__(self) -> Iterator[Frame]:
        self.decoded = self.damaged = 0
        self._ended = False
        last = held = None
        with open_container(self.path) as container:
            stream = pictures_of(container, self.path)
            source = self._source(stream)
            for tick, raw in source.frames(container):
                self.damaged = source.damaged
                pts = tick - self._shift
                if self.end is not None and pts * self.time_base >= self.end - Fraction(1, 10**6):
                    break
                if last is not None and pts <= last:  # a broken clock must still run forward
                    pts = last + 1
                last = pts
                if held is not None:
                    yield held
                self.decoded += 1
                held = Frame(pts, self.time_base, int(raw.duration or 0), *self._upright(raw))
            else:
                self.damaged, self._reach = source.damaged, source.reach
                self._ended = True
        if held is not None:
            yield self._last(held) if self._ended else held

    def _last(self, frame: Frame) -> Frame:
        """The last frame, shown until the file says that its pictures end.

        mp4 keeps one list of durations, in the order of decoding, and the last frame need not be the last there.
        """
        if self._shown_until is None or self.missing_seconds:
            return frame
        rest = round(self._shown_until / self.time_base) - self._shift - frame.pts
        return replace(frame, duration=rest) if rest > frame.duration else frame

    def _source(self, stream) -> FrameSource:
        """The decoded frames from `start` on."""
        return FrameSource(
            self.path,
            wanted=self._shift if self.start else None,
            begin=stream.start_time or 0,
            step=max(Fraction(1), 1 / (self.fps * self.time_base)),
        )

    def _upright(self, raw) -> tuple[np.ndarray, np.ndarray | None]:
        picture, alpha = picture_of(raw)
        way = orientation_of(raw)
        return self._fitted(picture, way), None if alpha is None else self._fitted(alpha, way)

    def _fitted(self, array: np.ndarray, way: tuple[int, int, int, int]) -> np.ndarray:
        array = upright(array, way)
        if array.shape[1::-1] != self.size:  # streams may change size; a film keeps its first
            import cv2

            array = cv2.resize(array, self.size, interpolation=cv2.INTER_AREA)
        return array


def open_film(
    path, *, start: float = 0.0, duration: float = 0.0, size: tuple[int, int] | None = None
) -> FilmReader:
    """Open a film for reading.

    Args:
        path: the file.
        start: seconds to skip from the beginning.
        duration: seconds to read; 0 reads to the end.
        size: (width, height) to which its pictures are made smaller; None: as they are.

    Returns:
        A `FilmReader`.

    Raises:
        InputError: missing, empty, not a film, or without a picture that can be decoded.
    """
    return FilmReader(path, start=start, duration=duration, size=size)


def _exact(seconds: float) -> Fraction:
    """The decimal number that was meant: 9.96 as a float lies a little above, and would miss its frame."""
    return Fraction(seconds).limit_denominator(10**6)


def _ratio(stream) -> Fraction:
    """Pixel aspect of a video stream, 1 where it is unknown."""
    try:
        ratio = Fraction(stream.sample_aspect_ratio or 1)
    except (TypeError, ZeroDivisionError, ValueError):
        return Fraction(1)
    return ratio if ratio > 0 else Fraction(1)
