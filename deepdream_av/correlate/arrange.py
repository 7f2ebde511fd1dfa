"""From a recipe and a film to the coupling of its sound and its pictures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from deepdream_av.correlate.analyse import Analysis, analyse
from deepdream_av.correlate.coupling import Coupling
from deepdream_av.correlate.drive import Drives, mixed
from deepdream_av.correlate.pairs import FilterPair, Search, canonical, find_pairs, pairs_from_json
from deepdream_av.correlate.prior import shipped_prior
from deepdream_av.correlate.semantic import semantic_pairs
from deepdream_av.correlate.series import Series
from deepdream_av.errors import InputError, UsageError

_MOST_BYTES = 2_000_000  # of a file with pairs
_MOST_AT_ONCE, _ALIKE = 3, 0.7  # pairs, and correlation from which on two of them hear the same


@dataclass(frozen=True, eq=False)
class Arranged:
    """The coupling of a film, and how it came about.

    Attributes:
        coupling: what is asked of every frame.
        mode: `off`, `base`, `pairs` or `joint`: what is really used.
        analysis: what the channels do in the source; None if nobody looked.
        search: for pairs; None if nobody searched.
        notes: what the user should know.
    """

    coupling: Coupling
    mode: str
    analysis: Analysis | None = None
    search: Search | None = None
    notes: list[str] = field(default_factory=list)


def arrange(film, track, features, recipe, *, dreamer, progress: Callable | None = None) -> Arranged:
    """Look at a film, listen to it, and find what belongs together.

    Args:
        film: a `FilmReader`.
        track: its `Soundtrack`; None if it has no sound.
        features: of the sound, see `sound_features`; None without.
        recipe: its fields on coupling count.
        dreamer: a `FrameDreamer`, or anything without `layers`, which is driven in strength alone.
        progress: called as `progress(done, total)` in frames.

    Raises:
        InputError: a file with pairs that cannot be read.
        UsageError: pairs of channels that these networks have not.
    """
    if recipe.coupling == "off" or features is None or features.silent or not recipe.coupling_strength:
        return Arranged(Coupling(Drives(None)), "off")
    from deepdream_av.backbones import load_backbone
    from deepdream_av.correlate.chroma import chroma

    heard_pitches = chroma(track.store.blocks(), track.rate)
    drives = Drives(features, chroma=heard_pitches, amount=recipe.coupling_strength, mixer=mixed(recipe.mixer))
    layers = dreamt_layers(dreamer)
    if not layers:
        return Arranged(Coupling(drives, shift=recipe.coupling_shift), "base")
    ear = load_backbone(recipe.ear)
    analysis = _analysed(film, track, ear, dreamer, layers, progress)
    pairs, search, notes = _pairs(analysis, recipe, ear, dreamer.backbone)
    mode = recipe.coupling if pairs else "base"
    coupling = Coupling(
        drives,
        heard=analysis.heard,
        seen=analysis.seen,
        pairs=pairs,
        layers=layers,
        amount=recipe.coupling_strength,
        joint=mode == "joint",
        shift=recipe.coupling_shift,
    )
    return Arranged(coupling, mode, analysis, search, notes)


def dreamt_layers(dreamer) -> tuple[str, ...]:
    """Whole layers that are dreamt, from the shallowest to the deepest."""
    names = {name.partition("#")[0] for name, weight in getattr(dreamer, "layers", ()) if weight > 0}
    return tuple(name for name in dreamer.backbone.list_layers() if name in names) if names else ()


def _analysed(film, track, ear, dreamer, layers, progress) -> Analysis:
    from deepdream_av.correlate.seen import LAYERS

    known = dreamer.backbone.list_layers()
    # what lies below the deepest dreamt layer costs nothing more to be looked at
    deepest = known.index(layers[-1])
    looked = {*layers, *(name for name in LAYERS if name in known[: deepest + 1])}
    return analyse(
        film,
        track,
        backbone=dreamer.backbone,
        seen_layers=[name for name in known if name in looked],
        ear=ear,
        progress=progress,
    )


def _pairs(analysis: Analysis, recipe, ear, eye) -> tuple[tuple[FilterPair, ...], Search | None, list[str]]:
    if analysis.heard is None or recipe.coupling == "base":
        return (), None, []
    if recipe.pairs:
        return _read(recipe.pairs, analysis), None, [f"The filter pairs of {Path(recipe.pairs).name} are used."]
    if not all(np.any(series.standardised()) for series in (analysis.heard, analysis.seen)):
        return (), None, ["Nothing moves in this film; base coupling used."]
    search = find_pairs(analysis.heard, analysis.seen, seed=recipe.seed, prior=shipped_prior())
    if search.pairs:
        count = len(search.pairs)
        return search.pairs, search, [f"{count} filter pair{'s' * (count > 1)} of this film beat chance."]
    expected = liveliest(shipped_prior(), analysis.heard, analysis.seen)
    pairs = liveliest(semantic_pairs(ear, eye), analysis.heard, analysis.seen, beside=expected)
    instead = "base coupling used" if not pairs else "pairs that belong together elsewhere are dreamt instead"
    return pairs, search, [f"No pair beats chance in this film; {instead}."]


def liveliest(
    pairs, heard: Series, seen: Series, *, beside: tuple[FilterPair, ...] = (), most: int = _MOST_AT_ONCE
) -> tuple[FilterPair, ...]:
    """Those pairs whose heard sides move most in a film, each unlike the others.

    Args:
        pairs: of any source; those of channels that are not there are left out.
        heard, seen: channels of the film.
        beside: pairs that are dreamt anyway; they come first.
        most: pairs at most.
    """
    place, there = {name: n for n, name in enumerate(heard.names)}, {*heard.names, *seen.names}
    known = [pair for pair in pairs if there.issuperset(name for name, _ in (*pair.heard, *pair.seen))]
    moves = [
        float((heard.values[:, [place[name] for name, _ in pair.heard]] @ np.array([w for _, w in pair.heard])).std())
        for pair in known
    ]
    found = list(beside)
    for n in np.argsort(moves)[::-1]:
        curve = canonical(heard, known[n].heard)
        if moves[n] > 0 and all(abs(float(np.mean(curve * canonical(heard, x.heard)))) < _ALIKE for x in found):
            found.append(known[n])
    return tuple(found[:most])


def _read(path: str, analysis: Analysis) -> tuple[FilterPair, ...]:
    try:
        with Path(path).open("rb") as file:
            text = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise InputError(f"`pairs` must be a file that can be read. Received: {path} ({error.strerror}).") from None
    if len(text) > _MOST_BYTES:
        raise InputError(f"`pairs` must be a file of at most {_MOST_BYTES} bytes. Received: {path}.")
    pairs = pairs_from_json(text.decode("utf-8", "replace"))
    for pair in pairs:
        for side, series in ((pair.heard, analysis.heard), (pair.seen, analysis.seen)):
            for name, _ in side:
                if name not in series.names:
                    raise UsageError(f"The network of this dream has no channel {name!r}. Received: {path}.")
    return pairs
