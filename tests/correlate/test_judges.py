"""Judges hear and see at the right time, confirm what is there, and nothing that is not."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d

from deepdream_av.correlate.filter_pair import FilterPair
from deepdream_av.correlate.judgement import on_clock, reader, sampled
from deepdream_av.correlate.judges import PictureJudge, compare, judge_sound
from deepdream_av.correlate.series import Series
from deepdream_av.errors import UsageError

RATE, FPS = 16000, 24
TIMES = np.arange(240) / FPS
ONE_SHOT = np.zeros(len(TIMES), np.int32)


def heard(samples, *, start=0.0, times=TIMES[:48], size=5000, rate=RATE):
    blocks = (samples[n : n + size] for n in range(0, len(samples), size))
    return judge_sound(blocks, rate, start=start, times=times, shots=np.zeros(len(times), np.int32))


def beep(at: float, seconds: float = 2.0) -> np.ndarray:
    t = np.arange(round(seconds * RATE)) / RATE
    loud = 0.5 * (t >= at) * np.exp(-np.maximum(t - at, 0) / 0.1)
    return (loud * np.sin(2 * np.pi * 880 * t)).astype(np.float32)[:, None]


def noise_series(rng, name, *, channels=60, shared=None, amount=0.0) -> Series:
    """Channels that share a few slow causes, and, as much as asked for, one more."""
    causes = gaussian_filter1d(rng.standard_normal([len(TIMES), 8]), 3, axis=0) * 3
    values = causes @ rng.standard_normal([8, channels])
    values += gaussian_filter1d(rng.standard_normal(values.shape), 1, axis=0)
    if shared is not None:
        values += amount * shared[:, None] * rng.standard_normal(channels)
    names = tuple(f"{name}#{n}" for n in range(channels))
    return Series(TIMES, np.log1p(np.exp(0.3 * values)).astype(np.float32), names, ONE_SHOT)


def curve(rng) -> np.ndarray:
    return np.maximum(gaussian_filter1d(rng.standard_normal(len(TIMES)), 3) * 3, 0)


def alone(name: str, values) -> Series:
    return Series(TIMES, np.asarray(values, np.float32)[:, None], (f"{name}#0",), ONE_SHOT)


PAIR = FilterPair((("ear#0", 1.0),), (("eye#0", 1.0),), lag=0.0, rho=0.5, p=0.01)


def test_what_is_heard_does_not_depend_on_how_the_sound_comes():
    sound = np.random.default_rng(0).normal(0, 0.1, [2 * RATE, 2]).astype(np.float32)
    whole, parts = (heard(sound, size=size) for size in (len(sound), 777))
    np.testing.assert_allclose(whole.values, parts.values, atol=1e-4)
    assert whole.values.shape == (48, len(whole.names)) and whole.values.std() > 0.05


def test_a_beginning_is_heard_when_it_happens():
    for start in (0.0, 0.25):
        series = heard(beep(1.0), start=start)
        rises = np.array([name.endswith("+") for name in series.names])
        rise = series.values[:, rises].sum(1)
        assert abs(TIMES[:48] @ rise / rise.sum() - 1.0 - start) < 0.03
        assert series.values[TIMES[:48] < start - 0.1].sum() == 0  # before the sound there is silence


def test_pieces_of_a_long_sound_fit_together():
    sound = np.random.default_rng(1).normal(0, 0.1, [20 * RATE, 1]).astype(np.float32)
    times = np.arange(15.0, 17.0, 0.04)
    whole = heard(sound, times=times)
    later = heard(sound[14 * RATE :], start=14.0, times=times)  # here 16 s is no seam
    ours, theirs = (np.expm1(s.values[:, :96]) * s.scales[:96] for s in (whole, later))
    # the spectra lie elsewhere on the clock by less than a hop; noise differs a little from place to place
    assert np.corrcoef(ours.ravel(), theirs.ravel())[0, 1] > 0.99
    at_the_seam = (times > 15.8) & (times < 16.2)
    error = np.abs(ours - theirs).mean(1)
    assert error[at_the_seam].mean() < 1.5 * error[~at_the_seam].mean()


def test_who_dreamt_does_not_judge():
    assert PictureJudge("dreamnet").name == "discriminator"
    assert PictureJudge("vgg19").name == "discriminator"
    assert PictureJudge("discriminator").name == "dreamnet"


def test_a_judge_sees_a_change():
    judge = PictureJudge()
    rng = np.random.default_rng(0)
    plain, grain = np.full([64, 96, 3], 0.5, np.float32), rng.random([64, 96, 3], np.float32)
    for n in range(12):
        judge.add(n / FPS, grain if n >= 6 else plain, 0)
    values = judge.finish().values
    assert np.abs(values[7] - values[4]).max() > 0.3 and np.abs(values[4] - values[1]).max() < 1e-3


def test_what_a_dream_shows_of_a_sound_is_read_off_it():
    rng = np.random.default_rng(3)
    asked = curve(rng)
    before, ears = noise_series(rng, "eye"), noise_series(rng, "ear")
    after = noise_series(rng, "eye", shared=asked, amount=1.2)
    told = compare(ears, before, ears, after, pairs=[PAIR], source=(alone("ear", asked), alone("eye", curve(rng))))
    assert told.picture.p_before > 0.05 and abs(told.picture.before) < 0.4
    assert told.picture.p_after < 0.01 and told.picture.p_rise < 0.01 and told.picture.after > 0.7
    assert abs(told.picture.peak) <= 1 / FPS + 0.026
    assert told.sound.p_rise > 0.05  # nothing was done to the sound
    assert len(told.picture.null) == told.shifts > 100


def test_the_lag_curve_says_which_comes_first():
    rng = np.random.default_rng(4)
    asked = curve(rng)
    late = np.interp(TIMES - 0.2, TIMES, asked)
    after = noise_series(rng, "eye", shared=late, amount=2.0)
    ears = noise_series(rng, "ear", shared=asked, amount=2.0)
    source = alone("ear", asked), alone("eye", late)
    told = compare(ears, after, ears, after, pairs=[PAIR], source=source)
    assert abs(told.picture.peak - 0.2) < 0.06  # the picture follows what was heard
    assert abs(told.sound.peak - 0.2) < 0.06  # the sound was ahead of what is seen
    given = compare(ears, after, ears, after, pairs=[FilterPair(PAIR.heard, PAIR.seen, lag=0.2)], source=source)
    assert abs(given.picture.peak) < 0.06 and abs(given.sound.peak) < 0.06


def test_chance_is_not_confirmed():
    found = []
    for seed in range(6):
        rng = np.random.default_rng(100 + seed)
        series = [noise_series(rng, name, channels=30) for name in ("ear", "eye", "ear", "eye")]
        source = alone("ear", curve(rng)), alone("eye", curve(rng))
        told = compare(*series, pairs=[PAIR], source=source, shifts=29)
        found += [told.picture.p_after, told.picture.p_rise, told.sound.p_after, told.together.p_after]
    assert np.mean(np.array(found) < 0.05) <= 0.05


def test_nothing_is_read_where_it_was_fitted():
    rng = np.random.default_rng(5)
    hat = reader(noise_series(rng, "eye"))
    apart = np.abs(TIMES[:, None] - TIMES[None])
    assert (hat[apart < 0.25] == 0).all() and np.abs(hat[apart > 3]).max() > 0


def test_a_film_and_its_dream_must_have_the_same_frames():
    rng = np.random.default_rng(6)
    series = noise_series(rng, "eye")
    short = Series(TIMES[:-5], series.values[:-5], series.names, ONE_SHOT[:-5])
    with pytest.raises(UsageError, match="same frames"):
        compare(series, series, short, short)
    with pytest.raises(UsageError, match="`source`"):
        compare(series, series, series, series, pairs=[PAIR])
    rounded = Series(np.round(TIMES, 3), series.values, series.names, ONE_SHOT + 1)  # as some containers do
    assert (on_clock(rounded, series).times == TIMES).all() and (on_clock(rounded, series).shots == 0).all()


def test_of_a_long_film_stretches_from_all_over_it_are_judged():
    times = np.arange(90_000) / 25
    film = Series(times, times[:, None].astype(np.float32), ("eye#0",), np.zeros(len(times), np.int32))
    (some,) = sampled(film)
    assert len(some.times) == len(some.values) == 3000 and (np.diff(some.times) > 0).all()
    assert some.values[0, 0] == 0 and some.values[-1, 0] == pytest.approx(times[-1])
    jumps = np.flatnonzero(np.diff(some.values[:, 0]) > 0.05)
    assert len(jumps) == 19 and (np.diff(some.shots)[jumps] == 1).all()  # no trend runs on across them
    assert sampled(film, most=90_000) == (film,)


def test_a_sound_of_nothing_is_refused():
    with pytest.raises(UsageError, match="at least one sample"):
        heard(np.zeros([0, 1], np.float32))
