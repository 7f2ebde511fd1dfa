"""Train dreamnet from other networks: `python -m training.distill --photos FOLDER -o FILE`.

The student learns to predict the teachers' inner maps (through 1x1 heads that are thrown away) and the
softened classes of those that have them. Pictures it has begun to dream itself are labelled by the
teachers and put among the photos, again and again: a student that has only seen photos has directions
that excite it and nobody else, and a dream finds exactly those (the remedy is DAgger's, Ross et al.
2011: learn on the states that your own policy visits). A second phase also matches the *gradient* of the
teachers' energy with respect to the picture, because a dream does nothing but follow it (Czarnecki et al. 2017 call
it Sobolev training): a few minutes of it raise what other networks see in a dream by a third.

Resumable: everything is in the `--work` folder; run the same command again.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np

from training.datasets.photos import crops, list_photos
from training.teachers import Shard, Teacher, label, spreads


def build_student(taps, classes: int):
    """dreamnet with batch norms, and one linear head for each tap of a teacher.

    Returns:
        `(student, trainer)`: dreamnet itself, and the same network with `[taps..., logits, stride 8, stride 16]` as
        outputs; the logits are left out where no teacher has any.
    """
    import keras

    from deepdream_av.backbones.dreamnet import build_dreamnet

    student = build_dreamnet(batch_norm=True, dtype="mixed_bfloat16")
    by_stride = dict(zip((8, 16, 32), student.outputs))
    heads = [
        keras.layers.Conv2D(t.channels, 1, name=f"to_{t.teacher}_{t.layer}", dtype="mixed_bfloat16")(
            by_stride[t.stride]
        )
        for t in taps
    ]
    if classes:
        pooled = keras.layers.GlobalAveragePooling2D(dtype="float32")(by_stride[32])
        heads.append(keras.layers.Dense(classes, name="classes", dtype="float32")(pooled))
    return student, keras.Model(student.input, heads + student.outputs[:2])


class Distiller:
    """Holds the student, its optimiser and the growing set of labelled pictures."""

    def __init__(self, args):
        import keras
        import tensorflow as tf

        self.args, self.work = args, Path(args.work)
        self.work.mkdir(parents=True, exist_ok=True)
        keras.utils.set_random_seed(args.seed)
        weights = dict(pair.split("=", 1) for pair in args.teacher_weights)
        self.teachers = [
            Teacher(name, weights=weights.get(name, "imagenet"), size=args.size)
            for name in args.teacher.split(",")
        ]
        self.taps = [tap for t in self.teachers for tap in t.taps]
        self.train, self.held_out = list_photos(args.photos)
        classes = sum(t.model.outputs[-1].shape[-1] for t in self.teachers if t.has_logits)
        self.student, self.trainer = build_student(self.taps, classes)
        self.optimizer = keras.optimizers.AdamW(args.rate, weight_decay=args.decay, clipnorm=5.0)
        self.optimizer.build(self.trainer.trainable_variables)
        self.step = tf.Variable(0, dtype=tf.int64)
        self.checkpoint = tf.train.Checkpoint(model=self.trainer, optimizer=self.optimizer, step=self.step)
        self.saves = tf.train.CheckpointManager(
            self.checkpoint, str(self.work / "checkpoints"), max_to_keep=2
        )
        self.spread = self._spread()
        self.phase, self.made, self.shards = "maps", 0, []
        self.fit_batch, self.follow_batch, self.dream_batch = self._compile(tf)
        if self.saves.latest_checkpoint:
            self.checkpoint.restore(self.saves.latest_checkpoint).expect_partial()
            print(f"resumed at step {int(self.step)}", flush=True)

    def _spread(self):
        path = self.work / "spread.npz"
        if not path.exists():
            values = spreads(
                self.teachers,
                crops(self.train, 256, self.args.size, np.random.default_rng([self.args.seed, 1])),
            )
            np.savez(path, **{f"map{i}": v for i, v in enumerate(values)})
        with np.load(path) as z:
            return [z[f"map{i}"] for i in range(len(self.taps))]

    def _compile(self, tf):
        taps, size = self.taps, self.args.size
        has_logits = any(t.has_logits for t in self.teachers)

        def losses_of(out, maps, logits):
            losses = [
                tf.reduce_mean(tf.square(tf.cast(y, tf.float32) - tf.cast(m, tf.float32) * Shard.STEP))
                for y, m in zip(out, maps)
            ]
            if has_logits:
                soft = tf.nn.softmax(tf.cast(logits, tf.float32) / 2.0)
                cross = tf.nn.softmax_cross_entropy_with_logits(soft, out[len(taps)] / 2.0)
                losses.append(tf.reduce_mean(cross) * self.args.logit_weight)
            return losses

        def unit(x):
            return x / (tf.sqrt(tf.reduce_sum(tf.square(x), (1, 2, 3), keepdims=True)) + 1e-12)

        def update(tape, losses, rate):
            gradients = tape.gradient(losses, self.trainer.trainable_variables)
            self.optimizer.learning_rate.assign(rate)
            self.optimizer.apply_gradients(zip(gradients, self.trainer.trainable_variables))
            return tf.stack(losses)

        @tf.function(reduce_retracing=True)
        def fit(pictures, maps, logits, gradients, rate):
            x = tf.cast(pictures, tf.float32) / 255.0
            with tf.GradientTape() as tape:
                losses = losses_of(self.trainer(x, training=True), maps, logits)
            return update(tape, losses, rate)

        @tf.function(reduce_retracing=True)
        def follow(pictures, maps, logits, gradients, rate):
            """The same with frozen batch norms, and the student's dream gradient drawn to the teachers'."""
            x = tf.cast(pictures, tf.float32) / 255.0
            wanted = unit(tf.cast(gradients, tf.float32))
            with tf.GradientTape() as tape:
                with tf.GradientTape() as inner:
                    inner.watch(x)
                    out = self.trainer(x, training=False)
                    energies = [
                        tf.math.log(tf.reduce_mean(tf.square(tf.cast(m, tf.float32)), (1, 2, 3)) + 1e-6)
                        for m in out[-2:]
                    ]
                    score = tf.reduce_sum(energies)
                cosine = tf.reduce_mean(tf.reduce_sum(unit(inner.gradient(score, x)) * wanted, (1, 2, 3)))
                losses = [*losses_of(out, maps, logits), self.args.gradient_weight * (1.0 - cosine)]
            return update(tape, losses, rate)

        @tf.function(reduce_retracing=True)
        def dream(pictures, mix, channels, steps, length):
            x0 = tf.cast(pictures, tf.float32) / 255.0

            def one(i, x):
                with tf.GradientTape() as tape:
                    tape.watch(x)
                    maps = self.student(x, training=False)
                    energies = [
                        tf.reduce_mean(tf.square(tf.cast(m, tf.float32) * c[:, None, None, :]), (1, 2, 3))
                        for m, c in zip(maps, channels)
                    ]
                    score = tf.add_n(
                        [
                            tf.reduce_sum(w * tf.math.log(e + 1e-6))
                            for w, e in zip(tf.unstack(mix, axis=0), energies)
                        ]
                    )
                g = tape.gradient(score, x)
                g = g / (tf.math.reduce_std(g, (1, 2, 3), keepdims=True) + 1e-12)
                return i + 1, tf.clip_by_value(x + length[:, None, None, None] * g, 0.0, 1.0)

            _, x = tf.while_loop(lambda i, _: i < steps, one, (0, tf.ensure_shape(x0, [None, size, size, 3])))
            return tf.cast(x * 255.0 + 0.5, tf.uint8)

        return fit, follow, dream

    def enter(self, phase: str):
        """Take up the labelled pictures of a phase, `"maps"` or `"gradient"`, where it was left."""
        files = sorted(self.work.glob(f"{phase}_*.npz"))
        self.phase, self.made = phase, len(files)
        self.shards = [Shard.load(p) for p in files[-self.args.shards :] if p.stat().st_size]

    def add_shard(self):
        """Label one more set of pictures: photos at first, then most of them dreamt by the student."""
        args, phase = self.args, ("maps", "gradient").index(self.phase)
        rng = np.random.default_rng([args.seed, 2, phase, self.made])
        pictures = crops(self.train, args.shard, args.size, rng)
        if phase or self.made >= args.photo_shards:
            part = slice(0, len(pictures) * 2 // 3)
            for i in range(part.start, part.stop, 32):
                chunk = slice(i, min(i + 32, part.stop))
                pictures[chunk] = self._dream(pictures[chunk], rng)
        shard = label(self.teachers, pictures, self.spread, gradients=self.phase == "gradient")
        temporary = self.work / "new.npz"
        shard.save(temporary)
        temporary.rename(self.work / f"{self.phase}_{self.made:04d}.npz")
        self.made += 1
        self.shards = (self.shards + [shard])[-args.shards :]
        for old in sorted(self.work.glob(f"{self.phase}_*.npz"))[: -args.shards]:
            old.write_bytes(b"")  # keeps the count, frees the space

    def _dream(self, pictures, rng):
        count = len(pictures)
        mix = rng.dirichlet([0.6, 0.6, 0.3], count).T.astype(np.float32)
        channels = [
            np.where(rng.random((count, 1)) < 0.5, 1, rng.random((count, m.shape[-1])) < 0.2).astype(
                np.float32
            )
            for m in self.student.outputs
        ]
        length = (0.004 * 4 ** rng.random(count)).astype(np.float32)
        return self.dream_batch(pictures, mix, channels, np.int32(rng.integers(3, 14)), length).numpy()

    def run(self):
        """First the maps, then the maps and the gradient, each with a rate that falls to nothing."""
        args = self.args
        self._phase("maps", self.fit_batch, 0, args.steps, args.rate)
        self._phase(
            "gradient", self.follow_batch, args.steps, args.steps + args.gradient_steps, args.gradient_rate
        )
        export(self.student, args.output)

    def _phase(self, name, fit, first, last, height):
        args, began, curve = self.args, time.time(), []
        if int(self.step) < last:
            self.enter(name)
        while int(self.step) < last:
            step = int(self.step)
            due = step - first >= (self.made - args.first_shards + 1) * args.shard_every
            if len(self.shards) < args.first_shards or due:
                t = time.time()
                self.add_shard()
                print(f"shard {self.made} labelled in {time.time() - t:.0f} s", flush=True)
                continue
            done = (step - first) / (last - first)
            rate = height * min(1, (step - first + 1) / 200) * (0.02 + 0.98 * np.cos(np.pi / 2 * done) ** 2)
            rng = np.random.default_rng([args.seed, 3, step])
            curve.append(fit(*self._batch(rng), np.float32(rate)).numpy())
            self.step.assign_add(1)
            if (step + 1) % 100 == 0:
                losses = " ".join(f"{v:.3f}" for v in np.mean(curve, 0))
                print(f"step {step + 1}/{last}  {losses}  {time.time() - began:.0f} s", flush=True)
                curve = []
            if (step + 1) % args.save_every == 0 or step + 1 == last:
                self.saves.save()
                export(self.student, args.output)

    def _batch(self, rng):
        picks = rng.integers(0, sum(map(len, self.shards)), self.args.batch)
        pairs = [(self.shards[p // self.args.shard], p % self.args.shard) for p in picks]
        maps = [np.stack([s.maps[i][j] for s, j in pairs]) for i in range(len(self.taps))]
        rest = (np.stack([getattr(s, name)[j] for s, j in pairs]) for name in ("logits", "gradients"))
        return np.stack([s.pictures[j] for s, j in pairs]), maps, *rest


def export(student, path: str | Path):
    """Fold the batch norms into the convolutions and write float16 weights as a plain `.npz`."""
    from deepdream_av.backbones.embedded import save_weights

    save_weights(folded(student), path)


def folded(student) -> dict[str, np.ndarray]:
    """Weights of the network without batch norms that computes the same maps."""
    weights = {}
    for layer in student.layers:
        if not layer.name.endswith("_conv"):
            continue
        bn = student.get_layer(layer.name[: -len("_conv")] + "_bn")
        gamma, beta, mean, variance = [np.asarray(v, np.float64) for v in bn.get_weights()]
        scale = gamma / np.sqrt(variance + bn.epsilon)
        weights[f"{layer.name}/kernel"] = np.asarray(layer.get_weights()[0], np.float64) * scale
        weights[f"{layer.name}/bias"] = beta - mean * scale
    return weights


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(prog="python -m training.distill", description=__doc__.split("\n")[0])
    p.add_argument(
        "--teacher",
        default="mobilenet_v2,vgg19,inception_v3",
        help="keras.applications networks, comma-separated",
    )
    p.add_argument(
        "--teacher-weights", nargs="*", default=[], metavar="NAME=FILE", help="instead of Keras' download"
    )
    p.add_argument("--photos", required=True, help="folder of photos, searched recursively")
    p.add_argument("-o", "--output", required=True, help="weights of the student, .npz")
    p.add_argument("--work", default="distill_work", help="folder for labels and checkpoints")
    p.add_argument("--steps", type=int, default=4000, help="steps of the first phase, which learns the maps")
    p.add_argument("--batch", type=int, default=32)
    p.add_argument("--size", type=int, default=160, help="side of the crops in pixels")
    p.add_argument("--rate", type=float, default=2e-3)
    p.add_argument("--decay", type=float, default=1e-2)
    p.add_argument("--logit-weight", type=float, default=0.3)
    p.add_argument(
        "--gradient-steps",
        type=int,
        default=3000,
        help="steps of the second phase, which learns where to dream",
    )
    p.add_argument("--gradient-weight", type=float, default=5.0)
    p.add_argument("--gradient-rate", type=float, default=1e-3)
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--shard", type=int, default=512, help="pictures labelled at a time")
    p.add_argument("--shards", type=int, default=14, help="shards kept at a time")
    p.add_argument("--first-shards", type=int, default=4, help="shards labelled before the first step")
    p.add_argument(
        "--photo-shards", type=int, default=6, help="shards before the student's dreams are mixed in"
    )
    p.add_argument("--shard-every", type=int, default=500, help="steps between two new shards")
    p.add_argument("--save-every", type=int, default=500)
    return p


def main(argv=None):
    args = parser().parse_args(argv)
    try:
        Distiller(args).run()
    except ValueError as error:  # a folder without photos, an unknown teacher
        raise SystemExit(f"training.distill: {error}") from None
    print(json.dumps({"output": args.output, "steps": args.steps}))


if __name__ == "__main__":
    main()
