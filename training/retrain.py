"""Retrain the upper layers of an ImageNet network: `python -m training.retrain --backbone vgg19 --data ornaments ...`.

The lower convolutions stay what they are, extractors of edges, textures and parts; a new head learns first, then the
upper blocks at a low rate. Batch norms keep the statistics of ImageNet. The saved file holds the whole network with its
preprocessing, and what the retrained layers were before (`--contrast base` dreams of the difference).
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass

from deepdream_av.errors import UsageError, WeightsError, unknown_name
from training import classifier

MEANS = (123.68, 116.779, 103.939)  # of ImageNet's red, green and blue, which VGG's authors took away


@dataclass(frozen=True)
class Base:
    """How a network is retrained.

    Attributes:
        top: its last layer that is kept.
        thaw_after: what lies behind this layer learns.
        dreamt: default layers of the retrained network.
        frozen_range: `(scale, offset)` from [0, 1] to what the network was trained on; None if it does that itself.
        swapped: whether it was trained on blue, green, red.
    """

    top: str
    thaw_after: str
    dreamt: tuple[tuple[str, float], ...]
    frozen_range: tuple | None = None
    swapped: bool = False


_VGG = (255.0, [-m for m in MEANS])
BASES = {
    "vgg16": Base("block5_conv3", "block4_pool", (("block5_conv2", 1.0), ("block5_conv3", 1.0)), _VGG, True),
    "vgg19": Base("block5_conv4", "block4_pool", (("block5_conv2", 1.0), ("block5_conv3", 1.0)), _VGG, True),
    # behind mixed7 the maps are so coarse that a dream of them is soft
    "inception_v3": Base("mixed7", "mixed4", (("mixed5", 1.0), ("mixed6", 1.0)), (2.0, -1.0)),
    "dreamnet": Base("stride32", "stride8", (("stride16", 1.0), ("stride16_block1_relu", 1.0))),
}


def parser() -> argparse.ArgumentParser:
    """The flags of this command."""
    p = argparse.ArgumentParser(prog="python -m training.retrain", description=__doc__.split("\n")[0])
    p.add_argument("--backbone", default="vgg19", help=f"network to retrain: {', '.join(BASES)} [vgg19]")
    p.add_argument("--weights", metavar="FILE", help="its ImageNet weights, instead of Keras' download")
    p.add_argument(
        "--thaw-after", metavar="LAYER", help="layers behind this one learn [block4_pool, mixed4, stride8]"
    )
    p.add_argument(
        "--head-epochs", type=int, default=2, metavar="N", help="epochs for the new head alone [2]"
    )
    p.add_argument(
        "--rate", type=float, default=1e-4, metavar="X", help="learning rate of the upper layers [0.0001]"
    )
    p.add_argument(
        "--head-rate", type=float, default=3e-3, metavar="X", help="learning rate of the head alone [0.003]"
    )
    classifier.add_flags(p, size=160, epochs=6, batch=32, augment="keras-cv", patience=4)
    return p


def make(args, classes: int, dtype: str) -> classifier.Made:
    """The network that the flags ask for; see `training.classifier`."""
    import keras

    from training.fitting import Stage

    keras.utils.set_random_seed(args.seed)
    name = args.backbone.lower().replace("-", "_").replace("inceptionv3", "inception_v3")
    if name not in BASES:
        raise UsageError(f"`backbone` must be one of {', '.join(BASES)}. Received: {args.backbone!r}.")
    base, trunk = BASES[name], _trunk(name, args.weights, dtype)
    model = with_range(trunk, base, classes)
    names = [x.name for x in trunk.layers]
    after = args.thaw_after or base.thaw_after
    if after not in names:
        raise unknown_name("layer", after, names, owner=name)
    thawed = set(names[names.index(after) + 1 :])
    before = classifier.weights_of(
        x for x in model.layers if x.name in thawed and not isinstance(x, keras.layers.BatchNormalization)
    )

    def is_head(layer):
        return layer.name == "logits"

    def is_upper(layer):
        thaws = layer.name in thawed and not isinstance(layer, keras.layers.BatchNormalization)
        return thaws or is_head(layer)

    stages = (
        Stage("head", is_head, args.head_epochs, args.head_rate),
        Stage("upper", is_upper, args.epochs, args.rate),
    )
    return classifier.Made(model, stages, base.dreamt, name, before)


def _trunk(name: str, weights, dtype: str):
    """The base network up to its last layer that is kept, with weights of its own."""
    import keras

    from deepdream_av.backbones import load_backbone

    try:
        network = load_backbone(name, weights=weights or "", dtype=dtype)
    except WeightsError as error:
        if weights:
            raise
        raise WeightsError(f"{error} Or retrain the network of this package: --backbone dreamnet.") from None
    return keras.Model(network.model.inputs[0], network.model.get_layer(BASES[name].top).output)


def with_range(trunk, base: Base, classes: int):
    """A network from pictures in [0, 1] to logits: the range of the base inside, a new head on top.

    Args:
        trunk: functional model from what the base was trained on to its maps.
        base: see `Base`.
        classes: of the new head.
    """
    import keras

    from training.architectures import head

    picture = keras.Input((None, None, 3), name="picture", dtype="float32")
    ranged = picture
    if base.frozen_range is not None:
        scale, offset = base.frozen_range
        ranged = keras.layers.Rescaling(scale, offset=offset, name="range", dtype="float32")(picture)

    def called(layer, *args, **kwargs):
        if args and args[0] is picture:
            args = (ranged, *args[1:])
        return layer(*args, **kwargs)

    def same(layer):
        return layer.__class__.from_config(layer.get_config())

    copy = keras.models.clone_model(trunk, clone_function=same, input_tensors=picture, call_function=called)
    copy.set_weights(trunk.get_weights())
    if base.swapped:  # the first convolution takes red first, instead of the picture being swapped every time
        first = next(x for x in copy.layers if isinstance(x, keras.layers.Conv2D))
        kernel, bias = first.get_weights()
        first.set_weights([kernel[:, :, ::-1], bias])
    return keras.Model(picture, head(copy.output, classes), name="retrained")


def main(argv=None) -> int:
    """Command line of this module."""
    return classifier.main("training.retrain", parser(), argv, make)


if __name__ == "__main__":
    sys.exit(main())
