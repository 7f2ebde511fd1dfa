"""Blocks of samples to sound files; the suffix decides the format."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Self

import numpy as np

from deepdream_av.errors import OutputError, UsageError
from deepdream_av.media.audio_reader import BLOCK, USUAL

# suffix -> container, encoder, sample format, bit rate per channel, rates (None: any), most channels
FORMATS = {
    ".wav": ("wav", "pcm_s24le", "s32", None, None, 64),
    ".flac": ("flac", "flac", "s32", None, None, 8),
    ".mp3": ("mp3", "libmp3lame", "fltp", 128_000, (48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000), 2),
    ".ogg": ("ogg", "libopus", "flt", 96_000, (48000, 24000, 16000, 12000, 8000), 8),
    ".opus": ("opus", "libopus", "flt", 96_000, (48000, 24000, 16000, 12000, 8000), 8),
    ".m4a": ("ipod", "aac", "fltp", 128_000,
             (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000), 8),
}
LOSSLESS = (".wav", ".flac")


class AudioWriter:
    """A sound file that is written block by block.

    Args:
        path: where to; the suffix decides the format.
        rate: samples per second of what will be written.
        channels: how many.
        layout: FFmpeg's name of the layout; empty: the usual one for so many channels.
        floating: keep float samples where the format can (wav).
        comment: text kept in the file under `comment`.

    Raises:
        OutputError: a suffix, rate or channel count that the format cannot hold.
    """

    def __init__(self, path, *, rate: int, channels: int, layout: str = "", floating: bool = False, comment: str = ""):
        import av

        kind, codec, sample_format, bits, rates, _ = _format_for(path, channels=channels)
        if floating and kind == "wav":
            codec, sample_format = "pcm_f32le", "flt"
        self.rate_in, self.rate = rate, rate if rates is None or rate in rates else _nearest(rate, rates)
        self.channels, self.layout = channels, _layout(layout, channels=channels)
        self.notes = () if self.rate == rate else (f"resampled from {rate} to {self.rate} Hz, which {kind} can hold",)
        # MP4 counts edits in milliseconds unless it is told to count samples
        options = {"wav": {"rf64": "auto"}, "ipod": {"movie_timescale": str(self.rate)}}.get(kind, {})
        try:
            self.container = av.open(str(path), "w", format=kind, options=options)
        except (av.error.FFmpegError, OSError) as error:
            raise OutputError(f"Cannot write {path}: {error.strerror or error}.") from None
        try:
            self.stream = self.container.add_stream(codec, rate=self.rate)
            self.stream.codec_context.layout = self.layout
            self.stream.codec_context.format = sample_format
            self.stream.codec_context.time_base = Fraction(1, self.rate)
            if bits:
                self.stream.codec_context.bit_rate = bits * channels
            if comment:
                # Ogg keeps its comments with the stream, all others with the file
                self.container.metadata["comment"] = comment
                self.stream.metadata["comment"] = comment
            self.container.start_encoding()
            self._resampler = av.AudioResampler(format=sample_format, layout=self.layout, rate=self.rate)
        except (av.error.FFmpegError, ValueError) as error:
            self.container.close()
            raise OutputError(f"Cannot write {channels} channels at {rate} Hz as {kind}: {error}.") from None
        self._written = 0

    def write(self, samples: np.ndarray):
        """Append float32 `[samples, channels]`."""
        import av

        for first in range(0, len(samples), BLOCK):
            block = np.ascontiguousarray(samples[first:first + BLOCK], np.float32)
            frame = av.AudioFrame.from_ndarray(block.reshape(1, -1), format="flt", layout=self.layout)
            frame.sample_rate, frame.pts, frame.time_base = self.rate_in, self._written, Fraction(1, self.rate_in)
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


def _format_for(path, *, channels: int):
    suffix = Path(path).suffix.lower()
    if suffix not in FORMATS:
        raise OutputError(f"Sound is written as {', '.join(FORMATS)}. Received: {Path(path).name!r}.")
    if channels > FORMATS[suffix][-1]:
        raise OutputError(f"{suffix} holds at most {FORMATS[suffix][-1]} channels. Received: {channels}. "
                          f"Write .wav or .flac instead.")
    return FORMATS[suffix]


def _nearest(rate: int, rates) -> int:
    """The lowest rate that loses nothing, or the highest there is."""
    above = [r for r in rates if r >= rate]
    return min(above) if above else max(rates)


def _layout(name: str, *, channels: int) -> str:
    """A layout with that many channels: the given one where it fits, else the usual one."""
    import av

    try:
        if name and av.AudioLayout(name).nb_channels == channels:
            return name
        return USUAL.get(channels) or f"{channels}c"
    except ValueError:
        raise UsageError(f"`layout` must name a channel layout. Received: {name!r}.") from None
