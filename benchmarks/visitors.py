"""Many visitors at once: `python -m benchmarks.visitors --visitors 20 --minutes 10`.

Each asks for pictures, sounds and films in turn through `gradio_client`, and knows its results: by their size or
length, which nobody else's has, and by the seed and the name inside the file. Printed are results, mix-ups,
failures, how often somebody was told that the queue is full, and the memory of the server over time.
"""

from __future__ import annotations

import argparse
import collections
import random
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

from benchmarks.served import served

FULL = "queue"  # is in what somebody is told who must come back later
_LIGHT = '{"steps": 2, "octaves": 2, "work_size": 128, "sound_steps": 2}'


class Visitor(threading.Thread):
    """Somebody who asks for one dream after the other.

    Args:
        number: who it is.
        address: of the page.
        folder: for files.
        until: moment (`time.monotonic`) at which it leaves.
        told: counts what happened, by name.
    """

    def __init__(self, number: int, address: str, folder: Path, until: float, told: collections.Counter):
        super().__init__(daemon=True)
        self.number, self.address, self.folder, self.until, self.told = number, address, folder, until, told
        self.waits: list[float] = []
        self.files = {
            "image": picture(folder / f"visitor{number}.png", number),
            "audio": sound(folder / f"visitor{number}.wav", number),
            "video": film(folder / f"visitor{number}.mp4", number),
        }

    def run(self) -> None:
        from gradio_client import Client

        client = Client(self.address, verbose=False, download_files=str(self.folder / f"of{self.number}"))
        rng, seed = random.Random(self.number), 1000 * self.number
        while time.monotonic() < self.until:
            seed += 1
            kind = rng.choice(("image", "image", "image", "audio", "video"))
            began = time.monotonic()
            try:
                self._ask(client, kind, seed)
            except Exception as error:  # whatever a visitor may see is counted
                self.told["queue full" if FULL in str(error).lower() else f"failed: {str(error)[:120]}"] += 1
                time.sleep(rng.uniform(0.5, 2.0))
            else:
                self.waits.append(time.monotonic() - began)

    def _ask(self, client, kind: str, seed: int) -> None:
        from gradio_client import handle_file

        from deepdream_av.media.metadata import read_note

        given = {"speed": "sketch", "seed": seed, "recipe": _LIGHT}
        field = {"image": "picture", "audio": "sound", "video": "film"}[kind]
        if kind == "video":
            given["coupling"] = "base"
        made = client.predict(**{field: handle_file(self.files[kind])}, **given, api_name=f"/dream_{kind}")
        note = read_note(made)
        right = note.recipe.seed == seed and note.source == self.files[kind].name
        right = right and measure(made, kind) == measure(self.files[kind], kind)
        self.told[f"{kind} right" if right else f"MIXED UP {kind}"] += 1
        Path(made).unlink(missing_ok=True)


def picture(path: Path, number: int) -> Path:
    """A picture of a size that nobody else has."""
    from PIL import Image

    pixels = np.random.default_rng(number).integers(0, 256, (6, 8, 3)).astype(np.uint8)
    Image.fromarray(pixels).resize((160 + 2 * number, 120), Image.BICUBIC).save(path)
    return path


def sound(path: Path, number: int) -> Path:
    """A sound of a length that nobody else has."""
    from deepdream_av.media.audio_writer import AudioWriter

    rate = 22050
    seconds = np.arange(round((1.0 + 0.02 * number) * rate)) / rate
    with AudioWriter(path, rate=rate, channels=1, layout="mono") as writer:
        writer.write(0.3 * np.sin(2 * np.pi * (200 + 20 * number) * seconds).astype(np.float32)[:, None])
    return path


def film(path: Path, number: int) -> Path:
    """A film of a size that nobody else has."""
    from deepdream_av.media.example import example_film

    return example_film(path, seconds=0.5, size=(96 + 2 * number, 64))


def measure(path, kind: str):
    """What tells a file from those of the others."""
    import av
    from PIL import Image

    if kind == "image":
        return Image.open(path).size
    with av.open(str(path)) as container:
        if kind == "video":
            return container.streams.video[0].width, container.streams.video[0].height
        return sum(frame.samples for frame in container.decode(audio=0))


def main() -> int:
    """Let them all ask, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--visitors", type=int, default=20)
    parser.add_argument("--minutes", type=float, default=10.0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="visitors-") as folder, served(Path(folder), queue=16) as page:
        told, began = collections.Counter(), time.monotonic()
        until = began + 60 * given.minutes
        visitors = [Visitor(n, page.address, Path(folder), until, told) for n in range(given.visitors)]
        for visitor in visitors:
            visitor.start()
        memory = []
        while any(visitor.is_alive() for visitor in visitors):
            if page.process.poll() is not None:
                print(page.log()[-3000:])
                raise SystemExit("The page has crashed.")
            memory.append((round(time.monotonic() - began), round(page.memory())))
            time.sleep(5)
        waits = sorted(wait for visitor in visitors for wait in visitor.waits)
        for name, count in sorted(told.items()):
            print(f"{count:5d}  {name}")
        if waits:
            print(f"waiting and dreaming: median {waits[len(waits) // 2]:.1f} s, longest {waits[-1]:.1f} s")
        third = max(1, len(memory) // 3)
        highest = [max(m for _, m in memory[k * third : (k + 1) * third] or memory[-1:]) for k in range(3)]
        print("memory in MB, at most, by thirds:", *highest)
        print("stack traces:", page.log().count("Traceback"))
        left = [str(path) for path in (Path(folder) / "cwd").rglob("*")]
        print("files outside the temporary folder:", len(left), *left[:5])
        return int(any(name.startswith(("MIXED", "failed")) for name in told))


if __name__ == "__main__":
    raise SystemExit(main())
