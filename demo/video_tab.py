"""The film tab: dream in the pictures and in the sound of a film, and let each drive the other."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import gradio as gr

from deepdream_av.errors import DeepDreamError
from deepdream_av.recipe import Recipe

from . import film_work, looks, networks, pace, recipes, report
from .errors import markup, sentence
from .page import App, Panel, buttons, failed, line, session_of, status, with_seed
from .uploads import Film

# fields of the page that a look or a recipe sets, in this order
_SET = (
    "strength", "speed", "coupling", "coupling_strength", "duration", "start", "work_size", "layers", "classes",
    "colour", "sound", "sound_change",
)  # fmt: skip
_OF_LOOK = ("layers", "classes", "colour")
_INPUTS = ("source", "base", "look", "backbone", "seed", "fixed", *_SET)
_COUPLINGS = {
    "off": "Nothing",
    "base": "The sound drives the pictures",
    "pairs": "Sights and sounds that belong together call each other",
    "joint": "They call and follow each other",
}
_SIZES = {0: "by the speed", 192: "192 pixels", 256: "256", 384: "384", 512: "512", 640: "640", 960: "960"}
_SOUNDS = [("dreamt as a wave", "wave"), ("dreamt gently, by a mask", "mask"), ("left as it is", "off")]
_COLOURS = [
    ("what the dream brings", "dream"),
    ("the film's own, at every place", "luminance"),
    ("the film's own, as a whole", "histogram"),
]
_QUIET = dict(queue=False, api_visibility="private", show_progress="hidden")


def build(app: App) -> None:
    """The tab."""
    names = looks.looks("image", networks.here())
    with gr.Row(equal_height=False):
        with gr.Column(scale=5, min_width=320):
            fields = _left(app, names)
        with gr.Column(scale=6, min_width=320):
            dream, stop = buttons("Dream the film")
            shown = _right()
    fields = {**fields, **shown}
    _wire_looks(fields, names)
    _wire_times(app, fields)
    outputs = [fields[n] for n in ("status", "live", "film", "file", "heard", "page", "report", "rows", "seed")]
    inputs = {fields[n] for n in _INPUTS}
    handler = _dreaming(app, fields)
    app.wire("video", dream, stop, handler, inputs=inputs, outputs=outputs + fields["card"], status=fields["status"])
    filled = [fields[n] for n in ("base", "look", "gallery", "about", "backbone", "seed", "fixed", *_SET)]
    app.panels["video"] = Panel("video", ("video",), filled, _fill(names, app))
    _endpoint(app)


def _left(app: App, names: list[str]) -> dict:
    """What a visitor sets."""
    fields = {"source": Film(label="Your film", height=280, sources=["upload", "webcam"])}
    examples = sorted(map(str, looks.FILMS.glob("*.mp4")))
    gr.Examples(
        examples, fields["source"], label="Or this one", cache_examples=False, api_visibility="private",
        example_labels=[f"{looks.title(Path(x).stem)}, ten seconds, with music" for x in examples],
    )  # fmt: skip
    gr.Markdown("Look", elem_classes="title")
    fields["gallery"] = gr.Gallery(
        looks.shown(names), label="Look", columns=5, allow_preview=False, selected_index=0, height=228,
        object_fit="cover", elem_classes="looks", buttons=[], interactive=False, show_label=False,
    )  # fmt: skip
    fields["about"] = gr.Markdown(looks.told(names[0]), elem_classes="quiet")
    fields["coupling"] = gr.Radio(
        [(_COUPLINGS.get(name, name.capitalize()), name) for name in couplings()], value="base",
        label="What sound and pictures do to each other",
    )  # fmt: skip
    fields["strength"] = gr.Slider(0, 4, 1, step=0.1, label="Strength", info="1 is the look's own, 0 leaves the film")
    most = app.limits.max_film_seconds
    fields["duration"] = gr.Slider(1, most, min(10, most), step=1, label="Length in seconds")
    fields["speed"] = gr.Radio(pace.speeds(lambda speed: None), value="sketch", label="Speed")
    fields["told"] = gr.HTML("", elem_classes="quiet told", padding=True, label="What will be done", js_on_load=None)
    fields["base"], fields["look"] = gr.State(""), gr.State(names[0])
    return fields | _advanced(app)


def _advanced(app: App) -> dict:
    """What is behind "Advanced"."""
    own = Recipe.from_look("eyes")
    sizes = [(title, size) for size, title in _SIZES.items() if size <= app.limits.max_work_size]
    with gr.Accordion("Advanced", open=False):
        fields = {
            "work_size": gr.Dropdown(sizes, value=0, label="Size at which it is dreamt", info="the file keeps its own"),
            "start": gr.Number(0, minimum=0, label="Begin at this second of the film"),
            "coupling_strength": gr.Slider(0, 1, own.coupling_strength, step=0.05, label="How much they do so"),
            "sound": gr.Radio(_SOUNDS, value=own.sound, label="The sound is"),
            "sound_change": gr.Slider(0, 15, own.sound_change, step=0.5, label="How far the sound may move, in dB"),
            "colour": gr.Dropdown(_COLOURS, value=own.colour, label="Colours"),
            "backbone": gr.Dropdown(networks.choices(), value="dreamnet", label="Network that looks"),
            "layers": gr.Dropdown(
                list(looks.SHEET_LAYERS), value=[], multiselect=True, allow_custom_value=True,
                label="Layers and channels",
                info="what is raised; empty: the network's own. The tab Explore shows what channels see",
            ),
            "classes": gr.Dropdown(
                list(networks.motifs()), value=[], multiselect=True, allow_custom_value=True, label="Motifs and classes"
            ),
        }  # fmt: skip
        with gr.Row():
            fields["seed"] = gr.Number(0, label="Seed", precision=0, minimum=0, maximum=2**31 - 1, min_width=120)
            die = gr.Button("🎲 Throw the die", size="sm", min_width=120)
        fields["fixed"] = gr.Checkbox(True, label="Keep this seed: the same settings dream the same again")
    die.click(lambda: with_seed(0, random=True), None, fields["seed"], **_QUIET)
    # layers and motifs of one network mean nothing to another
    fields["backbone"].input(lambda: ([], []), None, [fields["layers"], fields["classes"]], **_QUIET)
    return fields


def _right() -> dict:
    """What a visitor gets."""
    fields = {"status": status("Take a film, and press the button. A film of ten seconds is a good beginning.")}
    fields["live"] = gr.Image(
        label="A frame of the dream", height=430, interactive=False, buttons=["fullscreen"], elem_classes="stage",
        show_label=False,
    )  # fmt: skip
    fields["film"] = gr.Video(
        label="The film", visible=False, height=430, autoplay=True, loop=True, interactive=False, elem_classes="stage",
        show_label=False,
    )  # fmt: skip
    fields["file"] = gr.DownloadButton("Save the film", visible=False, variant="secondary")
    with gr.Accordion("What is heard and what is seen", open=True, visible=False) as fields["heard"]:
        fields["page"] = gr.HTML("", padding=False, label="Report", js_on_load=None)
    with gr.Accordion("Report card", open=False, visible=False) as fields["report"]:
        fields["rows"] = gr.HTML("", elem_classes="card", padding=True, label="Report card", js_on_load=None)
    fields["card"] = recipes.card()
    return fields


def couplings() -> tuple[str, ...]:
    """What a recipe may say of sound and pictures."""
    field = next(f for f in dataclasses.fields(Recipe) if f.name == "coupling")
    return tuple(field.metadata["choices"])


# ------------------------------------------------------------------------------------------ what happens


def _dreaming(app: App, fields: dict):
    """The handler of the button."""

    def dreaming(data, request: gr.Request):
        given, session = {n: data[fields[n]] for n in _INPUTS}, session_of(request)
        shown = lambda **new: {fields[n]: value for n, value in new.items()}  # noqa: E731
        try:
            given["seed"] = with_seed(given["seed"], random=not given["fixed"])
            film = film_work.footage(given["source"], app.limits)
            recipe = film_work.recipe_of(given, app, app.own.get(session))
            recipe, notes = film_work.fitted(recipe, film, app)
        except DeepDreamError as error:
            yield shown(status=failed(sentence(error)))
            return
        source, needs = Path(given["source"]), film_work.expected(recipe, film, app)
        yield shown(
            seed=given["seed"], live=gr.update(value=None, visible=True), film=gr.update(visible=False, value=None),
            file=gr.update(visible=False), heard=gr.update(visible=False), report=gr.update(visible=False), status="",
        )  # fmt: skip
        work = film_work.work_of(source, recipe, film, notes)
        for update in app.runs.watch(work, session=session, place="video"):
            if not update.finished:
                new = {"status": line(update, left=_left_of(update, needs))}
                yield shown(**new, **({"live": update.preview} if update.preview else {}))
            elif update.result is None:
                yield shown(status=line(update))
            else:
                if update.result.whole:
                    film_work.learn(recipe, film, app, update.seconds)
                card = recipes.carded(recipe, "video", source.name, request)
                yield {**shown(**_finished(update)), **dict(zip(fields["card"], card))}

    return dreaming


def _left_of(update, needs: float) -> float:
    """Seconds that are left: what was expected at first, and more and more what is seen."""
    share = update.share or 0.0
    seen = update.seconds * (1 / share - 1) if share > 0.05 else needs
    return share * seen + (1 - share) * max(needs - update.seconds, 0.1 * needs)


def _finished(update) -> dict:
    made = update.result
    size = made.path.stat().st_size
    page = None if made.correlation is None else made.correlation.read_text("utf-8")
    return {
        "status": line(update),
        "live": gr.update(visible=False),
        "film": gr.update(value=str(made.path), visible=True),
        "file": gr.update(value=str(made.path), visible=True, label=f"Save the film (MP4, {size / 1e6:.1f} MB)"),
        "heard": gr.update(visible=page is not None),
        "page": "" if page is None else framed(page),
        "report": gr.update(visible=True),
        "rows": report.table(made.rows),
    }


def framed(page: str) -> str:
    """A whole HTML page inside this one, which it cannot reach."""
    style = "width:100%;height:640px;border:0"
    return f'<iframe title="Report" sandbox="allow-scripts" style="{style}" srcdoc="{markup(page)}"></iframe>'


# ------------------------------------------------------------------------------------------- small wires


def _wire_looks(fields: dict, names: list[str]) -> None:
    """A look sets all that it stands for."""

    def chosen(event: gr.SelectData):
        look = names[event.index]
        recipe = Recipe.from_look(look)
        values = _values(recipe)
        backbone = recipe.backbone if recipe.backbone in networks.here() else "dreamnet"
        return ["", look, looks.told(look), backbone, *(values[n] for n in _OF_LOOK)]

    outputs = [fields[n] for n in ("base", "look", "about", "backbone", *_OF_LOOK)]
    fields["gallery"].select(chosen, None, outputs, **_QUIET)


def _wire_times(app: App, fields: dict) -> None:
    """What will be done, and how long that takes, before it begins."""
    asked = [n for n in _INPUTS if n not in ("seed", "fixed")]

    def timed(*values):
        given = {"seed": 0, **dict(zip(asked, values))}
        if not given["source"]:
            return gr.update(choices=pace.speeds(lambda speed: None)), ""
        try:
            film = film_work.footage(given["source"], app.limits)
            if given["backbone"] == networks.YOURS:
                given["backbone"] = "dreamnet"  # who knows
            plans = {
                speed: film_work.fitted(film_work.recipe_of({**given, "speed": speed}, app, None), film, app)
                for speed in pace.SPEEDS
            }
        except DeepDreamError as error:
            told = f'<div role="alert" class="error">{markup(sentence(error))}</div>'
            return gr.update(choices=pace.speeds(lambda speed: None)), told
        choices = pace.speeds(lambda speed: film_work.expected(plans[speed][0], film, app))
        return gr.update(choices=choices), _plan(film, *plans[given["speed"]])

    inputs = [fields[n] for n in asked]
    for name in ("source", "look", "coupling", "speed", "work_size", "sound", "start"):
        fields[name].change(timed, inputs, [fields["speed"], fields["told"]], **_QUIET)
    fields["duration"].release(timed, inputs, [fields["speed"], fields["told"]], **_QUIET)


def _plan(film, recipe: Recipe, notes) -> str:
    lines = [f"Your film: {film.told()}."]
    if not film.sounds and recipe.coupling != "off":
        lines.append("Without sound nothing drives the pictures: they are dreamt by themselves.")
    return "".join(f"<div>{markup(text)}</div>" for text in (*lines, *notes))


def _values(recipe: Recipe) -> dict:
    """Values of the fields that a recipe sets."""
    values = {name: getattr(recipe, name) for name in _SET}
    for name in ("layers", "classes"):
        values[name] = [what if weight == 1 else f"{what}:{weight:g}" for what, weight in values[name]]
    return values


def _fill(names: list[str], app: App):
    """Sets the tab to a recipe."""

    def fill(recipe: Recipe, verb: str) -> list:
        index = names.index(recipe.look) if recipe.look in names else None
        about = looks.told(recipe.look) if index is not None else "The settings of a dream."
        values = _values(recipe)
        values["duration"] = recipe.duration or app.limits.max_film_seconds
        values["work_size"] = max(size for size in _SIZES if size <= max(recipe.work_size, 0))
        head = [recipe.to_json(), recipe.look, gr.update(selected_index=index), about, recipe.backbone]
        return [*head, recipe.seed, True, *values.values()]

    return fill


def _endpoint(app: App) -> None:
    """`dream_video` for programs."""

    def dream_video(
        film, look="eyes", strength=1.0, speed="sketch", coupling="base", seconds=10.0, seed=0, recipe="",
        request: gr.Request = None,
    ):  # fmt: skip
        """Dream in a film; returns an mp4. `recipe` is JSON of any fields of a recipe, over the look's own."""
        try:
            made = Recipe.from_look(
                look, strength=float(strength), speed=speed, coupling=coupling, duration=float(seconds), seed=int(seed)
            )
            if recipe:
                told, fields = json.loads(recipe) if "schema" not in recipe else {}, Recipe.from_json(recipe)
                made = fields if not told else made.replace(**{name: getattr(fields, name) for name in told})
            made, notes = recipes.safe(made, app.limits)
            footage = film_work.footage(film, app.limits)
            made, more = film_work.fitted(made, footage, app)
        except DeepDreamError as error:
            raise gr.Error(sentence(error), print_exception=False) from None
        return app.waited(film_work.work_of(Path(film), made, footage, (*notes, *more)), request, "dream_video")

    with gr.Column(visible=False):
        film = Film(label="film")
        look, strength = gr.Textbox("eyes", label="look"), gr.Number(1.0, label="strength")
        speed, coupling = gr.Textbox("sketch", label="speed"), gr.Textbox("base", label="coupling")
        seconds, seed = gr.Number(10.0, label="seconds"), gr.Number(0, precision=0, label="seed")
        recipe, result = gr.Textbox("", label="recipe"), gr.File(label="dream")
    inputs = [film, look, strength, speed, coupling, seconds, seed, recipe]
    app.endpoint("dream_video", dream_video, inputs=inputs, output=result)
