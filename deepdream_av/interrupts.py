"""Ctrl-C and SIGTERM: they end a dream, but never the writing of what has been dreamt."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextlib.contextmanager
def terminable() -> Iterator[None]:
    """Within, SIGTERM raises `KeyboardInterrupt` as Ctrl-C does."""

    def stop(number, frame):
        raise KeyboardInterrupt

    with _handling((signal.SIGTERM,), stop):
        yield


@contextlib.contextmanager
def finishing() -> Iterator[None]:
    """Within, both are ignored: a file is being finished, and half of it would be worth nothing."""
    with _handling(_SIGNALS, signal.SIG_IGN):
        yield


@contextlib.contextmanager
def _handling(numbers, handler) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():  # only that one may ask for signals
        yield
        return
    before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old if old is not None else signal.SIG_DFL)
