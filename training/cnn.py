"""Train a network of one's own from scratch: `python -m training.cnn --data ornaments -o ornaments_cnn.keras`.

Two architectures for pictures (`residual`, `inception`) and, with `--sound`, one for sound. The file goes straight
into `python -m deepdream_av.image photo.jpg --backbone ornaments_cnn.keras --class mandala`.
"""

from __future__ import annotations

import argparse
import sys

from deepdream_av.errors import unknown_name
from training import classifier


def parser() -> argparse.ArgumentParser:
    """The flags of this command."""
    p = argparse.ArgumentParser(prog="python -m training.cnn", description=__doc__.split("\n")[0])
    p.add_argument("--architecture", default="residual", help="residual or inception [residual]")
    p.add_argument(
        "--width", type=float, default=1.0, metavar="X", help="factor of the numbers of channels [1]"
    )
    p.add_argument(
        "--rate", type=float, default=2e-3, metavar="X", help="learning rate at its height [0.002]"
    )
    p.add_argument("--weights", metavar="FILE", help="start from the weights of such a network, .keras")
    p.add_argument("--sound", action="store_true", help="the examples are recordings")
    classifier.add_flags(p, size=128, epochs=40, batch=16, augment="own", patience=0)
    return p


def make(args, classes: int, dtype: str) -> classifier.Made:
    """The network that the flags ask for; see `training.classifier`."""
    import keras

    from training.fitting import Stage

    keras.utils.set_random_seed(args.seed)
    if args.sound:
        from training.sound_architectures import DREAMT, build_sound_cnn

        model, dreamt = build_sound_cnn(classes, width=args.width, dtype=dtype), DREAMT
    else:
        from training.architectures import ARCHITECTURES
        from training.architectures import DREAMT as LAYERS

        if args.architecture not in ARCHITECTURES:
            raise unknown_name("architecture", args.architecture, ARCHITECTURES)
        model = ARCHITECTURES[args.architecture](classes, width=args.width, dtype=dtype)
        dreamt = LAYERS[args.architecture]
    if args.weights:
        classifier.take_weights(model, args.weights)
    return classifier.Made(model, (Stage("all", lambda layer: True, args.epochs, args.rate),), dreamt)


def main(argv=None) -> int:
    """Command line of this module."""
    return classifier.main("training.cnn", parser(), argv, make)


if __name__ == "__main__":
    sys.exit(main())
