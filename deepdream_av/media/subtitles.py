"""Text subtitles of one container in the form of another."""

from __future__ import annotations

import re

# what each container holds
KINDS = {".mp4": "mov_text", ".m4v": "mov_text", ".mov": "mov_text", ".mkv": "subrip", ".webm": "webvtt"}
_PLAIN = {"mov_text": "mov_text", "subrip": "subrip", "srt": "subrip", "text": "subrip", "webvtt": "webvtt"}
_PLAIN |= {"ass": "ass", "ssa": "ass"}


def plain_kind(codec: str) -> str:
    """Which of the kinds of text a codec is; empty for subtitles that are pictures."""
    return _PLAIN.get(codec, "")


def converted(data: bytes, before: str, after: str) -> bytes:
    """The text of one subtitle, as another kind holds it; empty if there is none.

    Args:
        data: what a packet holds.
        before, after: `"mov_text"`, `"subrip"`, `"webvtt"` or `"ass"`; `after` is not `"ass"`.

    >>> converted(b"0,0,Default,,0,0,0,,{\\\\i1}Hello\\\\Nyou", "ass", "subrip")
    b'Hello\\nyou'
    >>> converted(b"\\x00\\x02Hi", "mov_text", "webvtt"), converted(b"Hi", "subrip", "mov_text")
    (b'Hi', b'\\x00\\x02Hi')
    """
    if before == "mov_text":
        text = data[2 : 2 + int.from_bytes(data[:2], "big")]
    elif before == "ass":
        words = data.decode("utf-8", "replace").split(",", 8)[-1]
        words = re.sub(r"\{[^}]*\}", "", words)
        text = words.replace("\\N", "\n").replace("\\n", "\n").replace("\\h", " ").encode()
    else:
        text = data
    if not text.strip():
        return b""
    if after == "mov_text":
        text = re.sub(rb"</?[a-zA-Z][^>]*>", b"", text)[:65_000]  # its styles are not written as tags
        return len(text).to_bytes(2, "big") + text
    return text
