"""The numbers of a correlation report, as a mapping that JSON holds; a page shows them and adds nothing."""

from __future__ import annotations

import dataclasses
import math
from importlib import metadata

import numpy as np

from deepdream_av.correlate.chance import moved, odds, other_places
from deepdream_av.correlate.judgement import Judgement, Reading, on_clock
from deepdream_av.correlate.pairs import canonical
from deepdream_av.correlate.series import detrended, whole_shots
from deepdream_av.errors import UsageError

SCHEMA = 1
MOST_POINTS = 720  # of a curve in a report; a longer film is averaged over stretches
_MOST_MOVED = 4_000_000  # frames times moves, which bounds the memory of a long film
_LIBRARIES = ("tensorflow", "keras", "numpy", "scipy", "opencv-python-headless", "av")


def findings(told) -> dict:
    """All numbers of a report.

    Args:
        told: a `correlate.report.Told`.

    Returns:
        A mapping of plain lists, numbers, texts and None, without NaN. `pairs` is what `--pairs` reads.
    """
    after, notes = _after(told), list(told.notes)
    if told.seen_after is not None and after is None:
        notes.append("The dream does not have the frames of the film; nothing is measured on it.")
    sides = _sides(told, after)
    found = {
        "schema": SCHEMA,
        "film": told.film,
        "mode": told.mode,
        "says": says(told),
        "notes": notes,
        "accepted": len(told.search.pairs) if told.search else None,  # how many of the pairs beat chance in this film
        "pairs": [
            {**dataclasses.asdict(pair), **own} for pair, own in zip(told.pairs_used, _own(told, sides), strict=True)
        ],
        "refused": dataclasses.asdict(told.search.refused) if told.search and told.search.refused else None,
        "search": _search(told),
        "permuted": {when: _permuted(told, heard, seen) for when, (heard, seen) in sides.items()},
        "judged": _judged(told.judged),
        "shots": _shots(told),
        "curves": _curves(told, sides),
        "seed": told.recipe.get("seed", 0),
        "recipe": told.recipe,
        "versions": _versions(),
    }
    return plain(found)


def says(told) -> str:
    """What was found, in one sentence for somebody who knows nothing of it."""
    count = len(told.pairs_used)
    if count and told.search is None:
        return "What you hear and what you see were tied together by filter pairs that were given; none was looked for."
    if count and not told.search.pairs:
        return "No pair beats chance in this film; pairs that belong together elsewhere are dreamt instead."
    if count:
        pairs = "one pair of channels beats" if count == 1 else f"{count} pairs of channels beat"
        return f"What you hear and what you see go together in this film: {pairs} chance."
    if told.search is not None:
        return "No pair beats chance in this film; base coupling used."
    return "Nobody looked for pairs of channels in this film; base coupling used."


def _after(told):
    """What the dreamt networks hear and see in the dream, on the film's clock; None if it was not looked at."""
    if told.seen is None or told.heard is None or told.seen_after is None:
        return None
    try:
        heard = told.heard if told.heard_after is None else on_clock(told.heard_after, told.seen)
        return heard, on_clock(told.seen_after, told.seen)
    except UsageError:
        return None


def _sides(told, after) -> dict:
    """`{"before": (heard, seen), "after": (heard, seen)}`: canonical series `[frames, pairs]`."""
    if not told.pairs_used or told.heard is None or told.seen is None:
        return {}
    pairs = {"before": (told.heard, told.seen)} | ({"after": after} if after else {})
    return {
        when: tuple(
            np.stack([canonical(series, getattr(pair, side)) for pair in told.pairs_used], 1)
            for series, side in zip(both, ("heard", "seen"))
        )
        for when, both in pairs.items()
    }


def _own(told, sides) -> list[dict]:
    """What the dreamt networks themselves make of each pair, before and after, with its chance."""
    if not sides:
        return [{} for _ in told.pairs_used]
    times, shots = told.seen.times, told.seen.shots
    count = int(np.clip(_MOST_MOVED // len(times), 39, 199))
    moves = np.concatenate([[0.0], other_places(times, count, told.recipe.get("seed", 0))])
    rows = []
    for n, pair in enumerate(told.pairs_used):
        row = {}
        for when, (heard, seen) in sides.items():
            there = detrended(moved(heard[:, [n]], times, moves + pair.lag)[..., 0], times, shots)
            values = _correlations(there, detrended(seen[:, [n]], times, shots))
            row |= {f"own_{when}": float(values[0]), f"own_p_{when}": odds(values)}
            row |= {f"seen_moment_{when}": float(times[int(seen[:, n].argmax())])}
            row |= {f"heard_moment_{when}": float(times[int(heard[:, n].argmax())])}
        rows.append(row)
    return rows


def _permuted(told, heard, seen) -> list:
    """Correlation of the heard side of pair i with the seen side of pair j, `[i][j]`, at the lag of pair i."""
    times, shots = told.seen.times, told.seen.shots
    rows = []
    for n, pair in enumerate(told.pairs_used):
        there = detrended(moved(heard[:, [n]], times, np.array([pair.lag]))[:, 0], times, shots)
        rows.append(_correlations(there, detrended(seen, times, shots)).tolist())
    return rows


def _correlations(first, second) -> np.ndarray:
    first, second = first - first.mean(0), second - second.mean(0)
    power = (first**2).sum(0) * (second**2).sum(0)
    return (first * second).sum(0) / np.sqrt(np.maximum(power, 1e-12))


def _search(told) -> dict | None:
    search = told.search
    if search is None:
        return None
    return {
        "found": len(search.pairs),
        "shifts": len(search.null),
        "threshold": search.threshold,
        "effective": search.effective,
        "null": search.null,
        "lags": search.lags,
        "lag_curve": search.lag_curve,
    }


def _judged(judged: Judgement | None) -> dict | None:
    if judged is None:
        return None
    readings = {name: _read(getattr(judged, name)) for name in ("together", "picture", "sound")}
    return {**readings, "shifts": judged.shifts, "seed": judged.seed}


def _read(reading: Reading | None) -> dict | None:
    if reading is None:
        return None
    return {f.name: getattr(reading, f.name) for f in dataclasses.fields(reading)} | {
        "rise": reading.rise,
        "peak": reading.peak,
    }


def _shots(told) -> list[list[float]]:
    """First and last second of each shot."""
    series = told.seen if told.seen is not None else told.seen_after
    if series is None:
        return []
    return [[float(series.times[s.start]), float(series.times[s.stop - 1])] for s in whole_shots(series.shots)]


def _curves(told, sides) -> dict:
    """Curves over time, each a list for each pair."""
    if not sides:
        return {"times": []}
    times = told.seen.times
    size = -(-len(times) // MOST_POINTS)

    def thin(curves) -> list:
        cut = len(times) // size * size
        return np.asarray(curves, np.float64)[:cut].reshape(-1, size, *np.shape(curves)[1:]).mean(1).T

    curves = {"times": thin(times)}
    for when, (heard, seen) in sides.items():
        curves |= {f"heard_{when}": thin(heard), f"seen_{when}": thin(seen)}
    for name in ("gates_seen", "gates_heard"):
        gates = getattr(told, name)
        if gates is not None and np.shape(gates) == (len(times), len(told.pairs_used)):
            curves[name] = thin(gates)
    return curves


def _versions() -> dict:
    from deepdream_av import __version__

    found = {"deepdream_av": __version__}
    for name in _LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def plain(value):
    """The same as JSON can hold it: lists for arrays, None for what is no number, six digits behind the point.

    >>> plain({"a": np.float32(0.1), "b": [float("nan"), np.arange(2)]})
    {'a': 0.1, 'b': [None, [0, 1]]}
    """
    if isinstance(value, dict):
        return {str(name): plain(entry) for name, entry in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, (list, tuple)):
        return [plain(entry) for entry in value]
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, np.integer):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return round(float(value), 6) if math.isfinite(value) else None
    return value if value is None or isinstance(value, (str, int)) else str(value)
