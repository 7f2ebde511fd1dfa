"""A loop made a little longer or shorter at its own pitch, by splices that are not heard. Plain NumPy, at any rate."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

JUMP = 0.015  # seconds that a splice adds or leaves out
SEARCH = 0.007  # seconds that it may be off, to meet the same phase: a period of 70 Hz
FADE = 0.03  # seconds in which the one place gives way to the other
_BLOCK = 1 << 16


def stretched(read: Callable, length: int, factor: float, rate: int) -> Iterator[np.ndarray]:
    """Play a loop once from its start, slower or faster, at its pitch.

    At even distances the sound jumps back, or ahead, by a hundredth of a second or so, to where it goes on most
    alike (Verhelst and Roelands 1993, "WSOLA", with as few splices as there can be). What lies between two splices is
    not touched, the jumps are the same in all channels, and the loop is closed as the given one was.

    Args:
        read: `read(first, last)` gives samples `[last - first, channels]` of the loop; any two numbers are asked for.
        length: samples in the loop.
        factor: how many times as long it becomes; near 1.
        rate: samples per second.

    Yields:
        float32 `[samples, channels]`; in all as long as was asked for, to about ten milliseconds.

    >>> loop = np.sin(2 * np.pi * 50 * np.arange(8000) / 8000)[:, None].astype(np.float32)
    >>> read = lambda first, last: loop[np.arange(first, last) % 8000]
    >>> abs(len(np.concatenate(list(stretched(read, 8000, 1.05, 8000)))) - 8400) < 80
    True
    """
    more = length * (factor - 1)
    count = round(abs(more) / (JUMP * rate))
    fade, place, added = round(FADE * rate), 0, 0
    for k in range(count):
        at = round((k + 0.5) * length / count)
        jump = _jump(read, at, fade, more * (k + 1) / count - added, rate)
        yield from _played(read, place, at)
        rise = np.sin(np.pi / 2 * (np.arange(fade) + 0.5) / fade)[:, None] ** 2
        yield ((1 - rise) * read(at, at + fade) + rise * read(at - jump, at - jump + fade)).astype(np.float32)
        place, added = at - jump + fade, added + jump
    yield from _played(read, place, length)


def _played(read: Callable, first: int, last: int) -> Iterator[np.ndarray]:
    for at in range(first, last, _BLOCK):
        yield read(at, min(at + _BLOCK, last))


def _jump(read: Callable, at: int, fade: int, wanted: float, rate: int) -> int:
    """How far to jump back from a place, near what is wanted: where the sound is most alike."""
    reach, near = round(SEARCH * rate), round(wanted)
    here = read(at, at + fade).mean(1)
    there = read(at - near - reach, at - near + reach + fade).mean(1)
    products = np.correlate(there, here, "valid")
    energy = np.convolve(there.astype(np.float64) ** 2, np.ones(fade), "valid")
    alike = products / np.sqrt(np.maximum(energy, 1e-9 * energy.max() + 1e-20))
    return near + reach - int(np.argmax(alike))
