"""Parts of a sound lie where they say, what shall stay is measured, and a class of the ear has a logit everywhere."""

import numpy as np
import pytest
import tensorflow as tf

from deepdream_av.backbones import load_backbone
from deepdream_av.errors import InputError, UsageError
from deepdream_av.objectives import Guide, Objective
from deepdream_av.objectives.keeping import KEPT, named_keeping
from deepdream_av.objectives.regions import Region
from deepdream_av.spectral import MelGrid, log_mel

RATE = 22050
GRID = MelGrid(RATE)


def clicks(*times, seconds=2.0, hz=440.0):
    """Decaying tones that begin at these times."""
    t = np.arange(round(seconds * RATE)) / RATE
    return sum(np.where(t >= s, np.exp(-8 * np.maximum(t - s, 0)) * np.sin(2 * np.pi * hz * (t - s)), 0) for s in times)


def mel(sound):
    return log_mel(np.float32(0.2 * sound), GRID)[None, :, :, None]


@pytest.mark.parametrize("text", ["", "5-2", "2-2", "abc", "1-2m", "-", ".-2", "1-2/2-1Hz", "nan-2"])
def test_ranges_that_are_none_are_refused(text):
    with pytest.raises(UsageError, match="Received"):
        Region.parse(text)


def test_a_region_lies_where_it_says():
    mask = Region.of("1-2", "200-4000").mask(150, per_second=50.0)
    frames, hz = np.arange(150) / 50.0, GRID.band_hz
    assert mask[(frames > 1.15) & (frames < 1.85)][:, (hz > 320) & (hz < 3500)].min() == 1.0
    assert mask[(frames < 1) | (frames > 2)].max() == 0.0 == mask[:, (hz < 200) | (hz > 4000)].max()
    # from a later piece of the sound it is the same part of it
    later = Region.of("1-2", "200-4000").mask(100, per_second=50.0, start=1.0)
    assert np.allclose(later, mask[50:], atol=1e-6)
    assert not Region.of("1-2", "").within(2.5, 4.0) and Region.of("1-2,3-", "").within(2.5, 4.0)


@pytest.mark.parametrize("name", sorted(KEPT))
def test_what_is_kept_costs_nothing_and_what_is_lost_costs(name):
    term = named_keeping(name)
    source = clicks(0.3, 0.9, 1.5)
    lost = {"onsets": clicks(0.3, 1.2, 1.5), "chroma": clicks(0.3, 0.9, 1.5, hz=587.33), "envelope": 3 * source}[name]
    same, other = (float(term({"picture": mel(x), "source": mel(source)})) for x in (source, lost))
    assert same == pytest.approx(0, abs=1e-5) and other > 0.1


def test_louder_is_no_other_rhythm_and_no_other_harmony():
    seen = {"picture": mel(2 * clicks(0.3, 0.9)), "source": mel(clicks(0.3, 0.9))}
    assert float(named_keeping("chroma")(seen)) < 0.01 and float(named_keeping("onsets")(seen)) < 0.1


def test_an_unknown_thing_to_keep():
    with pytest.raises(UsageError, match="Did you mean 'onsets'"):
        named_keeping("onset")


def test_the_ear_knows_its_classes_at_every_place():
    """At a steady sound mean, peak and place are one, and the map says what the head says."""
    ear = load_backbone("earnet")
    steady = np.tile(np.random.default_rng(0).normal(0, 1, [1, 1, 128, 1]), [1, 80, 1, 1]).astype(np.float32)
    outputs = ear.model(steady)
    map_ = np.asarray(outputs["class_map"])[0, :, 0]
    middle = map_[len(map_) // 2]
    heads = np.concatenate([np.asarray(outputs[h])[0] for h in ("sounds", "instruments", "synth_instrument")])
    assert map_.shape[1] == len(ear.labels) and ear.class_group(ear.class_index("rain")) == (0, 10)
    # padding at the two ends of time is in the mean and the peak alone
    assert np.corrcoef(middle[: len(heads)], heads)[0, 1] > 0.9


def test_a_sound_guides_by_its_moments(tmp_path):
    from deepdream_av.media.audio import Sound, write_audio

    write_audio(tmp_path / "bell.wav", Sound(np.float32(0.2 * clicks(0.1, 1.0))[:, None], RATE))
    write_audio(tmp_path / "silent.wav", Sound(np.zeros((9000, 1), np.float32), RATE))
    ear = load_backbone("earnet")
    term = Guide("block2", str(tmp_path / "bell.wav")).bound(ear)
    look = ear.truncated(("block2",))
    noise = 0.05 * np.random.default_rng(0).standard_normal(2 * RATE)
    own, other = (float(term(look(mel(x)))) for x in (clicks(0.1, 1.0), noise))
    assert own > other
    assert Objective.from_json(Objective(((term, 1.0),)).to_json()).terms[0][0] == term.described
    with pytest.raises(InputError, match="silent"):
        Guide("block2", str(tmp_path / "silent.wav")).bound(ear)


def test_the_gradient_of_silence_is_a_number():
    silent = tf.zeros([1, 20, 128, 1]) - 2.0
    for name in KEPT:
        with tf.GradientTape() as tape:
            tape.watch(silent)
            score = named_keeping(name)({"picture": silent, "source": silent})
        assert np.isfinite(tape.gradient(score, silent).numpy()).all()
