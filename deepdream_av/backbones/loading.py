"""From a name to a network: the embedded ones, those of `keras.applications`, and files of one's own."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from deepdream_av.backbones.backbone import Backbone
from deepdream_av.backbones.pair import Pair
from deepdream_av.errors import UsageError, unknown_name

EMBEDDED = ("dreamnet", "earnet", "discriminator")
APPLICATIONS = (
    "vgg16",
    "vgg19",
    "inception_v3",
    "resnet50",
    "mobilenet_v2",
    "efficientnet_b0",
    "efficientnet_v2_b0",
    "convnext_tiny",
    "xception",
)


def list_backbones() -> list[str]:
    """Names of the known networks; any saved `.keras` file is one more."""
    return [*EMBEDDED, *APPLICATIONS]


def load_backbone(
    name: str | os.PathLike,
    *,
    weights: str | os.PathLike = "",
    dtype: str = "",
    contrast: str | os.PathLike = "",
) -> Backbone | Pair:
    """Load a network that looks or listens. A second call with the same arguments gives the same object.

    Args:
        name: `"dreamnet"`, `"earnet"` or `"discriminator"`, which are in the package; one of `keras.applications`,
            such as `"vgg19"` or `"resnet50"`, whose ImageNet weights Keras fetches at first use; the path of a saved
            `.keras` file; or `hub:` and the folder or handle of a SavedModel, which is a program that will be run.
        weights: a weights file for the named network, instead of its own.
        dtype: Keras dtype policy; by default bfloat16 where the hardware has it.
        contrast: a second network beside it, named as the first is, or `"base"`: what a retrained one was before.

    Raises:
        UsageError: an unknown name.
        InputError: a file that is missing.
        WeightsError: a file that does not fit, or weights that cannot be fetched.

    >>> load_backbone("dreamnet").list_layers()[:2]
    ['stride2', 'stride4']
    """
    first = _one(name, weights, dtype)
    if not contrast:
        return first
    if os.fspath(contrast) == "base":
        return _paired(first, _one(name, "", dtype, before=True))
    return _paired(first, _one(contrast, "", dtype))


def _one(name, weights, dtype, *, before: bool = False) -> Backbone:
    """One network; `before`: with the weights that it had before it was retrained."""
    name = os.fspath(name)
    if name.startswith("hub:"):
        if weights or before:
            raise UsageError(f"`weights` and `contrast` base mean nothing beside a SavedModel. Received: '{name}'.")
        return _hub(name)
    path = Path(name)
    if path.suffix == ".keras":
        if weights:
            raise UsageError(
                f"`weights` means nothing beside a saved network. Received: '{weights}' beside '{name}'."
            )
        from deepdream_av.media.files import check_source

        path = check_source(path)
        # a file that was trained anew in the meantime is another network
        return _load(str(path.resolve()), "", dtype, path.stat().st_mtime_ns, before)
    if before:
        raise UsageError(
            f"`contrast` base needs a retrained network, a saved .keras file, as `backbone`. Received: '{name}'."
        )
    key = name.lower().replace("-", "_")
    key = {known.replace("_", ""): known for known in APPLICATIONS}.get(key.replace("_", ""), key)
    if key not in list_backbones():
        raise unknown_name("backbone", name, [*list_backbones(), "a saved .keras file", "hub:FOLDER"])
    stamp = 0
    if weights:
        from deepdream_av.media.files import check_source

        stamp = check_source(weights).stat().st_mtime_ns
    return _load(key, os.fspath(weights), dtype, stamp)


_paired = lru_cache(maxsize=8)(Pair)


@lru_cache(maxsize=4)
def _hub(name: str):
    from deepdream_av.backbones import hub

    return hub.load(name)


@lru_cache(maxsize=8)
def _load(name: str, weights: str, dtype: str, stamp: int, before: bool = False) -> Backbone:
    from deepdream_av.backbones import applications, embedded, precision, saved

    dtype = dtype or precision.fast_policy()
    if name.endswith(".keras"):
        return saved.load(name, dtype=dtype, before=before)
    if name == "dreamnet":
        return embedded.dreamnet(weights=weights, dtype=dtype)
    if name == "earnet":
        return embedded.earnet(weights=weights)
    if name == "discriminator":
        return embedded.discriminator(weights=weights)
    return applications.load(name, weights=weights, dtype=dtype)
