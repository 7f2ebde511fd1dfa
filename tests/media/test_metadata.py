"""The recipe survives every container, and a stranger's note does no harm."""

import json
from fractions import Fraction

import numpy as np
import pytest

from deepdream_av.errors import DeepDreamError, InputError
from deepdream_av.media.image import write_image
from deepdream_av.media.metadata import MARK, decode, decode_note, encode, read_note, read_recipe
from deepdream_av.recipe import Recipe

RECIPE = Recipe(
    look="eyes", seed=41, strength=1.25, layers=(("stride8", 1.0), ("stride16", 0.5)), weights="Größe.h5"
)


def test_a_note_says_what_it_was_told():
    note = decode_note(encode(RECIPE, source="/home/anna/film.mp4", kind="video"))
    assert note.recipe == RECIPE
    assert (note.source, note.kind) == ("film.mp4", "video")  # folders are nobody's business
    assert encode(RECIPE).isascii() and encode(RECIPE).startswith(MARK)


def test_no_name_is_not_the_example():
    example = decode_note(encode(RECIPE, source="", kind="video"))
    assert example.example and example.source == ""
    for source in (None, "a\nb.mp4", "caf\udce9.mp4", "y" * 300 + ".mp4"):
        note = decode_note(encode(RECIPE, source=source, kind="video"))
        assert (note.source, note.example) == ("", False) and note.recipe == RECIPE
    assert not decode_note(encode(RECIPE, source="", kind="style")).example  # there is none to paint
    assert not decode_note(encode(RECIPE, source="film.mp4", kind="video")).example


@pytest.mark.parametrize(
    "source, name, example", [("", "", True), ("film.mp4", "film.mp4", False), ("a\nb.mp4", "", False)]
)
def test_notes_of_older_versions_are_read(source, name, example):
    """They hold "" for the example, and names that cannot be printed as they are."""
    old = {"recipe": json.loads(RECIPE.to_json()), "source": source, "kind": "video", "version": "0.1"}
    note = decode_note(MARK + json.dumps(old, separators=(",", ":")))
    assert (note.recipe, note.source, note.example) == (RECIPE, name, example)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tif"])
@pytest.mark.parametrize("depth", [8, 16])
def test_pictures_keep_the_recipe(tmp_path, suffix, depth):
    from deepdream_av.media.image import Picture, read_image

    array = np.zeros((5, 7, 3), np.float32)
    write_image(
        tmp_path / f"a{suffix}", array, like=Picture(array, bit_depth=depth), recipe=RECIPE, source="x/p.jpg"
    )
    note = read_note(tmp_path / f"a{suffix}")
    assert (note.recipe, note.source, note.kind) == (RECIPE, "p.jpg", "image")
    assert read_image(tmp_path / f"a{suffix}").recipe == RECIPE


def _container(path, comment):
    """A file of 0.1 s with `comment`, of the kind that its suffix names."""
    import av

    codec = {".mp4": "mpeg4", ".mkv": "mpeg4", ".webm": "libvpx"}.get(path.suffix)
    with av.open(str(path), "w") as out:
        out.metadata["comment"] = comment
        if codec:
            stream = out.add_stream(codec, rate=25)
            stream.width = stream.height = 32
            stream.pix_fmt = "yuv420p"
            frames = [av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), "rgb24") for _ in range(3)]
        else:
            codec = {".wav": "pcm_s16le", ".flac": "flac", ".mp3": "libmp3lame"}[path.suffix]
            stream = out.add_stream(codec, rate=44100)
            stream.layout = "mono"
            form = "s16p" if path.suffix == ".mp3" else "s16"
            frames = [
                av.AudioFrame.from_ndarray(np.zeros((1, 1152), np.int16), form, "mono") for _ in range(4)
            ]
        for i, frame in enumerate(frames):
            frame.pts = i if path.suffix in (".mp4", ".mkv", ".webm") else i * 1152
            if hasattr(frame, "sample_rate"):
                frame.sample_rate = 44100
            frame.time_base = Fraction(1, 44100 if hasattr(frame, "sample_rate") else 25)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".webm", ".wav", ".flac", ".mp3"])
def test_film_and_sound_keep_the_recipe(tmp_path, suffix):
    _container(tmp_path / f"a{suffix}", encode(RECIPE, source="film.mov", kind="video"))
    note = read_note(tmp_path / f"a{suffix}")
    assert note.recipe == RECIPE and note.source == "film.mov"


def test_a_json_file_is_a_recipe_too(tmp_path):
    (tmp_path / "mine.json").write_text(RECIPE.to_json(), "utf-8")
    assert read_recipe(tmp_path / "mine.json") == RECIPE
    (tmp_path / "huge.json").write_text(" " * 1_000_000)
    with pytest.raises(DeepDreamError, match="at most"):
        read_recipe(tmp_path / "huge.json")


good = json.loads(encode(RECIPE)[len(MARK) :])
HOSTILE = [
    None,
    7,
    b"\xff\xfe",
    "",
    "made with a camera",
    encode(RECIPE)[1:],
    MARK,
    MARK + "null",
    MARK + "[]",
    MARK + "7",
    MARK + "{}",
    MARK + '{"recipe": []}',
    MARK + '{"recipe": ' + "[" * 50_000 + "]" * 50_000 + "}",
    MARK + "[" * 60_000,
    MARK + json.dumps({"recipe": {"octaves": 10**9}}),
    MARK + '{"recipe": {"strength": NaN}}',
    MARK + '{"recipe": {"strength": 1e999}}',
    MARK + '{"recipe": {"steps": ' + "9" * 5_000 + "}}",
    MARK + json.dumps({"recipe": {"__class__": "os.system"}}),
    MARK + json.dumps({"recipe": {"layers": [["a", {}]]}}),
    MARK + json.dumps({"recipe": {"layers": [["a", 1]] * 100}}),
    MARK + json.dumps({"recipe": {"seed": True}}),
    MARK + json.dumps({"recipe": {"weights": "x" * 10_000}}),
    MARK + json.dumps({"recipe": {"schema": 99}}),
    MARK + json.dumps(good) + " " * 100_000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_notes_are_none_and_never_an_error(text):
    assert decode(text) is None


@pytest.mark.parametrize(
    "source", ["../../etc/passwd", "C:\\secret\\film.mp4", "..", "a\nb", 7, ["x"], "y" * 300]
)
def test_a_note_cannot_point_out_of_the_folder(source):
    found = decode_note(MARK + json.dumps({**good, "source": source, "kind": "rm -rf", "version": [1]}))
    assert found.recipe == RECIPE and found.kind == "" and found.version == ""
    assert "/" not in found.source and "\\" not in found.source and found.source not in (".", "..")


def test_files_without_a_recipe_are_told_in_one_line(tmp_path):
    write_image(tmp_path / "plain.png", np.zeros((4, 4, 3)))
    _container(tmp_path / "plain.mp4", "holiday")
    (tmp_path / "noise.png").write_bytes(bytes(range(256)) * 9)
    (tmp_path / "noise.mp4").write_bytes(bytes(range(256)) * 9)
    for name, words in [
        ("plain.png", "No recipe"),
        ("plain.mp4", "No recipe"),
        ("noise.png", "Not"),
        ("noise.mp4", "Not"),
    ]:
        with pytest.raises(InputError, match=words) as error:
            read_note(tmp_path / name)
        assert "\n" not in str(error.value)
