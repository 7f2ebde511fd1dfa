"""What a gradient rule and an octave budget are worth: `python -m benchmarks.rules --photos FOLDER`

Dreams one layer of dreamnet in photos: by the plain loop of 2015 (gradient over the mean of its absolute values,
clipped at every step), and by other rules and budgets. Every dream is brought to the same total change, that of the
plain loop on the same photo. Printed are the mean activation gain (mean square, dream over source, without shifts),
what was gained for each second of CPU time against the plain loop, and the share of pixels that became black or white.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np

from deepdream_av.recipe import Recipe

RAW = dict(loss="square", margin=0, finish="raw")
PLAIN = dict(RAW, rule="mean", step_size=1.5 / 255, tone="clip", octaves=4, octave_scale=1.4,
             octave_sizes="round-each", steps=10, jitter=32)  # fmt: skip
OTHERS = {
    "std, 3 octaves, 14 steps": dict(RAW),
    "std, 4 octaves, 5 steps": dict(RAW, octaves=4, octave_scale=1.4, steps=5, step_size=0.016),
    "momentum, 4 octaves, 5 steps": dict(
        RAW, octaves=4, octave_scale=1.4, steps=5, step_size=0.014, momentum=0.5
    ),
    "laplacian, 3 octaves of 2, 4 steps": dict(
        RAW, octaves=3, octave_scale=2.0, steps=4, step_size=0.02, rule="laplacian"
    ),
    "laplacian, 3 octaves of 2, 3 steps": dict(
        RAW, octaves=3, octave_scale=2.0, steps=3, step_size=0.026, rule="laplacian"
    ),
}
EDGE = 0.5 / 255


def main() -> None:
    """Print one line of JSON for each way."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", required=True, help="folder of photos")
    parser.add_argument("--count", type=int, default=6, help="how many of them")
    parser.add_argument("--size", type=int, default=320, help="long side in pixels")
    parser.add_argument("--layer", default="stride16")
    args = parser.parse_args()
    pictures = list(photos(args.photos, args.count, args.size))
    plain = [dreamt(PLAIN, args.layer, picture) for picture in pictures]
    told("the plain loop", plain, plain)
    for name, fields in OTHERS.items():
        found = [dreamt(fields, args.layer, x, change=p["change"]) for x, p in zip(pictures, plain)]
        told(name, found, plain)


def photos(folder: str, count: int, size: int):
    """The first photos of a folder, scaled."""
    from deepdream_av.canvases.pixels import scaled
    from deepdream_av.media.image import read_image

    files = [p for p in sorted(Path(folder).iterdir()) if p.suffix.lower() in (".jpg", ".jpeg", ".png")]
    for path in files[:count]:
        picture = read_image(path).array
        share = size / max(picture.shape)
        yield scaled(picture, tuple(round(side * share) for side in picture.shape[:2]))


def dreamt(fields: dict, layer: str, picture: np.ndarray, *, change: float = 0.0) -> dict:
    """Gain, CPU seconds, change and newly clipped share of one dream, brought to a given change if there is one."""
    from deepdream_av.ascent.pictures import PictureDreamer

    dreamer = PictureDreamer(Recipe(layers=((layer, 1.0),), **fields))
    for _ in range(2):  # the first run compiles
        began = time.process_time()
        for step in dreamer.dream(picture, every=100):
            canvas = step.canvas
        seconds = time.process_time() - began
    delta = canvas.delta()

    def shown():
        return dreamer.canvas.toned(picture, delta)

    for _ in range(8 if change else 0):
        delta = delta * np.float32(change / rms(shown() - picture))
    gain = float((dreamer.activations(shown()) / dreamer.activations(picture)).mean())
    was, is_ = (((x < EDGE) | (x > 1 - EDGE)) for x in (picture, shown()))
    return {"gain": gain, "seconds": seconds, "change": rms(shown() - picture), "clipped": (is_ & ~was).mean()}


def rms(x: np.ndarray) -> float:
    """Root mean square."""
    return float(np.sqrt(np.mean(np.square(x))))


def told(name: str, found: list[dict], plain: list[dict]) -> None:
    """One line of JSON."""
    mean, base = ({k: float(np.mean([d[k] for d in ds])) for k in ds[0]} for ds in (found, plain))
    line = {
        "way": name,
        "gain": round(mean["gain"], 3),
        "seconds": round(mean["seconds"], 3),
        "gain_per_second_ratio": round(mean["gain"] / mean["seconds"] * base["seconds"] / base["gain"], 2),
        "added_gain_per_second_ratio": round(
            (mean["gain"] - 1) / mean["seconds"] * base["seconds"] / (base["gain"] - 1), 2
        ),
        "clipped_percent": round(100 * mean["clipped"], 2),
        "change_rms_of_255": round(255 * mean["change"], 1),
    }
    print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
