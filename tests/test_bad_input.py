"""Bad input, as it comes from the shell: one clear line, exit code 1 or 2, and no half file anywhere."""

import json
import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]

SUFFIX = {"image": ".png", "audio": ".wav", "video": ".mp4"}


def write_sound(path, samples, rate=22050):
    """float `[samples, channels]` as a WAV of 32-bit floats, NaN and all."""
    import wave

    if np.isfinite(samples).all():
        with wave.open(str(path), "wb") as file:
            file.setparams((samples.shape[1], 2, rate, 0, "NONE", ""))
            file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
        return path
    import struct

    data = samples.astype("<f4").tobytes()
    channels = samples.shape[1]
    head = struct.pack("<HHIIHH", 3, channels, rate, rate * channels * 4, channels * 4, 32)
    path.write_bytes(
        b"RIFF" + struct.pack("<I", 36 + len(data)) + b"WAVEfmt \x10\0\0\0" + head
        + b"data" + struct.pack("<I", len(data)) + data
    )  # fmt: skip
    return path


def write_film(path, size=(64, 48), frames=5):
    """A film without sound, of random pictures."""
    from deepdream_av.media.video import FilmWriter

    rng = np.random.default_rng(0)
    with FilmWriter(path, size=size, time_base=Fraction(1, 25)) as film:
        for i in range(frames):
            film.write(rng.integers(0, 256, (size[1], size[0], 3), np.uint8), i)
    return path


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A folder of good and bad files; the good ones are called `good`."""
    from PIL import Image

    folder = tmp_path_factory.mktemp("bad")
    Image.new("RGB", (40, 30), (90, 120, 200)).save(folder / "good.png")
    t = np.arange(22050)[:, None] / 22050
    write_sound(folder / "good.wav", 0.3 * np.sin(2 * np.pi * 440 * t))
    write_film(folder / "good.mp4")
    for suffix in SUFFIX.values():
        (folder / f"empty{suffix}").write_bytes(b"")
        (folder / f"text{suffix}").write_text("This is a letter and nothing else.\n" * 40)
        (folder / f"noise{suffix}").write_bytes(np.random.default_rng(1).bytes(4000))
        (folder / f"folder{suffix}").mkdir()
        good = (folder / f"good{suffix}").read_bytes()
        (folder / f"head{suffix}").write_bytes(good[:24])
        os.link(folder / f"good{suffix}", folder / f"hard{suffix}")
        (folder / f"soft{suffix}").symlink_to(f"good{suffix}")
    (folder / "weights.h5").write_bytes(b"no weights at all")
    (folder / "old.txt").write_text("old")
    return folder


def cases(verb):
    """(arguments with {} for the folder, exit code, words that the line must hold)."""
    s = SUFFIX[verb]
    good = "{}/good" + s
    new = ["-o", "{}/new" + s]
    wrong_files = [
        (["{}/missing" + s, *new], 1, "not exist"),
        (["{}/goof" + s, *new], 1, "Did you mean"),
        (["{}/empty" + s, *new], 1, "empty"),
        (["{}/folder" + s, *new], 1, "folder"),
        (["{}/text" + s, *new], 1, "text" + s),
        (["{}/noise" + s, *new], 1, "noise" + s),
        (["{}/head" + s, *new], 1, "head" + s),
        (["/dev/null", *new], 1, "regular file"),
        (["-", *new], 2, "file"),
    ]
    wrong_outputs = [
        ([good, "-o", "{}/absent/new" + s], 1, "folder does not exist"),
        ([good, "-o", "{}/folder" + s], 1, "folder"),
        ([good, "-o", good], 1, "differ from the source"),
        ([good, "-o", good, "--force"], 1, "differ from the source"),
        ([good, "-o", "{}/hard" + s, "--force"], 1, "differ from the source"),
        ([good, "-o", "{}/soft" + s, "--force"], 1, "differ from the source"),
        ([good, "-o", "{}/new.txt"], 2, "must end in"),
        ([good, "-o", "{}/old.txt", "--force"], 2, "must end in"),
        ([good, "-o", "{}/" + "n" * 300 + s], 1, "cannot be written"),
        ([good, "-o", "{}/empty" + s], 1, "--force"),
    ]
    wrong_words = [
        ([good, *new, "--look", "eye"], 2, "eyes"),
        ([good, *new, "--strength", "-1"], 2, "strength"),
        ([good, *new, "--strength", "nan"], 2, "strength"),
        ([good, *new, "--seed", "x"], 2, "seed"),
        ([good, *new, "--frobnicate"], 2, "frobnicate"),
        ([good, *new, "--set", "octave=1"], 2, "octaves"),
        ([good, *new, "--recipe", "{}/missing.json"], 1, "not exist"),
        ([good, *new, "--recipe", good], 1, "No recipe"),
    ]
    if verb != "audio":
        wrong_words += [
            ([good, *new, "--weights", "{}/missing.h5"], 1, "missing.h5"),
            ([good, *new, "--work-size", "-5"], 2, "work_size|work-size"),
            ([good, *new, "--guide", "{}/missing.png"], 1, "missing.png"),
            ([good, *new, "--mask", "{}/missing.png"], 1, "missing.png"),
            ([good, *new, "--layer", "stride8@{}/missing.png:2"], 1, "missing.png"),
            ([good, *new, "--penalty", "tv:-1"], 2, "`penalties` must have weights of at least 0"),
            ([good, *new, "--guide-match", "cosin"], 2, "cosine"),
            ([good, *new, "--bands", "1"], 2, "2 to 8 numbers"),
            ([good, *new, "--bands", "a,b"], 2, "must be numbers"),
            ([good, *new, "--bands", "1,2", "--set", "rule=natural"], 2, "excludes others"),
            ([good, *new, "--set", "momentum=0.5", "--set", "rule=adam"], 2, "excludes"),
        ]
    own = {
        "image": [(["{}/good.mp4", *new], 1, "video"), (["{}/good.wav", *new], 1, "audio")],
        "audio": [(["{}/good.png", *new], 1, "good.png"), (["{}/good.mp4", *new], 1, "good.mp4"),
                  ([good, *new, "--start", "99"], 1, "good.wav")],
        "video": [(["{}/good.wav", *new], 1, "no video"), ([good, *new, "--start", "99"], 1, "good.mp4")],
    }  # fmt: skip
    return wrong_files + wrong_outputs + wrong_words + own[verb]


SCRIPT = """
import contextlib, io, json, sys
verb, cases = json.load(sys.stdin)
from importlib import import_module
main = import_module(f"deepdream_av.{verb}").main
answers = []
for argv in cases:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = main(argv)
        except SystemExit as leaving:
            code = leaving.code
    answers.append([code, out.getvalue(), err.getvalue(), "tensorflow" in sys.modules])
print(json.dumps(answers))
"""


def listing(folder):
    return {p.name: (p.lstat().st_size, p.lstat().st_mtime_ns) for p in folder.iterdir()}


@pytest.mark.parametrize("verb", sorted(SUFFIX))
def test_bad_input_is_one_line_and_nothing_is_written(files, verb):
    import re

    table = cases(verb)
    argvs = [[a.replace("{}", str(files)) for a in argv] for argv, _, _ in table]
    before = listing(files)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        cwd=ROOT,
        input=json.dumps([verb, argvs]),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stderr == "", "something else than this library talks on stderr"
    answers = json.loads(done.stdout)
    faults = []
    for (argv, wanted, words), (code, out, err, loaded) in zip(table, answers, strict=True):
        lines = err.strip().splitlines()
        fine = code == wanted and out == "" and len(lines) == 1 and re.search(words, lines[0])
        if not fine or "Traceback" in err or ".deepdream-" in err or loaded:
            faults.append(f"{argv}: {code} {out!r} {err!r} tensorflow loaded: {loaded}")
    assert not faults, "\n".join(faults)
    assert listing(files) == before


IMAGES = ["image.png", "image16.png", "image16.tif", "image.jpg", "image.webp"]
SOUNDS = ["sound.wav", "sound.flac", "sound.mp3"]
FILMS = ["film.mp4", "film.mkv", "film.webm"]


@pytest.mark.skipif(os.name != "posix", reason="the limit is one of Unix")
@pytest.mark.parametrize("kind", IMAGES + SOUNDS + FILMS)
def test_a_disk_that_fills_up_is_one_line_and_leaves_nothing(tmp_path, kind):
    """A limit on the size of files stands for the full disk; the system answers both in the same way."""
    script = f"""
import resource, signal, sys
from fractions import Fraction
from pathlib import Path
import numpy as np
from deepdream_av import cli
from deepdream_av.media.files import writing
import deepdream_av.media.audio, deepdream_av.media.image, deepdream_av.media.video, PIL.Image
from deepdream_av.media.image import Picture
path = Path({str(tmp_path)!r}) / {kind!r}
rng = np.random.default_rng(0)
def work():
    with writing(path) as part:
        if path.name.startswith("image"):
            array = rng.random((400, 400, 3), np.float32)
            like = Picture(array, bit_depth=16 if "16" in path.name else 8)
            deepdream_av.media.image.write_image(part, array, like=like)
        elif path.name.startswith("sound"):
            noise = rng.uniform(-0.5, 0.5, (400_000, 2)).astype(np.float32)
            deepdream_av.media.audio.write_audio(part, deepdream_av.media.audio.Sound(noise, 44100))
        else:
            writer = deepdream_av.media.video.FilmWriter
            with writer(part, size=(320, 240), time_base=Fraction(1, 25)) as film:
                for i in range(20):
                    film.write(rng.integers(0, 256, (240, 320, 3), np.uint8), i)
    return 0
resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, resource.RLIM_INFINITY))
sys.exit(cli.run(work))
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1, done.stderr[-2000:]
    assert len(done.stderr.strip().splitlines()) == 1 and kind in done.stderr, done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="the superuser may write anywhere")
def test_a_closed_folder_is_told(files, tmp_path, capsys):
    from deepdream_av import cli

    (tmp_path / "closed").mkdir(mode=0o500)
    argv = [str(files / "good.png"), "-o", str(tmp_path / "closed" / "new.png")]
    assert cli.main("image", argv, None) == 1
    assert "permission" in capsys.readouterr().err
