"""How long a dream will take, from what dreams on this machine took: an honest figure before the work begins."""

from __future__ import annotations

import threading

from deepdream_av.recipe import Recipe

SPEEDS = {"sketch": "Sketch", "normal": "Normal", "fine": "Fine"}
# seconds for a million pixels and one step of dreamnet, and for a second of sound and one step, before any was measured
_PIXELS, _SOUND = 0.25, 0.012
_HEAVIER = {"vgg16": 12.0, "vgg19": 15.0, "inception_v3": 5.0, "resnet50": 6.0, "xception": 7.0}
_FIRST = 4.0  # seconds to prepare a kind of dream that was not asked for before
_LEARN = 0.4  # weight of the newest dream


class Pace:
    """Seconds that dreams take on this machine; each that is done makes it better."""

    def __init__(self):
        self._lock = threading.Lock()
        self._rates: dict[str, float] = {}
        self._known: set[str] = set()

    def seconds(self, work: float, kind: str, *, form: str = "", fixed: float = 0.4) -> float:
        """How long some work will take.

        Args:
            work: in units of `picture_work` or `sound_work`.
            kind: what does it: the name of a network, or `"sound"`.
            form: name of the look or whatever is prepared once.
            fixed: seconds that it takes beside that.
        """
        with self._lock:
            first = 0.0 if (kind + form) in self._known else _FIRST
            rate = self._rates.get(kind)
        if rate is None:
            rate = _SOUND if kind.startswith("sound") else _PIXELS * _HEAVIER.get(kind, 1.0)
        return fixed + first + rate * work

    def learn(self, work: float, kind: str, seconds: float, *, form: str = "", fixed: float = 0.4) -> None:
        """What some work took. The first of a form, which was also prepared, does not count."""
        with self._lock:
            known = (kind + form) in self._known
            self._known.add(kind + form)
            if not known or work <= 0:
                return
            rate = max(seconds - fixed, 0.05) / work
            old = self._rates.get(kind)
            self._rates[kind] = rate if old is None else (1 - _LEARN) * old + _LEARN * rate


def picture_work(recipe: Recipe, size: tuple[int, int]) -> float:
    """Millions of pixels times steps of a dream in a picture.

    Args:
        recipe: how it is dreamt.
        size: (width, height) of the picture.

    >>> few, many = Recipe(octaves=1, steps=10, work_size=100), Recipe(octaves=1, steps=20, work_size=100)
    >>> picture_work(many, (100, 100)) / picture_work(few, (100, 100))
    2.0
    """
    from deepdream_av.ascent.pictures import MARGIN, STEPS, work_size

    width, height = (side + 2 * MARGIN for side in work_size(recipe, size))
    steps = max(1, round(recipe.steps * STEPS[recipe.speed]))
    above = recipe.octaves_above
    scales = [recipe.octave_scale ** (above - k) for k in range(recipe.octaves)]
    return steps * sum(width * height * s * s for s in scales) / 1e6


def style_work(recipe: Recipe, size: tuple[int, int]) -> float:
    """The same for a picture that is painted: a step counts about three times."""
    from deepdream_av.ascent.pictures import work_size

    width, height = work_size(recipe, size)
    return 3 * recipe.style_steps * width * height * 1.35 / 1e6


def zoom_work(recipe: Recipe, size: tuple[int, int]) -> float:
    """The same for a zoom film."""
    from deepdream_av.ascent.pictures import work_size

    width, height = work_size(recipe, size, film=True)
    return recipe.frame_steps * recipe.seconds * recipe.fps * width * height / 1e6


def sound_work(recipe: Recipe, seconds: float) -> float:
    """Seconds of sound times steps."""
    from deepdream_av.ascent.sound import PLANNED

    return seconds * min(PLANNED[recipe.speed], recipe.sound_steps)


def words(seconds: float) -> str:
    """A duration as one says it.

    >>> words(0.6), words(12.3), words(50), words(200)
    ('1 s', '12 s', '50 s', '3 min')
    """
    if seconds < 20:
        return f"{max(1, round(seconds))} s"
    if seconds < 90:
        return f"{5 * round(seconds / 5)} s"
    return f"{round(seconds / 60)} min"


def speeds(estimate) -> list[tuple[str, str]]:
    """Choices for the speed, each with the time that it will take.

    Args:
        estimate: `estimate(speed)` gives seconds, or None if nobody knows.
    """
    found = []
    for speed, title in SPEEDS.items():
        seconds = estimate(speed)
        found.append((title if seconds is None else f"{title} · about {words(seconds)}", speed))
    return found
