"""What of a film is passed on as it is: further sound tracks, subtitles, chapters, attachments and tags."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from fractions import Fraction

import av

from deepdream_av.media.encoded_sound import EncodedSound, SoundFormat
from deepdream_av.media.film_file import is_cover, open_container
from deepdream_av.media.subtitles import KINDS, converted, plain_kind

# what a file says of itself, and no longer of the file that is made from it
_OF_THE_FILE = {"major_brand", "minor_version", "compatible_brands", "encoder", "duration", "comment", "handler_name"}
_OF_THE_FILE |= {"vendor_id", "bps", "number_of_frames", "number_of_bytes", "alpha_mode"}

# what players of QuickTime do not know, and its writer refuses
_REFUSED = {".mov": ("opus", "flac", "vorbis")}
# QuickTime has a list of its own, with these names
_QUICKTIME = {"deu": "ger", "nld": "dut", "swe": "sve", "ell": "gre", "isl": "ice", "zho": "chi"}

# where, when and with what it was filmed is nobody's business
_PRIVATE = ("location", "creation_time", "date_recorded", "make", "model", "com.apple.", "com.android.", "gps", "xyz")


def is_told(key: str) -> bool:
    """Whether a tag of a film is told on: what it is called and who made it, not where it was filmed.

    >>> is_told("title"), is_told("location-eng"), is_told("com.apple.quicktime.model"), is_told("encoder")
    (True, False, False, False)
    """
    key = key.lower()
    return key not in _OF_THE_FILE and not key.startswith((*_PRIVATE, "_statistics"))


class Carried:
    """The streams of a film that are not dreamt, on their way into another file.

    What the other container holds goes in packet by packet, untouched. Sound in another codec is encoded anew, and
    text subtitles of another kind are rewritten; pictures as subtitles can be held by mkv alone.

    Args:
        film: a `FilmReader`; the streams are cut as it is.

    Attributes:
        notes: what cannot be passed on, in whole sentences; known after `join`.
    """

    def __init__(self, film):
        self._film, self.notes = film, []
        self._input = None
        self._tracks: dict[int, _Track] = {}
        self._packets: Iterator | None = None
        self._held: list[tuple[Fraction, list]] = []

    def join(self, container, *, suffix: str) -> None:
        """Add streams, chapters and tags to a container that is not yet begun."""
        self._input, self._suffix = open_container(self._film.path), suffix
        source = self._input
        self._add_tags(container)
        for stream in source.streams.audio[1:]:
            self._add(stream, lambda stream=stream: _sound_track(stream, container, suffix, self._film))
        for stream in source.streams.subtitles:
            self._add(stream, lambda stream=stream: _subtitle_track(stream, container, suffix))
        self._add_attachments(container, suffix)
        for stream in source.streams.video:
            if is_cover(stream):
                self._add_cover(container, stream, suffix)

    def _add(self, stream, make) -> None:
        try:
            track = make()
        except (av.FFmpegError, ValueError, OSError, AttributeError) as error:
            track = None
            why = f" ({getattr(error, 'strerror', None) or error})"
        else:
            why = ""
        if track is None:
            what = "A sound track" if stream.type == "audio" else "Subtitles"
            self.notes.append(f"{what} in {_codec(stream) or 'an unknown form'} cannot be passed on{why}.")
            return
        self._describe(track.stream, stream)
        self._tracks[stream.index] = track

    def _add_tags(self, container) -> None:
        tags = {k: v for k, v in self._input.metadata.items() if is_told(k)}
        comment = next((v for k, v in self._input.metadata.items() if k.lower() == "comment"), "")
        if comment and "description" not in {k.lower() for k in tags} and not comment.startswith("deepdream_av/"):
            tags["description"] = comment  # the comment holds the recipe
        for key, value in tags.items():
            container.metadata.setdefault(key, value)
        chapters = [c for c in map(self._moved, self._input.chapters()) if c is not None]
        if chapters:
            container.set_chapters(chapters)

    def _moved(self, chapter):
        """A chapter on the clock of what is read of the film, or None if nothing of it is."""
        base, film = Fraction(chapter["time_base"] or Fraction(1, 1000)), self._film
        shift = round(film.origin / base)
        start, end = chapter["start"] - shift, chapter["end"] - shift
        if film.end is not None:
            end = min(end, round(film.end / base))
        return chapter | {"start": max(start, 0), "end": end, "time_base": base} if end > max(start, 0) else None

    def _add_attachments(self, container, suffix: str) -> None:
        for stream in self._input.streams.attachments if suffix == ".mkv" else ():
            with contextlib.suppress(av.FFmpegError, ValueError, AttributeError, TypeError):
                name = stream.metadata.get("filename") or f"attachment-{stream.index}"
                container.add_attachment(name, stream.mimetype or "application/octet-stream", stream.data)

    def _add_cover(self, container, stream, suffix: str) -> None:
        kind = {"png": "png", "mjpeg": "jpeg"}.get(_codec(stream))
        if suffix != ".mkv" or kind is None:
            self.notes.append(f"The film's cover picture is left out: {suffix} files are written without one.")
            return
        with open_container(self._film.path) as again:
            data = next((bytes(p) for p in again.demux(again.streams[stream.index]) if p.size), b"")
        if data:
            container.add_attachment(f"cover.{kind.replace('e', '')}", f"image/{kind}", data)

    def describe(self, stream, kind: str) -> None:
        """Give the dreamt pictures or the dreamt sound the language and the title that their sources have."""
        streams = getattr(self._input.streams, kind)
        if streams:
            self._describe(stream, streams[0])

    def _describe(self, stream, source) -> None:
        for key, value in source.metadata.items():
            if is_told(key):
                names = _QUICKTIME if self._suffix == ".mov" and key == "language" else {}
                stream.metadata[key] = names.get(value, value)
        with contextlib.suppress(AttributeError, TypeError, ValueError):
            stream.disposition = source.disposition

    def until(self, seconds: float | None) -> Iterator:
        """Packets to be muxed, up to a time on the clock of what is read; None gives all."""
        if not self._tracks:
            return
        if self._packets is None:
            self._packets = self._read()
        while True:
            if not self._held:
                following = next(self._packets, None)
                if following is None:
                    return
                self._held.append(following)
            when, packets = self._held[0]
            if seconds is not None and when >= seconds:
                return
            self._held.clear()
            yield from packets

    def end(self) -> Iterator:
        """What encoders still hold."""
        for track in self._tracks.values():
            yield from track.end()

    def _read(self) -> Iterator:
        film, when = self._film, Fraction(0)
        streams = [self._input.streams[index] for index in self._tracks]
        packets = self._input.demux(*streams)
        while True:
            try:
                packet = next(packets)
            except (StopIteration, av.EOFError):
                return
            except av.FFmpegError:
                continue
            if packet.pts is None or packet.time_base is None:
                continue
            base = Fraction(packet.time_base)
            begin = packet.pts * base - film.origin
            if film.end is not None and begin >= film.end:
                continue
            ends = begin + (packet.duration or 0) * base
            if film.start and (ends <= 0 or begin < 0 and packet.stream.type == "audio"):
                continue
            if packet.stream.type == "subtitle":
                _cut(packet, begin if film.start else Fraction(0), ends, film.end)
            when = max(when, begin)
            made = list(self._tracks[packet.stream.index].take(packet, round(film.origin / base)))
            if made:
                yield when, made

    def close(self) -> None:
        """Let go of the source."""
        if self._input is not None:
            self._input.close()
            self._input = None


class _Track:
    """Packets that are passed on as they are."""

    def __init__(self, stream, *, early: bool = True):
        self.stream, self._early = stream, early

    def take(self, packet, shift: int) -> Iterator:
        """Packets to be muxed for one of the source."""
        packet.pts -= shift
        packet.dts = packet.pts if packet.dts is None else packet.dts - shift
        # Matroska knows no time before its beginning, and moving that would move the pictures
        if self._early or packet.pts + (packet.duration or 0) > 0:
            packet.stream = self.stream
            yield packet

    def end(self) -> Iterator:
        return iter(())


class _Text(_Track):
    """Subtitles that become those of another kind."""

    def __init__(self, stream, before: str, after: str):
        super().__init__(stream)
        self._before, self._after = before, after

    def take(self, packet, shift: int) -> Iterator:
        data = converted(bytes(packet), self._before, self._after)
        if data:
            made = av.Packet(data)
            made.time_base, made.duration = packet.time_base, packet.duration
            made.pts = made.dts = packet.pts - shift
            yield from super().take(_with_stream(made, self.stream), 0)


class _Encoded(_Track):
    """Sound in a codec that the container does not hold."""

    def __init__(self, source, container, suffix: str, film):
        context = source.codec_context
        self._begun = False
        layout, channels = context.layout.name, context.layout.nb_channels
        start = max(Fraction(0), (source.start_time or 0) * Fraction(source.time_base) - film.origin)
        self._encoder = EncodedSound(
            container, SoundFormat(context.sample_rate, channels, layout, start), suffix=suffix
        )
        super().__init__(self._encoder.stream)
        self._flat = av.AudioResampler(format="flt", layout=layout, rate=context.sample_rate)
        self._channels = channels

    def take(self, packet, shift: int) -> Iterator:
        try:
            frames = packet.decode()
        except av.FFmpegError:
            return
        for frame in frames:
            for flat in self._flat.resample(frame):
                yield from self._encoder.packets(flat.to_ndarray().reshape(-1, self._channels))

    def end(self) -> Iterator:
        return self._encoder.packets(None)


def _sound_track(stream, container, suffix: str, film) -> _Track | None:
    codec = _codec(stream)
    if codec in container.supported_codecs and codec not in _REFUSED.get(suffix, ()):
        return _Track(container.add_stream_from_template(stream), early=suffix not in (".mkv", ".webm"))
    if stream.codec_context is None or not codec:
        return None
    return _Encoded(stream, container, suffix, film)


def _subtitle_track(stream, container, suffix: str) -> _Track | None:
    codec = _codec(stream)
    before = plain_kind(codec)
    if codec in container.supported_codecs or suffix == ".mkv" and not before:
        return _Track(container.add_stream_from_template(stream))
    after = KINDS[suffix]
    return _Text(container.add_mux_stream(after), before, after) if before else None


def _codec(stream) -> str:
    codec = getattr(stream.codec_context, "codec", None) if stream.codec_context is not None else None
    return getattr(codec, "canonical_name", None) or getattr(codec, "name", None) or ""


def _cut(packet, begin: Fraction, ends: Fraction, last: Fraction | None) -> None:
    """Shorten a line that begins before what is read, or ends after it."""
    base = Fraction(packet.time_base)
    before, after = max(-begin, 0), max(ends - last, 0) if last is not None else 0
    if before or after:
        packet.pts += round(before / base)
        packet.dts, packet.duration = packet.pts, max(1, packet.duration - round((before + after) / base))


def _with_stream(packet, stream):
    packet.stream = stream
    return packet
