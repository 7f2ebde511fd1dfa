"""What a network of one's own says about itself, inside its `.keras` file: labels, data, how it was made.

A `.keras` file is a zip archive; Keras does not mind one more entry. The card is JSON, read as data only. Beside it are
the weights that the retrained layers had before, so that a dream can be made of what is new in them, and the textures
of the classes, so that a dream of a class can have its motifs.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import zipfile
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from deepdream_av.backbones.textures import pack_textures, unpack_textures
from deepdream_av.errors import WeightsError

CARD, BASE = "deepdream_av.json", "deepdream_av_base.npz"  # names of the entries
TEXTURES = "deepdream_av_textures.npz"
_MOST = 4_000_000  # bytes of a card
_MOST_ARRAYS = 600_000_000


@dataclass(frozen=True)
class Card:
    """Facts about a saved network.

    Attributes:
        kind: `"image"` or `"sound"`.
        labels: names of the classes, in the order of the layer `logits`; empty if it has no classes.
        default_layers: pairs of a layer and its weight, dreamt unless something else is asked for.
        base: name of the network that it was retrained from, or empty.
        statistics: of the pictures that it learnt from: `mean` `[3]`, `covariance` `[3, 3]`, `spectrum` `[64, 33]`.
        recipe: how it was trained, with the figures that were reached.
    """

    kind: str = "image"
    labels: tuple[str, ...] = ()
    default_layers: tuple[tuple[str, float], ...] = ()
    base: str = ""
    statistics: dict = field(default_factory=dict)
    recipe: dict = field(default_factory=dict)


def read_card(path: str | os.PathLike) -> Card | None:
    """The card inside a `.keras` file; None if it has none, or is no archive.

    Raises:
        WeightsError: a card that is none.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            if CARD not in archive.namelist():
                return None
            if archive.getinfo(CARD).file_size > _MOST:
                raise ValueError(f"more than {_MOST} bytes")
            data = json.loads(archive.read(CARD))
        return Card(
            kind={"image": "image", "sound": "sound"}[data.get("kind", "image")],
            labels=tuple(_text(x) for x in data.get("labels", [])),
            default_layers=tuple(
                (_text(name), float(weight)) for name, weight in data.get("default_layers", [])
            ),
            base=_text(data.get("base", "")),
            statistics=dict(data.get("statistics", {})),
            recipe=dict(data.get("recipe", {})),
        )
    except zipfile.BadZipFile:
        return None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise WeightsError(
            f"`backbone` has a card that cannot be read. Received: '{path}' ({error})."
        ) from None


def _text(value) -> str:
    if not isinstance(value, str) or len(value) > 200:
        raise ValueError(f"a name of at most 200 characters is no {str(value)[:40]!r}")
    return value


def read_base(path: str | os.PathLike) -> dict[str, np.ndarray]:
    """Weights before retraining, `{layer/variable: float16}`; empty if the file holds none.

    Raises:
        WeightsError: an entry that is not such an archive.
    """
    return _read_arrays(path, BASE, "base weights")


def read_textures(path: str | os.PathLike) -> dict[str, np.ndarray]:
    """Textures of the classes, `{layer: float32 [classes, channels, channels]}`; empty if the file holds none.

    Raises:
        WeightsError: an entry that is not such an archive.
    """
    return unpack_textures(_read_arrays(path, TEXTURES, "textures"), path)


def _read_arrays(path, entry: str, what: str) -> dict[str, np.ndarray]:
    try:
        with zipfile.ZipFile(path) as archive:
            if entry not in archive.namelist():
                return {}
            if archive.getinfo(entry).file_size > _MOST_ARRAYS:
                raise ValueError(f"more than {_MOST_ARRAYS} bytes")
            with np.load(io.BytesIO(archive.read(entry)), allow_pickle=False) as arrays:
                return {k: arrays[k] for k in arrays.files}
    except (ValueError, OSError, zipfile.BadZipFile) as error:
        raise WeightsError(
            f"`backbone` has {what} that cannot be read. Received: '{path}' ({error})."
        ) from None


def save_network(
    model,
    path: str | os.PathLike,
    card: Card,
    *,
    base: dict[str, np.ndarray] | None = None,
    textures: dict[str, np.ndarray] | None = None,
) -> None:
    """Write a network with its card, whole or not at all.

    Args:
        model: a `keras.Model`.
        path: file to write, `.keras`.
        card: what it says about itself.
        base: weights before retraining, `{layer/variable: array}`, of the layers that were retrained.
        textures: `{layer: [classes, channels, channels]}`, symmetric; their upper halves are kept as float16.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.stem}.part.keras")
    try:
        model.save(part)
        with zipfile.ZipFile(part, "a", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(CARD, json.dumps(asdict(card)))
            if base:
                _write_arrays(archive, BASE, {k: np.asarray(v, np.float16) for k, v in base.items()})
            if textures:
                _write_arrays(archive, TEXTURES, pack_textures(textures))
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def _write_arrays(archive, name: str, arrays):
    held = io.BytesIO()
    np.savez(held, **arrays)
    held.seek(0)
    with archive.open(name, "w", force_zip64=True) as entry:
        shutil.copyfileobj(held, entry)
