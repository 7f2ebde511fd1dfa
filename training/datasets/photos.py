"""Photos in a folder -> varied square crops."""

from __future__ import annotations

from pathlib import Path

import numpy as np

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"}


def list_photos(folder: str | Path, *, hold_out: int = 16) -> tuple[list[Path], list[Path]]:
    """Photos below a folder, split into those to learn from and those never seen in training.

    Args:
        folder: searched recursively.
        hold_out: every so manieth photo, in the order of names, is kept for judging; 0 keeps none.

    Returns:
        `(train, held_out)`.

    Raises:
        ValueError: no photo found.
    """
    paths = sorted(p for p in Path(folder).rglob("*") if p.suffix.lower() in SUFFIXES)
    if not paths:
        raise ValueError(f"`folder` must hold photos ({', '.join(sorted(SUFFIXES))}). Received: {folder}.")
    held_out = paths[::hold_out] if hold_out else []
    kept = set(held_out)
    return [p for p in paths if p not in kept], held_out


def random_crop(photo: np.ndarray, size: int, rng: np.random.Generator) -> np.ndarray:
    """A square crop with random place, scale, side, light and colour.

    Args:
        photo: uint8 `[height, width, 3]`.
        size: side of the crop in pixels.

    Returns:
        uint8 `[size, size, 3]`.
    """
    import cv2

    height, width = photo.shape[:2]
    side = int(min(height, width) * rng.uniform(0.45, 1.0))
    top, left = rng.integers(0, height - side + 1), rng.integers(0, width - side + 1)
    crop = photo[top : top + side, left : left + side]
    crop = cv2.resize(crop, (size, size), interpolation=cv2.INTER_AREA if side > size else cv2.INTER_CUBIC)
    if rng.random() < 0.5:
        crop = crop[:, ::-1]
    x = crop.astype(np.float32) / 255
    if rng.random() < 0.3:
        hsv = cv2.cvtColor(x, cv2.COLOR_RGB2HSV)
        hsv[..., 0] = (hsv[..., 0] + rng.uniform(-25, 25)) % 360
        hsv[..., 1] = np.clip(hsv[..., 1] * rng.uniform(0.5, 1.5), 0, 1)
        x = cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)
    x = (x - x.mean()) * rng.uniform(0.6, 1.3) + x.mean() + rng.uniform(-0.12, 0.12)
    if rng.random() < 0.15:
        x = cv2.GaussianBlur(x, (0, 0), rng.uniform(0.6, 2.0))
    if rng.random() < 0.2:
        x = x + rng.normal(0, rng.uniform(0.01, 0.08), x.shape)
    return (np.clip(x, 0, 1) * 255 + 0.5).astype(np.uint8)


def crops(paths: list[Path], count: int, size: int, rng: np.random.Generator) -> np.ndarray:
    """`count` random crops `[count, size, size, 3]`, uint8, from randomly chosen photos."""
    import cv2

    out = np.empty((count, size, size, 3), np.uint8)
    for i in range(count):
        photo = cv2.imread(str(paths[rng.integers(len(paths))]), cv2.IMREAD_COLOR)
        if photo is None:  # an unreadable file: take another one
            photo = np.zeros((size, size, 3), np.uint8)
        out[i] = random_crop(photo[..., ::-1], size, rng)
    return out
