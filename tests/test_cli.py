"""The command line: quick to answer, one line on failure, the right exit code, nothing lost."""

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from deepdream_av import __main__, cli, replay
from deepdream_av.errors import InputError, OutputError, UsageError, WeightsError
from deepdream_av.recipe import Recipe, list_looks

ROOT = Path(__file__).parents[1]


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "photo.jpg"
    path.write_bytes(b"not looked into by the command line")
    return path


def run(argv, job=None, verb="image"):
    """Exit code of a verb whose work is `job`."""

    def written(args, progress, say):
        args.output.write_bytes(b"dream")
        return cli.Result(args.output, {"score": 2.5})

    try:
        return cli.main(verb, [str(a) for a in argv], job or written)
    except SystemExit as leaving:  # as argparse leaves
        return leaving.code


def one_line(capsys):
    out, err = capsys.readouterr()
    assert len(err.strip().splitlines()) == 1 and "Traceback" not in err, err
    return out, err


# ------------------------------------------------------------------------------------------------ help


@pytest.mark.parametrize("argv", [["--help"], ["replay", "--help"], [], ["viedo"], ["--version"]])
def test_the_door_answers_without_loading_anything(argv):
    heavy = ("tensorflow", "keras", "numpy", "cv2", "av", "PIL", "scipy", "tqdm")
    script = (
        "import sys; from deepdream_av.__main__ import main\n"
        f"try: main({argv!r})\nexcept SystemExit: pass\n"
        f"print([m for m in {heavy!r} if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip().endswith("[]")


@pytest.mark.parametrize("verb", sorted(cli.VERBS))
def test_help_of_a_verb_shows_every_flag_and_loads_nothing(verb):
    command = [sys.executable, "-X", "importtime", "-m", f"deepdream_av.{verb}", "--help"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-500:]
    loaded = {line.rsplit("|", 1)[-1].strip() for line in done.stderr.splitlines()}
    assert not loaded & {"tensorflow", "keras", "cv2", "av", "scipy"}
    for flag in ("--output", "--look", "--seed", "--strength", "--speed", "--force", "--dry-run", "--json"):
        assert flag in done.stdout
    for look in list_looks():
        assert look in done.stdout


def test_flags_are_the_fields_of_the_recipe():
    texts = {verb: cli.parser(verb).format_help() for verb in cli.VERBS}
    for f in dataclasses.fields(Recipe):
        singular = {
            "layers": "layer",
            "ear_layers": "ear_layer",
            "classes": "class",
            "ear_classes": "ear_class",
            "guides": "guide",
            "terms": "term",
            "penalties": "penalty",
            "styles": "style",
            "keyframes": "keyframe",
        }
        name = "--" + singular.get(f.name, f.name).replace("_", "-")
        shown = [verb for verb, text in texts.items() if f"{name} " in text]
        wanted = [v for v, kind in cli.VERBS.items() if f.metadata["flag"] and kind.has(f.name)]
        assert shown == wanted, name
    fields = {f.name for f in dataclasses.fields(Recipe)}
    assert all(kind.fields <= fields for kind in cli.VERBS.values())


# ----------------------------------------------------------------------------------------------- flags


def test_flags_become_the_recipe(photo):
    argv = [str(photo), "--look", "creatures", "--seed", "7", "--strength", "1.5", "--layer", "mixed4:0.5"]
    args = cli.parse("image", [*argv, "--layer", "a/b", "--work-size", "320", "--set", "octaves=3"])
    wanted = dict(seed=7, strength=1.5, layers=(("mixed4", 0.5), ("a/b", 1.0)), work_size=320, octaves=3)
    assert args.recipe == Recipe.from_look("creatures", **wanted)
    assert args.source == photo and args.output == photo.with_name("photo.dream.jpg")


def test_set_reaches_every_field(photo):
    for f in dataclasses.fields(Recipe):
        value = f.metadata["low"] if f.metadata["low"] is not None else None
        if value is not None:
            recipe = cli.parse("image", [str(photo), "--set", f"{f.name}={value}"]).recipe
            assert getattr(recipe, f.name) == value
    recipe = cli.parse("image", [str(photo), "--set", "ear_layers=a:2,b", "--set", "frame-steps=3"]).recipe
    assert recipe.ear_layers == (("a", 2.0), ("b", 1.0)) and recipe.frame_steps == 3


def test_a_recipe_file_is_a_start(tmp_path, photo):
    (tmp_path / "mine.json").write_text(Recipe(seed=3, octaves=2).to_json())
    recipe = cli.parse("image", [str(photo), "--recipe", str(tmp_path / "mine.json"), "--seed", "9"]).recipe
    assert recipe == Recipe(seed=9, octaves=2)
    with pytest.raises(UsageError, match="exclude"):
        cli.parse("image", [str(photo), "--recipe", str(tmp_path / "mine.json"), "--look", "eyes"])


@pytest.mark.parametrize(
    "flags, words",
    [
        (["--look", "eye"], "Did you mean 'eyes'"),
        (["--strength", "9"], "between"),
        (["--strength", "nan"], "between"),
        (["--seed", "1.5"], "invalid int"),
        (["--speed", "fats"], "Did you mean 'fast'|sketch, normal, fine"),
        (["--layer", "mixed4:x"], "NAME:WEIGHT"),
        (["--layer", ":1"], "layers"),
        (["--set", "octavs=3"], "Did you mean 'octaves'"),
        (["--set", "octaves"], "KEY=VALUE"),
        (["--set", "octaves=many"], "int"),
        (["--nonsense"], "unrecognized"),
        (["-o", "dream.bmp"], "must end in"),
        (["-o", "dream"], "must end in"),
        (["-o", ""], "must end in|name of a file"),
        (["-o"], "expected one argument"),
    ],
)
def test_wrong_usage_is_one_line_and_two(photo, capsys, flags, words):
    import re

    assert run([photo, *flags]) == cli.USAGE
    _, err = one_line(capsys)
    assert re.search(words, err), err


def test_a_source_is_needed_but_for_a_film(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run([]) == cli.USAGE and "source" in one_line(capsys)[1]
    args = cli.parse("video", [])
    assert args.source is None and args.output == Path("dream.mp4")


# ---------------------------------------------------------------------------------------- what it prints


def test_the_path_alone_is_on_stdout(photo, tmp_path, capsys):
    assert run([photo, "-o", tmp_path / "d.png"]) == cli.DONE
    out, err = capsys.readouterr()
    assert out == f"{tmp_path / 'd.png'}\n" and err == ""


def test_json_says_path_recipe_and_report(photo, tmp_path, capsys):
    import numpy as np

    def job(args, progress, say):
        return cli.Result(args.output, {"score": np.float32(2.5), "curve": np.arange(2), "at": Path("x")})

    assert run([photo, "-o", tmp_path / "d.png", "--json", "--seed", 5], job) == cli.DONE
    said = json.loads(capsys.readouterr().out)
    assert said["path"] == str(tmp_path / "d.png") and said["interrupted"] is False
    assert said["report"] == {"score": 2.5, "curve": [0, 1], "at": "x"}
    assert Recipe.from_dict(said["recipe"]) == Recipe.from_look("eyes", seed=5)


@pytest.mark.parametrize("as_json", [True, False])
def test_a_dry_run_does_nothing(photo, tmp_path, capsys, as_json):
    def never(args, progress, say):
        raise AssertionError

    argv = [photo, "-o", tmp_path / "d.png", "--dry-run"] + ["--json"] * as_json
    before = sorted(tmp_path.iterdir())
    assert cli.main("image", [str(a) for a in argv], never, plan=lambda args: {"frames": 12}) == cli.DONE
    out = capsys.readouterr().out
    assert str(tmp_path / "d.png") in out and "frames" in out and "seed" in out
    assert sorted(tmp_path.iterdir()) == before
    if as_json:
        assert json.loads(out)["plan"] == {"frames": 12}


def test_the_bar_and_messages_go_to_stderr_and_quiet_silences_them(photo, tmp_path, capsys):
    def job(args, progress, say):
        say("the film has no sound")
        for done in range(5):
            progress(done + 1, 5, "frames")
        say("nearly done")
        progress(1, 2)  # a second phase starts anew
        return cli.Result(args.output)

    assert run([photo, "-o", tmp_path / "d.png"], job) == cli.DONE
    out, err = capsys.readouterr()
    assert out == f"{tmp_path / 'd.png'}\n"
    assert "the film has no sound" in err and "nearly done" in err and "5/5" in err and "1/2" in err
    assert run([photo, "-o", tmp_path / "d.png", "-q"], job) == cli.DONE
    assert capsys.readouterr().err == ""


# ------------------------------------------------------------------------------------------- exit codes


@pytest.mark.parametrize(
    "error, code",
    [
        (InputError("the film is empty"), 1),
        (OutputError("the disk is full"), 1),
        (WeightsError("the weights\nare of another network"), 1),
        (UsageError("no such layer"), 2),
        (KeyboardInterrupt(), 130),
        (MemoryError(), 1),
        (ZeroDivisionError("over\nmany\nlines"), 1),
        (RuntimeError(), 1),
    ],
)
def test_whatever_happens_is_one_line_and_a_code(photo, capsys, error, code):
    def job(args, progress, say):
        raise error

    assert run([photo], job) == code
    one_line(capsys)
    assert run([photo, "-v"], job) == code
    assert "Traceback" in capsys.readouterr().err


def test_an_interrupted_job_that_saved_is_130_and_tells_its_file(photo, tmp_path, capsys):
    assert (
        run([photo], lambda args, progress, say: cli.Result("half.png", interrupted=True)) == cli.INTERRUPTED
    )
    assert capsys.readouterr().out == "half.png\n"


@pytest.mark.skipif(os.name != "posix", reason="signals of Unix")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_the_job_finish_its_file(photo, tmp_path, number):
    script = """
import sys, time
from deepdream_av import cli
def job(args, progress, say):
    try:
        print("ready", file=sys.stderr, flush=True)
        for _ in range(600):  # a signal that comes just before a long sleep waits for its end
            time.sleep(0.1)
    except KeyboardInterrupt:
        args.output.write_text("what was done")
        return cli.Result(args.output, interrupted=True)
sys.exit(cli.main("image", sys.argv[1:], job))
"""
    command = [sys.executable, "-c", script, str(photo), "-o", str(tmp_path / "d.png")]
    child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert child.stderr.readline() == "ready\n"
    start = time.monotonic()
    child.send_signal(number)
    out, _ = child.communicate(timeout=30)
    assert child.returncode == cli.INTERRUPTED and out == f"{tmp_path / 'd.png'}\n"
    assert time.monotonic() - start < 20
    assert (tmp_path / "d.png").read_text() == "what was done"


def test_a_reader_that_leaves_is_no_error_of_ours(photo, tmp_path):
    script = (
        "import sys; from deepdream_av import cli\n"
        "sys.exit(cli.main('image', sys.argv[1:], lambda *a: cli.Result('x' * 200_000)))"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", script, str(photo)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    child.stdout.close()
    assert b"Traceback" not in child.stderr.read()
    child.stderr.close()
    assert child.wait(30) == cli.FAILED


# ---------------------------------------------------------------------------------------------- replay


def dream(path, kind="image", source="photo.jpg"):
    """A picture that says it was dreamt from `source`."""
    import numpy as np

    from deepdream_av.media import metadata
    from deepdream_av.media.image import write_image

    write_image(path, np.zeros((4, 4, 3)), recipe=Recipe(seed=77, octaves=2), source=source)
    assert metadata.read_note(path).kind == kind
    return path


def test_replay_says_the_same_recipe_to_the_same_verb(photo, tmp_path):
    file = dream(tmp_path / "dream.png")
    verb, argv = replay.command(file)
    args = cli.parse(verb, argv)
    assert verb == "image" and args.source == photo and args.output == tmp_path / "dream.replay.png"
    assert args.recipe == Recipe(seed=77, octaves=2)
    again = tmp_path / "again.png"
    args = cli.parse(*replay.command(file, output=again, source=str(photo)))
    assert args.output == again and args.source == photo


def test_replay_tells_what_is_missing(tmp_path, capsys):
    file = dream(tmp_path / "dream.png", source="gone.jpg")
    assert __main__.main(["replay", str(file)]) == cli.FAILED
    assert "gone.jpg" in one_line(capsys)[1]
    assert __main__.main(["replay", str(dream(tmp_path / "b.png", source=None))]) == cli.USAGE
    assert "--source" in one_line(capsys)[1]
    (tmp_path / "plain.png").write_bytes(b"x")
    assert __main__.main(["replay", str(tmp_path / "plain.png")]) == cli.FAILED
    one_line(capsys)
    assert __main__.main(["replay", str(tmp_path / "absent.mp4")]) == cli.FAILED
    one_line(capsys)
