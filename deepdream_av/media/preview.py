"""A sound to compare two by: both at one loudness, in turn, so that the louder one does not win."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

SECONDS = 5.0  # of one before the other takes over
FADE = 0.02
PIECES = 6  # three times each


def write_preview(path, before: Callable, after: Callable, rate: int, *, channels: int, layout: str = "") -> None:
    """Write the source and the result in turn, at the same loudness, going on where the other one was.

    Args:
        path: file to write.
        before, after: each gives the blocks `[samples, channels]` of a sound from its start.
        rate: samples per second.
        channels: of both.
        layout: FFmpeg's name of the channel layout.
    """
    from deepdream_av.media.audio_writer import AudioWriter
    from deepdream_av.media.loudness import loudness

    length = round(SECONDS * rate)
    a, b = (_head(x(), PIECES * length) for x in (before, after))
    piece = min(length, max(1, -(-min(len(a), len(b)) // 2)))
    levels = [loudness(x, rate, layout=layout) for x in (a, b)]
    if np.all(np.isfinite(levels)):
        # the louder one is turned down, so that nothing clips
        a, b = (x * np.float32(10 ** ((min(levels) - level) / 20)) for x, level in zip((a, b), levels))
    with AudioWriter(path, rate=rate, channels=channels, layout=layout) as writer:
        for k, first in enumerate(range(0, min(len(a), len(b)), piece)):
            writer.write(_faded((a, b)[k % 2][first : first + piece], round(FADE * rate)))


def _head(blocks, samples: int) -> np.ndarray:
    found, have = [], 0
    for block in blocks:
        found.append(block)
        have += len(block)
        if have >= samples:
            break
    return np.concatenate(found)[:samples]


def _faded(piece: np.ndarray, fade: int) -> np.ndarray:
    fade = min(fade, len(piece) // 2)
    ramp = np.ones([len(piece), 1], np.float32)
    rise = np.sin(np.pi / 2 * (np.arange(fade) + 0.5) / max(fade, 1)) ** 2
    ramp[:fade, 0], ramp[len(piece) - fade :, 0] = rise, rise[::-1]
    return piece * ramp
