"""A dreamt sound is the source's sound, dreamt: its length, rate, channels, loudness, rhythm and place in the room."""

import json

import numpy as np
import pytest

from deepdream_av import Recipe, audio, dream_audio, read_recipe
from deepdream_av.analysis import sound as figures
from deepdream_av.errors import UsageError
from deepdream_av.media.audio import Sound, read_audio, write_audio
from deepdream_av.media.example_music import RATE, compose

RECIPE = Recipe.from_look("eyes")


@pytest.fixture(scope="module")
def song():
    """Music made by code, stereo."""
    return compose(6.0), RATE


@pytest.fixture(scope="module")
def dream(song):
    return dream_audio(song, recipe=RECIPE)


def test_it_is_really_dreamt(song, dream):
    from deepdream_av.ascent.sound import SoundDreamer

    samples, rate = song
    ear = SoundDreamer(RECIPE)
    (name, _), *_ = ear.asked.layers
    listener = ear.ear.truncated([name])
    gain = figures.activation_gain(samples, dream.samples, rate, listener=lambda x: listener(x)[name])
    assert gain > 1.6
    assert 3.5 < figures.mel_change(samples, dream.samples, rate) < 6.0


def test_what_it_keeps(song, dream):
    samples, rate = song
    assert dream.samples.shape == samples.shape and dream.rate == rate and dream.samples.dtype == np.float32
    kept = figures.report(samples, dream.samples, rate)
    assert abs(kept["loudness_change_lu"]) < 0.5 and kept["true_peak_db"] <= -0.95
    assert kept["onset_f1"] > 0.75 and kept["chroma"] > 0.9
    assert kept["level_between_db"] < 0.1 and kept["phase_between_rad"] < 0.05


def test_same_recipe_same_samples(song, dream):
    assert np.array_equal(dream_audio(song, recipe=RECIPE).samples, dream.samples)


@pytest.mark.parametrize("how", ["wave", "mask"])
def test_a_larger_change_is_further(song, how):
    samples, rate = song
    short = (samples[: 2 * rate], rate)
    changes = [
        figures.mel_change(
            short[0], dream_audio(short, recipe=RECIPE.replace(sound=how, sound_change=c)).samples, rate
        )
        for c in (1.5, 4.0)
    ]
    assert 0.7 < changes[0] < 2.5 and changes[1] > 1.4 * changes[0]


@pytest.mark.parametrize("change", [dict(sound="off"), dict(strength=0.0), dict(sound_change=0.0)])
def test_nothing_wanted_nothing_done(song, change):
    samples, rate = song[0][:20000], song[1]
    dream = dream_audio((samples, rate), recipe=RECIPE.replace(**change))
    assert np.array_equal(dream.samples, samples) and any("kept as it is" in n for n in dream.report["notes"])


def test_silence_is_kept_and_said():
    dream = dream_audio((np.zeros((30_000, 2), np.float32), 48000), recipe=RECIPE)
    assert not dream.samples.any() and any("silent" in n for n in dream.report["notes"])


@pytest.mark.parametrize(
    "rate, channels, samples", [(8000, 1, 9000), (96000, 2, 60_000), (22050, 6, 30_000), (44100, 1, 50)]
)
def test_every_rate_length_and_number_of_channels(rate, channels, samples):
    t = np.arange(samples)[:, None] / rate
    tones = 0.2 * np.sin(2 * np.pi * 330 * (1 + np.arange(channels)) * t).astype(np.float32)
    dream = dream_audio((tones, rate), recipe=RECIPE.replace(sound_steps=4))
    assert dream.samples.shape == (samples, channels) and np.isfinite(dream.samples).all()
    assert np.abs(dream.samples).max() <= 1


def test_values_that_are_no_numbers_are_silenced_and_said():
    t = np.arange(20000)[:, None] / 22050
    sound = (0.3 * np.sin(2 * np.pi * 440 * t)).astype(np.float32)
    sound[5000:5050] = np.nan
    dream = dream_audio((sound, 22050), recipe=RECIPE.replace(sound_steps=3))
    assert np.isfinite(dream.samples).all() and dream.report["notes"]


def test_a_network_that_looks_cannot_listen(song):
    with pytest.raises(UsageError, match="looks at pictures"):
        dream_audio((song[0][:20000], 44100), recipe=RECIPE.replace(ear="dreamnet"))


def test_command_line_and_replay(tmp_path, song, capsys, monkeypatch):
    from deepdream_av import replay

    monkeypatch.chdir(tmp_path)
    samples, rate = song
    write_audio("in.flac", Sound(samples[: 2 * rate], rate))
    assert audio.main(["in.flac", "-o", "out.wav", "--set", "sound_steps=4", "--json", "-q"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["path"] == "out.wav" and told["report"]["change_db"] > 0.3
    out = read_audio("out.wav")
    assert out.rate == rate and out.samples.shape == (2 * rate, 2)
    assert read_recipe("out.wav") == RECIPE.replace(sound_steps=4)
    assert replay.main(["-q", "out.wav", "-o", "again.wav"]) == 0
    assert np.array_equal(read_audio("again.wav").samples, out.samples)
