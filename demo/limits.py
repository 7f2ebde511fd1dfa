"""What a visitor may ask for: set by environment variables, so that a copy on better hardware can raise them."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from dataclasses import dataclass

from deepdream_av.errors import UsageError

PREFIX = "DEEPDREAM_AV_"


def _limit(default: float, low: float, high: float, doc: str):
    return dataclasses.field(default=default, metadata={"low": low, "high": high, "doc": doc})


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Limits of the service; each is the environment variable `DEEPDREAM_AV_` and its name in capitals.

    >>> Limits.from_environment({"DEEPDREAM_AV_MAX_SECONDS": "30"}).max_seconds
    30.0
    """

    max_megabytes: float = _limit(50, 1, 100_000, "size of an uploaded file in MB")
    max_network_megabytes: float = _limit(120, 1, 100_000, "size of an uploaded network in MB")
    max_megapixels: float = _limit(40, 0.1, 1_000, "size of a picture in megapixels")
    max_seconds: float = _limit(60, 1, 100_000, "length of a sound in seconds; more is left out")
    max_film_seconds: float = _limit(20, 1, 100_000, "length of a film in seconds; more is left out")
    max_work_size: int = _limit(1024, 64, 8192, "long side in pixels at which pictures are dreamt")
    concurrent: int = _limit(1, 1, 64, "dreams at the same time")
    queue: int = _limit(20, 1, 10_000, "visitors who may wait for one")
    budget: float = _limit(240, 1, 100_000, "seconds after which a dream is ended and what there is is given")
    keep: float = _limit(7200, 60, 1_000_000, "seconds for which results stay on the server")

    def __post_init__(self):
        for f in dataclasses.fields(self):
            value, low, high = getattr(self, f.name), f.metadata["low"], f.metadata["high"]
            if not low <= value <= high:  # written so that NaN fails too
                raise UsageError(f"`{f.name}` must lie between {low} and {high}. Received: {value!r}.")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Limits:
        """The limits that the environment asks for.

        Args:
            environment: variables by name; those of the process if None.

        Raises:
            UsageError: not a number, or out of range.
        """
        environment = os.environ if environment is None else environment
        given = {}
        for f in dataclasses.fields(cls):
            text = environment.get(PREFIX + f.name.upper(), "").strip()
            if not text:
                continue
            try:
                given[f.name] = {"int": int, "float": float}[f.type](text)
            except ValueError:
                raise UsageError(
                    f"`{PREFIX}{f.name.upper()}` must be a number: the {f.metadata['doc']}. Received: {text!r}."
                ) from None
        return cls(**given)
