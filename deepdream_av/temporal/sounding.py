"""The sound of a film while the film is made: what it asks of the pictures, how it is dreamt, and given out."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator

import numpy as np

from deepdream_av.recipe import Recipe

COUPLED = 1.0  # weight of what the sound opens, beside the layers that are dreamt anyway
HEARD = 1.0  # the same in the ear
_LOSSY_CEILING_DB = -2.0  # encoders lift peaks by about a decibel


class FilmSound:
    """The sound of a film, its curves, and its dream.

    Args:
        film: a `media.video.FilmReader`.
        recipe: how to dream.
        say: called with a sentence about anything that the user should know.
        kept: where finished pieces are kept, see `ascent.long_sound`.

    Attributes:
        track: the `Soundtrack`; None if the film has none.
        features: its curves; None without.
        arranged: what belongs together, see `couple`.
        report: figures about the dream.
    """

    def __init__(self, film, recipe: Recipe, *, say: Callable, kept=None):
        from deepdream_av.correlate.features import sound_features
        from deepdream_av.media.film_sound import read_soundtrack

        self.recipe, self.report, self._say, self._kept = recipe, {}, say, kept
        self.features = self.arranged = self._dreaming = self._blocks = None
        self._left = np.zeros((0, 1), np.float32)
        self._given = 0
        self.track = read_soundtrack(film)
        if self.track is None:
            say(
                "The film has no sound: dreaming in its pictures alone."
                if not film.sounds
                else "The sound of the film cannot be decoded: dreaming in its pictures alone."
            )
            return
        for note in self.track.notes:
            say(note)
        store = self.track.store
        self.features = sound_features(store.blocks(), self.track.rate, start=float(self.track.start))
        if self.features.silent:
            say("The sound of the film is silent: dreaming in its pictures alone.")

    def __enter__(self) -> FilmSound:
        return self

    def __exit__(self, *_) -> None:
        if self._dreaming is not None:
            self._dreaming.__exit__(None, None, None)
        if self.track is not None:
            self.track.store.close()

    def couple(self, film, dreamer, progress) -> None:
        """Find out what of the sound and of the pictures belongs together."""
        from deepdream_av.correlate.arrange import arrange

        self.arranged = arrange(film, self.track, self.features, self.recipe, dreamer=dreamer, progress=progress)
        for note in self.arranged.notes:
            self._say(note)
        term = self.arranged.coupling.picture_term()
        if term is not None:
            dreamer.couple(term, weight=COUPLED, voices=len(self.arranged.coupling.pairs))

    def dream(self, progress) -> None:
        """Dream it, if there is something to hear and the recipe wants it."""
        track = self.track
        if track is None or self.features.silent or self.recipe.sound == "off":
            return
        from deepdream_av.ascent.long_sound import LongSound

        self._dreaming = LongSound(
            track.store,
            track.rate,
            recipe=self.recipe,
            layout=track.layout,
            ceiling_db=_LOSSY_CEILING_DB,
            couple=self._let_pictures_drive,
            kept=self._kept,
        )
        self._dreaming.run(progress)
        if self._dreaming.interrupted:  # no picture is done yet, so there is nothing to keep
            raise KeyboardInterrupt
        self.report = dict(self._dreaming.report)
        for note in self.report.get("notes", ()):
            self._say(note)

    def told(self, film, part, name: str, dreamer, progress):
        """What a finished film has to tell of its coupling; None if there was none, or if nobody wants to wait."""
        if self.arranged.mode == "off" or self.arranged.analysis is None or self.arranged.analysis.heard is None:
            return None
        from deepdream_av.correlate.measure import measure

        try:
            return measure(
                film,
                self.track,
                part,
                self.arranged,
                self.recipe,
                name=name,
                backbone=dreamer.backbone,
                progress=progress,
            )
        except KeyboardInterrupt:
            self._say("Stopped; the film is whole, its report of the coupling is left out.")
            return None

    def _let_pictures_drive(self, dreamer) -> None:
        coupling, begin = self.arranged.coupling, float(self.track.start)
        if (term := coupling.sound_term()) is not None:
            dreamer.couple(
                term, lambda start, seconds, rows: coupling.sound_signals(begin + start, seconds, rows), weight=HEARD
            )

    def asked(self, time: float):
        """What the sound asks of the frame that is shown at a time; see `correlate.coupling.Asked`."""
        return dataclasses.replace(self.arranged.coupling.at(time), time=time)

    def until(self, seconds: float | None) -> Iterator[np.ndarray]:
        """The samples not yet given, in blocks, up to a time on the film's clock; None gives all that is left."""
        track = self.track
        if track is None:
            return
        if self._blocks is None:
            self._blocks = iter(
                self._dreaming.blocks() if self._dreaming is not None else track.store.blocks()
            )
            self._left = np.zeros((0, track.store.channels), np.float32)
        end = np.inf if seconds is None else max(0, round((seconds - float(track.start)) * track.rate))
        while self._given < end:
            block = self._left if len(self._left) else next(self._blocks, None)
            if block is None:
                return
            cut = int(min(end - self._given, len(block)))
            self._left = block[cut:]
            self._given += cut
            yield block[:cut]
