"""The fields of a recipe: how they are described, and how a value is made sure of."""

from __future__ import annotations

import dataclasses
from dataclasses import field

from deepdream_av.errors import UsageError, unknown_name


def described(default, doc, *, low=None, high=None, choices=None, unit="", flag=True):
    """A field of a recipe with all that its check, its flag and its slider need.

    Args:
        default: its value unless something else is asked for.
        doc: one line on what it does.
        low, high: range of a number.
        choices: the words it may be.
        unit: of a number.
        flag: whether it has a flag of its own on the command line.
    """
    meta = dict(doc=doc, low=low, high=high, choices=choices, unit=unit, flag=flag)
    return field(default=default, metadata=meta)


def checked(f: dataclasses.Field, value):
    """`value` in the field's type and range, or a `UsageError` that names both."""
    if f.type == "tuple[float, ...]":
        return _checked_gains(f.name, value)
    if f.type == "tuple[str, ...]":
        return _checked_keyframes(f.name, value)
    if f.type.startswith("tuple"):
        return _checked_layers(f.name, value)
    kind = {"int": int, "float": float, "str": str}[f.type]
    ok = isinstance(value, kind) and not isinstance(value, bool)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        ok = abs(value) < 2**63  # beyond that an integer may be no float at all
        value = float(value) if ok else value
    meta = f.metadata
    if not ok:
        raise UsageError(f"`{f.name}` must be of type {f.type}. Received: {str(value)[:80]!r}.")
    if meta["choices"] and value not in meta["choices"]:
        raise unknown_name(f.name, value, meta["choices"])
    # written so that NaN fails too
    if meta["low"] is not None and not meta["low"] <= value <= meta["high"]:
        raise UsageError(
            f"`{f.name}` must lie between {meta['low']} and {meta['high']}. Received: {value!r}."
        )
    if kind is str and len(value) > 4096:
        raise UsageError(f"`{f.name}` has at most 4096 characters. Received: {len(value)}.")
    return value


def _checked_layers(name: str, value):
    try:
        pairs = tuple((layer, float(weight)) for layer, weight in value)
        ok = all(isinstance(layer, str) and 0 < len(layer) <= 1024 and abs(w) <= 1e6 for layer, w in pairs)
    except (TypeError, ValueError, OverflowError):
        ok = False
    if not ok or len(pairs) > 64:
        raise UsageError(f"`{name}` must be pairs of a layer's name and its weight. Received: {value!r}.")
    return pairs


def _checked_gains(name: str, value):
    try:
        gains = tuple(float(x) for x in value if not isinstance(x, bool | str | bytes))
        ok = len(gains) == len(value) and all(0 <= x <= 100 for x in gains)
    except (TypeError, ValueError, OverflowError):
        ok, gains = False, ()
    if not ok or len(gains) not in (0, 2, 3, 4, 5, 6, 7, 8) or (gains and not any(gains)):
        raise UsageError(f"`{name}` must be 2 to 8 numbers from 0 to 100, not all 0. Received: {value!r}.")
    return gains


def keyframe(given) -> tuple[float, dict]:
    """A keyframe as its time in seconds and what it changes.

    Args:
        given: `"3.5:strength=1.2,look=owls"`, or the same as `{"time": 3.5, "strength": 1.2, "look": "owls"}`; layers
            as in `"0:layers=stride8+stride16*0.5"`.

    Raises:
        UsageError: anything else.
    """
    try:
        if isinstance(given, dict):
            parts = dict(given)
            time = float(parts.pop("time"))
        else:
            head, _, rest = given.partition(":")
            time, parts = float(head), dict(part.strip().split("=", 1) for part in rest.split(","))
        ok = 0 <= time <= 1e6 and parts and not set(parts) - {"strength", "look", "layers"}
        if "strength" in parts:
            parts["strength"] = float(parts["strength"])
            ok = ok and 0 <= parts["strength"] <= 4
        if "layers" in parts:
            layers = [layer.split("*") for layer in parts["layers"].split("+")]
            parts["layers"] = tuple((name, float(weight[0]) if weight else 1.0) for name, *weight in layers)
            ok = ok and all(name and abs(weight) <= 1e6 for name, weight in parts["layers"])
        ok = ok and isinstance(parts.get("look", ""), str)
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError):
        ok = False
    if not ok:
        raise UsageError(
            f"`keyframes` must be as in 3.5:strength=1.2,look=owls or 0:layers=stride8+stride16*0.5. "
            f"Received: {str(given)[:80]!r}."
        )
    return time, parts


def _checked_keyframes(name: str, value):
    if not isinstance(value, list | tuple) or len(value) > 256:
        raise UsageError(f"`{name}` must be a list of at most 256 keyframes. Received: {str(value)[:80]!r}.")
    return tuple(_as_text(*found) for found in sorted((keyframe(x) for x in value), key=lambda found: found[0]))


def _as_text(time: float, parts: dict) -> str:
    texts = {k: f"{v:.9g}" if k == "strength" else v for k, v in parts.items()}
    if "layers" in parts:
        texts["layers"] = "+".join(f"{name}*{weight:.9g}" for name, weight in parts["layers"])
    return f"{time:.9g}:" + ",".join(f"{k}={texts[k]}" for k in sorted(texts))
