"""Long sounds in overlapping chunks that join without a seam, in memory independent of the length."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Chunks:
    """How a long sound is cut; everything in samples.

    Each chunk is worked on with `guard` more samples on either side than are kept, so that what is kept has heard
    all that it would hear in the whole; over `fade` samples it is blended with its neighbour.

    Args:
        stride: from the start of one chunk to the start of the next.
        fade: length of the cross-fade.
        guard: context that is thrown away, at least half of what the ear hears at once, and a window.
        alike: whether chunks are versions of one sound; else their powers, not their samples, add up in a fade.
    """

    stride: int
    fade: int
    guard: int
    alike: bool = True

    def spans(self, length: int) -> list[tuple[int, int]]:
        """First and last sample of what is kept of each chunk, fades included.

        >>> Chunks(stride=100, fade=10, guard=5).spans(230)
        [(0, 110), (100, 230)]
        """
        starts = [0]
        # a last chunk of less than half a stride is better joined to the one before
        while length > starts[-1] + 1.5 * self.stride + self.fade:
            starts.append(starts[-1] + self.stride)
        return [(s, s + self.stride + self.fade) for s in starts[:-1]] + [(starts[-1], length)]

    def joined(self, read: Callable, work: Callable, length: int) -> Iterator[np.ndarray]:
        """Yield the worked-on sound, in order.

        Args:
            read: `read(first, last)` gives samples `[last - first, channels]`.
            work: `work(samples, index, count)` gives as many samples.
            length: samples in all.
        """
        spans, tail = self.spans(length), None
        for index, (first, last) in enumerate(spans):
            begin, end = max(first - self.guard, 0), min(last + self.guard, length)
            done = work(read(begin, end), index, len(spans))[first - begin : last - begin]
            if tail is not None:
                rise = self.rise()[:, None]
                done = np.concatenate([tail * rise[::-1] + done[: self.fade] * rise, done[self.fade :]])
            if index < len(spans) - 1:
                done, tail = done[: -self.fade], done[-self.fade :]
            yield done

    def rise(self) -> np.ndarray:
        """From 0 to 1: sin^2, which adds up to 1 with its mirror image, or sin, whose square does."""
        power = 2 if self.alike else 1
        return (np.sin(np.pi / 2 * (np.arange(self.fade) + 0.5) / self.fade) ** power).astype(np.float32)
