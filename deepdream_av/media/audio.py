"""Sound files to arrays and back, at their own rate, channels and length.

Reading is streaming underneath: `open_audio(path).blocks()` never holds more than a block, and
`read_audio` only joins the blocks. Writing picks the codec from the suffix.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from deepdream_av.errors import InputError
from deepdream_av.media.audio_reader import BLOCK, AudioReader, Health
from deepdream_av.media.audio_writer import FORMATS, LOSSLESS, AudioWriter, check_format

__all__ = [
    "BLOCK",
    "FORMATS",
    "LOSSLESS",
    "AudioReader",
    "AudioWriter",
    "Sound",
    "check_format",
    "checked_samples",
    "nothing_read",
    "open_audio",
    "read_audio",
    "write_audio",
]


@dataclass(frozen=True)
class Sound:
    """A piece of sound in memory.

    Attributes:
        samples: float32 `[samples, channels]`, nominally in [-1, 1].
        rate: samples per second.
        layout: FFmpeg's name of the channel layout, e.g. `"stereo"`, `"5.1"`.
        start: time of the first sample on the file's own clock, in seconds.
        codec: name of the decoder it came from.
        notes: what a listener should be told (damage, NaN, clipping).
    """

    samples: np.ndarray
    rate: int
    layout: str = ""
    start: float = 0.0
    codec: str = ""
    notes: tuple[str, ...] = ()

    @property
    def channels(self) -> int:
        return self.samples.shape[1]

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.rate

    def replace(self, **changes) -> Sound:
        return dataclasses.replace(self, **changes)


def open_audio(path, *, start: float = 0.0, duration: float | None = None) -> AudioReader:
    """Open a sound file for reading in blocks; see `AudioReader`."""
    return AudioReader(path, start=start, duration=duration)


def read_audio(path, *, start: float = 0.0, duration: float | None = None) -> Sound:
    """Read a sound file, or the first sound stream of a film, whole.

    Args:
        path: the file.
        start: seconds to skip.
        duration: seconds to read; 0 or None reads to the end.

    Raises:
        InputError: missing, empty, not a sound, or nothing left after `start`.
    """
    with open_audio(path, start=start, duration=duration) as reader:
        blocks = list(reader.blocks())
        if not blocks:
            raise nothing_read(path, start=start)
        return Sound(
            np.concatenate(blocks), reader.rate, reader.layout, reader.start, reader.codec, reader.notes
        )


def nothing_read(path, *, start: float) -> InputError:
    """The error for a sound that has no samples."""
    where = f" after {start:g} s" if start else ""
    return InputError(f"{path} has no sound{where}: nothing could be decoded.")


def checked_samples(samples, rate: int) -> tuple[np.ndarray, tuple[str, ...]]:
    """Any array of sound as float32 `[samples, channels]`, with what had to be mended.

    Args:
        samples: `[samples]` or `[samples, channels]`, float in [-1, 1] or signed integer.
        rate: samples per second.

    Raises:
        InputError: wrong shape, no samples, a peak that cannot be sound.

    >>> checked_samples(np.array([0, 16384], np.int16), 8000)[0].tolist()
    [[0.0], [0.5]]
    """
    array = np.asarray(samples)
    if array.dtype.kind == "i":
        array = array / -float(np.iinfo(array.dtype).min)
    if array.ndim == 1:
        array = array[:, None]
    if array.ndim != 2 or array.dtype.kind != "f" or array.shape[1] > 64 or not array.size:
        raise InputError(
            f"Sound is an array [samples, channels] of numbers in [-1, 1]. "
            f"Received: {array.dtype} with shape {list(np.shape(samples))}."
        )
    if not isinstance(rate, (int, np.integer)) or not 1000 <= rate <= 768_000:
        raise InputError(
            f"`rate` is a whole number of samples per second from 1000 to 768000. Received: {rate!r}."
        )
    health = Health()
    return health.checked(array.astype(np.float32), "an array"), health.words()


def write_audio(path, sound: Sound, *, recipe=None, comment: str = "") -> Path:
    """Write a sound; the suffix decides the format.

    Args:
        path: `.wav` (24-bit, or float where the source was), `.flac`, `.mp3`, `.ogg`, `.opus`, `.m4a`.
        sound: what to write; its length is kept to the sample (scaled where the format needs another rate).
        recipe: kept inside the file, so that it can be made again.
        comment: text to keep instead of the recipe's.

    Raises:
        OutputError: unknown suffix, too many channels, a place that cannot be written.
    """
    if recipe is not None and not comment:
        from deepdream_av.media.metadata import encode

        comment = encode(recipe)
    floating = sound.codec.startswith("pcm_f")
    with AudioWriter(
        path,
        rate=sound.rate,
        channels=sound.channels,
        layout=sound.layout,
        floating=floating,
        comment=comment,
    ) as writer:
        writer.write(sound.samples)
    return Path(path)
