"""How fast a dream may swell and fade with the sound: as fast as the film's own unrest hides it."""

from __future__ import annotations

import numpy as np

ROOM = 1.25  # times the unrest of the source that a dream may show, all in all
FLOOR = (0.6 / 255) ** 2  # unrest a frame that a dream may always show; in a still film it is all there is
SAVED = 24  # frames whose room may be saved up for a beat


class Pulse:
    """Keeps account of how much a dream changes, and lends a beat what was saved before it.

    Every change of loudness is a difference between frames that no motion explains, and too much of it is flicker. So
    every frame earns a multiple of the unrest that the source itself shows there and pays for what the dream showed.
    In a lively film a beat strikes; in a still one it swells.

    >>> pulse = Pulse()
    >>> pulse.share(0.05)  # nothing is saved yet
    0.0
    >>> for _ in range(24):
    ...     pulse.book(unrest=0.02**2, shown=0.02**2)
    >>> pulse.share(0.05)
    1.0
    """

    def __init__(self):
        self.saved = 0.0

    def book(self, *, unrest: float, shown: float) -> None:
        """Earn and pay for one frame.

        Args:
            unrest: mean square of what motion does not explain in the source.
            shown: the same in what was shown.
        """
        most = SAVED * ((ROOM - 1) * unrest + FLOOR)
        # what was overdrawn is forgiven in as long as it takes to save up
        self.saved = float(np.clip(self.saved + ROOM * unrest + FLOOR - shown, -most, most))

    @property
    def overdrawn(self) -> bool:
        """Whether the dream has shown more than it may."""
        return self.saved < 0

    def share(self, change: float) -> float:
        """How much of a change of this root mean square may be made now, 0 to 1."""
        if change <= 1e-9:
            return 1.0
        return min(1.0, max(self.saved, 0.0) ** 0.5 / change)
