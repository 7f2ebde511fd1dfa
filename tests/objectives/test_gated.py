"""Gates raise what they say and nothing else; wanted presences are reached from both sides."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from deepdream_av.ascent.loop import ascend
from deepdream_av.backbones import load_backbone
from deepdream_av.canvases import Pixels
from deepdream_av.errors import UsageError
from deepdream_av.objectives import Gated, Objective, layer, wanting

CHANNELS = ("stride8#3", "stride16#20", "stride16#7")


def picture(seed=0, size=96):
    noise = np.random.default_rng(seed).random((size // 8, size // 8, 3), np.float32)
    return np.kron(noise, np.ones((8, 8, 1), np.float32)) * 0.5 + 0.25


def presences(term, pixels) -> np.ndarray:
    maps = load_backbone("dreamnet").truncated(term.layers[:-1])(tf.constant(pixels[None]))
    return term.presence({**maps, "signals": tf.zeros([1, 2])}).numpy()[0]


def dreamt(term, signals, *, steps=12, step_size=0.01, start=None):
    canvas = Pixels(picture() if start is None else start)
    for step in ascend(
        canvas, load_backbone("dreamnet"), wanting(term), steps=steps, step_size=step_size, signals=signals, every=steps
    ):
        pass
    return step.array()


def test_the_open_gate_is_the_one_that_rises():
    term = Gated(CHANNELS, (0, 1, 1), (1.0, 0.5, 0.5), (1.0, 1.0, 1.0))
    before = presences(term, picture())
    first = presences(term, dreamt(term, [[1.0, 0.0]])) - before
    second = presences(term, dreamt(term, [[0.0, 1.0]])) - before
    # channels overlap, so the other set may rise too: but never as far as under its own gate
    assert first[0] > 0.3 and first[0] > second[0] + 0.2
    assert second[1] > 0.3 and second[1] > first[1] + 0.2


def test_what_is_wanted_is_reached_from_below_and_from_above():
    term = Gated(CHANNELS[:1], (0,), (1.0,), (1.0,), holds=(1.0,))
    low = presences(term, picture())[0]
    high = low + 0.6
    raised = dreamt(term, [[0.0, high]], steps=40, step_size=0.004)
    assert presences(term, raised)[0] == pytest.approx(high, abs=0.15)
    lowered = dreamt(term, [[0.0, low + 0.1]], steps=40, step_size=0.004, start=raised)
    assert presences(term, lowered)[0] < presences(term, raised)[0] - 0.2


def test_rows_of_signals_are_moments_of_a_map():
    term = Gated(("a#0",), (0,), (1.0,), (1.0,))
    maps = tf.concat([tf.zeros([1, 5, 4, 1]), tf.ones([1, 5, 4, 1])], 1)
    early, late = ([[1.0]] * 5 + [[0.0]] * 5), ([[0.0]] * 5 + [[1.0]] * 5)
    said = [float(term({"a": maps, "signals": tf.constant(rows)})) for rows in (early, late)]
    assert said[0] == pytest.approx(0.0, abs=1e-6)
    assert said[1] == pytest.approx(np.log(2) / 2, abs=1e-5)


def test_no_new_graph_for_other_signals():
    from deepdream_av.ascent.climbing import _compiled

    term = Gated(CHANNELS, (0, 1, 1), (1.0, 0.5, 0.5), (1.0, 1.0, 1.0))
    dreamt(term, [[0.2, 0.1]], steps=1)
    before = _compiled.cache_info().misses
    dreamt(term, [[0.9, -0.1]], steps=1)
    assert _compiled.cache_info().misses == before


def test_json_and_errors():
    wanted = layer("stride8") + 0.5 * wanting(Gated(CHANNELS, (0, 1, 1), (1.0, 0.5, 0.5), (1.0, 1.0, 1.0), (0.3, 0.0)))
    assert Objective.from_json(wanted.to_json()) == wanted
    assert wanted.signalled and not layer("stride8").signalled
    with pytest.raises(UsageError, match="Received: 3 channels, 1"):
        Gated(CHANNELS, (0,), (1.0,), (1.0,))
    with pytest.raises(UsageError, match="`signals`"):
        next(ascend(Pixels(picture()), load_backbone("dreamnet"), wanted, steps=1))
