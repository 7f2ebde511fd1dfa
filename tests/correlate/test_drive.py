"""Each feature of a sound asks for its own part of the dream, and the mixer turns each of them off."""

from __future__ import annotations

import numpy as np
import pytest

from deepdream_av.correlate.chroma import chroma
from deepdream_av.correlate.drive import Drives, mixed
from deepdream_av.correlate.features import sound_features
from deepdream_av.errors import UsageError

RATE = 22050


def tones(*hertz, seconds=1.0, gain=0.3) -> np.ndarray:
    """One tone after the other, each fading, `[samples, 1]`."""
    t = np.arange(round(seconds * RATE)) / RATE
    envelope = np.minimum(1, t / 0.01) * np.exp(-t / 0.4)
    return np.concatenate([gain * envelope * np.sin(2 * np.pi * f * t) for f in hertz]).astype(np.float32)[:, None]


def drives(sound, **mixer) -> Drives:
    return Drives(
        sound_features([sound], RATE), chroma=chroma([sound], RATE), amount=1.0, mixer=mixed(tuple(mixer.items()))
    )


def test_bass_lifts_large_shapes_and_brightness_lifts_shallow_layers():
    low_then_high = drives(tones(60, 4000))
    low, high = low_then_high.at(0.15), low_then_high.at(1.6)
    assert low.bass > 0.3 and high.bass < 0.5 * low.bass
    assert high.depth > 0.1 > -0.1 > low.depth


def test_a_pitch_asks_for_its_channels():
    heard = drives(tones(440.0, 523.25))
    assert heard.at(0.3).chroma.argmax() == 9 and heard.at(1.4).chroma.argmax() == 0


def test_an_onset_lengthens_steps_at_once_and_for_a_moment():
    heard = drives(tones(440, 440, 440))
    assert heard.at(1.05).push > heard.at(0.95).push + 0.2
    assert heard.at(1.05).gain > heard.at(0.95).gain + 0.1


@pytest.mark.parametrize("name, field", [("bass", "bass"), ("centroid", "depth"), ("onset", "push")])
def test_the_mixer_turns_features_off(name, field):
    usual = {"push": 1.0}.get(field, 0.0)
    on, off = drives(tones(60, 4000)), drives(tones(60, 4000), **{name: 0.0})
    times = np.arange(0, 2, 0.05)
    assert max(abs(getattr(on.at(t), field) - usual) for t in times) > 0.1
    assert max(abs(getattr(off.at(t), field) - usual) for t in times) < 1e-6


def test_mixer_names_what_it_does_not_know():
    with pytest.raises(UsageError, match="onset"):
        mixed((("onsets", 1.0),))
    with pytest.raises(UsageError, match="Received: 3"):
        mixed((("onset", 3.0),))
