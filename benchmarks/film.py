"""Is a dreamt film what it should be? `python -m benchmarks.film SOURCE DREAM [SOURCE DREAM ...]`

Prints, for every pair: frames and timestamps against the source's, length and offset of the sound, the
gain of the dreamt layers on every frame (least after the first second), and warp errors against the
source. With `--dream`, the second of each pair is made first and its time and peak memory are printed.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time

import numpy as np


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="+", help="pairs of a film and its dream")
    parser.add_argument("--dream", action="store_true", help="dream each film first")
    parser.add_argument("--weights", default="", help="weights of dreamnet, for --dream and the gain")
    parser.add_argument("--duration", type=float, default=0.0, help="seconds, for --dream")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="fields of the recipe"
    )
    parser.add_argument(
        "--sheet", default="", metavar="FILE", help="write frames of the last pair as one picture"
    )
    parser.add_argument(
        "--moving", default="", metavar="FILE.webp", help="write the last dream as a small moving picture"
    )
    args = parser.parse_args()
    recipe = _recipe(args)
    for source, dream in zip(args.files[::2], args.files[1::2]):
        report = {"source": source}
        if args.dream:
            from deepdream_av.video import dream_video

            began = time.monotonic()
            dream_video(
                source, dream, recipe=recipe, force=True, say=lambda text: print(text, file=sys.stderr)
            )
            report["seconds"] = round(time.monotonic() - began, 1)
            report["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(json.dumps({**report, **measure(source, dream, recipe)}, indent=1), flush=True)
    if args.sheet:
        write_sheet(args.sheet, source, dream)
    if args.moving:
        write_moving(args.moving, dream)


def write_sheet(path, source, dream, *, columns: int = 4, width: int = 400) -> None:
    """Frames of a film above those of its dream."""
    from deepdream_av import write_image

    rows = []
    for file in (source, dream):
        frames = list(_small_frames(file, width))
        step = max(1, (len(frames) - 1) // (columns - 1))
        rows.append(np.concatenate(frames[::step][:columns], 1))
    write_image(path, np.concatenate(rows, 0).astype(np.float32) / 255)


def write_moving(path, dream, *, width: int = 400, every: int = 2, most: int = 48) -> None:
    """A dream as an animated WebP, for pages that play no films."""
    from PIL import Image

    from deepdream_av.media.video import open_film

    frames = [Image.fromarray(f) for f in list(_small_frames(dream, width))[::every][:most]]
    shown = round(1000 * every / float(open_film(dream).fps))
    frames[0].save(
        path, save_all=True, append_images=frames[1:], duration=shown, loop=0, quality=62, method=6
    )


def _small_frames(file, width: int):
    import cv2

    from deepdream_av.media.video import open_film

    for frame in open_film(file):
        height = round(frame.array.shape[0] * width / frame.array.shape[1])
        yield cv2.resize(frame.array, (width, height), interpolation=cv2.INTER_AREA)


def _recipe(args):
    from deepdream_av.recipe import Recipe

    changes = dict(item.split("=", 1) for item in args.set)
    changes = {k: json.loads(v) if v[:1].isdigit() else v for k, v in changes.items()}
    return Recipe.from_look("eyes", weights=args.weights, duration=args.duration, **changes)


def measure(source, dream, recipe) -> dict:
    """Everything that can be told from the two files, and nothing from how the second was made."""
    import cv2

    from deepdream_av.analysis.film import SteadinessMeter
    from deepdream_av.ascent.frames import FrameDreamer
    from deepdream_av.ascent.pictures import work_size
    from deepdream_av.media.video import open_film
    from deepdream_av.temporal.shots import CutDetector

    a, b = open_film(source, start=recipe.start, duration=recipe.duration), open_film(dream)
    size = work_size(recipe, a.size, film=True)
    looks, meter, cuts = FrameDreamer(recipe), SteadinessMeter(), CutDetector()
    gains, times, shifts, change, clipped = [], [], [], [], []
    for x, y in zip(a, b):
        shifts.append(abs(float(x.pts * x.time_base - y.pts * y.time_base)))
        times.append(x.time)
        p, q = (
            cv2.resize(
                np.ascontiguousarray(f.array[: a.size[1], : a.size[0]]), size, interpolation=cv2.INTER_AREA
            ).astype(np.float32)
            / 255
            for f in (x, y)
        )
        meter(p, q, cut=cuts(p, time=x.time))
        change.append(float(np.sqrt(((p - q) ** 2).mean())) * 255)
        clipped.append(float((y.array >= 255).mean() + (y.array <= 0).mean()))
        if p.max() > 0.05:
            gains.append((x.time, *(looks.activations(q) / np.maximum(looks.activations(p), 1e-9))))
    list(b), list(a)
    gains = np.array(gains)
    late = gains[gains[:, 0] >= times[0] + 1.0] if len(gains) else gains
    late = late if len(late) else gains
    steady = meter.result()
    return {
        "frames": [a.decoded, b.decoded],
        "largest_time_error_s": max(shifts),
        "missing": a.missing,
        "gain_least": [round(float(g), 2) for g in late[:, 1:].min(0)] if len(late) else None,
        "gain_mean": [round(float(g), 2) for g in late[:, 1:].mean(0)] if len(late) else None,
        "rms_change": round(float(np.mean(change)), 2),
        "clipped_percent": round(100 * float(np.mean(clipped)), 2),
        "warp_ratio": round(steady.ratio, 2),
        "still_warp_ratio": round(steady.still_ratio, 2),
        "still_share": round(steady.still, 2),
        "source_warp_rms": round(255 * steady.source**0.5, 2),
        "still_source_warp_rms": round(255 * steady.still_source**0.5, 2),
        **_sound(source, dream, recipe),
    }


def _sound(source, dream, recipe) -> dict:
    """Length and offset of the dreamt sound; the offset by cross-correlation over the whole of both."""
    from scipy.signal import fftconvolve

    from deepdream_av.media.film_sound import read_soundtrack
    from deepdream_av.media.video import open_film

    a = read_soundtrack(open_film(source, start=recipe.start, duration=recipe.duration))
    b = read_soundtrack(open_film(dream))
    if a is None or b is None:
        return {"sound": None if a is None and b is None else "lost"}
    x, y = (t.store.read(0, 60 * t.rate).mean(1) for t in (a, b))
    if a.rate != b.rate:
        from scipy.signal import resample_poly

        y = resample_poly(y, a.rate, b.rate)
    both = fftconvolve(y, x[::-1])
    middle = len(x) - 1
    reach = a.rate // 4
    lag = int(np.argmax(both[max(0, middle - reach) : middle + reach])) - min(reach, middle)
    offset = float(b.start - a.start) + lag / a.rate
    return {
        "sound_offset_ms": round(1000 * offset, 3),
        "sound_seconds": [len(a.store) / a.rate, len(b.store) / b.rate],
    }


if __name__ == "__main__":
    main()
