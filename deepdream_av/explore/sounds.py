"""`explore report` of a sound."""

from __future__ import annotations

from deepdream_av.errors import InputError, UsageError
from deepdream_av.explore.found import Found


def report(given, bar) -> Found:
    """The figures of `analysis.sound_card`."""
    from deepdream_av.analysis.sound_card import sound_card
    from deepdream_av.backbones import load_backbone
    from deepdream_av.media import metadata

    if given.judge or given.other or given.seeds:
        raise UsageError("`judge`, `other` and `seeds` are for pictures. Received: a sound.")
    try:
        recipe = metadata.read_note(given.dream).recipe
    except InputError:  # a sound of another program
        recipe = None
    backbone = load_backbone(given.backbone, weights=given.weights) if given.backbone else None
    if backbone is not None and backbone.kind != "sound":
        raise UsageError(f"`backbone` must listen, as earnet does. Received: {given.backbone!r}.")
    layers = tuple((name, 1.0) for name in given.layer)
    card = sound_card(str(given.dream), str(given.source), recipe=recipe, layers=layers, backbone=backbone)
    rows = [("figure", "value")]
    for name, value in card.items():
        parts = value.items() if isinstance(value, dict) else [("", value)]
        rows += [(f"{name} {part}".strip(), "-" if x is None else str(x)) for part, x in parts]
    return Found(card, rows)
