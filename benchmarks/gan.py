"""How near does a generator come to a set of pictures? `python -m benchmarks.gan GENERATOR.keras --data ornaments`

Prints the Frechet distance in the features of a network of one's own (no FID: compare only numbers of one judge), that
of the same generator before it learnt anything, their ratio, and the coverage (k = 5); for the scale also the distance
between two halves of the set itself. The judge is a classifier saved as `.keras`, or dreamnet if none is given.
"""

from __future__ import annotations

import argparse
import json
import sys

import numpy as np


def main(argv=None) -> int:
    from deepdream_av.errors import DeepDreamError
    from deepdream_av.quiet import hush_tensorflow

    parser = argparse.ArgumentParser(prog="python -m benchmarks.gan", description=__doc__.splitlines()[0])
    parser.add_argument(
        "generator", nargs="?", default="", help="a .keras file; the one of the package if omitted"
    )
    parser.add_argument("--data", required=True, help="as training.gan takes it")
    parser.add_argument("--judge", default="", help="a classifier saved as .keras; dreamnet if omitted")
    parser.add_argument("--count", type=int, default=1000, help="pictures of either side")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--cache", default=None, help="folder for decoded pictures")
    args = parser.parse_args(argv)
    hush_tensorflow()
    try:
        print(json.dumps(measured(args)))
    except DeepDreamError as error:
        print(f"benchmarks.gan: {' '.join(str(error).split())}", file=sys.stderr)
        return error.exit_code
    return 0


def measured(args) -> dict:
    """The numbers."""
    from deepdream_av.gan import load_generator
    from training.gan_metrics import coverage, frechet_distance, load_judge
    from training.gan_pictures import latents, painted

    generator, judge = load_generator(args.generator), load_judge(args.judge)
    size, latent = generator.output_shape[1], generator.input_shape[1]
    true = _true(args, size)
    z = latents(args.seed + 1000, len(true), latent)
    before = judge(painted(_untrained(generator), z))
    after = judge(painted(generator, z))
    features = judge(true)
    distance, untrained = frechet_distance(features, after), frechet_distance(features, before)
    return {
        "data": args.data,
        "judge": args.judge or "dreamnet",
        "pictures": len(true),
        "frechet_distance": round(distance, 4),
        "untrained": round(untrained, 4),
        "ratio": round(distance / untrained, 4),
        "two_halves_of_the_set": round(frechet_distance(features[::2], features[1::2]), 4),
        "coverage": round(coverage(features, after), 4),
    }


def _true(args, size):
    """Pictures of the set that no generator has learnt from, in a drawn order."""
    from training.gan import load

    data = load(argparse.Namespace(data=args.data, size=size, limit=0, cache=args.cache))
    held = np.asarray(data.validation_x)
    rng = np.random.default_rng([args.seed, 8])
    return held[np.sort(rng.permutation(len(held))[: args.count])]


def _untrained(generator):
    """The same network with the weights of its beginning."""
    import keras

    from deepdream_av.gan import build_generator

    keras.utils.set_random_seed(0)
    width = generator.get_layer("style").units // 4
    return build_generator(size=generator.output_shape[1], latent=generator.input_shape[1], width=width)


if __name__ == "__main__":
    raise SystemExit(main())
