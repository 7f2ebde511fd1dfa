"""Dreaming a sound out of nothing: first what is heard, then a sound that is heard so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import tensorflow as tf

from deepdream_av.ascent.loop import ascend
from deepdream_av.ascent.rules import Natural
from deepdream_av.ascent.sound import FEWEST_SAMPLES, SILENT, Dreamt, SoundDreamer, tempos_of
from deepdream_av.canvases.imagined import Imagined
from deepdream_av.spectral import frame_count, log_mel
from deepdream_av.spectral.resynthesis import resynthesised
from deepdream_av.transforms import Tempo, TimeShift

STEPS = {"sketch": 16, "normal": 32, "fine": 64}
STEP = 0.06  # root mean square of one, in units of the canvas
SHIFT = 32  # frames
FRAMES = 128  # of the noise that is repeated, so that its grain does not depend on the length
IMAGINED = 0.9  # share of the time that goes into it; the rest into finding the sound


@dataclass(frozen=True)
class Drawn:
    """The rule that draws forms, for a picture without colours."""

    rule: Natural = field(default_factory=Natural)

    def __call__(self, gradient, state, given=()):
        return tf.ensure_shape(self.rule(gradient[..., None], None)[..., 0], state.shape)


class Imagining(SoundDreamer):
    """Dreams mono pieces at 22.05 kHz from noise; of a source only its mean spectrum is left.

    The log-mel picture of an ear is dreamt as a picture is, around the mean spectrum; time is rolled at random, pitch is
    not. The sound that looks so is found by `resynthesised`.

    Args:
        recipe: its fields on sound, `seed`, `strength` and `speed` count.
    """

    def __call__(
        self, samples: np.ndarray, *, on_step: Callable[[float], None] | None = None, start: float = 0.0
    ) -> Dreamt:
        """Dream as long a sound.

        Args:
            samples: float32 `[samples]` at 22.05 kHz.
            on_step: called with the share that is done, 0 to 1.
            start: second of the whole sound at which this piece begins.
        """
        samples = np.asarray(samples, np.float32)
        if np.abs(samples).max(initial=0) < 10 ** (SILENT / 20):
            return Dreamt(samples)
        length, grid = max(len(samples), FEWEST_SAMPLES), Imagined.grid
        frames = frame_count(length, grid.hop)
        at = dict(frames=frames, per_second=grid.frames_per_second, start=start)
        masks = {name: part.mask(**at) for name, part in self.parts.items()}
        canvas = Imagined(self._noise(frames, start), self._usual(samples), self.region.mask(**at))
        signals = self._signals(start, length / 22050, frames) if self._signals else None
        scores, interrupted = (), False
        tempos = tempos_of(self.recipe.tempos, frames)
        try:
            for number, tempo in enumerate(tempos):
                for step in ascend(
                    canvas,
                    self.ear,
                    self.objective,
                    transforms=(*((Tempo(tempo),) if tempo > 1 else ()), TimeShift(SHIFT), *self.transforms[1:]),
                    rule=Drawn(),
                    steps=max(1, STEPS[self.recipe.speed] // len(tempos)),
                    step_size=STEP * min(self.recipe.strength, 2.0),
                    seed=self.recipe.seed,
                    every=4,
                    masks=masks,
                    signals=signals,
                ):
                    scores = step.scores
                    if on_step:
                        on_step(IMAGINED * (number + step.done) / len(tempos))
        except KeyboardInterrupt:
            interrupted = True
        sound = resynthesised(canvas.array(), grid, length=length, seed=self.recipe.seed)
        return Dreamt(sound[: len(samples)], 0.0, scores, interrupted)

    def _noise(self, frames: int, start: float) -> np.ndarray:
        from deepdream_av.media.example_noise import fractal

        rng = np.random.default_rng([self.recipe.seed, max(round(1000 * start), 0)])
        tiles = [fractal(rng, (128, FRAMES), slope=1.0).T for _ in range(-(-frames // FRAMES))]
        return np.concatenate(tiles)[:frames]

    @staticmethod
    def _usual(samples) -> np.ndarray:
        """The source's mean spectrum, at a level at which the ear is at home."""
        heard = log_mel(samples, Imagined.grid).numpy()
        usual = heard[heard.max(1) > heard.max() - 2.0].mean(0)
        return usual - usual.mean()
