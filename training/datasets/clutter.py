"""Pictures with the statistics of photos, made by code: things that hide one another.

Opaque shapes of all sizes laid at random, as many small ones as a power law says, look to a filter much like nature
does (the dead leaves model; Lee, Mumford and Huang 2001). A motif that is laid over them is learnt as a dream shows it:
faintly, over something else.
"""

from __future__ import annotations

import cv2
import numpy as np

from training.datasets.painting import coloured, noise, palette

_LEAVES = 220
_KEPT = 96  # pictures that are made once and then cut, turned and mirrored anew each time


def leaves(rng: np.random.Generator, size: int) -> np.ndarray:
    """One such picture, float32 `[size, size, 3]` in [0, 1]."""
    colours = palette(rng, 6)
    picture = coloured(noise(rng, size, cells=2, octaves=3), colours)
    grain = noise(rng, size, cells=size / 6, octaves=3)[..., None] - 0.5
    # radii r with density r^-3, from the largest to the smallest, as small things lie in front
    radii = size * 0.5 / np.sqrt(1 + rng.random(_LEAVES) * (0.5 / 0.012) ** 2)
    for radius in np.sort(radii)[::-1]:
        centre = tuple(int(v) for v in rng.uniform(0, size, 2))
        axes = (max(1, int(radius)), max(1, int(radius * rng.uniform(0.25, 1))))
        colour = np.clip(colours[rng.integers(len(colours))] + rng.normal(0, 0.08, 3), 0, 1)
        if rng.random() < 0.7:
            cv2.ellipse(picture, centre, axes, rng.uniform(0, 180), 0, 360, colour.tolist(), -1, cv2.LINE_AA)
        else:
            corners = cv2.boxPoints((centre, (2.0 * axes[0], 2.0 * axes[1]), rng.uniform(0, 180)))
            cv2.fillConvexPoly(picture, corners.astype(np.int32), colour.tolist(), cv2.LINE_AA)
    if rng.random() < 0.5:
        _strokes(rng, picture, colours)
    picture = cv2.GaussianBlur(picture, (0, 0), rng.choice([0.5, 0.8, 1.2, 3.0]))
    light = noise(rng, size, cells=2, octaves=2)[..., None]
    return np.clip((picture + rng.uniform(0, 0.5) * grain) * (0.6 + 0.8 * light), 0, 1).astype(np.float32)


def _strokes(rng, picture, colours):
    """Fur, grass or twigs: thin lines that mostly run one way, in a part of the picture."""
    size = picture.shape[0]
    course = 2 * np.pi * noise(rng, size, cells=2, octaves=1) * rng.uniform(0.1, 0.6) + rng.uniform(0, 6)
    centre, spread = rng.uniform(0, size, 2), size * rng.uniform(0.15, 0.5)
    length, width = size * rng.uniform(0.02, 0.12), int(rng.integers(1, 3))
    for _ in range(int(rng.integers(150, 900))):
        x, y = np.clip(centre + rng.normal(0, spread, 2), 0, size - 1).astype(int)
        angle = course[y, x] + rng.normal(0, 0.25)
        end = (int(x + length * np.cos(angle)), int(y + length * np.sin(angle)))
        colour = np.clip(colours[rng.integers(len(colours))] * rng.uniform(0.5, 1.2), 0, 1)
        cv2.line(picture, (int(x), int(y)), end, colour.tolist(), width, cv2.LINE_AA)


class Clutter:
    """A store of such pictures.

    Args:
        size: side in pixels of what `under` gets.
        seed: of the pictures.
    """

    def __init__(self, size: int, seed: int = 0):
        self._size = size
        wide = size * 3 // 2
        self._kept = np.stack(
            [(leaves(np.random.default_rng([seed, k]), wide) * 255).astype(np.uint8) for k in range(_KEPT)]
        )

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        """A piece of one, float32 `[size, size, 3]` in [0, 1]."""
        wide = self._kept[rng.integers(len(self._kept))]
        top, left = rng.integers(0, wide.shape[0] - self._size + 1, 2)
        piece = wide[top : top + self._size, left : left + self._size]
        piece = np.rot90(piece, rng.integers(4))[:, :: rng.choice([-1, 1])]
        return piece.astype(np.float32) / 255

    def under(self, picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """A picture laid over clutter, as a dream is over a photo: its pattern added, or half transparent.

        Args:
            picture: float32 `[size, size, 3]` in [0, 1].
        """
        ground = self.draw(rng)
        if rng.random() < 0.5:
            share = rng.uniform(0.25, 0.8)
            return share * picture + (1 - share) * ground
        pattern = (picture - picture.mean((0, 1))) / (picture.std() + 1e-3)
        return np.clip(ground + rng.uniform(0.07, 0.25) * pattern, 0, 1)
