"""Pictures and sound to film files that any player plays, with the source's own clock."""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from deepdream_av.errors import OutputError
from deepdream_av.media.encoded_sound import EncodedSound, SoundFormat
from deepdream_av.media.pixel_shape import write_aspect

_MP4 = (".mp4", ".m4v", ".mov")
SUFFIXES = (*_MP4, ".mkv", ".webm")
LOSSLESS = (".mkv",)


class FilmWriter:
    """Writes a film frame by frame and sound block by block; memory does not grow with length.

    Suffix `.mp4`, `.m4v`, `.mov`: H.264 and AAC, index first. `.webm`: VP9 and Opus. `.mkv`: H.264
    and FLAC, or without any loss FFV1 in red, green and blue, and FLAC. Pictures else are 4:2:0, BT.709,
    limited range, and tagged so. H.264 has no odd sizes in 4:2:0: there, one row or column is added by
    reflection, because a picture that is a pixel larger plays everywhere and a rescaled one is blurred.
    VP9 and FFV1 keep odd sizes.

    Args:
        path: file to write. Its suffix decides the format.
        size: (width, height) in pixels.
        time_base: seconds per tick of the frames' `pts`, exact.
        fps: average frames per second (a hint for the encoder).
        aspect: pixel aspect, width over height.
        sound: `SoundFormat`, or None for a silent film.
        comment: text for the container's `comment` key (a recipe).
        quality: constant quality of the pictures; smaller is better, 17 is visually lossless.
        lossless: whether every level of every pixel comes back; `.mkv` alone.
        clear: whether frames may be transparent; only lossless films hold that, others show it over black.
        carried: streams of the source that are passed on, a `Carried`, or None.

    Attributes:
        stop: second at which what is carried ends, if before its own end; None.
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
        lossless: bool = False,
        clear: bool = False,
        carried=None,
    ):
        self.path, self.size = Path(path), tuple(size)
        self.time_base = Fraction(time_base)
        suffix = check_suffix(self.path, lossless=lossless)
        self.frames, self.stop = 0, None
        self._lasting: dict[int, int] = {}
        self._end = 0  # of the pictures, in ticks
        self.notes: tuple[str, ...] = ()
        self._sound, self._carried = None, carried
        codec = "ffv1" if lossless else "libvpx-vp9" if suffix == ".webm" else "libx264"
        width, height = self.size
        self._pad = (height % 2, width % 2) if codec == "libx264" else (0, 0)
        self._clear = clear and lossless
        if clear and not lossless:
            self.notes += ("What is transparent in the film is shown over black; lossless mkv files keep it.",)
        options = {}
        if suffix in _MP4:
            # finer than the default millisecond, or start offsets and lengths are rounded to it
            options = {
                "movflags": "+faststart+use_metadata_tags" if suffix == ".mov" else "+faststart",
                "movie_timescale": str(_timescale(self.time_base, sound)),
            }
        # H.264 says it within its pictures
        self._aspect = Fraction(aspect) if aspect != 1 and suffix not in _MP4 and codec != "libx264" else None
        if self._aspect is not None:
            options = {"write_crc32": "0"}  # it is changed when it is finished
        try:
            self._container = av.open(str(self.path), "w", options=options)
            if comment:
                self._container.metadata["comment"] = comment
            self._video = self._add_video(codec, Fraction(fps), Fraction(aspect), quality)
            if sound is not None:
                self._sound = EncodedSound(self._container, sound, suffix=suffix)
                self.notes += self._sound.notes
            if carried is not None:
                self._join(carried, suffix)
            # opened here so that what an encoder refuses is said before the work begins
            self._container.start_encoding()
        except (av.FFmpegError, OSError, ValueError) as error:
            raise _cannot_write(self.path, error) from None

    @property
    def samples(self) -> int:
        """Samples of sound that were written."""
        return self._sound.samples if self._sound is not None else 0

    def _add_video(self, codec: str, fps: Fraction, aspect: Fraction, quality: int):
        fps = min(max(fps, Fraction(1, 10)), Fraction(1000)).limit_denominator(65535)
        options = {
            "libvpx-vp9": {"crf": str(quality + 9), "deadline": "good", "cpu-used": "4", "row-mt": "1"},
            "libx264": {"crf": str(quality), "preset": "fast"},
            "ffv1": {"level": "3", "slicecrc": "1"},
        }[codec]
        stream = self._container.add_stream(codec, rate=fps, options=options)
        stream.width, stream.height = self.size[0] + self._pad[1], self.size[1] + self._pad[0]
        stream.pix_fmt = "bgra" if self._clear else "bgr0" if codec == "ffv1" else "yuv420p"
        context = stream.codec_context
        context.time_base = stream.time_base = self.time_base
        if codec != "ffv1":
            context.color_range, context.colorspace, context.color_primaries, context.color_trc = 1, 1, 1, 1
        if aspect != 1:
            context.sample_aspect_ratio = aspect.limit_denominator(65535)
        if codec == "libvpx-vp9":
            stream.bit_rate = 0
        return stream

    def _join(self, carried, suffix: str) -> None:
        carried.join(self._container, suffix=suffix)
        carried.describe(self._video, "video")
        if self._sound is not None:
            carried.describe(self._sound.stream, "audio")
        self.notes += tuple(carried.notes)

    def write(self, array: np.ndarray, pts: int, duration: int = 0, *, alpha: np.ndarray | None = None) -> None:
        """Write one frame.

        Args:
            array: `[height, width, 3]`, uint8, or float32 in [0, 1].
            pts: presentation time in ticks of `time_base`; must grow from frame to frame.
            duration: how long it is shown, in ticks (matters for the last frame); 0 if unknown.
            alpha: uint8 `[height, width]`, 0 where it is clear; None if it is opaque.
        """
        if array.dtype != np.uint8:
            array = (np.clip(array, 0.0, 1.0) * 255.0 + 0.5).astype(np.uint8)
        array = self._see_through(array, alpha)
        if any(self._pad):
            array = np.pad(array, ((0, self._pad[0]), (0, self._pad[1]), (0, 0)), mode="symmetric")
        frame = self._frame(array)
        frame.pts, frame.time_base, frame.duration = pts, self.time_base, duration
        for before in self._lasting:  # no frame outlasts the next one's beginning
            self._lasting[before] = min(self._lasting[before], max(1, pts - before))
        if duration > 0:
            self._lasting[pts] = duration
        self._end = pts + max(duration, 0)
        self._mux(self._encoded(frame))
        self.frames += 1
        if self._carried is not None:
            self._mux(self._carried.until(float(pts * self.time_base)))

    def _frame(self, array: np.ndarray):
        array = np.ascontiguousarray(array)
        if array.shape[2] == 4:
            return av.VideoFrame.from_ndarray(array, format="rgba").reformat(format="bgra")
        frame = av.VideoFrame.from_ndarray(array, format="rgb24")
        if self._video.pix_fmt == "bgr0":
            return frame.reformat(format="bgr0")
        # both: swscale converts with BT.601 unless told, and a tag alone would only mislabel that
        frame = frame.reformat(format="yuv420p", src_color_range=2, dst_colorspace=1, dst_color_range=1)
        frame.color_range, frame.colorspace, frame.color_primaries, frame.color_trc = 1, 1, 1, 1
        return frame

    def _encoded(self, frame):
        """Packets of a frame; an encoder that refuses it is told of like a file that does."""
        for packet in self._video.encode(frame):
            # encoders know the average rate alone, and would show a last frame for no longer than that
            lasting = self._lasting.pop(round(packet.pts * packet.time_base / self.time_base), 0)
            if lasting:
                packet.duration = max(1, round(lasting * self.time_base / packet.time_base))
            yield packet

    def _to_the_end(self, packets: list) -> list:
        """The last packets; mp4 counts its length in the order of decoding, so that the last of them bears it."""
        if packets and self.path.suffix.lower() in _MP4 and packets[-1].pts is not None:
            left = round(self._end * self.time_base / packets[-1].time_base) - packets[-1].pts
            packets[-1].duration = max(left, packets[-1].duration or 0)
        return packets

    def _see_through(self, array: np.ndarray, alpha: np.ndarray | None) -> np.ndarray:
        """A frame with its transparency, or what shows of it over black."""
        if self._clear:
            alpha = np.full(array.shape[:2], 255, np.uint8) if alpha is None else alpha
            return np.dstack([array, alpha])
        if alpha is None:
            return array
        return (array * (alpha[..., None] / np.float32(255)) + np.float32(0.5)).astype(np.uint8)

    def write_sound(self, samples: np.ndarray) -> None:
        """Write the next block of sound.

        Args:
            samples: float32 `[samples, channels]` in [-1, 1], any number of samples.
        """
        if self._sound is not None and len(samples):
            self._mux(self._sound.packets(samples))

    def _mux(self, packets) -> None:
        try:
            for packet in packets:
                self._container.mux(packet)
        except (av.FFmpegError, OSError) as error:
            raise _cannot_write(self.path, error) from None

    def close(self) -> None:
        """Finish the file."""
        if self._sound is not None:
            self._mux(self._sound.packets(None))
        self._mux(self._to_the_end(list(self._encoded(None))))
        if self._carried is not None:
            self._mux(self._carried.until(self.stop))
            self._mux(self._carried.end())
            self._carried.close()
        try:
            self._container.close()
            if self._aspect is not None:
                write_aspect(self.path, self._aspect)
        except (av.FFmpegError, OSError) as error:
            raise _cannot_write(self.path, error) from None

    def abandon(self) -> None:
        """Close without finishing; what was written is not a film."""
        try:
            if self._carried is not None:
                self._carried.close()
            self._container.close()
        except (av.FFmpegError, OSError, ValueError):
            pass

    def __enter__(self) -> FilmWriter:
        return self

    def __exit__(self, kind, error, trace) -> None:
        self.close() if kind is None else self.abandon()


def check_suffix(path, *, lossless: bool = False) -> str:
    """The suffix of a film to write, in lower case, or an `OutputError` that lists the right ones."""
    suffix = Path(path).suffix.lower()
    if suffix not in SUFFIXES:
        raise OutputError(
            f"A film is written as one of {', '.join(SUFFIXES)}. Received: {Path(path).name!r}."
        )
    if lossless and suffix not in LOSSLESS:
        raise OutputError(f"A lossless film is written as {', '.join(LOSSLESS)}. Received: {Path(path).name!r}.")
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
