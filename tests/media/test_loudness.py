"""Loudness and true peak against values that follow from the standard."""

import numpy as np
import pytest

from deepdream_av.media.loudness import (
    LoudnessMeter,
    k_weighting,
    limited,
    limited_blocks,
    loudness,
    match_loudness,
    true_peak,
)


def sine(hz, rate, seconds, level_db=0.0, phase=0.0):
    return (10 ** (level_db / 20) * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate + phase))[
        :, None
    ]


@pytest.mark.parametrize("rate", [22050, 44100, 48000, 96000, 192000])
def test_a_full_scale_997_hz_sine_has_minus_3_lufs_and_in_two_channels_3_more(rate):
    tone = sine(997, rate, 3)
    assert loudness(tone, rate) == pytest.approx(-3.01, abs=0.04)
    assert loudness(np.repeat(tone, 2, 1), rate) == pytest.approx(0.0, abs=0.04)


def test_the_filter_is_the_table_of_the_standard_at_48_khz():
    shelf = [1.53512485958697, -2.69169618940638, 1.19839281085285, 1.0, -1.69065929318241, 0.73248077421585]
    high_pass = [1.0, -2.0, 1.0, 1.0, -1.99004745483398, 0.99007225036621]
    np.testing.assert_allclose(k_weighting(48000), [shelf, high_pass], atol=1e-8)


def test_loudness_follows_the_level_and_gates_pauses():
    rate = 48000
    tone = np.repeat(sine(997, rate, 4, -23), 2, 1)  # EBU Tech 3341, case 1
    assert loudness(tone, rate) == pytest.approx(-23.0, abs=0.1)
    soft = np.repeat(sine(997, rate, 4, -36), 2, 1)  # case 3 in short: what is 10 LU softer does not count
    assert loudness(np.concatenate([soft, tone, tone, soft]), rate) == pytest.approx(-23.0, abs=0.3)
    assert loudness(np.concatenate([tone, np.zeros_like(tone)]), rate) == pytest.approx(-23.0, abs=0.3)
    assert loudness(np.zeros([rate, 1]), rate) == -np.inf


def test_surround_channels_weigh_1_41_and_the_low_frequency_one_nothing():
    silent = np.zeros([48000 * 2, 6])
    tone = sine(997, 48000, 2)[:, 0]

    def only(channel):
        sound = silent.copy()
        sound[:, channel] = tone
        return loudness(sound, 48000, layout="5.1")

    assert only(3) == -np.inf
    assert only(4) - only(0) == pytest.approx(10 * np.log10(1.41), abs=0.01)


def test_blocks_measure_as_the_whole():
    noise = np.random.default_rng(0).normal(size=[100_000, 2]) * 0.1
    meter = LoudnessMeter(44100, channels=2)
    for first in range(0, len(noise), 7777):
        meter.push(noise[first : first + 7777])
    assert meter.integrated() == pytest.approx(loudness(noise, 44100), abs=1e-9)


def test_the_true_peak_lies_between_the_samples():
    rate = 48000
    # a quarter of the rate, 45 degrees off: every sample is 3 dB under the peak
    tone = sine(rate / 4, rate, 0.5, phase=np.pi / 4) * np.hanning(rate // 2)[:, None] ** 0.1
    assert 20 * np.log10(np.abs(tone).max()) == pytest.approx(-3.01, abs=0.01)
    assert true_peak(tone, rate) == pytest.approx(0.0, abs=0.1)


@pytest.mark.parametrize("rate", [8000, 44100, 96000])
def test_the_limiter_holds_the_true_peak_and_leaves_soft_parts_alone(rate):
    rng = np.random.default_rng(1)
    samples = (0.15 * rng.normal(size=[2 * rate, 2])).astype(np.float32)
    samples[rate : rate + 500] *= 6
    out = limited(samples, rate, ceiling_db=-1.0)
    assert true_peak(out, rate) < -1.0
    np.testing.assert_array_equal(out[: rate - rate // 50], samples[: rate - rate // 50])


def test_limiting_in_blocks_is_limiting_the_whole():
    rng = np.random.default_rng(2)
    samples = (0.5 * rng.normal(size=[300_000, 1])).astype(np.float32)
    whole = limited(samples, 44100)
    for size in (1000, 65536, 100_001):
        pieces = (samples[k : k + size] for k in range(0, len(samples), size))
        np.testing.assert_array_equal(np.concatenate(list(limited_blocks(pieces, 44100))), whole)


def test_loudness_is_matched_under_the_ceiling_even_for_a_hot_source():
    rng = np.random.default_rng(3)
    rate = 44100
    envelope = 0.25 + 0.5 * (np.arange(6 * rate) % (rate // 2) < 2000)
    hot = np.clip(rng.normal(size=[6 * rate, 2]) * envelope[:, None] * 0.7, -1, 1).astype(np.float32)
    assert true_peak(hot, rate) > 0
    target = loudness(hot, rate)
    out = match_loudness(hot * 0.3, rate, target_lufs=target)
    assert loudness(out, rate) == pytest.approx(target, abs=0.3)
    assert true_peak(out, rate) < -1.0
