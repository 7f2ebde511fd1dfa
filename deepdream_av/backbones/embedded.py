"""The networks that ship inside the package: weights as plain float16 arrays, nothing executable."""

from __future__ import annotations

import os
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from deepdream_av.backbones.textures import unpack_textures
from deepdream_av.errors import WeightsError

if TYPE_CHECKING:
    from deepdream_av.backbones.backbone import Backbone


DISCRIMINATOR_LAYERS = (("stride8", 1.0), ("stride16", 1.0))


def save_weights(weights: dict[str, np.ndarray], path: str | Path):
    """Write named arrays as float16 `.npz`, whole or not at all."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.stem}.part.npz")
    np.savez_compressed(temporary, **{k: np.asarray(v, np.float16) for k, v in weights.items()})
    os.replace(temporary, path)


def set_weights(model, path) -> None:
    """Give a model the arrays of an `.npz` whose keys are `layer/variable`.

    Raises:
        WeightsError: the file is not such an archive, or an array is missing or has another shape.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {k: np.asarray(archive[k], np.float32) for k in archive.files}
    except Exception as error:  # other archives, pickles, broken zips: all mean the same to a user
        line = (str(error).strip().splitlines() or [type(error).__name__])[0][:120]
        raise WeightsError(
            f"`weights` must be an .npz made by this project's training. Received: '{path}' ({line})."
        ) from None
    for layer in model.layers:
        for variable in layer.weights:
            key = f"{layer.name}/{variable.name}"
            if key not in arrays or arrays[key].shape != tuple(variable.shape):
                found = arrays[key].shape if key in arrays else "nothing"
                raise WeightsError(
                    f"`weights` must hold {key} of shape {tuple(variable.shape)}. Received: {found} in '{path}'."
                )
            variable.assign(arrays[key])


def shipped(name: str):
    """Path-like of a weights file in the package."""
    return resources.files("deepdream_av") / "backbones" / "weights" / name


def dreamnet(*, weights="", dtype: str = "float32") -> Backbone:
    """dreamnet as a backbone, with its shipped weights or with those of another run of `training.distill`.

    Raises:
        WeightsError: the file is not of a dreamnet.
    """
    from deepdream_av.backbones.backbone import Backbone
    from deepdream_av.backbones.dreamnet import DEFAULT_LAYERS, build_dreamnet

    model = build_dreamnet(dtype=dtype)
    set_weights(model, weights or shipped("dreamnet.npz"))
    names = [
        x.name for x in model.layers if x.name.endswith("_relu") or x.name.removeprefix("stride").isdigit()
    ]
    labels, textures = ((), {}) if weights else _motifs()  # another run has channels of its own
    return Backbone(
        "dreamnet", model, layers=names, default_layers=DEFAULT_LAYERS, labels=labels, textures=lambda: textures
    )


def _motifs() -> tuple[tuple[str, ...], dict]:
    """Names and textures of the motifs that dreamnet knows (`python -m training.motifs`)."""
    if not shipped("dreamnet_motifs.npz").is_file():  # before that command has run
        return (), {}
    with np.load(shipped("dreamnet_motifs.npz"), allow_pickle=False) as archive:
        arrays = {k: archive[k] for k in archive.files}
    labels = tuple(map(str, arrays.pop("labels")))
    return labels, unpack_textures(arrays, "dreamnet_motifs.npz")


def earnet(*, weights="") -> Backbone:
    """earnet as a backbone, with its shipped weights or with those of another run of `training.audio`.

    Raises:
        WeightsError: the file is not of an earnet.
    """
    from deepdream_av.backbones import earnet as ear
    from deepdream_av.backbones.backbone import Backbone

    path = Path(weights) if weights else ear.WEIGHTS
    classes, first, groups = ear.class_names(path), 0, []
    for names in classes.values():
        groups.append((first, first + len(names)))
        first += len(names)
    return Backbone(
        "earnet",
        ear.with_class_map(ear.load_earnet(path), classes),
        layers=ear.list_layers(),
        default_layers=ear.DEFAULT_LAYERS,
        kind="sound",
        labels=[name for names in classes.values() for name in names],
        groups=groups,
    )


def discriminator(*, weights="") -> Backbone:
    """The discriminator of the GAN in the package, as a network that looks: what it takes for real can be dreamt.

    Raises:
        WeightsError: the weights are not of such a discriminator.
    """
    from deepdream_av.backbones.backbone import Backbone
    from deepdream_av.gan import load_discriminator

    model = load_discriminator()
    if weights:
        set_weights(model, weights)
    names = [x.name for x in model.layers if x.name.removeprefix("stride").isdigit() or x.name == "motifs"]
    return Backbone("discriminator", model, layers=names, default_layers=DISCRIMINATOR_LAYERS)
