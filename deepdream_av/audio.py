"""Dream in a sound: `python -m deepdream_av.audio song.wav -o dream.wav`.

The ear hears the mean of the channels at 22 kHz and dreams in it; what it changed is given to every channel alike,
at the sound's own rate. Loudness and length stay those of the source, and true peaks stay under -1 dBTP. Long
sounds are dreamt in overlapping chunks, from disk to disk.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from deepdream_av import cli
from deepdream_av.errors import UsageError
from deepdream_av.interrupts import finishing
from deepdream_av.media.audio import check_format, checked_samples, nothing_read, open_audio
from deepdream_av.media.sample_store import SampleStore
from deepdream_av.recipe import Recipe

CEILING_DB, LOSSY_CEILING_DB = -1.0, -2.0  # a lossy codec lifts the peaks by about a decibel


@dataclass(frozen=True)
class DreamtSound:
    """A dream in sound.

    Attributes:
        samples: float32 `[samples, channels]`.
        rate: samples per second.
        recipe: how it was dreamt.
        report: what was measured on the way; `report["notes"]` says what a listener should know.
    """

    samples: np.ndarray
    rate: int
    recipe: Recipe
    report: dict = field(default_factory=dict)


def dream_audio(source, *, recipe: Recipe | None = None, progress: Callable | None = None) -> DreamtSound:
    """Dream in a sound and keep its rate, channels, length, loudness and stereo image.

    Args:
        source: path of a sound file or a film, or `(samples, rate)` with float `[samples, channels]`. None, if the
            recipe's `sound` is "noise": nothing, for the recipe's `seconds`.
        recipe: how; the default look if None.
        progress: called as `progress(done, total)` in seconds of sound.

    Returns:
        The dream; its `samples` have the shape of the source's, or with `rounds` that of all of these.

    Raises:
        InputError: not a sound, or an empty one.
        UsageError: no source for a dream that is not one from noise.
    """
    from deepdream_av.media.audio import read_audio

    recipe = recipe or Recipe.from_look()
    if source is None:
        if recipe.sound != "noise":
            raise UsageError(f"`sound` must be 'noise' where there is no source. Received: {recipe.sound!r}.")
        noise = source_of(None, recipe)
        source = np.concatenate([*noise.blocks()]), noise.rate
    if isinstance(source, tuple):
        samples, rate = source
        layout, notes = "", ()
    else:
        sound = read_audio(source, start=recipe.start, duration=recipe.duration)
        samples, rate, layout, notes = sound.samples, sound.rate, sound.layout, sound.notes
    samples, report = dream_samples(samples, rate, recipe=recipe, progress=progress, layout=layout)
    report["notes"] = [*notes, *report["notes"]]
    return DreamtSound(samples, rate, recipe, report)


def dream_samples(
    samples,
    rate: int,
    *,
    recipe: Recipe,
    progress: Callable | None = None,
    layout: str = "",
    ceiling_db: float = CEILING_DB,
) -> tuple[np.ndarray, dict]:
    """Dream in samples; the part of `dream_audio` without files.

    Args:
        samples: float `[samples, channels]` in [-1, 1].
        rate: samples per second.
        recipe: how.
        progress: called as `progress(done, total)` in seconds of sound.
        layout: FFmpeg's name of the channel layout.
        ceiling_db: highest true peak in dBTP; -2 leaves room for a lossy codec.

    Returns:
        float32 samples of the same shape, or with `rounds` of all of these, and a report.
    """
    samples, notes = checked_samples(samples, rate)
    with SampleStore(samples.shape[1], in_memory=samples.size) as source:
        source.append(samples)
        with worked_on(source, rate, recipe=recipe, layout=layout, ceiling_db=ceiling_db) as dreaming:
            dreaming.run(progress)
            if dreaming.interrupted:
                raise KeyboardInterrupt
            result = np.concatenate(list(dreaming.blocks()))
            return result, {**dreaming.report, "notes": [*notes, *dreaming.report["notes"]]}


def worked_on(source: SampleStore, rate: int, *, recipe: Recipe, **shape):
    """What dreams in a sound: once, or round by round.

    Args:
        source: the sound.
        rate: samples per second.
        recipe: how.
        shape: what `LongSound` takes beside these: `layout`, `ceiling_db`, `styler`.
    """
    if recipe.rounds:
        from deepdream_av.ascent.rounds import Rounds

        return Rounds(source, rate, recipe=recipe, **shape)
    from deepdream_av.ascent.long_sound import LongSound

    return LongSound(source, rate, recipe=recipe, **shape)


def main(argv: list[str] | None = None) -> int:
    """Command line of this verb."""
    return cli.main("audio", argv, _job, plan=_plan)


def _plan(args) -> dict:
    with source_of(args.source, args.recipe) as reader:
        seconds = reader.length / reader.rate if reader.length else None
        return {"seconds": seconds, "rate": reader.rate, "channels": reader.channels, "codec": reader.codec}


def source_of(source, recipe: Recipe):
    """The file to dream in, open for reading; without one, noise of the wanted length."""
    if source is None:
        from deepdream_av.media.noise_reader import NoiseReader

        return NoiseReader(recipe.seconds, seed=recipe.seed, start=recipe.start, duration=recipe.duration)
    return open_audio(source, start=recipe.start, duration=recipe.duration)


def _job(args, progress, say) -> cli.Result:
    if args.source is None:
        say("No sound was given: dreaming from noise.")
    return write_long(args, progress, say)


def write_long(
    args, progress, say, *, kind: str = "audio", styler: Callable | None = None, told: Recipe | None = None
) -> cli.Result:
    """From file to file, in memory independent of the length.

    Args:
        args, progress, say: of a job, see `cli`.
        kind: the verb, for the note in the file.
        styler: see `LongSound`.
        told: the recipe that is written into the file, if it is to have other names of files than the one followed.
    """
    from deepdream_av.media import metadata
    from deepdream_av.media.audio import LOSSLESS, AudioWriter
    from deepdream_av.media.files import writing

    recipe = args.recipe
    with source_of(args.source, recipe) as reader:
        check_format(args.output, reader.rate, reader.channels, reader.layout)
        with SampleStore(reader.channels) as source:
            for block in reader.blocks():
                source.append(block)
            if not len(source):
                raise nothing_read(args.source or "noise", start=recipe.start)
            for note in reader.notes:
                say(note)
            lossless = args.output.suffix.lower() in LOSSLESS
            ceiling = CEILING_DB if lossless else LOSSY_CEILING_DB
            comment = metadata.encode(told or recipe, source=args.source or "", kind=kind)
            # only now: a bad file is told without TensorFlow
            shape = dict(layout=reader.layout, ceiling_db=ceiling, styler=styler)
            with worked_on(source, reader.rate, recipe=recipe, **shape) as dreaming:
                with writing(args.output, force=args.force, source=args.source) as part:
                    dreaming.run(progress)
                    for note in dreaming.report["notes"]:
                        say(note)
                    with (
                        finishing(),
                        AudioWriter(
                            part,
                            rate=reader.rate,
                            channels=reader.channels,
                            layout=reader.layout,
                            floating=reader.codec.startswith("pcm_f"),
                            comment=comment,
                            tags=reader.tags,
                        ) as writer,
                    ):
                        for note in writer.notes:
                            say(note)
                        for block in dreaming.blocks():
                            writer.write(block)
                _beside(args, source, dreaming, reader)
                return cli.Result(args.output, dreaming.report, interrupted=dreaming.interrupted)


def _beside(args, source, dreaming, reader):
    """The picture and the preview that were asked for beside the file."""
    from deepdream_av.media.files import writing

    before, after = source.blocks, dreaming.blocks
    if args.spectrogram:
        from deepdream_av.analysis.spectrograms import write_spectrograms

        with writing(args.spectrogram, force=args.force, source=args.source) as part:
            write_spectrograms(part, before(), after(), reader.rate)
    if args.preview:
        from deepdream_av.media.preview import write_preview

        with writing(args.preview, force=args.force, source=args.source) as part:
            write_preview(part, before, after, reader.rate, channels=reader.channels, layout=reader.layout)


if __name__ == "__main__":
    raise SystemExit(main())
