"""What can go wrong, in one line that a user can act on."""


class DeepDreamError(Exception):
    """Base of every error that this library raises on purpose.

    The message is complete: what was wrong, what was received, what would be right. The command
    line prints it alone and ends with `exit_code`.
    """

    exit_code = 1


class InputError(DeepDreamError):
    """A file or array that cannot be dreamt: missing, empty, broken, of the wrong kind."""


class OutputError(DeepDreamError):
    """A result that cannot be written: no permission, no space, no encoder."""


class UsageError(DeepDreamError, ValueError):
    """An argument outside its range, or a name that does not exist."""

    exit_code = 2


class WeightsError(DeepDreamError):
    """A weights or model file that does not fit the network it was given to."""


class MissingExtraError(DeepDreamError, ImportError):
    """An optional dependency is not installed; the message names the extra."""


def unknown_name(kind: str, name: str, known, *, owner: str = "") -> UsageError:
    """Error for a wrong name, with the closest right ones.

    Args:
        kind: what the name stands for, e.g. `"layer"`.
        name: what was received.
        known: the right names.
        owner: whose names they are, e.g. `"dreamnet"`.

    >>> str(unknown_name("layer", "mixd4", ["mixed4", "mixed5"], owner="inception_v3"))
    "`layer` must be one of inception_v3's layers. Received: 'mixd4'. Did you mean 'mixed4'?"
    """
    import difflib

    known = [str(k) for k in known]
    close = difflib.get_close_matches(str(name), known, n=1, cutoff=0.5)
    many = kind + ("es" if kind.endswith("s") else "s")
    whose = f"{owner}'s {many}" if owner else ", ".join(known) if len(known) <= 8 else f"the known {many}"
    hint = (
        f" Did you mean {close[0]!r}?"
        if close
        else f" Some of them: {', '.join(known[:8])}."
        if owner and known
        else ""
    )
    return UsageError(f"`{kind}` must be one of {whose}. Received: {name!r}.{hint}")
