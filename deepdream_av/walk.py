"""Walk through the world of a generator to a sound: `python -m deepdream_av.walk song.wav -o walk.mp4`.

Every frame is a picture that the generator paints; the sound decides how fast and in which direction the next one
lies. The film is a loop. Frames are painted a few at a time on their way into the file, so that memory does not
grow with length.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np

from deepdream_av import cli
from deepdream_av.interrupts import finishing
from deepdream_av.recipe import Recipe
from deepdream_av.written import WrittenFilm

FPS = 25
EXAMPLE_SECONDS = 4 * 4 * 60 / 92  # the built-in music goes round after four bars
_BATCH = 16  # frames that are painted at a time
_TURN = 0.02  # radians by which it is tried how quickly a generator's pictures change
_CHANGE = 0.7  # root mean square of a picture's change for each radian, at which a walk has the usual pace
_SLOWEST, _FASTEST = 0.2, 1.5  # times the usual pace
_QUALITY = 17  # of the encoder


class WalkedFilm(WrittenFilm):
    """A film of a walk."""


def walk_latents(
    sound,
    output,
    *,
    recipe: Recipe | None = None,
    force: bool = False,
    progress: Callable | None = None,
    say: Callable | None = None,
) -> WalkedFilm:
    """Make a looped film of what a generator paints, driven by a sound, which it keeps.

    Onsets move it, chroma steers its direction, energy makes it faster. The last frame leads into the first. Ctrl-C
    finishes the file with what is done.

    Args:
        sound: a sound file, or a film with sound; None for the built-in music.
        output: where to: `.mp4`, `.m4v`, `.mov`, `.mkv` or `.webm`.
        recipe: how: `generator`, `size`, `seed`; `strength` is the pace, `coupling_strength` says how much the sound
            drives it, `start` and `duration` cut the sound. The default look if None.
        force: whether an existing file may be replaced.
        progress: called as `progress(done, total)` in frames.
        say: called with a sentence about anything that the user should know.

    Raises:
        InputError: not a sound, or nothing of it can be decoded.
        WeightsError: the file is no generator.
        OutputError: the output cannot be written.
    """
    from deepdream_av.media import metadata
    from deepdream_av.media.files import check_output, writing
    from deepdream_av.media.video_writer import FilmWriter, SoundFormat, check_suffix

    recipe, say, began = recipe or Recipe.from_look(), say or (lambda text: None), time.monotonic()
    check_suffix(output)
    check_output(output, force=force, source=sound)
    with _Heard(sound, recipe, say=say) as heard, writing(output, force=force, source=sound) as part:
        painter = _Painter(recipe, heard)
        writer = FilmWriter(
            part,
            size=(recipe.size, recipe.size),
            time_base=Fraction(1, FPS),
            fps=FPS,
            sound=SoundFormat(heard.rate, heard.store.channels, heard.layout),
            comment=metadata.encode(recipe, source=str(sound) if sound is not None else "", kind="walk"),
            quality=_QUALITY,
        )
        for note in writer.notes:
            say(note)
        try:
            done, interrupted = _write(writer, painter, heard, progress or (lambda *_: None))
        except BaseException:
            writer.abandon()
            raise
        with finishing():
            writer.close()
    report = {
        "generator": recipe.generator or "the package's own",
        "frames": done,
        "length": round(done / FPS, 3),
        "silent": heard.features.silent,
        **painter.report(done),
        "seconds": round(time.monotonic() - began, 2),
    }
    return WalkedFilm(Path(output), recipe, report, interrupted)


def _write(writer, painter: _Painter, heard: _Heard, progress: Callable) -> tuple[int, bool]:
    """Frames and their sound, side by side; returns how many, and whether that was stopped early."""
    from deepdream_av.temporal.stream import Background

    interrupted = False
    try:
        with Background(painter.pictures(), depth=2 * _BATCH) as pictures:
            for picture in pictures:
                writer.write(picture, writer.frames, 1)
                writer.write_sound(heard.between(writer.samples, writer.frames))
                progress(writer.frames, heard.frames)
    except KeyboardInterrupt:
        if not writer.frames:
            raise
        interrupted = True
    with finishing():
        writer.write_sound(heard.between(writer.samples, writer.frames))
    return writer.frames, interrupted


class _Heard:
    """The sound, and its curves."""

    def __init__(self, source, recipe: Recipe, *, say: Callable):
        from deepdream_av.correlate.chroma import ChromaStream
        from deepdream_av.correlate.features import FeatureStream
        from deepdream_av.media.audio import nothing_read, open_audio
        from deepdream_av.media.sample_store import SampleStore

        if source is None:
            say("No sound was given: walking to the built-in music.")
            blocks, self.rate, self.layout, notes = *_example(recipe), ()
            reader = None
        else:
            reader = open_audio(source, start=recipe.start, duration=recipe.duration)
            blocks, self.rate, self.layout = reader.blocks(), reader.rate, reader.layout
        self.store = None
        features, chroma = FeatureStream(self.rate), ChromaStream(self.rate)
        for block in blocks:
            self.store = self.store or SampleStore(block.shape[1])
            self.store.append(block)
            features.add(block)
            chroma.add(block)
        if reader is not None:
            notes = reader.notes
            reader.close()
        if self.store is None or not len(self.store):
            raise nothing_read(source, start=recipe.start)
        for note in notes:
            say(note)
        self.features, self.chroma = features.finish(), chroma.finish()
        if self.features.silent:
            say("The sound is silent: walking at an even pace.")
        # enough frames for all of the sound; what is less than a hundredth of one is rounding
        self.frames = max(2, int(np.ceil(len(self.store) / self.rate * FPS - 0.01)))

    def __enter__(self) -> _Heard:
        return self

    def __exit__(self, *_) -> None:
        self.store.close()

    def between(self, sample: int, frame: int) -> np.ndarray:
        """What is heard from a sample to the beginning of a frame, float32 `[samples, channels]`."""
        return self.store.read(sample, round(frame * self.rate / FPS))


def _example(recipe: Recipe) -> tuple[list[np.ndarray], int, str]:
    """The built-in music in one block, its rate and its layout."""
    from deepdream_av.media.example_music import RATE, compose

    seconds = recipe.duration or EXAMPLE_SECONDS
    music = compose(min(recipe.start + seconds, 600.0))[round(recipe.start * RATE) :]
    return [music] if len(music) else [], RATE, "stereo"


class _Painter:
    """From the curves of a sound to frames."""

    def __init__(self, recipe: Recipe, heard: _Heard):
        from deepdream_av.canvases.world import dimensions
        from deepdream_av.correlate.steer import Walk
        from deepdream_av.gan import load_generator

        self._generator, self._size = load_generator(recipe.generator), recipe.size
        latent, _ = dimensions(self._generator)
        start = np.random.default_rng(recipe.seed).standard_normal(latent)
        self.frames = heard.frames
        walk = Walk(
            start * np.sqrt(latent / np.sum(start**2)),
            self.frames / FPS,
            features=heard.features,
            chroma=heard.chroma,
            amount=recipe.coupling_strength if recipe.coupling != "off" else 0.0,
            pace=recipe.strength * self._pace(latent),
            seed=recipe.seed,
        )
        self.latents = walk(np.arange(self.frames) / FPS)

    def _pace(self, latent: int) -> float:
        """Slow for a generator whose pictures change quickly, so that a walk looks alike through any."""
        here, aside = np.random.default_rng(0).standard_normal([2, _BATCH, latent], np.float32)
        there = np.cos(_TURN) * here + np.sin(_TURN) * aside
        change = np.subtract(
            *(np.asarray(self._generator(x, training=False), np.float32) for x in (here, there))
        )
        change = float(np.sqrt(np.mean(np.square(change)))) / _TURN
        # the last bits of a sum may depend on how it was shared among threads; the way must not
        return round(float(np.clip(_CHANGE / max(change, 1e-6), _SLOWEST, _FASTEST)), 4)

    def pictures(self) -> Iterator[np.ndarray]:
        """Frames in order, uint8 `[size, size, 3]`."""
        import tensorflow as tf

        from deepdream_av.canvases.latent import enlarged

        @tf.function(input_signature=[tf.TensorSpec([_BATCH, self.latents.shape[1]], tf.float32)])
        def paint(latents):
            pictures = enlarged(tf.cast(self._generator(latents, training=False), tf.float32), self._size)
            return tf.cast(pictures * 255.0 + 0.5, tf.uint8)

        for first in range(0, self.frames, _BATCH):
            some = self.latents[first : first + _BATCH]
            # always as many at a time, so that the same latent gives the same bits wherever it stands
            full = np.concatenate([some, np.repeat(some[-1:], _BATCH - len(some), 0)])
            yield from paint(tf.constant(full)).numpy()[: len(some)]

    def report(self, done: int) -> dict:
        """How far the frames lie apart, as a share of the latents' length."""
        steps = np.linalg.norm(np.roll(self.latents, -1, 0) - self.latents, axis=1)
        steps /= np.linalg.norm(self.latents[0])
        told = {"median_step": float(np.median(steps)), "longest_step": float(steps.max())}
        if done == self.frames:
            told["seam_step"] = float(steps[-1])
        return {name: round(value, 4) for name, value in told.items()}


def main(argv: list[str] | None = None) -> int:
    """Command line of this verb."""
    return cli.main("walk", argv, _job, plan=_plan)


def _plan(args) -> dict:
    from deepdream_av.media.audio import open_audio

    if args.source is None:
        return {"source": "the built-in music"}
    with open_audio(args.source, start=args.recipe.start, duration=args.recipe.duration) as reader:
        seconds = reader.length / reader.rate if reader.length else None
    return {"seconds": seconds, "fps": FPS, "size": [args.recipe.size] * 2}


def _job(args, progress, say) -> cli.Result:
    film = walk_latents(
        args.source, args.output, recipe=args.recipe, force=args.force, progress=progress, say=say
    )
    return cli.Result(film.path, film.report, interrupted=film.interrupted)


if __name__ == "__main__":
    raise SystemExit(main())
