"""What a generator shows of itself: sheets of samples, and a film that walks through its latent space."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path

import numpy as np

_BATCH = 64


def painted(generator, latents: np.ndarray) -> np.ndarray:
    """Pictures of latent vectors `[n, latent]`, uint8 `[n, size, size, 3]`."""
    parts = [
        np.asarray(generator(latents[k : k + _BATCH], training=False)) for k in range(0, len(latents), _BATCH)
    ]
    return (np.concatenate(parts) * 255 + 0.5).astype(np.uint8)


def latents(seed: int, count: int, latent: int) -> np.ndarray:
    """Latent vectors, unit normal, float32 `[count, latent]`; the same for the same seed."""
    return np.random.default_rng([seed, 7]).standard_normal((count, latent)).astype(np.float32)


def tiled(pictures: np.ndarray, columns: int = 8, gap: int = 2) -> np.ndarray:
    """Pictures `[n, side, side, 3]` as one, row by row, on black."""
    count, side = pictures.shape[:2]
    rows, cell = -(-count // columns), side + gap
    sheet = np.zeros([rows * cell - gap, columns * cell - gap, 3], np.uint8)
    for k, picture in enumerate(pictures):
        y, x = divmod(k, columns)
        sheet[y * cell : y * cell + side, x * cell : x * cell + side] = picture
    return sheet


def write_sheet(path: str | os.PathLike, pictures: np.ndarray) -> None:
    """A PNG of pictures in rows of eight, whole or not at all."""
    import cv2

    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.stem}.part.png")
    cv2.imwrite(str(part), tiled(pictures)[..., ::-1])
    os.replace(part, path)


def walk(seed: int, latent: int, *, places: int = 8, steps: int = 25) -> np.ndarray:
    """A closed walk through latent space, float32 `[places * steps, latent]`, one vector for each frame.

    Two latent vectors are mixed by `cos` and `sin`: a mixture of unit normal vectors stays unit normal, where a
    straight line leads through the middle, of which the generator has seen nothing.
    """
    corners = latents(seed, places, latent)
    turn = np.arange(steps) / steps
    turn = (turn * turn * (3 - 2 * turn))[:, None] * np.pi / 2
    return np.concatenate(
        [np.cos(turn) * here + np.sin(turn) * there for here, there in zip(corners, np.roll(corners, -1, 0))]
    ).astype(np.float32)


def write_walk(path: str | os.PathLike, generator, *, seed: int = 0, fps: int = 25, places: int = 8) -> None:
    """A looped film, 2 seconds a place, of four by two walks side by side.

    Raises:
        OutputError: it cannot be written.
    """
    from deepdream_av.media.files import writing
    from deepdream_av.media.video_writer import FilmWriter

    latent = generator.input_shape[1]
    moments = np.stack([walk(seed + k, latent, places=places, steps=2 * fps) for k in range(8)], 1)
    with writing(path) as part:
        film, frames = None, 0
        # few calls of many vectors, as a call costs as much as its work
        for chunk in np.array_split(moments, -(-len(moments) // 8)):
            pictures = painted(generator, chunk.reshape(-1, latent))
            for at in range(0, len(pictures), 8):
                frame = tiled(pictures[at : at + 8], columns=4)
                if film is None:
                    film = FilmWriter(part, size=frame.shape[1::-1], time_base=Fraction(1, fps), fps=fps)
                film.write(frame, frames)
                frames += 1
        film.close()
