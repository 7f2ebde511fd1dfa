"""The way that all classifiers go: load, fit, judge, save with a card; `retrain` and `cnn` bring the network."""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from deepdream_av.errors import DeepDreamError, UsageError


@dataclass(frozen=True)
class Made:
    """A network that is ready to learn.

    Attributes:
        model: from examples to logits.
        stages: see `training.fitting.Plan`.
        default_layers: what is dreamt later unless something else is asked for.
        base: name of the network that it starts from, or empty.
        before: weights of the layers that learn, as they were, `{layer/variable: array}`.
    """

    model: object
    stages: tuple
    default_layers: tuple
    base: str = ""
    before: dict | None = None


def add_flags(p: argparse.ArgumentParser, *, size: int, epochs: int, batch: int, augment: str, patience: int):
    """Flags of every command that trains a classifier."""
    p.add_argument("--data", required=True, help="fractals, ornaments, organic, a folder with a directory per class, "
                   "a name of TensorFlow Datasets; for sound: a folder of recordings, or music")  # fmt: skip
    p.add_argument("-o", "--output", required=True, metavar="FILE", help="network to write, .keras")
    p.add_argument(
        "--limit", type=int, default=0, metavar="N", help="examples to learn from [1000, or a whole folder]"
    )
    p.add_argument("--epochs", type=int, default=epochs, metavar="N", help=f"most epochs [{epochs}]")
    p.add_argument("--seed", type=int, default=0, metavar="N", help="of data, order and changes [0]")
    p.add_argument(
        "--size", type=int, default=size, metavar="N", help=f"side of the pictures, in pixels [{size}]"
    )
    p.add_argument(
        "--batch",
        type=int,
        default=batch,
        metavar="N",
        help=f"examples in a step, over all workers together [{batch}]",
    )
    p.add_argument(
        "--patience",
        type=int,
        default=patience,
        metavar="N",
        help=f"stop after so many epochs without gain; 0: never [{patience}]",
    )
    p.add_argument(
        "--augment", default=augment, help=f"how pictures are changed: keras-cv, own, none [{augment}]"
    )
    p.add_argument("--precision", default="", help="mixed_bfloat16 or float32 [by hardware]")
    p.add_argument(
        "--cache", metavar="DIR", help="folder for made and decoded examples [~/.cache/deepdream_av]"
    )
    p.add_argument("--work", metavar="DIR", help="folder for checkpoints, logs and charts [FILE.run]")
    p.add_argument("--strategy", default="", help="mirrored: all devices of this machine; multiworker: the processes "
                   "in TF_CONFIG [one device]")  # fmt: skip
    p.add_argument("-q", "--quiet", action="store_true", help="no bars")


def main(prog: str, p: argparse.ArgumentParser, argv, make: Callable) -> int:
    """Run a command that trains a classifier; returns the exit code.

    Args:
        prog: for messages.
        p: parser with `add_flags`.
        argv: arguments, or None.
        make: `make(args, classes, dtype) -> Made`; called in the scope of the strategy.
    """
    from deepdream_av.quiet import hush_tensorflow

    args = p.parse_args(argv)
    hush_tensorflow()
    try:
        report = train(args, make)
    except DeepDreamError as error:
        print(f"{prog}: {' '.join(str(error).split())}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print(f"{prog}: interrupted; the same command goes on from the last epoch", file=sys.stderr)
        return 130
    print(json.dumps(report))
    return 0


def train(args, make: Callable) -> dict:
    """Train and save a classifier.

    Returns:
        `{path, classes, examples, accuracy, epochs, seconds}`.
    """
    from deepdream_av.backbones import precision
    from training.fitting import Fitter, Plan
    from training.strategy import Workers

    began = time.monotonic()
    output = Path(args.output)
    _check(args, output)
    say = (lambda *_: None) if args.quiet else (lambda text: print(text, file=sys.stderr, flush=True))
    workers = Workers(args.strategy, say=say)
    workers.check_batch(args.batch)
    with workers.together():
        data = _loaded_in_turn(args, workers)
        for note in data.notes:
            say(note)
        say(f"{data.name}: {len(data.train_y)} examples to learn from, {len(data.validation_y)} to judge by, "
            f"{len(data.classes)} classes")  # fmt: skip
        dtype = args.precision or ("mixed_bfloat16" if precision.fast_policy() == "bfloat16" else "float32")
        with workers.scope():
            made = make(args, len(data.classes), dtype)
        augment = _augmentation(args, data)
        plan = Plan(made.stages, args.batch, args.seed, args.patience, augment=augment)
        work = Path(args.work or output.with_suffix(".run"))
        fitter = Fitter(
            made.model, data, plan, work=work, workers=workers, quiet=args.quiet, command=_command(args)
        )
        with workers.scope():
            history = fitter.run()
        report = _judged(made.model, data, history, work, workers.is_chief)
        report |= {"path": str(output), "seconds": round(time.monotonic() - began, 1)}
        if workers.is_chief:
            _save(made, data, output, {**_command(args), **report, "dtype": dtype})
        workers.wait()  # the chief speaks for all of them and must not be left alone
    return report


def _loaded_in_turn(args, workers):
    """The chief first, so that the others find its cache."""
    if not workers.is_chief:
        workers.wait()
    data = load(args)
    if workers.is_chief:
        workers.wait()
    return data


def load(args):
    """The examples that the flags ask for."""
    from training.datasets.pictures import load_pictures

    with _bar(args.quiet) as progress:
        if getattr(args, "sound", False):
            from training.datasets.recordings import load_recordings

            return load_recordings(args.data, limit=args.limit, seed=args.seed, cache=args.cache)
        return load_pictures(
            args.data,
            size=_stored(args),
            limit=args.limit,
            seed=args.seed,
            cache=args.cache,
            progress=progress,
        )


def _stored(args) -> int:
    """Pictures are kept a little larger than they are shown, so that crops stay sharp."""
    return -(-args.size * 7 // 6 // 8) * 8


def _check(args, output: Path):
    if output.suffix != ".keras":
        raise UsageError(f"`output` must end in .keras. Received: '{output}'.")
    for name, least in (("epochs", 1), ("batch", 1), ("size", 32), ("limit", 0)):
        if getattr(args, name) < least:
            raise UsageError(f"`{name}` must be at least {least}. Received: {getattr(args, name)}.")


def _augmentation(args, data):
    if data.kind == "sound":
        from training.datasets.recordings import augmentation

        return None if args.augment == "none" else augmentation()
    from training.augmentation import augmentation

    return augmentation(args.augment, args.size)


def _command(args) -> dict:
    """What the run is, so that another command does not go on from its checkpoints."""
    return {k: v for k, v in vars(args).items() if k not in ("cache", "work", "quiet", "output", "strategy")}


def _judged(model, data, history, work: Path, chief: bool) -> dict:
    from training.charts import confusion, draw_confusion, draw_curves
    from training.fitting import answers

    named = answers(model, data).argmax(1)
    if chief:
        draw_curves(history, work / "curves.png")
        table = confusion(data.validation_y, named, len(data.classes))
        draw_confusion(table, data.classes, work / "confusion.png")
    return {
        "classes": len(data.classes),
        "examples": len(data.train_y),
        "accuracy": round(float((named == data.validation_y).mean()), 4),
        "epochs": len(history),
    }


def _save(made: Made, data, output: Path, recipe: dict):
    from deepdream_av.backbones.card import Card, save_network
    from training.statistics import statistics
    from training.textures import class_textures

    card = Card(
        kind=data.kind,
        labels=data.classes,
        default_layers=made.default_layers,
        base=made.base,
        statistics=statistics(data.train_x) if data.kind == "image" else {},
        recipe=recipe,
    )
    textures = {}
    if data.kind == "image":
        order = [x.name for x in made.model.layers]
        textures = class_textures(made.model, data, max((n for n, _ in made.default_layers), key=order.index))
    save_network(made.model, output, card, base=made.before, textures=textures)


@contextlib.contextmanager
def _bar(quiet: bool):
    """`progress(done, total)` on a bar that appears with the first call."""
    from tqdm import tqdm

    bar = None

    def progress(done, total):
        nonlocal bar
        if bar is None or bar.total != total:
            bar = tqdm(total=total, file=sys.stderr, disable=quiet, unit="", desc="examples")
        bar.update(done - bar.n)

    try:
        yield progress
    finally:
        if bar is not None:
            bar.close()


def weights_of(layers) -> dict[str, np.ndarray]:
    """`{layer/variable: array}` of some layers."""
    return {f"{x.name}/{v.name}": np.asarray(v.value) for x in layers for v in x.weights}


def take_weights(model, path) -> None:
    """Give a network the weights of a saved one wherever layers of the same name have the same shapes.

    Raises:
        WeightsError: not a saved network, or none of its layers fits.
    """
    import keras

    from deepdream_av.errors import WeightsError
    from deepdream_av.media.files import check_source

    try:
        other = keras.models.load_model(check_source(path), compile=False, safe_mode=True)
    except DeepDreamError:
        raise
    except Exception as error:  # zip, JSON, HDF5 and Keras raise many kinds here
        line = (str(error).strip().splitlines() or [type(error).__name__])[0][:160]
        raise WeightsError(
            f"`weights` must be a network saved by Keras 3. Received: '{path}' ({line})."
        ) from None
    given = {x.name: x.get_weights() for x in other.layers}
    taken = 0
    for layer in model.layers:
        arrays = given.get(layer.name, [])
        if arrays and [a.shape for a in arrays] == [tuple(v.shape) for v in layer.weights]:
            layer.set_weights(arrays)
            taken += 1
    if not taken:
        raise WeightsError(f"`weights` must be of a network of this architecture. Received: '{path}'.")
