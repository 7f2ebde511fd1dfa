"""A signal ends a dream, but never the writing of what has been dreamt."""

import os
import signal

import pytest

from deepdream_av.interrupts import finishing, terminable


def test_a_polite_end_is_an_interrupt():
    with terminable(), pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGTERM)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_nothing_interrupts_what_is_being_finished(number):
    before = [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)]
    with finishing():
        os.kill(os.getpid(), number)
        done = True
    assert done and before == [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)]
