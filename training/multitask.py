"""Training one network on several kinds of examples at once, each with the labels that it has."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from training.datasets.augment import augment

TEACHER_WEIGHTS = {"teacher_embedding": 2.0, "teacher_scores": 40.0}
"""Factors that bring the teacher's terms to the size of a cross entropy."""


@dataclass(frozen=True)
class Group:
    """Examples of one kind in the mixture of a batch.

    Attributes:
        crops: `training.datasets.crops.Crops`.
        share: number of examples in each batch.
        shift_pitch: whether `augment` may shift their pitch.
        mix: share of them that is mixed in pairs.
    """

    crops: object
    share: int
    shift_pitch: bool = True
    mix: float = 0.3


@dataclass(frozen=True)
class Plan:
    """How long and how fast to learn.

    Attributes:
        steps: number of batches.
        rate: learning rate at its height, after a short rise and before the cosine's fall to 0.
        seed: of the order and of every change of the examples.
        warm_up: share of the steps in which the rate rises.
        masks: see `augment`.
    """

    steps: int
    rate: float = 2e-3
    weight_decay: float = 0.02
    seed: int = 0
    warm_up: float = 0.05
    masks: str = "own"


def head_loss(head: str, answer, target):
    """Mean loss of one head over its examples."""
    if head == "teacher_embedding":
        return TEACHER_WEIGHTS[head] * (1 + tf.reduce_mean(keras.losses.cosine_similarity(target, answer)))
    if head == "teacher_scores":
        cross = tf.nn.sigmoid_cross_entropy_with_logits(target, answer)
        own = tf.nn.sigmoid_cross_entropy_with_logits(
            target, tf.math.log((target + 1e-6) / (1 - target + 1e-6))
        )
        return TEACHER_WEIGHTS[head] * tf.reduce_mean(cross - own)
    # Smoothed a little: the clips of one recording are too easy to be learnt by heart.
    return tf.reduce_mean(keras.losses.categorical_crossentropy(target, answer, True, 0.05))


class Trainer:
    """A model, its optimiser and the step it has reached.

    Args:
        model: from `build_earnet(folded=False)`.
        groups: `{name: Group}`.
        plan: the `Plan`.
        checkpoint: file that is written now and then and from which `run` continues, or `None`.
    """

    def __init__(self, model, groups: dict, plan: Plan, *, checkpoint=None):
        self.model, self.groups, self.plan = model, groups, plan
        self.checkpoint = Path(checkpoint) if checkpoint else None
        self.step = 0
        self.optimizer = keras.optimizers.AdamW(
            plan.rate, weight_decay=plan.weight_decay, global_clipnorm=5.0
        )
        self.optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
        self.optimizer.build(model.trainable_variables)
        self._slices, at = {}, 0
        for name, group in groups.items():
            self._slices[name] = slice(at, at + group.share)
            at += group.share
        self._compiled = tf.function(self._update)

    def run(self, *, report=print, every: int = 50, save_every: int = 200) -> None:
        """Learns from where it stands to the end of the plan."""
        self._restore()
        started, first, losses = time.monotonic(), self.step, []
        while self.step < self.plan.steps:
            features, targets = self.batch(self.step)
            self.optimizer.learning_rate.assign(self._rate())
            losses.append({k: float(v) for k, v in self._compiled(features, targets).items()})
            self.step += 1
            if self.step % every == 0 or self.step == self.plan.steps:
                means = {k: np.mean([loss[k] for loss in losses]) for k in losses[0]}
                pace = (time.monotonic() - started) / (self.step - first)
                left = pace * (self.plan.steps - self.step) / 60
                report(f"step {self.step}/{self.plan.steps} {pace:.2f} s/step, {left:.1f} min left, "
                       + " ".join(f"{k} {v:.3f}" for k, v in means.items()))  # fmt: skip
                losses = []
            if self.checkpoint and (self.step % save_every == 0 or self.step == self.plan.steps):
                self._save()

    def batch(self, step: int):
        """The batch of a step: a function of the seed and the step alone, so that a resumed run is the same run."""
        features, targets = [], {}
        for number, (name, group) in enumerate(self.groups.items()):
            generator = np.random.default_rng([self.plan.seed, step, number])
            chosen = generator.choice(len(group.crops), group.share, replace=len(group.crops) < group.share)
            x, y = augment(
                group.crops.features[chosen],
                {h: t[chosen] for h, t in group.crops.targets.items()},
                generator,
                shift_pitch=group.shift_pitch,
                mix=group.mix,
                masks=self.plan.masks,
            )
            features.append(x)
            targets[name] = {h: tf.constant(t, tf.float32) for h, t in y.items()}
        return tf.constant(np.concatenate(features)[..., None], tf.float32), targets

    def _update(self, features, targets):
        with tf.GradientTape() as tape:
            answers = self.model(features, training=True)
            losses = {
                f"{name}/{head}": head_loss(head, answers[head][self._slices[name]], target)
                for name, of in targets.items()
                for head, target in of.items()
                if head in answers
            }
            total = tf.add_n(list(losses.values()))
        gradients = tape.gradient(total, self.model.trainable_variables)
        self.optimizer.apply(gradients, self.model.trainable_variables)
        return losses

    def _rate(self) -> float:
        done = self.step / self.plan.steps
        rise = min(1.0, (self.step + 1) / max(1.0, self.plan.warm_up * self.plan.steps))
        return self.plan.rate * rise * 0.5 * (1 + np.cos(np.pi * done))

    def _variables(self):
        return [*self.model.variables, *self.optimizer.variables]

    def _save(self):
        arrays = {f"v{k}": np.asarray(v.value) for k, v in enumerate(self._variables())}
        beside = self.checkpoint.with_name(self.checkpoint.name + ".part.npz")
        np.savez(beside, step=self.step, **arrays)
        os.replace(beside, self.checkpoint)

    def _restore(self):
        if self.checkpoint and self.checkpoint.exists():
            with np.load(self.checkpoint, allow_pickle=False) as file:
                for k, v in enumerate(self._variables()):
                    v.assign(file[f"v{k}"])
                self.step = int(file["step"])
