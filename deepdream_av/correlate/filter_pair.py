"""One pair of channel sets, and how pairs are written down."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from deepdream_av.errors import UsageError

SOURCES = ("learned", "prior", "semantic", "manual")
_MOST_LAG = 2.0  # seconds
_MOST = {"characters": 1_000_000, "pairs": 64, "channels": 1024, "name": 200}

Weights = tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class FilterPair:
    """Channels of an ear and channels of an eye that rise and fall together.

    Attributes:
        heard: names of channels that hear with their weights over 0, strongest first; the squares add up to 1.
        seen: names of channels that see with their weights, likewise.
        lag: seconds by which the picture follows the sound; below 0 where it comes first.
        rho: correlation of the two weighted sums, held out.
        p: how often chance alone would give as much.
        source: where it comes from: `learned` from this film, `prior`, `semantic` or `manual`.
    """

    heard: Weights
    seen: Weights
    lag: float = 0.0
    rho: float = 0.0
    p: float = 1.0
    source: str = "manual"


def as_weights(names: Iterable[str], weights: Iterable[float]) -> Weights:
    """Channels with weights over 0, strongest first, so that the squares add up to 1.

    >>> as_weights(["a", "b", "c"], [3.0, 0.0, 4.0])
    (('c', 0.8), ('a', 0.6))
    """
    found = [(str(name), float(weight)) for name, weight in zip(names, weights, strict=True) if weight > 0]
    length = math.hypot(*(weight for _, weight in found))
    shares = sorted(
        ((name, round(weight / length, 6)) for name, weight in found), key=lambda x: (-x[1], x[0])
    )
    return tuple((name, share) for name, share in shares if share > 0)


def pairs_to_json(pairs: Iterable[FilterPair]) -> str:
    """Pairs as text that `pairs_from_json` reads.

    >>> pairs_from_json(pairs_to_json([FilterPair((("a#1", 1.0),), (("b#2", 1.0),))]))[0].seen
    (('b#2', 1.0),)
    """
    return json.dumps({"pairs": [asdict(pair) for pair in pairs]}, indent=1)


def pairs_from_json(text: str) -> tuple[FilterPair, ...]:
    """Pairs from text, which may come from anybody.

    Args:
        text: JSON, `{"pairs": [{"heard": [["block4#7", 1]], "seen": [["stride8#12", 1]]}]}`; `lag`, `rho`, `p` and
            `source` may follow. Weights are brought to length 1.

    Raises:
        UsageError: it is something else.
    """
    try:
        if len(text) > _MOST["characters"]:
            raise ValueError(f"more than {_MOST['characters']} characters")
        listed = json.loads(text)["pairs"]
        if not isinstance(listed, list) or len(listed) > _MOST["pairs"]:
            raise ValueError(f"`pairs` must be a list of at most {_MOST['pairs']}")
        return tuple(_read_pair(entry) for entry in listed)
    except KeyError as error:
        reason = f"{error} is missing"
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        reason = str(error) or type(error).__name__
    raise UsageError(
        f"Filter pairs must be JSON as of `pairs_to_json`. Received: {' '.join(reason.split())[:160]}."
    )


def _read_pair(entry: dict) -> FilterPair:
    source = entry.get("source", "manual")
    if source not in SOURCES:
        raise ValueError(f"source {str(source)[:40]!r}, which is none of {', '.join(SOURCES)}")
    return FilterPair(
        heard=_read_weights(entry["heard"]),
        seen=_read_weights(entry["seen"]),
        lag=_number(entry.get("lag", 0.0), -_MOST_LAG, _MOST_LAG),
        rho=_number(entry.get("rho", 0.0), -1.0, 1.0),
        p=_number(entry.get("p", 1.0), 0.0, 1.0),
        source=source,
    )


def _read_weights(entries) -> Weights:
    if not isinstance(entries, list) or not 0 < len(entries) <= _MOST["channels"]:
        raise ValueError(f"a side of a pair must be a list of 1 to {_MOST['channels']} channels")
    found = {}
    for name, weight in entries:
        if not isinstance(name, str) or not 0 < len(name) <= _MOST["name"]:
            raise ValueError(f"{str(name)[:40]!r} is no name of a channel")
        weight = _number(weight, 0.0, 1e6)
        if weight == 0 or name in found:
            raise ValueError(f"{name[:40]!r} must have one weight over 0")
        found[name] = weight
    return as_weights(found, found.values())


def _number(value, low: float, high: float) -> float:
    # true is a number to Python; written so that NaN fails too
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        raise ValueError(f"{str(value)[:40]} is no number from {low:g} to {high:g}")
    return float(value)
