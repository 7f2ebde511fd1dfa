"""Limits come from the environment, and nonsense in it is told before anything starts."""

import dataclasses

import pytest

from deepdream_av.errors import UsageError

pytest.importorskip("gradio", reason="the web app needs gradio")
from demo.limits import PREFIX, Limits  # noqa: E402


def test_every_limit_is_a_variable():
    for field in dataclasses.fields(Limits):
        raised = {"int": int, "float": float}[field.type](field.default * 1.5 + 1)
        found = Limits.from_environment({PREFIX + field.name.upper(): str(raised)})
        assert getattr(found, field.name) == raised
        others = {f.name: getattr(found, f.name) for f in dataclasses.fields(Limits) if f.name != field.name}
        assert others == {f.name: f.default for f in dataclasses.fields(Limits) if f.name != field.name}


@pytest.mark.parametrize("text", ["many", "nan", "-1", "0", "1e99"])
def test_nonsense_is_told(text):
    with pytest.raises(UsageError, match="(?i)max_seconds"):
        Limits.from_environment({"DEEPDREAM_AV_MAX_SECONDS": text})


def test_an_empty_variable_is_none():
    assert Limits.from_environment({"DEEPDREAM_AV_QUEUE": " "}) == Limits()
