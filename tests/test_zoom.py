"""A zoom film has the size, length and sound that was asked for, and ends where it begins."""

import json

import numpy as np
import pytest

from deepdream_av import replay, zoom
from deepdream_av.errors import UsageError
from deepdream_av.media.audio import Sound, write_audio
from deepdream_av.media.example import example_picture
from deepdream_av.media.film_sound import read_soundtrack
from deepdream_av.media.image import write_image
from deepdream_av.media.looped_sound import FADE, LoopedSound
from deepdream_av.media.metadata import read_note
from deepdream_av.media.video import open_film
from deepdream_av.recipe import Recipe
from deepdream_av.zoom import zoom_image

RATE = 16000
RECIPE = Recipe(
    work_size=72, seconds=1.0, fps=12.0, zoom=1.05, rotate=1.0, frame_steps=1, layers=(("stride4", 1.0),)
)


@pytest.fixture(scope="module")
def photo(tmp_path_factory):
    path = tmp_path_factory.mktemp("zoom") / "photo.png"
    write_image(path, example_picture(145, 97))  # odd, and no usual aspect
    return path


def frames(path):
    return [frame.array for frame in open_film(path)]


def test_the_end_flows_into_the_beginning(photo, tmp_path):
    film = zoom_image(photo, tmp_path / "z.mkv", recipe=RECIPE)
    report = film.report
    assert report["frames"] == 12 and report["size"] == [72, 48] and not film.interrupted
    # where it begins anew, no more changes than elsewhere
    assert report["seam_jump"] <= report["largest_jump"] and report["seam_jump"] < 2 * report["median_jump"]
    seen = frames(tmp_path / "z.mkv")
    assert len(seen) == 12 and seen[0].shape == (48, 72, 3)
    # in between it is somewhere else
    apart = [float(np.abs(x.astype(float) - seen[0]).mean()) for x in seen]
    assert apart[-1] < 0.8 * max(apart) and apart[6] > 8
    note = read_note(tmp_path / "z.mkv")
    assert note.kind == "zoom" and note.recipe == RECIPE and note.source == "photo.png"


def test_the_same_recipe_makes_the_same_film(photo, tmp_path):
    recipe = RECIPE.replace(loop="off", seconds=0.75, colour="lab")
    zoom_image(photo, tmp_path / "a.mkv", recipe=recipe)
    assert (
        replay.main(["-q", str(tmp_path / "a.mkv"), "-o", str(tmp_path / "b.mkv"), "--source", str(photo)])
        == 0
    )
    one, other = frames(tmp_path / "a.mkv"), frames(tmp_path / "b.mkv")
    assert len(one) == 9 and all(np.array_equal(a, b) for a, b in zip(one, other))


def test_a_sound_is_cut_or_repeated_and_kept(photo, tmp_path, capsys):
    samples = 0.3 * np.sin(2 * np.pi * 220 * np.arange(RATE // 2) / RATE)[:, None].astype(np.float32)
    write_audio(tmp_path / "s.wav", Sound(samples, RATE))
    flags = ["--work-size", "72", "--seconds", "1.25", "--fps", "8", "--layer", "stride4", "-q", "--json"]
    done = zoom.main([str(photo), "-o", str(tmp_path / "z.mkv"), "--audio", str(tmp_path / "s.wav"), *flags])
    assert done == 0 and json.loads(capsys.readouterr().out)["report"]["frames"] == 10
    track = read_soundtrack(open_film(tmp_path / "z.mkv"))
    with track.store as store:
        assert len(store) == 1.25 * RATE and np.abs(store.read(0, len(store))).max() > 0.25


def test_ctrl_c_keeps_a_film(photo, tmp_path):
    def stop(done, total):
        if done == 4:
            raise KeyboardInterrupt

    film = zoom_image(photo, tmp_path / "z.mp4", recipe=RECIPE, progress=stop)
    assert film.interrupted and len(frames(tmp_path / "z.mp4")) == film.report["frames"] >= 4


def test_a_looped_sound_is_not_heard_to_begin_anew(tmp_path):
    """The step from the last sample to the first is no larger than those inside, wherever it is cut."""
    ramp = np.sin(2 * np.pi * 3 * np.arange(RATE) / RATE)[:, None].astype(np.float32)
    write_audio(tmp_path / "s.wav", Sound(0.5 * ramp, RATE))
    for seconds in (0.7, 1.0, 2.6):
        with LoopedSound(str(tmp_path / "s.wav"), seconds=seconds) as sound:
            whole = np.concatenate(list(sound.blocks()))
            assert len(whole) == round(seconds * RATE)
            pieces = [sound.between(n, min(n + 777, len(whole))) for n in range(0, len(whole), 777)]
            assert np.array_equal(np.concatenate(pieces), whole)
            # the next sample after the end is the first one
            inside = np.abs(np.diff(0.5 * ramp[:, 0])).max()
            assert abs(whole[0, 0] - whole[-1, 0]) < 3 * inside
            assert 0 < FADE < 1
    with LoopedSound("", seconds=1.0) as nothing:
        assert not nothing


def test_what_cannot_be_is_told(photo, tmp_path):
    with pytest.raises(UsageError, match="`seconds`"):
        zoom_image(photo, tmp_path / "z.mp4", recipe=RECIPE.replace(seconds=0.2))
    with pytest.raises(UsageError, match="`translate`"):
        zoom_image(photo, tmp_path / "z.mp4", recipe=RECIPE.replace(translate="left"))
    assert not list(tmp_path.iterdir())
