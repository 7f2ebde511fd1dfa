"""What the subjects of `explore` share: the network that is meant, the cache, and what is handed back."""

from __future__ import annotations

import dataclasses
from pathlib import Path


@dataclasses.dataclass(frozen=True)
class Found:
    """What a subject hands back: numbers for `--json`, rows for a terminal, a sheet or an array for a file."""

    report: dict
    rows: list[tuple] = dataclasses.field(default_factory=list)
    sheet: object = None  # has `write(path)`
    output: Path | None = None


def network(given, name: str = ""):
    """The network of this name (`NAME=FILE`: with its weights from a file), or the one that the flags name."""
    from deepdream_av.backbones import list_backbones, load_backbone

    plain, _, file = name.partition("=")
    if file and plain in list_backbones():
        return load_backbone(plain, weights=file)
    return load_backbone(name or given.backbone or "dreamnet", weights="" if name else given.weights)


def cache(given):
    """Where swatches and levels are kept."""
    from deepdream_av.analysis.cache import Cache

    return Cache(enabled=not given.no_cache)


def default_output(given, name, ending: str) -> Path:
    """`photo.jpg` becomes `photo.looks.png` here, whatever folder it is in."""
    path = Path(f"{Path(name).stem}.{ending}")
    if given.output is None:
        from deepdream_av.media.files import check_output

        check_output(path, force=given.force)
    return path
