"""What every tab shares: what a tab may use, what it gives back, and the line that says how a dream goes on."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import gradio as gr

from .errors import markup
from .limits import Limits
from .pace import Pace
from .service import Runs, Update

QUEUE = "dreams"  # one queue for all dreams


@dataclass(frozen=True)
class Panel:
    """A tab that takes a recipe.

    Attributes:
        tab: id of the tab.
        verbs: verbs whose recipes it takes.
        outputs: components that a recipe changes.
        fill: `fill(recipe, verb)` gives one update for each of them.
    """

    tab: str
    verbs: tuple[str, ...]
    outputs: list
    fill: Callable


@dataclass
class App:
    """What a tab may use.

    Attributes:
        limits: what a visitor may ask for.
        runs: runs dreams, see `service.Runs`.
        panels: the tabs that take recipes, by tab; each adds its own.
        own: network files of visitors, by session.
        pace: how long dreams take here.
        tabs: the row of tabs.
    """

    limits: Limits
    runs: Runs
    panels: dict[str, Panel] = field(default_factory=dict)
    own: dict[str, Path] = field(default_factory=dict)
    pace: Pace = field(default_factory=Pace)
    tabs: gr.Tabs | None = None

    def dreams(self, **more) -> dict:
        """Arguments of an event that dreams: the one queue, and nothing that hides the preview."""
        shared = dict(concurrency_id=QUEUE, concurrency_limit=self.limits.concurrent, trigger_mode="once")
        return {**shared, "api_visibility": "private", "show_progress": "minimal", **more}

    def wire(self, place: str, dream, stop, handler: Callable, *, inputs, outputs, status) -> None:
        """Connect the two buttons of a tab.

        Args:
            place: name of the tab.
            dream, stop: the buttons.
            handler: a generator `handler(*inputs, request: gr.Request)` that yields for `outputs`.
            inputs, outputs: components.
            status: where the place in the queue is shown.
        """
        ask = dict(queue=False, api_visibility="private", show_progress="hidden")
        dream.click(_asked(self, place), None, [dream, stop, status], **ask)
        dream.click(handler, inputs, outputs, **self.dreams(show_progress_on=status, scroll_to_output=False)).then(
            _idle, None, [dream, stop], **ask
        )
        stop.click(_stopped(self, place), None, status, trigger_mode="multiple", **ask)

    def waited(self, work: Callable, request: gr.Request, place: str) -> str:
        """The file of a dream, for a program that waits for it.

        Args:
            work: gives something with a `path`, see `Runs.watch`.
            request: who asks.
            place: name of the endpoint.

        Raises:
            gr.Error: in the sentence that a visitor would see.
        """
        import secrets

        # a program may ask for several at once
        for update in self.runs.watch(work, session=session_of(request), place=f"{place} {secrets.token_hex(4)}"):
            if update.finished:
                if update.result is None:
                    raise gr.Error(update.error or "Nothing was dreamt in the time there is.", print_exception=False)
                folder = self.runs.folder / "sent" / secrets.token_hex(8)
                folder.mkdir(parents=True)
                return str(shutil.move(update.result.path, folder))
        raise gr.Error("Nothing was dreamt.", print_exception=False)

    def endpoint(self, name: str, handler: Callable, *, inputs: list, output) -> None:
        """Give programs a named endpoint: `gradio_client` calls it with the file alone.

        Args:
            name: as in `client.predict(..., api_name="/name")`.
            handler: a function; its arguments after the file have defaults, and its docstring is shown.
            inputs: components, the first for the file; the values of the others are their defaults.
            output: component for the result.
        """
        hidden = gr.Button(visible=False)
        hidden.click(
            handler,
            inputs,
            output,
            **self.dreams(api_name=name, api_visibility="public", trigger_mode="multiple"),
        )


def _asked(app: App, place: str):
    def asked(request: gr.Request):
        app.runs.asked(session_of(request), place)
        return gr.update(visible=False), gr.update(visible=True), line(Update(stage="Waiting for a free place"))

    return asked


def _stopped(app: App, place: str):
    def stopped(request: gr.Request):
        session = session_of(request)
        if not app.runs.stop(session, place):
            gr.Info("There is nothing to stop.")
        elif not app.runs.working(session, place):
            return line(Update(stage="Stopped: it leaves the queue when its turn comes"))
        return gr.skip()

    return stopped


def _idle():
    return gr.update(visible=True), gr.update(visible=False)


def leaving(app: App):
    """What happens when a visitor closes the page: his dreams end, his network goes."""

    def left(request: gr.Request):
        session = session_of(request)
        app.runs.forget(session)
        own = app.own.pop(session, None)
        if own is not None:
            shutil.rmtree(own.parent, ignore_errors=True)  # it lies in a folder of its own

    return left


def session_of(request: gr.Request | None) -> str:
    """Who is asking: Gradio's name for one open page."""
    return str(getattr(request, "session_hash", None) or "nobody")


def buttons(label: str) -> tuple[gr.Button, gr.Button]:
    """The two buttons of a tab: the one that begins, and the one that ends and is seen while there is something."""
    begin = gr.Button(label, variant="primary", size="lg")
    stop = gr.Button("Stop and keep what is there", variant="stop", size="lg", visible=False)
    return begin, stop


def status(text: str = "") -> gr.HTML:
    """A line for how a dream goes on, with a first sentence."""
    told = f'<div class="line"><span>{markup(text)}</span></div>' if text else ""
    return gr.HTML(told, elem_classes="status", padding=True, label="How it goes on", js_on_load=None)


_ENDED = {
    "stop": "Stopped. This is what there was.",
    "budget": "The time for one dream was over. This is what there was.",
}


def line(update: Update, *, left: float | None = None, done: str = "Done", refused: str = "") -> str:
    """How a dream goes on, as HTML.

    Args:
        update: the last one.
        left: seconds that are left, if anyone knows.
        done: what is said at the end.
        refused: a sentence in place of all of it: why nothing is done.
    """
    error = refused or update.error
    notes = "".join(f'<div class="note">{markup(note)}</div>' for note in update.notes[-4:])
    if error:
        return f'<div role="alert" class="error">{markup(error)}</div>{notes}'
    if update.finished:
        nothing = update.result is None
        text = "Stopped before there was anything to keep." if nothing else _ENDED.get(update.stopped, done)
        share, right = (0.0 if nothing else 1.0), f"{update.seconds:.0f} s" if not nothing else ""
    else:
        text, share = update.stage or "Dreaming", update.share or 0.0
        left = update.seconds * (1 / share - 1) if left is None and share > 0.05 else left
        right = f"about {max(left, 1):.0f} s left" if left is not None else f"{update.seconds:.0f} s"
        right = right if update.seconds else ""  # it waits
    bar = f'<div class="track" aria-hidden="true"><div class="fill" style="width:{100 * share:.0f}%"></div></div>'
    told = f'<div class="line" role="status"><span>{markup(text)}</span><span>{right}</span></div>'
    return told + bar + notes


def failed(sentence: str) -> str:
    """A line that says why nothing is done."""
    return line(Update(), refused=sentence)


def with_seed(seed, *, random: bool) -> int:
    """The seed that is used: the given one, or a drawn one that is then shown in its field."""
    import secrets

    if random or seed is None:
        return secrets.randbelow(2**31)
    return int(min(max(seed, 0), 2**31 - 1))


def replaced(update: Update, **changes) -> Update:
    """An update with some of it changed."""
    return dataclasses.replace(update, **changes)
