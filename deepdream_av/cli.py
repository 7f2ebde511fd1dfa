"""The command line of every verb: flags from the recipe's fields, a bar on stderr, one line on failure.

A verb says only what it does::

    def main(argv=None) -> int:
        return cli.main("video", argv, job)

    def job(args, progress, say) -> cli.Result:
        say("no sound: dreaming in the pictures alone")     # a message on stderr, silent with -q
        progress(frame, frames)                             # the bar, with an ETA
        return cli.Result(path, {"frames": frames}, interrupted=False)

`job` catches `KeyboardInterrupt` (Ctrl-C and SIGTERM alike), finishes its file with what is done and
returns `interrupted=True`; the exit code is then 130.

Nothing heavy is imported here, so that `--help` answers at once.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field

from deepdream_av.errors import DeepDreamError
from deepdream_av.flags import USAGE, VERBS, checked, parse, parser
from deepdream_av.interrupts import terminable
from deepdream_av.quiet import hush_tensorflow

__all__ = ["DONE", "FAILED", "INTERRUPTED", "USAGE", "VERBS", "Bar", "Result", "main", "parse", "parser", "run"]

DONE, FAILED, INTERRUPTED = 0, 1, 130


@dataclass(frozen=True)
class Result:
    """What a job hands back.

    Attributes:
        path: the file written.
        report: numbers about it, for `--json`.
        interrupted: whether it was stopped early and holds only what was done until then.
    """

    path: str | os.PathLike
    report: dict = field(default_factory=dict)
    interrupted: bool = False


def main(verb: str, argv: list[str] | None, job: Callable, *, plan: Callable | None = None) -> int:
    """Run a verb from its command line.

    Args:
        verb: a key of `VERBS`.
        argv: arguments, or None for those of the process.
        job: `job(args, progress, say) -> Result`, the work.
        plan: `plan(args) -> dict`, facts for `--dry-run` (sizes, frames), cheap to find out.

    Returns:
        The exit code: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
    """
    flags = parser(verb).parse_args(argv)
    return run(lambda: _perform(verb, flags, job, plan), verbose=flags.verbose)


def _perform(verb, flags, job, plan) -> int:
    args = checked(verb, flags)
    if args.dry_run:
        _print_plan(verb, args, plan(args) if plan else {})
        return DONE
    with Bar(quiet=args.quiet) as bar:
        result = job(args, bar, bar.say)
    if args.json:
        report = {
            "path": str(result.path),
            "recipe": json.loads(args.recipe.to_json()),
            "report": result.report,
        }
        print(json.dumps(report | {"interrupted": result.interrupted}, default=_plain, allow_nan=False))
    else:
        print(result.path)
    return INTERRUPTED if result.interrupted else DONE


def _print_plan(verb, args, facts: dict):
    recipe = json.loads(args.recipe.to_json())
    source = str(args.source) if args.source else None
    if args.json:
        plan = {"verb": verb, "source": source, "path": str(args.output), "recipe": recipe, "plan": facts}
        print(json.dumps(plan, default=_plain))
        return
    print(f"would dream: {source or 'the built-in example'}")
    print(f"would write: {args.output}")
    for name, value in {**facts, **{k: v for k, v in recipe.items() if k not in facts}}.items():
        print(f"  {name}: {value}")


def _plain(value):
    """NumPy scalars and arrays, paths and the like as JSON knows them."""
    return value.tolist() if hasattr(value, "tolist") else str(value)


def run(work: Callable[[], int], *, verbose: bool = False) -> int:
    """Do `work` and turn whatever happens into one line on stderr and an exit code.

    SIGTERM is turned into `KeyboardInterrupt`, so that a job that saves on Ctrl-C saves on both.
    """
    hush_tensorflow()
    try:
        with terminable():
            code = work()
            sys.stdout.flush()
        return code
    except DeepDreamError as error:
        return _fail(str(error), error.exit_code, verbose)
    except KeyboardInterrupt:
        return _fail("interrupted", INTERRUPTED, verbose)
    except BrokenPipeError:
        # the reader of stdout is gone; without this Python complains once more on its way out
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except MemoryError:
        return _fail("not enough memory; try a smaller --work-size or a shorter --duration", FAILED, verbose)
    except Exception as error:
        first = (str(error).strip().splitlines() or ["no message"])[0][:300]
        return _fail(f"unexpected {type(error).__name__}: {first} (-v shows where)", FAILED, verbose)


def _fail(line: str, code: int, verbose: bool) -> int:
    if verbose:
        import traceback

        traceback.print_exc()
    print(f"deepdream_av: {' '.join(line.split())}", file=sys.stderr)
    return code


class Bar:
    """A bar on stderr that appears with the first progress: `bar(done, total)`.

    On a terminal it moves ten times a second; in a log it adds a line every ten seconds.
    """

    def __init__(self, *, quiet: bool = False):
        self.quiet = quiet
        self._bar = None

    def __call__(self, done: float, total: float | None = None, note: str = ""):
        """Show that `done` of `total` (None: unknown) is done; a smaller `done` or total starts anew."""
        if self.quiet:
            return
        if self._bar is not None and (done < self._bar.n or (total or 0) < (self._bar.total or 0)):
            self.close()
        elif self._bar is not None and total:
            self._bar.total = total  # an estimate that was too low
        if self._bar is None:
            from tqdm import tqdm

            wait = 0.1 if sys.stderr.isatty() else 10.0
            self._bar = tqdm(
                total=total or None, file=sys.stderr, mininterval=wait, dynamic_ncols=True, unit=""
            )
        if note:
            self._bar.set_description(note, refresh=False)
        self._bar.update(done - self._bar.n)

    def say(self, text: str):
        """A message on stderr, above the bar."""
        if self.quiet:
            return
        if self._bar is None:
            print(text, file=sys.stderr)
        else:
            self._bar.write(text, file=sys.stderr)

    def close(self):
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()
