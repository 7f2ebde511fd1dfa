"""A film file: opened safely, and decoded from any moment on without losing a frame."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av

from deepdream_av.errors import InputError

_RUN_UPS = (0, 2, 10, 60)  # seconds by which a seek aims too early, tried in turn
_LONG_RUN_UPS = (10, 60)  # for MPEG streams, whose first timestamps after a seek may be guessed wrongly
_LISTS = ("concat", "hls", "applehttp", "dash", "imf")
MOST_PIXELS = 8192 * 8192  # a file of a few bytes can claim any size, and fill the memory
_MOST_DAMAGE = 10_000  # packets; beyond that nothing good will follow


class FrameSource:
    """Decoded frames of a film from a tick on, each with a timestamp.

    After a reading, `damaged` is the number of packets that could not be decoded, and `reach` the
    seconds, on the file's clock, up to which the file holds pictures or sound.

    Args:
        path: the file.
        wanted: first tick to give; None gives everything.
        begin: tick of a first frame that has no timestamp.
        step: ticks that a frame lasts which does not say so.
    """

    def __init__(self, path: Path, *, wanted: int | None, begin: int, step: Fraction):
        self.path, self.wanted = path, wanted
        self.damaged, self.reach = 0, Fraction(0)
        self._begin, self._step = begin, step

    def frames(self, container) -> Iterator[tuple[int, av.VideoFrame]]:
        """(tick, frame) in order; a broken clock (ticks that do not grow) is left to the caller.

        A demuxer may land behind the place that it was sent to: MPEG streams have no index, and
        others count decoding times, which run ahead of what is shown. So a landing is believed only
        if the first frame lies at or before the wanted one; else it aims earlier, and in the end
        reads everything.
        """
        if self.wanted is None:
            yield from self._timed(container, self._begin)
            return
        for run_up in _LONG_RUN_UPS if container.format.name.startswith("mpeg") else _RUN_UPS:
            found = self._sought(container, run_up)
            first = next(found, None)
            if first is not None and first[0] <= self.wanted:
                yield from self._late_enough(itertools.chain([first], found))
                return
        with open_container(self.path) as again:
            yield from self._late_enough(self._timed(again, self._begin))

    def _late_enough(self, frames):
        return ((tick, raw) for tick, raw in frames if tick >= self.wanted)

    def _sought(self, container, run_up: int):
        stream = pictures_of(container, self.path)
        tick = self.wanted - round(run_up / Fraction(stream.time_base))
        try:
            container.seek(tick, stream=stream, backward=True)
        except (av.FFmpegError, OSError):
            return iter(())
        return self._timed(container, None)

    def _timed(self, container, clock):
        """What is decoded from here on; a first frame without a timestamp is at `clock`, or ends it all."""
        for raw in self._decoded(container):
            if raw.pts is None and clock is None:
                return
            tick = round(clock) if raw.pts is None else raw.pts
            # from the exact time, so that rounding to ticks does not add up
            clock = (clock if raw.pts is None else raw.pts) + (raw.duration or self._step)
            yield tick, raw

    def _decoded(self, container):
        """Decoded frames; what cannot be decoded is skipped and counted."""
        stream = pictures_of(container, self.path)
        decoder = _seeing_through(stream)
        self.damaged, self.reach = 0, Fraction(0)
        packets = container.demux(stream, *container.streams.audio)
        while True:
            try:
                packet = next(packets)
                if packet.pts is not None:
                    end = (packet.pts + (packet.duration or 0)) * packet.time_base
                    self.reach = max(self.reach, end)
                if packet.stream is not stream:
                    continue
                frames = packet.decode() if decoder is None else decoder.decode(packet if packet.size else None)
            except (StopIteration, av.EOFError):
                return
            except av.FFmpegError:
                self.damaged += 1
                if self.damaged > _MOST_DAMAGE:
                    return
                continue
            yield from frames


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
        container = av.open(f"file:{path}", options={"protocol_whitelist": "file"}, metadata_errors="replace")
    except PermissionError:
        raise InputError(f"The film may not be read (no permission). Received: {path}.") from None
    except (av.FFmpegError, OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or type(error).__name__
        raise InputError(
            f"The file cannot be read as a film: {why}. Received: {path}. "
            "Films in mp4, mov, mkv, webm, avi and the like are understood."
        ) from None
    if any(kind in container.format.name for kind in _LISTS):  # a stranger's file would name others on this disk
        container.close()
        raise InputError(f"A list of films is no film. Received: {path}. Give one of the films in it.")
    return container


def pictures_of(container, path):
    """The video stream to dream; cover art does not count."""
    for stream in container.streams.video:
        if not is_cover(stream):
            if stream.codec_context is None:
                raise InputError(f"The pictures of the film are in a form that nobody knows here. Received: {path}.")
            _check_size(stream, path)
            return stream
    raise InputError(
        f"The file has no video stream. Received: {path}. For sound alone there is "
        "`python -m deepdream_av.audio`."
    )


def is_cover(stream) -> bool:
    """Whether a stream is a picture of the film, and none in it."""
    return "attached_pic" in str(getattr(stream.disposition, "name", "") or "")


def _check_size(stream, path) -> None:
    context = stream.codec_context
    if context is not None and context.width * context.height > MOST_PIXELS:
        raise InputError(
            f"Pictures of films have at most {MOST_PIXELS // 10**6} megapixels. "
            f"Received: {context.width}x{context.height} in {path}."
        )


def _seeing_through(stream):
    """A decoder that gives transparency where FFmpeg's own one leaves it out; None where its own one will do."""
    tags = {key.lower(): value for key, value in stream.metadata.items()}
    name = {"vp8": "libvpx", "vp9": "libvpx-vp9"}.get(getattr(stream.codec_context, "name", None))
    if name is None or tags.get("alpha_mode") != "1":
        return None
    try:
        return av.CodecContext.create(name, "r")
    except (av.FFmpegError, ValueError):  # FFmpeg can be built without it
        return None


def promised_end(container, stream) -> Fraction | None:
    """Time on the file's clock, in seconds, at which its header says that it ends; None if it does not.

    Only some containers say it; for others FFmpeg guesses from the size or from the last packets, and a
    guess cannot tell that something is missing.
    """
    name = container.format.name
    if not any(known in name for known in ("matroska", "mp4", "flv", "avi", "asf")):
        return None
    if stream.duration:  # the other tracks (sound, chapters, telemetry) may be longer
        return ((stream.start_time or 0) + stream.duration) * Fraction(stream.time_base)
    if not container.duration:
        return None
    begin, length = (Fraction(t or 0, av.time_base) for t in (container.start_time, container.duration))
    # Matroska counts from zero, unless the file was cut out of a longer one
    return length if "matroska" in name and length > begin else begin + length
