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

import argparse
import contextlib
import dataclasses
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from deepdream_av.errors import DeepDreamError, UsageError, unknown_name
from deepdream_av.media import files
from deepdream_av.recipe import Recipe, list_looks

DONE, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130


@dataclass(frozen=True)
class Verb:
    """What the command line must know of a verb before its work begins."""

    about: str
    suffixes: tuple[str, ...]  # what it can write; the first is the default
    needs_source: bool
    # fields of the recipe that mean nothing to this verb
    without: frozenset[str] = frozenset()
    example: str = ""


_PICTURE_FIELDS = frozenset({"strength", "backbone", "weights", "layers", "work_size"})
_SOUND_FIELDS = frozenset({"ear", "ear_layers", "sound", "sound_change"})
_TIME_FIELDS = frozenset({"start", "duration"})
_FILM_FIELDS = frozenset({"coupling"})

VERBS = {
    "image": Verb(
        "Dream in a picture.",
        (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff"),
        needs_source=True,
        without=_SOUND_FIELDS | _TIME_FIELDS | _FILM_FIELDS,
        example="photo.jpg -o dream.png --look creatures",
    ),
    "audio": Verb(
        "Dream in a sound.",
        (".wav", ".flac", ".mp3"),
        needs_source=True,
        without=(_PICTURE_FIELDS - {"strength"}) | _FILM_FIELDS,
        example="song.wav -o dream.wav --strength 1.5",
    ),
    "video": Verb(
        "Dream in the pictures and in the sound of a film. Without SOURCE: in a built-in example.",
        (".mp4", ".mkv", ".webm", ".mov"),
        needs_source=False,
        example="film.mp4 -o dream.mp4 --look eyes",
    ),
}


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


class _Parser(argparse.ArgumentParser):
    def error(self, message):
        """One line, not the whole usage before it."""
        self.exit(USAGE, f"{self.prog}: error: {message}\n")


# ------------------------------------------------------------------------------------------------- flags


def parser(verb: str) -> argparse.ArgumentParser:
    """The parser of a verb, its flags and their help taken from the fields of `Recipe`."""
    kind, prog = VERBS[verb], f"python -m deepdream_av.{verb}"
    made = _Parser(
        prog=prog,
        usage=f"{prog} [flags] {'SOURCE' if kind.needs_source else '[SOURCE]'} [-o FILE]",
        description=kind.about,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=f"examples:\n  {prog} {kind.example}\n  python -m deepdream_av replay {_default_name(verb, '')}",
        allow_abbrev=False,
    )
    made.add_argument("source", nargs="?", metavar="SOURCE", help="file to dream")
    made.add_argument("-o", "--output", metavar="FILE", help="file to write (default: SOURCE.dream.*)")
    look = made.add_argument_group("the dream (what is not given is the look's own)")
    for f in dataclasses.fields(Recipe):
        if f.metadata["flag"] and f.name not in kind.without:
            _add_flag(look, f)
    look.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="any field of the recipe"
    )
    look.add_argument("--recipe", metavar="FILE", help="start from the recipe in this dream or JSON file")
    run = made.add_argument_group("the run")
    run.add_argument("--force", action="store_true", help="replace the output if it exists")
    run.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")
    run.add_argument("--json", action="store_true", help="print path, recipe and report as JSON")
    run.add_argument("-q", "--quiet", action="store_true", help="no bar and no messages")
    run.add_argument("-v", "--verbose", action="store_true", help="show the traceback of an error")
    run.add_argument("--version", action="version", version=_version())
    return made


def _add_flag(group, f: dataclasses.Field):
    """One flag for one field; absent flags stay None, so that the look decides."""
    meta = f.metadata
    if f.name.endswith("layers"):
        flag = "--" + f.name[:-1].replace("_", "-")
        group.add_argument(
            flag,
            dest=f.name,
            action="append",
            metavar="NAME[:WEIGHT]",
            help=_escaped(meta["doc"]) + "; repeatable",
        )
        return
    choices = list_looks() if f.name == "look" else meta["choices"]
    kind = {"int": int, "float": float, "str": str}[f.type]
    doc = meta["doc"]
    if choices:
        doc += ": " + ", ".join(choices)
    elif meta["low"] is not None:
        unit = f" {meta['unit']}" if meta["unit"] else ""
        doc += f" ({meta['low']:.9g} to {meta['high']:.10g}{unit})"
    if f.default != "":
        doc += f" [{f.default}]"
    metavar = "NAME" if kind is str else "N" if kind is int else "X"
    group.add_argument(
        "--" + f.name.replace("_", "-"), dest=f.name, type=kind, metavar=metavar, help=_escaped(doc)
    )


def _escaped(text: str) -> str:
    return text.replace("%", "%%")


def parse(verb: str, argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line and check all that can be checked before any work.

    Returns:
        A namespace with `source` (Path or None), `output` (Path), `recipe` (Recipe), `force`, `dry_run`,
        `json`, `quiet` and `verbose`.

    Raises:
        DeepDreamError: a value out of range, a source that cannot be read, an output that cannot be written.
    """
    return _checked(verb, parser(verb).parse_args(argv))


def _checked(verb: str, flags: argparse.Namespace) -> argparse.Namespace:
    recipe = _recipe(flags)
    source = flags.source
    if source is None and VERBS[verb].needs_source:
        raise UsageError(
            f"`source` must be the name of a file, as in: python -m deepdream_av.{verb} "
            f"{VERBS[verb].example}. Received: nothing."
        )
    if source is not None:
        source = files.check_source(source)
    if recipe.weights:
        files.check_source(recipe.weights)
    output = Path(flags.output if flags.output is not None else _default_name(verb, source or ""))
    _check_suffix(verb, output)
    files.check_output(output, force=flags.force, source=source)
    names = ("force", "dry_run", "json", "quiet", "verbose")
    return argparse.Namespace(
        source=source, output=output, recipe=recipe, **{name: getattr(flags, name) for name in names}
    )


def _check_suffix(verb: str, output: Path):
    known = VERBS[verb].suffixes
    if output.suffix.lower() not in known:
        raise UsageError(
            f"`output` must end in {', '.join(known[:-1])} or {known[-1]}. Received: '{output}'."
        )


def _default_name(verb: str, source) -> Path:
    """`photo.jpg` becomes `photo.dream.jpg`; a form that cannot be written becomes the verb's own."""
    suffixes = VERBS[verb].suffixes
    if not source:
        return Path(f"dream{suffixes[0]}")
    source = Path(source)
    keep = verb == "image" and source.suffix.lower() in suffixes
    return source.with_name(f"{source.stem}.dream{source.suffix if keep else suffixes[0]}")


def _recipe(flags: argparse.Namespace) -> Recipe:
    """The recipe that the flags ask for: a file's or a look's, with the given fields changed."""
    names = {f.name: f for f in dataclasses.fields(Recipe)}
    changes = {n: v for n, v in vars(flags).items() if n in names and v is not None and n != "look"}
    for n in ("layers", "ear_layers"):
        if n in changes:
            changes[n] = tuple(_layer(text, n) for text in changes[n])
    for text in flags.set:
        key, equals, value = text.partition("=")
        key = key.strip().replace("-", "_")
        if not equals or key not in names:
            if equals:
                raise unknown_name("set", key, sorted(names), owner="Recipe")
            raise UsageError(f"`--set` must be KEY=VALUE. Received: {text!r}.")
        changes[key] = _value(names[key], value)
    look = changes.pop("look", None) or flags.look
    if flags.recipe:
        from deepdream_av.media.metadata import read_recipe

        if look:
            raise UsageError("`--recipe` and `--look` exclude each other. Received both.")
        return read_recipe(flags.recipe).replace(**changes)
    return Recipe.from_look(look or "eyes", **changes)


def _layer(text: str, name: str) -> tuple[str, float]:
    """`mixed4:0.5` as a pair; the weight is 1 if it is not given."""
    layer, colon, weight = text.rpartition(":")
    if not colon:
        return text, 1.0
    try:
        return layer, float(weight)
    except ValueError:
        raise UsageError(
            f"`{name}` must be NAME or NAME:WEIGHT, as in mixed4:0.5. Received: {text!r}."
        ) from None


def _value(f: dataclasses.Field, text: str):
    """The text after `KEY=` in the field's type."""
    if f.name.endswith("layers"):
        return tuple(_layer(part, f.name) for part in text.split(",") if part)
    try:
        return {"int": int, "float": float, "str": str}[f.type](text)
    except ValueError:
        raise UsageError(f"`{f.name}` must be of type {f.type}. Received: {text!r}.") from None


def _version() -> str:
    from deepdream_av import __version__

    return f"deepdream_av {__version__}"


# --------------------------------------------------------------------------------------------- the run


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
    args = _checked(verb, flags)
    if args.dry_run:
        _print_plan(verb, args, plan(args) if plan else {})
        return DONE
    with _Bar(quiet=args.quiet) as bar:
        result = job(args, bar, bar.say)
    if args.json:
        report = {
            "path": str(result.path),
            "recipe": json.loads(args.recipe.to_json()),
            "report": result.report,
        }
        print(json.dumps(report | {"interrupted": result.interrupted}, default=_plain))
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
    for name, value in {**facts, **recipe}.items():
        print(f"  {name}: {value}")


def _plain(value):
    """NumPy scalars and arrays, paths and the like as JSON knows them."""
    return value.tolist() if hasattr(value, "tolist") else str(value)


def run(work: Callable[[], int], *, verbose: bool = False) -> int:
    """Do `work` and turn whatever happens into one line on stderr and an exit code.

    SIGTERM is turned into `KeyboardInterrupt`, so that a job that saves on Ctrl-C saves on both.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow's start-up talk is not the user's
    try:
        with _terminable():
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


@contextlib.contextmanager
def _terminable() -> Iterator[None]:
    """Within, SIGTERM raises `KeyboardInterrupt`; only the main thread may ask for signals."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number, frame):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class _Bar:
    """A bar on stderr that appears with the first progress: `bar(done, total)`.

    On a terminal it moves ten times a second; in a log it adds a line every ten seconds.
    """

    def __init__(self, *, quiet: bool = False):
        self.quiet = quiet
        self._bar = None

    def __call__(self, done: float, total: float | None = None, note: str = ""):
        """Show that `done` of `total` (None: unknown) is done; a smaller `done` or new total starts anew."""
        if self.quiet:
            return
        if self._bar is not None and (done < self._bar.n or (self._bar.total or None) != (total or None)):
            self.close()
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
