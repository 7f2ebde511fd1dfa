"""Rounds of a dream are a loop: each flows into the next one, and the last into the first."""

import numpy as np
import pytest

from deepdream_av import Recipe, dream_audio
from deepdream_av.analysis.sound import mel_change
from deepdream_av.ascent.rounds import FADE
from deepdream_av.media.example_music import RATE, compose
from deepdream_av.media.loudness import loudness

SECONDS = 3.0
RECIPE = Recipe.from_look("eyes", rounds=2, stretch=1.04, sound_steps=3, sound_change=3.0, speed="sketch")


@pytest.fixture(scope="module")
def song():
    """Music that ends in the middle of a sound."""
    return compose(4.0)[: round(SECONDS * RATE)]


@pytest.fixture(scope="module")
def looped(song):
    return dream_audio((song, RATE), recipe=RECIPE)


def test_its_length_is_that_of_its_rounds(looped):
    one, two = looped.report["round_seconds"]
    assert one == pytest.approx(SECONDS - FADE, abs=1e-3)
    assert two / one == pytest.approx(RECIPE.stretch, abs=0.01)
    assert len(looped.samples) == round((one + two) * RATE) and looped.samples.shape[1] == 2


def test_the_ends_meet_in_value_and_slope(song, looped):
    """Across the seam the sound bends no more than it does nearby; in the source, a step in value or slope stands out."""

    def bend(x):
        x = np.concatenate([x[-1000:], x[:1000]]).mean(1)
        second = np.abs(np.diff(x, 2))  # a step in value or in slope shows here
        at_seam = slice(997, 1001)
        return second[at_seam].max() / np.delete(second, at_seam).max()

    assert bend(song + np.linspace(0, 0.3, len(song), dtype=np.float32)[:, None]) > 1.5
    assert bend(looped.samples) < 1


def test_each_round_is_dreamt_from_the_last(looped):
    one = round(looped.report["round_seconds"][0] * RATE)
    fade, some = round(FADE * RATE), RATE // 2  # before the first splice the two lie sample on sample
    first, second = looped.samples[fade : fade + some], looped.samples[one + fade : one + fade + some]
    assert 1.0 < mel_change(first, second, RATE) < 8.0
    assert loudness(looped.samples, RATE) == pytest.approx(looped.report["source_lufs"], abs=0.7)
    assert len(looped.report["change_db_by_round"]) == 2


def test_silence_is_a_loop_already():
    dream = dream_audio((np.zeros((9000, 1), np.float32), 8000), recipe=RECIPE)
    assert not dream.samples.any() and any("silent" in note for note in dream.report["notes"])
