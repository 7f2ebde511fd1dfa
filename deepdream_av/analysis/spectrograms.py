"""Pictures of a sound before and after: time to the right, pitch upwards, level as light."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

WIDTH, HEIGHT, GAP = 1200, 256, 6  # pixels of one of them
RANGE_DB = 80.0
MOST_SECONDS = 120.0
_STOPS = np.array([[0, 0, 4], [60, 15, 110], [150, 45, 128], [222, 73, 104], [254, 159, 109], [252, 253, 191]]) / 255


def write_spectrograms(path, before: Iterable, after: Iterable, rate: int) -> None:
    """Write two mel spectrograms in one picture, the first above, both in the same units.

    Args:
        path: picture to write.
        before, after: blocks `[samples, channels]`; no more than two minutes are shown.
        rate: samples per second.
    """
    from deepdream_av.media.image import write_image

    levels = [mel_levels(_mono(x, round(MOST_SECONDS * rate)), rate) for x in (before, after)]
    top = levels[0].max()
    pictures = [coloured((x - top) / RANGE_DB + 1) for x in levels]
    gap = np.ones([GAP, WIDTH, 3], np.float32)
    write_image(path, np.concatenate([pictures[0], gap, pictures[1]]))


def mel_levels(samples: np.ndarray, rate: int) -> np.ndarray:
    """Level of each mel band in dB, float32 `[frames, 128]`, of mono samples."""
    from deepdream_av.spectral import MelGrid, mel_power, stft

    grid = MelGrid(rate)
    return 10 * np.log10(mel_power(stft(samples, grid), grid).numpy() + 1e-10)


def coloured(levels: np.ndarray) -> np.ndarray:
    """A picture float32 `[256, 1200, 3]` of levels `[frames, 128]` in [0, 1]."""
    import cv2

    picture = cv2.resize(np.clip(levels, 0, 1).T[::-1], (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    at = picture * (len(_STOPS) - 1)
    places = np.arange(len(_STOPS))
    return np.stack([np.interp(at, places, _STOPS[:, c]) for c in range(3)], -1).astype(np.float32)


def _mono(blocks: Iterable, most: int) -> np.ndarray:
    found, have = [], 0
    for block in blocks:
        found.append(block.mean(1))
        have += len(block)
        if have >= most:
            break
    return np.concatenate(found)[:most].astype(np.float32)
