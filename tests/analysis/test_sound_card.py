"""The report card of a sound: a copy is a copy, and what is wrong with a sound shows."""

import json

import numpy as np
import pytest

from deepdream_av.analysis.sound_card import convergence, seam_step, sound_card
from deepdream_av.analysis.spectrograms import write_spectrograms
from deepdream_av.errors import InputError
from deepdream_av.media.audio import Sound, read_audio, write_audio
from deepdream_av.media.loudness import loudness
from deepdream_av.media.preview import write_preview

RATE = 22050


def music(seconds=4.0, gain=0.2):
    t = np.arange(round(seconds * RATE)) / RATE
    left = np.exp(-5 * (t % 0.5)) * np.sin(2 * np.pi * 440 * t)
    return (gain * np.stack([left, 0.5 * left], 1)).astype(np.float32)


@pytest.fixture
def files(tmp_path):
    write_audio(tmp_path / "a.wav", Sound(music(), RATE))
    noisy = music() + 0.02 * np.random.default_rng(0).standard_normal([4 * RATE, 2]).astype(np.float32)
    write_audio(tmp_path / "b.wav", Sound(noisy, RATE))
    return tmp_path


def test_a_copy_has_lost_nothing(files):
    card = sound_card(files / "a.wav", files / "a.wav")
    assert card["onset_f1"] == card["chroma"] == card["tempo_ratio"] == card["activation"]["block4"] == 1.0
    assert card["log_spectral_distance_db"] == card["loudness_change_lu"] == card["phase_between_rad"] == 0.0
    json.dumps(card, allow_nan=False)


def test_noise_shows(files):
    card = sound_card(files / "b.wav", files / "a.wav")
    assert card["flatness_change_db"] > 3 and card["log_spectral_distance_db"] > 3 and card["high_band_db"] > 3


def test_other_rates_cannot_be_compared(files):
    write_audio(files / "c.wav", Sound(music(), 2 * RATE))
    with pytest.raises(InputError, match="one rate"):
        sound_card(files / "c.wav", files / "a.wav")


def test_half_as_loud_is_six_decibels():
    wanted = np.abs(np.random.default_rng(0).standard_normal([20, 30]))
    assert convergence(wanted, wanted / 2) == pytest.approx(-6.02, abs=0.01)


def test_a_click_where_chunks_join_is_a_seam():
    smooth = np.sin(2 * np.pi * 100 * np.arange(70 * 1000)[:, None] / 1000 / 10).astype(np.float32)
    assert seam_step(smooth, 1000) <= 1.01
    smooth[30_000] += 1.0
    assert seam_step(smooth, 1000) > 5


def test_a_preview_is_level_matched(tmp_path):
    quiet, loud = music(8.0, 0.05), music(8.0, 0.5)
    write_preview(tmp_path / "ab.wav", lambda: [quiet], lambda: [loud[:90_000], loud[90_000:]], RATE, channels=2)
    heard = read_audio(tmp_path / "ab.wav").samples
    first, second = (loudness(x, RATE) for x in (heard[: 4 * RATE], heard[4 * RATE :]))
    assert len(heard) == 8 * RATE and abs(first - second) < 0.5


def test_a_spectrogram_shows_both(tmp_path):
    from deepdream_av.media.image import read_image

    write_spectrograms(tmp_path / "s.png", [music()], [0.001 * music()], RATE)
    picture = read_image(tmp_path / "s.png").array
    above, below = picture[:256], picture[-256:]
    assert above.mean() > 2 * below.mean() and above[200:].mean() > above[:50].mean()


def test_explore_report_takes_sounds(files, capsys):
    from deepdream_av import explore

    assert explore.main(["report", str(files / "b.wav"), "--source", str(files / "a.wav"), "--json", "-q"]) == 0
    assert json.loads(capsys.readouterr().out)["onset_f1"] <= 1.0
