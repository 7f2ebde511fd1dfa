"""Blocks of samples to sound files; the suffix decides the format."""

from __future__ import annotations

import io
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Self

import numpy as np

from deepdream_av.errors import OutputError
from deepdream_av.media.audio_reader import BLOCK
from deepdream_av.media.layouts import Layouts, layouts_for

# suffix -> container, encoder, sample format, bit rate per channel, rates (None: any), most channels
FORMATS = {
    ".wav": ("wav", "pcm_s24le", "s32", None, None, 64),
    ".flac": ("flac", "flac", "s32", None, None, 8),
    ".mp3": (
        "mp3",
        "libmp3lame",
        "fltp",
        128_000,
        (48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000),
        2,
    ),
    ".ogg": ("ogg", "libopus", "flt", 96_000, (48000, 24000, 16000, 12000, 8000), 8),
    ".opus": ("opus", "libopus", "flt", 96_000, (48000, 24000, 16000, 12000, 8000), 8),
    ".m4a": (
        "ipod",
        "aac",
        "fltp",
        128_000,
        (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000),
        8,
    ),
}
LOSSLESS = (".wav", ".flac")


def check_format(path, rate: int, channels: int, layout: str = "") -> None:
    """Whether the format that a suffix names can hold a sound, asked before an hour of dreaming.

    Args:
        path: where to; nothing is written there.
        rate: samples per second.
        channels: how many.
        layout: FFmpeg's name of the layout; empty: the usual one for so many channels.

    Raises:
        OutputError: what `AudioWriter` would raise for a suffix, rate or channels that cannot be written.
        UsageError: there is no layout of that name.
    """
    import av

    plan = _planned(path, rate=rate, channels=channels, layout=layout)
    # the encoder itself is asked, because no table knows all that it refuses
    with av.open(io.BytesIO(), "w", format=plan.kind) as container:
        plan.start(container)


class AudioWriter:
    """A sound file that is written block by block.

    Args:
        path: where to; the suffix decides the format.
        rate: samples per second of what will be written.
        channels: how many.
        layout: FFmpeg's name of the layout; empty: the usual one for so many channels.
        floating: keep float samples where the format can (wav).
        comment: text kept in the file under `comment`.
        tags: title, artist and the like, see `AudioReader.tags`.

    Raises:
        OutputError: a suffix, rate or channel count that the format cannot hold.
    """

    def __init__(
        self, path, *, rate: int, channels: int, layout: str = "", floating: bool = False, comment: str = "",
        tags: dict[str, str] | None = None,
    ):  # fmt: skip
        import av

        plan = _planned(path, rate=rate, channels=channels, layout=layout, floating=floating)
        self.rate_in, self.rate, self.channels = rate, plan.rate, channels
        self.layout, self._given, self.notes = plan.layouts.written, plan.layouts.given, plan.notes
        # MP4 counts edits in milliseconds unless it is told to count samples
        options = {"wav": {"rf64": "auto"}, "ipod": {"movie_timescale": str(self.rate)}}.get(plan.kind, {})
        try:
            self.container = av.open(str(path), "w", format=plan.kind, options=options)
        except (av.error.FFmpegError, OSError) as error:
            raise OutputError(f"Cannot write {path}: {error.strerror or error}.") from None
        try:
            self.stream = plan.start(self.container, comment=comment, tags=tags)
        except OutputError:
            self.container.close()
            raise
        self._resampler = av.AudioResampler(format=plan.sample_format, layout=self.layout, rate=self.rate)
        self._written = 0

    def write(self, samples: np.ndarray):
        """Append float32 `[samples, channels]`."""
        import av

        for first in range(0, len(samples), BLOCK):
            block = np.ascontiguousarray(samples[first : first + BLOCK], np.float32)
            frame = av.AudioFrame.from_ndarray(block.reshape(1, -1), format="flt", layout=self._given)
            frame.sample_rate, frame.pts, frame.time_base = (
                self.rate_in,
                self._written,
                Fraction(1, self.rate_in),
            )
            self._written += len(block)
            self._encode(self._resampler.resample(frame))

    def close(self):
        """Flush the encoder and finish the file."""
        if self.container is None:
            return
        container, self.container = self.container, None
        try:
            self._mux(container, self._resampler.resample(None))
            self._mux(container, [None])
        finally:
            container.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_):
        self.close()

    def _encode(self, frames):
        self._mux(self.container, frames)

    def _mux(self, container, frames):
        import av

        try:
            for frame in frames:
                for packet in self.stream.encode(frame):
                    container.mux(packet)
        except av.error.FFmpegError as error:
            raise OutputError(f"Cannot write {container.name}: {error.strerror or error}.") from None


@dataclass(frozen=True)
class _Plan:
    """What will be written, and how."""

    kind: str
    codec: str
    sample_format: str
    bit_rate: int | None
    rate_in: int
    rate: int
    channels: int
    layouts: Layouts

    @property
    def notes(self) -> tuple[str, ...]:
        resampled = f"resampled from {self.rate_in} to {self.rate} Hz, which {self.kind} can hold"
        return tuple(filter(None, (resampled if self.rate != self.rate_in else "", self.layouts.note)))

    def start(self, container, *, comment: str = "", tags: dict[str, str] | None = None):
        """Begin to write to a container; returns the stream, or raises an `OutputError`."""
        import av

        try:
            stream = container.add_stream(self.codec, rate=self.rate)
            context = stream.codec_context
            context.options = self.layouts.options
            context.layout, context.format = self.layouts.written, self.sample_format
            context.time_base = Fraction(1, self.rate)
            if self.bit_rate:
                context.bit_rate = self.bit_rate
            for key, text in {**(tags or {}), **({"comment": comment} if comment else {})}.items():
                # Ogg keeps its comments with the stream, all others with the file
                container.metadata[key] = stream.metadata[key] = text
            container.start_encoding()
        except (av.error.FFmpegError, ValueError) as error:
            raise OutputError(
                f"Cannot write {self.channels} channels at {self.rate_in} Hz as {self.kind}: {error}."
            ) from None
        return stream


def _planned(path, *, rate: int, channels: int, layout: str, floating: bool = False) -> _Plan:
    kind, codec, sample_format, bits, rates, _ = _format_for(path, channels=channels)
    if floating and kind == "wav":
        codec, sample_format = "pcm_f32le", "flt"
    return _Plan(
        kind, codec, sample_format, bits and bits * channels, rate,
        rate if rates is None or rate in rates else _nearest(rate, rates),
        channels, layouts_for(codec, layout, channels=channels),
    )  # fmt: skip


def _format_for(path, *, channels: int):
    suffix = Path(path).suffix.lower()
    if suffix not in FORMATS:
        raise OutputError(f"Sound is written as {', '.join(FORMATS)}. Received: {Path(path).name!r}.")
    if channels > FORMATS[suffix][-1]:
        raise OutputError(
            f"{suffix} holds at most {FORMATS[suffix][-1]} channels. Received: {channels}. "
            f"Write .wav or .flac instead."
        )
    return FORMATS[suffix]


def _nearest(rate: int, rates) -> int:
    """The lowest rate that loses nothing, or the highest there is."""
    above = [r for r in rates if r >= rate]
    return min(above) if above else max(rates)
