"""Several processes that find each other: what `TF_CONFIG` says, and waiting until all of them are there."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass

from deepdream_av.errors import UsageError

EXAMPLE = (
    '{"cluster": {"worker": ["10.0.0.1:2222", "10.0.0.2:2222"]}, "task": {"type": "worker", "index": 0}}'
)


@dataclass(frozen=True)
class Cluster:
    """What `TF_CONFIG` says.

    Attributes:
        addresses: `host:port` of each process, the chief first.
        position: of this process among them.
    """

    addresses: tuple[str, ...]
    position: int

    @property
    def is_chief(self) -> bool:
        """Whether this process is the first."""
        return self.position == 0

    @property
    def size(self) -> int:
        """How many processes there are."""
        return len(self.addresses)

    @property
    def address(self) -> str:
        """Where the others reach this process."""
        return self.addresses[self.position]

    @property
    def place(self) -> str:
        """Which process this is, in words."""
        return f"worker {self.position + 1} of {self.size}{' (chief)' if self.is_chief else ''}"


def read_cluster(text: str | None) -> Cluster:
    """Check and read `TF_CONFIG`.

    Args:
        text: its JSON, or None where it is not set.

    Raises:
        UsageError: in one line that shows a right one.

    >>> read_cluster('{"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "worker", "index": 1}}')
    Cluster(addresses=('a:1', 'b:1'), position=1)
    """

    def wrong(must, received):
        return UsageError(f"TF_CONFIG must {must}, for example '{EXAMPLE}'. Received: {str(received)[:200]}.")

    if not (text or "").strip():
        raise wrong("say who the workers are", "nothing; --strategy multiworker needs it in each process")
    try:
        told = json.loads(text)
    except ValueError:
        raise wrong("be JSON", repr(text)) from None
    cluster = told.get("cluster") if isinstance(told, dict) else None
    jobs = {j: cluster.get(j, []) for j in ("chief", "worker")} if isinstance(cluster, dict) else {}
    if not all(isinstance(x, list) for x in jobs.values()) or not any(jobs.values()):
        raise wrong('list the workers under "cluster"', repr(text))
    addresses = [a for job in jobs.values() for a in job]
    for address in addresses:
        host, _, port = str(address).rpartition(":")
        if not (isinstance(address, str) and host and port.isdecimal() and 0 < int(port) < 65536):
            raise wrong("name each worker as host:port", repr(address))
    task = told.get("task")
    kind, index = (task.get("type"), task.get("index")) if isinstance(task, dict) else (None, None)
    if kind not in jobs or type(index) is not int or not 0 <= index < len(jobs[kind]):
        raise wrong('say in "task" which of its workers this process is', repr(task))
    return Cluster(tuple(addresses), index + (len(jobs["chief"]) if kind == "worker" else 0))


def meet(cluster: Cluster, *, say: Callable = lambda line: None, pause: float = 0.3):
    """Wait until every other process can be reached.

    TensorFlow would wait too, but in C++, where it can be stopped neither by Ctrl-C nor by SIGTERM. A process that has
    reached all others goes on to TensorFlow, which then answers at the same address.

    Args:
        say: called with a line whenever it is others that are waited for.
        pause: seconds between trials.

    Raises:
        UsageError: the address of this process is taken, or of another machine's form.
    """
    missing = [a for a in cluster.addresses if a != cluster.address]
    with _listening(cluster.address):
        said = None
        while missing:
            missing = [a for a in missing if not _answers(a)]
            if missing and missing != said:
                say(f"{cluster.place}, {cluster.address}, waits for {', '.join(missing)}")
                said = missing
            time.sleep(pause if missing else 0)


def _listening(address: str):
    port = int(address.rpartition(":")[2])
    try:
        return socket.create_server(("", port), backlog=128)
    except OSError as error:
        raise UsageError(
            f"TF_CONFIG must name a free port of this machine. Received: {address} ({os.strerror(error.errno)})."
        ) from None


def _answers(address: str) -> bool:
    host, _, port = address.rpartition(":")
    with contextlib.suppress(OSError), socket.create_connection((host.strip("[]"), int(port)), timeout=2):
        return True
    return False
