"""The command line of explore: quick help, JSON, names that can be dreamt, one line for what is wrong."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from deepdream_av.explore import main
from deepdream_av.explore.parser import SUBJECTS
from deepdream_av.media.image import read_image, write_image

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def photo(tmp_path):
    picture = np.full((72, 96, 3), 0.5)
    picture[20:50, 30:70] = (0.9, 0.3, 0.1)
    write_image(tmp_path / "photo.png", picture)
    return tmp_path / "photo.png"


def explore(*argv) -> int:
    try:
        return main([str(a) for a in argv])
    except SystemExit as leaving:
        return leaving.code


def test_help_loads_nothing_heavy():
    script = (
        "import sys; from deepdream_av.explore import main\n"
        "try: main(['sheet', '--help'])\nexcept SystemExit: pass\n"
        "print([m for m in ('tensorflow', 'keras', 'cv2', 'PIL', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip().endswith("[]")


@pytest.mark.parametrize("subject", SUBJECTS)
def test_every_subject_explains_itself(subject, capsys):
    assert explore(subject, "--help") == 0
    assert f"explore {subject}" in capsys.readouterr().out


@pytest.mark.parametrize(
    "argv, message",
    [
        (["sheeet"], "Did you mean 'sheet'?"),
        (["sheet", "--backbone", "dreamnt"], "Did you mean 'dreamnet'?"),
        (["sheet", "--layer", "stride9"], "Did you mean 'stride"),
        (["sheet", "--layer", "stride8#3"], "without #CHANNEL"),
        (["sheet", "--channels", "400"], "`channels` must lie between"),
        (["sheet", "--count", "0"], "must be a whole number from 1"),
        (["sheet", "-o", "sheet.gif"], "`output` must end in"),
        (["fires", "nothing.jpg"], "does not exist"),
        (["fires", "photo.png", "--at", "x"], "must be seconds"),
        (["fires", "photo.png", "--backbone", "earnet"], "deepdream_av:"),
        (["nearest", "--to", "earnet"], "must both look at pictures"),
        (["atlas", "nowhere"], "does not exist"),
        (["change", "photo.png"], "Received: neither"),
        (["change", "photo.png", "--amplify", "stride8#4"], "NAME#CHANNEL:FACTOR"),
        (["change", "photo.png", "--amplify", "stride8#4:2", "--silence", "stride8#4"], "changed once"),
        (["looks", "photo.png", "--look", "eyez"], "Did you mean 'eyes'?"),
        (["report", "photo.png", "--source", "photo.png", "--seeds", "1"], "recipe inside"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(argv, message, photo, capsys):
    assert explore(*argv) in (1, 2)
    out, err = capsys.readouterr()
    assert message in err and len(err.strip().splitlines()) == 1 and not out, err


def test_layers_as_json(capsys):
    assert explore("layers", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["kind"] == "image" and found["layers"][0]["stride"] == [2.0, 2.0]


def test_what_fires_has_names_that_can_be_dreamt(photo, capsys):
    from deepdream_av import flags

    assert explore("fires", photo, "--count", 3, "--json", "-q") == 0
    fires = json.loads(capsys.readouterr().out)["fires"]
    assert len(fires) == 3 and fires[0]["times"] >= fires[1]["times"] >= fires[2]["times"]
    assert flags.recipe_of("image", ["--layer", fires[0]["name"]]).layers == ((fires[0]["name"], 1.0),)


def test_a_second_of_sound_fires_too(tmp_path, capsys):
    from deepdream_av.media.audio import Sound, write_audio

    t = np.arange(2 * 22050) / 22050
    write_audio(
        tmp_path / "a.wav", Sound((0.3 * np.sin(2 * np.pi * 440 * t))[:, None].astype(np.float32), 22050)
    )
    assert explore("fires", "a.wav", "--at", "0.5", "--layer", "block4", "--json", "-q") == 0
    assert json.loads(capsys.readouterr().out)["fires"][0]["name"].startswith("block4#")


def test_a_sheet_is_written_and_not_overwritten(tmp_path, capsys):
    argv = ("sheet", "--layer", "stride2", "--count", 2, "--size", 32, "--steps", 2, "-q", "-o", "s.png")
    assert explore(*argv) == 0
    assert capsys.readouterr().out.strip() == "s.png"
    assert read_image(tmp_path / "s.png").array.std() > 0.02
    assert explore(*argv) == 1 and "--force" in capsys.readouterr().err


def test_a_report_of_a_dream(photo, tmp_path, capsys):
    from deepdream_av import Recipe, dream_image

    recipe = Recipe.from_look("eyes", octaves=1, steps=4)
    dream = dream_image(str(photo), recipe=recipe)
    write_image(tmp_path / "dream.png", dream.array, recipe=recipe, source=photo)
    assert explore("report", "dream.png", "--source", photo, "--judge", "dreamnet", "--json", "-q") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["backbone"] == "dreamnet" and found["activation_gain"] > 1
    assert found["pixel_steps"] == 4.0
