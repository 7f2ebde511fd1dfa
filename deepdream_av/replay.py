"""Make a dream again from the recipe inside it: the same file, the same settings, the same result."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from pathlib import Path

from deepdream_av import cli, flags
from deepdream_av.errors import InputError, UsageError
from deepdream_av.media import metadata


def main(argv: list[str] | None = None) -> int:
    """`python -m deepdream_av replay FILE [-o OUT] [--source FILE]`; returns the exit code."""
    given = _parser().parse_args(argv)
    found: dict = {}

    def work() -> int:
        found.update(command=command(given.file, output=given.output, source=given.source))
        return cli.DONE

    code = cli.run(work, verbose=given.verbose)
    if code != cli.DONE:
        return code
    verb, arguments = found["command"]
    passed = [f"--{name.replace('_', '-')}" for name in _PASSED if getattr(given, name)]
    return import_module(f"deepdream_av.{verb}").main(passed + arguments)


_PASSED = ("force", "dry_run", "json", "quiet", "verbose")


def _parser():
    made = flags.Parser(
        prog="python -m deepdream_av replay",
        description="Make a dream again from the recipe inside it.",
        epilog="example: python -m deepdream_av replay dream.mp4 -o again.mp4 --source film.mp4",
        allow_abbrev=False,
    )
    made.add_argument("file", metavar="FILE", help="a dream written by deepdream_av")
    made.add_argument("-o", "--output", metavar="FILE", help="file to write (default: FILE.replay.*)")
    made.add_argument("--source", metavar="FILE", help="file to dream, if it is not where FILE is")
    flags.add_run_flags(made)
    return made


def command(file: str | os.PathLike, *, output=None, source=None) -> tuple[str, list[str]]:
    """The verb and the arguments that make `file` again.

    Args:
        file: a dream with its recipe inside.
        output: where to write; default `file` with `.replay` before its suffix.
        source: what was dreamt; default the name in the note, looked for beside `file` and here.

    Raises:
        InputError: there is no recipe inside, or the source is not found.
    """
    file = Path(file)
    note = metadata.read_note(file)
    verb = note.kind or _kind_of(file)
    arguments = [
        "--recipe",
        str(file),
        "-o",
        str(output or file.with_name(f"{file.stem}.replay{file.suffix}")),
    ]
    if source is None and note.source:
        source = _find(note.source, file)
    if source is None and not note.example and cli.VERBS[verb].source:
        raise UsageError(f"`--source` must name the file that was dreamt; '{file}' does not tell it.")
    return verb, arguments + (["--", str(source)] if source is not None else [])


def _kind_of(file: Path) -> str:
    for verb, kind in cli.VERBS.items():
        if file.suffix.lower() in kind.suffixes:
            return verb
    raise UsageError(f"`file` must be a dreamt picture, sound or film. Received: '{file}'.")


def _find(name: str, file: Path) -> Path:
    """The source of that name, beside the dream or in the current folder."""
    for folder in (file.parent, Path.cwd()):
        if (folder / name).is_file():
            return folder / name
    raise InputError(f"The source '{name}' is neither beside '{file}' nor here; --source FILE names it.")


if __name__ == "__main__":
    sys.exit(main())
