"""The moment of a film at which most happens: to try a look there, and not in the opening titles."""

from __future__ import annotations

import numpy as np

from deepdream_av.recipe import Recipe

SECONDS = 3.0
CADENCE = 3  # with which a glimpse is dreamt at least
_PLACES = 10  # at which pictures are looked at, however long the film is
_LOOK = 0.6  # seconds of pictures at each place


def active_moment(film, features=None, *, seconds: float = SECONDS) -> float:
    """Where a piece of a film should begin so that most of what happens lies in it.

    The sound says where to look: pieces with many strong onsets. The pictures of those, or of places all along a film
    without sound, are then read for a moment each, so that long films take no longer than short ones.

    Args:
        film: a `FilmReader` of the whole.
        features: of its sound, see `correlate.features`; None, or silence, lets the pictures decide.
        seconds: length of the piece.

    Returns:
        Second after the start of the film.
    """
    last = max(film.duration - seconds, 0.0)
    if last <= 0:
        return 0.0
    begin = float(film.end - film.limit if film.end is not None else 0) if film.start else _begin(film)
    count = max(2, min(400, int(last / 0.25) + 1))
    starts = np.linspace(0, last, count)
    heard = _heard(features, begin + starts, seconds) if features is not None and not features.silent else None
    places = starts[np.linspace(0, count - 1, min(_PLACES, count)).round().astype(int)]
    if heard is not None:
        places = _best(starts, heard, seconds, most=_PLACES)
    seen = np.array([_motion(film, place + (seconds - _LOOK) / 2) for place in places])
    score = seen / max(seen.max(), 1e-6)
    if heard is not None:
        score = score + 1.5 * np.interp(places, starts, heard) / max(heard.max(), 1e-9)
    return round(float(places[int(np.argmax(score))]), 2)


def glimpse(source, recipe: Recipe) -> tuple[Recipe, tuple[int, int], str]:
    """A look at what a film would become: three seconds where most happens, at a quarter of the pixels.

    Args:
        source: the film.
        recipe: how it would be dreamt.

    Returns:
        The recipe of the piece, its size (width, height), and a sentence on it.
    """
    from deepdream_av.ascent.pictures import work_size
    from deepdream_av.correlate.features import sound_features
    from deepdream_av.media.film_sound import read_soundtrack
    from deepdream_av.media.video import open_film

    film, features = open_film(source, start=recipe.start, duration=recipe.duration), None
    track = read_soundtrack(film)
    if track is not None:
        with track.store as store:
            features = sound_features(store.blocks(), track.rate, start=float(track.start))
    seconds = min(SECONDS, film.duration) or SECONDS
    start = active_moment(film, features, seconds=seconds)
    width, height = (max(16, 2 * round(side / 4)) for side in work_size(recipe, film.size, film=True))
    piece = recipe.replace(
        start=recipe.start + start,
        duration=seconds,
        cadence=max(recipe.cadence, CADENCE),
        coupling=recipe.coupling if recipe.coupling == "off" else "base",  # no pair is found in so few frames
        work_size=max(width, height),
    )
    return piece, (width, height), f"A preview: {seconds:.1f} s from {piece.start:.1f} s on, {width}x{height}."


def _begin(film) -> float:
    return next(iter(film)).time


def _heard(features, starts: np.ndarray, seconds: float) -> np.ndarray:
    """Onsets in each piece, all together."""
    total = np.concatenate([[0.0], np.cumsum(features.onset)])
    times = np.append(features.times(), np.inf)
    first, end = (np.searchsorted(times[:-1], x) for x in (starts, starts + seconds))
    return total[end] - total[first]


def _best(starts: np.ndarray, score: np.ndarray, seconds: float, *, most: int) -> np.ndarray:
    """The best of the pieces that do not lie on one another."""
    found: list[float] = []
    for n in np.argsort(-score, kind="stable"):
        if all(abs(starts[n] - other) >= 0.5 * seconds for other in found):
            found.append(float(starts[n]))
        if len(found) == most:
            break
    return np.array(found)


def _motion(film, start: float) -> float:
    """How much changes from frame to frame, in a moment of a film."""
    import cv2

    from deepdream_av.errors import InputError
    from deepdream_av.media.video import open_film

    try:
        piece = open_film(film.path, start=film.start + max(start, 0.0), duration=_LOOK)
        small = [cv2.resize(f.array, (64, 36), interpolation=cv2.INTER_AREA).astype(np.float32) for f in piece]
    except InputError:  # nothing can be decoded there
        return 0.0
    return float(np.mean([np.abs(b - a).mean() for a, b in zip(small, small[1:])])) if len(small) > 1 else 0.0
