"""What is heard and what is seen do to each other: from curves and filter pairs to what every frame is asked for.

Below lies the layer that always works (`correlate.drive`): the sound drives steps, strength, large shapes, depth and
channels. Above it lie the filter pairs: what is heard opens the gates of the channels that see, what is seen those of
the channels that hear, and in `joint` the presence of both follows the other side (`objectives.gated`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from deepdream_av.correlate.drive import Drive, Drives
from deepdream_av.correlate.pairs import FilterPair, canonical
from deepdream_av.correlate.series import Series

STEEP, HALF = 1.8, 0.5  # of a gate: how fast it opens for each standard deviation, and where it is half open
HOLD = 1.5  # how firmly presences are followed in `joint`, beside a gate of 1
SWING = 4.0  # how much further than in the source, in its standard deviations, a presence swings in `joint`
YIELDS = 0.05  # share of the main dream that makes room for open voices: what is heard selects what is dreamt
ATTACK, RELEASE = 0.02, 0.15  # seconds; see `correlate.drive`
PITCHES = 12


@dataclass(frozen=True, eq=False)
class Asked(Drive):
    """What is asked of one frame.

    Attributes:
        gates: float32 `[sets]`, how far each set of channels is open.
        wanted: float32 `[sets]`, how much more of it there shall be than usual.
        voices: float32 `[pairs]`, how far what each pair sees is shown on its own.
        time: when the frame is shown, in seconds.
    """

    gates: np.ndarray | None = None
    wanted: np.ndarray | None = None
    voices: np.ndarray | None = None
    time: float = 0.0


class Coupling:
    """The coupling of one film.

    Args:
        drives: the curves of the sound.
        heard, seen: what the channels do over the film; None if they were not looked at.
        pairs: those to dream with; their channels must be among those of the series.
        layers: the dreamt layers of the pictures, shallow ones first.
        amount: how much both sides do to each other, 0 to 1.
        joint: whether presences follow each other, beside the gates.
        shift: seconds by which everything comes too late, going round at the end: a control.
    """

    def __init__(
        self,
        drives: Drives,
        *,
        heard: Series | None = None,
        seen: Series | None = None,
        pairs: Iterable[FilterPair] = (),
        layers: Iterable[str] = (),
        amount: float = 0.5,
        joint: bool = False,
        shift: float = 0.0,
    ):
        self.drives, self.heard, self.seen = drives, heard, seen
        self.pairs, self.amount, self.joint = tuple(pairs), amount, joint
        self._sets = _Sets(seen, tuple(layers), self.pairs)
        self._times = seen.times if seen is not None else np.zeros(1)
        self._shift = shift
        # weights of the pairs: the surest counts as 1
        rho = np.array([max(pair.rho, 0.05) for pair in self.pairs], np.float32)
        self._rho = rho / rho.max(initial=0.05)
        self.gates_seen = self._gates(heard, [(pair.heard, -pair.lag) for pair in self.pairs])
        self.gates_heard = self._gates(seen, [(pair.seen, pair.lag) for pair in self.pairs])
        self._heard_curves = self._curves(heard, [(pair.heard, -pair.lag) for pair in self.pairs])
        self._seen_curves = self._curves(seen, [(pair.seen, pair.lag) for pair in self.pairs])

    def at(self, time: float) -> Asked:
        """What the frame that is shown at a time, in seconds, is asked for."""
        time = self._moved(time)
        drive = self.drives.at(time)
        row = int(np.clip(np.searchsorted(self._times, time - 1e-6), 0, len(self._times) - 1))
        opened = 2 * self.amount * self._rho * self.gates_seen[row]
        gates = self._sets.gates(drive, opened)
        wanted = np.zeros_like(gates)
        if self.joint and self.pairs:
            curves = np.clip(self._heard_curves[row], -2, 2)
            wanted[-len(self.pairs) :] = 2 * self.amount * SWING * self._sets.spreads * curves
        drive = dataclasses.replace(drive, gain=drive.gain * (1 - YIELDS * min(1.0, float(opened.sum()))))
        return Asked(**vars(drive), gates=gates, wanted=wanted, voices=opened)

    def picture_term(self):
        """The sets of channels that the sound opens, those of the pairs last, for `FrameDreamer.couple`, or None."""
        holds = [HOLD * float(rho) for rho in self._rho] if self.joint else None
        return self._sets.term(holds)

    def sound_term(self):
        """The sets of channels of the ear that the pictures open, for `SoundDreamer.couple`; None if there is none."""
        if not self.pairs or self.heard is None:
            return None
        return _Sets(self.heard, (), [_turned(pair) for pair in self.pairs]).term(None)

    def sound_signals(self, start: float, seconds: float, rows: int) -> np.ndarray:
        """How far the sets of `sound_term` are open along a piece of the sound.

        Args:
            start: second on the film's clock at which the piece begins.
            seconds: its length.
            rows: moments that are wanted.

        Returns:
            float32 `[rows, pairs]`.
        """
        times = start + (np.arange(rows) + 0.5) * seconds / max(rows, 1)
        times = np.array([self._moved(time) for time in times])
        gates = [np.interp(times, self._times, gate) for gate in self.gates_heard.T]
        return (2 * self.amount * self._rho * np.stack(gates, 1)).astype(np.float32)

    def _moved(self, time: float) -> float:
        if not self._shift:
            return time
        first, span = self._times[0], max(self._times[-1] - self._times[0], 1e-6)
        return float(first + (time - self._shift - first) % span)

    def _curves(self, series: Series | None, sides) -> np.ndarray:
        """Canonical series of one side, at the times of the other: float32 `[frames, pairs]`."""
        if series is None or not sides:
            return np.zeros([len(self._times), 0], np.float32)
        # a picture that follows the sound by `lag` is driven by what was heard so long before
        return np.stack(
            [np.interp(self._times + by, series.times, canonical(series, weights)) for weights, by in sides], 1
        ).astype(np.float32)

    def _gates(self, series: Series | None, sides) -> np.ndarray:
        """Curves as gates from 0 to 1 that open at once and close slowly."""
        gates = 1 / (1 + np.exp(-STEEP * (self._curves(series, sides) - HALF)))
        return _followed(gates, self._times)


class _Sets:
    """Sets of channels that see: layers as wholes, channels by pitch class, and those of the pairs, in this order."""

    def __init__(self, seen: Series | None, layers: tuple[str, ...], pairs):
        self.layers = layers if len(layers) > 1 else ()
        self.members: list[tuple[str, int, float, float]] = []
        self.spreads = np.zeros(0, np.float32)
        self._count, self._pitched = 0, False
        if seen is None:
            return
        scales = dict(zip(seen.names, seen.scales.tolist()))
        for layer in self.layers:
            mine = [scale for name, scale in scales.items() if name.partition("#")[0] == layer]
            self._add([(layer, 1.0, float(np.mean(mine)) if mine else 1.0)])
        if layers:
            names = [name for name in seen.names if name.partition("#")[0] == layers[-1]]
            self._pitched = len(names) >= PITCHES
            for pitch in range(PITCHES if self._pitched else 0):
                mine = names[pitch::PITCHES]
                self._add([(name, 1 / len(mine), scales[name]) for name in mine])
        spreads = []
        for pair in pairs:
            members, spread = _members(seen, _deep_enough(pair.seen, seen, layers))
            self._add(members)
            spreads.append(spread)
        self.spreads = np.array(spreads, np.float32)

    def _add(self, members) -> None:
        self.members += [(name, self._count, weight, scale) for name, weight, scale in members]
        self._count += 1

    def gates(self, drive: Drive, opened: np.ndarray) -> np.ndarray:
        """Gates of all sets: those of the layers and pitch classes from the drive, those of the pairs as given."""
        if not self._count:
            return np.zeros(0, np.float32)
        depth = np.linspace(1, -1, len(self.layers)) * drive.depth
        chroma = drive.chroma if self._pitched else np.zeros(0)
        return np.concatenate([depth, chroma, opened]).astype(np.float32)

    def term(self, holds):
        """All sets as one term, or None."""
        from deepdream_av.objectives import Gated

        if not self.members:
            return None
        names, sets, weights, scales = zip(*self.members)
        holds = (*[0.0] * (self._count - len(holds)), *holds) if holds else ()
        return Gated(names, sets, weights, scales, holds)


def _deep_enough(weights, seen: Series, layers: tuple[str, ...]):
    """Without channels below the shallowest dreamt layer, if others are left: textures of a few pixels are grain."""
    order = list(dict.fromkeys(name.partition("#")[0] for name in seen.names))
    first = order.index(layers[0]) if layers and layers[0] in order else 0
    deep = tuple((name, weight) for name, weight in weights if order.index(name.partition("#")[0]) >= first)
    return deep or weights


def _members(series: Series, weights) -> tuple[list[tuple[str, float, float]], float]:
    """One side of a pair as channels with weights that add up to 1 and scales, and how far its presence swings.

    Pairs are found on standardised series, and dreamt on the measures themselves: a weight is divided by the
    deviation of its channel. The rise of a channel is dreamt as the channel.
    """
    place = {name: n for n, name in enumerate(series.names)}
    found: dict[str, float] = {}
    for name, weight in weights:
        plain = name.removesuffix("+")
        deviation = float(series.values[:, place[plain if plain in place else name]].std())
        found[plain] = found.get(plain, 0.0) + weight / max(deviation, 1e-3)
    total = sum(found.values())
    members = [(name, weight / total, float(series.scales[place[name]])) for name, weight in found.items()]
    presence = sum(weight * series.values[:, place[name]] for name, weight, _ in members)
    return members, float(presence.std())


def _turned(pair: FilterPair) -> FilterPair:
    return FilterPair(heard=pair.seen, seen=pair.heard, lag=-pair.lag, rho=pair.rho, p=pair.p, source=pair.source)


def _followed(gates: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Gates `[frames, pairs]` that rise at once and fall slowly, in seconds whatever the frame rate."""
    out = np.array(gates, np.float32)
    steps = np.diff(times, prepend=times[:1])
    for n in range(1, len(out)):
        up, down = (1 - np.exp(-steps[n] / constant) for constant in (ATTACK, RELEASE))
        change = gates[n] - out[n - 1]
        out[n] = out[n - 1] + np.where(change > 0, up, down) * change
    return out
