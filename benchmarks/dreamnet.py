"""Are dreamnet's dreams real features, and how fast are they? `python -m benchmarks.dreamnet --photos FOLDER`

Dreams on photos that the training never saw (those that `training.datasets.photos` holds out) and asks *other*
networks whether they see more: mean squared activation of VGG19 `block5_conv2` and InceptionV3 `mixed4`, dream
over source. Noise of equal energy stands beside it as a control. Then times one ascent step of dreamnet against one
of InceptionV3 to `mixed4`, at the same size, in the same process.
"""

from __future__ import annotations

import argparse
import json
import time

import numpy as np

JUDGES = {"vgg19": "block5_conv2", "inception_v3": "mixed4"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", required=True, help="folder of photos")
    parser.add_argument("--count", type=int, default=16, help="how many of the held-out ones")
    parser.add_argument("--size", type=int, default=352, help="long side in pixels")
    parser.add_argument("--vgg19", default="", metavar="FILE", help="weights, instead of Keras' download")
    parser.add_argument(
        "--inception-v3", default="", metavar="FILE", help="weights, instead of Keras' download"
    )
    parser.add_argument("--weights", default="", help="weights of dreamnet, instead of the shipped ones")
    parser.add_argument("--look", default="eyes")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="fields of the recipe"
    )
    parser.add_argument("--sheet", default="", metavar="FILE", help="write sources and dreams as one picture")
    parser.add_argument("--no-speed", action="store_true")
    args = parser.parse_args()
    print(json.dumps(transfer(args), indent=1), flush=True)
    if not args.no_speed:
        print(json.dumps(speed(args), indent=1), flush=True)


def recipe_of(args):
    from deepdream_av import flags

    given = ["--look", args.look, *(f for s in args.set for f in ("--set", s))]
    return flags.recipe_of("image", given).replace(weights=args.weights)


def transfer(args) -> dict:
    """Gains of the judges, change and clipping, averaged over the photos."""
    from deepdream_av import dream_image, load_backbone
    from training.datasets.photos import list_photos

    recipe = recipe_of(args)
    files = {"vgg19": args.vgg19, "inception_v3": args.inception_v3}
    judges = {n: load_backbone(n, weights=files[n]).truncated([layer]) for n, layer in JUDGES.items()}
    rng, rows, sheet = np.random.default_rng(0), [], []
    _, held_out = list_photos(args.photos)
    for path in held_out[:: max(1, len(held_out) // args.count)][: args.count]:
        source = _read(path, args.size)
        dream = dream_image(source, recipe=recipe)
        written = np.rint(dream.array * 255).astype(np.float32) / 255
        change = written - source
        rms = float(np.sqrt((change**2).mean()))
        noise = np.clip(source + rng.normal(0, rms, source.shape), 0, 1).astype(np.float32)
        before, after, control = (_energies(judges, x) for x in (source, written, noise))
        ends = ((written <= 0) | (written >= 1)).mean() - ((source <= 0) | (source >= 1)).mean()
        rows.append(
            [
                *(after / before),
                *(control / before),
                255 * rms,
                100 * float(ends),
                _saturation(written) / _saturation(source),
            ]
        )
        sheet.append((source, written))
    table = np.array(rows)
    if args.sheet:
        _write_sheet(args.sheet, sheet[:8])
    names = [*JUDGES, *(f"{n}_noise" for n in JUDGES), "rms_255", "clipped_percent", "saturation"]
    mean = {n: round(float(v), 3) for n, v in zip(names, table.mean(0))}
    least = {f"{n}_least": round(float(v), 3) for n, v in zip(JUDGES, table.min(0))}
    return {
        "photos": len(rows),
        **mean,
        **least,
        "rms_most": round(float(table[:, 4].max()), 2),
        "clipped_most": round(float(table[:, 5].max()), 2),
    }


def speed(args) -> dict:
    """Seconds of one step at 448x336, the least of several runs in turn, and their ratio."""
    from deepdream_av import Pixels, ascend, layer, load_backbone, objectives
    from deepdream_av.transforms import Jitter

    nets = {
        "dreamnet": load_backbone("dreamnet", weights=args.weights),
        "inception_v3": load_backbone("inception_v3", weights=args.inception_v3),
    }
    wanted = {
        "dreamnet": objectives.Wanted(nets["dreamnet"], ()).objective,
        "inception_v3": layer("mixed4"),
    }
    picture = np.random.default_rng(0).random((336, 448, 3), np.float32)
    best = dict.fromkeys(nets, np.inf)
    for round_ in range(4):
        for name, net in nets.items():
            began = time.perf_counter()
            list(ascend(Pixels(picture), net, wanted[name], transforms=(Jitter(32),), steps=10, every=10))
            if round_:  # the first one compiles
                best[name] = min(best[name], (time.perf_counter() - began) / 10)
    return {
        "size": [448, 336],
        **{f"{n}_ms": round(1000 * t, 1) for n, t in best.items()},
        "times_faster": round(best["inception_v3"] / best["dreamnet"], 2),
    }


def _read(path, size: int) -> np.ndarray:
    import cv2

    from deepdream_av import read_image

    picture = read_image(path).array
    scale = size / max(picture.shape[:2])
    shape = tuple(round(side * scale) for side in picture.shape[1::-1])
    picture = cv2.resize(picture, shape, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    return np.rint(np.clip(picture, 0, 1) * 255).astype(np.float32) / 255


def _energies(judges, picture) -> np.ndarray:
    return np.array(
        [
            float(np.mean(np.square(next(iter(judge(picture[None]).values())).numpy().astype(np.float32))))
            for judge in judges.values()
        ]
    )


def _saturation(picture) -> float:
    return float((picture.max(2) - picture.min(2)).mean()) + 1e-3


def _write_sheet(path, pairs) -> None:
    from deepdream_av import write_image

    height = max(x.shape[0] for x, _ in pairs)
    rows = [np.concatenate([_boxed(p[k], height) for p in pairs], 1) for k in (0, 1)]
    half = rows[0].shape[1] // 2
    write_image(
        path, np.concatenate([r[:, s] for s in (slice(0, half), slice(half, 2 * half)) for r in rows], 0)
    )


def _boxed(picture, side: int) -> np.ndarray:
    width = 352
    picture = picture[:side, :width]
    return np.pad(picture, [(0, side - picture.shape[0]), (0, width - picture.shape[1]), (0, 0)])


if __name__ == "__main__":
    main()
