"""The tab Explore: what networks are made of, what their channels want to see, and what fires on a visitor's file."""

from __future__ import annotations

import gradio as gr

from deepdream_av.errors import DeepDreamError
from deepdream_av.recipe import Recipe

from . import explore_work, looks, networks
from .errors import sentence
from .page import App, buttons, failed, line, replaced, session_of, status
from .uploads import Picture, Sound

_ABOUT = (
    "A network is layers, from fine grain to whole things, and every layer is channels: each of them looks for one "
    "kind of thing. Here they show what they look for. **Click one, and it is dreamt in your picture or sound.**"
)
_QUIET = dict(queue=False, api_visibility="private", show_progress="hidden")


def build(app: App, tab: gr.Tab) -> None:
    """The tab.

    Args:
        app: what a tab may use.
        tab: the tab itself; layers are looked up when it is opened.
    """
    gr.Markdown(_ABOUT)
    with gr.Row(equal_height=False):
        with gr.Column(scale=5, min_width=320):
            fields = _left()
        with gr.Column(scale=6, min_width=320):
            fields |= _right(app)
    _wire_network(app, fields, tab)
    outputs = [fields[n] for n in ("status", "sheet", "names", "kind", "where")]
    for place in ("sheet", "fires"):
        begin, stop = fields[f"{place}_begin"], fields[f"{place}_stop"]
        inputs = {fields[n] for n in _INPUTS}
        handler = _working(app, fields, place)
        app.wire(f"explore {place}", begin, stop, handler, inputs=inputs, outputs=outputs, status=fields["status"])
    _wire_click(app, fields)


_INPUTS = ("network", "layer", "first", "count", "picture", "sound")


def _left() -> dict:
    fields = {
        "network": gr.Dropdown(explore_work.choices(), value="dreamnet", label="Network"),
        "layer": gr.Dropdown(
            list(looks.SHEET_LAYERS), value="stride16", label="Layer", info="from the first, fine grain, to the deepest"
        ),
    }
    with gr.Row():
        fields["first"] = gr.Number(0, label="From channel", precision=0, minimum=0, min_width=120)
        fields["count"] = gr.Radio([8, 16, 32], value=16, label="How many", min_width=160)
    fields["sheet_begin"], fields["sheet_stop"] = buttons("Show what they look for")
    gr.Markdown("Or the other way round: which channels does a file of yours set off?", elem_classes="quiet")
    fields["picture"] = Picture(label="Your picture", height=220, sources=["upload", "clipboard", "webcam"])
    examples = dict(cache_examples=False, api_visibility="private")
    with gr.Column() as fields["pictures"]:
        pictures = sorted(map(str, looks.EXAMPLES.glob("*.jpg")))
        gr.Examples(pictures, fields["picture"], label="Or one of these", **examples)
    with gr.Column(visible=False) as fields["sounds"]:
        fields["sound"] = Sound(label="Your sound", sources=["upload", "microphone"])
        gr.Examples(sorted(map(str, looks.SOUNDS.glob("*.ogg"))), fields["sound"], label="Or one of these", **examples)
    fields["fires_begin"], fields["fires_stop"] = buttons("Show what fires")
    return fields


def _right(app: App) -> dict:
    fields = {"status": status("Choose a layer and press the button, or give a file.")}
    fields["sheet"] = gr.Gallery(
        looks.sheet("stride16", app.runs.folder), label="Channels: click one to dream it", columns=5, height="auto",
        allow_preview=False, object_fit="cover", buttons=[], interactive=False, elem_classes="looks channels",
        show_label=False,
    )  # fmt: skip
    fields["where"] = gr.Image(
        label="Where each of them is loudest", visible=False, interactive=False, buttons=["fullscreen"], height=360
    )
    fields["names"], fields["kind"] = gr.State([f"stride16#{k}" for k in range(64)]), gr.State("image")
    return fields


def _wire_network(app: App, fields: dict, tab: gr.Tab) -> None:
    """The layers of the network that is chosen, and the kind of file that it can be given."""

    def looked_up(name, layer, request: gr.Request):
        try:
            kind, found, default = explore_work.layers(name, app.own.get(session_of(request)))
        except DeepDreamError as error:
            return gr.skip(), gr.skip(), gr.skip(), gr.skip(), failed(sentence(error))
        known = [value for _, value in found]
        seen = gr.update(visible=kind == "image")
        chosen = gr.update(choices=found, value=layer if layer in known else default)
        return chosen, seen, seen, gr.update(visible=kind == "sound"), gr.skip()

    inputs = [fields["network"], fields["layer"]]
    outputs = [fields[n] for n in ("layer", "picture", "pictures", "sounds", "status")]
    alone = dict(concurrency_id="networks", concurrency_limit=1, api_visibility="private", show_progress="hidden")
    fields["network"].change(looked_up, inputs, outputs, **alone)
    tab.select(looked_up, inputs, outputs, **alone)
    fields["layer"].change(lambda: 0, None, fields["first"], **_QUIET)


def _working(app: App, fields: dict, place: str):
    """The handler of a button."""

    def working(data, request: gr.Request):
        given, session = {n: data[fields[n]] for n in _INPUTS}, session_of(request)
        own, sheet = app.own.get(session), explore_work.Sheet()
        shown = lambda **new: {fields[n]: value for n, value in new.items()}  # noqa: E731
        try:
            if place == "sheet":
                asked = (given["layer"], given["first"] or 0, given["count"])
                work = explore_work.sheet_of(given["network"], own, *asked, app, sheet)
            else:
                work = explore_work.fires_of(given["network"], own, given["picture"], given["sound"], app, sheet)
        except DeepDreamError as error:
            yield shown(status=failed(sentence(error)))
            return
        there, marked = 0, False
        for update in app.runs.watch(work, session=session, place=f"explore {place}"):
            cells = list(sheet.cells)
            if update.stopped and cells:  # what is there is kept
                update = replaced(update, result=sheet)
            new = {"status": line(update)}
            if len(cells) > there:
                there = len(cells)
                new |= {"sheet": cells, "names": sheet.names[:there], "kind": sheet.kind}
            if there and not marked:
                marked = True
                new["where"] = gr.update(value=sheet.shown, visible=sheet.shown is not None)
            yield shown(**new)

    return working


def _wire_click(app: App, fields: dict) -> None:
    """A click on a channel opens the tab where it can be dreamt, with all set."""
    panels = [app.panels["image"], app.panels["audio"]]
    outputs = [app.tabs, *(c for panel in panels for c in panel.outputs)]

    def clicked(names, kind, network, event: gr.SelectData):
        name = names[event.index] if event.index < len(names) else None
        if name is None or (kind == "sound" and network != explore_work.EAR):
            gr.Info("Ears of your own dream on the command line: deepdream-av audio --ear FILE.")
            return [gr.skip() for _ in outputs]
        layers = ((name, 1.0),)
        if kind == "sound":
            recipe, verb = Recipe(ear_layers=layers), "audio"
        else:
            backbone = network if network in networks.here() else networks.YOURS
            recipe, verb = Recipe.from_look("eyes", backbone=backbone, layers=layers), "image"
        panel = next(p for p in panels if verb in p.verbs)
        gr.Info(f"{name} is set. Give a {'sound' if kind == 'sound' else 'picture'} and press Dream.", duration=6)
        found = [gr.Tabs(selected=panel.tab)]
        for other in panels:
            found += panel.fill(recipe, verb) if other is panel else [gr.skip() for _ in other.outputs]
        return found

    inputs = [fields["names"], fields["kind"], fields["network"]]
    # through the queue, without which there is nobody to tell
    fields["sheet"].select(clicked, inputs, outputs, api_visibility="private", show_progress="hidden")
