"""A recipe is the same after any journey, and refuses what it is not."""

import dataclasses
import json

import pytest

from deepdream_av.errors import UsageError
from deepdream_av.recipe import MAX_JSON, SCHEMA, Recipe, list_looks


def extreme(which: str) -> Recipe:
    """A recipe with every bounded number at its lowest or highest."""
    return Recipe(
        **{
            f.name: (int if f.type == "int" else float)(f.metadata[which])
            for f in dataclasses.fields(Recipe)
            if f.metadata[which] is not None
        }
    )


@pytest.mark.parametrize(
    "recipe",
    [
        Recipe(),
        Recipe(layers=(("a", 1.0), ("b/é", -0.25)), weights="w 'x'.h5"),
        extreme("low"),
        extreme("high"),
    ],
    ids=["default", "layers", "low", "high"],
)
def test_json_brings_back_the_same_recipe(recipe):
    assert Recipe.from_json(recipe.to_json()) == recipe
    assert Recipe.from_json(recipe.to_json(indent=2).encode()) == recipe
    assert hash(Recipe.from_json(recipe.to_json())) == hash(recipe)
    assert json.loads(recipe.to_json())["schema"] == SCHEMA


def test_a_recipe_does_not_change():
    recipe = Recipe()
    with pytest.raises(dataclasses.FrozenInstanceError):
        recipe.seed = 1
    assert recipe.replace(seed=1) == Recipe(seed=1) and recipe.seed == 0


def test_every_look_loads_and_knows_its_name():
    assert {"eyes", "patterns", "creatures"} <= set(list_looks())
    for name in list_looks():
        look = Recipe.from_look(name)
        assert look.look == name and Recipe.from_json(look.to_json()) == look
        assert Recipe.from_look(name, seed=5).seed == 5
    with pytest.raises(UsageError, match="Did you mean 'patterns'"):
        Recipe.from_look("paterns")


@pytest.mark.parametrize("f", dataclasses.fields(Recipe), ids=lambda f: f.name)
def test_every_field_is_documented_and_refuses_the_wrong(f):
    assert len(f.metadata["doc"]) > 10
    for wrong in (None, [1], {"a": 1}, b"x", True, object()):
        with pytest.raises(UsageError, match=f.name):
            Recipe(**{f.name: wrong})
    if f.metadata["low"] is not None:
        for beyond in (f.metadata["low"] - 1, f.metadata["high"] + 1, float("nan"), float("inf")):
            with pytest.raises(UsageError, match=f.name):
                Recipe(**{f.name: beyond})
    if f.metadata["choices"]:
        with pytest.raises(UsageError, match=f.name):
            Recipe(**{f.name: "no such choice"})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "null",
        "[]",
        '"eyes"',
        "NaN",
        "__import__('os').system('true')",
        "[" * 30_000,
        '{"a":' * 10_000,
        '{"unknown": 1}',
        '{"seed": "1"}',
        '{"seed": 1e400}',
        '{"seed": -1}',
        '{"strength": NaN}',
        '{"strength": Infinity}',
        '{"octaves": 2.5}',
        '{"octaves": true}',
        '{"layers": "abc"}',
        '{"layers": [["a"]]}',
        '{"layers": [["a", NaN]]}',
        '{"layers": [["", 1]]}',
        '{"layers": {"a": 1}}',
        '{"layers": [["a", 1e300]]}',
        '{"schema": 2}',
        '{"schema": "1"}',
        '{"backbone": "' + "x" * 5000 + '"}',
        " " * (MAX_JSON + 1),
        b"\xff\xfe\x00",
    ],
    ids=range(28),
)
def test_hostile_json_is_a_usage_error_of_one_line(text):
    with pytest.raises(UsageError) as error:
        Recipe.from_json(text)
    assert len(str(error.value)) < 7000 and "Traceback" not in str(error.value)


def test_looks_differ_in_more_than_their_names():
    recipes = [Recipe.from_look(name).replace(look="eyes") for name in list_looks()]
    assert len(set(recipes)) == len(recipes) >= 3
