"""`--strategy`: all devices of one machine, or several processes that learn together (`tf.distribute`)."""

from __future__ import annotations

import contextlib

from deepdream_av.errors import UsageError

STRATEGIES = ("", "mirrored", "multiworker")


class Workers:
    """Who learns together.

    Args:
        name: `""` for this process alone, `"mirrored"` for all devices of this machine, `"multiworker"` for the
            processes that the environment variable `TF_CONFIG` names.

    Raises:
        UsageError: another name.
    """

    def __init__(self, name: str = ""):
        if name not in STRATEGIES:
            raise UsageError(f"`strategy` must be mirrored or multiworker. Received: {name!r}.")
        self.name, self.strategy = name, None

    @property
    def is_chief(self) -> bool:
        """Whether this process writes files."""
        return True

    def scope(self):
        """Within, models and optimisers are made for all of them."""
        return self.strategy.scope() if self.strategy else contextlib.nullcontext()
