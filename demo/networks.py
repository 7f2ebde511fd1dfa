"""Which networks a visitor may choose, and what they know by name; found without loading any of them."""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path

from deepdream_av.recipe import Recipe

from .errors import Refused

YOURS = "yours"  # the visitor's own network, see `own_network.py`
_TITLES = {
    "dreamnet": "dreamnet (quick, in the package)",
    "discriminator": "discriminator (of a GAN, in the package)",
    "vgg16": "VGG16",
    "vgg19": "VGG19",
    "inception_v3": "InceptionV3",
    "resnet50": "ResNet50",
    "mobilenet_v2": "MobileNetV2",
    "xception": "Xception",
}


def here() -> tuple[str, ...]:
    """Networks that look and whose weights are on this machine; nothing is fetched for a visitor."""
    from deepdream_av.backbones.loading import APPLICATIONS

    folder = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras") / "models"
    files = [_plain(p.name) for p in folder.glob("*.h5")] if folder.is_dir() else []
    known = tuple(n for n in APPLICATIONS if any(f.startswith(_plain(n)) and "notop" in f for f in files))
    return ("dreamnet", "discriminator", *known)


def _plain(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "")


def choices() -> list[tuple[str, str]]:
    """The same for a dropdown, with the visitor's own at the end."""
    return [(_TITLES.get(n, n), n) for n in here()] + [("your own (see the tab Your network)", YOURS)]


def used(name: str, own: Path | None) -> dict[str, str]:
    """The fields of a recipe for a network that was chosen.

    Args:
        name: one of `choices()`.
        own: the visitor's own network file.

    Raises:
        Refused: it is not here.
    """
    if name == YOURS:
        if own is None:
            raise Refused("There is no network of your own yet: upload one in the tab Your network.")
        return {"backbone": str(own)}
    if name not in here():
        raise Refused(f"The network {name[:40]!r} is not on this machine. Choose another one.")
    return {"backbone": name}


@cache
def motifs() -> tuple[str, ...]:
    """What dreamnet knows by its texture."""
    import numpy as np

    from deepdream_av.backbones import embedded

    with np.load(embedded.shipped("dreamnet_motifs.npz"), allow_pickle=False) as archive:
        return tuple(map(str, archive["labels"]))


@cache
def sounds() -> tuple[tuple[str, str], ...]:
    """What earnet knows by name, as pairs of how a visitor reads it and the name."""
    from deepdream_av.backbones import embedded

    heads = json.loads(embedded.shipped("earnet.json").read_text("utf-8"))
    kinds = {"root": "key of {}", "chord": "{} chords", "synth_instrument": "{} (synthetic)"}
    return tuple(
        (kinds.get(head, "{}").format(_words(name)), name) for head, names in heads.items() for name in names
    )


def _words(name: str) -> str:
    text = name.replace("_", " ")
    return text if len(text) < 3 else text[0].lower() + text[1:]


def default_layers(look: str) -> tuple[tuple[str, float], ...]:
    """The layers that a look names; empty if it leaves them to the network."""
    return Recipe.from_look(look).layers
