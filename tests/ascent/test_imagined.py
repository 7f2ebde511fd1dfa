"""A sound that is dreamt from nothing is one that the ear hears what it wants in."""

import numpy as np
import pytest

from deepdream_av import Recipe, dream_audio, read_recipe
from deepdream_av.analysis.sound import activation_gain
from deepdream_av.ascent.chunks import Chunks
from deepdream_av.ascent.imagined import Imagining
from deepdream_av.errors import UsageError
from deepdream_av.media.noise_reader import NoiseReader

RECIPE = Recipe.from_look("eyes", sound="noise", ear_layers=(("block2#3", 1.0),), speed="sketch", seconds=1.5)


@pytest.fixture(scope="module")
def dream():
    return dream_audio(None, recipe=RECIPE)


def test_what_is_wanted_is_heard_in_the_sound_itself(dream):
    """Most of what the picture gained is still there in the sound that was found for it."""
    noise = np.concatenate([*NoiseReader(1.5).blocks()])
    listen = Imagining(RECIPE).ear.truncated(("block2",))
    gain = activation_gain(noise, dream.samples, dream.rate, listener=lambda x: listen(x)["block2"][..., 3])
    assert gain > 5
    assert dream.samples.shape == noise.shape and np.isfinite(dream.samples).all()


def test_more_tempos_make_slower_sounds():
    from deepdream_av.spectral import MelGrid, log_mel

    def rate_of(tempos):
        """Mean rate in Hz at which levels go up and down."""
        sound = dream_audio(None, recipe=RECIPE.replace(tempos=tempos, seconds=3.0)).samples[:, 0]
        level = log_mel(sound, MelGrid(44100)).numpy()
        power = (np.abs(np.fft.rfft(level - level.mean(0), axis=0)) ** 2).sum(1)
        return (power * np.arange(len(power))).sum() / power.sum() / 3.0

    assert rate_of(3) < 0.85 * rate_of(1)


def test_same_seed_same_sound_and_another_seed_another(dream):
    assert np.array_equal(dream_audio(None, recipe=RECIPE).samples, dream.samples)
    other = dream_audio(None, recipe=RECIPE.replace(seed=5)).samples
    assert abs(np.corrcoef(other[:, 0], dream.samples[:, 0])[0, 1]) < 0.3


def test_of_a_source_its_length_rate_and_level_are_left():
    sound = (0.02 * np.random.default_rng(0).standard_normal([12_000, 2])).astype(np.float32)
    dream = dream_audio((sound, 16_000), recipe=RECIPE)
    assert dream.samples.shape == sound.shape
    assert np.std(dream.samples) == pytest.approx(np.std(sound), rel=0.5)


def test_chunks_that_are_not_alike_keep_their_power():
    """Two noises, one after the other: nowhere between them is it softer."""
    rng = np.random.default_rng(0)
    parts = Chunks(stride=4000, fade=1000, guard=0, alike=False).joined(
        lambda a, b: np.zeros([b - a, 1], np.float32), lambda x, i, n: rng.standard_normal(x.shape), 9000
    )
    power = np.concatenate(list(parts))[:, 0] ** 2
    assert power[4200:4800].mean() == pytest.approx(1.0, abs=0.2)


def test_noise_is_the_same_however_much_is_read():
    whole, part = (np.concatenate([*NoiseReader(2.0, duration=d).blocks()]) for d in (0, 0.7))
    assert np.array_equal(whole[: len(part)], part) and len(whole) == 2 * 44100
    assert np.std(whole) == pytest.approx(0.1, rel=0.3)


def test_command_line_and_replay(tmp_path, monkeypatch, capsys):
    from deepdream_av import audio, replay

    monkeypatch.chdir(tmp_path)
    flags = ["--sound", "noise", "--seconds", "0.5", "--speed", "sketch", "--ear-layer", "block2#3", "-q"]
    assert audio.main([*flags, "-o", "out.wav"]) == 0
    assert read_recipe("out.wav").sound == "noise"
    assert replay.main(["-q", "out.wav", "-o", "again.wav"]) == 0
    assert (tmp_path / "out.wav").read_bytes() == (tmp_path / "again.wav").read_bytes()
    assert audio.main(["-q", "-o", "other.wav"]) == 2  # a dream in a sound needs one


def test_nothing_without_being_asked():
    with pytest.raises(UsageError, match="`sound`"):
        dream_audio(None, recipe=RECIPE.replace(sound="wave"))
