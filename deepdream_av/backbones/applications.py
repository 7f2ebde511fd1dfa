"""Networks of `keras.applications`, with ImageNet weights, each with the preprocessing that it was trained with."""

from __future__ import annotations

import contextlib
import re
import sys
import warnings
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


def _even(*names: str) -> tuple[tuple[str, float], ...]:
    return tuple((name, 1.0) for name in names)


_KNOWN = {
    # block4_conv3 is what made the PyTorch Deep Dreams with VGG known (relu4_3)
    "vgg16": _Application("vgg16", "VGG16", _even("block4_conv3"), (2, 2, 3, 3, 3)),
    "vgg19": _Application("vgg19", "VGG19", (("block4_conv3", 0.5), ("block5_conv2", 1.0)), (2, 2, 4, 4, 4)),
    "inception_v3": _Application(
        "inception_v3", "InceptionV3", _even("mixed3", "mixed4", "mixed5"), dtype="mixed_bfloat16"
    ),
    # in all that follow: the middle of the network, at strides 8 to 16
    "resnet50": _Application(
        "resnet50", "ResNet50", _even("conv3_block4_out", "conv4_block4_out"), dtype="mixed_bfloat16"
    ),
    "mobilenet_v2": _Application(
        "mobilenet_v2",
        "MobileNetV2",
        _even("block_6_expand_relu", "block_10_expand_relu", "block_13_expand_relu"),
        dtype="mixed_bfloat16",
    ),
    "efficientnet_b0": _Application(
        "efficientnet",
        "EfficientNetB0",
        _even("block4a_expand_activation", "block5c_expand_activation"),
        dtype="float32",  # its range and its norms are layers of it
    ),
    "efficientnet_v2_b0": _Application(
        "efficientnet_v2",
        "EfficientNetV2B0",
        _even("block4a_expand_activation", "block5c_expand_activation"),
        dtype="float32",
    ),
    "convnext_tiny": _Application(
        "convnext",
        "ConvNeXtTiny",
        _even("convnext_tiny_stage_1_block_2_gelu", "convnext_tiny_stage_2_block_4_gelu"),
        dtype="float32",
    ),
    "xception": _Application(
        "xception", "Xception", _even("block4_sepconv2_act", "block7_sepconv2_act"), dtype="mixed_bfloat16"
    ),
}
# names that Keras counts up from one model to the next, as add_12
_COUNTED = re.compile(
    r"(conv2d|batch_normalization|activation|add|concatenate|rescaling|normalization)(_\d+)?"
)


def load(name: str, *, weights: str = "", dtype: str = "float32") -> Backbone:
    """One of them, as a backbone.

    Args:
        name: `vgg16`, `resnet50` and so on, see `backbones.list_backbones`.
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
    _count_anew(model)

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
        with warnings.catch_warnings():
            # of a file of another network Keras takes what fits, warns, and leaves the rest as dice fell
            warnings.simplefilter("error", UserWarning)
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
    # in order, as some of the names are counted on from model to model
    given = [layer for layer in whole.layers if layer.weights]
    for mine, theirs in zip((layer for layer in model.layers if layer.weights), given):
        mine.set_weights(theirs.get_weights())
    return model


def _count_anew(model):
    """Give layers without a name of their own the same name in every process: `add_3` is the fourth sum."""
    seen: dict[str, int] = {}
    for layer in model.layers:
        match = _COUNTED.fullmatch(layer.name)
        if match:
            kind = match[1]
            number = seen[kind] = seen.get(kind, -1) + 1
            layer.name = f"{kind}_{number}" if number else kind


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
