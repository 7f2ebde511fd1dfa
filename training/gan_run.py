"""The course of a training: batches, checkpoints, the log and the sheets; it goes on where it was killed."""

from __future__ import annotations

import csv
import json
import os
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np

from deepdream_av.errors import UsageError
from training.gan_export import plain_generator
from training.gan_pair import Pair, Settings
from training.gan_pictures import latents, painted, write_sheet

_PACE = slice(5, 25)  # steps by which the pace is measured; the first ones compile
COLUMNS = ("step", "seconds", "discriminator", "generator", "true", "painted")


class Run:
    """A pair, the pictures it learns from, and the files it leaves.

    Args:
        data: `training.datasets.labelled.Labelled`.
        settings: the `Settings`.
        output: the files' common beginning: `OUTPUT.checkpoint.npz`, `OUTPUT.csv`, `OUTPUT.samples/`.
        steps: length of the run.
        minutes: instead of `steps`: the length is fixed by the pace of the first steps.
        mark: what makes the run another one besides the settings (data, number of pictures).

    Raises:
        UsageError: the checkpoint is of a run with other settings.
    """

    def __init__(self, data, settings: Settings, output, *, steps=0, minutes=0.0, mark=None):
        self.data, self.settings, self.minutes = data, settings, minutes
        self.output = str(output)
        self.checkpoint, self.log = Path(f"{self.output}.checkpoint.npz"), Path(f"{self.output}.csv")
        self.mark = json.dumps({**asdict(settings), **(mark or {})}, sort_keys=True)
        self.pair = Pair(settings, classes=len(data.classes), steps=steps)
        self.seconds = 0.0  # of all runs together
        self._rows: list[dict] = []

    def go(self, *, report=print, every: int = 100, save_every: int = 500, sheet_every: int = 1000) -> Pair:
        """Learns from where it stands to its end.

        Args:
            report: takes a line now and then.
            every: steps between two rows of the log.
            save_every: steps between two checkpoints.
            sheet_every: steps between two sheets of samples.
        """
        self._restore()
        pair, losses, began, times = self.pair, [], time.monotonic() - self.seconds, []
        while not pair.steps or pair.step < pair.steps:
            times.append(time.monotonic())
            losses.append(pair.update(*self.batch(pair.step)))
            self.seconds = time.monotonic() - began
            if not pair.steps and len(times) >= _PACE.stop:
                self._plan(times)
            last = pair.step == pair.steps
            if pair.step % every == 0 or last:
                self._note(losses, report)
                losses = []
            if pair.step % sheet_every == 0:
                self._sheet()
            if pair.step % save_every == 0 or last:
                self._save()
        return pair

    def batch(self, step: int):
        """Pictures and labels of a step: a function of the seed and the step alone, so that a resumed run is one."""
        count = self.settings.batch
        per_epoch = max(1, len(self.data.train_y) // count)
        rng = np.random.default_rng([self.settings.seed, 3, step // per_epoch])
        order = rng.permutation(len(self.data.train_y))
        order = np.resize(order, per_epoch * count)  # a set smaller than a batch is repeated
        picks = order[step % per_epoch * count :][:count]
        by_place = np.argsort(picks)  # a memory map is read in its own order
        x = np.empty([count, *self.data.train_x.shape[1:]], np.uint8)
        x[by_place] = self.data.train_x[picks[by_place]]
        return x, np.asarray(self.data.train_y)[picks]

    def _plan(self, times):
        pace = (times[_PACE.stop - 1] - times[_PACE.start]) / (_PACE.stop - 1 - _PACE.start)
        self.pair.steps = max(self.pair.step + 1, round(60 * self.minutes / pace))

    def _note(self, losses, report):
        pair = self.pair
        row = {"step": pair.step, "seconds": round(self.seconds, 1)}
        row |= {k: round(float(np.mean([x[k] for x in losses])), 4) for k in losses[0]}
        self._rows.append(row)
        new = not self.log.exists()
        with open(self.log, "a", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS)
            if new:
                writer.writeheader()
            writer.writerow(row)
        left = self.seconds / pair.step * (pair.steps - pair.step) / 60
        report(f"step {pair.step}/{pair.steps or '?'}, {max(0, left):.1f} min left, "
               + " ".join(f"{k} {row[k]:.3f}" for k in COLUMNS[2:]))  # fmt: skip

    def _sheet(self):
        """Samples of the running mean, always of the same latent vectors."""
        z = latents(self.settings.seed, 64, self.settings.latent)
        folder = Path(f"{self.output}.samples")
        write_sheet(folder / f"step{self.pair.step:06d}.png", painted(plain_generator(self.pair), z))

    def _save(self):
        beside = self.checkpoint.with_name(f".{self.checkpoint.stem}.part.npz")
        np.savez(beside, mark=self.mark, rows=json.dumps(self._rows), seconds=self.seconds,
                 minutes=self.minutes, steps=self.pair.steps, step=self.pair.step, **self.pair.state())  # fmt: skip
        os.replace(beside, self.checkpoint)

    def _restore(self):
        if not self.checkpoint.exists():
            self.log.unlink(missing_ok=True)
            return
        with np.load(self.checkpoint, allow_pickle=False) as file:
            if str(file["mark"]) != self.mark:
                raise UsageError(
                    f"'{self.checkpoint}' must be of a run with these settings, {self.mark}. Received one with "
                    f"{file['mark']}. Choose another -o, or delete it."
                )
            self.pair.set_state(file)
            self.pair.step, self.seconds = int(file["step"]), float(file["seconds"])
            if self.minutes and float(file["minutes"]) == self.minutes:
                self.pair.steps = int(file["steps"])
            self._rows = json.loads(str(file["rows"]))
        part = self.log.with_name(f".{self.log.name}.part")
        with open(part, "w", newline="") as log:  # rows after the checkpoint come again
            writer = csv.DictWriter(log, COLUMNS)
            writer.writeheader()
            writer.writerows(self._rows)
        os.replace(part, self.log)
