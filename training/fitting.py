"""One training loop for all classifiers: stages, checkpoints that survive a kill, logs and pictures of the run.

Keras does the fitting. What is added here: an epoch is a function of its number, what is reached is written after each
epoch under its final name in one move, and the same command goes on from there.
"""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import keras
import numpy as np

from deepdream_av.errors import UsageError
from training.datasets.labelled import Labelled
from training.strategy import Workers

SMOOTHING = 0.05  # of labels: logits stay within reason, which dreams climb
CLIP = 5.0  # norm above which the gradient of a variable is cut


@dataclass(frozen=True)
class Stage:
    """A part of the training in which some layers learn.

    Attributes:
        name: for the log.
        learns: whether a layer learns, from the layer.
        epochs: at most.
        rate: learning rate at its height; it rises for a tenth of the steps and falls as a cosine.
    """

    name: str
    learns: Callable
    epochs: int
    rate: float


@dataclass(frozen=True)
class Plan:
    """How a classifier learns.

    Attributes:
        stages: one after the other.
        batch: examples in a step, over all workers together.
        seed: of the order and of every change of the examples.
        patience: epochs without a better validation loss after which a stage ends; 0: never.
        weight_decay: of AdamW.
        augment: see `Labelled.batches`.
    """

    stages: tuple[Stage, ...]
    batch: int = 32
    seed: int = 0
    patience: int = 0
    weight_decay: float = 0.01
    augment: Callable | None = None


class Fitter:
    """A model on its way through the stages of a plan.

    Args:
        model: from examples to a logit for each class.
        data: labelled examples.
        plan: how it learns.
        work: folder for checkpoints and logs; a run that finds its own goes on from there.
        workers: who learns together; only the chief writes files, and it says where they start and end.
        command: what the run is; checkpoints of another command are left alone.
        quiet: no progress bar.

    Raises:
        UsageError: the folder holds the run of another command, or the batch cannot be shared evenly.
    """

    def __init__(
        self, model, data: Labelled, plan: Plan, *, work: Path, workers=None, command=None, quiet=False
    ):
        self.model, self.data, self.plan = model, data, plan
        self.work, self.workers, self.quiet = Path(work), workers or Workers(), quiet
        self.command = json.dumps(command or {}, sort_keys=True, default=str)
        self.work.mkdir(parents=True, exist_ok=True)
        self.history: list[dict] = []  # one entry for each epoch of each stage
        self.stage = 0
        self.workers.check_batch(min(plan.batch, len(data.train_y)))

    def run(self) -> list[dict]:
        """Learn to the end of the plan; the model then has the weights with the best validation loss.

        Returns:
            The history: `{stage, epoch, loss, accuracy, val_loss, val_accuracy}` of each epoch.
        """
        saved = self._found()
        self.workers.check_same(len(self.history))
        for number, stage in enumerate(self.plan.stages):
            if saved is not None and number < saved["stage"]:
                continue
            self.stage = number
            self._compile(stage)
            if saved is not None:
                self._take_up(saved)
                saved = None
            self.workers.agree(self._variables())
            self._fit(stage)
        self._give_best()
        self.workers.agree(self.model.variables)
        return self.history

    def _compile(self, stage: Stage):
        for layer in self.model.layers:
            # a batch norm keeps the statistics of what it was trained on (Keras: frozen means inference)
            layer.trainable = bool(stage.learns(layer))
        steps = self._steps() * stage.epochs
        rise = max(1, steps // 10)
        optimizer = keras.optimizers.AdamW(
            keras.optimizers.schedules.CosineDecay(
                stage.rate / 20, max(1, steps - rise), warmup_target=stage.rate, warmup_steps=rise
            ),
            weight_decay=self.plan.weight_decay,
            clipnorm=CLIP / self.workers.count,  # see `training.together`
        )
        optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
        metrics = [keras.metrics.CategoricalAccuracy(name="accuracy")]
        self.model.compile(optimizer, _loss("sum_over_batch_size"), metrics=metrics)
        optimizer.build(self.model.trainable_variables)

    def _steps(self) -> int:
        return max(1, len(self.data.train_y) // self.plan.batch)

    def _fit(self, stage: Stage):
        logs = [_Ledger(self, stage)]
        if self.workers.is_chief and find_spec("tensorboard"):
            logs.append(
                keras.callbacks.TensorBoard(self.work / "tensorboard" / stage.name, write_graph=False)
            )
        done = len(self._epochs(stage))
        fit = self._fit_function()
        while done < stage.epochs and not self._is_tired(stage):
            batches = self.data.batches(
                self.plan.batch,
                seed=self.plan.seed,
                epoch=1000 * self.stage + done,
                augment=self.plan.augment,
            )
            fit(
                batches,
                initial_epoch=done,
                epochs=done + 1,
                steps_per_epoch=self._steps(),
                validation_data=self.data.judged(self.plan.batch),
                callbacks=logs,
                shuffle=False,
                verbose=0 if self.quiet or not self.workers.is_chief else "auto",
            )
            done += 1

    def _fit_function(self) -> Callable:
        if not self.workers.strategy:
            return self.model.fit
        from training.together import Together

        return Together(self.model, self.workers, _loss(None)).fit

    def _epochs(self, stage: Stage) -> list[dict]:
        return [h for h in self.history if h["stage"] == stage.name]

    def _is_tired(self, stage: Stage) -> bool:
        """Whether the validation loss has not fallen for a while; the history says it, so a kill changes nothing."""
        losses = [h["val_loss"] for h in self._epochs(stage)]
        return (
            bool(self.plan.patience and losses)
            and len(losses) - 1 - int(np.argmin(losses)) >= self.plan.patience
        )

    # what is on disk

    def keep(self, entry: dict):
        """Note an epoch, and write all that is needed to go on from here."""
        self.history.append(entry)
        if not self.workers.is_chief:
            return
        if entry["val_loss"] <= min(h["val_loss"] for h in self.history):
            _write_npz(self.work / "best.npz", self.model.variables)
        _write_npz(
            self.work / "state.npz",
            self._variables(),
            stage=self.stage,
            history=json.dumps(self.history),
            command=self.command,
        )
        with open(self.work / "log.csv", "w", newline="") as file:
            table = csv.DictWriter(file, list(entry))
            table.writeheader()
            table.writerows(self.history)

    def _found(self):
        path = self.work / "state.npz"
        if not path.is_file():
            return None
        with np.load(path, allow_pickle=False) as file:
            saved = dict(file)
        if str(saved.pop("command")) != self.command:
            raise UsageError(
                f"`work` must be the folder of this run or a new one. Received: '{self.work}', which holds the run of "
                "another command; remove it, or name another one."
            )
        self.history = json.loads(str(saved.pop("history")))
        saved["stage"] = int(saved["stage"])
        return saved

    def _variables(self) -> list:
        return [*self.model.variables, *self.model.optimizer.variables]

    def _take_up(self, saved):
        for k, variable in enumerate(self._variables()):
            variable.assign(saved[f"v{k}"])

    def _give_best(self):
        path = self.work / "best.npz"
        if path.is_file():
            with np.load(path, allow_pickle=False) as file:
                for k, variable in enumerate(self.model.variables):
                    variable.assign(file[f"v{k}"])


class _Ledger(keras.callbacks.Callback):
    """Hands each finished epoch to its fitter."""

    def __init__(self, fitter: Fitter, stage: Stage):
        super().__init__()
        self._fitter, self._stage = fitter, stage

    def on_epoch_end(self, epoch, logs=None):
        numbers = {k: round(float(logs[k]), 5) for k in ("loss", "accuracy", "val_loss", "val_accuracy")}
        self._fitter.keep({"stage": self._stage.name, "epoch": epoch + 1, **numbers})


def _loss(reduction):
    return keras.losses.CategoricalCrossentropy(
        from_logits=True, label_smoothing=SMOOTHING, reduction=reduction
    )


def _write_npz(path: Path, variables, **facts):
    part = path.with_name(f".{path.stem}.part.npz")
    np.savez(part, **{f"v{k}": keras.ops.convert_to_numpy(v) for k, v in enumerate(variables)}, **facts)
    os.replace(part, path)


def answers(model, data: Labelled, *, batch: int = 32) -> np.ndarray:
    """Logits of the validation examples, float32 `[n, classes]`."""
    return np.concatenate([np.asarray(model(x, training=False), np.float32) for x, _ in data.judged(batch)])
