"""Trains a pair of generator and discriminator on pictures, and shows what they have learnt.

    python -m training.gan --data ornaments --size 64 -o ornaments_gan.keras

writes `ornaments_gan.generator.keras` and `ornaments_gan.discriminator.keras`, sheets of samples while it learns, a log
(`.csv`) and at the end a film (`.mp4`) that walks through the latent space and ends where it began. Killed at any
moment, the same command goes on from its last checkpoint. The discriminator is a network to dream with:
`--backbone ornaments_gan.discriminator.keras`.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
from pathlib import Path

from deepdream_av.errors import DeepDreamError, OutputError, UsageError

STEPS = 3500  # about a quarter of an hour on two cores at 64 pixels


def main(argv=None) -> int:
    """The command."""
    from deepdream_av.quiet import hush_tensorflow

    args = parser().parse_args(argv)
    hush_tensorflow()
    try:
        print(json.dumps(train(args)))
    except DeepDreamError as error:
        print(f"training.gan: {' '.join(str(error).split())}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("training.gan: interrupted; the same command goes on", file=sys.stderr)
        return 130
    return 0


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(prog="python -m training.gan", description=__doc__.split("\n")[0])
    p.add_argument("--data", required=True, help="fractals, ornaments, organic, a folder, or a name of TFDS; "
                   "several with commas are mixed")  # fmt: skip
    p.add_argument("-o", "--output", required=True, metavar="FILE.keras")
    p.add_argument("--limit", type=int, default=0, help="most pictures of each set (made ones: 4,000)")
    p.add_argument("--cache", default=None, help="folder for decoded pictures")
    length = p.add_mutually_exclusive_group()
    length.add_argument("--steps", type=int, default=0, help=f"batches to learn from ({STEPS})")
    length.add_argument(
        "--epochs", type=int, default=0, help="rounds through all pictures, instead of --steps"
    )
    length.add_argument(
        "--minutes", type=float, default=0.0, help="as many steps as fit in, by the pace of the first ones"
    )
    p.add_argument("--size", type=int, default=64, choices=(64, 128), help="side in pixels")
    p.add_argument("--width", type=int, default=32, help="of both networks")
    p.add_argument("--latent", type=int, default=64, help="numbers in a latent vector")
    p.add_argument("--batch", type=int, default=32, help="pictures in a step, a multiple of 8")
    p.add_argument("--seed", type=int, default=0)
    p.add_argument(
        "--dtype", default="", help="Keras policy; by default mixed_bfloat16 where the processor has it"
    )
    p.add_argument("--threads", type=int, default=0, help="processor threads; 0: all")
    p.add_argument(
        "--weights", default="", metavar="FOLDER", help="also write float16 weights as the package has them"
    )
    p.add_argument("--sheet-every", type=int, default=500, help="steps between two sheets of samples")
    p.add_argument("--save-every", type=int, default=250, help="steps between two checkpoints")
    return p


def train(args) -> dict:
    """Trains as the flags say and writes all files; what it wrote."""
    from deepdream_av.backbones.precision import fast_policy

    output = _output(args)
    _limit_threads(args.threads)
    data = load(args)
    from training.gan_export import plain_discriminator, plain_generator, save_model, save_weights
    from training.gan_pair import Settings
    from training.gan_pictures import latents, painted, write_sheet, write_walk
    from training.gan_run import Run

    dtype = args.dtype or fast_policy().replace("bfloat16", "mixed_bfloat16")
    settings = Settings(
        size=args.size, latent=args.latent, width=args.width, batch=args.batch, seed=args.seed, dtype=dtype
    )
    steps = args.steps or max(1, args.epochs * len(data.train_y) // args.batch if args.epochs else STEPS)
    run = Run(data, settings, output, steps=0 if args.minutes else steps, minutes=args.minutes,
              mark={"data": args.data, "pictures": len(data.train_y)})  # fmt: skip
    pair = run.go(report=_say, every=min(100, args.save_every), save_every=args.save_every,
                  sheet_every=args.sheet_every)  # fmt: skip
    generator, discriminator = plain_generator(pair), plain_discriminator(pair)
    for name, model in (("generator", generator), ("discriminator", discriminator)):
        save_model(model, f"{output}.{name}.keras")
        if args.weights:
            save_weights(model, Path(args.weights) / f"{name}.npz")
    write_sheet(f"{output}.png", painted(generator, latents(args.seed, 64, args.latent)))
    write_walk(f"{output}.mp4", generator, seed=args.seed)
    return {
        "generator": f"{output}.generator.keras",
        "discriminator": f"{output}.discriminator.keras",
        "sheet": f"{output}.png",
        "film": f"{output}.mp4",
        "steps": pair.step,
        "minutes": round(run.seconds / 60, 1),
    }


def load(args):
    """The pictures to learn from; the classes of several sets stand one behind the other."""
    from training.datasets.pictures import load_pictures
    from training.datasets.synthesis import DATASETS
    from training.gan_mixture import mixed

    parts = []
    for spec in args.data.split(","):
        limit = args.limit or (4000 if spec in DATASETS else 0)
        parts.append(
            load_pictures(spec, size=args.size, limit=limit, seed=0, cache=args.cache, progress=_progress)
        )
    for note in (note for part in parts for note in part.notes):
        _say(note)
    return parts[0] if len(parts) == 1 else mixed(parts)


def _output(args) -> str:
    """The beginning of all files' names, if they can be written and the numbers make sense."""
    path = Path(args.output)
    if path.suffix != ".keras":
        raise OutputError(f"`-o` must end in .keras. Received: '{args.output}'.")
    if not path.parent.is_dir():
        raise OutputError(f"The folder of `-o` must exist. Received: '{args.output}'.")
    for name in ("limit", "steps", "epochs", "minutes", "seed", "threads"):
        if getattr(args, name) < 0:
            raise UsageError(f"`--{name}` must not be negative. Received: {getattr(args, name)}.")
    for name in ("width", "latent", "sheet_every", "save_every"):
        if getattr(args, name) < 1:
            raise UsageError(
                f"`--{name.replace('_', '-')}` must be 1 or more. Received: {getattr(args, name)}."
            )
    if args.batch < 8 or args.batch % 8:
        raise UsageError(f"`--batch` must be a multiple of 8. Received: {args.batch}.")
    return str(path.with_suffix(""))


def _limit_threads(count: int):
    if count:
        import tensorflow as tf

        with contextlib.suppress(RuntimeError):  # TensorFlow runs already, in a program that calls this one
            tf.config.threading.set_intra_op_parallelism_threads(count)
            tf.config.threading.set_inter_op_parallelism_threads(count)


def _progress(done: int, count: int):
    if done == count or done % 320 == 0:
        _say(f"pictures {done}/{count}")


def _say(line: str):
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
