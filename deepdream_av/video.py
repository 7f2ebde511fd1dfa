"""Dream in a film, in its pictures and its sound: `python -m deepdream_av.video film.mp4 -o dream.mp4`.

The film is read twice: first its sound, for the curves that drive the pictures; then its pictures, as a
stream from the decoder through the dream into the encoder, so that memory does not grow with length.
"""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from deepdream_av import cli
from deepdream_av.errors import DeepDreamError
from deepdream_av.interrupts import finishing
from deepdream_av.recipe import Recipe
from deepdream_av.written import WrittenFilm


class DreamtFilm(WrittenFilm):
    """A dream in film."""


def dream_video(
    source,
    output,
    *,
    recipe: Recipe | None = None,
    force: bool = False,
    progress: Callable | None = None,
    say: Callable | None = None,
    preview: Callable | None = None,
    resumable: bool = True,
    keep_work: bool = False,
    lossless: bool = False,
    budget: float = 0.0,
    sample: bool = False,
) -> DreamtFilm:
    """Dream in a film; frames, timestamps and length stay those of the source.

    Ctrl-C finishes the file with what is done. Whatever ends the work, the same call goes on from there: until it is
    done, all of it is kept in a hidden folder beside the output.

    Args:
        source: the film; None for the built-in example.
        output: where to: `.mp4`, `.m4v`, `.mov`, `.mkv` or `.webm`.
        recipe: how; the default look if None.
        force: whether an existing file may be replaced.
        progress: called as `progress(done, total)`, first in seconds of sound, then in frames.
        say: called with a sentence about anything that the user should know.
        preview: called as `preview(draw, shot)` after every frame; `draw()` gives it at the size at which it is dreamt,
            float32 `[height, width, 3]` in [0, 1]; shots count from 1.
        resumable: whether the work is kept while it goes on.
        keep_work: whether it stays when the film is finished.
        lossless: whether every level of every pixel is kept; `.mkv` alone.
        budget: seconds that all of it may take; size, cadence and steps are chosen so that it does, and are in the
            recipe of the film. 0: as long as it takes.
        sample: dream three seconds where most happens, at a quarter of the pixels, to see what it would become.

    Raises:
        InputError: not a film, or nothing of it can be decoded.
        OutputError: the output cannot be written.
    """
    from deepdream_av.media.files import check_output
    from deepdream_av.media.job import unfinished
    from deepdream_av.media.video import check_suffix

    recipe, say = recipe or Recipe.from_look(), say or (lambda text: None)
    progress = progress or (lambda done, total: None)
    told = dict(progress=progress, say=say, preview=preview or (lambda draw, shot: None))
    told |= dict(resumable=resumable and not sample, keep_work=keep_work, lossless=lossless, budget=budget, sample=sample)
    check_suffix(output, lossless=lossless)
    check_output(output, force=force or resumable and unfinished(output), source=source)
    if source is not None:
        return _dream(source, output, recipe, force=force, name=str(source), **told)
    from deepdream_av.media.example import example_film

    with tempfile.TemporaryDirectory(prefix="deepdream-") as folder:
        say("No film was given: dreaming the built-in example, a landscape with music.")
        example = example_film(Path(folder) / "example.mkv")
        return _dream(example, output, recipe, force=force, name="", **told)


def _dream(
    source,
    output,
    recipe: Recipe,
    *,
    force,
    progress,
    say,
    preview,
    resumable,
    keep_work,
    lossless,
    budget,
    sample,
    name,
) -> DreamtFilm:
    from deepdream_av.media.files import writing
    from deepdream_av.media.kept_frames import KeptFrames
    from deepdream_av.media.video import open_film
    from deepdream_av.temporal.pictures import Pictures
    from deepdream_av.temporal.sounding import FilmSound

    began = time.monotonic()
    small = None
    if sample:
        from deepdream_av.temporal.active import glimpse

        recipe, small, told = glimpse(source, recipe)
        say(told)
    film = open_film(source, start=recipe.start, duration=recipe.duration, size=small)
    for note in film.notes:
        say(note)
    dreamer = _dreamer(recipe)  # only now: a bad file is told without TensorFlow; a wrong layer before any work
    from deepdream_av.ascent.pictures import work_size

    size = work_size(recipe, film.size, film=True)
    with (
        _kept_work(
            source, output, recipe, size=size, budget=budget, force=force, say=say, wanted=resumable
        ) as job,
        FilmSound(film, recipe, say=say, kept=job) as sound,
        writing(output, force=force or job is not None and job.found, source=source, part=_part(job, output)) as part,
    ):
        # opened first: what the output cannot hold is told before any work is done
        writer = _writer(part, film, recipe, sound.track, lossless=lossless, name=name)
        for note in writer.notes:
            say(note)
        with finishing_writer(writer) as files:
            sound.couple(film, dreamer, progress)
            looked = time.monotonic() - began
            sound.dream(progress)
            if budget:
                left = budget - (time.monotonic() - began) - looked  # a second look, at the dream, comes last
                suffix = Path(output).suffix
                recipe = _in_time(
                    film, recipe, sound=sound, dreamer=dreamer, size=size, left=left, suffix=suffix, job=job, say=say
                )
                size = work_size(recipe, film.size, film=True)
                writer = files.instead(lambda: _writer(part, film, recipe, sound.track, lossless=lossless, name=name))
            kept = KeptFrames(job) if job is not None else None
            if kept is not None and kept.count:
                say(f"Going on from frame {kept.count} of an earlier run.")
            work = Pictures(film, recipe, writer=writer, sound=sound, dreamer=dreamer, size=size, kept=kept)
            work.run(progress, preview)
        late = budget and time.monotonic() - began + looked > budget
        if late:
            say("There is no time left for a report of the coupling.")
        told = None if work.interrupted or sample or late else sound.told(film, part, Path(output).name, dreamer, progress)
        missing = film.missing
        if missing and not work.interrupted:
            say(
                f"The film is damaged: {film.decoded} of {film.n_frames} frames could be read and are "
                f"dreamt; {missing} are missing."
            )
        elif film.missing_seconds and not work.interrupted:
            say(f"The film is damaged: its last {film.missing_seconds:.1f} s cannot be read.")
        report = {
            "frames": work.done,
            "missing": missing,
            "missing_seconds": round(film.missing_seconds, 2),
            "damaged_packets": film.damaged,
            "dreamt": work.dreamt,
            "shots": work.shots,
            "seconds": round(time.monotonic() - began, 2),
            "resumed": work.resumed,
            "work_size": list(work.size),
            "sound": sound.report,
            "coupling": sound.arranged.mode,
        }
    if told is not None:
        report["correlation"] = _written_report(output, told, say)
    if job is not None and work.interrupted:
        job.stopped()
        say("Stopped; the file holds what is done. The same command goes on from here.")
    elif job is not None and not keep_work:
        job.remove()
    return DreamtFilm(Path(output), recipe, report, work.interrupted)


def _written_report(output, told, say) -> str:
    """Path of the page beside a film that is there already and must not be lost for its report."""
    from deepdream_av.correlate.report import write_reports

    try:
        written = write_reports(output, told, force=True)
    except DeepDreamError as error:
        say(f"The report of the coupling could not be written: {error}")
        return ""
    return str(written[1]) if written else ""


@contextlib.contextmanager
def _kept_work(source, output, recipe: Recipe, *, size, budget, force, say, wanted) -> Iterator:
    """The folder in which the work is kept, or None."""
    if not wanted:
        yield None
        return
    from deepdream_av.media import fingerprint
    from deepdream_av.media.job import Job

    key = {
        "source": fingerprint.of_file(source),
        "recipe": fingerprint.of_recipe(recipe),
        "version": fingerprint.of_package(),
        "size": f"{size[0]}x{size[1]}",
        "budget": f"{budget:g}",
    }
    job = Job(output, key=key, force=force, say=say)
    try:
        yield job
    except BaseException:
        if job.empty:
            job.remove()
        raise
    finally:
        job.release()


def _part(job, output) -> Path | None:
    return job.folder / f"result{Path(output).suffix}" if job is not None else None


def _dreamer(recipe: Recipe):
    """Who dreams on the frames, or, if there are styles, who paints them."""
    if recipe.keyframes:
        from deepdream_av.temporal.keyframes import DirectedDreamer, Keyframes

        return DirectedDreamer(Keyframes(recipe), _dreamer)
    if recipe.styles:
        from deepdream_av.ascent.painter import FramePainter
        from deepdream_av.objectives.paintings import read_paintings

        return FramePainter(recipe, read_paintings(recipe.styles))
    from deepdream_av.ascent.frames import FrameDreamer

    return FrameDreamer(recipe)


def _writer(part, film, recipe: Recipe, track, *, lossless, name):
    from deepdream_av.media import metadata
    from deepdream_av.media.carried_streams import Carried
    from deepdream_av.media.video import FilmWriter, SoundFormat

    return FilmWriter(
        part,
        size=film.size,
        time_base=film.time_base,
        fps=film.fps,
        aspect=film.aspect,
        sound=SoundFormat(track.rate, track.store.channels, track.layout, track.start) if track else None,
        comment=metadata.encode(recipe, source=name, kind="video"),
        lossless=lossless,
        clear=film.clear,
        carried=Carried(film),
    )


def _in_time(film, recipe: Recipe, *, sound, dreamer, size, left, suffix, job, say) -> Recipe:
    """The recipe that fits into the time that is left; the same one when the work goes on."""
    if job is not None and "chosen" in job.notes:
        return recipe.replace(**job.notes["chosen"])
    from deepdream_av.temporal.budget import in_time

    recipe, told = in_time(
        film, recipe, sound=sound, dreamer=dreamer, size=size, left=left, suffix=suffix
    )
    say(told)
    if job is not None:
        job.note(chosen={name: getattr(recipe, name) for name in ("work_size", "cadence", "frame_steps")})
    return recipe


@contextlib.contextmanager
def finishing_writer(writer) -> Iterator[Files]:
    """A film that is abandoned on an error and otherwise closed, whatever signals come then."""
    files = Files(writer)
    try:
        yield files
    except BaseException:
        files.writer.abandon()
        raise
    with finishing():
        files.writer.close()


class Files:
    """The film that is written; another one may take its place before the first frame."""

    def __init__(self, writer):
        self.writer = writer

    def instead(self, make: Callable):
        """Begin the file anew, as `make()` does."""
        self.writer.abandon()
        self.writer = make()
        return self.writer


def main(argv: list[str] | None = None) -> int:
    """Command line of this verb."""
    return cli.main("video", argv, _job, plan=_plan)


def _plan(args) -> dict:
    from deepdream_av.ascent.pictures import work_size
    from deepdream_av.media.video import open_film

    if args.source is None:
        return {"source": "the built-in example"}
    film = open_film(args.source, start=args.recipe.start, duration=args.recipe.duration)
    return {
        "frames": film.n_frames,
        "seconds": film.duration,
        "size": list(film.size),
        "fps": float(film.fps),
        "work_size": list(work_size(args.recipe, film.size, film=True)),
        "sound_tracks": film.sounds,
    }


def _job(args, progress, say) -> cli.Result:
    film = dream_video(
        args.source,
        args.output,
        recipe=args.recipe,
        force=args.force,
        progress=progress,
        say=say,
        keep_work=args.keep_work,
        lossless=args.lossless,
        budget=args.budget,
        sample=args.preview,
    )
    return cli.Result(film.path, film.report, interrupted=film.interrupted)


if __name__ == "__main__":
    raise SystemExit(main())
