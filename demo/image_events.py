"""What happens in the picture tab: the dream, a look that is chosen, the mask, the times, a recipe that comes back."""

from __future__ import annotations

import gradio as gr

from deepdream_av.errors import DeepDreamError
from deepdream_av.recipe import Recipe

from . import image_work, looks, networks, pace, recipes, report
from .errors import sentence
from .page import App, failed, line, session_of, with_seed

MODES = list(image_work.VERBS)
STYLE = ("style_scale", "content")
ZOOM = ("seconds", "zoom", "rotate")
# fields of the page that a look or a recipe sets, in this order
SET = ("strength", "speed", "layers", "classes", "octaves", "steps", "octave_scale", "colour", "canvas", "work_size")
FILLED = ("mode", "base", "look", "gallery", "about", "backbone", "seed", "fixed")
_QUIET = dict(queue=False, api_visibility="private", show_progress="hidden")
INPUTS = (
    "mode", "source", "style", "base", "look", "backbone", "seed", "fixed", "guide", "masked", "mask",
    *STYLE, *ZOOM, *SET,
)  # fmt: skip


def dreaming(app: App, fields: dict):
    """The handler of the Dream button."""

    def dreaming(data, request: gr.Request):
        given = {n: data[c] for n, c in fields.items() if n in INPUTS}
        session = session_of(request)
        shown = lambda **new: {fields[n]: value for n, value in new.items()}  # noqa: E731
        try:
            given["seed"] = with_seed(given["seed"], random=not given["fixed"])
            recipe = image_work.recipe_of(given, app, app.own.get(session))
            work = image_work.work_of(given, recipe, app)
        except DeepDreamError as error:
            yield shown(status=failed(sentence(error)))
            return
        verb = image_work.VERBS[given["mode"]]
        expected = _expected(app, recipe, verb, given["source"])
        yield shown(
            seed=given["seed"], live=gr.update(value=given["source"], visible=True),
            pair=gr.update(visible=False), film=gr.update(visible=False, value=None), file=gr.update(visible=False),
            report=gr.update(visible=False), status="",
        )  # fmt: skip
        for update in app.runs.watch(work, session=session, place="image"):
            if not update.finished:
                left = max(expected - update.seconds, 0.0) if expected and not update.share else None
                new = {"status": line(update, left=left)}
                if update.preview:
                    new["live"] = update.preview
                yield shown(**new)
            elif update.result is None:
                yield shown(status=line(update))
            else:
                _learn(app, update, verb, given["source"])
                told = shown(**_finished(update))
                card = recipes.carded(update.result.recipe, verb, str(given["source"]).rsplit("/", 1)[-1], request)
                yield {**told, **dict(zip(fields["card"], card))}

    return dreaming


def _finished(update) -> dict:
    made = update.result
    size = made.path.stat().st_size
    amount = f"{size / 1e6:.1f} MB" if size > 100_000 else f"{max(1, size // 1000)} kB"
    return {
        "status": line(update),
        "live": gr.update(visible=False),
        "pair": gr.update(value=made.pair, visible=made.pair is not None),
        "film": gr.update(value=None if made.pair else str(made.path), visible=made.pair is None),
        "file": gr.update(
            value=str(made.path), visible=True, label=f"Save the dream ({made.path.suffix[1:].upper()}, {amount})"
        ),
        "report": gr.update(visible=bool(made.card)),
        "rows": report.table(made.card),
    }


def _expected(app: App, recipe: Recipe, verb: str, source) -> float | None:
    size = looks.size_of(source)
    if size is None:
        return None
    work, kind, form = image_work.work_amount(recipe, verb, size)
    return app.pace.seconds(work, kind, form=form)


def _learn(app: App, update, verb: str, source) -> None:
    size = looks.size_of(source)
    if size is not None and not update.stopped:
        work, kind, form = image_work.work_amount(update.result.recipe, verb, size)
        app.pace.learn(work, kind, update.seconds, form=form)


def wire_looks(app: App, fields: dict, names: list[str]) -> None:
    """A look sets all that it stands for."""

    def chosen(event: gr.SelectData):
        look = names[event.index]
        recipe = Recipe.from_look(look)
        found = values(recipe)
        del found["strength"], found["speed"]
        backbone = recipe.backbone if recipe.backbone in networks.here() else "dreamnet"
        return ["", look, looks.told(look), backbone, *found.values()]

    changed = [n for n in SET if n not in ("strength", "speed")]
    outputs = [fields[n] for n in ("base", "look", "about", "backbone", *changed)]
    fields["gallery"].select(chosen, None, outputs, **_QUIET)


def wire_mode(fields: dict) -> None:
    """Only what a mode needs is seen."""

    def switched(mode):
        verb = image_work.VERBS[mode]
        words = {"image": "Dream", "style": "Paint", "zoom": "Make the film"}[verb]
        return (
            gr.update(visible=verb != "style"),
            gr.update(visible=verb == "style"),
            gr.update(visible=verb == "zoom"),
            gr.update(visible=verb != "style"),
            gr.update(value=words),
        )

    outputs = [fields[n] for n in ("looks_group", "style_group", "zoom_group", "strength", "dream")]
    fields["mode"].change(switched, fields["mode"], outputs, **_QUIET)


def wire_advanced(app: App, fields: dict) -> None:
    """The die, the sheet of channels, the mask."""
    fields["die"].click(lambda: with_seed(0, random=True), None, fields["seed"], **_QUIET)

    def opened(layer):
        return looks.sheet(layer, app.runs.folder)

    fields["sheet_of"].change(opened, fields["sheet_of"], fields["sheet"], **_QUIET)

    def added(layer, have, event: gr.SelectData):
        name = f"{layer}#{event.index}"
        return have if name in have else [*have, name]

    inputs = [fields["sheet_of"], fields["layers"]]
    fields["sheet"].select(added, inputs, fields["layers"], **_QUIET)
    # layers and motifs of one network mean nothing to another
    fields["backbone"].input(lambda: ([], []), None, [fields["layers"], fields["classes"]], **_QUIET)

    def laid_out(on, source):
        picture = looks.small(source, 800) if on else None
        empty = {"background": picture, "layers": [], "composite": None}
        return gr.update(visible=on, value=empty if picture is not None else None)

    both = [fields["masked"], fields["source"]]
    fields["masked"].change(laid_out, both, fields["mask"], **_QUIET)
    fields["source"].change(laid_out, both, fields["mask"], **_QUIET)


def wire_times(app: App, fields: dict) -> None:
    """The speeds say how long they take, for this picture, this look and this machine."""
    asked = ("mode", "source", "base", "look", "speed", "backbone", "seconds", *[n for n in SET if n != "speed"])

    def timed(*shown):
        given = dict(zip(asked, shown))
        size = looks.size_of(given["source"])
        verb = image_work.VERBS[given["mode"]]
        if size is None:
            return gr.update(choices=pace.speeds(lambda speed: None))
        rest = {"seed": 0, "zoom": 1.02, "rotate": 0, "style_scale": 1.0, "content": 0.2}

        def estimate(speed):
            try:
                recipe = image_work.recipe_of({**rest, **given, "speed": speed}, app, None)
            except DeepDreamError:
                return None
            work, kind, form = image_work.work_amount(recipe, verb, size)
            return app.pace.seconds(work, kind, form=form)

        return gr.update(choices=pace.speeds(estimate))

    inputs, sources = [fields[n] for n in asked], ("mode", "source", "look", "octaves", "steps", "work_size", "seconds")
    for name in sources:
        fields[name].change(timed, inputs, fields["speed"], **_QUIET)


def values(recipe: Recipe) -> dict:
    """Values of the fields that a recipe sets."""
    values = {name: getattr(recipe, name) for name in SET}
    for name in ("layers", "classes"):
        values[name] = [what if weight == 1 else f"{what}:{weight:g}" for what, weight in values[name]]
    return values


def fill(names: list[str]):
    """Sets the tab to a recipe."""

    def fill(recipe: Recipe, verb: str) -> list:
        mode = next((m for m, v in image_work.VERBS.items() if v == verb), MODES[0])
        index = names.index(recipe.look) if recipe.look in names else None
        about = looks.told(recipe.look) if index is not None else "The settings of a dream."
        zoom = [recipe.style_scale, min(recipe.content_weight, 1.0), *(getattr(recipe, n) for n in ZOOM)]
        head = [mode, recipe.to_json(), recipe.look, gr.update(selected_index=index), about, recipe.backbone]
        return [*head, recipe.seed, True, *zoom, *values(recipe).values()]

    return fill
