"""Dreaming one piece of mono sound, as far as is wanted and no further."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf

from deepdream_av.ascent.loop import ascend
from deepdream_av.ascent.precondition import Precondition
from deepdream_av.ascent.rules import Std
from deepdream_av.canvases.spectrogram import Spectrogram
from deepdream_av.canvases.waveform import RATE, Waveform
from deepdream_av.errors import UsageError
from deepdream_av.media.metadata import PICTURES
from deepdream_av.objectives.objective import wanting
from deepdream_av.objectives.regions import Region
from deepdream_av.objectives.wanted import Wanted, Wishes
from deepdream_av.recipe import Recipe
from deepdream_av.spectral import frame_count, normalised
from deepdream_av.spectral.mel import DEVIATION, FLOOR
from deepdream_av.transforms import PitchMask, Tempo, TimeMask, TimeShift

PLANNED = {"sketch": 6, "normal": 12, "fine": 20}  # steps in which the wanted change is reached
FIRST_STEP = 0.01  # share of the amplitude; corrected after every step
MOST_STEP = 0.3
HEARD_FRAMES = 1.5  # how much further than the whole the frames that sound may move
SILENT = -100.0  # dBFS
QUIETEST = -40.0  # dBFS: what is softer is dreamt at this level, or the ear would hear nothing
FEWEST_SAMPLES = 2 * RATE // 5
FEWEST_FRAMES = 32
TEMPO = 1.4  # ratio of two speeds
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

        self.recipe = recipe
        self.region = Region.of(recipe.times, recipe.band)
        ear = load_backbone(recipe.ear)
        if ear.kind != "sound":
            raise UsageError(
                f"`ear` must listen to log-mels. Received: {recipe.ear!r}, which looks at pictures."
            )
        self.ear = ear
        plain = [pair for pair in recipe.ear_layers if "=" not in pair[0]]
        wishes = Wishes(
            balance="own" if kept(recipe) else recipe.balance,
            guides=[pair for pair in recipe.guides if not is_picture(pair[0])],
            guide_match=recipe.guide_match,
            terms=[pair for pair in recipe.ear_layers if "=" in pair[0]],
            keep=kept(recipe),
        )
        self.asked = Wanted(ear, plain, recipe.ear_classes, wishes=wishes)
        self.objective = self.asked.objective
        self.parts = {name: Region.parse(name) for name in self.objective.masks}
        self.wanted = recipe.sound_change * recipe.strength
        self.transforms = (TimeShift(), *((TimeMask(recipe.masking), PitchMask(recipe.masking)) if recipe.masking else ()))
        self._signals = None

    def couple(self, gated, signals: Callable, *, weight: float) -> None:
        """From now on dream sets of channels as well, as far as the pictures open them.

        Args:
            gated: an `objectives.Gated`.
            signals: called as `signals(start, seconds, rows)` for each piece, see `Coupling.sound_signals`.
            weight: beside that of the layers.
        """
        self.objective = dataclasses.replace(self.objective + weight * wanting(gated), balance=self.objective.balance)
        self._signals = signals

    def __call__(
        self, samples: np.ndarray, *, on_step: Callable[[float], None] | None = None, start: float = 0.0
    ) -> Dreamt:
        """Dream until the wanted change or the last step.

        Args:
            samples: float32 `[samples]` at 22.05 kHz.
            on_step: called with the share that is done, 0 to 1.
            start: second of the whole sound at which this piece begins.
        """
        if not self.wants(start, start + len(samples) / RATE):
            return Dreamt(samples)
        samples = np.asarray(samples, np.float32)
        level = 20 * np.log10(np.sqrt(np.mean(np.square(samples, dtype=np.float64))) + 1e-12)
        if level < SILENT:
            return Dreamt(samples)
        gain = np.float32(10 ** (max(QUIETEST - level, 0.0) / 20))
        padded = np.pad(samples * gain, (0, max(FEWEST_SAMPLES - len(samples), 0)))
        grid = Waveform.grid
        at = dict(frames=frame_count(len(padded), grid.hop), per_second=grid.frames_per_second, start=start)
        where = self.region.mask(**at)
        canvas, rule = (
            (Waveform(padded, where), Precondition(grid))
            if self.recipe.sound == "wave"
            else (Spectrogram(padded, where), Std())
        )
        masks = {name: part.mask(**at) for name, part in self.parts.items()}
        seconds = len(padded) / RATE
        signals = self._signals(start, seconds, at["frames"]) if self._signals else None
        result = self._ascend(canvas, rule, on_step, masks, signals)
        dream = canvas.array() if result.scores else padded
        return dataclasses.replace(result, samples=dream[: len(samples)] / gain)

    def wants(self, start: float, end: float) -> bool:
        """Whether anything is to be dreamt between two seconds of the sound."""
        parts = [self.parts.get(getattr(term, "mask", None)) for term, weight in self.objective.terms if weight > 0]
        return self.region.within(start, end) and any(p is None or p.within(start, end) for p in parts)

    def _reach(self, masks) -> np.ndarray:
        """Where any term that raises something may change the sound."""
        found = [masks.get(getattr(term, "mask", None)) for term, weight in self.objective.terms if weight > 0]
        return np.float32(1.0) if any(x is None for x in found) else np.max(found, 0)

    def _ascend(self, canvas, rule, on_step, masks, signals) -> Dreamt:
        """From the fastest tempo to the sound's own; each gets an even share of the wanted change."""
        where = canvas.given[-1] if not masks else canvas.given[-1] * self._reach(masks)
        pace, tempos = _Pace(self.wanted), tempos_of(self.recipe.tempos, canvas.size[0])
        steps = max(1, self.recipe.sound_steps // len(tempos))
        pace.planned = max(1, min(PLANNED[self.recipe.speed], self.recipe.sound_steps) // len(tempos))
        scores: tuple[float, ...] = ()
        try:
            for number, tempo in enumerate(tempos):
                dream = ascend(
                    canvas,
                    self.ear,
                    self.objective,
                    transforms=((Tempo(tempo),) if tempo > 1 else ()) + self.transforms,
                    rule=rule,
                    steps=steps,
                    step_size=lambda: pace.size,
                    seed=self.recipe.seed,
                    every=1,
                    masks=masks,
                    signals=signals,
                )
                for step in dream:
                    scores = step.scores  # those of the sound's own tempo in the end
                    pace.goes_on(
                        float(moved(canvas.kept, canvas.heard(canvas.state), where)),
                        ahead=(number + min((step.step + 1) / pace.planned, 1.02)) / len(tempos),
                    )
                    if on_step:
                        on_step(min(max(pace.change / self.wanted, (number + step.done) / len(tempos)), 1.0))
                    if pace.change >= self.wanted * (number + 1) / len(tempos):
                        break
        except KeyboardInterrupt:
            return Dreamt(None, pace.change, scores, interrupted=True)
        return Dreamt(None, pace.change, scores)


class _Pace:
    """Steps of one size in decibels: what a step changed sets the length of the next one."""

    def __init__(self, wanted: float):
        self.wanted, self.size, self.change, self.planned = wanted, FIRST_STEP, 0.0, 1

    def goes_on(self, change: float, ahead: float):
        """After a step, to reach a share of what is wanted with the next one."""
        made, self.change = change - self.change, change
        self.size *= float(np.clip((self.wanted * ahead - change) / max(made, 1e-3), 0.25, 4.0))
        self.size = min(self.size, MOST_STEP)


def tempos_of(count: int, frames: int) -> list[float]:
    """Factors from the fastest to 1, without those at which an ear would hear too little."""
    return [f for f in (TEMPO**k for k in reversed(range(count))) if frames / f >= FEWEST_FRAMES or f == 1]


@tf.function(input_signature=[tf.TensorSpec([None, 128])] * 3)
def moved(source, dream, where):
    """How far a log-mel picture moved, in dB: its root mean square, or that of the frames that sound over 1.5.

    The second one keeps a short sound within a long silence from being dreamt without end.

    Args:
        source, dream: float32 `[frames, 128]`.
        where: float32 of the same shape in [0, 1], how much each cell counts.
    """
    square = tf.reduce_sum(where * tf.square(source - dream), 1) * DECIBELS**2
    counts = tf.reduce_sum(where, 1)
    sounds = tf.cast(tf.reduce_max(source, 1) > normalised(tf.constant(9 * FLOOR)), tf.float32)
    heard = tf.reduce_sum(square * sounds) / tf.maximum(tf.reduce_sum(counts * sounds), 1.0)
    mean = tf.reduce_sum(square) / tf.maximum(tf.reduce_sum(counts), 1.0)
    return tf.sqrt(tf.maximum(mean, heard / HEARD_FRAMES**2))


def kept(recipe) -> tuple[tuple[str, float], ...]:
    """What of the sound stays, without what has no weight; of what is dreamt from noise there is nothing to keep."""
    return tuple(pair for pair in recipe.keep if pair[1] > 0) if recipe.sound != "noise" else ()


def is_picture(name: str) -> bool:
    """Whether a guide is for the eyes, by its suffix."""
    return Path(name.partition("@")[0]).suffix.lower() in PICTURES
