"""Does a film that is killed again and again come out the same? `python -m benchmarks.resume [FILM]`

Dreams a film once without a break, then again and again with `kill -9` at random moments, from the first import to
the last frame, each time going on by the same command. Prints how many runs were killed, how many films were
finished, how many of their frames and samples were those of the unbroken one, and what was dreamt twice.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("film", nargs="?", help="film to dream (default: the built-in example)")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    parser.add_argument("--piece", type=int, default=12, help="frames of a piece")
    parser.add_argument(
        "--set", action="append", default=["work_size=128", "duration=4"], metavar="KEY=VALUE", help="fields of the recipe"
    )
    args = parser.parse_args()
    draw = random.Random(args.seed)
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        whole = _look(_finish(args, Path(folder) / "whole.mp4"))
        usual = time.monotonic() - began
        kills = films = same = 0
        moments: list[float] = []
        while kills < args.kills:
            output = Path(folder) / f"film{films}.mp4"
            while kills < args.kills and not output.exists():
                moment = draw.uniform(0, usual)
                if _killed(args, output, moment):
                    kills += 1
                    moments.append(round(moment, 1))
            _finish(args, output)
            films += 1
            same += _look(output) == whole
            left = sorted(p.name for p in Path(folder).iterdir())
            print(json.dumps({"kills": kills, "films": films, "same": same, "moments": moments, "left": left}), flush=True)


def _command(args, output: Path) -> list[str]:
    script = (
        "import sys; from deepdream_av import video; from deepdream_av.temporal import pictures\n"
        f"pictures.PIECE_FRAMES = {args.piece}\nsys.exit(video.main(sys.argv[1:]))"
    )
    settings = [part for text in args.set for part in ("--set", text)]
    return [sys.executable, "-c", script, *([args.film] if args.film else []), "-o", str(output), "-q", *settings]


def _finish(args, output: Path) -> Path:
    if not output.exists():
        subprocess.run(_command(args, output), check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return output


def _killed(args, output: Path, moment: float) -> bool:
    """Whether a run was still at work when it was killed, so many seconds after its start."""
    run = subprocess.Popen(_command(args, output), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        run.wait(moment)
    except subprocess.TimeoutExpired:
        os.kill(run.pid, signal.SIGKILL)
        run.wait()
    return run.returncode == -signal.SIGKILL


def _look(path: Path) -> tuple:
    """The frames with their times, and the samples, of a film."""
    from deepdream_av.media.film_sound import read_soundtrack
    from deepdream_av.media.video import open_film

    film = open_film(path)
    frames = [(f.pts, hashlib.sha256(f.array.tobytes()).hexdigest()) for f in film]
    track = read_soundtrack(film)
    sound = b"".join(block.tobytes() for block in track.store.blocks()) if track else b""
    return tuple(frames), hashlib.sha256(sound).hexdigest()


if __name__ == "__main__":
    main()
