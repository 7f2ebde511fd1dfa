"""What the tab Explore does: layers in words, what channels want to see or hear, and what fires on a file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from deepdream_av.errors import InputError

from . import networks
from .errors import Refused
from .page import App
from .service import Run
from .uploads import checked, checked_picture

EAR = "earnet"
TOGETHER = 8  # swatches that are dreamt at once
MOST = 48  # swatches of a sheet
_LISTEN = 8.0  # seconds of a sound
_SIDE = 512  # pixels of a picture that is shown
_FIRE = 12  # channels


def choices() -> list[tuple[str, str]]:
    """The networks for a dropdown."""
    return [*networks.choices(), ("earnet (listens, in the package)", EAR)]


def load(name: str, own: Path | None):
    """The network of this name.

    Raises:
        DeepDreamError: it is not here.
    """
    from deepdream_av.backbones import load_backbone

    return load_backbone(EAR if name == EAR else networks.used(name, own)["backbone"])


def layers(name: str, own: Path | None) -> tuple[str, list[tuple[str, str]], str]:
    """What a network has.

    Returns:
        `"image"` or `"sound"`; its layers for a dropdown, in words and by name; the one to begin with.
    """
    from deepdream_av.analysis.layers import describe_layers

    backbone = load(name, own)
    unit = "px" if backbone.kind == "image" else "frames"
    found = []
    for facts in describe_layers(backbone):
        sees = f" · one place sees {facts.field[0]} {unit}" if facts.field else ""
        found.append((f"{facts.name} · {facts.channels} channels{sees}", facts.name))
    return backbone.kind, found, backbone.default_layers[-1][0]


@dataclass(eq=False)
class Sheet:
    """Swatches that are there so far, with their names.

    Attributes:
        cells: pairs of a file and a caption.
        names: of the channels, as a recipe takes them.
        kind: of the network.
        shown: the file that was looked at, with places marked; None of a sheet.
    """

    kind: str = "image"
    cells: list[tuple[str, str]] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    shown: str | None = None

    def add(self, run: Run, name: str, swatch: np.ndarray, caption: str) -> None:
        """One more."""
        import cv2

        path = run.folder / f"swatch{len(self.cells)}.png"
        cv2.imwrite(str(path), swatch[..., ::-1])
        self.cells.append((str(path), caption))
        self.names.append(name)


def sheet_of(name: str, own: Path | None, layer: str, first: int, count: int, app: App, sheet: Sheet) -> Callable:
    """The work of a contact sheet; what is there can be seen in `sheet` while it goes on.

    Raises:
        Refused: no layer.
    """
    if not layer:
        raise Refused("Choose a layer first.")

    def work(run: Run) -> Sheet:
        run.stage = "Waking the network"
        backbone = load(name, own)
        sheet.kind = backbone.kind
        width = backbone.channels(layer)
        start = min(max(int(first), 0), width - 1)
        numbers = range(start, min(start + min(int(count), MOST), width))
        _dream(run, backbone, [(f"{layer}#{n}", f"#{n}") for n in numbers], _cache(app, name), sheet)
        return sheet

    return work


def fires_of(name: str, own: Path | None, picture, sound, app: App, sheet: Sheet) -> Callable:
    """The work that finds out what fires on a file; see `sheet_of`."""

    def work(run: Run) -> Sheet:
        from deepdream_av.analysis.fires import what_fires
        from deepdream_av.analysis.layers import chosen_layers

        run.stage = "Waking the network"
        backbone = load(name, own)
        sheet.kind = backbone.kind
        x, shown = _heard(sound, app) if backbone.kind == "sound" else _seen(picture, app)
        run.progress(0, 1, "Looking" if backbone.kind == "image" else "Listening")
        names = [facts.name for facts in chosen_layers(backbone)]
        cache = _cache(app, name)
        found = what_fires(backbone, x, names, count=_FIRE, cache=cache)
        sheet.shown = _marked(run, shown, found, sound=backbone.kind == "sound")
        cells = [(f.name, f"{k + 1} {f.name}") for k, f in enumerate(found)]
        _dream(run, backbone, cells, cache, sheet)
        return sheet

    return work


def _cache(app: App, name: str):
    """Swatches of networks that everybody has are kept while the service runs."""
    from deepdream_av.analysis.cache import Cache

    return Cache(app.runs.folder / "swatches", enabled=name != networks.YOURS)


def _dream(run: Run, backbone, cells, cache, sheet: Sheet) -> None:
    """Dream the swatches of `(channel, caption)` pairs, in this order, a few at a time."""
    from deepdream_av.analysis.layers import describe_layers
    from deepdream_av.analysis.sheets import swatches_of

    facts = {f.name: f for f in describe_layers(backbone)}
    for k in range(0, len(cells), TOGETHER):
        some = cells[k : k + TOGETHER]
        run.progress(k, len(cells), f"Dreaming channel {k + 1} of {len(cells)}")
        found = swatches_of(backbone, [name for name, _ in some], facts, cache=cache)
        for name, caption in some:
            sheet.add(run, name, found[name], caption)


def _seen(path, app: App) -> tuple[np.ndarray, np.ndarray]:
    from deepdream_av.analysis.levels import shrunk
    from deepdream_av.analysis.sheets import as_bytes
    from deepdream_av.media.image import read_image

    picture = read_image(checked_picture(path, app.limits)).array
    return shrunk(picture), as_bytes(shrunk(picture, _SIDE))


def _heard(path, app: App) -> tuple[np.ndarray, np.ndarray]:
    from deepdream_av.analysis.levels import log_mel_of, spectrogram
    from deepdream_av.media.audio import read_audio

    sound = read_audio(checked(path, app.limits, "sound"), duration=_LISTEN)
    heard = log_mel_of(sound.samples, sound.rate)
    if len(heard) < 16:
        raise InputError(f"A sound of at least 0.4 s is needed. Received: {sound.seconds:.2f} s.")
    return heard, np.repeat(spectrogram(heard), max(1, 400 // len(heard)), axis=1)


def _marked(run: Run, picture: np.ndarray, fires, *, sound: bool) -> str:
    """The picture or spectrogram with a number where each channel is loudest."""
    import cv2

    picture = np.ascontiguousarray(picture)
    height, width = picture.shape[:2]
    for k, found in enumerate(fires):
        row, column = (1 - found.place[1], found.place[0]) if sound else found.place
        at = (min(max(int(column * width), 12), width - 12), min(max(int(row * height), 12), height - 12))
        cv2.circle(picture, at, 11, (255, 255, 255), -1, cv2.LINE_AA)
        cv2.circle(picture, at, 11, (74, 61, 139), 1, cv2.LINE_AA)
        size = cv2.getTextSize(str(k + 1), cv2.FONT_HERSHEY_SIMPLEX, 0.42, 1)[0]
        corner = (at[0] - size[0] // 2, at[1] + size[1] // 2)
        cv2.putText(picture, str(k + 1), corner, cv2.FONT_HERSHEY_SIMPLEX, 0.42, (30, 26, 58), 1, cv2.LINE_AA)
    path = run.folder / "where.png"
    cv2.imwrite(str(path), picture[..., ::-1])
    return str(path)
