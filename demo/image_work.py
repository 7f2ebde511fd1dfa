"""What the picture tab does: from the fields of the page to a recipe, and from a recipe to a file."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from deepdream_av.errors import UsageError
from deepdream_av.recipe import Recipe

from . import networks, pace, recipes, report
from .errors import Refused
from .page import App
from .service import Run
from .uploads import checked_picture

SHOWN = 1600  # pixels of the long side of what the page shows; the file keeps its own size
VERBS = {"Dream": "image", "Paint in a style": "style", "Zoom film": "zoom"}
_PAINTED = 8  # of 255, alpha from which a place counts as painted


@dataclass(frozen=True, eq=False)
class Made:
    """A finished dream.

    Attributes:
        path: the file.
        recipe: how it was made.
        pair: files to compare, before and after; None of a film.
        card: rows of the report card.
        seconds: that it took.
    """

    path: Path
    recipe: Recipe
    pair: tuple[str, str] | None
    card: list
    seconds: float


def weighted(names) -> tuple[tuple[str, float], ...]:
    """What was chosen or typed, as pairs of a name and its weight.

    Raises:
        UsageError: a weight that is no number, or a name with a file in it.

    >>> weighted(["stride16#47", "stride8:0.5"])
    (('stride16#47', 1.0), ('stride8', 0.5))
    """
    found = []
    for text in names or ():
        name, colon, weight = str(text).strip().rpartition(":")
        name, weight = (name, weight) if colon else (str(text).strip(), "1")
        if "@" in name or "/" in name or not name:
            raise UsageError(f"A layer is a name such as stride16 or stride16#47. Received: {str(text)[:60]!r}.")
        try:
            found.append((name, float(weight)))
        except ValueError:
            raise UsageError(f"A weight is a number, as in stride16:0.5. Received: {str(text)[:60]!r}.") from None
    return tuple(found)


def recipe_of(given: dict, app: App, own: Path | None) -> Recipe:
    """The recipe that the fields of the tab ask for.

    Args:
        given: values of the fields by name.
        app: for the limits.
        own: the visitor's own network.

    Raises:
        DeepDreamError: a value out of range, or a network that is not here.
    """
    verb = VERBS[given["mode"]]
    base = Recipe.from_json(given["base"]) if given["base"] else Recipe.from_look(given["look"])
    changes = {
        "strength": float(given["strength"]),
        "speed": given["speed"],
        "seed": int(given["seed"]),
        "layers": weighted(given["layers"]),
        "classes": weighted(given["classes"]),
        "octaves": int(given["octaves"]),
        "steps": int(given["steps"]),
        "octave_scale": float(given["octave_scale"]),
        "colour": given["colour"],
        "canvas": given["canvas"],
        "work_size": int(given["work_size"]),
        "mask": "",
        **networks.used(given["backbone"], own),
    }
    if changes["canvas"] != "pixels" and verb == "zoom":
        changes["canvas"] = "pixels"
    if verb == "zoom":
        changes |= {name: float(given[name]) for name in ("seconds", "zoom", "rotate")}
    if verb == "style":
        changes |= {"style_scale": float(given["style_scale"]), "content_weight": float(given["content"])}
        changes |= {"strength": 1.0, "layers": (), "classes": ()}
        painted = {"sketch": (12, 40), "normal": (20, 60), "fine": (50, 120)}[given["speed"]]
        changes |= dict(zip(("style_steps", "first_steps"), painted))
    recipe, _ = recipes.safe(base.replace(**changes), app.limits, keep=("backbone",))
    return recipe


def work_of(given: dict, recipe: Recipe, app: App) -> Callable[[Run], Made]:
    """The work that the fields of the tab ask for.

    Raises:
        DeepDreamError: a file that is missing, too large or no picture.
    """
    verb = VERBS[given["mode"]]
    source = checked_picture(given["source"], app.limits)
    if given["guide"] and verb != "style":
        recipe = recipe.replace(guides=((str(checked_picture(given["guide"], app.limits, "guide")), 1.0),))
    if verb == "style":
        style = checked_picture(given["style"], app.limits, "style picture")
        recipe = recipe.replace(styles=((str(style), 1.0),))
    mask = painted(given["mask"]) if given["masked"] and verb == "image" else None

    def work(run: Run) -> Made:
        began, told = time.monotonic(), recipe
        run.stage = "Waking the network"
        if mask is not None:
            told = told.replace(mask=str(_mask_file(run, mask)))
        if verb == "zoom":
            return _zoomed(run, source, told, began)
        return _dreamt(run, source, told, verb, began)

    return work


def work_amount(recipe: Recipe, verb: str, size: tuple[int, int]) -> tuple[float, str, str]:
    """How much work it is, who does it and in which form; see `pace.Pace`."""
    count = {"image": pace.picture_work, "style": pace.style_work, "zoom": pace.zoom_work}[verb]
    kind = recipe.backbone if recipe.backbone in networks.here() else "yours"
    form = f"{verb} {recipe.look} {recipe.layers} {recipe.classes} {recipe.canvas}"
    return count(recipe, size), f"{kind} {verb}" if verb != "image" else kind, form


def painted(editor: dict | None) -> np.ndarray:
    """Where a visitor has painted, as a mask.

    Args:
        editor: what `gr.ImageEditor` gives: its layers, uint8 `[height, width, 4]`.

    Returns:
        uint8 `[height, width]`, 255 where.

    Raises:
        Refused: nothing was painted.
    """
    layers = [np.asarray(x) for x in (editor or {}).get("layers") or ()]
    alphas = [x[..., 3] for x in layers if x.ndim == 3 and x.shape[2] == 4]
    mask = np.max(alphas, axis=0) if alphas else np.zeros((1, 1), np.uint8)
    if mask.max() < _PAINTED:
        raise Refused("Paint with the brush where to dream, or take the mark away from that box.")
    return mask


def _mask_file(run: Run, mask: np.ndarray) -> Path:
    import cv2

    path = run.folder / "mask.png"
    cv2.imwrite(str(path), cv2.GaussianBlur(mask, (0, 0), 2.0))
    return path


def _dreamt(run: Run, source: Path, recipe: Recipe, verb: str, began: float) -> Made:
    from deepdream_av.image import dream_image
    from deepdream_av.media.image import SUFFIXES, read_image, write_image
    from deepdream_av.style import style_image

    picture = read_image(source)
    for note in picture.notes:
        run.say(note)
    dreaming = style_image if verb == "style" else dream_image
    dream = dreaming(str(source), recipe=recipe, progress=_staged(run, recipe, verb), preview=run.preview)
    run.stage = "Writing the file"
    suffix = source.suffix.lower() if source.suffix.lower() in SUFFIXES else ".png"
    path = run.folder / f"{source.stem[:60]}.dream{suffix}"
    write_image(path, dream.array, like=picture, recipe=recipes.named(recipe), source=source, kind=verb)
    pair = tuple(_shown(run, name, x) for name, x in (("before", picture.array), ("after", dream.array)))
    card = []
    if not run.stopped:
        run.stage = "Measuring"
        card = report.picture_rows(report.picture_card(dream.array, picture.array, recipe), time.monotonic() - began)
    return Made(path, recipe, pair, card, time.monotonic() - began)


def _zoomed(run: Run, source: Path, recipe: Recipe, began: float) -> Made:
    from deepdream_av.zoom import zoom_image

    path = run.folder / f"{source.stem[:60]}.zoom.mp4"
    film = zoom_image(
        source, path, recipe=recipe, progress=_staged(run, recipe, "zoom"), say=run.say, preview=run.preview
    )
    seconds = time.monotonic() - began
    rows = [
        ("Length", f"{film.report['length']:.1f} s", f"{film.report['frames']} frames"),
        ("Size", "{} x {}".format(*film.report["size"]), "pixels"),
    ]
    if "median_jump" in film.report:
        rows.append(("From frame to frame", f"{film.report['median_jump']:.3f}", "what changes beyond the motion"))
    return Made(path, recipe, None, [*rows, ("Time", f"{seconds:.0f} s", "from Dream to here")], seconds)


def _staged(run: Run, recipe: Recipe, verb: str) -> Callable:
    """Progress that says in words where the dream is."""

    def progress(done, total):
        if verb == "image":
            octave = min(int(done * recipe.octaves / max(total, 1)) + 1, recipe.octaves)
            words = f"Dreaming, size {octave} of {recipe.octaves}"
        else:
            words = f"Frame {done} of {total}" if verb == "zoom" else "Painting"
        run.progress(done, total, words)

    return progress


def _shown(run: Run, name: str, picture: np.ndarray) -> str:
    """A picture for the page: no larger than a screen."""
    import cv2

    scale = min(1.0, SHOWN / max(picture.shape[:2]))
    if scale < 1:
        size = tuple(max(1, round(side * scale)) for side in picture.shape[1::-1])
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    samples = (np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8)
    path = run.folder / f"{name}.jpg"
    path.write_bytes(cv2.imencode(".jpg", samples[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 92])[1].tobytes())
    return str(path)
