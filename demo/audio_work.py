"""What the sound tab does: from the fields of the page to a recipe, from a recipe to a file, players and a picture."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from deepdream_av.errors import DeepDreamError
from deepdream_av.recipe import Recipe
from deepdream_av.verbs import SOUNDS

from . import recipes
from .errors import Refused
from .image_work import weighted
from .page import App
from .service import Run
from .uploads import checked, checked_picture

DREAM, CLASS, GUIDE, STYLE = "Dream", "Dream of something", "Dream of another sound", "Take the style of another sound"
MODES = (DREAM, CLASS, GUIDE, STYLE)
# where in the ear the dream begins: fine grain first, then larger things; the first is its own
DEPTHS = {
    "What the ear hears best": (),
    "Grain and overtones": (("block1", 1.0), ("block2", 1.0)),
    "Tones and chords": (("pitch", 1.0), ("block3", 1.0)),
    "Rhythms and voices": (("block5", 1.0),),
    "The whole character": (("embedding", 1.0),),
}
_PLAYED = {".wav", ".flac", ".mp3", ".ogg", ".m4a"}  # what every browser plays
_LEVELS = 0.1  # dB that two players may differ


@dataclass(frozen=True, eq=False)
class Made:
    """A finished dream in sound.

    Attributes:
        path: the file, in the source's format.
        recipe: how it was made.
        before, after: files for two players, at one loudness.
        spectrogram: both as a picture.
        card: rows of the report card.
        verb: `"audio"` or `"style"`.
    """

    path: Path
    recipe: Recipe
    before: str
    after: str
    spectrogram: str
    card: list
    verb: str


def recipe_of(given: dict, app: App) -> Recipe:
    """The recipe that the fields of the tab ask for.

    Raises:
        DeepDreamError: a value out of range.
    """
    base = Recipe.from_json(given["base"]) if given["base"] else Recipe.from_look()
    layers = weighted(given["layers"]) or DEPTHS.get(given["depth"], ())
    mode = given["mode"]
    changes = {
        "strength": float(given["strength"]),
        "speed": given["speed"],
        "seed": int(given["seed"]),
        "ear_layers": () if mode == CLASS else layers,
        "ear_classes": tuple((name, 1.0) for name in given["classes"]) if mode == CLASS else (),
        "times": str(given["times"] or "").strip(),
        "band": str(given["band"] or "").strip(),
        "sound": given["sound"],
        "keep": (("onsets", float(given["onsets"])), ("chroma", float(given["chroma"]))),
        "start": float(given["start"] or 0),
        "duration": within(given["source"], float(given["start"] or 0), app),
    }
    if mode == CLASS and not given["classes"]:
        raise Refused("Choose what to dream of, such as rain or a violin.")
    if mode == STYLE:
        changes["content_weight"] = float(given["content"])
    recipe, _ = recipes.safe(base.replace(**changes), app.limits)
    return recipe


def within(source, start: float, app: App) -> float:
    """The `duration` that keeps a sound within the limits: 0, all of it, where it is short enough."""
    seconds = seconds_of(source) if source else None
    most = app.limits.max_seconds
    return 0.0 if seconds is not None and seconds - start <= most else most


def work_of(given: dict, recipe: Recipe, app: App) -> Callable[[Run], Made]:
    """The work that the fields of the tab ask for.

    Raises:
        DeepDreamError: a file that is missing, too large or no sound.
    """
    from deepdream_av.media.audio import open_audio

    source = checked(given["source"], app.limits, "sound")
    seconds = seconds_of(source)
    with open_audio(source):  # says in words what is wrong with it
        pass
    mode = given["mode"]
    if mode == GUIDE:
        recipe = recipe.replace(guides=((str(_other(given["other"], app)), 1.0),))
    if mode == STYLE:
        recipe = recipe.replace(styles=((str(_other(given["other"], app)), 1.0),))

    def work(run: Run) -> Made:
        if seconds and seconds - recipe.start > app.limits.max_seconds:
            run.say(f"Only {app.limits.max_seconds:g} seconds are dreamt here; the rest is left out.")
        return _made(run, source, recipe, "style" if mode == STYLE else "audio")

    return work


def _other(path, app: App) -> Path:
    """The guide or style that a visitor gave: a sound, or for a guide a picture."""
    from PIL import Image

    path = checked(path, app.limits, "other sound")
    if path.suffix.lower() in Image.registered_extensions():
        return checked_picture(path, app.limits, "guide")
    return path


def seconds_of(path) -> float | None:
    """Length of a visitor's sound as its file tells it; None if it does not."""
    from deepdream_av.media.audio import open_audio

    try:
        with open_audio(path) as reader:
            return reader.length / reader.rate if reader.length else None
    except (DeepDreamError, OSError, TypeError):
        return None


def _made(run: Run, source: Path, recipe: Recipe, verb: str) -> Made:
    from deepdream_av.audio import write_long

    began = time.monotonic()
    suffix = source.suffix.lower() if source.suffix.lower() in SOUNDS else ".wav"
    path = run.folder / f"{source.stem[:60]}.dream{suffix}"
    picture = run.folder / "spectrograms.png"
    args = SimpleNamespace(
        source=source, output=path, recipe=recipe, force=True, spectrogram=picture, preview=None
    )
    run.stage = "Waking the ear"
    words = "Taking the style" if verb == "style" else "Dreaming"

    def progress(done, total):
        run.progress(done, total, f"{words}, {done:.0f} of {total:.0f} s")

    styler = None
    if verb == "style":
        from deepdream_av.ascent.sound_style import SoundStyler, read_texture

        textures = [read_texture(*pair) for pair in recipe.styles]
        styler = lambda: SoundStyler(recipe, textures)  # noqa: E731
    result = write_long(args, progress, run.say, kind=verb, styler=styler, told=recipes.named(recipe))
    run.stage = "Writing the files"
    before, after, levels = _players(run, source, path, recipe)
    rows = _rows(result.report, levels, time.monotonic() - began)
    return Made(path, recipe, before, after, str(picture), rows, verb)


def _players(run: Run, source: Path, path: Path, recipe: Recipe) -> tuple[str, str, tuple[float, float]]:
    """Two files to listen to, at one loudness, so that the louder one does not win; and their loudness in LUFS."""
    from deepdream_av.media.audio import read_audio
    from deepdream_av.media.audio_writer import AudioWriter
    from deepdream_av.media.loudness import loudness

    sounds = [read_audio(source, start=recipe.start, duration=recipe.duration), read_audio(path)]
    levels = tuple(loudness(s.samples, s.rate, layout=s.layout) for s in sounds)
    gains = [1.0, 1.0]
    if np.all(np.isfinite(levels)):
        gains = [10 ** ((min(levels) - level) / 20) for level in levels]  # the louder one is turned down
    files = []
    for name, sound, gain in zip(("before", "after"), sounds, gains):
        near = abs(20 * np.log10(gain)) < _LEVELS
        if name == "after" and near and path.suffix.lower() in _PLAYED:
            files.append(str(path))
            continue
        file = run.folder / f"{name}.flac"
        layout = {"layout": sound.layout} if sound.layout else {}
        with AudioWriter(file, rate=sound.rate, channels=sound.samples.shape[1], **layout) as writer:
            writer.write(sound.samples * np.float32(gain))
        files.append(str(file))
    return files[0], files[1], levels


def _rows(report: dict, levels, seconds: float) -> list[tuple[str, str, str]]:
    rows = []
    if "score_gain" in report:
        rows.append(("What the ear hears more of", f"{report['score_gain']:.1f} x", "how much louder it answers"))
    if "change_db" in report:
        rows.append(("Change", f"{report['change_db']:.1f} dB", "of the spectrum, as a root mean square"))
    if np.all(np.isfinite(levels)):
        rows.append(("Loudness", f"{levels[0]:.1f} \u2192 {levels[1]:.1f} LUFS", "before and after"))
    if "steps" in report:
        rows.append(("Steps", str(report["steps"]), "of the gradient"))
    return [*rows, ("Time", f"{seconds:.0f} s", "from Dream to here")]
