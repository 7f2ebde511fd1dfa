"""`--strategy`: all devices of one machine, or several processes that learn together (`tf.distribute`).

Here stands who they are and what they tell each other outside of a step; `training.together` has the steps.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable

import numpy as np

from deepdream_av.errors import DeepDreamError, UsageError
from training.cluster import Cluster, meet, read_cluster

STRATEGIES = ("", "mirrored", "multiworker")


class Workers:
    """Who learns together.

    Make it before anything else that TensorFlow does: it refuses to be joined to others later.

    Args:
        name: `""` for this process alone, `"mirrored"` for all devices of this machine, `"multiworker"` for the
            processes that the environment variable `TF_CONFIG` names, with all devices of their machines.
        say: called with a line for the user: who learns, and for whom this process waits.

    Attributes:
        strategy: of `tf.distribute`, or None.

    Raises:
        UsageError: another name; a `TF_CONFIG` that is missing or wrong; an address that is taken.
    """

    def __init__(self, name: str = "", *, say: Callable = lambda line: None):
        if name not in STRATEGIES:
            raise UsageError(f"`strategy` must be mirrored or multiworker. Received: {name!r}.")
        self.name, self.strategy = name, None
        self.cluster = read_cluster(os.environ.get("TF_CONFIG")) if name == "multiworker" else None
        if self.cluster is not None:
            meet(self.cluster, say=say)
        if name:
            self.strategy = _mirrored() if name == "mirrored" else _joined(self.cluster)
            say(self._named())

    @property
    def is_chief(self) -> bool:
        """Whether this process writes files."""
        return self.cluster is None or self.cluster.is_chief

    @property
    def count(self) -> int:
        """How many devices share each step, over all processes."""
        return self.strategy.num_replicas_in_sync if self.strategy else 1

    def scope(self):
        """Within, models and optimisers are made for all of them."""
        return self.strategy.scope() if self.strategy else contextlib.nullcontext()

    def check_batch(self, batch: int):
        """Raise a `UsageError` if a step of so many examples cannot be shared evenly."""
        if batch % self.count:
            right = max(1, batch // self.count) * self.count
            raise UsageError(
                f"`batch` must be a multiple of {self.count}, the devices that share it. Received: {batch}. "
                f"Try --batch {right}."
            )

    def spread(self, array):
        """Each device's share of an array `[n, ...]`, in order; `n` is a multiple of `count`."""
        share = len(array) // self.count

        def part(context):
            start = context.replica_id_in_sync_group * share
            return array[start : start + share]

        return self.strategy.experimental_distribute_values_from_function(part)

    def total(self, values) -> np.ndarray:
        """Sum of a float64 vector over all processes, the same to the last bit in each of them."""
        import tensorflow as tf

        values = np.asarray(values, np.float64)
        if self.cluster is None:
            return values
        devices = len(self.strategy.extended.worker_devices)  # of this process; one of them speaks

        def part(context):
            return tf.constant(values * (context.replica_id_in_sync_group % devices == 0))

        spread = self.strategy.experimental_distribute_values_from_function(part)
        return self.strategy.reduce("SUM", spread, axis=None).numpy()

    def wait(self):
        """Go on when all processes have come here."""
        self.total([0.0])

    def agree(self, variables):
        """Give the variables the chief's values in every process."""
        if self.cluster is None:
            return
        own = [
            np.ravel(v.numpy()).astype(np.float64) for v in variables
        ]  # float64 holds seeds and counts exactly
        flat = self.total(np.concatenate(own) * self.is_chief)
        for variable, part in zip(variables, np.split(flat, np.cumsum([len(x) for x in own])[:-1])):
            variable.assign(part.reshape(variable.shape).astype(variable.dtype))

    def check_same(self, number: int):
        """Raise a `UsageError` in every process unless all of them come with the same number of finished epochs."""
        processes, once, squared = self.total([1, number, number**2])
        if processes * squared != once**2:
            raise UsageError(
                "`work` must be one folder that all workers see. Received: folders in which different epochs are "
                f"reached ({number} in that of this worker). Put it on a shared disk, or empty it on every machine."
            )

    @contextlib.contextmanager
    def together(self):
        """Within, the end of another process is an error in one line."""
        if self.cluster is None:
            yield
            return
        from tensorflow import errors

        try:
            yield
        except (errors.UnavailableError, errors.AbortedError, errors.CancelledError) as error:
            raise DeepDreamError(
                "another worker has ended or cannot be reached; the same command, started on all of them, goes on "
                f"from the last epoch ({type(error).__name__})."
            ) from None

    def _named(self) -> str:
        names = ", ".join(d.split("device:")[-1] for d in self.strategy.extended.worker_devices)
        if self.cluster is not None:
            return f"{self.cluster.place}: {names}; devices in all: {self.count}"
        if self.count == 1:
            return f"mirrored: this machine has one device, {names}; it learns as without --strategy"
        return f"mirrored: {self.count} devices, {names}"


def _mirrored():
    import tensorflow as tf

    _hush()
    return tf.distribute.MirroredStrategy()


def _joined(cluster: Cluster):
    import tensorflow as tf

    _hush()
    before = signal.getsignal(signal.SIGTERM)
    try:
        strategy = tf.distribute.MultiWorkerMirroredStrategy()
    except RuntimeError as error:
        raise UsageError(f"`strategy` multiworker needs a process of its own. Received: {error}") from None
    except tf.errors.OpError as error:
        line = (error.message.strip().splitlines() or [""])[0][:160]
        raise DeepDreamError(f"{cluster.address} could not join the other workers ({line}).") from None
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, before)  # TensorFlow takes it, and would live on
    return strategy


def _hush():
    """TensorFlow tells of every cluster that it makes; so do we, in one line."""
    import logging

    logging.getLogger("tensorflow").setLevel(logging.ERROR)
