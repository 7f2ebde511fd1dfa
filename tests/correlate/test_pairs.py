"""Discs that flash with tones are found as such; pairs are read from anybody's file without harm."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from deepdream_av.backbones import load_backbone
from deepdream_av.correlate.heard import hear
from deepdream_av.correlate.pairs import (
    FilterPair,
    canonical,
    find_pairs,
    pairs_from_json,
    pairs_to_json,
)
from deepdream_av.correlate.prior import shipped_prior
from deepdream_av.correlate.seen import Watcher
from deepdream_av.correlate.semantic import semantic_pairs
from deepdream_av.correlate.series import Series, detrended
from deepdream_av.errors import UsageError

_spec = importlib.util.spec_from_file_location("discs", Path(__file__).with_name("discs.py"))
discs = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(discs)


def film(count: int, seconds: float, seed: int, lag: float, tones=None):
    """Series of a film with discs, and the curves of tones and discs without trends."""
    curves = discs.envelopes(count, seconds, seed=seed)
    times, shots = np.arange(len(curves)) / discs.FPS, np.zeros(len(curves), np.int32)
    watcher = Watcher(load_backbone("dreamnet"))
    for time, picture in zip(times, discs.frames(curves, seed=seed)):
        watcher.add(time, picture, 0)
    played = curves if tones is None else tones
    sound = discs.sound(played, lag=lag)
    heard = hear([sound], discs.RATE, start=0.0, times=times, shots=shots, ear=load_backbone("earnet"))
    early = np.stack([np.interp(times + lag, times, c) for c in played.T], 1)
    return heard, watcher.finish(), detrended(early, times, shots), detrended(curves, times, shots)


def likeness(curve, curves) -> np.ndarray:
    return np.array([np.corrcoef(curve, c)[0, 1] for c in curves.T])


def clearly(values) -> bool:
    """Whether the largest stands out."""
    return np.ptp(np.sort(values)[-2:]) > 0.1


def test_discs_are_paired_with_their_tones():
    true = found = 0
    for seed, count, seconds, lag in ((0, 2, 8, 0.0), (4, 3, 12, 0.08), (17, 4, 12, -0.1)):
        heard, seen, tones, lights = film(count, seconds, seed, lag)
        right = set()
        for pair in find_pairs(heard, seen, shifts=99).pairs:
            a, v = likeness(canonical(heard, pair.heard), tones), likeness(canonical(seen, pair.seen), lights)
            if (
                a.argmax() == v.argmax()
                and clearly(a)
                and clearly(v)
                and abs(pair.lag - lag) <= 1.01 / discs.FPS
            ):
                right.add(int(a.argmax()))
        true, found = true + count, found + len(right)
    assert found >= 0.8 * true


def test_tones_of_another_film_have_no_pair_with_these_discs():
    wrong = 0
    for seed in range(4):
        heard, seen, *_ = film(2, 8, seed, 0.0, tones=discs.envelopes(2, 8, seed=100 + seed))
        wrong += bool(find_pairs(heard, seen, shifts=99).pairs)
    assert wrong <= 1


def test_pairs_survive_the_file():
    pair = FilterPair(
        (("b#2+", 0.8), ("b#1", 0.6)), (("s#3", 1.0),), lag=-0.04, rho=0.5, p=0.005, source="learned"
    )
    assert pairs_from_json(pairs_to_json([pair])) == (pair,)


HOSTILE = (
    "", "[]", "{}", "null", '{"pairs": 3}', '{"pairs": [1]}', '{"pairs": [{"heard": [], "seen": [["a#1", 1]]}]}',
    '{"pairs": [{"heard": [["a#1", -1]], "seen": [["a#1", 1]]}]}',
    '{"pairs": [{"heard": [["a#1", NaN]], "seen": [["a#1", 1]]}]}',
    '{"pairs": [{"heard": [["a#1", 1], ["a#1", 1]], "seen": [["a#1", 1]]}]}',
    '{"pairs": [{"heard": [["a#1", true]], "seen": [["a#1", 1]]}]}',
    '{"pairs": [{"heard": [["a#1", 1]], "seen": [["a#1", 1]], "lag": 1e9}]}',
    '{"pairs": [{"heard": [["a#1", 1]], "seen": [["a#1", 1]], "source": "__import__"}]}',
    '{"pairs": ' + "[" * 100_000 + "]" * 100_000 + "}",
    " " * 1_000_001,
)  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_what_is_no_pair_is_refused_in_one_line(text):
    with pytest.raises(UsageError) as error:
        pairs_from_json(text)
    assert "\n" not in str(error.value) and len(str(error.value)) < 300


def test_tiny_weights_are_weights():
    pair = pairs_from_json(
        '{"pairs": [{"heard": [["a#1", 1e-200], ["a#2", 1e-200]], "seen": [["b#1", 9]]}]}'
    )[0]
    assert dict(pair.heard)["a#1"] == pytest.approx(2**-0.5, abs=1e-5)


def test_a_channel_that_is_not_there_is_named():
    series = Series(np.arange(9.0), np.ones([9, 1], np.float32), ("stride8#1",), np.zeros(9, np.int32))
    with pytest.raises(UsageError, match="stride8#2"):
        canonical(series, (("stride8#2", 1.0),))


def test_meanings_need_no_film():
    ear, eye = load_backbone("earnet"), load_backbone("dreamnet")
    pairs = semantic_pairs(ear, eye)
    assert len(pairs) >= 8 and {p.source for p in pairs} == {"semantic"}
    for pair in (*pairs, *shipped_prior()):
        for network, side in ((ear, pair.heard), (eye, pair.seen)):
            for name, weight in side:
                layer, _, number = name.removesuffix("+").partition("#")
                assert int(number) < network.channels(layer) and weight > 0
    assert pairs_from_json(pairs_to_json(pairs)) == pairs


def test_a_motif_fires_the_channels_that_stand_for_it():
    """Bubbles, painted here, move the channels of bubbles more than those of the other motifs."""
    eye = load_backbone("dreamnet")
    y, x = np.mgrid[:192, :192]
    rng = np.random.default_rng(0)
    picture = np.full([192, 192], 0.2)
    for cx, cy, r in zip(rng.uniform(0, 192, 60), rng.uniform(0, 192, 60), rng.uniform(6, 18, 60)):
        away = np.hypot(x - cx, y - cy)
        picture = np.where(away < r, 0.3 + 0.6 * (away / r) ** 4, picture)
    layers = ("stride8", "stride16")
    maps = eye.truncated(layers)(np.repeat(picture[None, :, :, None], 3, -1).astype(np.float32))
    loud = {
        f"{k}#{n}": float(v)
        for k in layers
        for n, v in enumerate(np.asarray(maps[k], np.float32).mean((0, 1, 2)))
    }
    bubbles = semantic_pairs(load_backbone("earnet"), eye, belong=[("Rain", "bubbles")])[0]
    score = np.mean([loud[name] for name, _ in bubbles.seen])
    assert score > np.mean(list(loud.values()))


def test_what_is_expected_counts_in_short_films_only():
    rng = np.random.default_rng(0)

    def noise(frames, name):
        shots = np.zeros(frames, np.int32)
        return Series(
            np.arange(frames) / 24,
            rng.random([frames, 20]).astype(np.float32),
            tuple(f"{name}#{n}" for n in range(20)),
            shots,
        )

    expected = FilterPair((("h#3", 1.0),), (("s#4", 1.0),), rho=0.9, source="prior")
    from deepdream_av.correlate.pairs import _film

    short, long = (_film(noise(n, "h"), noise(n, "s"), (expected,))[0].trust for n in (60, 3000))
    assert short > 0.25 and long < 0.05
