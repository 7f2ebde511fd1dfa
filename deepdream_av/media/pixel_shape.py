"""The shape of pixels in Matroska and WebM files, which PyAV has no way to hand to FFmpeg's writer of them.

FFmpeg writes the size of the track's description in eight bytes where three are enough; the width for display
takes the five that this leaves, so that nothing else in the file moves.
"""

from __future__ import annotations

from fractions import Fraction

_POINTER, _UNKNOWN = b"\x53\xab\x84", b"\x54\xb2\x81\x04"
_HEAD = 1 << 20  # bytes in which the descriptions of the tracks begin
_TRACKS, _TRACK, _VIDEO, _WIDTH, _SHOWN = b"\x16\x54\xae\x6b", b"\xae", b"\xe0", b"\xb0", b"\x54\xb0"


def write_aspect(path, aspect: Fraction) -> bool:
    """Say in a finished file how wide its pixels are shown.

    Args:
        path: a Matroska or WebM file as FFmpeg writes it, without checksums, its pictures the first track.
        aspect: width over height of a pixel.

    Returns:
        Whether it could be written; else the file is as it was.
    """
    with open(path, "r+b") as file:
        head = file.read(_HEAD)
        place = head.find(_TRACKS)
        if place >= 0 and head[place - 3 : place] == _POINTER:  # the table of contents names it first
            place = head.find(_TRACKS, place + 4)
        if place < 0:
            return False
        entry = place + 4 + _length(head, place + 4)[1]
        size, used = _length(head, entry + 1)
        if head[entry : entry + 1] != _TRACK or used != 8:
            return False
        body = head[entry + 9 : entry + 9 + size]
        told = _with_shown_width(body, aspect)
        if told is None or len(told) >= 1 << 21:
            return False
        file.seek(entry + 1)
        file.write((len(told) | 1 << 21).to_bytes(3, "big") + told)
    return True


def _with_shown_width(body: bytes, aspect: Fraction) -> bytes | None:
    """A track's description with five more bytes in its part about pictures."""
    for at, name, inside in _parts(body):
        if name != _VIDEO or len(inside) + 5 > 126:
            continue
        wide = next((int.from_bytes(data, "big") for _, part, data in _parts(inside) if part == _WIDTH), 0)
        shown = max(1, round(wide * aspect))
        if not wide or shown >= 1 << 16:
            return None
        size = bytes([0x80 | len(inside) + 5])
        inside = inside.replace(_UNKNOWN, _UNKNOWN[:-1] + b"\0")  # FFmpeg says that it does not know: pixels
        video = _VIDEO + size + inside + _SHOWN + b"\x82" + shown.to_bytes(2, "big")
        return body[:at] + video + body[at + 2 + len(inside) :]
    return None


def _parts(data: bytes):
    """(where, name, content) of the elements in one."""
    at = 0
    while at < len(data):
        name = data[at : at + 9 - max(1, data[at]).bit_length()]
        size, used = _length(data, at + len(name))
        yield at, name, data[at + len(name) + used : at + len(name) + used + size]
        at += len(name) + used + size


def _length(data: bytes, at: int) -> tuple[int, int]:
    """A number of EBML, and how many bytes it takes.

    >>> _length(bytes([0x40, 0x02]), 0)
    (2, 2)
    """
    if at >= len(data) or not data[at]:
        return 0, 1
    used = 9 - data[at].bit_length()
    return int.from_bytes(data[at : at + used], "big") & (1 << 7 * used) - 1, used
