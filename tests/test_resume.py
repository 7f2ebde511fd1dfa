"""A film that was broken off is finished by the same command, with the frames of one that was not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from fractions import Fraction

import numpy as np
import pytest

from deepdream_av import video
from deepdream_av.errors import OutputError
from deepdream_av.media import fingerprint
from deepdream_av.media.film_sound import read_soundtrack
from deepdream_av.media.job import Job, folder_of
from deepdream_av.media.kept_frames import KeptFrames
from deepdream_av.media.video import FilmWriter, SoundFormat, open_film
from deepdream_av.recipe import Recipe
from deepdream_av.temporal import pictures

SIZE = (64, 48)


@pytest.fixture(autouse=True)
def one_version(monkeypatch):
    """These tests say nothing of the program's own changes, and it may be edited while they run."""
    monkeypatch.setattr(fingerprint, "of_package", lambda: "one")


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> str:
    import keras

    from deepdream_av.backbones.dreamnet import build_dreamnet
    from deepdream_av.backbones.embedded import save_weights

    keras.utils.set_random_seed(1)
    model = build_dreamnet()
    path = tmp_path_factory.mktemp("weights") / "dreamnet.npz"
    save_weights({f"{x.name}/{v.name}": v.numpy() for x in model.layers for v in x.weights}, path)
    return str(path)


@pytest.fixture(scope="module")
def recipe(weights) -> Recipe:
    return Recipe(weights=weights, sound="off", octaves=1, steps=2, frame_steps=1)


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """Two shots of 10 and 14 frames that move, with a beat."""
    import cv2

    path, sound = tmp_path_factory.mktemp("film") / "in.mp4", SoundFormat(22050, 1, "mono")
    with FilmWriter(path, size=SIZE, time_base=Fraction(1, 24), fps=24, sound=sound, quality=10) as film:
        for n in range(24):
            noise = np.random.default_rng(n // 10 if n < 20 else 1).random((48, 160, 3)).astype(np.float32)
            wide = cv2.GaussianBlur(noise, (0, 0), 2.0)
            tint = np.float32([0.3, 0, 0] if n < 10 else [0, 0.05, 0.4])
            film.write(np.clip((wide[:, 2 * n : 2 * n + 64] - 0.5) * 2 + 0.4 + tint, 0, 1), n, 1)
        t = np.arange(22050) / 22050
        film.write_sound((0.3 * np.exp(-((t * 4) % 1) * 6) * np.sin(2000 * t))[:, None].astype(np.float32))
    return path


def frames(path) -> list[bytes]:
    return [frame.array.tobytes() for frame in open_film(path)]


@pytest.fixture(scope="module")
def unbroken(source, recipe, tmp_path_factory):
    return frames(video.dream_video(source, tmp_path_factory.mktemp("whole") / "out.mp4", recipe=recipe).path)


@pytest.mark.parametrize("at", [4, 13, 22])
def test_a_stopped_film_is_finished_by_the_same_call(tmp_path, source, recipe, unbroken, monkeypatch, at):
    monkeypatch.setattr(pictures, "PIECE_FRAMES", 5)
    output, seen = tmp_path / "out.mp4", []

    def stop(draw, shot):
        seen.append(shot)
        if len(seen) == at:
            raise KeyboardInterrupt

    part = video.dream_video(source, output, recipe=recipe, preview=stop)
    assert part.interrupted and len(frames(output)) == at and folder_of(output).is_dir()
    whole = video.dream_video(source, output, recipe=recipe, preview=lambda draw, shot: seen.append(shot))
    assert frames(output) == unbroken and whole.report["shots"] == 2
    assert len(seen) == 24 and whole.report["resumed"] == at  # nothing was dreamt twice
    assert abs(len(read_soundtrack(open_film(output)).store) - 22050) < 30
    assert output.exists() and not list(tmp_path.glob(".*"))  # no work is left


def test_frames_between_two_dreams_are_the_same_too(tmp_path, source, recipe, monkeypatch):
    monkeypatch.setattr(pictures, "PIECE_FRAMES", 5)
    recipe, seen = recipe.replace(cadence=3), []
    whole = video.dream_video(source, tmp_path / "whole.mp4", recipe=recipe)
    assert whole.report["dreamt"] < 16

    def stop(draw, shot):
        seen.append(shot)
        if len(seen) == 16:
            raise KeyboardInterrupt

    video.dream_video(source, tmp_path / "out.mp4", recipe=recipe, preview=stop)
    again = video.dream_video(source, tmp_path / "out.mp4", recipe=recipe)
    assert again.report["resumed"] >= 10 and frames(again.path) == frames(whole.path)


def test_kill_at_any_moment_loses_at_most_a_piece(tmp_path, source, recipe, unbroken):
    (tmp_path / "recipe.json").write_text(recipe.to_json())
    script = (
        "import sys; from deepdream_av import video; from deepdream_av.temporal import pictures\n"
        "from deepdream_av.media import fingerprint; fingerprint.of_package = lambda: 'one'\n"
        "pictures.PIECE_FRAMES = 5\n"
        "sys.exit(video.main(sys.argv[1:]))"
    )
    output = tmp_path / "out.mp4"
    command = [sys.executable, "-c", script, str(source), "-o", str(output), "--recipe", str(tmp_path / "recipe.json")]
    record = folder_of(output) / "frames-00002.json"
    run = subprocess.Popen([*command, "-q"], stdout=subprocess.DEVNULL)
    until = time.monotonic() + 120
    while not record.exists() and run.poll() is None and time.monotonic() < until:
        time.sleep(0.002)
    os.kill(run.pid, signal.SIGKILL)
    assert run.wait() == -signal.SIGKILL and not output.exists()
    assert video.dream_video(source, output, recipe=recipe).report["resumed"] >= 15
    assert frames(output) == unbroken
    assert not list(tmp_path.glob(".*"))


def test_what_is_damaged_is_made_again_and_what_has_changed_begins_anew(tmp_path, source, recipe, unbroken, monkeypatch):
    monkeypatch.setattr(pictures, "PIECE_FRAMES", 5)
    output, said = tmp_path / "out.mp4", []
    again = dict(recipe=recipe, force=True, keep_work=True, say=said.append)
    folder = folder_of(output)
    video.dream_video(source, output, **again)
    assert video.dream_video(source, output, **again).report["resumed"] == 24
    last = max(folder.glob("frames-*.mkv"))
    data = bytearray(last.read_bytes())
    data[len(data) // 2] ^= 1
    last.write_bytes(data)
    assert video.dream_video(source, output, **again).report["resumed"] == 20 and frames(output) == unbroken
    # states of old pieces are gone: a damaged one takes the rest of its shot with it
    (folder / "frames-00003.mkv").unlink()
    assert video.dream_video(source, output, **again).report["resumed"] == 10 and frames(output) == unbroken
    said.clear()
    other = video.dream_video(source, output, **{**again, "recipe": recipe.replace(strength=0.5)})
    assert other.report["resumed"] == 0 and "the recipe has changed" in said[0]
    assert frames(output) != unbroken


def test_an_output_is_replaced_only_by_its_own_end(tmp_path, source, recipe):
    output = tmp_path / "out.mp4"

    def stop(draw, shot):
        raise KeyboardInterrupt

    video.dream_video(source, output, recipe=recipe, preview=stop)
    before = output.read_bytes()
    with pytest.raises(OutputError, match="exists already"):
        video.dream_video(source, output, recipe=recipe.replace(seed=5))
    assert output.read_bytes() == before
    output.write_bytes(before + b"touched")
    with pytest.raises(OutputError, match="exists already"):
        video.dream_video(source, output, recipe=recipe)


def test_the_folder_is_taken_by_one_run_and_nothing_strange_is_removed(tmp_path):
    output = tmp_path / "out.mp4"
    job = Job(output, key={"source": "a"})
    with pytest.raises(OutputError, match="Another run"):
        Job(output, key={"source": "a"})
    job.release()
    Job(output, key={"source": "a"}).remove()
    folder_of(output).mkdir()
    (folder_of(output) / "letters.txt").write_text("mine")
    with pytest.raises(OutputError, match="letters.txt"):
        Job(output, key={"source": "a"})
    assert (folder_of(output) / "letters.txt").read_text() == "mine"


def test_a_folder_of_another_version_is_not_understood_and_said(tmp_path):
    output, said = tmp_path / "out.mp4", []
    job = Job(output, key={"source": "a", "version": "1"})
    job.put("state-00000", x=np.ones(3))
    job.release()
    job = Job(output, key={"source": "a", "version": "2"}, say=said.append)
    assert not job.found and job.empty and "another version" in said[0]
    job.remove()


def test_kept_frames_and_arrays_come_back_bit_by_bit(tmp_path):
    job = Job(tmp_path / "out.mp4", key={})
    kept, noise = KeptFrames(job), np.random.default_rng(0).integers(0, 256, (5, 33, 47, 3), np.uint8)
    for frame in noise[:3]:
        kept.add(frame)
    kept.close({"x": np.float32([0.1, np.pi])})
    for frame in noise[3:]:
        kept.add(frame)
    kept.abandon()  # an open piece is nothing
    again = KeptFrames(job)
    assert again.count == 3 and np.array_equal(np.stack(list(again)), noise[:3])
    assert again.state["x"].tobytes() == np.float32([0.1, np.pi]).tobytes()
    job.remove()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no full disk to write to")
def test_a_full_disk_is_told_in_one_line(tmp_path):
    job = Job(tmp_path / "out.mp4", key={})
    (job.folder / "piece.npz.part").symlink_to("/dev/full")
    with pytest.raises(OutputError, match="disk is full.*same command again"):
        job.put("piece", x=np.zeros(100_000))
    job.remove()


def test_dreamt_sound_is_kept_in_pieces(tmp_path, monkeypatch):
    import deepdream_av.ascent.sound as sound
    from deepdream_av.ascent import long_sound
    from deepdream_av.media.sample_store import SampleStore

    heard = []

    class Ear:
        """Stands for the dream: says which pieces it was given."""

        def __init__(self, recipe):
            self.asked = type("Asked", (), {"layers": (), "classes": ()})

        def __call__(self, samples, *, on_step=None, start=0.0):
            heard.append(start)
            if len(heard) == 2 and stop:
                raise KeyboardInterrupt
            return sound.Dreamt(0.5 * samples, 3.0, (0.0, 1.0))

    monkeypatch.setattr(sound, "SoundDreamer", Ear)
    monkeypatch.setattr(long_sound, "STRIDE", 4)
    rate, results = 4000, []
    x = np.random.default_rng(0).standard_normal((rate * 12, 1)).astype(np.float32) * 0.1
    for stop, name in ((True, "a"), (False, "a"), (False, "b")):
        job = Job(tmp_path / name, key={})
        heard.clear()
        with SampleStore(1) as store:
            store.append(x)
            with long_sound.LongSound(store, rate, recipe=Recipe(), kept=job) as dreaming:
                dreaming.run(lambda done, total: None)
                results.append((np.concatenate(list(dreaming.blocks())), list(heard), dreaming.report))
        job.release()
    first, again, fresh = results
    assert len(again[1]) == len(fresh[1]) - 1 and len(first[0]) < len(x)  # the finished piece was not dreamt again
    assert np.array_equal(again[0], fresh[0]) and again[2] == fresh[2]
