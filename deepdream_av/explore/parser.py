"""The flags of each subject of `explore`."""

from __future__ import annotations

import argparse
from pathlib import Path

from deepdream_av import flags

# subject: (module of its job, what it is about, an example)
SUBJECTS = {
    "layers": ("networks", "list the layers of a network, with their shapes", "--backbone vgg19"),
    "sheet": (
        "networks",
        "a contact sheet: what channels want to see or hear",
        "--layer stride16 -o sheet.html",
    ),
    "fires": ("networks", "what fires most on a picture, or in a second of sound", "photo.jpg -o fires.html"),
    "nearest": (
        "networks",
        "nearest channels of two networks",
        "--backbone dreamnet --to discriminator photos/",
    ),
    "atlas": ("networks", "a map of what a network finds in a folder of photos", "photos/ -o atlas.png"),
    "change": (
        "pictures",
        "amplify or silence channels, and see the picture change",
        "photo.jpg --amplify stride16#3:4",
    ),
    "looks": ("pictures", "all looks on one photo", "photo.jpg -o looks.png"),
    "report": ("pictures", "the report card of a dream", "dream.png --source photo.jpg"),
}


def parser() -> argparse.ArgumentParser:
    """The parser of `explore`, with one of its own for each subject."""
    made = flags.Parser(
        prog="python -m deepdream_av.explore",
        description="Look into networks and dreams.",
        epilog="`python -m deepdream_av.explore SUBJECT --help` shows the flags of a subject.",
        allow_abbrev=False,
    )
    subjects = made.add_subparsers(
        dest="subject", required=True, metavar="SUBJECT", parser_class=flags.Parser
    )
    for name, (_, about, example) in SUBJECTS.items():
        one = subjects.add_parser(
            name,
            help=about,
            description=about[0].upper() + about[1:] + ".",
            epilog=f"example: python -m deepdream_av.explore {name} {example}",
            allow_abbrev=False,
        )
        _FLAGS[name](one)
        _add_network(one, name)
        _add_run(one, name)
    return made


def _add_network(one, name: str):
    if name == "looks":
        one.add_argument(
            "--network-weights",
            action="append",
            default=[],
            metavar="NETWORK=FILE",
            help="weights file for the looks of a network, as in vgg19=vgg19.h5; repeatable",
        )
        return
    default = (
        "the dream's own"
        if name == "report"
        else "earnet for sounds, else dreamnet"
        if name == "fires"
        else "dreamnet"
    )
    one.add_argument(
        "--backbone", default="", metavar="NAME", help=f"a known name or a saved .keras file [{default}]"
    )
    one.add_argument(
        "--weights", default="", metavar="FILE", help="weights file for the backbone, instead of its own"
    )
    if name not in ("layers", "change"):
        channel = " or NAME#CHANNEL" if name in ("nearest", "report") else ""
        one.add_argument("--layer", action="append", default=[], metavar=f"NAME{channel}", help="repeatable")


def _add_run(one, name: str):
    if name not in ("layers", "report"):
        one.add_argument(
            "-o", "--output", type=Path, metavar="FILE", help="sheet to write: .html, .png, .jpg or .webp"
        )
        one.add_argument("--force", action="store_true", help="replace the output if it exists")
        one.add_argument(
            "--no-cache", action="store_true", help="neither use nor keep what was computed before"
        )
    one.add_argument("--json", action="store_true", help="print what was found as JSON")
    one.add_argument("-q", "--quiet", action="store_true", help="no bar and no messages")
    one.add_argument("-v", "--verbose", action="store_true", help="show the traceback of an error")


def _number(low: int, high: int):
    """A type for argparse: a whole number within a range, or one clear line."""

    def read(text: str) -> int:
        if not text.lstrip("-").isdecimal() or not low <= int(text) <= high:
            raise argparse.ArgumentTypeError(
                f"must be a whole number from {low} to {high}. Received: {text!r}."
            )
        return int(text)

    return read


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1e6:
        raise argparse.ArgumentTypeError(f"must be seconds from 0 to 1000000. Received: {text!r}.")
    return value


def _of_sheet(one):
    one.add_argument(
        "--channels", default="", metavar="LIST", help="which ones, as in 0-7,12 [evenly spread]"
    )
    one.add_argument(
        "--count",
        type=_number(1, 4096),
        default=0,
        metavar="N",
        help="how many of a layer [8; 48 of one alone]",
    )
    one.add_argument(
        "--sounds", type=Path, metavar="FOLDER", help="write what channels of an ear want to hear as WAV files as well"
    )
    _add_dream(one)


def _add_dream(one, steps: int = 32):
    one.add_argument(
        "--size",
        type=_number(32, 1024),
        default=0,
        metavar="PX",
        help="at which they are dreamt [by the layer]",
    )
    one.add_argument(
        "--steps", type=_number(1, 1000), default=steps, metavar="N", help=f"in each octave [{steps}]"
    )
    one.add_argument(
        "--seed", type=_number(0, 2**31 - 1), default=0, metavar="N", help="of noise and jitter [0]"
    )


def _of_fires(one):
    one.add_argument("source", type=Path, metavar="FILE", help="a picture, a sound or a film")
    one.add_argument("--at", type=_seconds, default=0.0, metavar="SECONDS", help="second of a sound or film")
    one.add_argument(
        "--against", default="", metavar="FOLDER", help="pictures or sounds that are usual [built-in ones]"
    )
    one.add_argument("--count", type=_number(1, 1000), default=12, metavar="N", help="how many channels [12]")


def _of_nearest(one):
    one.add_argument(
        "photos", nargs="?", default="", metavar="FOLDER", help="photos to compare on [built-in pictures]"
    )
    one.add_argument("--to", required=True, metavar="NAME[=WEIGHTS]", help="the other network")
    one.add_argument(
        "--to-layer",
        action="append",
        default=[],
        metavar="NAME",
        help="layers of the other network; repeatable",
    )
    one.add_argument("--count", type=_number(1, 4096), default=16, metavar="N", help="how many channels [16]")


def _of_atlas(one):
    one.add_argument("folder", metavar="FOLDER", help="photos")
    one.add_argument(
        "--cells", type=_number(2, 40), default=8, metavar="N", help="on each side of the map [8]"
    )
    one.add_argument(
        "--photos", type=_number(1, 100_000), default=400, metavar="N", help="at most so many photos [400]"
    )
    one.add_argument(
        "--size", type=_number(32, 512), default=0, metavar="PX", help="of a cell [by the layer]"
    )


def _of_change(one):
    one.add_argument("source", type=Path, metavar="PHOTO")
    one.add_argument("--amplify", action="append", default=[], metavar="NAME#C:FACTOR", help="repeatable")
    one.add_argument("--silence", action="append", default=[], metavar="NAME#C", help="repeatable")
    one.add_argument(
        "--sheet", action="store_true", help="before, after and the difference, not the picture alone"
    )
    _add_dream(one, steps=40)


def _of_looks(one):
    one.add_argument("source", type=Path, metavar="PHOTO")
    one.add_argument("--look", action="append", default=[], metavar="NAME", help="only these; repeatable")
    one.add_argument(
        "--size", type=_number(64, 4096), default=512, metavar="PX", help="long side of each dream [512]"
    )
    one.add_argument("--seed", type=_number(0, 2**31 - 1), default=0, metavar="N", help="[0]")


def _of_report(one):
    one.add_argument("dream", type=Path, metavar="DREAM")
    one.add_argument("--source", type=Path, required=True, metavar="PHOTO", help="what was dreamt, a picture or a sound")
    one.add_argument(
        "--judge",
        action="append",
        default=[],
        metavar="NAME[=WEIGHTS]",
        help="network that took no part; repeatable",
    )
    one.add_argument(
        "--other",
        action="append",
        default=[],
        type=Path,
        metavar="DREAM",
        help="with another seed; repeatable",
    )
    one.add_argument(
        "--seeds", type=_number(0, 64), default=0, metavar="N", help="dream again so often, with other seeds"
    )
    one.add_argument(
        "--size", type=_number(64, 4096), default=512, metavar="PX", help="at which all is measured [512]"
    )


_FLAGS = {
    "layers": lambda one: None,
    "sheet": _of_sheet,
    "fires": _of_fires,
    "nearest": _of_nearest,
    "atlas": _of_atlas,
    "change": _of_change,
    "looks": _of_looks,
    "report": _of_report,
}
