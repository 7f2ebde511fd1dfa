"""How far was a sound dreamt, and what did it keep? `python -m benchmarks.sound FILE [FILE ...]`

Dreams every file, writes it, and takes all figures from the written file: activation of the target layer against the
source's, change of the mel spectrum, onsets, chroma, loudness, true peak, stereo image. `--pairs` takes files that
are there already, as source and dream in turn.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="+")
    parser.add_argument("--pairs", action="store_true", help="files are sources and their dreams in turn")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="fields of the recipe"
    )
    parser.add_argument("--suffix", default=".wav", help="format to write")
    parser.add_argument("--keep", default="", metavar="FOLDER", help="keep the dreams there")
    args = parser.parse_args()
    from deepdream_av.flags import recipe_of

    recipe = recipe_of("audio", [f for s in args.set for f in ("--set", s)])
    if args.pairs:
        for source, dream in zip(args.files[::2], args.files[1::2]):
            print(json.dumps(figures(source, dream, recipe)), flush=True)
        return
    with tempfile.TemporaryDirectory() as folder:
        for source in args.files:
            dream = Path(args.keep or folder) / (Path(source).stem + ".dream" + args.suffix)
            seconds = dreamt(source, dream, recipe)
            print(json.dumps({"seconds": seconds, **figures(source, dream, recipe)}), flush=True)


def dreamt(source, dream, recipe) -> float:
    """Make the dream with the command; returns its time in seconds."""
    from deepdream_av import audio

    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        file.write(recipe.to_json())
        file.flush()
        began = time.monotonic()
        code = audio.main([str(source), "-o", str(dream), "--recipe", file.name, "--force", "-q"])
    if code:
        raise SystemExit(code)
    return round(time.monotonic() - began, 1)


def figures(source, dream, recipe) -> dict:
    """All figures of one pair of files."""
    from deepdream_av.analysis.sound import report
    from deepdream_av.ascent.sound import SoundDreamer
    from deepdream_av.media.audio import read_audio

    a, b = (
        read_audio(f, start=s, duration=d)
        for f, s, d in ((source, recipe.start, recipe.duration), (dream, 0.0, 0.0))
    )
    ear = SoundDreamer(recipe)
    names = [name for name, _ in ear.layers]
    row = {"file": Path(source).name, "samples": [len(a.samples), len(b.samples)], "rates": [a.rate, b.rate]}
    length = min(len(a.samples), len(b.samples))
    for name in names:
        listener = ear.ear.truncated([name])
        found = report(
            a.samples[:length],
            b.samples[:length],
            a.rate,
            layout=a.layout,
            listener=lambda x, listener=listener, name=name: listener(x)[name],
        )
        row[f"activation_{name}"] = round(found.pop("activation"), 3)
    return {**row, **{k: round(v, 3) for k, v in found.items()}}


if __name__ == "__main__":
    main()
