"""One frozen object that says everything about a dream.

A `Recipe` is a preset, a set of flags, a set of sliders and the metadata inside a written file, all
at once: JSON both ways, every field typed and range-checked, so that a recipe read from a stranger's
file can do no harm.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from deepdream_av.errors import UsageError, unknown_name
from deepdream_av.fields import checked
from deepdream_av.fields import described as _f

SCHEMA = 1
MAX_JSON = 64_000  # characters; a recipe is about 1,000


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
    backbone: str = _f("dreamnet", "network that looks: a known name, a saved .keras file, or hub:FOLDER_OR_HANDLE")
    weights: str = _f("", "weights file for the backbone, instead of its own")
    layers: tuple[tuple[str, float], ...] = _f(
        (), "layers or channels (NAME#12) to raise, with weights; empty: the look's own"
    )
    classes: tuple[tuple[str, float], ...] = _f((), "classes to raise, of a network that knows classes")
    loss: str = _f(
        "energy",
        "measure of how much there is of a layer: the logarithm of its energy, its mean, its mean square, its norm",
        choices=("energy", "mean", "square", "norm"),
        flag=False,
    )
    border: int = _f(0, "cells at the edges of each layer that do not count", low=0, high=16, flag=False)
    balance: str = _f(
        "none",
        "what weights weigh: the terms as they are, or gradients that were brought to one length each",
        choices=("none", "own"),
        flag=False,
    )
    guides: tuple[tuple[str, float], ...] = _f(
        (), "pictures, or sounds, whose motifs the layers shall be filled with, with weights"
    )
    guide_match: str = _f(
        "cosine",
        "which cell of a guide counts: that of the largest product or of the nearest direction, that at the same "
        "place, or that at the same place exactly",
        choices=("best", "cosine", "place", "copy"),
    )
    terms: tuple[tuple[str, float], ...] = _f(
        (),
        "more to want, as KIND=LAYER#CHANNELS: mean, square, norm, energy, neuron=LAYER#12/0.5/0.5, "
        "direction=LAYER#3+7, cosine=LAYER#3+7, diversity=LAYER",
    )
    penalties: tuple[tuple[str, float], ...] = _f(
        (), "what to avoid in the picture, with weights: tv (grain), slope (an unnatural spectrum), distance"
    )
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
    octaves_above: int = _f(0, "how many of them are larger than the picture", low=0, high=8, flag=False)
    octave_sizes: str = _f(
        "round",
        "how sides of octaves become whole numbers: rounded or cut, from the picture's own or each from the one before",
        choices=("round", "floor", "round-each", "floor-each"),
        flag=False,
    )
    carry: str = _f(
        "delta",
        "what goes from octave to octave: what was dreamt, or the picture as a whole",
        choices=("delta", "picture"),
        flag=False,
    )
    carry_blend: float = _f(
        0.0, "share of the source in a picture that goes to the next octave", low=0.0, high=1.0, flag=False
    )
    margin: int = _f(16, "mirror image around the picture", low=0, high=128, unit="px", flag=False)
    rule: str = _f(
        "std",
        "how the gradient is normalised",
        choices=(
            "std",
            "mean",
            "limited",
            "laplacian",
            "lapnorm",
            "natural",
            "cascade",
            "cascade-wide",
            "adam",
        ),
        flag=False,
    )
    rule_floor: float = _f(0.0, "what that adds to, or for limited at least divides by", low=0.0, high=1.0, flag=False)
    bands: tuple[float, ...] = _f(
        (), "an equaliser: strength of each detail size, the finest first, such as 0.5,1,2,1"
    )
    momentum: float = _f(0.0, "share of the last directions that is kept in each", low=0.0, high=0.99, flag=False)
    units: str = _f(
        "range",
        "what a step is measured in: the range of the picture, or the standard deviations of ImageNet's colours",
        choices=("range", "imagenet"),
        flag=False,
    )
    rescue: int = _f(
        0, "first steps in which a network that answers nothing is waked", low=0, high=1000, flag=False
    )
    robust: float = _f(
        0.0, "how far the picture is scaled, turned and shifted before each step", low=0.0, high=4.0, flag=False
    )
    mask: str = _f(
        "", "where to dream: a picture, white or opaque where, or alpha for the source's own alpha channel"
    )
    loudness: float = _f(
        19.5 / 255, "root mean square of a dream at strength 1", low=0.0, high=0.5, flag=False
    )
    finish: str = _f(
        "even",
        "whether the dream is brought to one loudness everywhere, or stays as it came",
        choices=("even", "raw"),
        flag=False,
    )
    tone: str = _f(
        "soft",
        "how the result is brought back into range: bent, cut off, paled with its hues kept, or cut off at the end",
        choices=("soft", "clip", "chroma", "free"),
        flag=False,
    )
    canvas: str = _f(
        "pixels",
        "form in which the dream is held",
        choices=("pixels", "fourier", "phase", "laplacian"),
    )
    spectrum: str = _f("", "folder of pictures whose mean spectrum a dream from noise has; empty: that of photos")
    anchor: float = _f(
        0.0, "how firmly the dream stays with what the network sees in the source", low=0.0, high=100.0
    )
    colour: str = _f(
        "dream",
        "whose colours the result has: the dream's, or, place by place or as a whole, the source's",
        choices=("dream", "luminance", "lab", "histogram"),
    )

    # style
    styles: tuple[tuple[str, float], ...] = _f(
        (), "pictures whose style is painted in, with weights; FILE@MASK paints only where the picture MASK is white"
    )
    style_loss: str = _f(
        "w2", "how styles are compared: by Wasserstein distance or by Gram matrices", choices=("w2", "gram")
    )
    style_scale: float = _f(1.0, "size of the brushwork beside the picture", low=0.1, high=10.0)
    style_layers: tuple[tuple[str, float], ...] = _f(
        (), "layers in which style is seen, with weights; empty: the network's own", flag=False
    )
    style_norm: str = _f(
        "relative",
        "whether style and content are measured against what is aimed at, or as the papers do",
        choices=("relative", "plain"),
        flag=False,
    )
    content_weight: float = _f(0.05, "weight of what the picture shows, beside its style", low=0.0, high=1e9)
    content_layers: tuple[tuple[str, float], ...] = _f(
        (), "layers in which content is seen, with weights; empty: the network's own", flag=False
    )
    dream_weight: float = _f(0.01, "weight of layers that are dreamt beside a style", low=0.0, high=1e6, flag=False)
    optimizer: str = _f("adam", "what paints a style", choices=("adam", "lbfgs"))
    style_steps: int = _f(30, "steps of a style at each size, from small to large", low=1, high=10_000)
    first_steps: int = _f(100, "steps of a style at the smallest size; 0: as at each", low=0, high=10_000, flag=False)
    style_sizes: int = _f(8, "most sizes at which a style is painted", low=1, high=16, flag=False)
    style_ratio: float = _f(2.0, "ratio between two of them", low=1.05, high=4.0, flag=False)
    style_step: float = _f(
        0.05, "length of a step of a style, in units of the picture's range", low=1e-5, high=1.0, flag=False
    )
    rhythm: float = _f(1.0, "weight of the onsets of a sound beside its style", low=0.0, high=1e6)
    style_filters: int = _f(
        0, "filters of the random layer that hears the style of a sound; 0: by speed", low=0, high=16384, flag=False
    )
    stylizer: str = _f("", "network that paints any style in one go: a TensorFlow Hub handle or a SavedModel folder")

    # pictures out of a generator
    generator: str = _f("", "network that paints: a saved .keras file; empty: the one in the package")
    latent_steps: int = _f(
        120,
        "gradient steps through the world of the generator; with the speed, more or fewer",
        low=1,
        high=10_000,
    )
    size: int = _f(512, "side of what a generator paints or noise becomes, in the file", low=64, high=4096, unit="px")

    # sound
    ear: str = _f("earnet", "network that listens: earnet or a saved .keras file")
    ear_layers: tuple[tuple[str, float], ...] = _f((), "layers of the ear to raise; empty: its own default")
    ear_classes: tuple[tuple[str, float], ...] = _f((), "classes to raise, of an ear that knows classes")
    sound: str = _f(
        "wave",
        "how sound is dreamt: on the waveform, by a mel mask, from noise, or not at all",
        choices=("wave", "mask", "noise", "off"),
    )
    sound_change: float = _f(
        5.0,
        "how far the sound may move from its source, in dB of mel spectrum",
        low=0.0,
        high=30.0,
        unit="dB",
    )
    times: str = _f(
        "", "seconds from the start of the sound in which it may be dreamt, such as 2-5.5 or 0-2,8-; empty: all"
    )
    band: str = _f("", "frequencies in Hz that may be dreamt, such as 200-4000; empty: all")
    keep: tuple[tuple[str, float], ...] = _f(
        (("onsets", 0.3), ("chroma", 0.3)),
        "what of the sound stays while it is dreamt, with weights: onsets, chroma, envelope; onsets:0 for nothing",
    )
    sound_steps: int = _f(24, "most gradient steps spent on the sound", low=1, high=1000, flag=False)
    masking: float = _f(0.0, "share of time and of pitch hidden from the ear in each step", low=0.0, high=0.5, flag=False)
    tempos: int = _f(1, "speeds at which a sound is dreamt, each 1.4 times the next", low=1, high=4, flag=False)
    rounds: int = _f(0, "times a sound is heard as a loop, each dreamt from the last; 0: once, no loop", low=0, high=1000)
    stretch: float = _f(1.01, "how many times as long as the last one each round is", low=0.9, high=1.1)

    # zoom
    seconds: float = _f(10.0, "length of the zoom, or of a sound from noise", low=0.1, high=1e6, unit="s")
    zoom: float = _f(1.02, "enlargement from frame to frame at 30 frames a second", low=0.5, high=2.0)
    rotate: float = _f(0.0, "turn from frame to frame, to the left", low=-90.0, high=90.0, unit="degrees")
    translate: str = _f("0,0", "shift from frame to frame, right,down in pixels")
    fps: float = _f(30.0, "frames a second of the zoom; the speed stays", low=1.0, high=120.0)
    loop: str = _f("on", "whether the end of the zoom flows into its beginning", choices=("on", "off"))
    audio: str = _f("", "sound for the zoom, repeated or cut to its length; it may drive the dream")

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
    cadence: int = _f(
        1, "dream on every so many frames of a film, and carry the dreams on both sides into those between", low=1, high=4
    )
    keyframes: tuple[str, ...] = _f(
        (), "change the strength, the look or the layers of a film at a second, as 3.5:strength=1.2,look=owls"
    )
    coupling: str = _f(
        "joint",
        "what is heard and what is seen do to each other: nothing; base, the sound drives the pictures; pairs, channels "
        "that belong together select each other as well; joint, and follow each other",
        choices=("off", "base", "pairs", "joint"),
    )
    coupling_strength: float = _f(0.5, "how much the sound drives the picture, and the picture the sound", low=0.0, high=1.0)
    mixer: tuple[tuple[str, float], ...] = _f(
        (),
        "share of each feature of the sound, of 1: onset (steps), energy (strength), bass (large shapes), centroid "
        "(depth of layers), chroma (channels)",
    )
    pairs: str = _f("", "JSON file of filter pairs to dream with, as a correlation report has them; empty: found in the film")
    coupling_shift: float = _f(
        0.0, "let the sound drive this much later than it sounds: a control", low=-1e4, high=1e4, unit="s", flag=False
    )

    def __post_init__(self):
        for f in dataclasses.fields(self):
            object.__setattr__(self, f.name, checked(f, getattr(self, f.name)))
        _check_together(self)

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
        _, fields = _preset(name)
        return cls.from_dict({**fields, "look": name, **changes})

    def replace(self, **changes) -> Recipe:
        """A copy with some fields changed."""
        return dataclasses.replace(self, **changes)


def _check_together(recipe: Recipe):
    """Settings that are fine each, and contradict each other."""
    if recipe.bands and recipe.rule not in ("std", "laplacian"):
        raise UsageError(
            f"`bands` makes a rule of its own and excludes others. Received: bands and the rule {recipe.rule!r}."
        )
    if recipe.momentum and recipe.rule in ("adam", "cascade", "cascade-wide"):
        raise UsageError(f"`momentum` excludes rules with a memory. Received: momentum and {recipe.rule!r}.")
    for name in ("penalties", "guides", "keep"):
        for what, weight in getattr(recipe, name):
            if weight < 0:
                raise UsageError(f"`{name}` must have weights of at least 0. Received: {what}:{weight:g}.")


def list_looks(verb: str = "") -> list[str]:
    """Names of the looks that ship with the library.

    Args:
        verb: `"image"` for those that dream, `"style"` for those that paint a style; all if empty.
    """
    folder = resources.files("deepdream_av") / "presets"
    names = sorted(p.name[:-5] for p in folder.iterdir() if p.name.endswith(".json"))
    return [n for n in names if not verb or _read_preset(n).get("verb", "image") == verb]


def about_look(name: str) -> str:
    """One line on a look: what it shows, or which program it comes from.

    Raises:
        UsageError: there is no such look.
    """
    return _preset(name)[0]


def _preset(name: str) -> tuple[str, dict]:
    names = list_looks()
    if name not in names:
        raise unknown_name("look", name, names)
    fields = _read_preset(name)
    fields.pop("verb", "")
    return fields.pop("about", ""), fields


@cache
def _text(name: str) -> str:
    return (resources.files("deepdream_av") / "presets" / f"{name}.json").read_text("utf-8")


def _read_preset(name: str) -> dict:
    return json.loads(_text(name))
