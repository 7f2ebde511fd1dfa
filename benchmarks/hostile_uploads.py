"""What strangers upload: `python -m benchmarks.hostile_uploads` gives the page broken and hostile files.

Printed are how many were refused in a sentence, how many dreamt all the same, crashes, stack traces, sentences with a
path of the server in them, and files outside the temporary folder.
"""

from __future__ import annotations

import collections
import io
import json
import random
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.served import served

_LIGHT = '{"steps": 1, "octaves": 1, "work_size": 64, "sound_steps": 1, "frame_steps": 1}'
_PLAYLISTS = (
    "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n",
    "ffconcat version 1.0\nfile /etc/passwd\n",
)
_FIELDS = {"image": "picture", "audio": "sound", "video": "film"}


def whole_files(folder: Path) -> dict[str, tuple[str, bytes]]:
    """Small sound files that can be read: `{suffix: (kind, content)}`."""
    from PIL import Image

    from benchmarks.visitors import film, sound
    from deepdream_av.media.example import example_film

    pixels = np.random.default_rng(0).integers(0, 256, (40, 56, 3)).astype(np.uint8)
    found = {}
    for suffix in (".png", ".jpg", ".webp", ".tif", ".gif"):
        Image.fromarray(pixels).save(folder / f"whole{suffix}")
        found[suffix] = ("image", (folder / f"whole{suffix}").read_bytes())
    for suffix in (".wav", ".flac", ".mp3", ".ogg"):
        found[suffix] = ("audio", sound(folder / f"whole{suffix}", 1).read_bytes())
    for suffix in (".mp4", ".webm", ".mkv"):
        made = film(folder / f"whole{suffix}", 1) if suffix == ".mp4" else None
        made = made or example_film(folder / f"whole{suffix}", seconds=0.4, size=(64, 48))
        found[suffix] = ("video", made.read_bytes())
    return found


def cases(folder: Path) -> Iterator[tuple[str, str, bytes]]:
    """(kind, name of the file, content) of everything that is tried."""
    whole, rng = whole_files(folder), random.Random(3)
    for suffix, (kind, content) in whole.items():
        yield kind, f"empty{suffix}", b""
        yield kind, f"byte{suffix}", content[:1]
        yield kind, f"text{suffix}", b"<html><script>alert(1)</script></html>\n" * 9
        yield kind, f"zeros{suffix}", bytes(5000)
        for share in (0.1, 0.5, 0.9):
            yield kind, f"torn{round(100 * share)}{suffix}", content[: round(share * len(content))]
        for turn in range(3):
            spoilt = bytearray(content)
            for _ in range(1 + len(spoilt) // 200):
                spoilt[rng.randrange(len(spoilt))] = rng.randrange(256)
            yield kind, f"spoilt{turn}{suffix}", bytes(spoilt)
        yield kind, f"head{suffix}", content[:64] + rng.randbytes(4000)
    # of another kind than the name says
    for suffix, (kind, _) in whole.items():
        other = next(content for k, content in whole.values() if k != kind)
        yield kind, f"other{suffix}", other
    for kind, suffix in (("image", ".png"), ("audio", ".wav"), ("video", ".mp4")):
        content = whole[suffix][1]
        for name in ("<img src=x onerror=alert(1)>", "'; rm -rf ~; '", "..%2f..%2fpasswd", "\u202egnp", "x" * 180):
            yield kind, name + suffix, content
        for number, playlist in enumerate(_PLAYLISTS):
            yield kind, f"playlist{number}{suffix}", playlist.encode()
        yield kind, f"archive{suffix}", _archive()
    yield from _pictures()
    yield from _noted(whole[".png"][1])


def _archive() -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(30_000_000))
    return held.getvalue()


def _pictures() -> Iterator[tuple[str, str, bytes]]:
    """Pictures that are no pictures to dream in: a dot, a line, and some that unpack to gigabytes."""
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None
    sizes = {"dot": (1, 1), "line": (5000, 1), "bomb": (16000, 16000), "ribbon": (60000, 9)}
    for name, size in sizes.items():
        held = io.BytesIO()
        Image.new("1", size).save(held, "PNG")
        yield "image", f"{name}.png", held.getvalue()
    yield "image", "vector.svg", b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>'
    yield "image", "script.eps", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 100 100\n(%pipe%id) (r) file\n"


def _noted(png: bytes) -> Iterator[tuple[str, str, bytes]]:
    """Pictures with recipes inside that nobody should follow."""
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    from deepdream_av.media.metadata import MARK

    recipes = [
        '{"schema": 1, "seed": "__import__(\'os\').system(\'id\')"}',
        '{"schema": 1, "steps": NaN, "octaves": 1e999}',
        "[" * 50_000,
        '{"schema": 1, "mask": "/etc/passwd", "styles": [["/etc/passwd", 1]], "backbone": "hub:/tmp"}',
        json.dumps({"schema": 1, "look": "x" * 60_000}),
    ]
    for number, recipe in enumerate(recipes):
        note, held = PngInfo(), io.BytesIO()
        note.add_text("comment", f"{MARK}{recipe}")
        Image.open(io.BytesIO(png)).save(held, "PNG", pnginfo=note)
        yield "image", f"noted{number}.png", held.getvalue()


def networks(folder: Path) -> Iterator[tuple[str, str]]:
    """(name, what came of it) of network files that are not what they should be."""
    import keras

    from demo import network_file

    x = keras.Input((32, 32, 3))
    y = keras.layers.Conv2D(4, 3, activation="relu", name="conv")(x)
    keras.Model(x, keras.layers.ReLU(name="relu")(y)).save(folder / "whole.keras")
    with zipfile.ZipFile(folder / "whole.keras") as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    config = parts["config.json"].decode()
    changed = {
        "Lambda": config.replace('"ReLU"', '"Lambda"'),
        "another module": config.replace("keras.layers", "os"),
        "a function": config.replace('"ReLU"', '"function"'),
        "TFSMLayer": config.replace('"ReLU"', '"TFSMLayer"'),
        "registered": config.replace('"registered_name": null', '"registered_name": "evil>Layer"'),
        "huge": config.replace('"filters": 4', '"filters": 2000000000'),
        "deep": '{"config":' * 5000 + "1" + "}" * 5000,
        "no JSON": "{",
    }
    variants = {name: parts | {"config.json": text.encode()} for name, text in changed.items()}
    variants["no weights"] = {k: v for k, v in parts.items() if k != "model.weights.h5"}
    variants["torn weights"] = parts | {"model.weights.h5": parts["model.weights.h5"][:2000]}
    variants["linked weights"] = parts | {"model.weights.h5": _linked()}
    variants["vast weights"] = parts | {"model.weights.h5": bytes(400_000_000)}
    for name, entries in variants.items():
        with zipfile.ZipFile(folder / "bad.keras", "w", zipfile.ZIP_DEFLATED) as archive:
            for entry, content in entries.items():
                archive.writestr(entry, content)
        try:
            network_file.plain_copy(folder / "bad.keras", folder / "copy.keras", megabytes=120)
            network_file.facts(folder / "copy.keras")
            yield name, "TAKEN"
        except network_file.Refused as refusal:
            yield name, f"refused: {refusal}"


def _linked() -> bytes:
    import h5py

    held = io.BytesIO()
    with h5py.File(held, "w") as file:
        file["layers"] = h5py.ExternalLink("/etc/passwd", "/")
    return held.getvalue()


def main() -> int:
    """Try them all, and print what came of it."""
    from gradio_client import Client, handle_file

    told, paths, lost = collections.Counter(), [], 0
    with tempfile.TemporaryDirectory(prefix="hostile-") as text:
        folder = Path(text)
        (folder / "own").mkdir()
        with served(folder, budget=30) as page:
            client = Client(page.address, verbose=False, download_files=str(folder / "got"))
            for kind, name, content in cases(folder / "own"):
                path = folder / "own" / name
                path.write_bytes(content)
                given = {_FIELDS[kind]: handle_file(path), "speed": "sketch", "recipe": _LIGHT}
                try:
                    client.predict(**given, api_name=f"/dream_{kind}")
                    told[f"{kind} dreamt"] += 1
                except Exception as error:
                    sentence = str(error)
                    told[f"{kind} refused"] += 1
                    if str(folder) in sentence or "/tmp/" in sentence or "Traceback" in sentence:
                        paths.append(sentence)
                    if "Something went wrong" in sentence or not sentence.strip():
                        print("not a plain sentence:", kind, name[:40], sentence[:200])
                if page.process.poll() is not None:
                    print(f"CRASH after {kind} {name[:60]}:\n{page.log()[-2000:]}")
                    return 1
            for part in page.log().split("unexpected in a dream")[1:4]:
                print(part[:3000])
            outside = [p for p in (*(folder / "cwd").rglob("*"), *(folder / "home").rglob("*")) if p.is_file()]
            lost = page.log().count("Traceback")
        for name, what in networks(folder):
            told["network taken" if what == "TAKEN" else "network refused"] += 1
            print(f"network, {name}: {what}")
    for name, count in sorted(told.items()):
        print(f"{count:5d}  {name}")
    print(f"{sum(told.values())} uploads, 0 crashes, {lost} stack traces in the log, {len(paths)} sentences with paths")
    print("files outside the temporary folder:", len(outside), *map(str, outside[:5]))
    return int(bool(paths or lost or told["network taken"]))


if __name__ == "__main__":
    raise SystemExit(main())
