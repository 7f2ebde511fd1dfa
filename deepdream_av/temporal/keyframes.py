"""A film whose dream changes on its way: what is dreamt, and how strongly, at which time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from deepdream_av.errors import UsageError
from deepdream_av.fields import keyframe
from deepdream_av.recipe import Recipe

_LEAST = 1e-3  # strength that a film is dreamt with at least; less would never be seen at any other time


class Keyframes:
    """The keyframes of a recipe along time.

    The strength goes evenly from one to the next, and begins with the recipe's own. A look, or layers, hold from their
    time on; as the dream is carried, one grows out of the other within a second.

    Args:
        recipe: its `keyframes` count, in seconds from the beginning of what is dreamt.

    Attributes:
        base: the recipe without keyframes, at the largest strength of all.

    Raises:
        UsageError: an unknown look, or one with another network.

    >>> way = Keyframes(Recipe(keyframes=("0:strength=0.5", "2:strength=1", "3:look=owls")))
    >>> way.share(1.0), way.at(2.9).look, way.at(3.0).look
    (0.75, 'eyes', 'owls')
    """

    def __init__(self, recipe: Recipe):
        found = [keyframe(text) for text in recipe.keyframes]
        curve = [(time, float(given["strength"])) for time, given in found if "strength" in given]
        if curve and curve[0][0] > 0:
            curve.insert(0, (0.0, recipe.strength))
        self._times, strengths = np.array(curve or [(0.0, recipe.strength)]).T
        most = max(float(strengths.max()), _LEAST) if curve else recipe.strength
        self._shares = strengths / most if curve else np.ones(1)
        self.base = recipe.replace(keyframes=(), strength=most)
        self._turns = list(self._along(found))

    def _along(self, found) -> Iterator[tuple[float, Recipe]]:
        recipe = self.base
        yield -np.inf, recipe
        for time, given in found:
            if "look" in given:
                recipe = with_look(recipe, given["look"])
            if "layers" in given:
                recipe = recipe.replace(layers=given["layers"], classes=())
            if recipe.backbone != self.base.backbone:
                raise UsageError(
                    f"A keyframe cannot change the network. Received: the look {given['look']!r}, which dreams with "
                    f"{recipe.backbone} and not {self.base.backbone}."
                )
            if recipe.styles and recipe != self.base:
                raise UsageError(
                    f"Keyframes of a film that is painted can change its strength alone. Received: {sorted(given)[0]}."
                )
            if "look" in given or "layers" in given:
                yield time, recipe

    @property
    def recipes(self) -> list[Recipe]:
        """All that is dreamt on the way, without strengths, each once."""
        return list(dict.fromkeys(recipe for _, recipe in self._turns))

    def at(self, time: float) -> Recipe:
        """What is dreamt at a time in seconds."""
        return [recipe for begin, recipe in self._turns if begin <= time][-1]

    def share(self, time: float) -> float:
        """How much of the dream is shown at a time in seconds, 0 to 1."""
        return float(np.interp(time, self._times, self._shares))


def with_look(recipe: Recipe, name: str) -> Recipe:
    """A recipe with another look, in which all stays that neither look has an opinion on.

    >>> with_look(Recipe.from_look("weave", seed=3), "eyes") == Recipe.from_look("eyes", seed=3)
    True
    """
    plain, old, new = Recipe(), Recipe.from_look(recipe.look), Recipe.from_look(name)
    named = [n for n in vars(plain) if getattr(plain, n) != getattr(old, n) or getattr(plain, n) != getattr(new, n)]
    return recipe.replace(**{n: getattr(new, n) for n in named if n not in ("look", "strength")}, look=name)


class DirectedDreamer:
    """Several dreamers, of whom each has its time; see `temporal.carry.DreamsFrames`.

    Args:
        way: the keyframes.
        dreamer: called with a recipe for who dreams it.
    """

    def __init__(self, way: Keyframes, dreamer):
        self._way, self._all = way, {recipe: dreamer(recipe) for recipe in way.recipes}
        self._now = self._main = self._all[way.base]

    def __getattr__(self, name):
        if name in ("backbone", "layers", "voices", "toned", "begin_voice", "follow_voice", "activations"):
            return getattr(self._main if name in ("backbone", "layers") else self._now, name)
        raise AttributeError(name)

    def couple(self, gated, *, weight: float, voices: int = 0) -> None:
        """From now on dream sets of channels as well; see `ascent.frames.FrameDreamer`."""
        for dreamer in self._all.values():
            dreamer.couple(gated, weight=weight, voices=voices)

    def begin(self, frame: np.ndarray, asked=None) -> np.ndarray:
        """The whole dream of the first frame of a shot."""
        self._turn(asked)
        return self._now.begin(frame, asked)

    def follow(self, frame: np.ndarray, delta: np.ndarray, asked=None) -> np.ndarray:
        """A few steps of who has the time of this frame."""
        self._turn(asked)
        return self._now.follow(frame, delta, asked)

    def _turn(self, asked) -> None:
        before, self._now = self._now, self._all[self._way.at(asked.time)]
        if self._now is not before:
            self._now.restore(before.state())

    def state(self) -> dict[str, np.ndarray]:
        """All that the next frame depends on beside the dream of the last one."""
        return {**self._now.state(), "turn": np.array(list(self._all.values()).index(self._now))}

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Go on from a `state()` of the same film."""
        self._now = list(self._all.values())[int(state["turn"])]
        self._now.restore({name: x for name, x in state.items() if name != "turn"})
