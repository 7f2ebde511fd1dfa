"""The flags of every verb, made from the recipe's fields, and what can be checked before any work.

A new field of `Recipe` is a new flag with its help, type and range; nothing is said twice.
"""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

from deepdream_av.errors import UsageError, unknown_name
from deepdream_av.media import files, job
from deepdream_av.recipe import Recipe, list_looks
from deepdream_av.verbs import PICTURES, SOUNDS, VERBS, Verb

USAGE = 2  # exit code


_OF_FILMS = ("preview", "budget", "lossless", "keep_work")


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message):
        """One line, not the whole usage before it."""
        self.exit(USAGE, f"{self.prog}: error: {message}\n")


def parser(verb: str) -> argparse.ArgumentParser:
    """The parser of a verb, its flags and their help taken from the fields of `Recipe`."""
    kind, prog = VERBS[verb], f"python -m deepdream_av.{verb}"
    again = f"python -m deepdream_av replay {_default_name(verb, '')}"
    made = Parser(
        prog=prog,
        usage=f"{prog} [flags] {_usage_of_source(kind)}[-o FILE]",
        description=kind.about,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=f"examples:\n  {prog} {kind.example}\n  {again}",
        allow_abbrev=False,
    )
    if kind.source:
        made.add_argument("source", nargs="?", metavar="SOURCE", help=kind.source)
    default = "SOURCE.dream.*" if kind.source else _default_name(verb, "")
    made.add_argument("-o", "--output", metavar="FILE", help=f"file to write (default: {default})")
    look = made.add_argument_group("the dream (what is not given is the look's own)")
    for f in dataclasses.fields(Recipe):
        if f.metadata["flag"] and kind.has(f.name):
            _add_flag(look, f)
    look.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="any field of the recipe"
    )
    look.add_argument("--recipe", metavar="FILE", help="start from the recipe in this dream or JSON file")
    run = made.add_argument_group("the run")
    if verb in ("audio", "style"):
        run.add_argument(
            "--spectrogram", metavar="FILE", help="picture of the sound before and after, .png, .jpg or .webp"
        )
        run.add_argument("--preview", metavar="FILE", help="sound to compare by: source and result in turn, level-matched")
    if verb == "video":
        run.add_argument("--preview", action="store_true", help="dream 3 s where most happens, at a quarter of the pixels")
        run.add_argument(
            "--budget", type=_time, default=0.0, metavar="TIME", help="be done in so much time, such as 90s, 10m or 1.5h"
        )
        run.add_argument("--lossless", action="store_true", help="keep every level of every pixel, in .mkv (FFV1, FLAC)")
        run.add_argument(
            "--keep-work", action="store_true", help="keep the hidden folder of the work when the film is finished"
        )
    add_run_flags(run)
    return made


def _usage_of_source(kind: Verb) -> str:
    if not kind.source:
        return ""
    return "SOURCE " if kind.needs_source else "[SOURCE] "


def add_run_flags(run):
    """The flags of a run, which every verb and replay have."""
    run.add_argument("--force", action="store_true", help="replace the output if it exists")
    run.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")
    run.add_argument("--json", action="store_true", help="print path, recipe and report as JSON")
    run.add_argument("-q", "--quiet", action="store_true", help="no bar and no messages")
    run.add_argument("-v", "--verbose", action="store_true", help="show the traceback of an error")
    run.add_argument("--version", action="version", version=_version())


def _add_flag(group, f: dataclasses.Field):
    """One flag for one field; absent flags stay None, so that the look decides."""
    meta = f.metadata
    if f.type == "tuple[float, ...]":
        group.add_argument("--" + f.name.replace("_", "-"), dest=f.name, metavar="X,X,...", help=_escaped(meta["doc"]))
        return
    if f.type == "tuple[str, ...]":
        group.add_argument(
            "--" + _singular(f.name),
            dest=f.name,
            action="append",
            metavar="TIME:KEY=VALUE",
            help=_escaped(meta["doc"]) + "; repeatable",
        )
        return
    if f.type.startswith("tuple"):
        flag = "--" + _singular(f.name).replace("_", "-")
        group.add_argument(
            flag,
            dest=f.name,
            action="append",
            metavar="FILE[:WEIGHT]" if f.name == "guides" else "NAME[:WEIGHT]",
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


def _time(text: str) -> float:
    """`90`, `90s`, `10m` and `1.5h` in seconds."""
    unit = {"s": 1.0, "m": 60.0, "h": 3600.0}.get(text[-1:], 0.0)
    try:
        seconds = float(text[:-1]) * unit if unit else float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < 1e7:
        raise argparse.ArgumentTypeError(f"a time must be like 90s, 10m or 1.5h. Received: {text!r}.")
    return seconds


def _singular(name: str) -> str:
    """`layers`, `classes` and `penalties`, one of them."""
    if name.endswith("ies"):
        return name[:-3] + "y"
    return name.removesuffix("es" if name.endswith("sses") else "s")


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
    return checked(verb, parser(verb).parse_args(argv))


def recipe_of(verb: str, argv: list[str]) -> Recipe:
    """The recipe that some flags ask for, without any file."""
    return _recipe(parser(verb).parse_args(argv))


def checked(verb: str, flags: argparse.Namespace) -> argparse.Namespace:
    """Flags as they were typed, as `parse` returns them."""
    recipe = _recipe(flags)
    if not recipe.styles and verb != "style" and recipe.look in list_looks("style"):
        raise UsageError(f"The look {recipe.look!r} paints a style: give --style PAINTING. Received: none.")
    source = getattr(flags, "source", None)
    from_noise = (verb == "image" and recipe.canvas != "pixels") or (verb == "audio" and recipe.sound == "noise")
    if source is None and VERBS[verb].needs_source and not from_noise:
        raise UsageError(
            f"`source` must be the name of a file, as in: python -m deepdream_av.{verb} "
            f"{VERBS[verb].example}. Received: nothing."
        )
    if source is not None:
        source = files.check_source(source)
    pairs = (*recipe.layers, *recipe.guides, *recipe.terms, *recipe.penalties)
    guides = [name.partition("@")[0] for name, _ in recipe.guides] + [n.partition("@")[2] for n, _ in pairs]
    mask = "" if recipe.mask == "alpha" else recipe.mask
    styles = [file for name, _ in recipe.styles for file in files.with_mask(name)]
    if verb == "style" and not recipe.styles:
        raise UsageError("`--style` must name a picture whose style is wanted. Received: nothing.")
    for file in (recipe.weights, recipe.generator, recipe.audio, mask, *guides, *styles):
        if file:
            files.check_source(file)
    glimpse = verb == "video" and flags.preview
    output = flags.output if flags.output is not None else _default_name(verb, source or "")
    if glimpse and flags.output is None:
        output = output.with_name("preview".join(output.name.rsplit("dream", 1)))
    output = Path(output)
    _check_suffix(verb, output)
    if verb == "style" and source and is_sound(source) != is_sound(output):
        raise UsageError(
            f"The result must be a {'sound' if is_sound(source) else 'picture'}, as the source is. Received: '{output}'."
        )
    # a film that a stopped run left is finished by the same command
    goes_on = verb == "video" and job.unfinished(output)
    files.check_output(output, force=flags.force or goes_on, source=source)
    names = ("force", "dry_run", "json", "quiet", "verbose", *(_OF_FILMS if verb == "video" else ()))
    beside = {name: _checked_beside(name, flags, source) for name in ("spectrogram", "preview") if name not in names}
    return argparse.Namespace(
        source=source, output=output, recipe=recipe, **beside, **{name: getattr(flags, name) for name in names}
    )


def _checked_beside(name: str, flags, source) -> Path | None:
    """A file that is asked for beside the output."""
    file = getattr(flags, name, None)
    if not file:
        return None
    known = SOUNDS if name == "preview" else PICTURES
    if Path(file).suffix.lower() not in known:
        raise UsageError(f"`{name}` must end in {', '.join(known[:-1])} or {known[-1]}. Received: '{file}'.")
    files.check_output(file, force=flags.force, source=source)
    return Path(file)


def is_sound(path: Path) -> bool:
    """Whether a file is a sound, by its suffix."""
    return path.suffix.lower() in SOUNDS


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
    keep = verb in ("image", "style") and source.suffix.lower() in suffixes
    return source.with_name(f"{source.stem}.dream{source.suffix if keep else suffixes[0]}")


def _recipe(flags: argparse.Namespace) -> Recipe:
    """The recipe that the flags ask for: a file's or a look's, with the given fields changed."""
    names = {f.name: f for f in dataclasses.fields(Recipe)}
    changes = {n: v for n, v in vars(flags).items() if n in names and v is not None and n != "look"}
    for n, f in names.items():
        if n in changes and f.type == "tuple[float, ...]":
            changes[n] = _value(f, changes[n])
        elif n in changes and f.type.startswith("tuple[tuple"):
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
        recipe = read_recipe(flags.recipe)
        for field in ("backbone", "contrast", "stylizer"):
            named = getattr(recipe, field)
            if named and (named.startswith("hub:") or field == "stylizer") and field not in changes:
                # a SavedModel is a program, and the recipe may be a stranger's
                raise UsageError(
                    f"A recipe in a file does not make a SavedModel run; say `--{field} {named}` yourself. "
                    f"Received: '{flags.recipe}'."
                )
        return recipe.replace(**changes)
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
    if f.type == "tuple[float, ...]":
        try:
            return tuple(float(part) for part in text.split(",") if part)
        except ValueError:
            raise UsageError(f"`{f.name}` must be numbers, as in 0.5,1,2,1. Received: {text!r}.") from None
    if f.type == "tuple[str, ...]":
        return tuple(part for part in text.split(";") if part)
    if f.type.startswith("tuple"):
        return tuple(_layer(part, f.name) for part in text.split(",") if part)
    try:
        return {"int": int, "float": float, "str": str}[f.type](text)
    except ValueError:
        raise UsageError(f"`{f.name}` must be of type {f.type}. Received: {text!r}.") from None


def _version() -> str:
    from deepdream_av import __version__

    return f"deepdream_av {__version__}"
