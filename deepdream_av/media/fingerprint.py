"""What tells two files apart: a short text of their contents, quick for large films too."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

WHOLE = 64 << 20  # bytes; of larger files samples are read
_SAMPLES, _BLOCK = 64, 1 << 20


def of_file(path: str | os.PathLike) -> str:
    """A text that is the same for the same contents, whatever the file is called.

    Of files over 64 MiB it knows the size and 64 pieces of a megabyte, the first and the last among them: enough to
    tell two films apart, and read in a moment.

    Args:
        path: a file.

    >>> import tempfile
    >>> a, b = (Path(tempfile.mkdtemp()) / "x" for _ in range(2))
    >>> _ = a.write_bytes(b"same"), b.write_bytes(b"same")
    >>> of_file(a) == of_file(b)
    True
    """
    size = os.path.getsize(path)
    found = hashlib.blake2b(str(size).encode(), digest_size=16)
    with open(path, "rb") as file:
        if size <= WHOLE:
            while block := file.read(_BLOCK):
                found.update(block)
        else:
            for n in range(_SAMPLES):
                file.seek((size - _BLOCK) * n // (_SAMPLES - 1))
                found.update(file.read(_BLOCK))
    return found.hexdigest()


def of_package() -> str:
    """A text that is another one where the program is: its version, its code, and what it has learnt.

    A development version keeps its number while its code changes, and half a film of each would be no film.
    """
    import deepdream_av

    found = hashlib.blake2b(digest_size=16)
    folder = Path(deepdream_av.__file__).parent
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix != ".pyc":
            found.update(f"{path.relative_to(folder)} {of_file(path)}".encode())
    return f"{deepdream_av.__version__} {found.hexdigest()}"


def of_recipe(recipe) -> str:
    """A text that changes with every setting, and with the contents of every file that a setting names.

    Args:
        recipe: a frozen dataclass with `to_json`.
    """
    found = hashlib.blake2b(recipe.to_json(sort_keys=True).encode(), digest_size=16)
    for name in sorted(set(_names(recipe))):
        found.update(of_file(name).encode())
    return found.hexdigest()


def _names(recipe) -> Iterator[str]:
    """Every file that is named in a recipe, also one behind `@` or `=`."""
    for field in dataclasses.fields(recipe):
        value = getattr(recipe, field.name)
        texts = [pair[0] for pair in value if isinstance(pair, tuple)] if isinstance(value, tuple) else [value]
        for text in (text for text in texts if isinstance(text, str) and text):
            yield from (piece for piece in {text, *re.split("[@=]", text)} if piece and Path(piece).is_file())
