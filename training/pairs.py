"""The prior of filter pairs: what earnet hears and dreamnet sees together in many clips.

    python -m training.pairs --films FOLDER

watches and hears clips that are made here (pictures of the made sets that brighten with music made by code) and every
film of the folder, searches for pairs in all clips of a kind as if they were one film, and writes those that beat chance to
`deepdream_av/correlate/prior.json`. The same command after one of the networks was trained anew.

What it has found is that louder goes with brighter, which was put into the made clips; nine films of 4 to 20 seconds
had nothing in common that beats chance.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from training.datasets.pictures import default_cache
from training.datasets.synthesis import DATASETS, pictures

FPS = 24
_SIDE = 160
_ENDINGS = (".mp4", ".webm", ".mkv", ".mov")


def main(argv=None) -> int:
    """Command line of this module."""
    from deepdream_av.correlate.pairs import find_pairs, pairs_to_json

    p = argparse.ArgumentParser(prog="python -m training.pairs", description=__doc__.split("\n")[0])
    p.add_argument("--films", metavar="DIR", help="folder of films with sound")
    p.add_argument("--made", type=int, default=8, metavar="N", help="made clips [8]")
    p.add_argument("--seconds", type=float, default=30.0, metavar="S", help="of each film at most [30]")
    p.add_argument("--seed", type=int, default=0, metavar="N")
    p.add_argument("--cache", metavar="DIR", help="folder for made pictures [~/.cache/deepdream_av]")
    p.add_argument("-o", "--output", metavar="FILE", default=str(_shipped()))
    args = p.parse_args(argv)
    kinds = {
        "made": list(_made(args.made, args.seed, args.cache or default_cache())),
        "films": list(_films(args.films, args.seconds)),
    }
    found = []
    for kind, clips in kinds.items():
        pairs = find_pairs(*joined(clips), seed=args.seed).pairs if clips else ()
        print(
            f"{kind}: {len(clips)} clips, {len(pairs)} pairs",
            *(f"rho {x.rho} p {x.p}" for x in pairs),
            sep="; ",
        )
        found += [replace(pair, source="prior") for pair in pairs]
    Path(args.output).write_text(pairs_to_json(found) + "\n", encoding="utf-8")
    return 0


def _shipped() -> Path:
    import deepdream_av

    return Path(deepdream_av.__file__).parent / "correlate" / "prior.json"


def joined(clips):
    """All clips as one film: `(heard, seen)` of each to those of the whole, each clip with its own shots."""
    from deepdream_av.correlate.series import Series

    sides, begins, first = ([], []), 0.0, 0
    times, shots = [], []
    for heard, seen in clips:
        times.append(seen.times - seen.times[0] + begins)
        begins = times[-1][-1] + 1 / FPS
        shots.append(seen.shots - seen.shots[0] + first)
        first = int(shots[-1][-1]) + 1
        for side, series in zip(sides, (heard, seen)):
            side.append(series)
    time, shot = np.concatenate(times), np.concatenate(shots).astype(np.int32)
    return tuple(
        Series(time, np.concatenate([x.values for x in side]), side[0].names, shot) for side in sides
    )


def _made(count: int, seed: int, cache) -> Iterator:
    """Clips of a picture that is as bright as notes are loud."""
    from deepdream_av.media.example_music import RATE, compose

    names = list(DATASETS)
    for n in range(count):
        picture = pictures(names[n % len(names)], n // len(names) + 1, size=_SIDE, seed=seed, cache=cache)[-1]
        sound = np.asarray(compose(10.0 + n), np.float32)
        sound = sound if sound.ndim == 2 else sound[:, None]
        times = np.arange(int(len(sound) / RATE * FPS)) / FPS
        loud = np.sqrt([np.square(sound[int(t * RATE) : int(t * RATE) + RATE // FPS]).mean() for t in times])
        bright = 0.35 + 0.65 * loud / max(float(loud.max()), 1e-9)
        frames = (np.float32(b) * np.asarray(picture, np.float32) / 255 for b in bright)
        yield _watched(zip(times, frames, np.zeros(len(times), int)), [sound], RATE, 0.0)


def _films(folder: str | None, seconds: float) -> Iterator:
    """The films of a folder that can be read and have sound."""
    from deepdream_av.errors import DeepDreamError
    from deepdream_av.media.film_sound import read_soundtrack
    from deepdream_av.media.video_reader import open_film
    from deepdream_av.temporal.shots import CutDetector

    for path in sorted(x for x in Path(folder).iterdir() if x.suffix in _ENDINGS) if folder else ():
        try:
            film = open_film(path, duration=seconds)
            track = read_soundtrack(film)
            if track is None:
                continue
            cut, shot, frames = CutDetector(), -1, []
            for frame in film:
                picture = _as_floats(frame.array)
                shot += bool(cut(picture, time=frame.time))
                frames.append((frame.time, picture, shot))
            yield _watched(frames, track.store.blocks(), track.rate, float(track.start))
            print(path.name, len(frames), "frames")
        except DeepDreamError as error:
            print(f"{path.name} left out: {error}")


def _as_floats(picture: np.ndarray) -> np.ndarray:
    import cv2

    scale = 192 / max(picture.shape[:2])
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return small.astype(np.float32) / 255


def _watched(frames, blocks, rate: int, start: float):
    from deepdream_av.backbones import load_backbone
    from deepdream_av.correlate.heard import hear
    from deepdream_av.correlate.seen import Watcher

    watcher = Watcher(load_backbone("dreamnet"))
    for time, picture, shot in frames:
        watcher.add(time, picture, shot)
    seen = watcher.finish()
    ear = load_backbone("earnet")
    return hear(blocks, rate, start=start, times=seen.times, shots=seen.shots, ear=ear), seen


if __name__ == "__main__":
    sys.exit(main())
