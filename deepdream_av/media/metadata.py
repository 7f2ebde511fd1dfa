"""The recipe inside a file: written under the one key that survives every container, read with suspicion.

Pictures carry it as PNG text, JPEG comment, WebP EXIF or TIFF description; film and sound as the tag
`comment`, which mp4, mkv, webm, wav, flac and mp3 all keep. A file may come from anyone, so that what is
read is capped in size, parsed as JSON, and checked field by field; nothing is ever evaluated.
"""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import dataclass
from pathlib import Path, PurePath

from deepdream_av.errors import DeepDreamError, InputError
from deepdream_av.recipe import MAX_JSON, Recipe

MARK = "deepdream_av/1 "  # tells our comment from anybody else's
KEY = "comment"
KINDS = ("image", "audio", "video", "latent", "walk", "zoom", "style")
_WITH_EXAMPLE = ("image", "audio", "video", "walk")  # what can dream something built in
USER_COMMENT = 0x9286  # EXIF tag
EXIF_IFD = 0x8769
DESCRIPTION = 270  # TIFF tag

PICTURES = {".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff"}


@dataclass(frozen=True)
class Note:
    """What a written dream says about itself.

    Attributes:
        recipe: how it was dreamt.
        source: name (without folders, which are nobody's business) of the file that was dreamt; "" if it
            is not known, or for the built-in example.
        kind: the verb that made it, one of `KINDS`, or "" if unknown.
        version: version of the library that wrote it.
        example: whether the built-in example was dreamt.
    """

    recipe: Recipe
    source: str = ""
    kind: str = ""
    version: str = ""
    example: bool = False


def encode(recipe: Recipe, *, source: str | os.PathLike | None = None, kind: str = "") -> str:
    """The comment for a file that was made by `recipe`, in ASCII.

    Args:
        recipe: how it was dreamt.
        source: file that was dreamt, of which only the name is kept, and only if it can be printed; "" for
            the built-in example of a film; None if there was no file, or nobody knows it.
        kind: the verb that made it, one of `KINDS`.

    >>> decode(encode(Recipe(seed=7), source="/home/me/film.mp4", kind="video")).seed
    7
    """
    from deepdream_av import __version__

    data = {"recipe": json.loads(recipe.to_json()), "kind": kind, "version": __version__}
    name = PurePath(source).name if source else ""
    if source == "" or _plain_name(name):  # else it is left out, so that it is not taken for the example
        data["source"] = name
    return MARK + json.dumps(data, separators=(",", ":"))


def decode(text) -> Recipe | None:
    """The recipe in a comment, or None if the comment is somebody else's, or broken."""
    note = decode_note(text)
    return note.recipe if note else None


def decode_note(text) -> Note | None:
    """All that a comment says, or None if it is somebody else's, or broken."""
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    if not isinstance(text, str) or not text.startswith(MARK) or len(text) > MAX_JSON + 4096:
        return None
    try:
        data = json.loads(text[len(MARK) :])
        recipe = Recipe.from_dict(data["recipe"])
    except (ValueError, KeyError, TypeError, RecursionError, OverflowError, DeepDreamError):
        return None
    kind = data.get("kind") if data.get("kind") in KINDS else ""
    source = data.get("source")
    example = kind in _WITH_EXAMPLE and source == ""
    return Note(recipe, _plain_name(source), kind, _short(data.get("version")), example)


def read_recipe(path: str | os.PathLike) -> Recipe:
    """The recipe inside a dream, or in a JSON file.

    Raises:
        InputError: the file cannot be read, or holds no recipe.
        UsageError: a JSON file whose fields or values are wrong.
    """
    return read_note(path).recipe


def read_note(path: str | os.PathLike) -> Note:
    """What a dream says about itself; a `.json` file is read as a bare recipe."""
    from deepdream_av.media.files import check_source

    path = check_source(path)
    suffix = path.suffix.lower()
    if suffix == ".json":
        with path.open("rb") as file:
            # one byte more than allowed is enough for the recipe to refuse it
            return Note(Recipe.from_json(file.read(MAX_JSON + 1)))
    comments = _picture_comments(path) if suffix in PICTURES else _container_comments(path)
    for comment in comments:
        note = decode_note(comment)
        if note:
            return note
    raise InputError(f"No recipe of deepdream_av is inside '{path}'.")


def comments(picture) -> list:
    """Every text in an opened `PIL.Image` that may be ours, as text or bytes."""
    found = [picture.info.get(KEY), getattr(picture, "tag_v2", {}).get(DESCRIPTION)]
    if picture.format != "PNG":  # a PNG has its own text, and asking it for EXIF decodes all of it
        with contextlib.suppress(Exception):  # EXIF of a stranger breaks its parser in many ways
            found.append(picture.getexif().get_ifd(EXIF_IFD).get(USER_COMMENT))
    return [f[8:] if isinstance(f, bytes) and f[:8] in (b"ASCII\0\0\0", b"\0" * 8) else f for f in found]


def _picture_comments(path: Path) -> list:
    """Every text in a picture that may be ours; only its header is read."""
    import warnings

    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a huge picture costs nothing here
            with Image.open(path) as picture:
                return comments(picture)
    except Exception:  # whatever a stranger's file does to the decoder, it holds no recipe that can be read
        raise InputError(f"Not a picture that can be read: '{path}'.") from None


def _container_comments(path: Path) -> list[str]:
    """Every comment in a film or sound, of the file and of its streams."""
    import av

    try:
        # so that a playlist in disguise cannot reach the network
        local = {"protocol_whitelist": "file"}
        with av.open(f"file:{path}", options=local, metadata_errors="replace") as container:
            tables = [container.metadata, *(stream.metadata for stream in container.streams)]
    except Exception:  # see above
        raise InputError(f"Not a film, sound or picture that can be read: '{path}'.") from None
    return [value for table in tables for key, value in table.items() if key.lower() == KEY]


def _plain_name(value) -> str:
    """A file's name without any folder, so that a hostile note cannot point elsewhere."""
    with contextlib.suppress(TypeError, ValueError):
        name = value.replace("\\", "/").rsplit("/", 1)[-1] if isinstance(value, str) else ""
        return "" if name in (".", "..") or not name.isprintable() or len(name) > 255 else name
    return ""


def _short(value) -> str:
    return value if isinstance(value, str) and len(value) <= 32 and value.isprintable() else ""
