"""The sizes at which a picture is dreamt, from small to large."""

from __future__ import annotations

from dataclasses import dataclass

from deepdream_av.errors import unknown_name

SIZES = ("round", "floor", "round-each", "floor-each")


@dataclass(frozen=True)
class Octaves:
    """A plan of sizes: the last octave is the picture's own size, each one before is smaller by `scale`.

    Args:
        count: how many.
        scale: ratio between two of them.
        least: shortest side in pixels; smaller octaves are left out, since a network sees nothing there.
        above: how many of them are larger than the picture, as in TensorFlow's tutorial.
        rounding: how sides become whole numbers: `round` or `floor` from the picture's own size, or `round-each` and
            `floor-each` from the octave before, which adds up. Programs differ in it.
    """

    count: int = 4
    scale: float = 1.4
    least: int = 48
    above: int = 0
    rounding: str = "round"

    def __post_init__(self):
        if self.rounding not in SIZES:
            raise unknown_name("octave_sizes", self.rounding, SIZES)

    def sizes(self, height: int, width: int) -> list[tuple[int, int]]:
        """`(height, width)` of each octave, growing; the last one is always there.

        >>> Octaves(3, 2.0).sizes(240, 320)
        [(60, 80), (120, 160), (240, 320)]
        >>> Octaves(3, 2.0).sizes(100, 80)
        [(100, 80)]
        >>> Octaves(3, 1.3, above=1, rounding="floor").sizes(100, 80)
        [(76, 61), (100, 80), (130, 104)]
        """
        above = min(self.above, self.count - 1)
        down = self._chain((height, width), self.count - 1 - above, -1)
        sizes = [*reversed(down), (height, width), *self._chain((height, width), above, 1)]
        return [size for size in sizes if size == sizes[-1] or min(size) >= self.least]

    def _chain(self, size: tuple[int, int], count: int, power: int) -> list[tuple[int, int]]:
        """Sizes beside the picture's own, going away from it: smaller with a power of -1, larger with 1."""
        whole = round if self.rounding.startswith("round") else int
        each = self.rounding.endswith("each")
        found = [size]
        for k in range(1, count + 1):
            if each:  # programs that go on from the octave before multiply, the others divide; it decides about 1 px
                sides = [side * self.scale**power for side in found[-1]]
            else:
                sides = [side * self.scale**k if power > 0 else side / self.scale**k for side in size]
            found.append(tuple(max(1, whole(side)) for side in sides))
        return found[1:]
