"""The sound tab: dream in a sound, of something by name or of another sound, or take the style of another."""

from __future__ import annotations

import gradio as gr

from deepdream_av.errors import DeepDreamError
from deepdream_av.recipe import Recipe

from . import audio_work, looks, networks, pace, recipes, report
from .audio_work import CLASS, DREAM, GUIDE, MODES, STYLE
from .errors import sentence
from .page import App, Panel, buttons, failed, line, session_of, status, with_seed
from .uploads import Sound

_INPUTS = (
    "mode", "source", "other", "base", "depth", "layers", "classes", "strength", "speed", "seed", "fixed", "times",
    "band", "sound", "onsets", "chroma", "start", "content",
)  # fmt: skip
_FILLED = (
    "mode", "base", "depth", "layers", "classes", "strength", "speed", "seed", "fixed", "times", "band", "sound",
    "onsets", "chroma", "start", "content",
)  # fmt: skip
_LAYERS = ["block1", "pitch", "block2", "block3", "block4", "block5", "embedding"]
_QUIET = dict(queue=False, api_visibility="private", show_progress="hidden")


def build(app: App) -> None:
    """The tab."""
    with gr.Row(equal_height=False):
        with gr.Column(scale=5, min_width=320):
            fields = _left(app)
        with gr.Column(scale=6, min_width=320, elem_classes="results"):
            dream, stop = buttons("Dream")
            fields |= _right()
    _wire(app, fields)
    outputs = [fields[n] for n in ("status", *_RESULTS, "seed")] + fields["card"]
    inputs = {fields[n] for n in _INPUTS}
    app.wire("audio", dream, stop, _dreaming(app, fields), inputs=inputs, outputs=outputs, status=fields["status"])
    app.panels["audio"] = Panel("audio", ("audio", recipes.STYLED_SOUND), [fields[n] for n in _FILLED], _fill)
    _endpoint(app)


def _left(app: App) -> dict:
    """What a visitor sets."""
    fields = {"mode": gr.Radio(list(MODES), value=DREAM, label="What to do", elem_classes="modes")}
    most = app.limits.max_seconds
    fields["source"] = Sound(
        label=f"Your sound (up to {pace.words(most)})", sources=["upload", "microphone"], buttons=[], editable=False
    )
    files = {"Music": looks.SOUNDS / "music.ogg", "Drops of water": looks.SOUNDS / "drops.ogg"}
    shared = dict(cache_examples=False, api_visibility="private", example_labels=list(files))
    examples = [[str(file)] for file in files.values()]
    gr.Examples(examples, fields["source"], label="Or one of these", **shared)
    fields["depth"] = gr.Radio(
        list(audio_work.DEPTHS), value=next(iter(audio_work.DEPTHS)), label="Look: what is brought out"
    )
    fields["classes"] = gr.Dropdown(
        list(networks.sounds()), value=[], multiselect=True, visible=False, label="What to dream of",
        info="sounds, instruments, keys and chords that the ear knows by name",
    )  # fmt: skip
    with gr.Column(visible=False) as fields["others"]:
        fields["other"] = Sound(label="The other sound", sources=["upload", "microphone"], buttons=[], editable=False)
        gr.Examples(examples, fields["other"], label="Or one of these", **shared)
        fields["content"] = gr.Slider(
            0, 1, 0.05, step=0.01, label="How much of your sound stays", visible=False, info="0: the style takes all"
        )
    fields["strength"] = gr.Slider(0, 4, 1, step=0.1, label="Strength", info="0 leaves the sound as it is")
    fields["speed"] = gr.Radio(pace.speeds(lambda speed: None), value="normal", label="Speed")
    fields["base"] = gr.State("")
    return fields | _advanced(app)


def _advanced(app: App) -> dict:
    """What is behind "Advanced"."""
    with gr.Accordion("Advanced", open=False):
        fields = {
            "layers": gr.Dropdown(
                _LAYERS, value=[], multiselect=True, allow_custom_value=True, label="Layers of the ear",
                info="in place of the choice above. Type NAME, NAME#CHANNEL or NAME:WEIGHT",
            )
        }  # fmt: skip
        fields["sound"] = gr.Radio(
            [("on the waveform", "wave"), ("by a filter over time (gentler)", "mask")], value="wave", label="How"
        )
        fields["onsets"] = gr.Slider(0, 2, 0.3, step=0.1, label="How firmly the rhythm stays")
        fields["chroma"] = gr.Slider(0, 2, 0.3, step=0.1, label="How firmly the harmony stays")
        fields["start"] = gr.Number(0, label="Begin at this second", minimum=0, precision=1)
        fields["times"] = gr.Textbox("", label="Dream only in these seconds", placeholder="2-5.5, 8-", max_lines=1)
        fields["band"] = gr.Textbox("", label="Dream only in these Hz", placeholder="200-4000", max_lines=1)
        with gr.Row():
            fields["seed"] = gr.Number(0, label="Seed", precision=0, minimum=0, maximum=2**31 - 1, min_width=120)
            fields["die"] = gr.Button("⚄ Throw the die", size="sm", min_width=120)
        fields["fixed"] = gr.Checkbox(True, label="Keep this seed: the same settings dream the same again")
    return fields


_RESULTS = ("after", "before", "spectrogram", "hint", "file", "report", "rows")


def _right() -> dict:
    """What a visitor gets."""
    fields = {"status": status("Take a sound, or record one, and press Dream.")}
    player = dict(interactive=False, visible=False, buttons=[], type="filepath")
    fields["after"] = gr.Audio(label="After", **player)
    fields["before"] = gr.Audio(label="Before, equally loud", **player)
    fields["spectrogram"] = gr.Image(
        label="Spectrograms before and after", interactive=False, visible=False, buttons=["fullscreen"],
        elem_classes="stage", show_label=False,
    )  # fmt: skip
    fields["hint"] = gr.Markdown(
        "Above the sound as it was, below as it was dreamt: time to the right, pitch upwards.", visible=False,
        elem_classes="quiet",
    )  # fmt: skip
    fields["file"] = gr.DownloadButton("Save the sound", visible=False, variant="secondary")
    with gr.Accordion("Report card", open=False, visible=False) as fields["report"]:
        fields["rows"] = gr.HTML("", elem_classes="card", padding=True)
    fields["card"] = recipes.card()
    return fields


def _dreaming(app: App, fields: dict):
    """The handler of the Dream button."""

    def dreaming(data, request: gr.Request):
        given = {n: data[fields[n]] for n in _INPUTS}
        session = session_of(request)
        shown = lambda **new: {fields[n]: value for n, value in new.items()}  # noqa: E731
        try:
            given["seed"] = with_seed(given["seed"], random=not given["fixed"])
            recipe = audio_work.recipe_of(given, app)
            work = audio_work.work_of(given, recipe, app)
        except DeepDreamError as error:
            yield shown(status=failed(sentence(error)))
            return
        amount, kind, form = _amount(app, recipe, given["mode"], given["source"])
        expected = app.pace.seconds(amount, kind, form=form)
        hidden = dict.fromkeys(("after", "before", "spectrogram", "hint", "file", "report"), gr.update(visible=False))
        yield shown(seed=given["seed"], status="", **hidden)
        for update in app.runs.watch(work, session=session, place="audio"):
            made = update.result
            if not update.finished:
                left = max(expected - update.seconds, 0.0) if not update.share else None
                yield shown(status=line(update, left=left))
            elif made is None:
                yield shown(status=line(update))
            else:
                if not update.stopped:
                    app.pace.learn(amount, kind, update.seconds, form=form)
                card = recipes.carded(made.recipe, made.verb, str(given["source"]).rsplit("/", 1)[-1], request)
                yield {**shown(**_finished(update)), **dict(zip(fields["card"], card))}

    return dreaming


def _finished(update) -> dict:
    made = update.result
    size = made.path.stat().st_size
    amount = f"{size / 1e6:.1f} MB" if size > 100_000 else f"{max(1, size // 1000)} kB"
    return {
        "status": line(update),
        "after": gr.update(value=made.after, visible=True),
        "before": gr.update(value=made.before, visible=True),
        "spectrogram": gr.update(value=made.spectrogram, visible=True),
        "hint": gr.update(visible=True),
        "file": gr.update(
            value=str(made.path), visible=True, label=f"Save the sound ({made.path.suffix[1:].upper()}, {amount})"
        ),
        "report": gr.update(visible=bool(made.card)),
        "rows": report.table(made.card),
    }


def _amount(app: App, recipe: Recipe, mode: str, source) -> tuple[float, str, str]:
    seconds = min(audio_work.seconds_of(source) or 10.0, app.limits.max_seconds)
    kind = "sound style" if mode == STYLE else "sound"
    return pace.sound_work(recipe, seconds), kind, f"{recipe.ear_layers}{recipe.ear_classes}"


def _wire(app: App, fields: dict) -> None:
    """Only what a mode needs is seen; the die; the times."""

    def switched(mode):
        return (
            gr.update(visible=mode != STYLE and mode != CLASS),
            gr.update(visible=mode == CLASS),
            gr.update(visible=mode in (GUIDE, STYLE)),
            gr.update(visible=mode == STYLE),
        )

    shown = [fields[n] for n in ("depth", "classes", "others", "content")]
    fields["mode"].change(switched, fields["mode"], shown, **_QUIET)
    fields["die"].click(lambda: with_seed(0, random=True), None, fields["seed"], **_QUIET)

    def timed(source, mode, strength):
        if not source or audio_work.seconds_of(source) is None:
            return gr.update(choices=pace.speeds(lambda speed: None))

        def estimate(speed):
            recipe = Recipe.from_look(speed=speed)
            amount, kind, form = _amount(app, recipe, mode, source)
            return app.pace.seconds(amount, kind, form=form)

        return gr.update(choices=pace.speeds(estimate))

    inputs = [fields[n] for n in ("source", "mode", "strength")]
    for name in ("source", "mode"):
        fields[name].change(timed, inputs, fields["speed"], **_QUIET)


def _fill(recipe: Recipe, verb: str) -> list:
    """Sets the tab to a recipe."""
    mode = STYLE if verb == recipes.STYLED_SOUND else CLASS if recipe.ear_classes else DREAM
    depth = next((d for d, layers in audio_work.DEPTHS.items() if layers == recipe.ear_layers), None)
    layers = [] if depth else [n if w == 1 else f"{n}:{w:g}" for n, w in recipe.ear_layers]
    kept = dict(recipe.keep)
    known = {name.lower(): name for _, name in networks.sounds()}
    classes = [known[n.lower()] for n, _ in recipe.ear_classes if n.lower() in known]
    return [
        mode, recipe.to_json(), depth or next(iter(audio_work.DEPTHS)), layers, classes, recipe.strength, recipe.speed,
        recipe.seed, True, recipe.times, recipe.band, recipe.sound if recipe.sound != "off" else "wave",
        kept.get("onsets", 0.0), kept.get("chroma", 0.0), recipe.start, min(recipe.content_weight, 1.0),
    ]  # fmt: skip


def _endpoint(app: App) -> None:
    """`dream_audio` for programs."""

    def dream_audio(sound, strength=1.0, speed="normal", of="", seed=0, recipe="", request: gr.Request = None):
        """Dream in a sound; returns the file. `of` names what to dream of; `recipe` is JSON of fields of a recipe."""
        try:
            changes = {"ear_classes": ((of, 1.0),)} if of else {}
            made = Recipe.from_look(strength=float(strength), speed=speed, seed=int(seed), **changes)
            made, _ = recipes.safe(recipes.over(made, recipe), app.limits)
            most = audio_work.within(sound, made.start, app)
            duration = min(made.duration, most) if made.duration and most else made.duration or most
            given = {"mode": DREAM, "source": sound, "other": None}
            work = audio_work.work_of(given, made.replace(duration=duration), app)
        except DeepDreamError as error:
            raise gr.Error(sentence(error), print_exception=False) from None
        return app.waited(work, request, "dream_audio")

    with gr.Column(visible=False):
        sound, strength = Sound(label="sound"), gr.Number(1.0, label="strength")
        speed, of, seed = (
            gr.Textbox("normal", label="speed"), gr.Textbox("", label="of"), gr.Number(0, precision=0, label="seed")
        )  # fmt: skip
        recipe, result = gr.Textbox("", label="recipe"), gr.File(label="dream")
    app.endpoint("dream_audio", dream_audio, inputs=[sound, strength, speed, of, seed, recipe], output=result)
