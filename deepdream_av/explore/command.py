"""The command line of `explore`: a subject, and the flags that it has."""

from __future__ import annotations

import json
import sys
from importlib import import_module

from deepdream_av import cli, flags
from deepdream_av.errors import UsageError, unknown_name
from deepdream_av.explore.parser import SUBJECTS, parser
from deepdream_av.media import files


def main(argv: list[str] | None = None) -> int:
    """Command line of this verb; returns the exit code."""
    argv = sys.argv[1:] if argv is None else list(argv)
    if argv and not argv[0].startswith("-") and argv[0] not in SUBJECTS:
        print(f"deepdream_av: {unknown_name('subject', argv[0], SUBJECTS)}", file=sys.stderr)
        return flags.USAGE
    given = parser().parse_args(argv)
    return cli.run(lambda: _perform(given), verbose=given.verbose)


def _perform(given) -> int:
    if getattr(given, "output", None) is not None:
        _check_output(given)
    for name in ("dream", "source", "weights"):
        if getattr(given, name, None):
            files.check_source(getattr(given, name))
    with cli.Bar(quiet=given.quiet) as bar:
        room, _, _ = SUBJECTS[given.subject]
        job = getattr(import_module(f"deepdream_av.explore.{room}"), given.subject)
        found = job(given, bar)
    output = getattr(given, "output", None) or found.output
    if found.sheet is not None and output is not None:
        with files.writing(output, force=given.force, source=getattr(given, "source", None)) as part:
            found.sheet.write(part)
    if given.json:
        path = {"path": str(output)} if output else {}
        print(json.dumps({**path, **found.report}, default=float, allow_nan=False))
        return cli.DONE
    if found.rows:
        from deepdream_av.analysis.page import table_text

        print(table_text(found.rows))
    if output is not None:
        print(output)
    return cli.DONE


def _check_output(given):
    suffixes = (".html", ".png", ".jpg", ".jpeg", ".webp")
    if given.output.suffix.lower() not in suffixes:
        raise UsageError(
            f"`output` must end in {', '.join(suffixes[:-1])} or {suffixes[-1]}. Received: '{given.output}'."
        )
    files.check_output(given.output, force=given.force, source=getattr(given, "source", None))
