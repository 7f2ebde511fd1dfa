"""A styled sound has the Gram matrix of its style, the onsets of its source, and its place in the room."""

import numpy as np
import pytest
import tensorflow as tf

from deepdream_av import Recipe
from deepdream_av.ascent.curvature import climb_curved
from deepdream_av.ascent.sound_style import SoundStyler, Texture
from deepdream_av.canvases.scaled_spectrum import ScaledSpectrum
from deepdream_av.errors import InputError, UsageError
from deepdream_av.objectives.time_gram import TimeGram
from deepdream_av.spectral.linked import placed

RATE = 22050
RECIPE = Recipe(style_filters=64, style_steps=14)


def noise(seconds=1.5, seed=0):
    return (0.1 * np.random.default_rng(seed).standard_normal(round(seconds * RATE))).astype(np.float32)


def tones(seconds=1.5, every=0.4):
    t = np.arange(round(seconds * RATE)) / RATE
    return (0.3 * np.exp(-6 * (t % every)) * np.sin(2 * np.pi * 330 * t)).astype(np.float32)


def test_the_distance_is_that_of_the_matrices():
    draw = np.random.default_rng(0)
    a, b, c = (draw.standard_normal([1, n, 2, 3]).astype(np.float32) for n in (40, 25, 30))
    term = TimeGram("x", 6)
    term.aim([(b, 1.0), (c, 3.0)])

    def gram(x):
        rows = x.reshape(-1, 6)
        return rows.T @ rows / len(rows)

    wanted = 0.25 * gram(b) + 0.75 * gram(c)
    expected = np.sum((gram(a) - wanted) ** 2) / np.sum(wanted**2)
    assert float(term.distance(a)) == pytest.approx(expected, rel=1e-3)
    term.aim([(a, 1.0)])
    assert float(term.distance(a[:, ::-1])) < 1e-5  # a style does not know when


def test_a_scaled_spectrum_holds_its_sound():
    sound = tones()
    assert np.abs(ScaledSpectrum(sound, np.ones(1025)).array() - sound).max() < 1e-4


def test_curvature_finds_the_summit_of_a_long_valley():
    """A quadratic whose axes differ by 1e4, which a gradient alone does not climb in so few steps."""

    class Point:
        def __init__(self):
            self.state, self.given = tf.ones([30]), ()

        @classmethod
        def signature(cls):
            return tf.TensorSpec([None]), ()

        @classmethod
        def render(cls, state, given):
            return state

    class Valley:
        layers = ("picture",)

        def __call__(self, seen):
            return -tf.reduce_sum(tf.constant(np.logspace(0, 4, 30, dtype=np.float32)) * tf.square(seen["picture"]))

    point = Point()
    *_, last = climb_curved(point, None, Valley(), steps=100)
    assert last.score > -1e-3 * -last.scores[0] and list(last.scores) == sorted(last.scores)


@pytest.fixture(scope="module")
def styled():
    styler = SoundStyler(RECIPE, [Texture(noise(2.0, seed=1))])
    return styler, styler(tones())


def test_it_comes_near_the_style_and_keeps_the_rhythm(styled):
    from deepdream_av.analysis.sound import onset_f1

    styler, found = styled
    assert styler.distances(found.samples)[0] < 0.1 * styler.distances(tones())[0]
    assert onset_f1(tones()[:, None], found.samples[:, None], RATE) >= 0.6


@pytest.mark.parametrize("wrong", [np.zeros(30_000, np.float32), np.ones(100, np.float32)])
def test_a_style_that_is_none(wrong):
    with pytest.raises(InputError, match="A style must"):
        SoundStyler(RECIPE, [Texture(wrong)])


def test_no_style_or_none_with_a_weight():
    with pytest.raises(UsageError, match="Received: none"):
        SoundStyler(RECIPE, [])
    with pytest.raises(UsageError, match="Received: 0"):
        SoundStyler(RECIPE, [Texture(noise(), 0.0)])


def test_another_sound_in_the_same_place():
    """Left alone sounds: what stands for it sounds left; the mean of the channels is what was to be heard."""
    left, new = tones(), noise()
    result = placed(np.stack([left, 0 * left], 1), left / 2, new, RATE)
    assert np.abs(result.mean(1) - new).max() < 0.15 * np.abs(new).max()
    loud = np.abs(left) > 0.02
    assert np.sum(result[loud, 0] ** 2) > 2 * np.sum(result[loud, 1] ** 2)
    mono = placed(left[:, None], left, new, RATE)[:, 0]
    spectrum = np.abs(np.fft.rfft(mono - new)) / np.abs(np.fft.rfft(new)).mean()
    assert spectrum[: int(0.95 * len(spectrum))].max() < 0.3


def test_command_line(tmp_path, monkeypatch, capsys):
    import json

    from deepdream_av import style
    from deepdream_av.media.audio import Sound, read_audio, write_audio

    monkeypatch.chdir(tmp_path)
    write_audio("song.wav", Sound(np.stack([tones(1.0), 0.5 * tones(1.0)], 1), RATE))
    write_audio("rain.flac", Sound(noise(0.9)[:, None], 44100))
    flags = ["--set", "style_filters=32", "--style-steps", "1", "--json", "-q"]
    beside = ["--spectrogram", "both.png", "--preview", "ab.wav"]
    assert style.main(["song.wav", "--style", "rain.flac:2", "-o", "out.wav", *flags, *beside]) == 0
    report = json.loads(capsys.readouterr().out)["report"]
    out = read_audio("out.wav")
    assert out.samples.shape == (RATE, 2) and report["styles"] == [["rain.flac", 2.0]]
    assert len(read_audio("ab.wav").samples) == RATE and (tmp_path / "both.png").stat().st_size > 5000
    assert style.main(["song.wav", "--style", "rain.flac", "-o", "out.png", "-q"]) == 2
    assert "must be a sound" in capsys.readouterr().err


def test_two_styles_by_weight():
    """What is optimised for one style and a quarter of another lies between them, nearer to the first."""
    hiss, hum = noise(1.0, seed=1), tones(1.0, every=0.1) + 0.1 * tones(1.0, every=10.0)
    alone = [SoundStyler(RECIPE, [Texture(x)]) for x in (hiss, hum)]
    found = SoundStyler(RECIPE, [Texture(hiss, 1.0), Texture(hum, 0.25)])(tones(1.0)).samples
    near, far = (styler.distances(found)[0] for styler in alone)
    assert near < far and far < alone[1].distances(hiss)[0]


def test_one_name_is_one_thing():
    """The public function stays what it is, whatever modules have been loaded."""
    import deepdream_av
    from deepdream_av import styled_sound

    assert deepdream_av.style_sound is styled_sound.style_sound


def test_a_style_goes_round_as_a_loop():
    import deepdream_av

    recipe = RECIPE.replace(style_filters=16, style_steps=1, rounds=2, stretch=1.1)
    sound = np.stack([tones(0.9), 0.5 * tones(0.9)], 1)
    found = deepdream_av.style_sound((sound, RATE), [(noise(0.8)[:, None], RATE)], recipe=recipe)
    assert found.report["rounds"] == 2 and found.samples.shape[1] == 2
    seam = np.concatenate([found.samples[-400:], found.samples[:400]])
    bend = np.abs(np.diff(seam, 2, axis=0)).max(1)
    assert bend[397:401].max() <= np.delete(bend, slice(397, 401)).max()


def test_at_the_ears_own_rate_nothing_is_lost():
    """White noise in the place of a dull sound: all of it is there, up to the highest frequency."""
    dull, new = tones(), noise()
    result = placed(dull[:, None], dull, new, RATE)[:, 0]
    assert np.sum((result - new) ** 2) < 1e-4 * np.sum(new**2)
