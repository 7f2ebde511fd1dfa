"""What is chosen fits into the time, and is no worse than it has to be."""

from __future__ import annotations

import contextlib
import time
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest

from deepdream_av.media.video import FilmWriter, open_film
from deepdream_av.recipe import Recipe
from deepdream_av.temporal.budget import MARGIN, Choice, Measured, chosen, in_words, measure

USUAL = Measured(fixed=0.01, per_pixel=4e-6, first=60e-6, frames=240, shots=3, size=(640, 360))


def as_asked(measured: Measured, recipe: Recipe) -> float:
    return measured.seconds(Choice(1.0, recipe.cadence, recipe.frame_steps), steps=recipe.frame_steps)


def test_with_time_enough_nothing_changes():
    recipe = Recipe(frame_steps=2)
    found, seconds = chosen(recipe, USUAL, 10 * as_asked(USUAL, recipe))
    assert (found.cadence, found.frame_steps, found.work_size) == (1, 2, 640)
    assert seconds == pytest.approx(as_asked(USUAL, recipe))


@pytest.mark.parametrize("share", [0.8, 0.5, 0.3, 0.15])
def test_what_is_chosen_fits_and_less_time_is_never_better(share):
    recipe = Recipe(frame_steps=2)
    whole = as_asked(USUAL, recipe)
    found, seconds = chosen(recipe, USUAL, share * whole)
    assert seconds <= MARGIN * share * whole
    more, _ = chosen(recipe, USUAL, 1.3 * share * whole)

    def worth(r):
        return Choice(r.work_size / 640, r.cadence, r.frame_steps).worth(recipe)

    assert worth(found) <= worth(more) + 0.01
    assert "in time" in in_words(found, seconds, budget=share * whole)


def test_what_cannot_be_done_is_said_and_done_as_quickly_as_may_be():
    found, seconds = chosen(Recipe(), USUAL, 0.5)
    assert (found.cadence, found.frame_steps, found.work_size) == (4, 1, 160) and seconds > 0.5
    assert "cannot be done in" in in_words(found, seconds, budget=0.5)


def test_a_recipe_is_never_made_dearer():
    recipe = Recipe(cadence=3, frame_steps=1)
    found, _ = chosen(recipe, USUAL, 1e6)
    assert found.cadence == 3 and found.frame_steps == 1


class Sleeper:
    """Dreams nothing, for as long as a dream of so many pixels takes."""

    toned = staticmethod(lambda picture, delta: picture + delta)

    def __init__(self, first, following):
        self.first, self.following = first, following

    def begin(self, frame, asked):
        time.sleep(self.first * frame[..., 0].size)
        return np.zeros_like(frame)

    def follow(self, frame, delta, asked):
        time.sleep(self.following * frame[..., 0].size)
        return np.zeros_like(frame)


def test_costs_are_measured(tmp_path):
    path, size = tmp_path / "a.mp4", (128, 96)
    wide = (np.random.default_rng(0).random((96, 260, 3)) * 255).astype(np.uint8)
    with FilmWriter(path, size=size, time_base=Fraction(1, 24), fps=24) as film:
        for n in range(48):
            picture = wide[:, n : n + 128] if n < 24 else 255 - wide[:, n : n + 128] // 4
            film.write(picture, n, 1)

    @contextlib.contextmanager
    def nowhere():
        yield SimpleNamespace(write=lambda *a, **k: None, write_sound=lambda block: None, stop=None)

    sound = SimpleNamespace(asked=lambda at: None)
    dreamer = Sleeper(200e-6, 80e-6)
    found = measure(open_film(path), Recipe(), sound=sound, dreamer=dreamer, size=size, writer=nowhere)
    assert found.frames == 48 and found.shots == 2 and found.size == size
    # the flow and the rest of a frame cost something too; what a first frame costs more than another is `first`
    assert 50e-6 < found.per_pixel < 160e-6 and 90e-6 < found.first < 240e-6
