"""What the film tab does: from its fields to a recipe that fits the time there is, from a recipe to a film."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from deepdream_av.errors import InputError
from deepdream_av.recipe import Recipe

from . import networks, pace, recipes
from .errors import Refused
from .image_work import weighted
from .limits import Limits
from .page import App
from .service import Run
from .uploads import checked

# what can hold films; none of these reads other files, as playlists do
CONTAINERS = (
    "mov,mp4,matroska,webm,avi,mpeg,mpegts,ogg,flv,asf,gif,h264,hevc,m4v,mpegvideo,rm,mxf,dv,ivf,nut,yuv4mpegpipe,wtv"
)
MOST_PIXELS = 9_000_000  # of a frame; eight of them are in memory at a time
MOST_FPS = 1_000
_IN_HAND = 0.85  # share of the time that a dream may be expected to take
_LEAST = 1.0  # seconds of film that are always dreamt
# in units of `pace.picture_work`: megapixels of a frame that is dreamt times steps
_PER_FRAME, _PER_LOOK, _PER_PIXEL = 0.03, 0.015, 0.08
_PER_SECOND_STEP = 0.05  # of sound
_FIXED = 1.0  # seconds


@dataclass(frozen=True)
class Footage:
    """What is known of a film before it is dreamt.

    Attributes:
        size: (width, height) in pixels.
        fps: frames a second.
        seconds: its length; 0 if the file does not say.
        sounds: how many sound tracks it has.
    """

    size: tuple[int, int]
    fps: float
    seconds: float
    sounds: int

    def told(self) -> str:
        """The same in words."""
        length = f"{self.seconds:.1f} s" if self.seconds else "Length unknown"
        sound = "with sound" if self.sounds else "without sound"
        return f"{length}, {self.size[0]} x {self.size[1]}, {self.fps:.3g} frames a second, {sound}"


def footage(path, limits: Limits) -> Footage:
    """Look at a visitor's film.

    Raises:
        Refused: there is none, or it is too large.
        InputError: not a film.
    """
    path = checked(path, limits, "film")
    status = path.stat()
    return _footage(str(path), status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=64)
def _footage(path: str, stamp: int, size: int) -> Footage:
    from deepdream_av.media.files import check_source
    from deepdream_av.media.video import open_film

    width, height = _declared(check_source(path))
    if width * height > MOST_PIXELS:
        raise Refused(f"This film has {width} x {height} pixels; {MOST_PIXELS / 1e6:g} megapixels is the most here.")
    film = open_film(path)
    if min(film.size) < 8:
        raise Refused(f"This film has {film.size[0]} x {film.size[1]} pixels; that is too small to dream in.")
    if film.fps > MOST_FPS:
        raise Refused(f"This film has {float(film.fps):.0f} frames a second; {MOST_FPS} is the most here.")
    return Footage(film.size, float(film.fps), film.duration, film.sounds)


def _declared(path: Path) -> tuple[int, int]:
    """(width, height) as the header says, before anything is decoded."""
    import av

    from deepdream_av.media.film_file import pictures_of

    options = {"protocol_whitelist": "file", "format_whitelist": CONTAINERS}
    try:
        with av.open(f"file:{path}", options=options, metadata_errors="replace") as container:
            stream = pictures_of(container, path)
            return stream.codec_context.width, stream.codec_context.height
    except (av.FFmpegError, OSError, ValueError):
        raise InputError(
            f"This file cannot be read as a film: '{path}'. "
            "Films in mp4, mov, mkv, webm, avi and the like are understood."
        ) from None


def recipe_of(given: dict, app: App, own: Path | None) -> Recipe:
    """The recipe that the fields of the tab ask for.

    Args:
        given: values of the fields by name.
        app: for the limits.
        own: the visitor's own network.

    Raises:
        DeepDreamError: a value out of range, or a network that is not here.
    """
    base = Recipe.from_json(given["base"]) if given["base"] else Recipe.from_look(given["look"])
    changes = {
        **{name: given[name] for name in ("speed", "coupling", "colour", "sound")},
        **{name: float(given[name]) for name in ("strength", "coupling_strength", "sound_change", "start", "duration")},
        **{name: int(given[name]) for name in ("seed", "work_size")},
        **{name: weighted(given[name]) for name in ("layers", "classes")},
        **networks.used(given["backbone"], own),
    }
    return recipes.safe(base.replace(**changes), app.limits, keep=("backbone",))[0]


def expected(recipe: Recipe, film: Footage, app: App) -> float:
    """Seconds that a dream of a film will take."""
    return app.pace.seconds(*_amount(recipe, film, app), fixed=_FIXED, form=_form(recipe))


def learn(recipe: Recipe, film: Footage, app: App, seconds: float) -> None:
    """A dream of a film took so long."""
    app.pace.learn(*_amount(recipe, film, app), seconds, fixed=_FIXED, form=_form(recipe))


def _form(recipe: Recipe) -> str:
    return f"film {recipe.look} {recipe.layers} {recipe.classes} {recipe.coupling} {recipe.sound}"


def _amount(recipe: Recipe, film: Footage, app: App) -> tuple[float, str]:
    from deepdream_av.ascent.pictures import MARGIN, work_size

    width, height = (side + 2 * MARGIN for side in work_size(recipe, film.size, film=True))
    frames, source = taken(recipe, film, app.limits) * film.fps, film.size[0] * film.size[1] / 1e6
    coupled = bool(film.sounds) and recipe.coupling != "off"
    frame = recipe.frame_steps * width * height / 1e6 + _PER_FRAME + _PER_PIXEL * source
    frame += coupled * _PER_LOOK * (2 if recipe.coupling in ("pairs", "joint") else 1)
    heard = frames / film.fps * recipe.sound_steps * _PER_SECOND_STEP if film.sounds and recipe.sound != "off" else 0.0
    kind = recipe.backbone if recipe.backbone in networks.here() else "yours"
    return frames * frame + heard + pace.picture_work(recipe, work_size(recipe, film.size, film=True)), kind + " film"


def taken(recipe: Recipe, film: Footage, limits: Limits) -> float:
    """Seconds of a film that a recipe takes."""
    there = max(film.seconds - recipe.start, 0.1) if film.seconds else limits.max_film_seconds
    return min(there, recipe.duration or there, limits.max_film_seconds)


def fitted(recipe: Recipe, film: Footage, app: App) -> tuple[Recipe, tuple[str, ...]]:
    """The recipe that can be done in the time there is, and sentences on what that changed.

    A film that would take too long is sketched; if that is too long as well, its beginning is dreamt.
    """
    limits, notes = app.limits, []
    most = taken(recipe, film, limits)
    there = max(film.seconds - recipe.start, 0.0)
    if min(there, recipe.duration or there) > most + 0.1:
        notes.append(f"{most:.0f} s of a film is the most here: the rest is left out.")
    recipe = recipe.replace(duration=most)
    room = _IN_HAND * limits.budget
    needs = expected(recipe, film, app)
    if needs > room and (recipe.speed != "sketch" or recipe.work_size):
        recipe = recipe.replace(speed="sketch", work_size=0)
        notes.append(
            f"This would take about {pace.words(needs)}, and {pace.words(limits.budget)} is the most here: "
            "it is sketched."
        )
        needs = expected(recipe, film, app)
    if needs > room:
        shorter = max(_LEAST, round(most * room / needs, 1))
        if shorter < most:
            recipe = recipe.replace(duration=shorter)
            notes.append(f"Even then it takes too long: the first {shorter:.1f} s are dreamt.")
    return recipe, tuple(notes)


@dataclass(frozen=True, eq=False)
class MadeFilm:
    """A finished film.

    Attributes:
        path: the file.
        recipe: how it was made.
        rows: of the report card.
        correlation: the page on what sound and pictures have to do with each other; None if there is none.
        whole: whether it was finished.
    """

    path: Path
    recipe: Recipe
    rows: list
    correlation: Path | None
    whole: bool


def work_of(source: Path, recipe: Recipe, film: Footage, notes=()) -> Callable[[Run], MadeFilm]:
    """The work that a recipe asks for.

    Args:
        source: the visitor's film.
        recipe: from `fitted`.
        film: what is known of it.
        notes: sentences that the visitor is told first.
    """

    def work(run: Run) -> MadeFilm:
        from deepdream_av.video import dream_video

        for note in notes:
            run.say(note)
        run.stage, began = "Waking the networks", time.monotonic()
        path = run.folder / f"{source.stem[:60]}.dream.mp4"
        watched = _Watched(run, film, recipe.duration)
        told = dict(say=run.say, progress=watched.progress, preview=watched.preview)
        made = dream_video(source, path, recipe=recipe, resumable=False, **told)
        page = path.with_suffix(".correlation.html")
        rows = _rows(made, film, time.monotonic() - began)
        return MadeFilm(path, recipe, rows, page if page.is_file() else None, not made.interrupted)

    return work


class _Watched:
    """Says in words where a film is, and how much of all the work that is."""

    _PARTS = {"look": (0.0, 0.08), "sound": (0.08, 0.14), "dream": (0.22, 0.78)}

    def __init__(self, run: Run, film: Footage, seconds: float):
        self._run, self._shot = run, 0
        self._sounds, self._fps, self._seconds = film.sounds, film.fps, seconds

    def preview(self, draw: Callable, shot: int) -> None:
        """A frame was dreamt."""
        self._shot = shot
        self._run.preview(draw)

    def progress(self, done: float, total: float | None) -> None:
        """First frames that are looked at, then seconds of sound, then frames that are dreamt."""
        whole = max(total or 0, done, 1e-9)
        if self._shot:
            part = "dream"
            words = f"Shot {self._shot}, frame {done:.0f}" + (f" of {total:.0f}" if total else "")
        elif self._counts_seconds(whole):
            part, words = "sound", f"Dreaming in the sound, second {done:.0f} of {whole:.0f}"
        else:
            part, words = "look", "Looking and listening" if done < whole else "Finding out what belongs together"
        first, share = self._PARTS[part]
        self._run.progress(first + share * done / whole, 1.0, words)

    def _counts_seconds(self, total: float) -> bool:
        return self._sounds and abs(total - self._seconds) < abs(total - self._seconds * self._fps)


def _rows(made, film: Footage, seconds: float) -> list[tuple[str, str, str]]:
    told, sound = made.report, made.report.get("sound") or {}
    length = told["frames"] / film.fps
    rows = [
        ("Length", f"{length:.1f} s", f"{told['frames']} frames in {told['shots']} shot{'s' * (told['shots'] != 1)}"),
        ("Dreamt at", "{} x {}".format(*told["work_size"]), "pixels; the file has the size of your film"),
    ]
    if "change_db" in sound:
        rows.append(("Change of the sound", f"{sound['change_db']:.1f} dB", "how far its spectrum moved"))
    if "score_gain" in sound:
        rows.append(("What the ear hears more of", f"{sound['score_gain']:.1f} x", "how much louder its layers answer"))
    rate = seconds / max(length, 1e-9)
    return [*rows, ("Time", pace.words(seconds), f"{rate:.1f} s for each second of film")]

