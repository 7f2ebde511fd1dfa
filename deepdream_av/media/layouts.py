"""Which layout the channels of a sound are written with: every encoder has its own taste."""

from __future__ import annotations

from dataclasses import dataclass, field

from deepdream_av.errors import UsageError

USUAL = {1: "mono", 2: "stereo", 3: "2.1", 4: "quad", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}
_OPUS = {**USUAL, 3: "3.0"}  # the only ones that libopus takes, one for each number of channels
# AAC writes these under no name at all, so that players would not know what stands where
_AAC = {"5.1(side)": "5.1", "5.0(side)": "5.0", "quad(side)": "quad"}


@dataclass(frozen=True)
class Layouts:
    """How the channels of a sound get into a file.

    Attributes:
        given: FFmpeg's name of the layout under which samples are handed over.
        written: name of the layout in the file, with as many channels.
        note: what a listener should know, in words; empty if both are what was asked for.
        options: what the encoder must be told.
    """

    given: str
    written: str
    note: str = ""
    options: dict[str, str] = field(default_factory=dict)


def layouts_for(codec: str, name: str, *, channels: int) -> Layouts:
    """The layouts with which an encoder takes a sound.

    A channel keeps its samples and only gets another name (a left surround loudspeaker may stand at the
    side or behind). Only of 4.0 the middle and the rear channel are mixed to left and right, or voices
    would be heard behind the listener.

    Args:
        codec: FFmpeg's name of the encoder.
        name: layout of the samples; empty, or with another number of channels: the usual one.
        channels: how many.

    Raises:
        UsageError: there is no layout of that name.

    >>> layouts_for("libopus", "5.1(side)", channels=6).written
    '5.1'
    >>> layouts_for("flac", "5.1(side)", channels=6).written
    '5.1(side)'
    """
    name = _fitting(name, channels=channels)
    opus = codec == "libopus"
    written = _OPUS.get(channels, name) if opus else _AAC.get(name, name) if codec == "aac" else name
    # left to itself, FFmpeg's wrapper of libopus exchanges channels where there are five or seven
    options = {"mapping_family": "1"} if opus and channels > 2 else {}
    if written == name:
        return Layouts(name, name, "", options)
    note = f"The channels are written as {written}, because {'Opus' if opus else 'AAC'} has no {name}."
    return Layouts(name if name == "4.0" else written, written, note, options)


def _fitting(name: str, *, channels: int) -> str:
    """A layout with that many channels: the given one where it fits, else the usual one."""
    import av

    try:
        if name and av.AudioLayout(name).nb_channels == channels:
            return name
    except ValueError:
        raise UsageError(f"`layout` must name a channel layout. Received: {name!r}.") from None
    return USUAL.get(channels) or f"{channels}c"
