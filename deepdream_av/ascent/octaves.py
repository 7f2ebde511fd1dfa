"""The sizes at which a picture is dreamt, from small to large."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Octaves:
    """A plan of sizes: the last octave is the picture's own size, each one before is smaller by `scale`.

    Args:
        count: how many.
        scale: ratio between two of them.
        least: shortest side in pixels; smaller octaves are left out, since a network sees nothing there.
    """

    count: int = 4
    scale: float = 1.4
    least: int = 48

    def sizes(self, height: int, width: int) -> list[tuple[int, int]]:
        """`(height, width)` of each octave, growing; the last one is always there.

        >>> Octaves(3, 2.0).sizes(240, 320)
        [(60, 80), (120, 160), (240, 320)]
        >>> Octaves(3, 2.0).sizes(100, 80)
        [(100, 80)]
        """
        sizes = []
        for k in range(self.count - 1, -1, -1):
            size = tuple(round(side / self.scale**k) for side in (height, width))
            if not k or min(size) >= self.least:
                sizes.append(size)
        return sizes
