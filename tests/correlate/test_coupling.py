"""What is heard opens the gates of what is dreamt, at its time, and the other way round."""

from __future__ import annotations

import numpy as np
import pytest

from deepdream_av.ascent.frames import FrameDreamer
from deepdream_av.correlate.arrange import arrange, dreamt_layers
from deepdream_av.correlate.coupling import Coupling
from deepdream_av.correlate.drive import Drives
from deepdream_av.correlate.pairs import FilterPair
from deepdream_av.correlate.series import Series
from deepdream_av.recipe import Recipe

FPS = 24
TIMES = np.arange(96) / FPS
PAIR = FilterPair((("embedding#3", 1.0),), (("stride8#5", 0.8), ("stride16#9", 0.6)), lag=0.0, rho=0.5, p=0.01)


def series(names, curves) -> Series:
    values = np.abs(np.asarray(curves, np.float32)).T
    return Series(TIMES, values, tuple(names), np.zeros(len(TIMES), np.int32), np.ones(len(names), np.float32))


def beats(at, width=0.06) -> np.ndarray:
    return np.exp(-0.5 * ((TIMES[:, None] - np.asarray(at)) / width) ** 2).sum(1)


def coupling(*, pair=PAIR, joint=False, shift=0.0, amount=0.5) -> Coupling:
    heard = series(["embedding#3"], [beats([1.0, 3.0])])
    seen = series(["stride8#5", "stride16#9"], [beats([2.0]), beats([2.0])])
    return Coupling(Drives(None), heard=heard, seen=seen, pairs=[pair], joint=joint, shift=shift, amount=amount)


def test_what_is_heard_opens_the_gate_of_what_is_seen():
    asked = coupling()
    assert asked.at(1.0).gates[-1] > 3 * asked.at(0.7).gates[-1]
    assert asked.at(1.15).gates[-1] > asked.at(1.8).gates[-1] + 0.2  # it closes slowly


def test_what_is_seen_opens_the_gate_of_what_is_heard():
    signals = coupling().sound_signals(0.0, 4.0, 400)
    assert abs(signals[:, 0].argmax() / 100 - 2.0) < 0.08
    later = coupling().sound_signals(1.5, 1.0, 100)
    assert abs(1.5 + later[:, 0].argmax() / 100 - 2.0) < 0.08


def test_a_lag_moves_both_sides_apart():
    late = FilterPair(PAIR.heard, PAIR.seen, lag=0.1, rho=0.5)
    gates = [coupling(pair=late).at(t).gates[-1] for t in TIMES]
    assert abs(TIMES[int(np.argmax(gates[:48]))] - 1.1) < 1.5 / FPS
    signals = coupling(pair=late).sound_signals(0.0, 4.0, 400)
    assert abs(signals[:, 0].argmax() / 100 - 1.9) < 0.08


def test_a_shift_makes_a_control_of_the_same_gates_at_other_times():
    plain, moved = ([coupling(shift=by).at(t).gates[-1] for t in TIMES] for by in (0.0, 1.0))
    assert abs(np.mean(plain) - np.mean(moved)) < 0.02
    assert abs(TIMES[int(np.argmax(moved))] - 2.0) < 1.5 / FPS or abs(TIMES[int(np.argmax(moved))]) < 0.1


def test_joint_wants_the_picture_to_follow_the_sound():
    asked = coupling(joint=True)
    wanted = [float(asked.at(t).wanted[-1]) for t in TIMES]
    assert wanted[24] > 0 > wanted[36]
    assert not np.any(coupling().at(1.0).wanted)


def test_no_amount_asks_nothing():
    asked = coupling(amount=0.0, joint=True).at(1.0)
    assert not np.any(asked.gates) and not np.any(asked.wanted)


def test_frames_are_dreamt_as_their_gates_are_open():
    """The same frame has more of a set of channels under an open gate than under a closed one."""
    dreamer = FrameDreamer(Recipe.from_look("eyes", steps=2, octaves=1, loudness=0.05))
    names = dreamt_layers(dreamer)
    pair = FilterPair((("embedding#3", 1.0),), (("stride8#5", 0.7), (f"{names[-1]}#9", 0.7)), rho=0.5)
    seen = series([n for n, _ in pair.seen], [0.1 * beats([2.0]), 0.1 * beats([2.0])])
    joined = Coupling(
        Drives(None), heard=series(["embedding#3"], [beats([1.0, 3.0])]), seen=seen, pairs=[pair], amount=1.0, joint=True
    )
    term = joined.picture_term()
    dreamer.couple(term, weight=1.0)
    noise = np.random.default_rng(0).random((12, 16, 3), np.float32)
    frame = np.kron(noise, np.ones((8, 8, 1), np.float32)) * 0.5 + 0.25
    first = dreamer.begin(frame, joined.at(0.5))
    presence = {}
    for time in (0.5, 1.0):
        delta = first
        for _ in range(6):
            delta = dreamer.follow(frame, 0.92 * delta, joined.at(time))
        presence[time] = float(dreamer._presence(frame + delta)[-1])
    assert presence[1.0] > presence[0.5] + 0.05


def test_silence_and_off_leave_the_film_alone():
    class Nothing:
        silent = True

    assert arrange(None, None, None, Recipe(), dreamer=None).mode == "off"
    assert arrange(None, None, Nothing(), Recipe(coupling="joint"), dreamer=None).mode == "off"


@pytest.mark.parametrize("name", ["joint", "pairs", "base", "off"])
def test_modes_are_choices_of_a_recipe(name):
    assert Recipe(coupling=name).coupling == name
