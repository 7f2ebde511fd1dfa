"""How fast the loudness of a dream may follow the sound: as fast as the film's own unrest hides it."""

from __future__ import annotations

SHARE = 0.3  # of the source's own unrest that pulses may add
FLOOR = (0.6 / 255) ** 2  # unrest a frame that a pulse may always make; in a still film it is all there is
SAVED = 24  # frames whose allowance may be saved up for a beat


class Pulse:
    """Lets a level follow what is wanted, within an allowance.

    Every change of loudness is a difference between frames that no motion explains, and too much of it is flicker.
    So every frame earns a share of the unrest that the source itself shows there, and what a beat takes at once was
    saved up before it. In a noisy or lively film a beat strikes; in a still one it swells.

    >>> pulse = Pulse()
    >>> pulse(1.5, level=1.0, loudness=0.08, unrest=0.0) < 1.1  # nothing is saved yet
    True
    >>> pulse = Pulse(); pulse.saved = 1.0
    >>> pulse(1.5, level=1.0, loudness=0.08, unrest=0.0)
    1.5
    """

    def __init__(self):
        self.saved = 0.0

    def __call__(self, wanted: float, *, level: float, loudness: float, unrest: float) -> float:
        """The level of the next frame.

        Args:
            wanted: the level that the sound asks for.
            level: that of the last frame.
            loudness: root mean square of the dream at level 1, in units of the picture's range.
            unrest: mean square of what motion does not explain in the source.
        """
        income = SHARE * unrest + FLOOR
        self.saved = min(self.saved + income, max(SAVED * income, self.saved))
        most = self.saved**0.5 / max(loudness, 1e-6)
        change = max(-most, min(most, wanted - level))
        self.saved -= (change * loudness) ** 2
        return level + change
