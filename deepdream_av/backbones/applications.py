"""VGG16, VGG19 and InceptionV3 of `keras.applications`, with ImageNet weights."""

from __future__ import annotations

import contextlib
import sys
from dataclasses import dataclass

from deepdream_av.backbones.backbone import Backbone
from deepdream_av.backbones.precision import policy
from deepdream_av.errors import WeightsError


@dataclass(frozen=True)
class _Application:
    module: str
    builder: str
    default_layers: tuple[tuple[str, float], ...]
    convolutions: tuple[int, ...] = ()  # in each block, for the names that the papers use
    dtype: str = ""  # where the fastest precision is not good enough


_KNOWN = {
    # block4_conv3 is what made the PyTorch Deep Dreams with VGG known (relu4_3)
    "vgg16": _Application("vgg16", "VGG16", (("block4_conv3", 1.0),), (2, 2, 3, 3, 3)),
    "vgg19": _Application("vgg19", "VGG19", (("block4_conv3", 0.5), ("block5_conv2", 1.0)), (2, 2, 4, 4, 4)),
    "inception_v3": _Application(
        "inception_v3",
        "InceptionV3",
        (("mixed3", 1.0), ("mixed4", 1.0), ("mixed5", 1.0)),
        dtype="mixed_bfloat16",
    ),
}


def load(name: str, *, weights: str = "", dtype: str = "float32") -> Backbone:
    """One of the three, as a backbone.

    Args:
        name: `vgg16`, `vgg19` or `inception_v3`.
        weights: a weights file, with or without the classifier; else Keras fetches ImageNet's.
        dtype: Keras dtype policy.

    Raises:
        WeightsError: the file does not fit, or the weights cannot be fetched.
    """
    import keras

    known = _KNOWN[name]
    module = getattr(keras.applications, known.module)
    if known.dtype and dtype == "bfloat16":
        dtype = known.dtype
    with policy(dtype):
        model = _built(getattr(module, known.builder), name, weights)

    def preprocess(pictures):
        return module.preprocess_input(pictures * 255.0)

    names = [x.name for x in model.layers if len(x.output.shape) == 4 and x is not model.layers[0]]
    return Backbone(
        name,
        model,
        layers=names,
        default_layers=known.default_layers,
        preprocess=preprocess,
        aliases=_paper_names(known.convolutions),
    )


def _built(builder, name: str, weights: str):
    if not weights:
        try:
            with contextlib.redirect_stdout(sys.stderr):  # Keras tells of its download on stdout
                return builder(weights="imagenet", include_top=False)
        except Exception as error:  # urllib, ssl and Keras raise many kinds here
            reason = str(error).rpartition(" -- ")[2].strip() or type(error).__name__
            raise WeightsError(
                f"The ImageNet weights of {name} are fetched by Keras at first use and could not be had "
                f"({reason[:100]}). `--weights FILE` takes them from a file."
            ) from None
    model = builder(weights=None, include_top=False)
    try:
        model.load_weights(weights)
        return model
    except Exception as first:
        try:
            whole = builder(weights=weights, include_top=True)
        except Exception:  # neither with nor without the classifier
            raise WeightsError(
                f"`weights` must be a Keras weights file (.h5, .weights.h5) of {name}. Received: '{weights}' "
                f"({_line(first)})."
            ) from None
    by_name = {layer.name: layer.get_weights() for layer in whole.layers}
    for layer in model.layers:
        if layer.weights:
            layer.set_weights(by_name[layer.name])
    return model


def _paper_names(convolutions: tuple[int, ...]) -> dict[str, str]:
    """`relu4_3` and `conv4_3` for `block4_conv3`."""
    return {
        f"{kind}{block}_{n}": f"block{block}_conv{n}"
        for block, count in enumerate(convolutions, 1)
        for n in range(1, count + 1)
        for kind in ("relu", "conv")
    }


def _line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:160].rstrip(".")
