"""The moment that a preview shows is the one at which most happens."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from deepdream_av.correlate.features import sound_features
from deepdream_av.media.film_sound import read_soundtrack
from deepdream_av.media.video import FilmWriter, SoundFormat, open_film
from deepdream_av.temporal.active import active_moment

RATE = 22050


def make_film(path, *, moves=(), clicks=(), seconds=12.0, begin=0):
    """A film that moves between some seconds, with clicks at others."""
    wide = (np.random.default_rng(0).random((48, 400, 3)) * 255).astype(np.uint8)
    sound = SoundFormat(RATE, 1, "mono", Fraction(begin)) if clicks else None
    with FilmWriter(path, size=(64, 48), time_base=Fraction(1, 12), fps=12, sound=sound) as film:
        for n in range(round(12 * seconds)):
            x = 2 * n % 300 if any(a <= n / 12 < b for a, b in moves) else 0
            film.write(wide[:, x : x + 64], n + 12 * begin, 1)
        if clicks:
            samples = 0.001 * np.random.default_rng(1).standard_normal((round(RATE * seconds), 1)).astype(np.float32)
            for at in clicks:
                first = round(at * RATE)
                samples[first : first + 800, 0] += 0.7 * np.sin(np.arange(800)) * np.exp(-np.arange(800) / 200)
            film.write_sound(samples)
    return path


def moment(path, **part) -> float:
    film = open_film(path, **part)
    track = read_soundtrack(film)
    features = None
    if track is not None:
        features = sound_features(track.store.blocks(), track.rate, start=float(track.start))
    return active_moment(film, features)


@pytest.mark.parametrize("begin", [0, 100])
def test_onsets_decide(tmp_path, begin):
    path = make_film(tmp_path / "a.mp4", clicks=(1.0, 7.2, 7.6, 8.0, 8.4, 8.8, 9.2), begin=begin)
    assert 6.0 <= moment(path) <= 7.2


def test_motion_decides_where_nothing_is_heard(tmp_path):
    path = make_film(tmp_path / "a.mp4", moves=[(4.0, 7.0)])
    assert 2.5 <= moment(path) <= 5.6


def test_a_part_of_a_film_is_searched_on_its_own(tmp_path):
    path = make_film(tmp_path / "a.mp4", clicks=(1.0, 1.3, 1.6, 1.9, 2.2, 8.2, 8.5, 8.8))
    assert moment(path) < 1.1
    assert 5.0 + moment(path, start=5.0) == pytest.approx(7.1, abs=1.2)


def test_short_films_begin_at_the_beginning(tmp_path):
    assert moment(make_film(tmp_path / "a.mp4", clicks=(1.5,), seconds=2.0)) == 0.0
