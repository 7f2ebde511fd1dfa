"""The tab for a network of one's own: a `.keras` file that `training/` made, and what can be done with it here."""

from __future__ import annotations

import contextlib
import json
import re
import secrets
import shutil
from pathlib import Path

import gradio as gr

from deepdream_av.errors import DeepDreamError
from deepdream_av.recipe import Recipe

from . import network_file, networks
from .errors import markup, sentence
from .page import App, session_of
from .report import table
from .uploads import checked

_ABOUT = """
Teach a network your own motifs, and dream of them here. From a folder with a directory of pictures for each motif:

```
pip install 'deepdream-av[training]'
python -m training.retrain --backbone dreamnet \\
    --data my_pictures -o mine.keras
```

Then drop `mine.keras` here. The file is taken as data: only plain layers of Keras are read, nothing in it is run. It is
yours alone, and goes when you close the page.
"""
_QUIET = dict(queue=False, api_visibility="private", show_progress="hidden")


def build(app: App) -> None:
    """The tab."""
    with gr.Row(equal_height=False):
        with gr.Column(scale=5, min_width=320):
            gr.Markdown(_ABOUT)
        with gr.Column(scale=6, min_width=320):
            file = gr.File(label=f"Your network, a .keras file of at most {_most(app):g} MB", height=150)
            told = gr.HTML("", elem_classes="status card", padding=True, label="Your network", js_on_load=None)
            go = gr.Button("Dream a picture with it", variant="primary", visible=False)
            away = gr.Button("Remove it", visible=False)
    outputs = [told, go, away]
    alone = dict(concurrency_id="networks", concurrency_limit=1, api_visibility="private", show_progress="minimal")
    file.upload(_given(app), file, outputs, **alone)
    file.clear(_removed(app), None, outputs, **_QUIET)
    away.click(_removed(app), None, outputs, **_QUIET).then(lambda: None, None, file, **_QUIET)
    panel = app.panels["image"]
    go.click(_chosen(app), None, [app.tabs, *panel.outputs], **_QUIET)


def _most(app: App) -> float:
    return app.limits.max_network_megabytes


def _given(app: App):
    """A file was uploaded: look at it, and keep what is plain."""

    def given(file, request: gr.Request):
        hidden = gr.update(visible=False)
        yield '<div role="status">Looking at your network…</div>', hidden, hidden
        folder = app.runs.folder / "networks" / secrets.token_hex(8)
        try:
            if not file or Path(file).suffix.lower() != ".keras":
                raise network_file.Refused("A network is a .keras file, as training.retrain or Keras 3 saves it.")
            source = checked(file, app.limits, "network")
            folder.mkdir(parents=True)
            target = folder / f"{_plain(source.stem)}.keras"
            network_file.plain_copy(source, target, megabytes=_most(app))
            facts = network_file.facts(target)
        except (DeepDreamError, OSError) as error:
            shutil.rmtree(folder, ignore_errors=True)
            yield f'<div role="alert" class="error">{markup(sentence(error))}</div>', hidden, hidden
            return
        finally:
            with contextlib.suppress(OSError, TypeError):
                Path(file).unlink()  # the copy is what is used
        (folder / "facts.json").write_text(json.dumps(facts), "utf-8")
        _forget(app, session_of(request))
        app.own[session_of(request)] = target
        yield shown(target.name, facts), gr.update(visible=facts["kind"] == "image"), gr.update(visible=True)

    return given


def _plain(stem: str) -> str:
    return re.sub(r"[^\w-]+", "_", stem)[:40] or "network"


def shown(name: str, facts: dict) -> str:
    """What a network is, as HTML."""
    kind = "It looks at pictures" if facts["kind"] == "image" else "It listens to sounds"
    labels = facts["labels"]
    some = ", ".join(labels[:12]) + (f" and {len(labels) - 12} more" if len(labels) > 12 else "")
    rows = [
        ("Layers", str(len(facts["layers"])), f"from {facts['layers'][0][0]} to {facts['layers'][-1][0]}"),
        ("Dreams with", "", ", ".join(facts["default"]) or "whatever you choose"),
        ("Knows by name", str(len(labels)) if labels else "nothing", some),
        ("Size", f"{facts['parameters'] / 1e6:.1f} M", "numbers in it"),
    ]
    use = (
        "In the tab Picture or Film it is now the network <b>your own</b>."
        if facts["kind"] == "image"
        else "The tab Explore shows what it hears. To dream a sound with it: "
        f"<code>deepdream-av audio song.wav --ear {markup(name)}</code>"
    )
    return f"<p><b>{markup(name)}</b> is here. {kind}.</p>{table(rows)}<p>{use}</p>"


def facts_of(path: Path | None) -> dict | None:
    """What is known of a visitor's network; None if there is none."""
    try:
        return json.loads((path.parent / "facts.json").read_text("utf-8")) if path else None
    except (OSError, ValueError):
        return None


def _forget(app: App, session: str) -> None:
    own = app.own.pop(session, None)
    if own is not None:
        shutil.rmtree(own.parent, ignore_errors=True)


def _removed(app: App):
    def removed(request: gr.Request):
        _forget(app, session_of(request))
        return "", gr.update(visible=False), gr.update(visible=False)

    return removed


def _chosen(app: App):
    """Open the picture tab with this network, and a motif of it."""

    def chosen(request: gr.Request):
        panel = app.panels["image"]
        facts = facts_of(app.own.get(session_of(request)))
        if facts is None:
            return [gr.skip() for _ in (app.tabs, *panel.outputs)]
        classes = ((facts["labels"][0], 1.0),) if facts["labels"] else ()
        look = "motifs" if classes else "eyes"
        recipe = Recipe.from_look(look, backbone=networks.YOURS, layers=(), classes=classes)
        return [gr.Tabs(selected=panel.tab), *panel.fill(recipe, "image")]

    return chosen
