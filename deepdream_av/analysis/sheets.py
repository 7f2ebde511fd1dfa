"""The studies of a network as sheets: its channels, what fires, nearest channels, an atlas, a change."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

import numpy as np

from deepdream_av.analysis.cache import Cache
from deepdream_av.analysis.channel_sounds import sound_of
from deepdream_av.analysis.fires import Fires
from deepdream_av.analysis.layers import LayerFacts, parse_channel, spread
from deepdream_av.analysis.page import Cell, Section, Sheet
from deepdream_av.analysis.swatches import SwatchDreamer, SwatchSettings


def _nothing(*_) -> None:
    """A progress that nobody looks at."""


def side_for(facts: LayerFacts) -> int:
    """Pixels at which a layer's channels are dreamt: some of its places, and no more than a sheet can show."""
    stride = facts.stride[0] if facts.stride else 8
    return int(np.clip(-(-(8 * stride + 32) // 32) * 32, 64, 160))


def settings_for(facts: LayerFacts, settings: SwatchSettings, size: int) -> SwatchSettings:
    """The settings at the size of a layer's swatches; `size` 0 leaves it to the layer."""
    return replace(settings, side=size or side_for(facts))


def channel_sheet(
    backbone,
    layers: Iterable[LayerFacts],
    *,
    numbers: Iterable[int] = (),
    count: int = 8,
    size: int = 0,
    settings: SwatchSettings | None = None,
    cache: Cache | None = None,
    sounds: bool = False,
    progress: Callable = _nothing,
) -> Sheet:
    """A contact sheet: a section for each layer, a swatch for each channel.

    Args:
        backbone: from `load_backbone`.
        layers: from `chosen_layers`.
        numbers: channels; evenly spread ones if empty.
        count: how many of a layer, then.
        size: pixels at which swatches are dreamt; 0: by the layer.
        settings: how they are dreamt.
        cache: where they are kept.
        sounds: whether what an ear wants to hear can be heard, too.
        progress: called as `progress(done, total)`.
    """
    layers, settings = list(layers), settings or SwatchSettings()
    wanted = {f.name: tuple(numbers) or spread(f.channels, count) for f in layers}
    total, done, sections = sum(map(len, wanted.values())), 0, []

    def added(more):
        nonlocal done
        done += more
        progress(done, total)

    for f in layers:
        dreamer = SwatchDreamer(backbone, f.name, settings_for(f, settings, size), cache=cache)
        dreamt = (dreamer.listenings if sounds else dreamer.channels)(wanted[f.name], progress=added)
        swatches = dreamer.shown(dreamt) if sounds else dreamt
        cells = [_cell(backbone, f"{f.name}#{n}", x) for n, x in zip(wanted[f.name], swatches)]
        if sounds:
            cells = [replace(cell, sound=sound_of(x)) for cell, x in zip(cells, dreamt)]
        sections.append(Section(f"{f.name}: {f.channels} channels{_grid_text(f)}", tuple(cells), 8))
    what = "hears" if backbone.kind == "sound" else "sees"
    return Sheet(
        f"What {_short(backbone)} {what}",
        "Each cell is dreamt from noise for one channel, which --layer NAME#CHANNEL asks for.",
        tuple(sections),
    )


def swatches_of(
    backbone,
    names: Iterable[str],
    facts: Mapping[str, LayerFacts],
    *,
    cache=None,
    progress: Callable = _nothing,
) -> dict[str, np.ndarray]:
    """Swatches of channels of several layers, `{name: uint8 [side, side, 3]}`; each layer is compiled once."""
    names, found, done = list(dict.fromkeys(names)), {}, 0
    by_layer: dict[str, list[int]] = {}
    for name in names:
        layer, number = parse_channel(backbone, name)
        by_layer.setdefault(layer, []).append(number)

    def added(more):
        nonlocal done
        done += more
        progress(done, len(names))

    for layer, numbers in by_layer.items():
        settings = settings_for(facts[layer], SwatchSettings(), 0)
        dreamer = SwatchDreamer(backbone, layer, settings, cache=cache)
        found |= {f"{layer}#{n}": x for n, x in zip(numbers, dreamer.channels(numbers, progress=added))}
    return found


def fires_sheet(backbone, source: np.ndarray, fires: list[Fires], swatches: Mapping, *, title: str) -> Sheet:
    """The picture or spectrogram, and beneath it the channels that fire, loudest first.

    Args:
        backbone: whose channels they are.
        source: uint8 `[height, width, 3]`.
        fires: from `what_fires`.
        swatches: `{name: picture}` from `swatches_of`.
        title: of the sheet.
    """
    cells = [_cell(backbone, f.name, swatches[f.name], f"{f.times:.1f} times its usual level") for f in fires]
    parts = (Section("", (Cell(source, "the source"),), 1), Section("What fires most", tuple(cells), 6))
    about = f"Channels of {_short(backbone)} that are farthest above their usual level."
    return Sheet(title, about, parts, tuple(fires_table(fires)), side=160)


def fires_table(fires: Iterable[Fires]) -> list[tuple[str, ...]]:
    """Heads and rows for `page.table_text`."""
    rows = [("channel", "times usual", "level", "usual", "row", "column")]
    return rows + [
        (
            f.name,
            f"{f.times:.2f}",
            f"{f.level:.4g}",
            f"{f.usual:.4g}",
            f"{f.place[0]:.2f}",
            f"{f.place[1]:.2f}",
        )
        for f in fires
    ]


def nearest_sheet(first, second, found, mine: Mapping, theirs: Mapping) -> Sheet:
    """Pairs of channels beside each other."""
    cells = []
    for near in found:
        cells.append(_cell(first, near.name, mine[near.name], _short(first)))
        cells.append(_cell(second, near.nearest, theirs[near.nearest], f"r {near.correlation:.2f}"))
    about = f"Each channel of {_short(first)} and, right of it, the channel of {_short(second)} that goes with it."
    return Sheet(f"{_short(first)} and {_short(second)}", about, (Section("", tuple(cells), 6),))


def atlas_sheet(
    backbone,
    atlas,
    usual: np.ndarray,
    facts: LayerFacts,
    *,
    cache=None,
    size=0,
    progress: Callable = _nothing,
) -> Sheet:
    """The map with each cell dreamt; cells without an activation stay dark.

    Args:
        backbone: whose activations they are.
        atlas: from `atlas.drawn`.
        usual: mean activation, `[channels]`.
        facts: of its layer.
        cache: where swatches are kept.
        size: pixels of a cell; 0: by the layer.
        progress: called as `progress(done, total)`.
    """
    columns, count, done = atlas.count.shape[1], atlas.count.ravel(), 0
    filled = np.flatnonzero(count)

    def added(more):
        nonlocal done
        done += more
        progress(done, len(filled))

    # the cosine keeps a loud channel from painting every cell alike
    settings = settings_for(facts, SwatchSettings(cosine=2.0), size or min(side_for(facts), 128))
    dreamer = SwatchDreamer(backbone, atlas.layer, settings, cache=cache)
    swatches = dreamer.directions(atlas.directions(usual)[filled], progress=added)
    shown = dict(zip(filled.tolist(), swatches))
    cells = tuple(
        Cell(shown.get(k), command=_of_direction(backbone, atlas.layer, vector) if k in shown else "")
        for k, vector in enumerate(atlas.directions(usual))
    )
    about = f"{int(count.sum())} places; neighbours look alike to {_short(backbone)}."
    return Sheet(f"Atlas of {atlas.layer}", about, (Section("", cells, columns),))


def _of_direction(backbone, layer: str, vector: np.ndarray) -> str:
    """The command for the three channels that count most in a direction."""
    most = [n for n in np.argsort(-vector)[:3] if vector[n] > 0]
    pairs = " ".join(f"--layer {layer}#{n}:{vector[n] / vector[most[0]]:.2f}" for n in most)
    return f"{_command(backbone)} {pairs}"


def change_sheet(source: np.ndarray, changed: np.ndarray, reached: Mapping, *, name: str) -> Sheet:
    """Before, after and what is between them, float `[height, width, 3]`; the difference four times as strong."""
    between = np.clip(0.5 + 2 * (changed - source), 0, 1)
    cells = [
        Cell(as_bytes(x), n) for n, x in (("before", source), ("after", changed), ("difference x 4", between))
    ]
    return Sheet(
        f"{name}, changed", "", (Section("", tuple(cells), 3),), tuple(change_table(reached)), side=420
    )


def change_table(reached: Mapping) -> list[tuple[str, ...]]:
    """Heads and rows for `page.table_text`."""
    rows = [("channel", "wanted", "reached", "before", "after")]
    return rows + [
        (
            n,
            f"{r['wanted']:g}",
            "-" if r["reached"] is None else f"{r['reached']:g}",
            f"{r['before']}",
            f"{r['after']}",
        )
        for n, r in reached.items()
    ]


def as_bytes(picture: np.ndarray) -> np.ndarray:
    """Float in [0, 1] as uint8."""
    return (np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8)


def _cell(backbone, name: str, picture, note: str = "") -> Cell:
    flag = "--layer" if backbone.kind == "image" else "--ear-layer"
    return Cell(picture, name, note, f"{_command(backbone)} {flag} {name}")


def _command(backbone) -> str:
    """What to type to dream something of this network."""
    looks = backbone.kind == "image"
    start = f"python -m deepdream_av.{'image photo.jpg' if looks else 'audio sound.wav'}"
    if backbone.name in ("dreamnet", "earnet"):
        return start
    return f"{start} {'--backbone' if looks else '--ear'} {backbone.name}"


def _grid_text(facts: LayerFacts) -> str:
    if not facts.stride:
        return ""
    return f", stride {pair_text(facts.stride)}, field {pair_text(facts.field)}"


def pair_text(pair) -> str:
    """`8` for (8, 8), `2x4` for (2, 4), `-` for None."""
    if pair is None:
        return "-"
    first, second = (f"{x:g}" for x in pair)
    return first if first == second else f"{first}x{second}"


def _short(backbone) -> str:
    """The name of a network, without the folders of a file."""
    return backbone.name.replace("\\", "/").rpartition("/")[2]
