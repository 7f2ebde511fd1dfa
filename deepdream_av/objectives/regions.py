"""Parts of a sound: some of its time and some of its frequencies, with soft edges."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from deepdream_av.errors import UsageError

EDGE_SECONDS = 0.1  # how long an edge in time is, inside of the part
EDGE_BANDS = 2.0  # and one in frequency, in mel bands
_RANGE = re.compile(r"(\d*\.?\d*)-(\d*\.?\d*)(s|hz)?", re.IGNORECASE)


@dataclass(frozen=True)
class Region:
    """Where in a sound may be dreamt.

    Args:
        times: pairs of seconds from the start of the sound; empty: all of it.
        bands: pairs of Hz; empty: all of them.

    >>> Region.parse("2-5.5s/200-4000Hz")
    Region(times=((2.0, 5.5),), bands=((200.0, 4000.0),))
    >>> Region.parse("3-,0-1").times
    ((3.0, inf), (0.0, 1.0))
    """

    times: tuple[tuple[float, float], ...] = ()
    bands: tuple[tuple[float, float], ...] = ()

    @classmethod
    def parse(cls, text: str, *, name: str = "a part of a sound") -> Region:
        """Read `SECONDS-SECONDS`, `HZ-HZHz`, several with commas, both with a slash between.

        Args:
            text: for example `2-5.5`, `200-4000Hz`, `2-5.5,8-9/200-Hz`; a missing number is the start or the end.
            name: of the field, for messages.

        Raises:
            UsageError: something else, or an empty range.
        """
        times, bands = [], []
        for part in re.split("[/,]", text):
            found = _RANGE.fullmatch(part.strip())
            if not found or not (found[1] or found[2]) or "." in (found[1], found[2]):
                raise cls._refused(name, text)
            low, high = float(found[1] or 0.0), float(found[2] or np.inf)
            if not low < high:
                raise cls._refused(name, text)
            (bands if (found[3] or "s").lower() == "hz" else times).append((low, high))
        return cls(tuple(times), tuple(bands))

    @staticmethod
    def _refused(name: str, text: str) -> UsageError:
        return UsageError(
            f"`{name}` must be ranges of seconds such as 2-5.5, of frequencies such as 200-4000Hz, or both with a "
            f"slash between. Received: {text!r}."
        )

    @classmethod
    def of(cls, times: str, band: str) -> Region:
        """From the two fields of a recipe; either may be empty.

        Raises:
            UsageError: no such ranges.
        """
        found = cls.parse(times, name="times").times if times else ()
        hz = ",".join(p if p.strip().lower().endswith("hz") else p + "Hz" for p in band.split(",")) if band else ""
        return cls(found, cls.parse(hz, name="band").bands if hz else ())

    def mask(self, frames: int, *, per_second: float, start: float = 0.0) -> np.ndarray:
        """Where it lies in a log-mel picture, float32 `[frames, 128]` in [0, 1].

        Args:
            frames: of the picture.
            per_second: frames in a second.
            start: time of the first frame in seconds.
        """
        from deepdream_av.spectral.mel import BANDS, MelGrid

        seconds = start + np.arange(frames) / per_second
        along = _union(seconds, self.times, EDGE_SECONDS)
        hz = MelGrid(22050).band_hz
        # edges of equal length in bands: bands are counted, not Hz
        numbers = [tuple(np.interp(x, hz, np.arange(BANDS), left=-10, right=BANDS + 10) for x in b) for b in self.bands]
        across = _union(np.arange(BANDS, dtype=float), numbers, EDGE_BANDS)
        return (along[:, None] * across).astype(np.float32)

    def within(self, start: float, end: float) -> bool:
        """Whether any of its time lies between two seconds."""
        return not self.times or any(low < end and high > start for low, high in self.times)


def _union(at: np.ndarray, ranges, edge: float) -> np.ndarray:
    """1 inside of any of the ranges, with raised-cosine edges inside of them; 1 everywhere if there are none."""
    if not ranges:
        return np.ones(len(at))
    inside = []
    for low, high in ranges:
        width = min(edge, (high - low) / 2)
        # what begins with the sound has no edge there
        rise = np.clip((at - low) / width, 0, 1) if low > 0 else np.ones(len(at))
        fall = np.clip((high - at) / width, 0, 1) if np.isfinite(high) else np.ones(len(at))
        inside.append(0.5 - 0.5 * np.cos(np.pi * np.minimum(rise, fall)))
    return np.max(inside, 0)
