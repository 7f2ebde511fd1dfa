"""What a channel of the ear wants to hear can be heard, and it is what the channel answers to."""

import json

import numpy as np
import pytest

from deepdream_av.analysis.channel_sounds import LEVEL_LUFS, RATE, sound_of
from deepdream_av.analysis.levels import levels_of, log_mel_of
from deepdream_av.analysis.swatches import SwatchDreamer, SwatchSettings
from deepdream_av.backbones import load_backbone
from deepdream_av.errors import UsageError
from deepdream_av.media.loudness import loudness


def test_each_channel_answers_most_to_its_own_sound():
    ear, channels = load_backbone("earnet"), [0, 10, 21, 31]
    heard = SwatchDreamer(ear, "block2", SwatchSettings(steps=8, step_size=0.04)).listenings(channels)
    sounds = [sound_of(x)[:, None] for x in heard]
    levels = np.stack([levels_of(ear, ["block2"], log_mel_of(x, RATE))["block2"].level[channels] for x in sounds])
    assert np.argmax(levels, axis=0).tolist() == [0, 1, 2, 3]
    assert all(abs(loudness(x, RATE) - LEVEL_LUFS) < 0.5 and not x[[0, -1]].any() for x in sounds)


def test_a_network_that_looks_wants_to_hear_nothing():
    with pytest.raises(UsageError, match="must listen"):
        SwatchDreamer(load_backbone("dreamnet"), "stride2").listenings([0])


def test_files_and_a_page_that_plays_them(tmp_path, monkeypatch, capsys):
    from deepdream_av.explore import main
    from deepdream_av.media.audio import read_audio

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    argv = ["sheet", "--backbone", "earnet", "--layer", "block1", "--channels", "2", "--steps", "2", "--json", "-q"]
    assert main([*argv, "--sounds", "heard", "-o", "s.html"]) == 0
    assert json.loads(capsys.readouterr().out)["sounds"] == ["heard/block1-2.wav"]
    assert 2.5 < read_audio("heard/block1-2.wav").seconds < 3.5
    assert "<audio" in (tmp_path / "s.html").read_text("utf-8")
    assert main([*argv, "--sounds", "heard", "-o", "t.html"]) == 1  # nothing is overwritten unasked
