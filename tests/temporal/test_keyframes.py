"""Keyframes: what is dreamt, and how strongly, follows the time and nothing else."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from deepdream_av import flags
from deepdream_av.correlate.coupling import Asked
from deepdream_av.errors import UsageError
from deepdream_av.recipe import Recipe
from deepdream_av.temporal.keyframes import DirectedDreamer, Keyframes, with_look


def test_strength_goes_evenly_from_the_recipes_own_to_what_is_asked():
    way = Keyframes(Recipe(strength=0.5, keyframes=("4:strength=2", "6:strength=0")))
    assert way.base.strength == 2.0 and not way.base.keyframes
    shown = [way.share(t) * way.base.strength for t in (0, 2, 4, 5, 6, 9)]
    assert np.allclose(shown, [0.5, 1.25, 2.0, 1.0, 0.0, 0.0])


def test_without_keyframes_nothing_changes():
    way = Keyframes(Recipe(strength=0.7))
    assert way.share(3.0) == 1.0 and way.base == Recipe(strength=0.7) and way.recipes == [way.base]


def test_forms_say_the_same_and_survive_a_journey():
    texts = ("3.5:look=owls,strength=1.2", "0:strength=0.5", "1:layers=stride8+stride16*0.25")
    given = json.loads(
        '[{"time": 3.5, "strength": 1.2, "look": "owls"}, {"time": 0, "strength": 0.5}, '
        '{"time": 1, "layers": "stride8*1+stride16*0.25"}]'
    )
    a, b = Recipe(keyframes=texts), Recipe.from_dict({"keyframes": given})
    assert a == b and [text[0] for text in a.keyframes] == ["0", "1", "3"]
    assert Recipe.from_json(a.to_json()) == a and hash(a) == hash(b)
    typed = ["film.mp4", *(part for text in texts for part in ("--keyframe", text))]
    assert flags.recipe_of("video", typed).keyframes == a.keyframes


@pytest.mark.parametrize(
    "text",
    ["strength=1", "1:", "-1:strength=1", "nan:strength=1", "1:strength=9", "1:strength=nan", "1:zoom=2", "x:look=owls"]
    + ["1:layers=", "1:layers=stride8*x", "1:look=owls,look"],
)
def test_what_is_none_is_refused(text):
    with pytest.raises(UsageError, match="keyframes"):
        Recipe(keyframes=(text,))


def test_unknown_looks_and_other_networks_are_told_before_any_work():
    with pytest.raises(UsageError, match="Did you mean 'owls'"):
        Keyframes(Recipe(keyframes=("1:look=owl",)))
    with pytest.raises(UsageError, match="cannot change the network"):
        Keyframes(Recipe(keyframes=("1:look=tf2-tutorial",)))
    with pytest.raises(UsageError, match="painted"):
        Keyframes(Recipe(styles=(("a.jpg", 1.0),), keyframes=("1:look=owls",)))


def test_a_look_replaces_a_look_and_keeps_the_rest():
    recipe = Recipe.from_look("weave", seed=3, strength=2.0, cadence=2)
    assert with_look(recipe, "owls") == Recipe.from_look("owls", seed=3, strength=2.0, cadence=2)


@dataclasses.dataclass
class Painted:
    """Dreams a grey of its own."""

    recipe: Recipe
    count: int = 0

    def begin(self, frame, asked=None):
        return np.full_like(frame, len(self.recipe.look))

    def follow(self, frame, delta, asked=None):
        self.count += 1
        return delta + 1

    def state(self):
        return {"count": np.array(self.count)}

    def restore(self, state):
        self.count = int(state["count"])


def test_each_dreamer_has_its_time_and_takes_over_what_was_known():
    recipe = Recipe(keyframes=("1:look=owls", "2:look=eyes"))
    dreamer = DirectedDreamer(Keyframes(recipe), Painted)
    frame = np.zeros([2, 2, 3], np.float32)
    looks = []
    for time in (0.0, 0.5, 1.0, 1.5, 2.5):
        dreamer.follow(frame, frame, Asked(time=time))
        looks.append(dreamer._now.recipe.look)
    assert looks == ["eyes", "eyes", "owls", "owls", "eyes"]
    assert int(dreamer.state()["count"]) == 5
    again = DirectedDreamer(Keyframes(recipe), Painted)
    dreamer.follow(frame, frame, Asked(time=1.2))
    again.restore(dreamer.state())
    assert again._now.recipe.look == "owls" and again._now.count == 6
    assert again.begin(frame, Asked(time=0.0))[0, 0, 0] == len("eyes")
