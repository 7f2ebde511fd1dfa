"""What lies between two dreamt frames is the dream of both, where each of them can see it."""

from __future__ import annotations

import numpy as np
import pytest

from deepdream_av.correlate.drive import Drive
from deepdream_av.temporal import pulse
from deepdream_av.temporal.cadence import Cadence
from deepdream_av.temporal.carry import CarriedDream
from deepdream_av.temporal.flow import FlowEstimator
from deepdream_av.temporal.stream import Seen


class Doubling:
    """Dreams the contrast of a picture, doubled, at once; counts its dreams."""

    count = 0

    def begin(self, frame, asked=None):
        self.count += 1
        return (0.5 * (frame - 0.5)).astype(np.float32)

    def follow(self, frame, delta, asked=None):
        return self.begin(frame)

    def toned(self, picture, delta):
        return picture + delta


def scene(seed=0):
    import cv2

    noise = cv2.GaussianBlur(np.random.default_rng(seed).random((72, 180, 3)).astype(np.float32), (0, 0), 2)
    return (noise - noise.min()) / np.ptp(noise)


def panned(count, *, speed=2, begins=(0,), seed=0):
    """Frames of a camera that moves over a scene."""
    wide, flow, last = scene(seed), FlowEstimator("medium"), None
    for n in range(count):
        small = np.ascontiguousarray(wide[:, speed * n : speed * n + 96])
        yield Seen(n, small, None if n in begins else flow(small, last), n in begins)
        last = small


def dreamt(frames, *, every, asked=lambda n: None, dream=None):
    """All frames with their differences, and the numbers of those that were dreamt."""
    cadence = Cadence(dream or CarriedDream(Doubling(), memory=1.0), every=every)
    out, calls = [], []
    for seen in frames:
        if seen.begins:
            out += cadence.end()
        before = cadence.dreamt
        got = cadence.add(seen, asked(seen.frame))
        calls += [got[-1][0].frame] if cadence.dreamt > before else []
        out += got
    out += cadence.end()
    return out, calls, cadence


@pytest.mark.parametrize("every", [1, 2, 3, 4])
def test_every_frame_comes_out_once_and_in_order(every):
    out, calls, cadence = dreamt(panned(11, begins=(0, 5)), every=every)
    assert [seen.frame for seen, _ in out] == list(range(11))
    assert {0, 5} <= set(calls) and cadence.dreamt <= 2 + 2 * -(-5 // every)


def test_a_strong_onset_is_dreamt_at_once():
    _, calls, _ = dreamt(panned(9), every=4, asked=lambda n: Drive(push=1.5 if n == 2 else 1.0))
    assert calls == [0, 2, 6]


@pytest.mark.parametrize("every", [2, 4])
def test_between_lies_what_would_have_been_dreamt(every):
    """Blending two pictures of one texture that are not in register would halve its contrast."""
    out, calls, _ = dreamt(panned(9), every=every)
    for seen, delta in out:
        inner = np.s_[10:-10, 12:-12]
        wanted = 0.5 * (seen.small - 0.5)[inner]
        assert np.corrcoef(wanted.ravel(), delta[inner].ravel())[0, 1] > 0.98
        assert 0.93 < delta[inner].std() / wanted.std() < 1.07


def test_what_comes_into_view_is_taken_from_the_frame_that_sees_it():
    out, calls, _ = dreamt(panned(5, speed=4), every=4)
    assert calls == [0, 4]
    strip = np.s_[10:-10, -14:-3]  # frame 3 shows it, the start does not
    seen, delta = out[3]
    assert np.corrcoef(delta[strip].ravel(), (seen.small - 0.5)[strip].ravel())[0, 1] > 0.95


def test_a_still_film_stays_still_bit_by_bit():
    out, _, _ = dreamt(panned(9, speed=0), every=4)
    assert max(float(np.abs(a - b).max()) for (_, a), (_, b) in zip(out, out[1:])) < 1e-6


def test_a_beat_falls_on_its_own_frame(monkeypatch):
    """Also where it is too weak to be dreamt at once."""
    monkeypatch.setattr(pulse, "ROOM", 1.6)  # this dreamer doubles the grain, and would have no room of its own
    rng, flow, restless = np.random.default_rng(0), FlowEstimator("medium"), []
    picture = scene()[:, :96]
    for n in range(41):  # grain hides a change of loudness
        small = (picture + rng.normal(0, 0.04, picture.shape)).astype(np.float32)
        restless.append(Seen(n, small, flow(small, restless[-1].small) if n else None, not n))
    out, calls, _ = dreamt(restless, every=4, asked=lambda n: Drive(gain=2.0 if n >= 38 else 1.0))
    loud = np.array([delta.std() for _, delta in out])
    assert 38 not in calls and calls[-2:] == [36, 40]
    assert loud[37] < 1.1 * loud[36] and loud[38] > 1.25 * loud[37]


def test_a_film_can_be_gone_on_from_after_every_dreamt_frame():
    frames = list(panned(10))
    whole, _, _ = dreamt(frames, every=3)
    dream = CarriedDream(Doubling(), memory=1.0)
    first = Cadence(dream, every=3)
    for seen in frames[:6]:  # frame 5 waits when it ends, and is lost
        first.add(seen, None)
    assert first.waits
    first.drop()
    carried = CarriedDream(Doubling(), memory=1.0)
    carried.restore({name: x.copy() for name, x in dream.state().items()})
    again = Cadence(carried, every=3)
    again.restore(first.state())
    rest = [pair for seen in frames[4:] for pair in again.add(seen, None)] + again.end()
    assert [seen.frame for seen, _ in rest] == list(range(4, 10))
    assert all(np.array_equal(a, b) for (_, a), (_, b) in zip(rest, whole[4:]))
