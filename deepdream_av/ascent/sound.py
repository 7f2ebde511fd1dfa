"""Dreaming one piece of mono sound, as far as is wanted and no further."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from deepdream_av.ascent.loop import ascend
from deepdream_av.ascent.precondition import Precondition
from deepdream_av.ascent.rules import Std
from deepdream_av.canvases.spectrogram import Spectrogram
from deepdream_av.canvases.waveform import RATE, Waveform
from deepdream_av.errors import UsageError
from deepdream_av.recipe import Recipe
from deepdream_av.spectral import normalised
from deepdream_av.spectral.mel import DEVIATION, FLOOR
from deepdream_av.transforms.time_shift import TimeShift

PLANNED = {"sketch": 6, "normal": 12, "fine": 20}  # steps in which the wanted change is reached
FIRST_STEP = 0.01  # share of the amplitude; corrected after every step
MOST_STEP = 0.3
HEARD_FRAMES = 1.5  # how much further than the whole the frames that sound may move
SILENT = -100.0  # dBFS
QUIETEST = -40.0  # dBFS: what is softer is dreamt at this level, or the ear would hear nothing
FEWEST_SAMPLES = 2 * RATE // 5
DECIBELS = float(DEVIATION * 10 / np.log(10))


@dataclass(frozen=True)
class Dreamt:
    """A mono piece after its dream.

    Attributes:
        samples: float32 `[samples]`.
        change_db: how far its log-mel spectrum moved.
        scores: the objective before each step; empty if nothing was dreamt.
        interrupted: whether Ctrl-C ended it early.
    """

    samples: np.ndarray
    change_db: float = 0.0
    scores: tuple[float, ...] = ()
    interrupted: bool = False


class SoundDreamer:
    """Dreams mono pieces at 22.05 kHz with one ear and one objective; compiled once for all lengths.

    Args:
        recipe: its fields on sound, `seed`, `strength` and `speed` count.
    """

    def __init__(self, recipe: Recipe):
        from deepdream_av.backbones import load_backbone
        from deepdream_av.objectives import Wanted

        self.recipe = recipe
        ear = load_backbone(recipe.ear)
        if ear.kind != "sound":
            raise UsageError(
                f"`ear` must listen to log-mels. Received: {recipe.ear!r}, which looks at pictures."
            )
        self.ear = ear
        self.asked = Wanted(ear, recipe.ear_layers, recipe.ear_classes)
        self.objective = self.asked.objective
        self.wanted = recipe.sound_change * recipe.strength
        self.transforms = (TimeShift(),)

    def __call__(self, samples: np.ndarray, *, on_step: Callable[[float], None] | None = None) -> Dreamt:
        """Dream until the wanted change or the last step.

        Args:
            samples: float32 `[samples]` at 22.05 kHz.
            on_step: called with the share that is done, 0 to 1.
        """
        samples = np.asarray(samples, np.float32)
        level = 20 * np.log10(np.sqrt(np.mean(np.square(samples, dtype=np.float64))) + 1e-12)
        if level < SILENT:
            return Dreamt(samples)
        gain = np.float32(10 ** (max(QUIETEST - level, 0.0) / 20))
        padded = np.pad(samples * gain, (0, max(FEWEST_SAMPLES - len(samples), 0)))
        canvas, rule = (
            (Waveform(padded), Precondition(Waveform.grid))
            if self.recipe.sound == "wave"
            else (Spectrogram(padded), Std())
        )
        result = self._ascend(canvas, rule, on_step)
        dream = canvas.array() if result.scores else padded
        return dataclasses.replace(result, samples=dream[: len(samples)] / gain)

    def _ascend(self, canvas, rule, on_step) -> Dreamt:
        """Steps of one size in decibels: what a step changed sets the length of the next one."""
        recipe = self.recipe
        planned = min(PLANNED[recipe.speed], recipe.sound_steps)
        size, change, scores = FIRST_STEP, 0.0, ()
        dream = ascend(
            canvas,
            self.ear,
            self.objective,
            transforms=self.transforms,
            rule=rule,
            steps=recipe.sound_steps,
            step_size=lambda: size,
            seed=recipe.seed,
            every=1,
        )
        try:
            for step in dream:
                scores = step.scores
                before, change = (
                    change,
                    float(moved(canvas.heard(canvas.given[0]), canvas.heard(canvas.state))),
                )
                if on_step:
                    on_step(min(max(change / self.wanted, step.done), 1.0))
                if change >= self.wanted:
                    break
                goal = self.wanted * min((step.step + 1) / planned, 1.02)
                size *= float(np.clip((goal - change) / max(change - before, 1e-3), 0.25, 4.0))
                size = min(size, MOST_STEP)
        except KeyboardInterrupt:
            return Dreamt(None, change, scores, interrupted=True)
        return Dreamt(None, change, scores)


@tf.function(input_signature=[tf.TensorSpec([None, 128]), tf.TensorSpec([None, 128])])
def moved(source, dream):
    """How far a log-mel picture moved, in dB: its root mean square, or that of the frames that sound over 1.5.

    The second one keeps a short sound within a long silence from being dreamt without end.
    """
    square = tf.reduce_mean(tf.square(source - dream), 1) * DECIBELS**2
    sounds = tf.cast(tf.reduce_max(source, 1) > normalised(tf.constant(9 * FLOOR)), tf.float32)
    heard = tf.reduce_sum(square * sounds) / tf.maximum(tf.reduce_sum(sounds), 1.0)
    return tf.sqrt(tf.maximum(tf.reduce_mean(square), heard / HEARD_FRAMES**2))
