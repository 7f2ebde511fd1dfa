"""Onsets are heard when they happen, whatever the rate, the length of blocks and the loudness."""

from __future__ import annotations

import numpy as np
import pytest

from deepdream_av.correlate.drive import envelope, follow, strengths
from deepdream_av.correlate.features import FEATURE_RATE, FeatureStream, sound_features

RATE = 22050
BEATS = (0.5, 1.0, 1.75, 2.25)


def beats(rate=RATE, seconds=3.0, gain=0.5) -> np.ndarray:
    """A quiet steady tone with four plucks at known times, `[samples, 1]`."""
    t = np.arange(round(seconds * rate)) / rate
    x = 0.02 * np.sin(2 * np.pi * 220 * t)
    for k, at in enumerate(BEATS):
        since = np.clip(t - at, 0, None)
        x += (t >= at) * gain * np.exp(-since / 0.08) * np.sin(2 * np.pi * (440 + 110 * k) * since)
    return x.astype(np.float32)[:, None]


def peaks(curve, times, least=0.3) -> list[float]:
    high = least * curve.max()
    return [
        float(times[n])
        for n in range(1, len(curve) - 1)
        if curve[n] > high and curve[n] == curve[max(0, n - 10) : n + 11].max()
    ]


@pytest.mark.parametrize("rate", [8000, 22050, 44100, 48000])
def test_onsets_lie_where_they_sound(rate):
    curves = sound_features([beats(rate)], rate)
    found = peaks(curves.onset, curves.times())
    assert len(found) == len(BEATS)
    assert np.abs(np.array(found) - BEATS).max() < 0.03


def test_blocks_of_any_length_give_the_same_curves():
    x = beats()
    whole = sound_features([x], RATE)
    for size in (1, 333, 10_000):
        x_short = x if size > 1 else x[:3000]
        stream = FeatureStream(RATE)
        for first in range(0, len(x_short), size):
            stream.add(x_short[first : first + size])
        curves = stream.finish()
        n = len(curves.onset) - 10
        assert np.allclose(curves.onset[:n], whole.onset[:n], atol=1e-4)
        assert np.allclose(curves.energy[:n], whole.energy[:n], atol=1e-3)
    assert len(whole.onset) == 3 * FEATURE_RATE


def test_energy_is_in_decibels():
    t = np.arange(RATE) / RATE
    loud = np.sin(2 * np.pi * 500 * t).astype(np.float32)[:, None]
    middle = slice(20, 80)
    a = sound_features([loud], RATE).energy[middle]
    b = sound_features([0.1 * loud], RATE).energy[middle]
    assert np.allclose(a - b, 20, atol=0.1)
    assert np.abs(a - (-3.0)).max() < 3.5


def test_channels_out_of_phase_are_still_heard():
    x = beats()
    curves = sound_features([np.hstack([x, -x])], RATE)
    assert not curves.silent and len(peaks(curves.onset, curves.times())) == len(BEATS)


def test_strength_follows_beats_and_rests_at_one():
    curves = sound_features([beats()], RATE)
    times = np.arange(0, 3, 1 / 24)
    gain = strengths(curves, times, amount=0.5)
    assert np.median(gain[:10]) == 1.0 and gain.mean() < 1.4  # before the first beat, and all in all
    for at in BEATS:
        before = gain[np.searchsorted(times, at) - 2]
        after = gain[np.searchsorted(times, at) :][:3].max()
        assert after > before + 0.1
    assert gain.min() >= 1.0 and 1.3 < gain.max() <= 2.0


def test_strength_is_the_same_at_any_frame_rate():
    curves = sound_features([beats()], RATE)
    slow, fast = np.arange(0, 3, 1 / 12), np.arange(0, 3, 1 / 60)
    assert np.allclose(strengths(curves, slow, amount=1), strengths(curves, fast, amount=1)[::5], atol=1e-5)


def test_loudness_of_the_recording_does_not_matter():
    x = beats()
    a, b = (envelope(sound_features([g * x], RATE), "onset") for g in (1.0, 0.25))
    assert np.corrcoef(a, b)[0, 1] > 0.97


def test_silence_steady_sound_and_no_amount_leave_one():
    times = np.arange(0, 1, 1 / 24)
    silence = sound_features([np.zeros((RATE, 2), np.float32)], RATE)
    assert silence.silent
    t = np.arange(RATE) / RATE
    tone = sound_features([0.3 * np.sin(2 * np.pi * 440 * t).astype(np.float32)[:, None]], RATE)
    for curves, amount in ((silence, 1), (None, 1), (sound_features([beats()], RATE), 0)):
        assert np.array_equal(strengths(curves, times, amount=amount), np.ones(24))
    # its beginning is an onset like any other, and has died away by then
    assert np.ptp(strengths(tone, times[10:-4], amount=0.5)) < 0.25


def test_follower_has_its_time_constants():
    step = np.concatenate([np.ones(100), np.zeros(100)])
    out = follow(step, attack=0.02, release=0.28)
    assert out[1] > 0.6 and out[99] > 0.99
    assert out[100 + 28] == pytest.approx(np.exp(-1), abs=0.03)


def test_start_moves_the_times():
    curves = sound_features([beats()], RATE, start=0.4)
    assert abs(peaks(curves.onset, curves.times())[0] - 0.9) < 0.03
