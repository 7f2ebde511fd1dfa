"""Trains `earnet`, the network that hears, from recordings, synthesised music and a teacher.

    python -m training.audio --esc10 FOLDER --instruments FOLDER \\
        --teacher yamnet.keras --teacher-mel yamnet_mel_257x64.npy -o earnet.npz [--folds]

First it learns from everything that is not ESC-10: music made by code with its four labels, real
instruments, and mixtures of recordings, music and noises of which only the teacher's opinion is
known. Then it learns ESC-10 beside these. Last, with all of that frozen, the side branch learns
pitch. `--folds` repeats the second part five times, each without
one fold, and tests on that fold: nothing of a fold, not even its sound without labels, is heard
before its test. Killed at any moment, the same command continues.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

TEACHER_HEADS = {"teacher_embedding": 1024, "teacher_scores": 521}


def main(argv=None) -> int:
    """The command."""
    args = _arguments(argv)
    import keras
    import tensorflow as tf

    if args.threads:
        tf.config.threading.set_intra_op_parallelism_threads(args.threads)
    if args.bf16:
        keras.config.set_dtype_policy("mixed_bfloat16")
    keras.utils.set_random_seed(args.seed)
    data = Data(args)
    if args.prepare:
        for name in ("music", "instruments", "anything"):
            data.group(name)
        for fold in range(1, 6):
            data.fold(fold)
        return 0
    started = time.monotonic()
    pretrained = _pretrained(args, data)
    results = {}
    if args.folds is not None:
        results = _cross_validate(args, data, pretrained)
    if args.output:
        model = _fine_tuned(args, data, pretrained, folds=(1, 2, 3, 4, 5), name="final")
        _ship(args, data, _with_pitch(args, data, model))
    results["seconds_of_this_run"] = round(time.monotonic() - started)
    print(json.dumps(results))
    return 0


class Data:
    """The groups of examples, made when first asked for and kept in the cache folder."""

    def __init__(self, args):
        from training.datasets.sounds import read_folder

        self.args, self.cache = args, Path(args.cache)
        self.cache.mkdir(parents=True, exist_ok=True)
        self.esc10 = read_folder(args.esc10, folds=True, cache=self.cache)
        self.real = read_folder(args.instruments, cache=self.cache)
        self._teacher = None
        self._folds = {}

    def classes(self) -> dict:
        """`{head: names of its classes}` of all that has labels."""
        from training.datasets import music

        return {
            "sounds": self.esc10.classes,
            "instruments": self.real.classes,
            "synth_instrument": tuple(music.INSTRUMENTS),
            "root": music.ROOTS,
            "chord": tuple(music.CHORDS),
            "texture": music.TEXTURES,
        }

    def teacher(self):
        if self._teacher is None and self.args.teacher:
            from training.yamnet import Yamnet

            self._teacher = Yamnet(self.args.teacher, self.args.teacher_mel)
        return self._teacher

    def group(self, name: str):
        """`music`, `instruments` or `anything`; none of them holds a sound of ESC-10."""
        from training.datasets import crops
        from training.datasets.sounds import decode

        seed, count = self.args.seed, self.args.music
        if name == "music":
            return self._kept(
                f"music-{seed}-{count}", lambda: crops.music_crops(seed, count, teacher=self.teacher())
            )
        if name == "instruments":
            return self._kept(f"instruments-{seed}-{self.args.per_clip}", lambda: crops.clip_crops(
                self.real, name, seed=seed, per_clip=self.args.per_clip, teacher=self.teacher()))  # fmt: skip
        more = sorted(
            f for folder in self.args.unlabelled for f in Path(folder).iterdir() if f.suffix != ".txt"
        )
        return self._kept(f"anything-{seed}-{count // 2}-{len(more)}", lambda: crops.unlabelled_crops(
            [decode(f, crops.RATE) for f in more] + self.real.samples,
            seed=seed, count=count // 2, teacher=self.teacher()))  # fmt: skip

    def fold_clips(self, fold: int):
        """The recordings of one fold of ESC-10."""
        chosen = np.flatnonzero(self.esc10.folds == fold)
        return replace(
            self.esc10,
            samples=[self.esc10.samples[k] for k in chosen],
            labels=self.esc10.labels[chosen],
            folds=self.esc10.folds[chosen],
            names=tuple(self.esc10.names[k] for k in chosen),
        )

    def fold(self, fold: int):
        """Examples made of one fold's recordings and nothing else."""
        from training.datasets import crops

        if fold not in self._folds:
            self._folds[fold] = self._kept(f"esc10-{fold}-{self.args.seed}-{self.args.per_clip}", lambda: (
                crops.clip_crops(self.fold_clips(fold), "sounds", seed=self.args.seed + fold,
                                 per_clip=self.args.per_clip, teacher=self.teacher())))  # fmt: skip
        return self._folds[fold]

    def _kept(self, name, make):
        from training.datasets.crops import Crops

        path = self.cache / f"crops-{name}{'' if self.args.teacher else '-alone'}.npz"
        if not path.exists():
            _say(f"making {name}")
            part = path.with_suffix(".part.npz")
            make().save(part)
            part.replace(path)
        return Crops.load(path)


def _new_model(args, data):
    from deepdream_av.backbones.earnet import build_earnet

    heads = {head: len(names) for head, names in data.classes().items()}
    return build_earnet(heads=heads | (TEACHER_HEADS if args.teacher else {}), folded=False, pitch=False)


def _learn(args, model, groups, *, name, steps, rate, seed=None):
    from training.multitask import Plan, Trainer

    plan = Plan(steps, rate=rate, seed=args.seed if seed is None else seed, masks=args.masks)
    if steps:
        checkpoint = Path(args.cache) / f"{name}-{args.seed}-{steps}.npz"
        if checkpoint.exists() and not args.resume:
            checkpoint.unlink()
        Trainer(model, groups, plan, checkpoint=checkpoint).run(report=lambda line: _say(f"{name}: {line}"))
    return model


def _pretrained(args, data):
    from training.multitask import Group

    groups = {
        "music": Group(data.group("music"), 28, shift_pitch=False, mix=0.15),
        "instruments": Group(data.group("instruments"), 12),
        "anything": Group(data.group("anything"), 24),
    }
    model = _learn(
        args, _new_model(args, data), groups, name="pretrain", steps=args.pretrain_steps, rate=2.5e-3
    )
    return model.get_weights()


def _fine_tuned(args, data, weights, *, folds, name):
    """A copy of the pretrained network that has also learnt ESC-10 from these folds."""
    from training.datasets.crops import Crops
    from training.multitask import Group

    model = _new_model(args, data)
    model.set_weights(weights)
    groups = {
        # Half of these are mixtures already.
        "esc10": Group(Crops.joined([data.fold(f) for f in folds]), 38, mix=0.15),
        "music": Group(data.group("music"), 7, shift_pitch=False, mix=0.0),
        "instruments": Group(data.group("instruments"), 3),
    }
    # A second, lower rise of the rate (warm restarts, Loshchilov and Hutter 2017).
    for cycle, steps in enumerate(args.steps):
        _learn(args, model, groups, name=f"{name}-{cycle + 1}" if cycle else name, steps=steps,
               rate=2e-3 / 2**cycle, seed=args.seed + 1000 * cycle)  # fmt: skip
    return model


def _with_pitch(args, data, model):
    """The same network with the side branch, which alone learns here: nothing else it knows can change."""
    from deepdream_av.backbones.earnet import PITCHED_HEADS, build_earnet
    from training.datasets.crops import Crops
    from training.multitask import Group

    whole = build_earnet(heads={head: len(names) for head, names in data.classes().items()}, folded=False)
    for layer in whole.layers:
        if layer.name not in PITCHED_HEADS and not layer.name.startswith("pitch"):
            layer.set_weights(model.get_layer(layer.name).get_weights() if layer.weights else [])
            layer.trainable = False
    music = data.group("music")
    crops = Crops(music.features, {head: music.targets[head] for head in PITCHED_HEADS})
    groups = {"music": Group(crops, 64, shift_pitch=False, mix=0.0)}
    return _learn(args, whole, groups, name="pitch", steps=args.pitch_steps, rate=3e-3)


def _cross_validate(args, data, pretrained):
    """Five trainings, each tested on the fold it has not heard; prints a table."""
    path = Path(args.cache) / f"folds-{args.seed}-{'-'.join(map(str, args.steps))}.json"
    table = json.loads(path.read_text()) if path.exists() and args.resume else {}
    for fold in args.folds or range(1, 6):
        if str(fold) in table:
            continue
        others = tuple(f for f in range(1, 6) if f != fold)
        model = _fine_tuned(args, data, pretrained, folds=others, name=f"fold{fold}")
        table[str(fold)] = _test(model, data.fold_clips(fold))
        path.write_text(json.dumps(table, indent=1))
        _say(f"fold {fold}: {100 * table[str(fold)]['accuracy']:.2f} %")
    mean = float(np.mean([row["accuracy"] for row in table.values()]))
    print(
        "fold  accuracy\n" + "\n".join(f"{k:>4}  {100 * row['accuracy']:.2f} %" for k, row in table.items())
    )
    print(f"mean  {100 * mean:.2f} %", flush=True)
    result = {"folds": {k: row["accuracy"] for k, row in table.items()}, "mean": mean}
    if args.report:
        Path(args.report).write_text(json.dumps({**result, "details": table}, indent=1))
    return result


def _test(model, clips):
    """Accuracy over whole clips: the mean of the class probabilities over their sounding pieces."""
    from training.datasets.crops import hear, levelled, sounding_crops

    hits, answers = [], []
    for sound, label in zip(clips.samples, clips.labels, strict=True):
        # The middle of the levels that were heard in training.
        pieces = [0.08 * levelled(piece) for piece in sounding_crops(sound)]
        features = hear(pieces, {}).features.astype(np.float32)[..., None]
        logits = np.asarray(model(features, training=False)["sounds"])
        odds = np.exp(logits - logits.max(-1, keepdims=True))
        answers.append(int(np.argmax(np.mean(odds / odds.sum(-1, keepdims=True), 0))))
        hits.append(answers[-1] == label)
    wrong = [f"{clips.names[k]}: {clips.classes[clips.labels[k]]} taken for {clips.classes[answers[k]]}"
             for k in np.flatnonzero(~np.array(hits))]  # fmt: skip
    return {"accuracy": float(np.mean(hits)), "clips": len(hits), "wrong": wrong}


def _ship(args, data, model):
    """Folds the batch norms, drops the teacher's heads and writes float16 weights."""
    from deepdream_av.backbones.earnet import fold, save_earnet

    save_earnet(fold(model, heads=data.classes()), args.output, classes=data.classes())
    print(args.output)


def _say(line):
    print(line, file=sys.stderr, flush=True)


def _arguments(argv):
    parser = argparse.ArgumentParser(prog="python -m training.audio", description=__doc__.split("\n")[0])
    parser.add_argument("--esc10", required=True, metavar="FOLDER", help="ESC-10, one sub-folder per class")
    parser.add_argument(
        "--instruments", required=True, metavar="FOLDER", help="recordings, one sub-folder per class"
    )
    parser.add_argument(
        "--unlabelled", action="append", default=[], metavar="FOLDER", help="more sound for the teacher"
    )
    parser.add_argument(
        "--teacher", metavar="FILE", help="YAMNet as a .keras file; without it labels alone teach"
    )
    parser.add_argument("--teacher-mel", metavar="FILE", help="its mel matrix, .npy [257, 64]")
    parser.add_argument("-o", "--output", metavar="FILE", help="where the trained network is written (.npz)")
    parser.add_argument("--folds", nargs="*", type=int, choices=range(1, 6), metavar="N",
                        help="cross-validation on ESC-10; alone: all five folds")  # fmt: skip
    parser.add_argument("--report", metavar="FILE", help="write the folds' table as JSON")
    parser.add_argument("--cache", default="~/.cache/deepdream_av/audio", type=lambda p: Path(p).expanduser())
    parser.add_argument(
        "--resume", action="store_true", help="continue from the checkpoints in the cache folder"
    )
    parser.add_argument("--prepare", action="store_true", help="make the examples and stop")
    parser.add_argument("--pretrain-steps", type=int, default=1000)
    parser.add_argument("--steps", type=int, nargs="+", default=[700, 400], metavar="N",
                        help="batches of the second part, one number for each rise of the rate")  # fmt: skip
    parser.add_argument("--pitch-steps", type=int, default=450, help="batches of the third part")
    parser.add_argument("--music", type=int, default=3500, help="number of synthesised clips")
    parser.add_argument("--per-clip", type=int, default=20, help="pieces cut from each recording")
    parser.add_argument("--threads", type=int, default=0, help="CPU threads; 0 lets TensorFlow choose")
    parser.add_argument("--bf16", action="store_true", help="bfloat16 arithmetic (AVX512-BF16, AMX or a GPU)")
    parser.add_argument("--masks", choices=("own", "tfio"), default="own", help="whose SpecAugment")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args(argv)
    if args.teacher and not args.teacher_mel:
        parser.error("--teacher needs --teacher-mel")
    return args


if __name__ == "__main__":
    sys.exit(main())
