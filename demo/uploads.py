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


def Picture(**options) -> gr.Image:  # noqa: N802
    """A picture: upload, paste, webcam. Options are those of `gr.Image`."""
    return _as_it_came(gr.Image(type="filepath", image_mode=None, **options))


def Sound(**options) -> gr.Audio:  # noqa: N802
    """A sound: upload, microphone. Options are those of `gr.Audio`."""
    return _as_it_came(gr.Audio(type="filepath", **options))


def Film(**options) -> gr.Video:  # noqa: N802
    """A film: upload, webcam. Options are those of `gr.Video`."""
    return _as_it_came(gr.Video(**options))


def _as_it_came(field):
    """A field that hands on the path of the visitor's file."""
    decoded = field.preprocess

    def preprocess(payload):
        data = getattr(payload, "video", payload)
        if data is not None and data.path and not (data.url or "").startswith("data:"):
            return data.path
        return decoded(payload)

    # of the object and not of a class of one's own, for which Gradio would write a file beside this one
    field.preprocess = preprocess
    return field


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
