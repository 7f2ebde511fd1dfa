"""A walk goes where the sound leads it and comes back; its film is a loop with its sound."""

import json

import numpy as np
import pytest

from deepdream_av import replay, walk
from deepdream_av.correlate.chroma import chroma
from deepdream_av.correlate.features import sound_features
from deepdream_av.correlate.steer import Walk, speeds
from deepdream_av.media.audio import Sound, write_audio
from deepdream_av.media.film_sound import read_soundtrack
from deepdream_av.media.metadata import read_note
from deepdream_av.media.video import FilmWriter, open_film
from deepdream_av.recipe import Recipe
from deepdream_av.walk import FPS, walk_latents

RATE = 16000
LATENT = 48


@pytest.fixture(scope="module")
def generator(tmp_path_factory) -> str:
    """A small one that was not trained: it paints coloured blocks."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(5)
    z = keras.Input((LATENT,))
    x = layers.Reshape((4, 4, 3))(
        layers.Dense(48, kernel_initializer=keras.initializers.RandomNormal(stddev=0.3))(z)
    )
    x = layers.Activation("sigmoid")(layers.UpSampling2D(4, interpolation="bilinear")(x))
    path = tmp_path_factory.mktemp("gan") / "blocks.keras"
    keras.Model(z, x).save(path)
    return str(path)


@pytest.fixture
def recipe(generator) -> Recipe:
    return Recipe(generator=generator, size=64)


def tone(note, seconds, gain=0.2):
    return gain * np.sin(2 * np.pi * 440 * 2 ** ((note - 69) / 12) * np.arange(round(seconds * RATE)) / RATE)


def clicks(seconds, every=1.0, first=0.5):
    """Short bursts over a soft tone."""
    t = np.arange(round(seconds * RATE)) / RATE
    noise = np.random.default_rng(0).standard_normal(len(t))
    since = np.where(t < first, 9.0, (t - first) % every)
    return 0.4 * noise * np.exp(-since / 0.02) + tone(57, seconds, 0.02)


def way(samples, **options):
    samples = np.asarray(samples, np.float32)[:, None]
    start = np.random.default_rng(1).standard_normal(LATENT)
    start *= np.sqrt(LATENT / np.sum(start**2))
    seconds = len(samples) / RATE
    heard = dict(features=sound_features([samples], RATE), chroma=chroma([samples], RATE))
    return start, Walk(start, seconds, **{**heard, **options})


def steps(latents):
    return np.linalg.norm(np.diff(latents, axis=0), axis=1)


# ------------------------------------------------------------------------------------------------- the way


@pytest.mark.parametrize("seconds", [1.3, 7.0, 31.0])
def test_it_is_closed_and_stays_on_the_sphere(seconds):
    start, walked = way(clicks(seconds))
    around = walked(np.linspace(0, seconds, 400))
    assert np.allclose(around[0], start, atol=1e-5) and np.allclose(around[-1], start, atol=1e-4)
    assert np.allclose(np.linalg.norm(around, axis=1), np.sqrt(LATENT), rtol=1e-5)
    assert np.allclose(walked([0.4]), walked([0.4 + seconds]), atol=1e-4)
    assert np.abs(around - start).max() > 0.5  # and has been somewhere


def test_the_seam_is_a_step_like_its_neighbours():
    _, walked = way(clicks(8.0))
    around = steps(walked(np.arange(-10, 10) / FPS))
    assert 0.5 < around[9] / np.median(around) < 2


def test_onsets_move_it_further_than_silence_and_are_eased():
    """A burst each second from 0.5 s on: fast in the first 0.2 s after it, slow in the 0.28 s before that."""
    _, walked = way(clicks(10.0), chroma=None)
    moving = steps(walked(np.arange(1001) / 100))
    after = np.mean([moving[100 * k + 52 : 100 * k + 72] for k in range(1, 9)], 0)
    before = np.mean([moving[100 * k + 20 : 100 * k + 48] for k in range(1, 9)], 0)
    assert after.mean() > 2.5 * before.mean()
    around = np.mean([moving[100 * k + 40 : 100 * k + 80] for k in range(1, 9)], 0)
    top = int(around.argmax())
    rising = around[: top + 1] - around[0]
    up = top - int(np.flatnonzero(rising < 0.1 * rising[-1])[-1])
    assert 2 <= up <= 8 and abs(top - 10) <= 4  # in some hundredths of a second, not at once
    assert 0.25 < around[top + 15] / around[top] < 0.8  # and down in some tenths


def test_each_pitch_turns_planes_of_its_own():
    for note in (57, 60, 66):  # A, C, F sharp
        samples = np.asarray(tone(note, 3.0), np.float32)
        turning = speeds(300, sound_features([samples], RATE), chroma([samples], RATE))[50:250].mean(0)
        assert turning.argmax() == note % 12 and turning.max() > 3 * np.median(turning)
    (start, a), (_, c) = way(tone(57, 3.0)), way(tone(60, 3.0))
    there = [x(1.2 * np.ones(1))[0] - start for x in (a, c)]
    assert abs(there[0] @ there[1]) < 0.6 * np.linalg.norm(there[0]) * np.linalg.norm(there[1])


def test_energy_makes_it_faster():
    loud = np.concatenate([tone(57, 4.0, 0.02), tone(57, 4.0, 0.4)])
    _, walked = way(loud)
    quick = steps(walked(np.arange(801) / 100))
    assert quick[500:750].mean() > 1.3 * quick[100:350].mean()


def test_without_a_sound_or_a_wish_for_it_the_pace_is_even():
    for options in (dict(features=None, chroma=None), dict(amount=0.0)):
        _, walked = way(clicks(30.0), **options)
        moving = steps(walked(np.arange(750) / FPS))
        assert moving.max() < 1.05 * moving.min() and moving.min() > 0
    _, walked = way(clicks(6.0), pace=0.0)
    assert not steps(walked(np.arange(150) / FPS)).any()


# ------------------------------------------------------------------------------------------------ the film


@pytest.fixture(scope="module")
def song(tmp_path_factory):
    path = tmp_path_factory.mktemp("song") / "song.wav"
    stereo = np.stack([clicks(2.5, every=0.5), clicks(2.5, every=0.5)[::-1]], 1)
    return write_audio(path, Sound(stereo.astype(np.float32), RATE, "stereo"))


def pictures(path):
    return np.stack([frame.array for frame in open_film(path)]).astype(np.float32)


def test_the_film_has_the_sound_the_length_and_no_seam(song, recipe, tmp_path):
    told = []
    film = walk_latents(song, tmp_path / "w.mp4", recipe=recipe, progress=lambda *x: told.append(x))
    assert told[-1] == (63, 63) and film.report["frames"] == 63 and not film.interrupted
    reader = open_film(film.path)
    assert reader.size == (64, 64) and reader.fps == FPS
    assert [f.pts * f.time_base * FPS for f in reader] == list(range(63))
    track = read_soundtrack(open_film(film.path))
    assert track.rate == RATE and abs(len(track.store) - 2.5 * RATE) <= 16
    x, y = clicks(2.5, every=0.5)[4000:36_000], track.store.read(4000, 36_000)[:, 0]
    assert np.corrcoef(x, y)[0, 1] > 0.9
    frames = pictures(film.path)
    apart = np.abs(np.roll(frames, -1, 0) - frames).mean((1, 2, 3))
    assert apart[-1] < 2 * np.median(apart) + 0.5 and apart.max() > 1
    note = read_note(film.path)
    assert (note.kind, note.source, note.recipe) == ("walk", "song.wav", recipe)


def test_same_recipe_same_frames_also_by_replay(song, recipe, tmp_path, monkeypatch):
    """To the last bit as they are handed to the encoder, which is lossy and may share its work in other ways."""
    handed, write = [], FilmWriter.write

    def noted(self, picture, *when):
        handed.append(np.array(picture))
        return write(self, picture, *when)

    monkeypatch.setattr(FilmWriter, "write", noted)
    recipe = recipe.replace(duration=1.0, start=0.5)
    first = walk_latents(song, tmp_path / "a.mp4", recipe=recipe).path
    assert replay.main(["-q", str(first), "--source", str(song)]) == 0
    other = walk_latents(song, tmp_path / "b.mp4", recipe=recipe.replace(seed=1)).path
    a, again, b = (np.stack(handed[n * FPS : (n + 1) * FPS]) for n in range(3))
    assert len(handed) == 3 * FPS and np.array_equal(a, again) and not np.array_equal(a, b)
    shown, replayed, else_ = (pictures(p) for p in (first, tmp_path / "a.replay.mp4", other))
    assert 10 * np.abs(shown - replayed).mean() < np.abs(shown - else_).mean()


def test_the_command_walks_to_built_in_music_without_a_sound(generator, tmp_path, capsys):
    out = tmp_path / "w.mp4"
    assert (
        walk.main(["-o", str(out), "--generator", generator, "--size", "64", "--duration", "0.6", "--json"])
        == 0
    )
    said, err = capsys.readouterr()
    assert "built-in music" in err and json.loads(said)["report"]["frames"] == 15
    assert read_note(out).example and read_soundtrack(open_film(out)) is not None


def test_a_silent_sound_is_said_and_walked(recipe, tmp_path):
    quiet = write_audio(tmp_path / "quiet.wav", Sound(np.zeros([RATE, 1], np.float32), RATE, "mono"))
    said = []
    film = walk_latents(quiet, tmp_path / "w.mp4", recipe=recipe, say=said.append)
    assert said == ["The sound is silent: walking at an even pace."] and film.report["silent"]
    assert film.report["frames"] == FPS and film.report["median_step"] > 0


@pytest.mark.parametrize("what", ["absent", "text", "no sound"])
def test_a_missing_sound_is_one_line(generator, tmp_path, capsys, what):
    from deepdream_av.media.video import FilmWriter

    source, out = tmp_path / "in.mp4", tmp_path / "w.mp4"
    if what == "text":
        source.write_text("no sound at all")
    elif what == "no sound":
        with FilmWriter(source, size=(64, 64), time_base=1) as film:
            film.write(np.zeros([64, 64, 3], np.uint8), 0, 1)
    assert walk.main([str(source), "-o", str(out), "--generator", generator, "-q"]) == 1
    err = capsys.readouterr().err
    assert len(err.strip().splitlines()) == 1 and "in.mp4" in err and not out.exists()


def test_stopping_keeps_what_is_done(song, recipe, tmp_path):
    def stop(done, total):
        if done == 20:
            raise KeyboardInterrupt

    film = walk_latents(song, tmp_path / "w.mp4", recipe=recipe, progress=stop)
    assert film.interrupted and len(pictures(film.path)) == 20 and "seam_step" not in film.report
    assert abs(len(read_soundtrack(open_film(film.path)).store) - 20 / FPS * RATE) <= 16
