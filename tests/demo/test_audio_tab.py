"""The sound tab without a browser."""

import numpy as np
import pytest

from deepdream_av.errors import DeepDreamError
from deepdream_av.media.audio import read_audio
from deepdream_av.media.audio_writer import AudioWriter
from deepdream_av.media.loudness import loudness
from deepdream_av.media.metadata import read_note
from deepdream_av.recipe import Recipe

pytest.importorskip("gradio", reason="the web app needs gradio")
from demo import audio_tab, audio_work, networks  # noqa: E402
from demo.limits import Limits  # noqa: E402
from demo.page import App  # noqa: E402
from demo.service import Runs  # noqa: E402


@pytest.fixture
def app(tmp_path):
    (tmp_path / "runs").mkdir()
    return App(Limits(max_seconds=3), Runs(Limits(), tmp_path / "runs"))


def sound(path, seconds=2.0, rate=22050):
    time = np.arange(round(seconds * rate)) / rate
    wave = 0.3 * np.sin(2 * np.pi * 220 * time) * (1 + np.sign(np.sin(2 * np.pi * 4 * time))) / 2
    with AudioWriter(path, rate=rate, channels=2, layout="stereo") as writer:
        writer.write(np.repeat(wave[:, None], 2, axis=1).astype(np.float32))
    return str(path)


def given(**changes):
    return {
        "mode": "Dream", "source": None, "other": None, "base": "", "depth": "What the ear hears best", "layers": [],
        "classes": [], "strength": 1.0, "speed": "sketch", "seed": 0, "times": "", "band": "", "sound": "wave",
        "onsets": 0.3, "chroma": 0.3, "start": 0, "content": 0.05, **changes,
    }  # fmt: skip


def made(app, values):
    recipe = audio_work.recipe_of(values, app)
    for update in app.runs.watch(audio_work.work_of(values, recipe, app), session="a", place="audio"):
        if update.finished:
            assert not update.error, update.error
            result = update.result
            return result, read_note(result.path), [read_audio(p) for p in (result.before, result.after, result.path)]


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".ogg", ".mp3", ".m4a"])
def test_the_file_has_the_format_of_the_source(app, tmp_path, suffix):
    source = sound(tmp_path / f"song{suffix}")
    result, note, (before, after, _) = made(app, given(source=source, strength=0.3 if suffix != ".wav" else 1.0))
    assert result.path.suffix == suffix and note.kind == "audio" and note.source == f"song{suffix}"
    levels = [loudness(s.samples, s.rate) for s in (before, after)]
    assert abs(levels[0] - levels[1]) < 0.5
    assert np.isfinite(levels).all()
    if suffix == ".wav":
        assert np.abs(after.samples - before.samples).mean() > 0.003


def test_what_is_too_long_is_left_out_and_that_is_said(app, tmp_path):
    source = sound(tmp_path / "long.wav", seconds=5.0)
    values = given(source=source)
    recipe = audio_work.recipe_of(values, app)
    *_, end = app.runs.watch(audio_work.work_of(values, recipe, app), session="a", place="audio")
    assert recipe.duration == 3 and any("3 seconds" in note for note in end.notes)


def test_a_short_sound_has_no_limit_in_its_recipe(app, tmp_path):
    assert audio_work.recipe_of(given(source=sound(tmp_path / "a.wav")), app) == Recipe(speed="sketch")


def test_a_name_is_dreamt_of(app, tmp_path):
    source = sound(tmp_path / "song.wav")
    result, note, _ = made(app, given(source=source, mode="Dream of something", classes=["Rain"]))
    assert note.recipe.ear_classes == (("Rain", 1.0),)
    assert result.card[0][0] == "What the ear hears more of" and float(result.card[0][1].split()[0]) > 1
    with pytest.raises(DeepDreamError, match="what to dream of"):
        audio_work.recipe_of(given(mode="Dream of something"), app)


def test_another_sound_gives_its_name_and_no_folder(app, tmp_path):
    source, other = sound(tmp_path / "song.wav"), sound(tmp_path / "other.wav")
    values = given(source=source, other=other, mode="Dream of another sound")
    _, note, _ = made(app, values)
    assert note.recipe.guides == (("other.wav", 1.0),)


def test_no_sound_is_a_sentence(app, tmp_path):
    for name, data in (("a.wav", b""), ("b.wav", b"RIFFxxxxWAVE"), ("c.mp3", b"hello")):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(DeepDreamError):
            audio_work.work_of(given(source=str(tmp_path / name)), Recipe(), app)
    with pytest.raises(DeepDreamError, match="sound first"):
        audio_work.work_of(given(), Recipe(), app)


def test_a_recipe_comes_back_into_the_fields(app, tmp_path):
    source = sound(tmp_path / "a.wav")
    for recipe in (
        Recipe(strength=2.0, seed=3, ear_layers=(("block5", 1.0),), times="1-2"),
        Recipe(keep=(("onsets", 1.0), ("chroma", 0.0))),
        Recipe(ear_classes=(("Rain", 1.0),), sound="mask", speed="fine"),
        Recipe(ear_layers=(("block2#3", 0.5),)),
    ):
        filled = dict(zip(audio_tab._FILLED, audio_tab._fill(recipe, "audio")))
        assert audio_work.recipe_of(given(source=source, **filled), app) == recipe


def test_the_ear_knows_all_names_that_are_offered():
    from deepdream_av.backbones import load_backbone

    assert {name for _, name in networks.sounds()} == set(load_backbone("earnet").labels)
    assert set(networks.motifs()) == set(load_backbone("dreamnet").labels)
