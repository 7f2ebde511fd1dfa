"""A carried dream rests where the film rests, moves with it, and ends at a cut."""

from __future__ import annotations

import numpy as np

from deepdream_av.correlate.drive import Drive
from deepdream_av.temporal.carry import FLOOR, CarriedDream
from deepdream_av.temporal.flow import FlowEstimator, Motion
from deepdream_av.temporal.stream import Background, Sink, watch

SHAPE = (72, 96, 3)


class Shows:
    """Lays a dream over a frame and adds nothing to it."""

    def toned(self, picture, delta):
        return picture + delta


class NoisyDreamer(Shows):
    """Begins with a fixed pattern, then adds something new on every frame: the worst that can happen."""

    def __init__(self):
        self.rng = np.random.default_rng(0)
        self.begun = 0

    def begin(self, frame, asked=None):
        self.begun += 1
        return self.rng.normal(0, 0.06, frame.shape).astype(np.float32)

    def follow(self, frame, delta, asked=None):
        return delta + self.rng.normal(0, 0.03, frame.shape).astype(np.float32)


class FaithfulDreamer(Shows):
    """Dreams a texture that hangs on the picture: its own contrast, doubled."""

    def begin(self, frame, asked=None):
        return (0.5 * (frame - frame.mean())).astype(np.float32)

    def follow(self, frame, delta, asked=None):
        return delta + 0.1 * (self.begin(frame) - delta)


class SteadyDreamer(Shows):
    """Dreams once, and then holds it."""

    def begin(self, frame, asked=None):
        return 0.3 * (texture(5)[:, :96] - 0.5)

    def follow(self, frame, delta, asked=None):
        return delta


def texture(seed=0, width=140):
    import cv2

    noise = cv2.GaussianBlur(np.random.default_rng(seed).random((72, width, 3)).astype(np.float32), (0, 0), 2)
    return (noise - noise.min()) / (noise.max() - noise.min())


def test_static_film_stays_static():
    frame, flow = texture()[:, :96], FlowEstimator()
    dream = CarriedDream(NoisyDreamer())
    last = dream(frame, motion=None)
    for _ in range(10):
        shown = dream(frame, motion=flow(frame, frame))
        change = ((shown - last) ** 2).mean()
        assert change < 1.5 * FLOOR
        last = shown


def test_static_film_does_not_drift_away():
    frame, flow = texture()[:, :96], FlowEstimator()
    dream = CarriedDream(FaithfulDreamer(), memory=1.0)
    first = dream(frame, motion=None)
    for _ in range(30):
        shown = dream(frame, motion=flow(frame, frame))
    assert np.abs(shown - first).max() < 1e-3


def test_a_restless_film_lets_the_dream_change():
    rng, flow = np.random.default_rng(1), FlowEstimator()
    frames = [
        np.clip(texture()[:, :96] + rng.normal(0, 0.04, SHAPE), 0, 1).astype(np.float32) for _ in range(4)
    ]
    dream, changes, last = CarriedDream(NoisyDreamer()), [], None
    for n, frame in enumerate(frames):
        shown = dream(frame, motion=None if n == 0 else flow(frame, frames[n - 1]))
        changes.append(0 if last is None else ((shown - last) ** 2).mean())
        last = shown
    noise = np.mean([((a - b) ** 2).mean() for a, b in zip(frames[1:], frames)])
    assert 10 * FLOOR < np.mean(changes[1:]) < noise


def test_dream_moves_with_the_picture():
    wide, flow = texture(), FlowEstimator("medium")
    dream, last = CarriedDream(FaithfulDreamer()), None
    for n in range(8):
        frame = np.ascontiguousarray(wide[:, 2 * n : 2 * n + 96])
        shown = dream(frame, motion=None if last is None else flow(frame, last))
        last = frame
    wanted = 0.5 * (frame - frame.mean())
    inner = np.s_[10:-10, 10:-20]
    assert np.corrcoef(shown[inner].ravel(), wanted[inner].ravel())[0, 1] > 0.97


def test_a_cut_begins_anew_and_gain_scales():
    dreamer = NoisyDreamer()
    dream = CarriedDream(dreamer)
    a = dream(texture(1)[:, :96], motion=None)
    b = dream(texture(2)[:, :96], motion=None, asked=Drive(gain=2.0))
    assert dreamer.begun == 2
    assert abs(np.corrcoef(a.ravel(), b.ravel())[0, 1]) < 0.05
    assert 1.8 < b.std() / a.std() < 2.2


def rest_of(frame, last) -> Motion:
    """Nothing moves and nothing is hidden: what differs is grain."""
    flow, seen = np.zeros([*frame.shape[:2], 2], np.float32), np.ones(frame.shape[:2], np.float32)
    return Motion(flow, seen, np.sqrt(((frame - last) ** 2).mean(2)))


def swelling(noise: float) -> np.ndarray:
    """Loudness of the dream on each frame of a film with so much grain, when from the 30th on a beat asks for double."""
    rng, last = np.random.default_rng(1), None
    dream, levels = CarriedDream(SteadyDreamer(), memory=1.0), []
    for n in range(40):
        frame = (texture()[:, :96] + rng.normal(0, noise, SHAPE)).astype(np.float32)
        motion = None if last is None else rest_of(frame, last)
        levels.append(dream(frame, motion=motion, asked=Drive(gain=2.0 if n >= 30 else 1.0)).std())
        last = frame
    return np.array(levels)


def test_a_beat_strikes_in_a_lively_film_and_swells_in_a_still_one():
    lively, still = swelling(0.05), swelling(0.0)
    assert lively[30] > 1.5 * lively[29]
    assert still[39] > still[30] > still[29]
    assert np.diff(still).max() < 4 / 255 and np.diff(still).mean() < 0.5 / 255  # no flicker


def test_a_dream_goes_on_from_its_state_as_if_nothing_had_happened():
    frames = [texture(n)[:, :96] for n in (0, 0, 0)]
    motion = FlowEstimator()(frames[0], frames[0])
    one, other = CarriedDream(FaithfulDreamer()), CarriedDream(FaithfulDreamer())
    one(frames[0], motion=None, asked=Drive(gain=1.2))
    one(frames[1], motion=motion, asked=Drive(gain=1.4, bass=0.3))
    other.restore({name: np.array(value) for name, value in one.state().items()})
    asked = Drive(gain=0.8, bass=0.1)
    assert np.array_equal(one(frames[2], motion=motion, asked=asked), other(frames[2], motion=motion, asked=asked))


class Picture:
    def __init__(self, array, time):
        self.array, self.time = array, time


def test_frames_are_made_small_and_followed():
    a, b = ((texture(seed)[:, :96] * 255).astype(np.uint8) for seed in (1, 2))
    flat = np.zeros(SHAPE, np.uint8)
    frames = [Picture(x, n / 24) for n, x in enumerate([a] * 4 + [flat] * 4 + [b] * 4)]
    seen = list(watch(frames, (48, 36)))
    assert len(seen) == 12 and seen[0].small.shape == (36, 48, 3)
    assert seen[0].motion is None and all(s.motion is not None for s in seen[1:4])
    assert [s.frame for s in seen] == frames


def test_background_reads_only_a_little_ahead():
    produced = []

    def items():
        for n in range(100):
            produced.append(n)
            yield n

    with Background(items(), depth=3) as ahead:
        for n in ahead:
            assert len(produced) <= n + 1 + 3 + 1
            if n == 20:
                break
    assert len(produced) < 30


def test_errors_cross_threads():
    def broken():
        yield 1
        raise ValueError("broken")

    import pytest

    with pytest.raises(ValueError, match="broken"), Background(broken()) as items:
        list(items)
    done = []
    with pytest.raises(ZeroDivisionError), Sink(lambda x: done.append(1 / x)) as sink:
        sink.put(1)
        sink.put(0)
        for _ in range(50):
            sink.put(1)
    assert done == [1.0]
