"""The built-in example: a picture, a piece of music and a film, all made by code."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np

SIZE = 640, 360
FPS = 24


def example_picture(width: int = SIZE[0], height: int = SIZE[1], *, time: float = 0.0) -> np.ndarray:
    """A landscape with clouds.

    Args:
        width, height: size in pixels.
        time: moment of the example film, in seconds.

    Returns:
        float32 `[height, width, 3]` in [0, 1].
    """
    from deepdream_av.media.example_landscape import Landscape

    return Landscape(width, height).render(time)


def example_sound(seconds: float = 6.0) -> tuple[np.ndarray, int]:
    """A small piece of music: float32 `[samples, 2]` in [-1, 1], and its rate in Hz."""
    from deepdream_av.media.example_music import RATE, compose

    return compose(seconds), RATE


def example_film(path, *, seconds: float = 6.0, size: tuple[int, int] = SIZE, sound: bool = True) -> Path:
    """Write a film: drifting clouds over a lake, with music.

    Args:
        path: where to; the suffix decides the format (see `FilmWriter`).
        seconds: length.
        size: (width, height) in pixels.
        sound: whether there is music.

    Returns:
        `path`.
    """
    from deepdream_av.media.example_landscape import Landscape
    from deepdream_av.media.video_writer import FilmWriter, SoundFormat

    samples, rate = example_sound(seconds) if sound else (np.zeros((0, 2), np.float32), 44100)
    scene = Landscape(*size)
    with FilmWriter(
        path,
        size=size,
        time_base=Fraction(1, FPS),
        fps=FPS,
        sound=SoundFormat(rate, 2, "stereo") if sound else None,
    ) as film:
        for n in range(max(1, round(seconds * FPS))):
            film.write(scene.render(n / FPS), n, 1)
            film.write_sound(samples[round(n * rate / FPS) : round((n + 1) * rate / FPS)])
        film.write_sound(samples[round((n + 1) * rate / FPS) :])
    return Path(path)
