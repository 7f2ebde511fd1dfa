"""A sound track of a film on its way into the file: blocks of samples become packets of the container's codec."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np

from deepdream_av.errors import OutputError
from deepdream_av.media.layouts import USUAL, layouts_for

CODECS = {".webm": "libopus", ".mkv": "flac"}  # the others: AAC
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


class EncodedSound:
    """Adds a sound track to a container and encodes for it.

    Args:
        container: PyAV's container, not yet begun.
        sound: what is coming.
        suffix: of the file; it decides on the codec.

    Attributes:
        stream: PyAV's stream.
        notes: what a listener should know, in whole sentences.
        samples: how many were taken.

    Raises:
        OutputError: a film cannot hold that many channels.
    """

    def __init__(self, container, sound: SoundFormat, *, suffix: str):
        if sound.channels not in USUAL:
            raise OutputError(f"A film holds sound with 1 to 8 channels. Received: {sound.channels}.")
        self.sound, self.samples = sound, 0
        codec, self._rate = CODECS.get(suffix, "aac"), sound.rate
        if codec == "libopus":
            self._rate = _OPUS_RATE
        elif codec == "aac" and sound.rate not in _AAC_RATES:
            self._rate = min((r for r in _AAC_RATES if r >= sound.rate), default=_AAC_RATES[0])
        layouts = layouts_for(codec, sound.layout, channels=sound.channels)
        self.notes = (layouts.note,) if layouts.note else ()
        self.stream = stream = container.add_stream(codec, rate=self._rate)
        stream.layout = layouts.written
        form = {"libopus": "flt", "flac": "s32"}.get(codec, "fltp")
        stream.codec_context.format = form
        if codec != "flac":
            share = sound.channels if sound.channels <= 2 else 0.6 * sound.channels
            stream.bit_rate = int(min(128_000, 5 * self._rate) * share)
        else:
            stream.codec_context.options = {"compression_level": "5"}
        if layouts.options:
            stream.codec_context.options = layouts.options
        stream.time_base = stream.codec_context.time_base = Fraction(1, self._rate)
        self._layout = layouts.given
        self._resampler = av.AudioResampler(format=form, layout=layouts.written, rate=self._rate)
        self._first = self._next = round(sound.start * self._rate)

    def packets(self, samples: np.ndarray | None) -> Iterator:
        """What is to be muxed after a block of samples.

        Args:
            samples: float32 `[samples, channels]` in [-1, 1]; None at the end.
        """
        frame = None
        if samples is not None:
            if not len(samples):
                return
            block = np.ascontiguousarray(np.clip(samples, -1.0, 1.0), np.float32)
            # packed, because PyAV counts one plane too many where eight channels are planar
            frame = av.AudioFrame.from_ndarray(block.reshape(1, -1), format="flt", layout=self._layout)
            frame.rate = self.sound.rate
            self.samples += len(samples)
        if frame is not None or self.samples:
            for converted in self._resampler.resample(frame):
                converted.pts, converted.time_base = self._next, Fraction(1, self._rate)
                self._next += converted.samples
                yield from self._encoded(converted)
        if samples is None:
            yield from self._encoded(None)

    def _encoded(self, frame) -> Iterator:
        for packet in self.stream.encode(frame):
            # AAC's priming has no place to hide when sound begins late: it would shift the start
            early = packet.pts is not None and packet.pts + (packet.duration or 0) <= self._first
            if not (self._first > 0 and early):
                yield packet
