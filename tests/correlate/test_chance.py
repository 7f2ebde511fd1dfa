"""Chance is not taken for a link, and a link not for chance."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d

from deepdream_av.correlate.chance import effective_moments, moved, other_places
from deepdream_av.correlate.pairs import canonical, find_pairs
from deepdream_av.correlate.series import Series

FPS = 24


def side(rng, curves, channels: int, name: str, shots) -> Series:
    """Channels that are mixtures of curves, with noise."""
    mix = rng.exponential(size=[curves.shape[1], channels]) * (rng.random([curves.shape[1], channels]) < 0.4)
    values = np.log1p(
        np.exp(np.clip(curves @ mix + 0.2 * rng.standard_normal([len(curves), channels]), -10, 10))
    )
    names = tuple(f"{name}#{n}" for n in range(channels))
    return Series(np.arange(len(curves)) / FPS, values.astype(np.float32), names, shots)


def smooth(rng, frames: int, sigma: float, count: int) -> np.ndarray:
    curves = gaussian_filter1d(rng.standard_normal([frames + 200, count]), sigma, axis=0)[100:-100]
    return curves / curves.std(0)


def unrelated(seed: int, seconds: float, kind: str):
    rng = np.random.default_rng([seed, int(seconds), len(kind)])
    frames, sigma = round(seconds * FPS), float(rng.choice([1, 2, 4, 8, 16]))
    shots = np.zeros(frames, np.int32)
    if kind == "shots":
        cuts = np.sort(rng.choice(np.arange(12, frames - 12), max(1, round(seconds / 3)), replace=False))
        shots = np.searchsorted(cuts, np.arange(frames), "right").astype(np.int32)
    curves = [smooth(rng, frames, sigma * k, 6) for k in (1, rng.choice([0.5, 1, 2]))]
    if kind == "trends":
        curves = [0.5 * c + 3 * rng.standard_normal(c.shape).cumsum(0) / np.sqrt(frames) for c in curves]
    if kind == "spikes":
        curves = [np.exp(1.5 * c) for c in curves]
    heard, seen = (side(rng, c, n, name, shots) for c, n, name in zip(curves, (80, 60), "hs"))
    if kind == "shots":  # every shot looks different
        seen.values[:] += 2 * np.abs(rng.standard_normal([shots.max() + 1, 60]))[shots]
    return heard, seen


@pytest.mark.parametrize("seconds", [4, 10])
def test_of_unrelated_curves_hardly_any_pair_is_accepted(seconds):
    kinds = ("smooth", "spikes", "trends", "shots")
    wrong = [
        bool(find_pairs(*unrelated(n, seconds, kind), shifts=99, seed=n).pairs)
        for kind in kinds
        for n in range(8)
    ]
    # 32 runs at 5 %: more than 4 have a probability of 2 %
    assert sum(wrong) <= 4


def test_a_link_is_found_and_is_the_right_one():
    rng = np.random.default_rng(0)
    frames = 12 * FPS
    shots = np.zeros(frames, np.int32)
    beat = np.zeros([frames, 1])
    for at in np.cumsum(rng.integers(8, 30, 20)):
        if at < frames:
            beat[at:, 0] = np.maximum(beat[at:, 0], np.exp(-np.arange(frames - at) / 4))
    heard, seen = (
        side(rng, np.concatenate([3 * beat, smooth(rng, frames, 4, 3)], 1), n, name, shots)
        for n, name in ((40, "h"), (30, "s"))
    )
    search = find_pairs(heard, seen)
    assert search.pairs and search.pairs[0].p <= 0.05 and search.pairs[0].rho > search.threshold
    for series, weights in ((heard, search.pairs[0].heard), (seen, search.pairs[0].seen)):
        assert np.corrcoef(canonical(series, weights), beat[:, 0])[0, 1] > 0.6
        assert abs(sum(w**2 for _, w in weights) - 1) < 1e-3 and min(w for _, w in weights) > 0


def test_the_same_search_gives_the_same_pairs():
    heard, seen = unrelated(3, 10, "spikes")
    one, other = (find_pairs(heard, seen, shifts=39, seed=5) for _ in range(2))
    assert one.refused == other.refused and np.array_equal(one.null, other.null)


@pytest.mark.parametrize("frames", [1, 2, 5, 20])
def test_a_film_of_a_few_frames_has_no_pair(frames):
    rng = np.random.default_rng(0)
    shots = np.zeros(frames, np.int32)
    heard, seen = (side(rng, rng.standard_normal([frames, 2]), 10, name, shots) for name in "hs")
    assert find_pairs(heard, seen).pairs == ()


def test_moving_goes_round_and_keeps_uneven_times():
    times = np.cumsum(np.random.default_rng(0).uniform(0.02, 0.06, 300))
    length = times[-1] - times[0] + np.median(np.diff(times))
    wave = np.sin(2 * np.pi * 5 * (times - times[0]) / length)[:, None]
    there = moved(wave, times, np.array([0.31]))[:, 0]
    assert np.abs(there[:, 0] - np.sin(2 * np.pi * 5 * (times - times[0] - 0.31) / length)).max() < 0.02


def test_shifts_leave_two_seconds_alone():
    places = other_places(np.arange(0, 20, 1 / FPS), 199, 0)
    assert len(places) == 199 and places.min() >= 2 and places.max() <= 18 and (np.diff(places) > 0).all()


def test_noise_has_as_many_moments_as_frames_and_smooth_curves_have_fewer():
    rng = np.random.default_rng(0)
    noise = rng.standard_normal([2000, 4])
    assert 1500 < effective_moments(noise, noise[::-1]) <= 2000
    # two Gaussian kernels of deviation s have the product of autocorrelations exp(-k^2 / 2 s^2): T / (s sqrt(2 pi))
    few = effective_moments(smooth(rng, 20000, 8, 8), smooth(rng, 20000, 8, 8))
    assert 0.75 < few / (20000 / (8 * np.sqrt(2 * np.pi))) < 1.25
