"""One sound has one set of features, whatever the sample rate of its file."""

import numpy as np
import pytest
import tensorflow as tf

from deepdream_av.errors import InputError
from deepdream_av.spectral import MelGrid, log_mel, mel_power, spread_bands, stft


def melody(rate, *, seconds=1.5):
    """Gliding tones with harmonics below 8 kHz and a level that changes: band-limited at every rate used."""
    t = np.arange(round(seconds * rate)) / rate
    phase = 2 * np.pi * (220 * t + 40 * np.sin(2 * np.pi * 1.3 * t))
    tones = sum(np.sin(h * phase + h) / h for h in range(1, 25))
    return (0.2 * tones * (0.6 + 0.4 * np.sin(2 * np.pi * 3 * t))).astype(np.float32)


@pytest.mark.parametrize("rate, tolerance", [(44100, 0.01), (48000, 0.03), (32000, 0.03)])
def test_same_features_at_every_rate(rate, tolerance):
    reference = log_mel(melody(22050), MelGrid(22050)).numpy()[4:-4]
    other = log_mel(melody(rate), MelGrid(rate)).numpy()[4 : 4 + len(reference)]
    loud = reference > reference.max() - 1.8
    assert loud.mean() > 0.3
    assert np.sqrt(np.mean((other - reference)[loud] ** 2)) < tolerance


def test_grid_is_the_same_in_seconds_and_hertz():
    for rate in (11025, 22050, 32000, 44100, 48000, 96000):
        grid = MelGrid(rate)
        assert grid.n_fft % 4 == 0
        assert grid.bin_hz == pytest.approx(22050 / 2048, rel=2e-3)
        assert grid.frames_per_second == pytest.approx(22050 / 512, rel=2e-3)


def test_a_tone_is_loudest_in_its_own_band():
    grid = MelGrid(44100)
    t = np.arange(44100) / 44100
    for band in (10, 40, 80, 120):
        tone = np.sin(2 * np.pi * grid.band_hz[band] * t).astype(np.float32)
        assert np.argmax(log_mel(tone, grid).numpy()[20]) == band


@pytest.mark.parametrize("rate", [22050, 44100, 48000])
def test_white_noise_is_flat_over_the_bands(rate):
    # One power density at every rate: the variance of the samples grows with the rate.
    x = np.random.default_rng(0).standard_normal(20 * rate).astype(np.float32) * np.sqrt(rate / 22050)
    power = mel_power(stft(x, MelGrid(rate)), MelGrid(rate)).numpy()[4:-4].mean(0)
    expected = np.sum(np.hanning(2048) ** 2) * 2048 / 22050
    np.testing.assert_allclose(power / expected, 1, atol=0.15)


def test_bands_above_half_the_rate_are_silent_and_finite():
    features = log_mel(melody(8000), MelGrid(8000)).numpy()
    above = MelGrid(8000).band_hz > 4200
    assert np.isfinite(features).all()
    assert np.ptp(features[:, above]) == 0


def test_gradient_is_finite_in_silence_and_zero_sound_has_no_direction():
    x = tf.zeros([9000])
    with tf.GradientTape() as tape:
        tape.watch(x)
        score = tf.reduce_sum(log_mel(x, MelGrid(22050)))
    assert np.all(tape.gradient(score, x).numpy() == 0)


def test_batch_and_channels_are_kept():
    x = np.stack([melody(22050), -melody(22050)])
    features = log_mel(x, MelGrid(22050))
    assert features.shape[0] == 2 and features.shape[-1] == 128
    np.testing.assert_allclose(features[0], features[1], atol=1e-5)


def test_spread_bands_interpolates_between_centres():
    grid = MelGrid(44100)
    gain = np.linspace(-3, 5, 128).astype(np.float32)
    bins = spread_bands(gain, grid).numpy()
    assert bins.shape == (grid.bins,)
    assert np.all(np.diff(bins) >= -1e-6)
    assert bins[0] == -3 and bins[-1] == 5
    np.testing.assert_allclose(spread_bands(np.ones(128, np.float32), grid), 1, atol=1e-6)


def test_rate_out_of_range_is_named():
    with pytest.raises(InputError, match="Received: 10"):
        MelGrid(10)
