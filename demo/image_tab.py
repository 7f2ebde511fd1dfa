"""The picture tab: dream in a picture, paint it in a style, or zoom into it without end."""

from __future__ import annotations

import gradio as gr

from deepdream_av.errors import DeepDreamError
from deepdream_av.recipe import Recipe

from . import image_work, looks, networks, pace, recipes, report
from .errors import sentence
from .page import App, Panel, buttons, failed, line, session_of, status, with_seed
from .uploads import Picture

MODES = list(image_work.VERBS)
_STYLE = ("style_scale", "content")
_ZOOM = ("seconds", "zoom", "rotate")
# fields of the page that a look or a recipe sets, in this order
_SET = ("strength", "speed", "layers", "classes", "octaves", "steps", "octave_scale", "colour", "canvas", "work_size")
_COLOURS = [
    ("what the dream brings", "dream"),
    ("the picture's own, at every place", "luminance"),
    ("the picture's own, as a whole", "histogram"),
]
_FORMS = [
    ("pixels", "pixels"),
    ("waves (large forms)", "fourier"),
    ("detail sizes", "laplacian"),
    ("shape alone (light and sharpness stay)", "phase"),
]
_FILLED = ("mode", "base", "look", "gallery", "about", "backbone", "seed", "fixed")
_QUIET = dict(queue=False, api_visibility="private", show_progress="hidden")


def build(app: App) -> None:
    """The tab."""
    names = looks.looks("image", networks.here())
    with gr.Row(equal_height=False):
        with gr.Column(scale=5, min_width=320):
            fields = _left(app, names)
        with gr.Column(scale=6, min_width=320, elem_classes="results"):
            dream, stop = buttons("Dream")
            shown = _right()
    fields = {**fields, "dream": dream, "stop": stop, **shown}
    _wire_looks(app, fields, names)
    _wire_mode(fields)
    _wire_advanced(app, fields)
    _wire_times(app, fields)
    inputs = {c for n, c in fields.items() if n in _INPUTS}
    outputs = [fields[n] for n in ("status", "live", "pair", "film", "file", "report", "rows", "seed")]
    outputs += fields["card"]
    handler = _dreaming(app, fields)
    app.wire("image", dream, stop, handler, inputs=inputs, outputs=outputs, status=fields["status"])
    filled = [fields[n] for n in (*_FILLED, *_STYLE, *_ZOOM, *_SET)]
    app.panels["image"] = Panel("image", ("image", "style", "zoom", "latent"), filled, _fill(names))
    _endpoint(app)


_INPUTS = (
    "mode", "source", "style", "base", "look", "backbone", "seed", "fixed", "guide", "masked", "mask", "style_scale", "content",
    *_ZOOM, *_SET,
)  # fmt: skip


def _left(app: App, names: list[str]) -> dict:
    """What a visitor sets."""
    fields = {"mode": gr.Radio(MODES, value=MODES[0], label="What to do", elem_classes="modes")}
    fields["source"] = Picture(
        label="Your picture", height=230, sources=["upload", "clipboard", "webcam"],
        placeholder="Drop a picture here, paste one, or click to choose",
    )  # fmt: skip
    examples = sorted(map(str, looks.EXAMPLES.glob("*.jpg")))
    gr.Examples(examples, fields["source"], label="Or one of these", cache_examples=False, api_visibility="private")
    with gr.Column() as fields["looks_group"]:
        gr.Markdown("Look", elem_classes="title")
        fields["gallery"] = gr.Gallery(
            looks.shown(names), label="Look", columns=5, allow_preview=False, selected_index=0, height=228,
            object_fit="cover", elem_classes="looks", buttons=[], interactive=False, show_label=False,
        )  # fmt: skip
        fields["about"] = gr.Markdown(looks.told(names[0]), elem_classes="quiet")
    with gr.Column(visible=False) as fields["style_group"]:
        fields["style"] = Picture(
            label="A picture whose style to paint in", height=200
        )
        styles = sorted(map(str, looks.STYLES.glob("*.jpg")))
        gr.Examples(styles, fields["style"], label="Or one of these", cache_examples=False, api_visibility="private")
        fields["content"] = gr.Slider(0, 1, 0.2, step=0.01, label="How much of the picture stays")
        fields["style_scale"] = gr.Slider(0.3, 2.0, 1.0, step=0.1, label="Size of the brushwork")
    with gr.Column(visible=False) as fields["zoom_group"]:
        most = min(20, app.limits.max_film_seconds)
        fields["seconds"] = gr.Slider(1, most, min(4, most), step=1, label="Length in seconds")
        fields["zoom"] = gr.Slider(1.0, 1.1, 1.02, step=0.005, label="Zoom from frame to frame")
        fields["rotate"] = gr.Slider(-5, 5, 0, step=0.5, label="Turn from frame to frame, in degrees")
    fields["strength"] = gr.Slider(
        0, 4, 1, step=0.1, label="Strength", info="1 is the look's own, 0 leaves the picture as it is"
    )
    fields["speed"] = gr.Radio(pace.speeds(lambda speed: None), value="normal", label="Speed")
    fields["base"], fields["look"] = gr.State(""), gr.State(names[0])
    fields |= _advanced(app)
    return fields


def _advanced(app: App) -> dict:
    """What is behind "Advanced"."""
    own = Recipe.from_look("eyes")
    with gr.Accordion("Advanced", open=False):
        with gr.Accordion("Network, layers and channels", open=False):
            fields = {"backbone": gr.Dropdown(networks.choices(), value="dreamnet", label="Network that looks")}
            fields["layers"] = gr.Dropdown(
                list(looks.SHEET_LAYERS), value=[], multiselect=True, allow_custom_value=True,
                label="Layers and channels",
                info="what is raised; empty: the network's own. Type NAME, NAME#CHANNEL or NAME:WEIGHT",
            )  # fmt: skip
            fields["sheet_of"] = gr.Radio(
                [("small forms", "stride8"), ("middle", "stride16"), ("large", "stride32")], value="stride16",
                label="What single channels of dreamnet dream of: click one to add it",
            )  # fmt: skip
            fields["sheet"] = gr.Gallery(
                looks.sheet("stride16", app.runs.folder), label="Channels", columns=8, allow_preview=False, height=220,
                object_fit="cover", buttons=[], interactive=False, show_label=False, elem_classes="looks sheet",
            )  # fmt: skip
            fields["classes"] = gr.Dropdown(
                list(networks.motifs()), value=[], multiselect=True, allow_custom_value=True,
                label="Motifs and classes",
                info="textures that dreamnet knows by name, or classes of your own network",
            )  # fmt: skip
        with gr.Accordion("Sizes and steps", open=False):
            fields["octaves"] = gr.Slider(1, 8, own.octaves, step=1, label="Octaves", info="sizes, from small to large")
            fields["octave_scale"] = gr.Slider(1.1, 2.0, own.octave_scale, step=0.05, label="Ratio between two octaves")
            fields["steps"] = gr.Slider(1, 60, own.steps, step=1, label="Steps at each size")
            fields["work_size"] = gr.Slider(
                0, app.limits.max_work_size, 0, step=64, label="Long side at which it is dreamt, in pixels",
                info="0: by the speed. The file always has the size of your picture",
            )  # fmt: skip
        with gr.Accordion("Colours and form", open=False):
            fields["colour"] = gr.Dropdown(_COLOURS, value="dream", label="Colours")
            fields["canvas"] = gr.Dropdown(_FORMS, value="pixels", label="Form in which the dream is held")
        with gr.Accordion("Guide and mask", open=False):
            fields["guide"] = Picture(
                height=180,
                label="Guide: a picture whose motifs the dream is filled with",
            )  # fmt: skip
            fields["masked"] = gr.Checkbox(False, label="Dream only where I paint")
            fields["mask"] = gr.ImageEditor(
                label="Paint where to dream", visible=False, type="numpy", sources=(), transforms=(), layers=False,
                brush=gr.Brush(default_size=48, colors=["#8b7fd2"], color_mode="fixed"), height=360, buttons=[],
            )  # fmt: skip
        with gr.Row():
            fields["seed"] = gr.Number(0, label="Seed", precision=0, minimum=0, maximum=2**31 - 1, min_width=120)
            fields["die"] = gr.Button("⚄ Throw the die", size="sm", min_width=120)
        fields["fixed"] = gr.Checkbox(True, label="Keep this seed: the same settings dream the same again")
    return fields


def _right() -> dict:
    """What a visitor gets."""
    first = looks.first_pair()
    fields = {"status": status("An example: drag the line. Then take a picture and press Dream." if first else "")}
    fields["live"] = gr.Image(
        label="The dream", height=430, interactive=False, buttons=["fullscreen"], elem_classes="stage",
        show_label=False, visible=first is None,
    )  # fmt: skip
    fields["pair"] = gr.ImageSlider(
        first, label="Before and after", visible=first is not None, max_height=520, buttons=["fullscreen"], interactive=False,
        elem_classes="stage", show_label=False,
    )  # fmt: skip
    fields["film"] = gr.Video(
        label="The film", visible=False, height=430, autoplay=True, loop=True, interactive=False, elem_classes="stage"
    )
    fields["file"] = gr.DownloadButton("Save the dream", visible=False, variant="secondary")
    with gr.Accordion("Report card", open=False, visible=False) as fields["report"]:
        fields["rows"] = gr.HTML("", elem_classes="card", padding=True)
    fields["card"] = recipes.card()
    return fields


# ------------------------------------------------------------------------------------------ what happens


def _dreaming(app: App, fields: dict):
    """The handler of the Dream button."""

    def dreaming(data, request: gr.Request):
        given = {n: data[c] for n, c in fields.items() if n in _INPUTS}
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


# ------------------------------------------------------------------------------------------- small wires


def _wire_looks(app: App, fields: dict, names: list[str]) -> None:
    """A look sets all that it stands for."""

    def chosen(event: gr.SelectData):
        look = names[event.index]
        recipe = Recipe.from_look(look)
        values = _values(recipe)
        del values["strength"], values["speed"]
        backbone = recipe.backbone if recipe.backbone in networks.here() else "dreamnet"
        return ["", look, looks.told(look), backbone, *values.values()]

    changed = [n for n in _SET if n not in ("strength", "speed")]
    outputs = [fields[n] for n in ("base", "look", "about", "backbone", *changed)]
    fields["gallery"].select(chosen, None, outputs, **_QUIET)


def _wire_mode(fields: dict) -> None:
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


def _wire_advanced(app: App, fields: dict) -> None:
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


def _wire_times(app: App, fields: dict) -> None:
    """The speeds say how long they take, for this picture, this look and this machine."""
    asked = ("mode", "source", "base", "look", "speed", "backbone", "seconds", *[n for n in _SET if n != "speed"])

    def timed(*values):
        given = dict(zip(asked, values))
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


def _values(recipe: Recipe) -> dict:
    """Values of the fields that a recipe sets."""
    values = {name: getattr(recipe, name) for name in _SET}
    for name in ("layers", "classes"):
        values[name] = [what if weight == 1 else f"{what}:{weight:g}" for what, weight in values[name]]
    return values


def _fill(names: list[str]):
    """Sets the tab to a recipe."""

    def fill(recipe: Recipe, verb: str) -> list:
        mode = next((m for m, v in image_work.VERBS.items() if v == verb), MODES[0])
        index = names.index(recipe.look) if recipe.look in names else None
        about = looks.told(recipe.look) if index is not None else "The settings of a dream."
        values = _values(recipe)
        zoom = [recipe.style_scale, min(recipe.content_weight, 1.0), *(getattr(recipe, n) for n in _ZOOM)]
        head = [mode, recipe.to_json(), recipe.look, gr.update(selected_index=index), about, recipe.backbone]
        return [*head, recipe.seed, True, *zoom, *values.values()]

    return fill


def _endpoint(app: App) -> None:
    """`dream_image` for programs."""

    def dream_image(picture, look="eyes", strength=1.0, speed="normal", seed=0, recipe="", request: gr.Request = None):
        """Dream in a picture; returns the file. `recipe` is JSON of any fields of a recipe, over the look's own."""
        try:
            made = Recipe.from_look(look, strength=float(strength), speed=speed, seed=int(seed))
            made, _ = recipes.safe(recipes.over(made, recipe), app.limits)
            given = {"mode": MODES[0], "source": picture, "guide": None, "masked": False, "mask": None, "style": None}
            work = image_work.work_of(given, made, app)
        except DeepDreamError as error:
            raise gr.Error(sentence(error), print_exception=False) from None
        return app.waited(work, request, "dream_image")

    with gr.Column(visible=False):
        picture = Picture(label="picture")
        look, strength = gr.Textbox("eyes", label="look"), gr.Number(1.0, label="strength")
        speed, seed = gr.Textbox("normal", label="speed"), gr.Number(0, precision=0, label="seed")
        recipe, result = gr.Textbox("", label="recipe"), gr.File(label="dream")
    app.endpoint("dream_image", dream_image, inputs=[picture, look, strength, speed, seed, recipe], output=result)
