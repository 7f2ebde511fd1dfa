"""The whole command on a few seconds of tones: folds stay closed, the file that comes out is an ear."""

import json

import numpy as np
import pytest
from scipy.io import wavfile

from deepdream_av.backbones.earnet import class_names, load_earnet
from training import audio

CLASSES = ("Low", "High")


def write_tone(path, hz):
    path.parent.mkdir(parents=True, exist_ok=True)
    tone = 12_000 * np.sin(2 * np.pi * hz * np.arange(22_050) / 22_050)
    wavfile.write(path, 22_050, tone.astype(np.int16))


@pytest.fixture
def folders(tmp_path):
    """Class `Low` below 1 kHz, `High` above 2 kHz; every fold has pitches of its own."""
    for fold in range(1, 6):
        write_tone(tmp_path / "esc" / "001_Low" / f"{fold}-a.wav", 100 + 150 * fold)
        write_tone(tmp_path / "esc" / "002_High" / f"{fold}-b.wav", 2000 + 1000 * fold)
    for name, hz in (("Fife", 1500), ("Tuba", 90)):
        write_tone(tmp_path / "real" / name / "x.wav", hz)
    return tmp_path


def command(folder, *more):
    return [
        "--esc10", str(folder / "esc"), "--instruments", str(folder / "real"), "--cache", str(folder / "cache"),
        "--music", "8", "--per-clip", "2", "--pretrain-steps", "1", "--steps", "1", "--pitch-steps", "1", *more,
    ]  # fmt: skip


def test_the_command_writes_an_ear_and_a_table(folders, capsys):
    options = [
        "-o",
        str(folders / "ear.npz"),
        "--folds",
        "1",
        "4",
        "--report",
        str(folders / "report.json"),
        "--resume",
    ]
    assert audio.main(command(folders, *options)) == 0
    assert "mean" in capsys.readouterr().out
    report = json.loads((folders / "report.json").read_text())
    assert set(report["folds"]) == {"1", "4"}
    assert report["mean"] == pytest.approx(np.mean(list(report["folds"].values())))
    assert class_names(folders / "ear.npz")["sounds"] == list(CLASSES)
    logits = load_earnet(folders / "ear.npz")(np.zeros([1, 20, 128, 1], np.float32))
    assert set(logits) == set(class_names(folders / "ear.npz"))


def test_a_fold_holds_its_own_recordings_alone(folders):
    data = audio.Data(audio._arguments(command(folders)))
    for fold in range(1, 6):
        assert all(name.startswith(str(fold)) for name in data.fold_clips(fold).names)
    # Each fold has its own two pitches, so no other fold's tone may sound in its examples.
    from deepdream_av.spectral import MelGrid

    bands = {k: int(np.argmin(np.abs(MelGrid(22050).band_hz - (100 + 150 * k)))) for k in range(1, 6)}
    for fold in (1, 5):
        loudest = data.fold(fold).features.astype(np.float32).max((0, 1))
        assert loudest[bands[fold]] > loudest[bands[6 - fold]] + 1
