"""Sound streams to blocks of samples, in memory independent of their length."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from deepdream_av.errors import InputError
from deepdream_av.media.files import check_source
from deepdream_av.media.layouts import USUAL

BLOCK = 1 << 16  # samples
LOUDEST = 100.0  # beyond this a float file holds integers or garbage, not sound
GAP = 0.05, 60.0  # seconds: holes in the timestamps between these are filled with silence
TAGS = (
    "title", "artist", "album", "album_artist", "composer", "performer", "genre", "date", "track", "disc",
    "copyright", "publisher", "isrc", "lyrics", "description",
)  # fmt: skip
MOST_TAG = 1000  # characters; what is longer is no name
SEEK_FROM = 30.0  # seconds: nearer starts are decoded from the beginning, which is always exact


class AudioReader:
    """An open sound file that is read block by block, in memory independent of its length.

    Args:
        path: any file that FFmpeg can decode and that has a sound stream.
        start: seconds to skip.
        duration: seconds to read; 0 or None reads to the end.

    Raises:
        InputError: missing, empty, not decodable, no sound stream.
    """

    def __init__(self, path, *, start: float = 0.0, duration: float | None = None):
        self.path = check_source(path)
        self.container = _open(self.path)
        try:
            self.stream = self.container.streams.audio[0]
            context = self.stream.codec_context
            self.rate, self.channels = int(context.sample_rate), int(context.channels)
            if self.rate <= 0 or self.channels <= 0:
                raise InputError(f"{self.path} has a sound stream that cannot be decoded.")
            self.layout, self.codec = _layout_of(context.layout, channels=self.channels), context.name
        except InputError:
            self.container.close()
            raise
        except (IndexError, AttributeError):
            self.container.close()
            raise InputError(f"{self.path} has no sound.") from None
        self._skip = round(max(start, 0.0) * self.rate)
        self._most = round(duration * self.rate) if duration else None
        self._state = Health()
        self.length = self._expected_length()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.container.close()

    @property
    def start(self) -> float:
        """Time of the first sample that is read, on the file's clock, in seconds."""
        return self._origin() + self._skip / self.rate

    @property
    def tags(self) -> dict[str, str]:
        """Title, artist and what else a player shows, as the file or its sound has it."""
        found = {}
        for key, value in {**self.stream.metadata, **self.container.metadata}.items():
            if key.lower() in TAGS and len(value) <= MOST_TAG and value.isprintable() and value:
                found[key.lower()] = value
        return found

    @property
    def notes(self) -> tuple[str, ...]:
        """What went wrong so far, in words."""
        return self._state.words()

    def blocks(self, samples: int = BLOCK) -> Iterator[np.ndarray]:
        """Yield float32 `[<= samples, channels]` blocks, in order, once."""
        waiting, held, given = [], 0, 0
        for piece in self._pieces():
            if self._most is not None:
                piece = piece[: self._most - given - held]
            waiting.append(piece)
            held += len(piece)
            while held >= samples:
                joined = np.concatenate(waiting)
                yield self._state.checked(joined[:samples], self.path)
                given, held = given + samples, held - samples
                waiting = [joined[samples:]]
            if self._most is not None and given + held >= self._most:
                break
        self._state.missing = self._missing(given + held)
        if held:
            yield self._state.checked(np.concatenate(waiting), self.path)

    def _origin(self) -> float:
        return float((self.stream.start_time or 0) * self.stream.time_base)

    def _expected_length(self) -> int | None:
        """Samples that the headers promise, or None."""
        if self.stream.duration:
            seconds = float(self.stream.duration * self.stream.time_base)
        elif self.container.duration:
            seconds = self.container.duration / 1e6
            if "matroska" in self.container.format.name and seconds > self._origin():
                seconds -= self._origin()  # it counts from zero, wherever the sound begins
        else:
            return self._most
        left = max(round(seconds * self.rate) - self._skip, 0)
        return left if self._most is None else min(left, self._most)

    def _missing(self, count: int) -> str:
        """In words, how much less than promised there was, if it is worth a word."""
        if self.length is None or self.length - count < 0.3 * self.rate:
            return ""
        return (
            f"the sound ends early: {count / self.rate:.1f} of {self.length / self.rate:.1f} s could be read"
        )

    def _pieces(self) -> Iterator[np.ndarray]:
        """Decoded frames as arrays; timestamps decide where they lie, holes become silence."""
        if self._skip > SEEK_FROM * self.rate:
            # one second of run-up, because codecs need some frames before they are exact again
            target = self._origin() + self._skip / self.rate - 1.0
            self.container.seek(int(target / self.stream.time_base), stream=self.stream)
        place, end = None, self._last_sample()
        for frame in self._frames():
            at = place if frame.pts is None else self._place_of(frame)
            piece = _as_float(frame) if _same(frame, self) else self._converted(frame)
            if place is None:
                place = 0 if self._skip <= SEEK_FROM * self.rate else at or 0
            elif at is not None and GAP[0] * self.rate < at - place < GAP[1] * self.rate:
                self._state.gaps += 1
                piece = np.concatenate([np.zeros([at - place, self.channels], np.float32), piece])
            if end is not None:
                piece = piece[: max(end - place, 0)]
            first = max(self._skip - place, 0)
            place += len(piece)
            if first < len(piece):
                yield piece[first:]

    def _place_of(self, frame) -> int:
        """Index of a frame's first sample by its timestamp."""
        return round((float(frame.pts * frame.time_base) - self._origin()) * self.rate)

    def _last_sample(self) -> int | None:
        """Where an AAC track in MP4 really ends: its last frame is padded, its duration is not."""
        if self.stream.duration and "mp4" in self.container.format.name:
            return round(float(self.stream.duration * self.stream.time_base) * self.rate)
        return None

    def _frames(self):
        import av

        try:
            for packet in self.container.demux(self.stream):
                try:
                    yield from packet.decode()
                except av.error.InvalidDataError:
                    self._state.damaged += 1
        except av.error.FFmpegError:
            self._state.damaged += 1

    def _converted(self, frame) -> np.ndarray:
        """A frame whose rate or layout changed on the way, in the shape of the first ones."""
        import av

        layout = (
            frame.layout if frame.layout.nb_channels == self.channels else self.layout or USUAL[self.channels]
        )
        resampler = av.AudioResampler(format="flt", layout=layout, rate=self.rate)
        frame.pts = None
        parts = [_as_float(f) for f in resampler.resample(frame) + resampler.resample(None)]
        return np.concatenate(parts) if parts else np.zeros([0, self.channels], np.float32)


@dataclass
class Health:
    """Counts what is wrong with a stream of samples while it passes."""

    damaged: int = 0
    gaps: int = 0
    holes: int = 0
    beyond: int = 0
    missing: str = ""

    def checked(self, block: np.ndarray, path) -> np.ndarray:
        finite = np.isfinite(block)
        if not finite.all():
            self.holes += int(block.size - finite.sum())
            block = np.where(finite, block, np.float32(0))
        peak = float(np.abs(block).max(initial=0))
        if peak > LOUDEST:
            raise InputError(
                f"Sound lies between -1 and 1. Received: {path} with a peak of {peak:g}; "
                f"divide its samples by {peak:g}."
            )
        if peak > 1.0:
            self.beyond += int((np.abs(block) > 1.0).sum())
        return np.ascontiguousarray(block, np.float32)

    def words(self) -> tuple[str, ...]:
        said = (
            (self.damaged, "{} damaged packets of sound were skipped"),
            (self.gaps, "{} holes in the sound were filled with silence"),
            (self.holes, "{} samples were not numbers and were set to silence"),
            (self.beyond, "{} samples lie beyond full scale"),
        )
        return tuple(text.format(count) for count, text in said if count) + (
            (self.missing,) if self.missing else ()
        )


def _open(path: Path):
    import av

    try:
        # `file:` so that no name can be taken for a network address
        return av.open(f"file:{path}", options={"protocol_whitelist": "file"}, metadata_errors="replace")
    except (av.error.FFmpegError, OSError, ValueError):
        raise InputError(f"{path} is not a sound or film that can be decoded.") from None


def _same(frame, reader: AudioReader) -> bool:
    # PyAV counts one plane too many where eight or more are planar, and would read past them
    safe = reader.channels < 8 or not frame.format.is_planar
    return safe and frame.sample_rate == reader.rate and frame.layout.nb_channels == reader.channels


def _as_float(frame) -> np.ndarray:
    """Any frame as float32 `[samples, channels]`."""
    data, channels = frame.to_ndarray(), frame.layout.nb_channels
    data = data.T if frame.format.is_planar else data.reshape(-1, channels)
    if data.dtype == np.uint8:
        return (data.astype(np.float32) - 128) / 128
    if data.dtype.kind == "i":
        return (data / -float(np.iinfo(data.dtype).min)).astype(np.float32)
    return data.astype(np.float32)


def _layout_of(layout, *, channels: int) -> str:
    """FFmpeg's name of a layout, or "" if it is not one of the usual ones.

    By comparison, because asking PyAV for the name of an unusual layout can read freed memory.
    """
    import av

    names = (USUAL.get(channels, ""), "5.1(side)", "5.0(side)", "quad(side)", "3.0", "4.0", "7.1(wide)")
    same = (
        n for n in names if n and av.AudioLayout(n).nb_channels == channels and layout == av.AudioLayout(n)
    )
    return next(same, "")
