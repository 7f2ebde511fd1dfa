"""The picture tab: dream in a picture, paint it in a style, or zoom into it without end."""

from __future__ import annotations

import gradio as gr

from deepdream_av.errors import DeepDreamError
from deepdream_av.recipe import Recipe

from . import image_events, image_work, looks, networks, pace, recipes
from .errors import sentence
from .image_events import FILLED, INPUTS, MODES, SET, STYLE, ZOOM
from .page import App, Panel, buttons, status
from .uploads import Picture

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
    image_events.wire_looks(app, fields, names)
    image_events.wire_mode(fields)
    image_events.wire_advanced(app, fields)
    image_events.wire_times(app, fields)
    inputs = {c for n, c in fields.items() if n in INPUTS}
    outputs = [fields[n] for n in ("status", "live", "pair", "film", "file", "report", "rows", "seed")]
    outputs += fields["card"]
    handler = image_events.dreaming(app, fields)
    app.wire("image", dream, stop, handler, inputs=inputs, outputs=outputs, status=fields["status"])
    filled = [fields[n] for n in (*FILLED, *STYLE, *ZOOM, *SET)]
    app.panels["image"] = Panel("image", ("image", "style", "zoom", "latent"), filled, image_events.fill(names))
    _endpoint(app)




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
        first, label="Before and after", visible=first is not None, max_height=520, buttons=["fullscreen"],
        interactive=False, elem_classes="stage", show_label=False,
    )  # fmt: skip
    fields["film"] = gr.Video(
        label="The film", visible=False, height=430, autoplay=True, loop=True, interactive=False, elem_classes="stage"
    )
    fields["file"] = gr.DownloadButton("Save the dream", visible=False, variant="secondary")
    with gr.Accordion("Report card", open=False, visible=False) as fields["report"]:
        fields["rows"] = gr.HTML("", elem_classes="card", padding=True)
    fields["card"] = recipes.card()
    return fields


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
