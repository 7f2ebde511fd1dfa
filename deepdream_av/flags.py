"""The flags of every verb, made from the recipe's fields, and what can be checked before any work.

A new field of `Recipe` is a new flag with its help, type and range; nothing is said twice.
"""

from __future__ import annotations

import argparse
import dataclasses
from dataclasses import dataclass
from pathlib import Path

from deepdream_av.errors import UsageError, unknown_name
from deepdream_av.media import files
from deepdream_av.recipe import Recipe, list_looks

USAGE = 2  # exit code


@dataclass(frozen=True)
class Verb:
    """What the command line must know of a verb before its work begins."""

    about: str
    suffixes: tuple[str, ...]  # what it can write; the first is the default
    needs_source: bool
    # fields of the recipe that mean nothing to this verb
    without: frozenset[str] = frozenset()
    example: str = ""
    source: str = "file to dream"  # help for SOURCE; empty: there is none


_WANTED_FIELDS = frozenset({"guides", "guide_match", "terms", "penalties"})
_WHERE_FIELDS = frozenset({"mask", "bands"})
_PICTURE_FIELDS = (
    frozenset({"strength", "backbone", "weights", "layers", "classes", "contrast", "work_size"})
    | _WANTED_FIELDS
    | _WHERE_FIELDS
)
_SOUND_FIELDS = frozenset({"ear", "ear_layers", "ear_classes", "sound", "sound_change"})
_TIME_FIELDS = frozenset({"start", "duration"})
_FILM_FIELDS = frozenset({"coupling"})
_PAINTED_FIELDS = frozenset({"generator", "latent_steps", "size"})
_FORM_FIELDS = frozenset({"canvas", "anchor", "colour"})
_NOISE_FIELDS = frozenset({"spectrum"})
_STYLE_FIELDS = frozenset(
    {"styles", "style_loss", "style_scale", "content_weight", "optimizer", "style_steps", "stylizer"}
)
_ZOOM_FIELDS = frozenset({"seconds", "zoom", "rotate", "translate", "fps", "loop", "audio"})

VERBS = {
    "image": Verb(
        "Dream in a picture. Without SOURCE, on a canvas of another form than pixels: from noise.",
        (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff"),
        needs_source=True,
        without=_SOUND_FIELDS
        | _TIME_FIELDS
        | _FILM_FIELDS
        | (_PAINTED_FIELDS - {"size"})
        | _ZOOM_FIELDS
        | _STYLE_FIELDS,
        example="photo.jpg -o dream.png --look creatures",
    ),
    "audio": Verb(
        "Dream in a sound.",
        (".wav", ".flac", ".mp3", ".ogg", ".opus", ".m4a"),
        needs_source=True,
        without=(_PICTURE_FIELDS - {"strength"})
        | _FILM_FIELDS
        | _PAINTED_FIELDS
        | _FORM_FIELDS
        | _NOISE_FIELDS
        | _ZOOM_FIELDS | _STYLE_FIELDS,
        example="song.wav -o dream.wav --strength 1.5",
    ),
    "video": Verb(
        "Dream in the pictures and in the sound of a film. Without SOURCE: in a built-in example.",
        (".mp4", ".mkv", ".webm", ".mov", ".m4v"),
        needs_source=False,
        without=_PAINTED_FIELDS | _NOISE_FIELDS | _ZOOM_FIELDS | {"stylizer", "optimizer"},
        example="film.mp4 -o dream.mp4 --look eyes",
    ),
    "latent": Verb(
        "Dream in the world of a generator: the picture, of all that it can paint, that a network wants most.",
        (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff"),
        needs_source=False,
        without=_SOUND_FIELDS
        | _TIME_FIELDS
        | _FILM_FIELDS
        | _FORM_FIELDS
        | _NOISE_FIELDS
        | _ZOOM_FIELDS | _STYLE_FIELDS
        | _WHERE_FIELDS,
        example="-o dream.png --generator ornaments.generator.keras --seed 3",
        source="",
    ),
    "walk": Verb(
        "Walk through the world of a generator to a sound, as a looped film. Without SOUND: to built-in music.",
        (".mp4", ".mkv", ".webm", ".mov", ".m4v"),
        needs_source=False,
        without=(_PICTURE_FIELDS - {"strength"})
        | _SOUND_FIELDS
        | {"latent_steps"}
        | _FORM_FIELDS
        | _NOISE_FIELDS
        | _ZOOM_FIELDS | _STYLE_FIELDS,
        example="song.wav -o walk.mp4 --generator ornaments.generator.keras",
        source="sound to walk to",
    ),
    "style": Verb(
        "Paint a picture in the style of others.",
        (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff"),
        needs_source=True,
        without=_SOUND_FIELDS
        | _TIME_FIELDS
        | _FILM_FIELDS
        | _PAINTED_FIELDS
        | _NOISE_FIELDS
        | _ZOOM_FIELDS
        | (_WANTED_FIELDS - {"penalties"})
        | _WHERE_FIELDS
        | {"canvas", "anchor", "contrast"},
        example="photo.jpg --style painting.jpg --style other.jpg:0.3 -o out.png",
        source="picture to paint",
    ),
    "zoom": Verb(
        "Zoom into a picture that is dreamt on and on, as a film that is a loop.",
        (".mp4", ".mkv", ".webm", ".mov", ".m4v"),
        needs_source=True,
        without=_SOUND_FIELDS | _TIME_FIELDS | _PAINTED_FIELDS | _NOISE_FIELDS | _STYLE_FIELDS | {"mask"},
        example="photo.jpg -o zoom.mp4 --seconds 10 --zoom 1.04 --rotate 1.5",
        source="picture to zoom into",
    ),
}


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
        if f.metadata["flag"] and f.name not in kind.without:
            _add_flag(look, f)
    look.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="any field of the recipe"
    )
    look.add_argument("--recipe", metavar="FILE", help="start from the recipe in this dream or JSON file")
    add_run_flags(made.add_argument_group("the run"))
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
    from_noise = verb == "image" and recipe.canvas != "pixels"
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
    keep = verb in ("image", "style") and source.suffix.lower() in suffixes
    return source.with_name(f"{source.stem}.dream{source.suffix if keep else suffixes[0]}")


def _recipe(flags: argparse.Namespace) -> Recipe:
    """The recipe that the flags ask for: a file's or a look's, with the given fields changed."""
    names = {f.name: f for f in dataclasses.fields(Recipe)}
    changes = {n: v for n, v in vars(flags).items() if n in names and v is not None and n != "look"}
    for n, f in names.items():
        if n in changes and f.type == "tuple[float, ...]":
            changes[n] = _value(f, changes[n])
        elif n in changes and f.type.startswith("tuple"):
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
    if f.type.startswith("tuple"):
        return tuple(_layer(part, f.name) for part in text.split(",") if part)
    try:
        return {"int": int, "float": float, "str": str}[f.type](text)
    except ValueError:
        raise UsageError(f"`{f.name}` must be of type {f.type}. Received: {text!r}.") from None


def _version() -> str:
    from deepdream_av import __version__

    return f"deepdream_av {__version__}"
