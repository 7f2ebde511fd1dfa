"""Settings that travel: out of a dropped file, into every tab, as a command line and as a link.

A recipe from a visitor is a stranger's: no name of a file and no handle of a network in it is followed, and what could
take all of the machine is kept within the limits.
"""

from __future__ import annotations

import dataclasses
import json
import shlex
from pathlib import Path
from urllib.parse import urlencode

import gradio as gr

from deepdream_av.errors import DeepDreamError, UsageError
from deepdream_av.flags import recipe_of
from deepdream_av.media.metadata import read_note
from deepdream_av.recipe import Recipe, list_looks
from deepdream_av.verbs import SOUNDS, VERBS

from . import networks
from .errors import markup, sentence
from .limits import Limits
from .page import App
from .uploads import checked

_FILES = ("weights", "generator", "audio", "spectrum", "stylizer", "pairs")
_LISTS = ("guides", "styles")
_MASKED = ("layers", "terms", "penalties", "classes")
_FLAGS = {  # fields whose flag is given once for each of their values
    "layers": "layer", "classes": "class", "guides": "guide", "styles": "style", "terms": "term",
    "penalties": "penalty", "ear_layers": "ear-layer", "ear_classes": "ear-class",
}  # fmt: skip
_NOT_TOLD = ("look",)
STYLED_SOUND = "style of a sound"  # what the sound tab calls a recipe of `style`
MOST_LINK = 3000  # characters
_LARGEST = 2048  # pixels of the largest octave


def safe(recipe: Recipe, limits: Limits, *, keep: tuple[str, ...] = ()) -> tuple[Recipe, tuple[str, ...]]:
    """A stranger's recipe without anything that names a file, and within the limits.

    Args:
        recipe: from a file, a link or a field of the page.
        limits: what a visitor may ask for.
        keep: fields that the page has set itself, from a visitor's upload.

    Returns:
        The recipe, and sentences on what was left out.
    """
    changes, notes = {}, []
    for name in _FILES:
        if getattr(recipe, name) and name not in keep:
            changes[name] = ""
            notes.append(_left_out(name, getattr(recipe, name)))
    for name in _LISTS:
        if getattr(recipe, name) and name not in keep:
            changes[name] = ()
            files = ", ".join(_bare(file) for file, _ in getattr(recipe, name))
            notes.append(f"This dream used {files}: add it again, files do not travel with a recipe.")
    if recipe.mask not in ("", "alpha") and "mask" not in keep:
        changes["mask"] = ""
        notes.append("This dream had a mask: paint it again, files do not travel with a recipe.")
    for name in _MASKED:
        pairs = tuple((what.partition("@")[0], weight) for what, weight in getattr(recipe, name))
        if pairs != getattr(recipe, name):
            changes[name] = tuple(pair for pair in pairs if pair[0])
            notes.append("Masks of single layers were left out, files do not travel with a recipe.")
    if recipe.backbone not in networks.here() and "backbone" not in keep:
        changes |= {"backbone": "dreamnet", "layers": (), "classes": ()}
        notes.append(f"The network {_bare(recipe.backbone)} is not here: dreamnet dreams in its place.")
    if recipe.contrast and recipe.contrast not in networks.here():
        changes["contrast"] = ""
    if recipe.ear != "earnet" and "ear" not in keep:
        changes |= {"ear": "earnet", "ear_layers": (), "ear_classes": ()}
    return recipe.replace(**changes, **_within(recipe, limits)), tuple(dict.fromkeys(notes))


def _within(recipe: Recipe, limits: Limits) -> dict:
    """Changes that keep memory and time within bounds."""
    size = min(recipe.work_size, limits.max_work_size)
    longest = (size or limits.max_work_size) * recipe.octave_scale**recipe.octaves_above
    return {
        "work_size": size,
        "octaves_above": recipe.octaves_above if longest <= _LARGEST else 0,
        "octaves": min(recipe.octaves, 10),
        "steps": min(recipe.steps, 200),
        "size": min(recipe.size, limits.max_work_size),
        "style_scale": min(recipe.style_scale, 2.0),
        "style_steps": min(recipe.style_steps, 500),
        "first_steps": min(recipe.first_steps, 1000),
        "style_filters": min(recipe.style_filters, 4096),
        "seconds": min(recipe.seconds, limits.max_film_seconds),
        "fps": min(recipe.fps, 60.0),
        "frame_steps": min(recipe.frame_steps, 20),
    }


def _left_out(name: str, value: str) -> str:
    return f"This dream used {_bare(value)} ({name}): files do not travel with a recipe, it was left out."


def _bare(name: str) -> str:
    return name.replace("\\", "/").rsplit("/", 1)[-1][:60]


def over(recipe: Recipe, text: str) -> Recipe:
    """A recipe with the fields that a piece of JSON names.

    Raises:
        UsageError: not JSON, an unknown field, or a value out of range.

    >>> over(Recipe(seed=3), '{"strength": 2}').strength
    2.0
    """
    if not text.strip():
        return recipe
    checked_ = Recipe.from_json(text)
    return recipe.replace(**{name: getattr(checked_, name) for name in json.loads(text) if name != "schema"})


def named(recipe: Recipe) -> Recipe:
    """A recipe as it is written into a file: names of a visitor's files without the folders of this machine."""
    changes = {n: _bare(getattr(recipe, n)) for n in (*_FILES, "mask") if getattr(recipe, n)}
    changes |= {n: tuple((_bare(f), w) for f, w in getattr(recipe, n)) for n in _LISTS}
    if "/" in recipe.backbone or "\\" in recipe.backbone:
        changes["backbone"] = _bare(recipe.backbone)
    return recipe.replace(**changes)


def changed(recipe: Recipe) -> dict:
    """What a recipe has other than its look: `{field: value}`."""
    look = Recipe.from_look(recipe.look) if recipe.look in list_looks() else Recipe()
    pairs = ((f.name, getattr(recipe, f.name), getattr(look, f.name)) for f in dataclasses.fields(recipe))
    return {name: value for name, value, usual in pairs if value != usual and name not in _NOT_TOLD}


def arguments(recipe: Recipe, verb: str) -> list[str]:
    """Flags of the command line that ask for a recipe."""
    found = [f"--look={recipe.look}"] if recipe.look in list_looks() and recipe.look != "eyes" else []
    fields = {f.name: f for f in dataclasses.fields(recipe)}
    for name, value in changed(recipe).items():
        if not VERBS[verb].has(name) and fields[name].metadata["flag"]:
            continue  # it means nothing to this verb
        if name in _FLAGS and value:
            found += [f"--{_FLAGS[name]}={what}:{weight:g}" for what, weight in value]
        elif fields[name].metadata["flag"] and not isinstance(value, tuple):
            found.append(f"--{name.replace('_', '-')}={_text(value)}")
        else:
            found.append(f"--set={name}={_text(value)}")
    return found


def _text(value) -> str:
    if isinstance(value, tuple):
        return ",".join(f"{x[0]}:{x[1]!r}" if isinstance(x, tuple) else repr(x) for x in value)
    return repr(value) if isinstance(value, float) else str(value)


def command(recipe: Recipe, verb: str, source: str) -> str:
    """The command line that makes a dream again."""
    suffix = Path(source).suffix if verb != "zoom" else ".mp4"
    file = f"{Path(source).stem}.dream{suffix}" if suffix else "dream.png"
    return shlex.join(["deepdream-av", verb, source or "FILE", *arguments(recipe, verb), "-o", file])


def link(recipe: Recipe, verb: str, base: str) -> str:
    """An address that opens the page with these settings; what is in files is not in it.

    Args:
        recipe: without files, see `safe`.
        verb: what was done.
        base: address of the page.
    """
    told = {name: _text(value) for name, value in changed(recipe).items() if name not in (*_FILES, *_LISTS, "mask")}
    return f"{base.split('?')[0].split('#')[0]}?{urlencode({'verb': verb, 'look': recipe.look, **told})}"


def from_link(query: dict) -> tuple[Recipe, str]:
    """The recipe and the verb in the address of the page.

    Raises:
        UsageError: it asks for something that there is not.
    """
    query = dict(query)
    verb = query.pop("verb", "image")
    if verb not in VERBS or sum(map(len, query.values())) > MOST_LINK:
        raise UsageError("The link is not one of this page.")
    look = query.pop("look", "eyes")
    known = {f.name for f in dataclasses.fields(Recipe)}
    settings = [f"--set={name}={value}" for name, value in query.items() if name in known]
    return recipe_of("video" if verb in ("audio", "video") else "image", [f"--look={look}", *settings]), verb


# ------------------------------------------------------------------------------------------- on the page


def card() -> list:
    """The recipe under a result: what it changed, the command line, the link; hidden until there is one.

    Returns:
        The accordion and its three fields, whose values `carded` gives.
    """
    with gr.Accordion("The recipe of this dream", open=False, visible=False) as whole:
        line = gr.Textbox(label="As a command line", buttons=["copy"], interactive=False, lines=2)
        address = gr.Textbox(label="As a link to this page", buttons=["copy"], interactive=False, lines=1)
        settings = gr.Code(label="All that differs from the look", language="json", interactive=False, lines=3)
    return [whole, line, address, settings]


def carded(recipe: Recipe, verb: str, source: str, request: gr.Request) -> list:
    """Values for `card`."""
    recipe = named(recipe)
    told = {"look": recipe.look, **changed(recipe)}
    return [
        gr.update(visible=True),
        command(recipe, verb, source),
        link(recipe, verb, address(request)),
        json.dumps(told, indent=1),
    ]


def address(request: gr.Request | None) -> str:
    """The address of the page as the visitor's browser knows it."""
    headers = getattr(request, "headers", None) or {}
    return str(headers.get("referer") or getattr(getattr(request, "request", None), "base_url", "") or "/")


def build(app: App) -> None:
    """The tab."""
    gr.Markdown(
        "Every dream carries its settings inside. Drop one here, from this page or from the command line, and they "
        "come back: the right tab opens with all of them set."
    )
    app.drop = gr.File(label="A dream: picture, sound, film, or a recipe as .json", height=140)
    app.read = gr.HTML("", elem_classes="status", padding=True)


def wire(app: App, page) -> None:
    """Connect what was dropped, and what the address of the page says, with all tabs."""
    outputs = [app.tabs, app.read, *(c for panel in app.panels.values() for c in panel.outputs)]
    quiet = dict(queue=False, api_visibility="private", show_progress="hidden")
    app.drop.upload(_dropped(app), app.drop, outputs, **quiet)
    page.load(_opened(app), None, outputs, **quiet)


def _dropped(app: App):
    def dropped(file):
        try:
            note = read_note(checked(file, app.limits, "file"))
            recipe, notes = safe(note.recipe, app.limits)
        except (DeepDreamError, OSError) as error:
            return _nothing(app, sentence(error))
        suffix = Path(file).suffix.lower()
        verb = note.kind or next((v for v in VERBS if suffix in VERBS[v].suffixes), "image")
        if verb == "style" and suffix in SOUNDS:
            verb = STYLED_SOUND
        return _filled(app, recipe, verb, notes)

    return dropped


def _opened(app: App):
    def opened(request: gr.Request):
        query = dict(request.query_params)
        if not query or not {"verb", "look"} & set(query):
            return _nothing(app, "")
        try:
            recipe, verb = from_link(query)
            recipe, notes = safe(recipe, app.limits)
        except DeepDreamError as error:
            return _nothing(app, sentence(error))
        return _filled(app, recipe, verb, notes)

    return opened


def _nothing(app: App, why: str) -> list:
    told = f'<div role="alert" class="error">{markup(why)}</div>' if why else ""
    return [gr.skip(), told, *(gr.skip() for p in app.panels.values() for _ in p.outputs)]


def _filled(app: App, recipe: Recipe, verb: str, notes) -> list:
    """Updates of all tabs, and the tab that a recipe is for in front."""
    panel = next((p for p in app.panels.values() if verb in p.verbs), None)
    if panel is None:
        return _nothing(app, f"This is a recipe of `{verb}`, which only the command line makes: deepdream-av replay.")
    gr.Info("The settings are back. Add your file and press the button.")
    for note in notes:
        gr.Warning(markup(note))  # it is shown as HTML
    told = "".join(f'<div class="note">{markup(note)}</div>' for note in notes)
    found = [gr.Tabs(selected=panel.tab), f'<div role="status">The settings are back.</div>{told}']
    for other in app.panels.values():
        found += other.fill(recipe, verb) if other is panel else [gr.skip() for _ in other.outputs]
    return found
