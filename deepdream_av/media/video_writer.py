"""Pictures and sound to film files that any player plays, with the source's own clock."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from deepdream_av.errors import OutputError
from deepdream_av.media.layouts import USUAL, layouts_for

_MP4 = (".mp4", ".m4v", ".mov")
SUFFIXES = (*_MP4, ".mkv", ".webm")
_AAC_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000)
_OPUS_RATE = 48000


@dataclass(frozen=True)
class SoundFormat:
    """What the sound of a film looks like.

    Attributes:
        rate: samples per second, Hz.
        channels: number of channels.
        layout: FFmpeg's name for them (`"stereo"`, `"5.1"`); empty for the usual one.
        start: seconds at which the first sample is heard, on the film's clock.
    """

    rate: int
    channels: int
    layout: str = ""
    start: Fraction = Fraction(0)


class FilmWriter:
    """Writes a film frame by frame and sound block by block; memory does not grow with length.

    Suffix `.mp4`, `.m4v`, `.mov`: H.264 and AAC, index first. `.webm`: VP9 and Opus. `.mkv`: H.264
    and FLAC. Pictures are 4:2:0, BT.709, limited range, and tagged so. H.264 has no odd sizes in
    4:2:0: there, one row or column is added by reflection, because a picture that is a pixel larger
    plays everywhere and a rescaled one is blurred. VP9 keeps odd sizes.

    Args:
        path: file to write. Its suffix decides the format.
        size: (width, height) in pixels.
        time_base: seconds per tick of the frames' `pts`, exact.
        fps: average frames per second (a hint for the encoder).
        aspect: pixel aspect, width over height.
        sound: `SoundFormat`, or None for a silent film.
        comment: text for the container's `comment` key (a recipe).
        quality: constant quality of the pictures; smaller is better, 17 is visually lossless.

    Attributes:
        notes: what a user should know of what the format could not hold, in whole sentences.

    Raises:
        OutputError: unknown suffix, no permission, no encoder.
    """

    def __init__(
        self,
        path,
        *,
        size,
        time_base,
        fps=25,
        aspect=Fraction(1),
        sound: SoundFormat | None = None,
        comment: str = "",
        quality: int = 17,
    ):
        self.path, self.size = Path(path), tuple(size)
        self.time_base = Fraction(time_base)
        suffix = check_suffix(self.path)
        self.frames = self.samples = 0
        self.notes: tuple[str, ...] = ()
        self._sound = self._resampler = None
        self._sound_format = sound
        vp9 = suffix == ".webm"
        width, height = self.size
        self._pad = (0, 0) if vp9 else (height % 2, width % 2)
        options = {}
        if suffix in _MP4:
            # finer than the default millisecond, or start offsets and lengths are rounded to it
            options = {
                "movflags": "+faststart+use_metadata_tags" if suffix == ".mov" else "+faststart",
                "movie_timescale": str(_timescale(self.time_base, sound)),
            }
        try:
            self._container = av.open(str(self.path), "w", options=options)
            if comment:
                self._container.metadata["comment"] = comment
            self._video = self._add_video(vp9, Fraction(fps), Fraction(aspect), quality)
            if sound is not None:
                self._add_sound({".webm": "libopus", ".mkv": "flac"}.get(suffix, "aac"))
            # opened here so that what an encoder refuses is said before the work begins
            self._container.start_encoding()
        except (av.FFmpegError, OSError, ValueError) as error:
            raise _cannot_write(self.path, error) from None

    def _add_video(self, vp9: bool, fps: Fraction, aspect: Fraction, quality: int):
        fps = min(max(fps, Fraction(1, 10)), Fraction(1000)).limit_denominator(65535)
        if vp9:
            options = {"crf": str(quality + 9), "deadline": "good", "cpu-used": "4", "row-mt": "1"}
        else:
            options = {"crf": str(quality), "preset": "fast"}
        stream = self._container.add_stream("libvpx-vp9" if vp9 else "libx264", rate=fps, options=options)
        stream.width, stream.height = self.size[0] + self._pad[1], self.size[1] + self._pad[0]
        stream.pix_fmt = "yuv420p"
        context = stream.codec_context
        context.time_base = self.time_base
        stream.time_base = self.time_base
        context.color_range, context.colorspace, context.color_primaries, context.color_trc = 1, 1, 1, 1
        if aspect != 1:
            context.sample_aspect_ratio = aspect.limit_denominator(65535)
        if vp9:
            stream.bit_rate = 0
        return stream

    def _add_sound(self, codec: str) -> None:
        sound = self._sound_format
        if sound.channels not in USUAL:
            raise OutputError(f"A film holds sound with 1 to 8 channels. Received: {sound.channels}.")
        rate = sound.rate
        if codec == "libopus":
            rate = _OPUS_RATE
        elif codec == "aac" and rate not in _AAC_RATES:
            rate = min((r for r in _AAC_RATES if r >= rate), default=_AAC_RATES[0])
        layouts = layouts_for(codec, sound.layout, channels=sound.channels)
        self.notes += (layouts.note,) if layouts.note else ()
        stream = self._container.add_stream(codec, rate=rate)
        stream.layout = layouts.written
        sample = {"libopus": "flt", "flac": "s32"}.get(codec, "fltp")
        stream.codec_context.format = sample
        if codec != "flac":
            stream.bit_rate = int(
                min(128_000, 5 * rate) * (sound.channels if sound.channels <= 2 else 0.6 * sound.channels)
            )
        else:
            stream.codec_context.options = {"compression_level": "5"}
        if layouts.options:
            stream.codec_context.options = layouts.options
        stream.time_base = stream.codec_context.time_base = Fraction(1, rate)
        self._layout = layouts.given
        self._resampler = av.AudioResampler(format=sample, layout=layouts.written, rate=rate)
        self._first_sample = round(sound.start * rate)
        self._rate, self._sound, self._next_sample = rate, stream, round(sound.start * rate)

    def write(self, array: np.ndarray, pts: int, duration: int = 0) -> None:
        """Write one frame.

        Args:
            array: `[height, width, 3]`, uint8, or float32 in [0, 1].
            pts: presentation time in ticks of `time_base`; must grow from frame to frame.
            duration: how long it is shown, in ticks (matters for the last frame); 0 if unknown.
        """
        if array.dtype != np.uint8:
            array = (np.clip(array, 0.0, 1.0) * 255.0 + 0.5).astype(np.uint8)
        if any(self._pad):
            array = np.pad(array, ((0, self._pad[0]), (0, self._pad[1]), (0, 0)), mode="symmetric")
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(array), format="rgb24")
        # both: swscale converts with BT.601 unless told, and a tag alone would only mislabel that
        frame = frame.reformat(format="yuv420p", src_color_range=2, dst_colorspace=1, dst_color_range=1)
        frame.pts, frame.time_base, frame.duration = pts, self.time_base, duration
        frame.color_range, frame.colorspace, frame.color_primaries, frame.color_trc = 1, 1, 1, 1
        self._encode(self._video, frame)
        self.frames += 1

    def write_sound(self, samples: np.ndarray) -> None:
        """Write the next block of sound.

        Args:
            samples: float32 `[samples, channels]` in [-1, 1], any number of samples.
        """
        if self._sound is None or not len(samples):
            return
        block = np.ascontiguousarray(np.clip(samples, -1.0, 1.0), np.float32)
        # packed, because PyAV counts one plane too many where eight channels are planar
        frame = av.AudioFrame.from_ndarray(block.reshape(1, -1), format="flt", layout=self._layout)
        frame.rate = self._sound_format.rate
        self.samples += len(samples)
        for converted in self._convert(frame):
            self._encode(self._sound, converted)

    def _convert(self, frame):
        for converted in self._resampler.resample(frame):
            converted.pts, converted.time_base = self._next_sample, Fraction(1, self._rate)
            self._next_sample += converted.samples
            yield converted

    def _encode(self, stream, frame) -> None:
        try:
            for packet in stream.encode(frame):
                self._mux(stream, packet)
        except (av.FFmpegError, OSError) as error:
            raise _cannot_write(self.path, error) from None

    def _mux(self, stream, packet) -> None:
        if stream is self._sound and self._first_sample > 0 and packet.pts is not None:
            # AAC's priming has no place to hide when sound begins late: it would shift the start
            if packet.pts + (packet.duration or 0) <= self._first_sample:
                return
        self._container.mux(packet)

    def close(self) -> None:
        """Finish the file."""
        try:
            if self._sound is not None and self.samples:
                for frame in self._convert(None):
                    self._encode(self._sound, frame)
            self._encode(self._video, None)
            if self._sound is not None:
                self._encode(self._sound, None)
            self._container.close()
        except (av.FFmpegError, OSError) as error:
            raise _cannot_write(self.path, error) from None

    def abandon(self) -> None:
        """Close without finishing; what was written is not a film."""
        try:
            self._container.close()
        except (av.FFmpegError, OSError, ValueError):
            pass

    def __enter__(self) -> FilmWriter:
        return self

    def __exit__(self, kind, error, trace) -> None:
        self.close() if kind is None else self.abandon()


def check_suffix(path) -> str:
    """The suffix of a film to write, in lower case, or an `OutputError` that lists the right ones."""
    suffix = Path(path).suffix.lower()
    if suffix not in SUFFIXES:
        raise OutputError(
            f"A film is written as one of {', '.join(SUFFIXES)}. Received: {Path(path).name!r}."
        )
    return suffix


def _timescale(time_base: Fraction, sound: SoundFormat | None) -> int:
    """Ticks per second in which both clocks are whole numbers, if such a number fits in the file."""
    scale = time_base.denominator
    while scale < 10_000:  # as the muxer itself does for the track
        scale *= 2
    common = math.lcm(scale, sound.rate) if sound else scale
    return common if common < 2**30 else max(scale, 90_000) if scale < 2**30 else 1_000_000


def _cannot_write(path: Path, error: Exception) -> OutputError:
    import errno

    number = getattr(error, "errno", None)
    why = {
        errno.ENOSPC: "the disk is full",
        errno.EACCES: "no permission",
        errno.ENOENT: "the folder does not exist",
        errno.EROFS: "the disk is read-only",
    }.get(number, getattr(error, "strerror", None) or str(error))
    return OutputError(f"The film cannot be written: {why}. Received: {path}.")
