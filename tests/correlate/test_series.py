"""Channels over time: the clock, the trends, and that a long film costs no more memory than its series."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from deepdream_av.backbones import load_backbone
from deepdream_av.backbones.backbone import Backbone
from deepdream_av.correlate.heard import hear
from deepdream_av.correlate.seen import Watcher
from deepdream_av.correlate.series import Series, detrended

RATE = 22050


@pytest.fixture(scope="module")
def ear():
    return load_backbone("earnet")


def test_standardised_knows_no_trend_no_shot_and_no_unit():
    rng = np.random.default_rng(0)
    times = np.arange(480) / 24
    shots = np.repeat(np.arange(4, dtype=np.int32), 120)
    beat = rng.normal(size=(480, 3))
    drifting = 5 * beat + 40 + 0.7 * times[:, None] + 9 * shots[:, None]
    plain, moved = (Series(times, x, ("a#0", "a#1", "a#2"), shots).standardised() for x in (beat, drifting))
    assert np.allclose(plain, moved, atol=1e-4)
    assert np.allclose(plain.var(0), 1, atol=1e-4)
    for shot in range(4):
        assert np.abs(plain[shots == shot].mean(0)).max() < 0.1


def test_a_constant_channel_is_nothing():
    values = np.stack([np.full(100, 1e3), np.arange(100) % 7], 1)
    found = Series(np.arange(100) / 24, values, ("a#0", "a#1"), np.zeros(100, np.int32)).standardised()
    assert not found[:, 0].any() and found[:, 1].any()


def test_a_trend_is_what_takes_longer_than_four_seconds():
    times = np.arange(2400) / 24
    shots = np.zeros(2400, np.int32)
    quick, slow = np.sin(2 * np.pi * times / 1.0), np.sin(2 * np.pi * times / 20)
    left = detrended(np.stack([quick, slow], 1), times, shots)
    assert left[:, 0].std() > 0.65 and left[:, 1].std() < 0.08


@pytest.mark.parametrize("stride", [1, 2, 4])
def test_the_clock_of_the_film_is_kept(stride):
    """An ear that only counts how loud it is has its middle where a swelling sound has it, however coarse its cells."""
    sound_of = keras.Input([None, 128, 1])
    x = keras.layers.Rescaling(1.0, offset=3.0)(sound_of)
    x = keras.layers.AveragePooling2D((stride, 1), padding="same", name="loud")(x)
    counting = Backbone(
        "counting", keras.Model(sound_of, x), layers=["loud"], default_layers=[("loud", 1.0)], kind="sound"
    )
    times = np.arange(2000) / 67 + np.random.default_rng(0).uniform(0, 0.01, 2000)  # not quite even
    t = np.arange(28 * RATE) / RATE
    for middle in (3.0, 11.9, 20.0):  # within a piece, and where two of them meet
        sound = 1e-3 * np.random.default_rng(1).standard_normal(len(t))
        sound += 0.3 * np.exp(-(((t - middle) / 0.15) ** 2)) * np.sin(2 * np.pi * 523 * t)
        series = hear(
            [sound.astype(np.float32)],
            RATE,
            start=1.25,
            times=times,
            shots=np.zeros(2000, np.int32),
            ear=counting,
            layers=("loud",),
        )
        loud = np.expm1(series.values[:, 0]) * series.scales[0]
        high = loud - (np.median(loud) + loud.max()) / 2  # the noise between is not to count
        weight = np.maximum(high, 0) * np.gradient(times)
        assert abs((weight * times).sum() / weight.sum() - 1.25 - middle) < 0.01


def test_blocks_and_pieces_do_not_matter(ear):
    sound = np.random.default_rng(0).standard_normal(15 * RATE).astype(np.float32)[:, None] * 0.1
    times, shots = np.arange(0, 15, 1 / 24), np.zeros(360, np.int32)
    asked = {"start": 0.0, "times": times, "shots": shots, "ear": ear, "layers": ("block4", "embedding")}
    whole = hear([sound], RATE, **asked)
    cut = hear([sound[n : n + 7001] for n in range(0, len(sound), 7001)], RATE, **asked)
    assert np.allclose(whole.values, cut.values, atol=2e-3)
    assert whole.values.min() >= 0 and np.isfinite(whole.values).all()


def test_an_eye_counts_frames_of_any_size_alike():
    eye = load_backbone("dreamnet", dtype="float32")
    rng = np.random.default_rng(0)
    small = rng.random((11, 54, 96, 3), np.float32).repeat(4, 1).repeat(4, 2)
    found = []
    for pictures in (small, small.repeat(2, 1).repeat(2, 2)):
        watcher = Watcher(eye, ("stride8",))
        for n, picture in enumerate(pictures):
            watcher.add(n / 24, picture, n // 6)
        found.append(watcher.finish())
    assert found[0].values.shape == (11, eye.channels("stride8"))
    assert found[0].shots.tolist() == [0] * 6 + [1] * 5
    assert np.allclose(found[0].values, found[1].values, atol=1e-2)
