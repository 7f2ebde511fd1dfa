"""The kinds of terms: a class with `@kind("name")` above it is known to JSON, to recipes and to the command line."""

from __future__ import annotations

import dataclasses

from deepdream_av.errors import UsageError, unknown_name

KINDS: dict[str, type] = {}
PENALTIES: dict[str, type] = {}


def kind(name: str, *, penalty: bool = False):
    """Class decorator that gives a kind of term its name.

    Args:
        name: in JSON and on the command line.
        penalty: whether it measures what is not wanted, so that it takes a negative weight.
    """

    def known(term: type) -> type:
        term.kind = name
        KINDS[name] = term
        if penalty:
            PENALTIES[name] = term
        return term

    return known


def to_dict(term) -> dict:
    """A term as JSON knows it; its arrays are left out, and made anew by `bound(backbone)`.

    Raises:
        UsageError: a term without a kind, which holds more than words and numbers.
    """
    term = getattr(term, "described", term)  # a guide that is bound
    if not hasattr(term, "kind"):
        raise UsageError(f"A term must be of a known kind to be written. Received: {type(term).__name__}.")
    fields = {f.name: getattr(term, f.name) for f in dataclasses.fields(term) if f.compare and f.init}
    inner = {k: to_dict(v) for k, v in fields.items() if hasattr(v, "kind")}
    return {"kind": term.kind, **fields, **inner}


def from_dict(data):
    """A term of `to_dict`.

    Raises:
        UsageError: an unknown kind or field, or a value of the wrong type.
    """
    if not isinstance(data, dict):
        raise UsageError(f"A term must be a JSON object. Received: {str(data)[:80]!r}.")
    data = dict(data)
    name = data.pop("kind", None)
    if name not in KINDS:
        raise unknown_name("kind", name, sorted(KINDS))
    fields = {f.name: f for f in dataclasses.fields(KINDS[name]) if f.compare and f.init}
    for key in data:
        if key not in fields:
            raise unknown_name("field", key, sorted(fields), owner=name)
    try:
        return KINDS[name](**{k: _typed(fields[k].type, v) for k, v in data.items()})
    except (TypeError, ValueError, OverflowError) as error:
        if isinstance(error, UsageError):
            raise
        raise UsageError(
            f"A term of kind {name!r} must have fields of its types. Received: {str(data)[:200]}."
        ) from None


def _typed(kind_: str, value):
    """A JSON value in the type of a field, or `TypeError`."""
    if isinstance(value, dict):
        return from_dict(value)
    if kind_.startswith("tuple"):
        if not isinstance(value, list | tuple) or len(value) > 100_000:
            raise TypeError
        if "str" in kind_:
            return tuple(x if isinstance(x, str) else _refused() for x in value)
        return tuple(int(x) if "int" in kind_ else float(x) for x in value)
    if kind_.startswith("float"):
        return float(value) if not isinstance(value, str | bool) else _refused()
    if kind_.startswith("int"):
        return value if (isinstance(value, int) and not isinstance(value, bool)) or value is None else _refused()
    return value if isinstance(value, str) else _refused()


def _refused():
    raise TypeError
