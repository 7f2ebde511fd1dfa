"""Giving one piece of mono sound the style of others, on its own waveform."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np
import tensorflow as tf

from deepdream_av.ascent.curvature import climb_curved
from deepdream_av.ascent.sound import FEWEST_SAMPLES, SILENT, Dreamt
from deepdream_av.backbones.listening import GRID, RANDOM, Listening
from deepdream_av.canvases.scaled_spectrum import ScaledSpectrum
from deepdream_av.errors import InputError, UsageError
from deepdream_av.objectives.keeping import Onsets
from deepdream_av.objectives.objective import Objective
from deepdream_av.objectives.style import Content
from deepdream_av.objectives.time_gram import TimeGram
from deepdream_av.recipe import Recipe
from deepdream_av.spectral import stft

LEVEL = 0.1  # root mean square at which everything is heard
LAYERS = ((RANDOM, 1.0),)
FILTERS = {"sketch": 512, "normal": 1024, "fine": 4096}
STEPS = {"sketch": 1.0, "normal": 2.5, "fine": 5.0}  # for each of the recipe's
CONTENT = 0.4  # what a `content_weight` of 1 is beside the style
RHYTHM = 0.005
LONGEST_SECONDS = 20.0  # of a style that are listened to


@dataclass(frozen=True, eq=False)
class Texture:
    """A recording whose style is wanted.

    Attributes:
        samples: float32 `[samples]` at 22.05 kHz.
        weight: its share beside other ones.
        name: for messages.
    """

    samples: np.ndarray = field(repr=False)
    weight: float = 1.0
    name: str = "the style"


class SoundStyler:
    """Gives mono pieces at 22.05 kHz the style of some recordings; compiled once for all lengths.

    Args:
        recipe: its fields on style, `ear`, `seed`, `strength` and `speed` count.
        textures: at least one.

    Raises:
        UsageError: no style, weights that sum to nothing, or a layer that there is not.
        InputError: a style that is silent or too short.
    """

    def __init__(self, recipe: Recipe, textures: Iterable[Texture]):
        from deepdream_av.backbones import load_backbone

        self.recipe, self.textures = recipe, _checked(textures)
        ear = load_backbone(recipe.ear)
        if ear.kind != "sound":
            raise UsageError(f"`ear` must listen to log-mels. Received: {recipe.ear!r}, which looks at pictures.")
        self.listening = Listening(ear, filters=recipe.style_filters or FILTERS[recipe.speed], seed=recipe.seed)
        pairs = [(self.listening.layer_name(n), w) for n, w in recipe.style_layers or LAYERS]
        whole = sum(weight for _, weight in pairs)
        if not whole > 0:
            raise UsageError(f"`style_layers` must have weights with a sum above 0. Received: {whole:g}.")
        self.styles = [TimeGram(name, self.listening.width(name)) for name, _ in pairs]
        self.contents = [Content(RANDOM, self.listening.filters)]
        terms = [(term, w / whole) for term, (_, w) in zip(self.styles, pairs)]
        weight = CONTENT * recipe.content_weight / max(recipe.strength, 1e-3) ** 2
        terms += [(term, weight) for term in self.contents if weight]
        if recipe.rhythm:
            terms.append((Onsets("mel", "source"), -RHYTHM * recipe.rhythm))
        self.objective = Objective(tuple(terms))
        self.layers = pairs
        self._aim()

    def _aim(self):
        """Take the styles' statistics, and the power that is usual in them."""
        names = tuple(dict.fromkeys(term.layer for term in (*self.styles, *self.contents)))
        self._look = tf.function(self.listening.truncated(names), input_signature=[tf.TensorSpec([1, None])])
        heard = [(self._look(t.samples[None]), t.weight) for t in self.textures]
        for term in self.styles:
            term.aim([(seen[term.layer].numpy(), weight) for seen, weight in heard])
        total = sum(t.weight for t in self.textures)
        powers = [(np.abs(stft(t.samples, GRID).numpy()) ** 2).mean(0) * t.weight / total for t in self.textures]
        self._power = np.sum(powers, 0)

    def distances(self, samples) -> list[float]:
        """Relative distance of each Gram matrix from the style's, of float `[samples]` at 22.05 kHz of any level.

        Loudness is no part of a style: it is measured at the gain at which the two are nearest.
        """
        samples = _levelled(samples)[0]

        def at(decibels):
            seen = self._look(samples[None] * np.float32(10 ** (decibels / 20)))
            return [float(term.distance(seen[term.layer])) for term in self.styles]

        best = min(range(-9, 22, 3), key=lambda x: sum(at(x)))
        return at(min((best + x for x in (-2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2)), key=lambda x: sum(at(x))))

    def told(self) -> dict:
        """What a report says of it."""
        return {
            "styles": [[t.name, t.weight] for t in self.textures],
            "style_layers": [list(pair) for pair in self.layers],
            "filters": self.listening.filters,
        }

    def __call__(
        self, samples: np.ndarray, *, on_step: Callable[[float], None] | None = None, start: float = 0.0
    ) -> Dreamt:
        """Optimise one piece.

        Args:
            samples: float32 `[samples]` at 22.05 kHz.
            on_step: called with the share that is done, 0 to 1.
            start: of no use here: a style comes at any time.
        """
        samples = np.asarray(samples, np.float32)
        if 10 * np.log10(np.mean(np.square(samples, dtype=np.float64)) + 1e-30) < SILENT or not self.recipe.strength:
            return Dreamt(samples)
        wanted, gain = _levelled(np.pad(samples, (0, max(FEWEST_SAMPLES - len(samples), 0))))
        canvas = ScaledSpectrum(wanted, self._power)
        self.listening.aim(wanted)
        seen = self._look(wanted[None])
        for term in self.contents:
            term.aim(seen[term.layer])
        steps, scores, interrupted = max(1, round(self.recipe.style_steps * STEPS[self.recipe.speed])), (), False
        try:
            for step in climb_curved(canvas, self.listening, self.objective, steps=steps, every=10):
                scores = step.scores
                if on_step:
                    on_step(step.done)
        except KeyboardInterrupt:
            interrupted = True
        return Dreamt(canvas.array()[: len(samples)] / gain, 0.0, scores, interrupted)


def _levelled(samples) -> tuple[np.ndarray, np.float32]:
    samples = np.asarray(samples, np.float32)
    gain = np.float32(LEVEL / np.sqrt(np.mean(np.square(samples, dtype=np.float64)) + 1e-20))
    return samples * gain, gain


def _checked(textures: Iterable[Texture]) -> list[Texture]:
    """The styles that count, at one level."""
    found = list(textures)
    if not found:
        raise UsageError("`styles` must name at least one sound. Received: none.")
    for t in found:
        if not t.weight >= 0:
            raise UsageError(f"`styles` must have weights of 0 or more. Received: {t.weight} for {t.name}.")
        if len(t.samples) < FEWEST_SAMPLES:
            raise InputError(
                f"A style must last at least {FEWEST_SAMPLES / 22050:g} s. "
                f"Received: {len(t.samples) / 22050:.2f} s, {t.name}."
            )
        if np.abs(t.samples).max() < 1e-5:
            raise InputError(f"A style must be heard. Received: {t.name}, which is silent.")
    if not any(t.weight for t in found):
        raise UsageError("`styles` must have weights whose sum is not 0. Received: 0.")
    return [Texture(_levelled(t.samples)[0], t.weight, t.name) for t in found if t.weight]


def read_texture(name: str, weight: float) -> Texture:
    """A style of a recipe, as the ear hears it.

    Raises:
        InputError: not a sound.
    """
    from deepdream_av.media.audio import read_audio

    sound = read_audio(name, duration=LONGEST_SECONDS)
    return texture(sound.samples, sound.rate, weight, name)


def texture(samples, rate: int, weight: float, name: str) -> Texture:
    """A style from float `[samples, channels]` at any rate, as the ear hears it."""
    from deepdream_av.ascent.long_sound import EAR_RATE, downmix, resampled
    from deepdream_av.media.audio import checked_samples

    samples = checked_samples(samples, rate)[0][: round(LONGEST_SECONDS * rate)]
    middle = samples @ downmix(samples.T.astype(np.float64) @ samples)
    return Texture(resampled(middle, rate, EAR_RATE), weight, name)
