"""The built-in example is the same everywhere, textured, and has beats."""

from __future__ import annotations

import numpy as np
import pytest

from deepdream_av.media.example import example_film, example_picture, example_sound
from deepdream_av.media.example_landscape import Landscape
from deepdream_av.media.video import open_film


@pytest.fixture(scope="module")
def scene() -> Landscape:
    return Landscape(320, 180)


def test_picture_is_deterministic_and_in_range(scene):
    a, b = scene.render(1.0), example_picture(320, 180, time=1.0)
    assert np.array_equal(a, b) and a.dtype == np.float32
    assert a.shape == (180, 320, 3) and a.min() >= 0 and a.max() <= 1


def test_picture_has_texture_everywhere(scene):
    grey = scene.render(0.0).mean(2)
    fine = np.abs(np.diff(grey, axis=1))[:, :319]
    tiles = fine[:176].reshape(11, 16, 319)[..., :304].reshape(11, 16, 19, 16).mean((1, 3))
    assert np.quantile(tiles, 0.25) > 2 / 255  # most 16-pixel tiles carry detail
    assert np.quantile(tiles, 0.02) > 0.3 / 255  # and none is flat


def test_clouds_drift(scene):
    assert np.abs(scene.render(0.0) - scene.render(1.0))[:60].mean() > 0.01


def test_sound_is_stereo_music_below_full_scale():
    x, rate = example_sound(1.5)
    assert x.shape == (round(1.5 * rate), 2) and rate == 44100
    assert 0.05 < np.sqrt((x**2).mean()) < 0.3 and np.abs(x).max() < 1
    assert np.abs(x[:, 0] - x[:, 1]).max() > 0.01
    assert np.array_equal(x, example_sound(1.5)[0])


def test_film_has_its_frames(tmp_path):
    film = open_film(example_film(tmp_path / "example.mp4", seconds=0.5, size=(160, 90)))
    assert len(list(film)) == 12 and film.sounds == 1 and film.size == (160, 90)
