"""Recipes from strangers: nothing in them is followed, all of them come back as they were."""

import dataclasses
import shlex

import pytest

from deepdream_av.errors import DeepDreamError
from deepdream_av.flags import recipe_of
from deepdream_av.recipe import Recipe, list_looks

pytest.importorskip("gradio", reason="the web app needs gradio")
from demo import recipes  # noqa: E402
from demo.limits import Limits  # noqa: E402

LIMITS = Limits()
HOSTILE = Recipe(
    backbone="hub:/tmp/program",
    weights="/etc/passwd",
    generator="/home/x/g.keras",
    audio="/var/log/syslog",
    spectrum="/home",
    stylizer="hub:/tmp/other",
    pairs="/etc/hosts",
    mask="/etc/shadow",
    guides=(("/root/guide.png", 1.0),),
    styles=(("../../style.png@/etc/fstab", 1.0),),
    layers=(("stride16@/etc/passwd", 1.0), ("stride8#3", 1.0)),
    terms=(("mean=stride8#1@/etc/passwd", 1.0),),
    contrast="/tmp/n.keras",
    ear="/tmp/ear.keras",
)


def test_no_file_and_no_handle_of_a_stranger_is_followed():
    found, notes = recipes.safe(HOSTILE, LIMITS)
    told = found.to_json()
    for word in ("/etc", "/tmp", "/root", "/home", "/var", "hub:", "..", ".keras"):
        assert word not in told, word
    assert found.backbone == "dreamnet" and found.ear == "earnet"
    assert notes and not any("/" in note for note in notes)


def test_a_harmless_recipe_stays_as_it_is():
    for look in list_looks("image"):
        recipe = Recipe.from_look(look, strength=1.7, seed=5)
        if recipe.backbone in ("dreamnet", "discriminator"):
            assert recipes.safe(recipe, LIMITS) == (recipe, ())


def test_what_would_take_all_of_the_machine_is_bounded():
    greedy = Recipe(
        work_size=8192, octaves=16, octaves_above=8, octave_scale=4.0, steps=1000, style_scale=10.0, seconds=1e6,
        fps=120.0, frame_steps=100, style_filters=16384, style_steps=10_000, first_steps=10_000,
    )  # fmt: skip
    found, _ = recipes.safe(greedy, LIMITS)
    largest = found.work_size * found.octave_scale**found.octaves_above
    assert found.work_size <= LIMITS.max_work_size and largest <= 2048
    assert found.seconds * found.fps * found.frame_steps <= LIMITS.max_film_seconds * 60 * 20


RECIPES = [
    Recipe.from_look("creatures", strength=2.5, seed=42, octaves=5),
    Recipe.from_look("giants", bands=(0.5, 1.0, 2.0), rule="std", layers=(("stride16#47", 0.5), ("stride8", 1.0))),
    Recipe(translate="-1,2", seconds=3.5, rotate=-2.0, zoom=1.05),
    Recipe(step_size=0.1 + 0.2, loudness=1 / 3),
    Recipe(classes=(("julia", 1.0),), penalties=(("tv", 0.25),), colour="luminance"),
]


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda r: r.look)
def test_the_command_line_asks_for_the_same_recipe(recipe):
    verb = "zoom" if recipe.seconds != Recipe().seconds else "image"
    words = shlex.split(recipes.command(recipe, verb, "a file; rm -rf.jpg"))
    assert words[:3] == ["deepdream-av", verb, "a file; rm -rf.jpg"]
    arguments = words[3 : words.index("-o")]
    assert recipe_of(verb, arguments) == recipe


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda r: r.look)
def test_the_link_opens_the_same_recipe(recipe):
    from urllib.parse import parse_qsl, urlsplit

    address = recipes.link(recipe, "image", "http://host/?old=1#there")
    assert address.startswith("http://host/?verb=image")
    assert recipes.from_link(dict(parse_qsl(urlsplit(address).query))) == (recipe, "image")


@pytest.mark.parametrize(
    "query",
    [
        {"verb": "rm"},
        {"look": "<script>"},
        {"strength": "nan"},
        {"strength": "1; import os"},
        {"octaves": "1e9"},
        {"layers": "x" * 4000},
    ],
)
def test_a_wrong_link_is_a_sentence(query):
    with pytest.raises(DeepDreamError):
        recipes.from_link(query)


def test_what_a_link_does_not_know_is_left_out():
    assert recipes.from_link({"look": "eyes", "utm_source": "letter", "strength": "2"})[0] == Recipe(strength=2.0)


def test_a_link_names_no_files():
    address = recipes.link(HOSTILE.replace(backbone="dreamnet"), "image", "http://host/")
    for field in ("weights", "guides", "styles", "mask", "audio"):
        assert f"{field}=" not in address


def test_a_written_recipe_has_names_without_folders():
    recipe = Recipe(guides=(("/tmp/x/flowers.png", 2.0),), mask="/tmp/y/mask.png", backbone="/tmp/z/own.keras")
    found = recipes.named(recipe)
    assert (found.guides, found.mask, found.backbone) == ((("flowers.png", 2.0),), "mask.png", "own.keras")
    same = {f.name for f in dataclasses.fields(Recipe)} - {"guides", "mask", "backbone"}
    assert all(getattr(found, n) == getattr(recipe, n) for n in same)


def test_json_over_a_look_is_checked():
    assert recipes.over(Recipe.from_look("giants"), '{"steps": 3}') == Recipe.from_look("giants", steps=3)
    for text in ("{", "[]", '{"steps": "3"}', '{"nothing": 1}', '{"steps": 1e9}'):
        with pytest.raises(DeepDreamError):
            recipes.over(Recipe(), text)
