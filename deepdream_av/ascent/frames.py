"""Short ascents on the frames of a film: one whole dream at a cut, a few steps on every frame after it."""

from __future__ import annotations

import dataclasses

import numpy as np

from deepdream_av.ascent.pictures import PictureDreamer, framed, levelled
from deepdream_av.ascent.sound import is_picture
from deepdream_av.objectives import wanting
from deepdream_av.recipe import Recipe

LOUDEST = 2.1  # times the loudness of a picture's dream, at most
GOAL = 3.4  # how far the dreamt layers shall rise above the source's, at strength 1
_VOICE = 0.6  # loudness of a voice, beside that of the main dream
_VOICE_STEPS = 0.5  # times the steps with which a voice begins
_SETTLING = 6  # times the steps of a following frame that the first frame of a shot gets on top
_LOOK_EVERY = 6  # frames between two looks at how far the layers have risen


class FrameDreamer:
    """Dreams on frames of one size; see `temporal.carry.DreamsFrames`.

    The jitter is drawn once and used for every frame of every shot: what differs between two frames is
    the film and not the dice.

    Args:
        recipe: how to dream.
    """

    def __init__(self, recipe: Recipe):
        seen = tuple(guide for guide in recipe.guides if is_picture(guide[0]))  # the others are for the ear
        self.recipe, self._pictures = recipe, PictureDreamer(recipe.replace(guides=seen))
        self._target = self._usual = recipe.loudness * recipe.strength
        self._since = 0
        self._gated = self._solo = None
        self._centres = np.zeros(0, np.float32)
        self.voices = 0

    @property
    def backbone(self):
        """The network that looks."""
        return self._pictures.backbone

    @property
    def layers(self) -> tuple[tuple[str, float], ...]:
        """The dreamt layers with their weights; none if only classes are dreamt."""
        return self._pictures.wanted.layers

    def couple(self, gated, *, weight: float, voices: int = 0) -> None:
        """From now on dream sets of channels as well, as the sound asks for them.

        Args:
            gated: an `objectives.Gated`; what is asked of a frame then has `gates` and `wanted`, a number for each set.
            weight: beside that of the layers.
            voices: how many of its sets, from the last on, are dreamt on their own too; see `CarriedDream`.
        """
        self._gated, self.voices = gated, voices
        self._pictures.also(weight * wanting(gated))
        self._solo = self._pictures.wanting_only(wanting(dataclasses.replace(gated, holds=())))

    @property
    def toned(self):
        """Lays a dream over a frame: `toned(picture, delta)`."""
        return self._pictures.canvas.toned

    def begin(self, frame: np.ndarray, asked=None) -> np.ndarray:
        """The dream of a first frame, octave by octave, as a difference to it."""
        wide, inside = framed(frame)
        self._target = self._usual  # a shot is dreamt as if there were no other
        self._centres = self._presence(wide)
        for step in self._pictures.dream(wide, every=64, inside=inside, signals=self._signals(asked)):
            dream = step.canvas
        delta = levelled(dream.delta(), self._target)
        for _ in range(_SETTLING):
            self._recentre(wide, delta, speed=0.7)
            delta = self._short(wide, self.recipe.memory * delta, inside, asked)
            self._balance(wide, delta, speed=0.8)
        self._since = 0
        return np.ascontiguousarray(delta[inside])

    def follow(self, frame: np.ndarray, delta: np.ndarray, asked=None) -> np.ndarray:
        """A few steps at full size; just long enough to replace what memory let go."""
        (wide, inside), (delta, _) = framed(frame), framed(delta)
        delta = self._short(wide, delta, inside, asked)
        self._since += 1
        if self._since >= _LOOK_EVERY:
            self._since = 0
            self._recentre(wide, delta, speed=0.1)
            self._balance(wide, delta, speed=0.3)
        return np.ascontiguousarray(delta[inside])

    def state(self) -> dict[str, np.ndarray]:
        """All that the next frame depends on beside the dream of the last one."""
        return {"target": np.array(self._target), "since": np.array(self._since), "centres": self._centres}

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Go on from a `state()` of the same film."""
        self._target, self._since = float(state["target"]), int(state["since"])
        self._centres = np.asarray(state["centres"], np.float32)

    def activations(self, frame: np.ndarray) -> np.ndarray:
        """Mean squared activation of every dreamt layer."""
        return self._pictures.activations(framed(frame)[0])

    def begin_voice(self, frame: np.ndarray, number: int) -> np.ndarray:
        """What one set of channels alone makes of the first frame of a shot."""
        wide, inside = framed(frame)
        for step in self._solo.dream(wide, every=64, inside=inside, longer=_VOICE_STEPS, signals=self._one(number)):
            dream = step.canvas
        return np.ascontiguousarray(levelled(dream.delta(), _VOICE * self._usual)[inside])

    def follow_voice(self, frame: np.ndarray, delta: np.ndarray, number: int) -> np.ndarray:
        """The same after a few more steps."""
        (wide, inside), (delta, _) = framed(frame), framed(delta)
        kept, count = self.recipe.memory**self.voices, self.recipe.frame_steps
        step = max(1.6 * (1 - kept) * _VOICE * self._usual / count, 1e-4)
        signals = self._one(number)
        delta = self._solo.follow(wide, delta, steps=count, step_size=step, inside=inside, signals=signals)
        delta = levelled(self._solo.within(delta, inside), _VOICE * self._usual)
        return np.ascontiguousarray(delta[inside])

    def _one(self, number: int) -> np.ndarray:
        """Signals under which one voice alone is open."""
        count = max(self._gated.sets) + 1
        return np.eye(count, dtype=np.float32)[[count - self.voices + number]]

    def _short(self, frame: np.ndarray, delta: np.ndarray, inside, asked) -> np.ndarray:
        count, push = self.recipe.frame_steps, 1.0 if asked is None else asked.push
        step = max(1.6 * push * (1 - self.recipe.memory) * self._target / count, 1e-4)
        dreamt = self._pictures.follow(
            frame, delta, steps=count, step_size=step, inside=inside, signals=self._signals(asked)
        )
        return levelled(self._pictures.within(dreamt, inside), self._target)

    def _signals(self, asked):
        """What a gated term is told: how far each set is open, and how much of it there shall be."""
        if self._gated is None:
            return None
        gates, wanted = np.zeros([2, len(self._centres)]) if asked is None else (asked.gates, asked.wanted)
        return np.concatenate([gates, self._centres + wanted])[None].astype(np.float32)

    def _recentre(self, frame: np.ndarray, delta: np.ndarray, *, speed: float) -> None:
        """How much of each set there is in this dream; what is wanted is more or less than that."""
        if self._gated is not None and self._gated.holds:
            self._centres += np.float32(speed) * (self._presence(self.toned(frame, delta)) - self._centres)

    def _presence(self, frame: np.ndarray) -> np.ndarray:
        return self._pictures.presence(self._gated, frame) if self._gated is not None else np.zeros(0, np.float32)

    def _balance(self, frame: np.ndarray, delta: np.ndarray, *, speed: float) -> None:
        """Let the dream be louder where the film drowns it: rich pictures need more than plain ones."""
        strength, least = self.recipe.strength, self.recipe.loudness * self.recipe.strength
        if strength <= 0 or not self._pictures.wanted.layers:  # a class has no loudness of its own
            return
        before = self._pictures.activations(frame)
        if not before.max() > 1e-9:  # a black frame says nothing
            return
        after = self._pictures.activations(self.toned(frame, delta))
        gain = float((after / np.maximum(before, 1e-9)).min())
        wanted = self._target * ((1 + (GOAL - 1) * strength) / max(gain, 1e-3)) ** speed
        self._target = float(np.clip(wanted, least, LOUDEST * least))
