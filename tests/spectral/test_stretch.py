"""A stretched loop is longer, at its pitch, in all channels alike, and nowhere torn."""

import numpy as np
import pytest

from deepdream_av.spectral.stretch import stretched

RATE = 22050


def loop_of(hz, seconds=2.0):
    """Tones with whole periods in the loop, so that it is one."""
    t = np.arange(round(seconds * RATE)) / RATE
    return np.stack([0.3 * np.sin(2 * np.pi * f * t + k) for k, f in enumerate(hz)], 1).astype(np.float32)


def played(loop, factor):
    def read(first, last):
        return loop[np.arange(first, last) % len(loop)]

    return np.concatenate(list(stretched(read, len(loop), factor, RATE)))


@pytest.mark.parametrize("factor", [0.9, 0.97, 1.01, 1.1])
def test_longer_at_the_same_pitch(factor):
    loop = loop_of([440.0])
    new = played(loop, factor)[:, 0]
    assert len(new) / len(loop) == pytest.approx(factor, abs=0.011)
    spectrum = np.abs(np.fft.rfft(new * np.hanning(len(new))))
    hz = np.fft.rfftfreq(len(new), 1 / RATE)
    assert abs(hz[spectrum.argmax()] - 440) < 0.5
    # spliced in phase, a tone stays one: next to nothing beside it, no dip in its level
    assert np.sum(spectrum[np.abs(hz - 440) > 20] ** 2) < 1e-3 * np.sum(spectrum**2)
    level = np.sqrt(np.convolve(new**2, np.ones(441) / 441, "valid"))
    assert level.min() > 0.9 * level.max()


def test_the_loop_stays_closed_and_is_not_torn():
    loop = loop_of([110.0, 275.0])
    new = played(loop, 1.04)
    steps = np.abs(np.diff(np.concatenate([new, new[:2]]), axis=0)).max(1)
    assert steps.max() < 1.3 * np.abs(np.diff(loop, axis=0)).max()


def test_channels_move_together():
    left = loop_of([220.0])[:, 0]
    new = played(np.stack([left, -0.5 * left], 1), 1.05)
    assert np.allclose(new[:, 1], -0.5 * new[:, 0], atol=1e-6)


def test_nothing_to_do():
    loop = loop_of([330.0])
    assert np.array_equal(played(loop, 1.0), loop)
