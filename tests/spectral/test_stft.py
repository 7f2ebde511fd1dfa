"""The transform and its inverse: unity gain, linear, differentiable."""

import numpy as np
import pytest
import tensorflow as tf

from deepdream_av.spectral import MelGrid, frame_count, istft, stft


def noise(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32) * 0.2


@pytest.mark.parametrize("rate", [8000, 22050, 44100, 48000])
@pytest.mark.parametrize("samples", [30_000, 30_011])
def test_round_trip_has_unity_gain_up_to_both_ends(rate, samples):
    x = noise(2, samples)
    back = istft(stft(x, MelGrid(rate)), MelGrid(rate), samples).numpy()
    assert back.shape == x.shape
    assert np.abs(back - x).max() < 5e-6


@pytest.mark.parametrize("samples", [1, 7, 511, 512, 513])
def test_very_short_sounds_survive(samples):
    grid = MelGrid(22050)
    x = noise(samples)
    spectrum = stft(x, grid)
    assert spectrum.shape == (frame_count(samples, grid.hop), grid.bins)
    np.testing.assert_allclose(istft(spectrum, grid, samples).numpy(), x, atol=5e-6)


def test_frames_are_centred_on_multiples_of_the_hop():
    grid = MelGrid(44100)
    x = np.zeros(20 * grid.hop, np.float32)
    x[7 * grid.hop] = 1
    energy = np.sum(np.abs(stft(x, grid).numpy()) ** 2, -1)
    assert np.argmax(energy) == 7
    assert energy[6] == pytest.approx(energy[8], rel=1e-3)


def test_inverse_of_a_changed_spectrum_is_the_nearest_sound():
    grid = MelGrid(22050)
    target = stft(noise(12_000), grid) * tf.complex(noise(25, grid.bins, seed=1), 0.0)

    def miss(x):
        return float(tf.reduce_sum(tf.abs(stft(x, grid) - target) ** 2))

    best = istft(target, grid, 12_000)
    least = miss(best)
    for seed in range(3):
        assert miss(best + 0.01 * noise(12_000, seed=5 + seed)) > least


def test_gradient_through_both_matches_a_finite_difference():
    grid = MelGrid(22050)
    x, direction = tf.constant(noise(6000)), noise(6000, seed=2)
    tilt = tf.complex(tf.linspace(2.0, 0.0, grid.bins), 0.0)

    def score(x):
        return tf.reduce_sum(tf.abs(istft(stft(x, grid) * tilt, grid, 6000)) ** 3)

    with tf.GradientTape() as tape:
        tape.watch(x)
        value = score(x)
    slope = np.sum(tape.gradient(value, x).numpy() * direction)
    step = 1e-2
    difference = float(score(x + step * direction) - score(x - step * direction))
    assert slope == pytest.approx(difference / (2 * step), rel=1e-2)
