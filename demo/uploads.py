"""Gradio's own fields for files, but the file is handed on as it came.

Gradio would decode a picture here, into a second copy with less colour depth, and would say nothing a visitor
understands of one that is broken; the library's readers do both better.
"""

from __future__ import annotations

import os
from pathlib import Path

import gradio as gr

from .errors import Refused
from .limits import Limits


class Picture(gr.Image):
    """A picture: upload, paste, webcam."""

    is_template = True

    def preprocess(self, payload):
        """The path of the file that the visitor gave."""
        if payload is not None and payload.path and not (payload.url or "").startswith("data:"):
            return payload.path
        return super().preprocess(payload)


class Sound(gr.Audio):
    """A sound: upload, microphone."""

    is_template = True

    def preprocess(self, payload):
        """The path of the file that the visitor gave."""
        return payload.path if payload is not None and payload.path else None


class Film(gr.Video):
    """A film: upload, webcam."""

    is_template = True

    def preprocess(self, payload):
        """The path of the file that the visitor gave."""
        data = getattr(payload, "video", payload)
        return data.path if data is not None and data.path else None


def checked(path: str | os.PathLike | None, limits: Limits, what: str = "picture") -> Path:
    """A visitor's file, if there is one and it is not too large.

    Args:
        path: where it is.
        limits: what a visitor may ask for.
        what: the kind of file, in a word.

    Raises:
        Refused: there is none, or it is too large.
    """
    if not path:
        article = "an" if what[0] in "aeiou" else "a"
        raise Refused(f"Give {article} {what} first: upload one, or take one of the examples.")
    path = Path(path)
    size = path.stat().st_size / 1e6 if path.is_file() else 0
    if size > limits.max_megabytes:
        raise Refused(f"This {what} has {size:.0f} MB; {limits.max_megabytes:g} MB is the most here.")
    return path


def checked_picture(path, limits: Limits, what: str = "picture") -> Path:
    """The same for a picture, of which no more than the header is read: a small file may hold a huge picture.

    Raises:
        Refused: there is none, or it is too large.
        InputError: not a picture.
    """
    import warnings

    from PIL import Image

    from deepdream_av.media.files import check_source
    from deepdream_av.media.image import FORMATS

    path = check_source(checked(path, limits, what))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of large pictures; here they are refused in words
            Image.init()
            with Image.open(path, formats=[f for f in FORMATS if f in Image.OPEN]) as opened:
                width, height = opened.size
    except Image.DecompressionBombError:
        raise Refused(f"This {what} is far too large; {limits.max_megapixels:g} megapixels is the most here.") from None
    except Exception:  # whatever it is: the reader says it in words
        return path
    if width * height > limits.max_megapixels * 1e6:
        raise Refused(
            f"This {what} has {width} x {height} pixels; {limits.max_megapixels:g} megapixels is the most here."
        )
    if min(width, height) < 8:
        raise Refused(f"This {what} has {width} x {height} pixels; that is too small to dream in.")
    return path
