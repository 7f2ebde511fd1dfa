"""One frozen object that says everything about a dream.

A `Recipe` is a preset, a set of flags, a set of sliders and the metadata inside a written file, all
at once: JSON both ways, every field typed and range-checked, so that a recipe read from a stranger's
file can do no harm.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from importlib import resources
from typing import Any

from deepdream_av.errors import UsageError, unknown_name

SCHEMA = 1
MAX_JSON = 64_000  # characters; a recipe is about 1,000


def _f(default, doc, *, low=None, high=None, choices=None, unit="", flag=True):
    meta = dict(doc=doc, low=low, high=high, choices=choices, unit=unit, flag=flag)
    return field(default=default, metadata=meta)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Everything that decides how a dream looks and sounds.

    Same recipe, same input, same machine: same pixels and samples.
    """

    # what to look for
    look: str = _f("eyes", "preset that the other settings start from")
    seed: int = _f(0, "randomness is drawn from this number", low=0, high=2**31 - 1)
    strength: float = _f(1.0, "how far to dream: 0 leaves the source, 1 is the look's own", low=0.0, high=4.0)
    speed: str = _f("normal", "how much work to spend", choices=("sketch", "normal", "fine"))
    backbone: str = _f("dreamnet", "network that looks: a known name or a saved .keras file")
    weights: str = _f("", "weights file for the backbone, instead of its own")
    layers: tuple[tuple[str, float], ...] = _f(
        (), "layers or channels (NAME#12) to raise, with weights; empty: the look's own"
    )
    classes: tuple[tuple[str, float], ...] = _f((), "classes to raise, of a network that knows classes")
    contrast: str = _f(
        "",
        "keep out what this network sees: base (the backbone before it was retrained), a known name, or a saved "
        ".keras file",
    )
    contrast_strength: float = _f(1.0, "how much of it is kept out", low=0.0, high=4.0, flag=False)
    work_size: int = _f(
        0, "long side in pixels at which pictures are dreamt; 0: by hardware", low=0, high=8192, unit="px"
    )

    # the ascent in pictures
    octaves: int = _f(3, "sizes at which the picture is dreamt", low=1, high=16, flag=False)
    octave_scale: float = _f(1.25, "ratio between two octaves", low=1.05, high=4.0, flag=False)
    steps: int = _f(14, "gradient steps in each octave", low=1, high=1000, flag=False)
    step_size: float = _f(
        0.006, "length of a step, in units of the picture's range", low=1e-5, high=1.0, flag=False
    )
    jitter: int = _f(16, "largest random shift before each step", low=0, high=512, unit="px", flag=False)
    rule: str = _f("std", "how the gradient is normalised", choices=("std", "mean", "laplacian", "natural"), flag=False)
    tone: str = _f("soft", "how the result is brought back into range", choices=("soft", "clip"), flag=False)

    # pictures out of a generator
    generator: str = _f("", "network that paints: a saved .keras file; empty: the one in the package")
    latent_steps: int = _f(
        120,
        "gradient steps through the world of the generator; with the speed, more or fewer",
        low=1,
        high=10_000,
    )
    size: int = _f(512, "side of what a generator paints, in the file", low=64, high=4096, unit="px")

    # sound
    ear: str = _f("earnet", "network that listens: earnet or a saved .keras file")
    ear_layers: tuple[tuple[str, float], ...] = _f((), "layers of the ear to raise; empty: its own default")
    ear_classes: tuple[tuple[str, float], ...] = _f((), "classes to raise, of an ear that knows classes")
    sound: str = _f(
        "wave",
        "how sound is dreamt: on the waveform, by a mel mask, or not at all",
        choices=("wave", "mask", "off"),
    )
    sound_change: float = _f(
        5.0,
        "how far the sound may move from its source, in dB of mel spectrum",
        low=0.0,
        high=30.0,
        unit="dB",
    )
    sound_steps: int = _f(24, "most gradient steps spent on the sound", low=1, high=1000, flag=False)

    # film
    start: float = _f(0.0, "skip this much of the film or sound", low=0.0, high=1e6, unit="s")
    duration: float = _f(0.0, "dream only this much; 0: to the end", low=0.0, high=1e6, unit="s")
    frame_steps: int = _f(2, "gradient steps for each following frame of a shot", low=1, high=100, flag=False)
    memory: float = _f(
        0.92,
        "share of the last frame's dream that is carried on along the flow",
        low=0.0,
        high=1.0,
        flag=False,
    )
    coupling: str = _f("base", "what is heard drives how strongly each frame dreams", choices=("base", "off"))
    coupling_strength: float = _f(0.5, "how much the sound drives the picture", low=0.0, high=1.0, flag=False)

    def __post_init__(self):
        for f in dataclasses.fields(self):
            object.__setattr__(self, f.name, _checked(f, getattr(self, f.name)))

    def to_json(self, **json_options) -> str:
        """This recipe as JSON, with the schema number."""
        return json.dumps({"schema": SCHEMA, **dataclasses.asdict(self)}, **json_options)

    @classmethod
    def from_json(cls, text: str | bytes) -> Recipe:
        """Read a recipe; nothing in `text` is ever evaluated.

        Raises:
            UsageError: too long, not JSON, a newer schema, an unknown field, a value out of range.
        """
        if len(text) > MAX_JSON:
            raise UsageError(f"A recipe has at most {MAX_JSON} characters. Received: {len(text)}.")
        try:
            data = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise UsageError(f"A recipe is a JSON object. Received something else: {error}.") from None
        return cls.from_dict(data)

    @classmethod
    def from_dict(cls, data: Any) -> Recipe:
        """Read a recipe from a mapping of field names to values; missing fields take their defaults."""
        if not isinstance(data, dict):
            raise UsageError(f"A recipe is a JSON object. Received: {type(data).__name__}.")
        data = dict(data)
        schema = data.pop("schema", SCHEMA)
        if not isinstance(schema, int) or schema > SCHEMA:
            raise UsageError(
                f"This version reads recipes up to schema {SCHEMA}. Received: schema {schema!r}."
            )
        names = {f.name for f in dataclasses.fields(cls)}
        for name in data:
            if name not in names:
                raise unknown_name("field", name, sorted(names), owner="Recipe")
        return cls(**data)

    @classmethod
    def from_look(cls, name: str = "eyes", **changes) -> Recipe:
        """The recipe of a look (one JSON file in `presets/`), with some fields changed."""
        names = list_looks()
        if name not in names:
            raise unknown_name("look", name, names)
        text = (resources.files("deepdream_av") / "presets" / f"{name}.json").read_text("utf-8")
        return cls.from_dict({**json.loads(text), "look": name, **changes})

    def replace(self, **changes) -> Recipe:
        """A copy with some fields changed."""
        return dataclasses.replace(self, **changes)


def list_looks() -> list[str]:
    """Names of the looks that ship with the library."""
    folder = resources.files("deepdream_av") / "presets"
    return sorted(p.name[:-5] for p in folder.iterdir() if p.name.endswith(".json"))


def _checked(f: dataclasses.Field, value):
    """`value` in the field's type and range, or a `UsageError` that names both."""
    if f.type.startswith("tuple"):
        return _checked_layers(f.name, value)
    kind = {"int": int, "float": float, "str": str}[f.type]
    ok = isinstance(value, kind) and not isinstance(value, bool)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        ok = abs(value) < 2**63  # beyond that an integer may be no float at all
        value = float(value) if ok else value
    meta = f.metadata
    if not ok:
        raise UsageError(f"`{f.name}` must be of type {f.type}. Received: {str(value)[:80]!r}.")
    if meta["choices"] and value not in meta["choices"]:
        raise unknown_name(f.name, value, meta["choices"])
    # written so that NaN fails too
    if meta["low"] is not None and not meta["low"] <= value <= meta["high"]:
        raise UsageError(
            f"`{f.name}` must lie between {meta['low']} and {meta['high']}. Received: {value!r}."
        )
    if kind is str and len(value) > 4096:
        raise UsageError(f"`{f.name}` has at most 4096 characters. Received: {len(value)}.")
    return value


def _checked_layers(name: str, value):
    try:
        pairs = tuple((layer, float(weight)) for layer, weight in value)
        ok = all(isinstance(layer, str) and 0 < len(layer) <= 256 and abs(w) <= 1e6 for layer, w in pairs)
    except (TypeError, ValueError, OverflowError):
        ok = False
    if not ok or len(pairs) > 64:
        raise UsageError(f"`{name}` must be pairs of a layer's name and its weight. Received: {value!r}.")
    return pairs
