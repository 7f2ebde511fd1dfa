"""Onsets and changes that belong together are found with their lag, and others are not."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from deepdream_av.analysis.audiovisual import AudioVisualMeter, against, beats, peaks
from deepdream_av.correlate.features import FeatureStream

FPS, RATE, SECONDS = 24, 8000, 9.0
TIMES = np.arange(round(SECONDS * FPS)) / FPS
ONE_SHOT = np.zeros(len(TIMES), np.int32)


def moments(seed: int) -> np.ndarray:
    """Uneven beats: even ones would fit wherever they are moved."""
    at = np.cumsum(np.random.default_rng(seed).uniform(0.3, 0.9, 40))
    return at[at < SECONDS - 0.5]


def clicks(at) -> np.ndarray:
    t = np.arange(round(SECONDS * RATE)) / RATE
    sound = sum(np.where(t >= a, np.exp(-np.maximum(t - a, 0) / 0.05) * np.sin(2 * np.pi * 600 * t), 0) for a in at)
    return (0.4 * sound).astype(np.float32)[:, None]


def features(at):
    stream = FeatureStream(RATE)
    stream.add(clicks(at))
    return stream.finish()


def glow(at) -> np.ndarray:
    """How bright the dream is at each frame when it flares up at some moments."""
    since = TIMES[:, None] - np.asarray(at)[None]
    return np.where(since >= -1e-9, np.exp(-np.maximum(since, 0) / 0.15), 0).max(1)


def measured(heard_at, seen_at, *, pan: float = 1.0, cuts=()):
    """A camera that pans over a texture, and a dream on it that flares."""
    rng = np.random.default_rng(0)
    ground = cv2.GaussianBlur(rng.random([72, 500, 3]).astype(np.float32), (0, 0), 2)
    ground = np.clip(0.5 + 2.0 * (ground - 0.5), 0.1, 0.8)
    pattern = 0.2 * (rng.random([72, 128, 3]).astype(np.float32) - 0.2)
    meter, bright = AudioVisualMeter("ultrafast"), glow(seen_at)
    for n, time in enumerate(TIMES):
        x = int(n * pan) % 300
        source = np.ascontiguousarray(ground[:, x : x + 128])
        if any(abs(time - cut) < 0.5 / FPS for cut in cuts):
            ground = ground[::-1]
            source = np.ascontiguousarray(ground[:, x : x + 128])
            meter(source, source + bright[n] * pattern, time=time, cut=True)
        else:
            meter(source, source + bright[n] * pattern, time=time)
    return meter.result(features(heard_at))


@pytest.fixture(scope="module")
def together():
    return measured(moments(1), moments(1))


def test_a_dream_that_flares_with_the_sound_is_found(together):
    assert together.onsets_output.r > 0.5 and together.onsets_output.z > 3 and together.onsets_output.p < 0.02
    assert abs(together.onsets_output.lag) <= 1.5 / FPS
    assert together.beats_output.f1 > 0.7 and together.beats_output.align > 0.6


def test_what_the_camera_does_is_not_taken_for_a_change(together):
    assert together.onsets_source.r < together.onsets_output.r - 0.25
    assert together.beats_source.f1 < together.beats_output.f1


def test_other_beats_do_not_fit(together):
    apart = measured(moments(1), moments(2))
    assert apart.onsets_output.p > 0.05
    assert apart.beats_output.f1 < together.beats_output.f1 - 0.2
    assert apart.beats_output.align < 0.5 * together.beats_output.align


def test_loudness_goes_with_the_size_of_the_dream(together):
    assert together.energy.r > 0.5 and together.energy.p < 0.02


def test_the_lag_has_a_sign():
    late = measured(moments(3), moments(3) + 0.08)
    early = measured(moments(3), moments(3) - 0.08)
    assert late.onsets_output.lag > 0.04 and early.onsets_output.lag < 0.0
    assert late.onsets_output.lag - early.onsets_output.lag == pytest.approx(0.16, abs=0.05)


def test_a_cut_is_no_event():
    with_cuts = measured(moments(1), moments(1), cuts=(2.0, 4.0, 6.0))
    assert with_cuts.onsets_output.r > 0.5
    assert with_cuts.beats_output.seen <= len(moments(1)) + 2


def test_nothing_dreamt_has_no_energy():
    meter = AudioVisualMeter("ultrafast")
    frame = np.random.default_rng(0).random([48, 64, 3], np.float32)
    for time in TIMES[:24]:
        meter(frame, frame, time=time)
    result = meter.result(features([0.3]))
    assert result.energy is None and result.beats_output.seen == 0 and abs(result.onsets_output.r) < 1e-6


def test_chance_comes_as_often_as_it_says():
    rng = np.random.default_rng(0)
    found = []
    for _ in range(40):
        heard, seen = (np.convolve(rng.standard_normal(len(TIMES)), np.ones(4), "same") for _ in range(2))
        found.append(against(TIMES, heard, seen, times=TIMES, shots=ONE_SHOT, shifts=99).p)
    assert 0.25 < np.mean(found) < 0.75 and np.mean(np.array(found) < 0.05) <= 0.125


def test_beats_count_both_ways():
    heard = np.arange(1.0, 8.0, 0.7)
    same = beats(heard, heard, TIMES)
    assert (same.f1, same.align) == pytest.approx((1, 1))
    lucky = beats(heard, heard[:1], TIMES)
    assert lucky.hit_seen == pytest.approx(1) and lucky.f1 < 0.25 and lucky.align == pytest.approx(1 / len(heard))
    off = beats(heard, heard + 0.35, TIMES)
    assert off.f1 < 1e-6 and off.align == 0
    near = beats(heard, heard + 0.05, TIMES)  # one deviation off, and more than a frame
    assert near.f1 == pytest.approx(np.exp(-0.5), abs=1e-6) and near.align == 0
    assert beats(heard, heard + 0.04, TIMES).align == 1


def test_one_beat_is_matched_once():
    assert beats(np.array([1.0]), np.array([0.98, 1.02]), TIMES).align == pytest.approx(0.5)


def test_peaks_stand_out_and_apart():
    curve = glow(moments(4))
    found = peaks(curve, TIMES)
    assert len(found) == pytest.approx(len(moments(4)), abs=2)
    assert np.diff(found).min() >= 0.1 - 1e-9
    assert len(peaks(np.ones(50), np.arange(50) / FPS)) == 0
