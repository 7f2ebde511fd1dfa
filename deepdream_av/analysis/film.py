"""How steady a film is: warp error and flicker, against its source."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from deepdream_av.temporal.flow import FlowEstimator
from deepdream_av.temporal.warp import warp


@dataclass(frozen=True)
class Steadiness:
    """Warp errors of a film and its source over the pixels that both frames of a pair show.

    Attributes:
        source, output: mean squared difference of a frame and the warped frame before it, values in
            [0, 1], averaged over channels and frames.
        still_source, still_output: the same where the source does not move (by less than half a
            pixel).
        still: share of pixels that do not move.
    """

    source: float
    output: float
    still_source: float
    still_output: float
    still: float

    @property
    def ratio(self) -> float:
        """Warp error of the output over that of the source; 1 is as steady as the source."""
        return (self.output + _FLOOR) / (self.source + _FLOOR)

    @property
    def still_ratio(self) -> float:
        """The same where the source does not move."""
        return (self.still_output + _FLOOR) / (self.still_source + _FLOOR)


_FLOOR = (0.25 / 255) ** 2  # a quarter of a grey level: less cannot be seen or stored


class SteadinessMeter:
    """Collects warp errors frame by frame (Lai et al. 2018, "Learning blind video temporal consistency").

    The flow is always that of the source, so a dream cannot hide its flicker in the flow.
    """

    def __init__(self, effort: str = "medium"):
        self._flow = FlowEstimator(effort)
        self._last = None
        self._sums: list[tuple[float, ...]] = []

    def __call__(self, source: np.ndarray, output: np.ndarray, *, cut: bool = False) -> None:
        """Add the next frame of both films.

        Args:
            source, output: float32 `[height, width, 3]` in [0, 1], of one size.
            cut: whether a new shot begins, so that the pair with the last frame means nothing.
        """
        last, self._last = self._last, (source, output)
        if last is None or cut:
            return
        motion = self._flow(source, last[0])
        errors = [((warp(old, motion.flow) - new) ** 2).mean(2) for old, new in zip(last, (source, output))]
        still = motion.seen * (np.hypot(motion.flow[..., 0], motion.flow[..., 1]) < 0.5)
        seen, quiet = motion.seen.sum() + 1e-9, still.sum() + 1e-9
        self._sums.append(
            (
                *(float((e * motion.seen).sum() / seen) for e in errors),
                *(float((e * still).sum() / quiet) for e in errors),
                float(still.mean()),
            )
        )

    def result(self) -> Steadiness:
        """What was found; zeros if there was no pair of frames."""
        if not self._sums:
            return Steadiness(0.0, 0.0, 0.0, 0.0, 0.0)
        table = np.array(self._sums)
        weight = table[:, 4] + 1e-9
        quiet = (table[:, 2:4] * weight[:, None]).sum(0) / weight.sum()
        return Steadiness(*map(float, table[:, :2].mean(0)), *map(float, quiet), float(table[:, 4].mean()))
