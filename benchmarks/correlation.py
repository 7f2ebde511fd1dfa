"""Does what is heard go with what is seen, and did the dream do it? `python -m benchmarks.correlation FILM [FILM ...]`

Each film is dreamt in `joint`, and once more as a control: every pair gets the picture side of another, and the gates
open half a film too late. Then networks that were not dreamt with judge the film, the dream and the control, from the
files that were written: the shipped ones, and with weights files others as well. Beside them stand measures without any
network: onsets with changes of the picture, beats, loudness with the size of the dream. Dreams that are in the folder
already are not made again. `--pairs FILE` gives pairs instead of looking for them in the film.

Prints a line of JSON for each film and judge, and one for the measures without a network.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from pathlib import Path

import numpy as np

LAYERS = {
    "vgg19": ("block2_conv2", "block3_conv4", "block4_conv4"),
    "inception_v3": ("mixed0", "mixed3", "mixed5"),
    "mobilenet_v2": ("block_3_expand_relu", "block_6_expand_relu", "block_10_expand_relu"),
}


class YamnetEar:
    """YAMNet as a judge: an inner layer, every 80 ms; see `correlate.judges.RandomEar`.

    Args:
        model: path of the Keras file, log-mel `[batch, 96, 64]` to scores.
        mel: path of the `.npy` mel matrix, `[257, 64]`.
    """

    name, rate, hop = "yamnet", 16000, 0.08
    _LEAD = 4600  # samples before the middle of the fourth cell of a window, the first that is kept

    def __init__(self, model: str, mel: str, *, layer: str = "layer6_pointwise"):
        import keras

        whole = keras.models.load_model(model, safe_mode=True)
        self._model = keras.Model(whole.inputs, whole.get_layer(layer).output)
        self._mel = np.load(mel, allow_pickle=False)

    def __call__(self, samples: np.ndarray) -> np.ndarray:
        """From mono float32 `[samples]` to activations float32 `[moments, channels]`."""
        import tensorflow as tf

        count = -(-len(samples) // 7680) + 1  # windows of 0.96 s, half a window apart
        padded = np.pad(samples, (self._LEAD, max(0, 7680 * (count + 1) + 400 - len(samples) - self._LEAD)))
        magnitude = tf.abs(tf.signal.stft(padded.astype(np.float32), 400, 160, 512))
        log_mel = tf.math.log(tf.tensordot(magnitude, self._mel, 1) + 0.001)
        windows = tf.signal.frame(log_mel, 96, 48, axis=0)
        maps = self._model.predict(windows, batch_size=32, verbose=0)
        cells = np.maximum(maps, 0).mean(2)[:, 3:9]  # the middle half of each, where nothing is cut off
        return np.ascontiguousarray(cells.reshape(-1, cells.shape[-1]), np.float32)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("films", nargs="+")
    parser.add_argument("--folder", default="correlation", help="where dreams are written, and looked for")
    parser.add_argument("--judge", action="append", default=[], metavar="NAME=WEIGHTS", help="vgg19=FILE and so on")
    parser.add_argument("--yamnet", nargs=2, metavar=("MODEL", "MEL"), help="a second judge of sound")
    parser.add_argument("--pairs", default="", help="JSON of filter pairs; otherwise those that the dream found")
    parser.add_argument("--start", type=float, default=0.0)
    parser.add_argument("--duration", type=float, default=0.0)
    parser.add_argument("--shifts", type=int, default=499)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="fields of the recipe")
    args = parser.parse_args()
    ears, eyes = _judges(args)
    for film in args.films:
        for row in figures(film, args, ears, eyes):
            print(json.dumps({"film": Path(film).name, **row}, allow_nan=False), flush=True)


def _judges(args):
    """Names of judges with what makes them: of sound and of pictures."""
    from deepdream_av.backbones import load_backbone
    from deepdream_av.correlate.judges import PictureJudge, RandomEar

    ears = {"random": RandomEar()}
    if args.yamnet:
        ears["yamnet"] = YamnetEar(*args.yamnet)
    eyes = {"discriminator": PictureJudge}
    for entry in args.judge:
        name, _, weights = entry.partition("=")
        network = load_backbone(name, weights=weights)
        eyes[name] = lambda network=network, name=name: PictureJudge(network=network, layers=LAYERS.get(name, ()))
    return ears, eyes


def figures(film, args, ears, eyes):
    """All rows of one film."""
    dream, pairs = _dreamt(film, args)
    control = _control(film, args, pairs) if pairs else None
    heard, watched = {}, {}
    for what, path in (("source", film), ("joint", dream), ("control", control)):
        if path:
            heard[what], watched[what] = _series(path, args if what == "source" else None, ears, eyes)
    source = heard["source"]["dreamt"], watched["source"]["dreamt"]
    for ear, eye in [(ear, eye) for ear in ears for eye in eyes]:
        row = {"judges": [ear, eye], "pairs": len(pairs), "frames": len(source[0].times)}
        for what in list(watched)[1:]:
            row[what] = _told(compare_pair(heard, watched, "source", what, ear, eye, pairs, source, args))
        if control:
            row["joint_over_control"] = _told(
                compare_pair(heard, watched, "control", "joint", ear, eye, pairs, source, args)
            )
        yield row
    for what, path in (("joint", dream), ("control", control)):
        if path:
            yield {"without_networks": what, **without_networks(film, path, args)}


def compare_pair(heard, watched, first, second, ear, eye, pairs, source, args):
    """Judge two films, the first as what was before."""
    from deepdream_av.correlate.judges import compare

    return compare(
        heard[first][ear],
        watched[first][eye],
        heard[second][ear],
        watched[second][eye],
        pairs=pairs,
        source=source,
        judges=(ear, eye),
        shifts=args.shifts,
        seed=args.seed,
    )


def _told(judgement) -> dict:
    names = ("before", "after", "p_before", "p_after", "rise", "p_rise", "threshold", "peak")
    return {
        kind: {name: round(float(getattr(reading, name)), 4) for name in names} | {"shifts": len(reading.null)}
        for kind in ("picture", "sound", "together")
        if (reading := getattr(judgement, kind)) is not None
    }


def _series(path, args, ears, eyes):
    """What all judges, and the networks that dream, hear and see: two mappings of series."""
    from deepdream_av.backbones import load_backbone
    from deepdream_av.correlate.analyse import look
    from deepdream_av.correlate.heard import hear
    from deepdream_av.correlate.judges import judge_sound
    from deepdream_av.correlate.seen import Watcher
    from deepdream_av.media.film_sound import read_soundtrack
    from deepdream_av.media.video import open_film

    film = open_film(path, start=args.start, duration=args.duration) if args else open_film(path)
    names = [*eyes, "dreamt"]
    found = look(film, [*(make() for make in eyes.values()), Watcher(load_backbone("dreamnet"))])
    track = read_soundtrack(film)
    if track is None:
        raise SystemExit(f"{path} has no sound.")
    at = {"start": float(track.start), "times": found[0].times, "shots": found[0].shots}
    heard = {name: judge_sound(track.store.blocks(), track.rate, ear=ear, **at) for name, ear in ears.items()}
    heard["dreamt"] = hear(track.store.blocks(), track.rate, ear=load_backbone("earnet"), **at)
    track.store.close()
    return heard, dict(zip(names, found))


def without_networks(film, dream, args) -> dict:
    """Onsets, beats and loudness of a film and its dream."""
    import cv2

    from deepdream_av.analysis.audiovisual import AudioVisualMeter
    from deepdream_av.correlate.features import sound_features
    from deepdream_av.media.film_sound import read_soundtrack
    from deepdream_av.media.video import open_film
    from deepdream_av.temporal.shots import CutDetector

    films = open_film(film, start=args.start, duration=args.duration), open_film(dream)
    meter, cuts, sizes = AudioVisualMeter(), CutDetector(), []
    scale = min(1.0, 320 / max(films[0].size))
    size = tuple(round(x * scale) for x in films[0].size)
    for frames in zip(*films):
        before, after = (
            cv2.resize(f.array, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255 for f in frames
        )
        meter(before, after, time=frames[0].time, cut=cuts(before, time=frames[0].time))
        sizes.append(float(np.sqrt(((after - before) ** 2).mean())))
    heard = []
    for one in films:
        track = read_soundtrack(one)
        heard.append(sound_features(track.store.blocks(), track.rate, start=float(track.start)))
        track.store.close()
    told = dataclasses.asdict(meter.result(*heard, seed=args.seed))
    rounded = json.loads(json.dumps(told), parse_float=lambda x: round(float(x), 4))
    return {"dream_rms": round(255 * float(np.mean(sizes)), 2), "fps": round(float(films[0].fps), 3), **rounded}


def _dreamt(film, args):
    """Path of the dream in `joint`, made if it is not there, and its pairs."""
    from deepdream_av.correlate.pairs import pairs_from_json
    from deepdream_av.correlate.report import report_paths

    path = _place(film, args, "joint")
    changes = {"pairs": args.pairs} if args.pairs else {}
    if not path.exists():
        _dream(film, path, args, **changes)
    numbers = Path(args.pairs) if args.pairs else report_paths(path)[0]
    return path, pairs_from_json(numbers.read_text("utf-8"))


def _control(film, args, pairs):
    """Path of the control, made if it is not there: pairs mixed up, gates half a film late."""
    from deepdream_av.correlate.pairs import pairs_to_json
    from deepdream_av.media.video import open_film

    path = _place(film, args, "control")
    if not path.exists():
        others = [*pairs[1:], *pairs[:1]]  # of a single pair only the time is wrong
        mixed = path.with_suffix(".pairs.json")
        mixed.write_text(
            pairs_to_json([dataclasses.replace(a, seen=b.seen) for a, b in zip(pairs, others)]), encoding="utf-8"
        )
        seconds = args.duration or open_film(film, start=args.start).duration
        _dream(film, path, args, pairs=str(mixed), coupling_shift=seconds / 2)
    return path


def _place(film, args, kind: str) -> Path:
    folder = Path(args.folder)
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{Path(film).stem}.{kind}.mkv"


def _dream(film, path, args, **changes) -> None:
    from deepdream_av.flags import recipe_of
    from deepdream_av.video import dream_video

    recipe = recipe_of("video", [flag for entry in args.set for flag in ("--set", entry)])
    recipe = recipe.replace(start=args.start, duration=args.duration, coupling="joint", **changes)
    dream_video(film, path, recipe=recipe, force=True, say=lambda text: print(text, file=sys.stderr))


if __name__ == "__main__":
    main()
