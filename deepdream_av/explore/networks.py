"""Subjects of `explore` that look into networks: layers, sheet, fires, nearest, atlas."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

import numpy as np

from deepdream_av.errors import UsageError
from deepdream_av.explore.found import Found, cache, default_output, network

_SOUNDS = (".wav", ".flac", ".mp3", ".ogg", ".opus", ".m4a", ".aac", ".wma", ".aiff")
_FILMS = (".mp4", ".mkv", ".webm", ".mov", ".m4v", ".avi")


def layers(given, bar) -> Found:
    """`explore layers`: every layer with its shape."""
    from deepdream_av.analysis.layers import describe_layers
    from deepdream_av.analysis.sheets import pair_text

    backbone = network(given)
    facts = describe_layers(backbone)
    rows = [("layer", "channels", "stride", "field", "default")]
    rows += [
        (f.name, f.channels, pair_text(f.stride), pair_text(f.field), f"{f.default:g}" if f.default else "")
        for f in facts
    ]
    report = {
        "backbone": backbone.name,
        "kind": backbone.kind,
        "layers": [dataclasses.asdict(f) for f in facts],
    }
    return Found(report | {"classes": list(getattr(backbone, "labels", ()))}, rows)


def sheet(given, bar) -> Found:
    """`explore sheet`: a contact sheet of channels."""
    from deepdream_av.analysis.channel_sounds import write_sounds
    from deepdream_av.analysis.layers import chosen_layers, parse_numbers
    from deepdream_av.analysis.sheets import channel_sheet
    from deepdream_av.analysis.swatches import SwatchSettings

    backbone = network(given)
    if given.sounds and backbone.kind != "sound":
        raise UsageError(f"`sounds` are of a network that listens, as earnet does. Received: {backbone.name!r}.")
    layers = chosen_layers(backbone, given.layer)
    numbers = parse_numbers(given.channels, min(f.channels for f in layers)) if given.channels else ()
    count = given.count or (48 if len(layers) == 1 else 8)
    sheet = channel_sheet(
        backbone,
        layers,
        numbers=numbers,
        count=count,
        size=given.size,
        settings=SwatchSettings(steps=given.steps, seed=given.seed),
        cache=cache(given),
        sounds=backbone.kind == "sound" and (given.sounds or Path(given.output or "").suffix.lower() == ".html"),
        progress=bar,
    )
    files = write_sounds(given.sounds, sheet, force=given.force) if given.sounds else []
    cells = {s.title.partition(":")[0]: [c.name for c in s.cells] for s in sheet.sections}
    return Found(
        {"backbone": backbone.name, "cells": cells} | ({"sounds": [str(f) for f in files]} if files else {}),
        sheet=sheet,
        output=default_output(given, backbone.name, "sheet.png"),
    )


def fires(given, bar) -> Found:
    """`explore fires`: what fires most on a file."""
    from deepdream_av.analysis.fires import what_fires
    from deepdream_av.analysis.layers import chosen_layers
    from deepdream_av.analysis.sheets import fires_sheet, fires_table, swatches_of

    hears = given.source.suffix.lower() in _SOUNDS
    backbone = network(
        argparse.Namespace(
            **{**vars(given), "backbone": given.backbone or ("earnet" if hears else "dreamnet")}
        )
    )
    x, shown = _looked_at(given, backbone)
    layers = chosen_layers(backbone, given.layer)
    names = [f.name for f in layers]
    fires = what_fires(backbone, x, names, count=given.count or 12, against=given.against, cache=cache(given))
    report = {
        "backbone": backbone.name,
        "source": str(given.source),
        "fires": [dataclasses.asdict(f) for f in fires],
    }
    sheet = None
    if given.output is not None:
        facts = {f.name: f for f in layers}
        swatches = swatches_of(backbone, [f.name for f in fires], facts, cache=cache(given), progress=bar)
        sheet = fires_sheet(backbone, shown, fires, swatches, title=f"What fires on {given.source.name}")
    return Found(report, fires_table(fires), sheet)


def _looked_at(given, backbone):
    """What the network is given of a file, and the same as a picture to show."""
    from deepdream_av.analysis.levels import log_mel_of, shrunk, spectrogram
    from deepdream_av.analysis.sheets import as_bytes

    suffix = given.source.suffix.lower()
    if backbone.kind == "sound":
        from deepdream_av.media.audio import read_audio

        sound = read_audio(
            given.source, start=given.at, duration=1.0 if given.at or suffix in _FILMS else 0.0
        )
        heard = log_mel_of(sound.samples, sound.rate)
        if len(heard) < 16:
            raise UsageError(
                f"`source` must hold at least 0.4 s of sound after {given.at:g} s. Received: {sound.seconds:.2f} s."
            )
        return heard, np.repeat(spectrogram(heard), max(1, 400 // len(heard)), axis=1)
    if suffix in _SOUNDS:
        raise UsageError(
            f"`backbone` must listen to a sound, as earnet does. Received: {backbone.name!r} for '{given.source}'."
        )
    if suffix in _FILMS:
        from deepdream_av.media.video_reader import open_film

        with open_film(given.source, start=given.at) as film:
            picture = next(iter(film)).array.astype(np.float32) / 255
    else:
        from deepdream_av.media.image import read_image

        picture = read_image(given.source).array
    return shrunk(picture), as_bytes(shrunk(picture, 512))


def nearest(given, bar) -> Found:
    """`explore nearest`: channels of two networks that go together."""
    from deepdream_av.analysis.layers import (
        chosen_layers,
        describe_layers,
        parse_channel,
    )
    from deepdream_av.analysis.nearest import Correlations
    from deepdream_av.analysis.sheets import nearest_sheet, swatches_of
    from deepdream_av.analysis.usual import references

    first, second = network(given), network(given, given.to)
    channels = [parse_channel(first, c) for c in given.layer if "#" in c]
    plain = [n for n in given.layer if "#" not in n] + [n for n, _ in channels]
    mine = [f.name for f in chosen_layers(first, plain or [n for n, _ in first.default_layers])]
    theirs = [f.name for f in chosen_layers(second, given.to_layer)]
    table, pictures = Correlations(first, second, mine, theirs), list(references("image", given.photos))
    for k, picture in enumerate(pictures):
        table.add(picture)
        bar(k + 1, len(pictures))
    found = table.nearest([f"{n}#{c}" for n, c in channels])[: given.count or 16]
    rows = [("channel", "nearest", "r", "by chance")]
    rows += [(n.name, n.nearest, f"{n.correlation:.3f}", f"{n.chance:.3f}") for n in found]
    report = {"backbone": first.name, "to": second.name, "pictures": len(pictures)}
    report["nearest"] = [dataclasses.asdict(n) for n in found]
    sheet = None
    if given.output is not None:
        facts = [{f.name: f for f in describe_layers(b)} for b in (first, second)]
        own = swatches_of(first, [n.name for n in found], facts[0], cache=cache(given), progress=bar)
        other = swatches_of(second, [n.nearest for n in found], facts[1], cache=cache(given), progress=bar)
        sheet = nearest_sheet(first, second, found, own, other)
    return Found(report, rows, sheet)


def atlas(given, bar) -> Found:
    """`explore atlas`: a map of what a network finds in a folder."""
    from deepdream_av.analysis.atlas import collect, drawn
    from deepdream_av.analysis.layers import chosen_layers
    from deepdream_av.analysis.sheets import atlas_sheet
    from deepdream_av.analysis.usual import pictures_in

    backbone = network(given)
    layer = chosen_layers(backbone, given.layer or [backbone.default_layers[-1][0]])[0]
    activations = collect(backbone, layer.name, pictures_in(given.folder, most=given.photos))
    atlas = drawn(layer.name, activations, cells=given.cells)
    sheet = atlas_sheet(
        backbone, atlas, activations.mean(0), layer, cache=cache(given), size=given.size, progress=bar
    )
    report = {
        "backbone": backbone.name,
        "layer": layer.name,
        "places": len(activations),
        "cells": atlas.count.tolist(),
    }
    return Found(report, sheet=sheet, output=default_output(given, given.folder, "atlas.png"))
