"""The page as a whole: what is public, what leaves the machine, how a visitor is told."""

import ast
import doctest
import re
from importlib import import_module
from pathlib import Path

import pytest

pytest.importorskip("gradio", reason="the web app needs gradio")
from demo import errors, page, recipes  # noqa: E402
from demo.app import build  # noqa: E402
from demo.limits import Limits  # noqa: E402
from demo.service import Update  # noqa: E402
from demo.theme import CSS, theme  # noqa: E402

DEMO = Path(__file__).parents[2] / "demo"
MODULES = sorted(path.stem for path in DEMO.glob("*.py") if path.stem != "__init__")


@pytest.fixture(scope="module")
def blocks():
    return build(Limits(queue=7, concurrent=2))


def test_only_the_three_dreams_are_public(blocks):
    named = blocks.get_api_info()["named_endpoints"]
    assert set(named) == {"/dream_image", "/dream_audio", "/dream_video"}
    for name, told in named.items():
        needed = [p for p in told["parameters"] if not p["parameter_has_default"]]
        assert len(needed) == 1, name  # the file alone


def test_all_dreams_share_one_bounded_queue(blocks):
    dreams = [f for f in blocks.fns.values() if f.concurrency_id == page.QUEUE]
    assert len(dreams) >= 6 and all(f.queue for f in dreams)
    assert {f.concurrency_limit for f in dreams} == {2}
    assert blocks._queue.max_size == 7


def test_nothing_comes_from_the_network(blocks):
    assert not blocks.analytics_enabled
    assert theme()._stylesheets == [] and theme()._font_css == []
    assert not re.search(r"https?:|@import", CSS)


def test_every_field_has_a_label(blocks):
    config = blocks.get_config_file()
    for component in config["components"]:
        kind, props = component["type"], component["props"]
        if kind in ("slider", "radio", "dropdown", "number", "textbox", "checkbox", "image", "audio", "video", "file"):
            assert props.get("label"), (kind, props)


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in_docstrings_hold(name):
    module = import_module(f"demo.{name}")
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize("name", MODULES)
def test_modules_stay_small(name):
    text = (DEMO / f"{name}.py").read_text("utf-8")
    assert ast.get_docstring(ast.parse(text))
    assert len(text.splitlines()) <= 400


def test_what_a_visitor_wrote_is_escaped():
    told = page.line(Update(stage="<script>", notes=("<img src=x onerror=y>",), error="'<b>'"))
    assert "<script" not in told and "<img" not in told and "<b>" not in told
    assert "&lt;b&gt;" in page.failed("<b>")


def test_a_line_says_where_a_dream_is():
    assert "about 3 s left" in page.line(Update(share=0.25, seconds=1.0, stage="Dreaming"))
    assert "width:25%" in page.line(Update(share=0.25, seconds=1.0))
    assert 'role="alert"' in page.line(Update(error="No."))
    assert "Stopped" in page.line(Update(finished=True, result=1, stopped="stop"))
    assert "time" in page.line(Update(finished=True, result=1, stopped="budget"))
    assert "before there was anything" in page.line(Update(finished=True, stopped="stop"))


@pytest.mark.parametrize(
    "text",
    [
        "The source does not exist: '/tmp/gradio/0a1b/my cat.png'.",
        "x: '/srv/a/b/c.wav' and '/srv/a/d.wav'",
        "C:\\Users\\me\\cat.png is broken",
    ],
)
def test_no_sentence_names_a_folder_of_the_server(text):
    told = errors.sentence(errors.Refused(text))
    for word in ("tmp", "gradio", "work/", "Users"):
        assert word not in told
    assert ".png" in told or ".wav" in told


def test_a_dropped_recipe_fills_its_tab_and_no_other(blocks, tmp_path):
    from deepdream_av.recipe import Recipe

    app = blocks.app_of_visitors
    path = tmp_path / "recipe.json"
    path.write_text(Recipe(strength=2.0, weights="/etc/passwd").to_json())
    filled = recipes._dropped(app)(str(path))
    assert len(filled) == 2 + sum(len(p.outputs) for p in app.panels.values())
    at = 2
    for panel in app.panels.values():
        mine = filled[at : at + len(panel.outputs)]
        at += len(panel.outputs)
        assert (2.0 in mine) == (panel.tab == "image")
    assert "/etc" not in str(filled)


def test_the_command_finds_the_app_beside_the_package():
    from deepdream_av import demo as verb

    module = verb._app()
    assert Path(module.__file__) == DEMO / "app.py"
    assert module.__name__ == "deepdream_av_demo.app"
