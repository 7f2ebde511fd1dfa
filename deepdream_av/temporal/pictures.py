"""The pictures of a film through the dream into a file: decoder, dream and encoder, each in a thread of its own."""

from __future__ import annotations

import time
from collections.abc import Callable
from fractions import Fraction

import numpy as np

from deepdream_av.errors import InputError
from deepdream_av.interrupts import finishing
from deepdream_av.recipe import Recipe
from deepdream_av.temporal.cadence import Cadence
from deepdream_av.temporal.carry import CarriedDream
from deepdream_av.temporal.keyframes import Keyframes
from deepdream_av.temporal.stream import Background, Sink, watch

PIECE_FRAMES, PIECE_SECONDS = 48, 60.0  # at most so much is lost with a run


class Pictures:
    """Dreams in all frames of a film and hands them to a writer, with the sound that belongs to them.

    Frames that an earlier run kept are handed on as they are. Every piece of the work is kept with all that the next
    frame depends on, so that a film which was broken off has the same frames as one that was not.

    Args:
        film: a `media.video.FilmReader`.
        recipe: how to dream.
        writer: a `media.video.FilmWriter`, or what has its `write` and `write_sound`.
        sound: has `asked(time)`, what it asks of a frame, and `until(time)`, the samples up to then.
        dreamer: who dreams, see `DreamsFrames`.
        size: (width, height) at which it is dreamt.
        kept: a `media.kept_frames.KeptFrames`; None keeps nothing.

    Attributes:
        done: frames that were handed on.
        shots: how many there were.
        dreamt: on how many frames it was dreamt in this run; the others lie between them.
        resumed: frames that an earlier run had kept.
        interrupted: whether Ctrl-C ended it.
    """

    def __init__(self, film, recipe: Recipe, *, writer, sound, dreamer, size: tuple[int, int], kept=None):
        self.film, self.writer, self.sound, self.size = film, writer, sound, size
        self.done = self.shots = 0
        self.interrupted = False
        self.resumed = kept.count if kept is not None else 0
        self._kept, self._dreamer = kept, dreamer
        self._toned, self._colour = dreamer.toned, recipe.colour
        self._dream = CarriedDream(dreamer, memory=recipe.memory)
        self._cadence = Cadence(self._dream, every=recipe.cadence)
        self._way = Keyframes(recipe)
        self._end = 0.0
        self._tick = Fraction(1) / film.fps
        self._whole = True  # nothing is half done
        self._open, self._since = 0, time.monotonic()

    @property
    def dreamt(self) -> int:
        return self._cadence.dreamt

    def run(self, progress: Callable, preview: Callable) -> None:
        """Dream them all.

        Args:
            progress, preview: see `deepdream_av.video.dream_video`.

        Raises:
            InputError: not one frame can be decoded.
        """
        try:
            with Sink(self._take) as sink, Background(watch(self.film, self.size, known=self.resumed)) as frames:
                try:
                    self._run(frames, sink, progress, preview)
                except KeyboardInterrupt:
                    if self._whole:
                        self._cadence.drop()
                        self._close_piece(sink, self._state())
                    raise
        except KeyboardInterrupt:
            if not self.done:
                raise
            self.interrupted = True
        finally:
            if self._kept is not None:
                self._kept.abandon()
        if not self.done:
            raise InputError(f"No picture of {self.film.path} can be decoded.")
        if self.interrupted:
            self.writer.stop = self._end
        with finishing():
            self._write_sound(self._end if self.interrupted else None)

    def _run(self, frames, sink, progress, preview) -> None:
        if self.resumed and self._kept.state:
            self._restore(self._kept.state)
        known = iter(self._kept) if self.resumed else iter(())
        for seen in frames:
            if seen.begins:
                self._hand_on(self._cadence.end, sink, preview)
                self._close_piece(sink, {})
                self.shots += 1
            if self.done < self.resumed:
                sink.put((seen.frame, next(known)))
                self.done += 1
            else:
                self._follow(seen, sink, preview)
            count = self.film.n_frames
            progress(self.done, max(count, self.done) if count else None)
        self._hand_on(self._cadence.end, sink, preview)
        self._close_piece(sink, {})

    def _follow(self, seen, sink, preview) -> None:
        full = self._open >= PIECE_FRAMES or time.monotonic() - self._since > PIECE_SECONDS
        if full and not self._cadence.waits:
            self._close_piece(sink, self._state())
        self._hand_on(lambda: self._cadence.add(seen, self.sound.asked(seen.frame.time)), sink, preview)

    def _hand_on(self, finish: Callable, sink, preview) -> None:
        self._whole = False
        finished = [(seen, self._way.share(seen.frame.time) * delta) for seen, delta in finish()]
        for seen, delta in finished:
            sink.put((seen.frame, delta))
        self._open += len(finished)
        self.done += len(finished)
        self._whole = True
        for seen, delta in finished:
            preview(lambda seen=seen, delta=delta: self._shown(seen.small, delta), self.shots)

    def _close_piece(self, sink, state) -> None:
        if self._open:
            sink.put((None, state))
        self._open, self._since = 0, time.monotonic()

    def _state(self) -> dict[str, np.ndarray]:
        """What the next frame depends on, copied, as the work goes on while it is written."""
        if self._kept is None:
            return {}
        parts = {whose: thing.state() for whose, thing in self._states()}
        return {f"{part}.{name}": np.array(x) for part, state in parts.items() for name, x in state.items()}

    def _states(self):
        return ("carry", self._dream), ("dreamer", self._dreamer), ("cadence", self._cadence)

    def _restore(self, state) -> None:
        for part, whose in self._states():
            whose.restore({n.partition(".")[2]: x for n, x in state.items() if n.partition(".")[0] == part})

    def _write_sound(self, until: float | None) -> None:
        for block in self.sound.until(until):
            self.writer.write_sound(block)

    def _take(self, item) -> None:
        frame, dreamt = item
        if frame is None:
            if self._kept is not None:
                self._kept.close(dreamt)
            return
        if dreamt.dtype != np.uint8:
            dreamt = self._finished(frame, dreamt)
            if self._kept is not None:
                self._kept.add(dreamt)
        self.writer.write(dreamt, frame.pts, frame.duration, alpha=frame.alpha)
        self._end = float(frame.pts * frame.time_base + (frame.duration * frame.time_base or self._tick))
        self._write_sound(self._end)

    def _finished(self, frame, delta: np.ndarray) -> np.ndarray:
        """A frame with its dream at full size, uint8."""
        import cv2

        width, height = self.film.size
        if delta.shape[:2] != (height, width):
            delta = cv2.resize(delta, (width, height), interpolation=cv2.INTER_CUBIC)
        picture = frame.array.astype(np.float32) * np.float32(1 / 255)
        return (np.clip(self._shown(picture, delta), 0.0, 1.0) * 255.0 + 0.5).astype(np.uint8)

    def _shown(self, picture: np.ndarray, delta: np.ndarray) -> np.ndarray:
        from deepdream_av.media.palette import keeper

        dream = self._toned(picture, delta)
        return dream if self._colour == "dream" else keeper(self._colour, picture, dream)(picture, dream)
