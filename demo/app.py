"""The page: `python demo/app.py` shows it at http://127.0.0.1:7860.

Environment: `GRADIO_SERVER_NAME` and `GRADIO_SERVER_PORT` for the address; the limits of `limits.py`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from importlib import util
from pathlib import Path

if not __package__:  # run as a file: the folder above is where the packages are
    _ROOT = str(Path(__file__).resolve().parents[1])
    sys.path.insert(0, _ROOT)
    if os.environ.get("SPACE_ID") and util.find_spec("tensorflow") is None:
        # a Space of the Gradio SDK has nothing but Gradio at first
        subprocess.run([sys.executable, "-m", "pip", "install", "--no-cache-dir", _ROOT], check=True)
    from deepdream_av import cli
    from demo.app import main

    raise SystemExit(cli.run(main))

from deepdream_av.errors import UsageError
from deepdream_av.quiet import hush_tensorflow

from .limits import Limits
from .service import Runs

TITLE = "Audio-visual Deep Dreams"
HEAD = f"""
# {TITLE}

Networks that learnt to see and to hear, dreaming in your pictures, sounds and films.
"""


def build(limits: Limits | None = None):
    """The page as `gr.Blocks`, ready for `launch`; files of visitors lie in one temporary folder.

    Args:
        limits: what visitors may ask for; those of the environment if None.
    """
    limits = limits or Limits.from_environment()
    runs = Runs(limits)
    os.environ["GRADIO_TEMP_DIR"] = str(runs.folder / "files")  # read when components are made
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    import gradio as gr

    from . import audio_tab, explore_tab, image_tab, own_network, recipes, video_tab
    from .page import App, leaving

    app = App(limits, runs)
    with gr.Blocks(
        title=TITLE, analytics_enabled=False, delete_cache=(600, round(limits.keep)), fill_width=False
    ) as page:
        gr.Markdown(HEAD, elem_id="head")
        with gr.Tabs() as app.tabs:
            with gr.Tab("Picture", id="image"):
                image_tab.build(app)
            with gr.Tab("Sound", id="audio"):
                audio_tab.build(app)
            with gr.Tab("Film", id="video"):
                video_tab.build(app)
            with gr.Tab("Explore", id="explore") as tab:
                explore_tab.build(app, tab)
            with gr.Tab("Your network", id="own"):
                own_network.build(app)
            with gr.Tab("Recipes", id="recipes"):
                recipes.build(app)
        recipes.wire(app, page)
        page.unload(leaving(app))
    page.queue(max_size=limits.queue, api_open=False)
    page.app_of_visitors = app
    return page


def warm_up(app) -> threading.Thread:
    """Load the networks in the background, so that the first visitor need not wait, and see how fast it is here."""

    def load():
        import time

        from deepdream_av.image import dream_image
        from deepdream_av.media.example import example_picture
        from deepdream_av.recipe import Recipe

        from .image_work import work_amount

        picture, recipe = example_picture(320, 180), Recipe.from_look()
        for _ in range(2):  # the first one is slow
            began = time.monotonic()
            dream_image(picture, recipe=recipe)
            work, kind, form = work_amount(recipe, "image", (320, 180))
            app.pace.learn(work, kind, time.monotonic() - began, form=form, fixed=0.0)

    thread = threading.Thread(target=load, daemon=True, name="warm-up")
    thread.start()
    return thread


def main(*, host: str | None = None, port: int | None = None, browser: bool = False) -> int:
    """Show the page until Ctrl-C; returns the exit code.

    Args:
        host: name or address to listen at; `GRADIO_SERVER_NAME`, or this machine alone.
        port: `GRADIO_SERVER_PORT`, or 7860.
        browser: whether to open it in a browser.
    """
    hush_tensorflow()
    page = build()
    # what is found out about a visitor's film is kept with his files, and no longer than they are
    os.environ["XDG_CACHE_HOME"] = str(page.app_of_visitors.runs.folder / "cache")
    from .theme import CSS, theme

    limits = page.app_of_visitors.limits
    host = host or os.environ.get("GRADIO_SERVER_NAME") or "127.0.0.1"
    port = port or int(os.environ.get("GRADIO_SERVER_PORT") or 7860)
    try:
        page.launch(
            server_name=host,
            server_port=port,
            inbrowser=browser,
            share=False,
            show_error=False,
            max_file_size=round(max(limits.max_megabytes, limits.max_network_megabytes) * 1_000_000),
            theme=theme(),
            css=CSS,
            footer_links=["api", "settings"],
            quiet=True,
            ssr_mode=False,
            prevent_thread_lock=True,
        )
    except OSError:
        raise UsageError(f"`port` must be free on this machine. Received: {port}, which is in use.") from None
    warm_up(page.app_of_visitors)  # only now: on a busy machine the page would not answer in the time Gradio gives it
    print(f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{port}", flush=True)
    page.block_thread()
    return 0
