"""Are new dreams really new? `python -m benchmarks.new_dreams --dreamer vgg19.keras --judge cnn.keras --photos FOLDER`

Dreams photos with a retrained network, each towards one class, and asks an *independent* network, trained on the same
dataset from scratch, what it sees. Beside it the control: the ordinary dream of the network before it was retrained.
With `--animals` a network that knows ImageNet's animals says whether the contrastive dream (retrained minus base) has
fewer of them than the plain one.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

ANIMALS = 398  # of ImageNet's classes, the first ones
WAYS = ("class", "contrast", "base")


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--dreamer", required=True, metavar="FILE", help="retrained network, .keras")
    p.add_argument("--judge", required=True, metavar="FILE", help="independent network of the same classes, .keras")
    p.add_argument("--photos", default="", help="folder of photos; noise is dreamt in if omitted")
    p.add_argument("--pairs", type=int, default=50, help="photo-class pairs [50]")
    p.add_argument("--size", type=int, default=352, help="long side of the photos in pixels [352]")
    p.add_argument("--look", default="motifs")
    p.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="fields of the recipe")
    p.add_argument("--animals", default="", metavar="FILE", help="MobileNetV2's ImageNet weights")
    p.add_argument("--ways", default=",".join(WAYS), help="which dreams: class, contrast, base")
    p.add_argument("--sheet", default="", metavar="FILE", help="write sources and dreams as one picture")
    print(json.dumps(measured(p.parse_args()), indent=1))


def measured(args) -> dict:
    """Share of dreams whose class the judge names, for each way to dream, and the animals in them."""
    from deepdream_av import dream_image, flags, load_backbone
    from deepdream_av.media.image import read_image
    from training.charts import contact_sheet
    from training.datasets.folders import squared
    from training.datasets.photos import list_photos

    judge, ways = load_backbone(args.judge), args.ways.split(",")
    labels = load_backbone(args.dreamer).labels
    if judge.labels != labels:
        raise SystemExit(f"judge and dreamer know other classes: {judge.labels} and {labels}")
    given = ["--look", args.look, "--backbone", args.dreamer, *(f for s in args.set for f in ("--set", s))]
    recipe = flags.recipe_of("image", given)
    photos = list_photos(args.photos)[0] if args.photos else range(args.pairs)
    rng = np.random.default_rng(0)
    named, animals, sheet = {w: [] for w in ways}, {w: [] for w in ("source", *ways)}, []
    among = {w: [] for w in ways}
    for k, path in enumerate(rng.permutation(np.array(photos, object))[: args.pairs]):
        photo = squared(read_image(path).array, args.size) if args.photos else _noise(path, args.size)
        target = k % len(labels)
        animals["source"].append(_animal(photo, args.animals))
        row = [photo]
        for way in ways:
            dream = dream_image(photo, recipe=_recipe(recipe, way, labels[target])).array
            row.append((dream * 255 + 0.5).astype(np.uint8))
            answers = _answers(judge, row[-1])
            named[way].append(answers[0] == target)
            among[way].append(target in answers[:5])
            animals[way].append(_animal(row[-1], args.animals))
        sheet += row if k < 12 else []
    if args.sheet:
        contact_sheet(np.stack(sheet), Path(args.sheet), columns=len(ways) + 1)
    result = {"pairs": args.pairs, "chance": round(1 / len(labels), 3)}
    result["named"] = {way: round(float(np.mean(hits)), 3) for way, hits in named.items()}
    result["among_the_first_five"] = {way: round(float(np.mean(hits)), 3) for way, hits in among.items()}
    result["named_by_class"] = {
        way: {labels[c]: round(float(np.mean(hits[c :: len(labels)])), 2) for c in range(len(labels)) if hits[c:]}
        for way, hits in named.items()
        if way != "base"
    }
    if args.animals:
        result["mean_animal_logit"] = {way: round(float(np.mean(v)), 3) for way, v in animals.items()}
    return result


def _recipe(recipe, way: str, label: str):
    from deepdream_av import load_backbone

    if way == "base":  # what the network dreamt before, in the same layers
        before = tuple((f"other/{name}", weight) for name, weight in load_backbone(recipe.backbone).default_layers)
        return recipe.replace(layers=before, contrast="base", contrast_strength=0.0)
    contrast = "base" if way == "contrast" else ""
    return recipe.replace(classes=((label, 1.0),), contrast=contrast)


def _noise(seed: int, size: int) -> np.ndarray:
    """Grey with the spectrum of photos and little contrast, uint8 `[size, size, 3]`."""
    white = np.random.default_rng([7, seed]).standard_normal((3, size, size))
    across = np.hypot(np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None])
    pink = np.fft.irfft2(np.fft.rfft2(white) / np.maximum(across, 3 / size), (size, size)).transpose(1, 2, 0)
    return (np.clip(0.5 + 0.08 * pink / pink.std(), 0, 1) * 255 + 0.5).astype(np.uint8)


def _answers(judge, picture: np.ndarray) -> list[int]:
    """The classes that a network names, the likeliest first.

    It is asked twice, about the whole picture, small as it learnt, and as it is, and the mean counts.
    """
    from training.datasets.folders import squared

    answers = [
        np.asarray(judge.truncated(["logits"])(squared(picture, side).astype(np.float32)[None] / 255)["logits"])
        for side in (152, max(picture.shape[:2]))
    ]
    return np.argsort(-sum(answers)[0]).tolist()


def _animal(picture: np.ndarray, weights: str) -> float:
    """Mean of the ten highest logits among ImageNet's animals, less the mean of all."""
    if not weights:
        return 0.0
    import keras

    global _network
    if _network is None:
        _network = keras.applications.MobileNetV2(weights=weights, classifier_activation=None)
    from training.datasets.folders import squared

    logits = np.asarray(_network(squared(picture, 224).astype(np.float32)[None] / 127.5 - 1))[0]
    return float(np.sort(logits[:ANIMALS])[-10:].mean() - logits.mean())


_network = None

if __name__ == "__main__":
    main()
