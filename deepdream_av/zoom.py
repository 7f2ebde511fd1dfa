"""Zoom into a dream without end: `python -m deepdream_av.zoom photo.jpg -o zoom.mp4 --zoom 1.04 --rotate 1.5`.

Every frame is the last one, enlarged, turned and moved a little, and dreamt on. The film is a loop: before its end the
picture that it began with comes into sight again. Frames go into the file one by one, so that memory does not grow
with length.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np

from deepdream_av import cli
from deepdream_av.errors import UsageError
from deepdream_av.interrupts import finishing
from deepdream_av.recipe import Recipe
from deepdream_av.written import WrittenFilm

_STEP = 0.011  # length of all steps of a frame together, at strength 1 and a zoom of 1.02
_QUALITY = 18  # of the encoder
_LEAST = 8  # frames of a film


class ZoomFilm(WrittenFilm):
    """A zoom film."""


def zoom_image(
    source,
    output,
    *,
    recipe: Recipe | None = None,
    force: bool = False,
    progress: Callable | None = None,
    say: Callable | None = None,
    preview: Callable | None = None,
) -> ZoomFilm:
    """Make a looped film that zooms into a picture and dreams it on and on.

    The last frame leads into the first. Ctrl-C finishes the file with what is done.

    Args:
        source: path of a picture.
        output: where to: `.mp4`, `.m4v`, `.mov`, `.mkv` or `.webm`.
        recipe: how: `seconds`, `fps`, `zoom`, `rotate` and `translate` for each frame at 30 frames a second, `loop`,
            `audio` (repeated or cut, and driving the dream by `coupling_strength`), and all that a dream in a picture
            has. The default look if None.
        force: whether an existing file may be replaced.
        progress: called as `progress(done, total)` in frames.
        say: called with a sentence about anything that the user should know.
        preview: called as `preview(draw)` after every frame; `draw()` gives it, uint8 `[height, width, 3]`.

    Raises:
        InputError: not a picture, or a sound of which nothing can be decoded.
        UsageError: a film of no more than a few frames.
        OutputError: the output cannot be written.
    """
    from deepdream_av.media import metadata
    from deepdream_av.media.files import check_output, writing
    from deepdream_av.media.image import read_image
    from deepdream_av.media.looped_sound import LoopedSound
    from deepdream_av.media.video_writer import FilmWriter, SoundFormat, check_suffix

    recipe, say, began = recipe or Recipe.from_look(), say or (lambda text: None), time.monotonic()
    check_suffix(output)
    check_output(output, force=force, source=source)
    frames = frame_count(recipe)
    picture = read_image(source)
    for note in picture.notes:
        say(note)
    fps = Fraction(recipe.fps).limit_denominator(1001)
    with (
        LoopedSound(recipe.audio, seconds=float(frames / fps)) as sound,
        writing(output, force=force, source=source) as part,
    ):
        for note in sound.notes:
            say(note)
        maker = _Maker(picture.array, recipe, frames, gains=_gains(sound, recipe))
        height, width = maker.first.shape[:2]
        writer = FilmWriter(
            part,
            size=(width, height),
            time_base=1 / fps,
            fps=fps,
            sound=SoundFormat(sound.rate, sound.channels, sound.layout) if sound else None,
            comment=metadata.encode(recipe, source=str(source), kind="zoom"),
            quality=_QUALITY,
        )
        for note in writer.notes:
            say(note)
        try:
            nothing = lambda *_: None  # noqa: E731
            interrupted = _write(writer, maker, sound, fps, progress or nothing, preview or nothing)
        except BaseException:
            writer.abandon()
            raise
        with finishing():
            writer.close()
    report = {
        "frames": writer.frames,
        "length": round(float(writer.frames / fps), 3),
        "size": [width, height],
        **maker.report(),
        "seconds": round(time.monotonic() - began, 2),
    }
    return ZoomFilm(Path(output), recipe, report, interrupted)


def frame_count(recipe: Recipe) -> int:
    """Frames of the film that a recipe asks for.

    Raises:
        UsageError: too few for a film.
    """
    frames = round(recipe.seconds * recipe.fps)
    if frames < _LEAST:
        raise UsageError(
            f"`seconds` must be long enough for {_LEAST} frames at {recipe.fps:g} a second. "
            f"Received: {recipe.seconds:g}."
        )
    return frames


def _gains(sound, recipe: Recipe) -> Callable[[float], float]:
    """How strongly a frame at some time dreams."""
    if not sound or recipe.coupling == "off":
        return lambda seconds: 1.0
    from deepdream_av.correlate.drive import strengths
    from deepdream_av.correlate.features import sound_features

    features = sound_features(sound.blocks(), sound.rate)
    return lambda s: float(strengths(features, [s % sound.seconds], amount=recipe.coupling_strength)[0])


def _write(writer, maker: _Maker, sound, fps: Fraction, progress: Callable, preview: Callable) -> bool:
    """Frames and their sound, side by side; returns whether that was stopped early."""
    from deepdream_av.temporal.stream import Background

    def heard():
        return sound.between(writer.samples, round(writer.frames * sound.rate / fps)) if sound else ()

    interrupted = False
    try:
        with Background(maker.pictures(), depth=4) as pictures:
            for picture in pictures:
                writer.write(picture, writer.frames, 1)
                writer.write_sound(heard())
                preview(lambda picture=picture: picture)
                progress(writer.frames, maker.frames)
    except KeyboardInterrupt:
        if not writer.frames:
            raise
        interrupted = True
    with finishing():
        writer.write_sound(heard())
    return interrupted


class _Maker:
    """Makes the frames, each of the last one."""

    def __init__(self, picture: np.ndarray, recipe: Recipe, frames: int, *, gains: Callable[[float], float]):
        from deepdream_av.ascent.pictures import PictureDreamer, work_size
        from deepdream_av.canvases.pixels import scaled
        from deepdream_av.temporal.drift import Drift
        from deepdream_av.temporal.zoom import Arrival, Zoom, translation

        self.recipe, self.frames, self._gains = recipe, frames, gains
        self._zoom = Zoom(recipe.zoom, recipe.rotate, translation(recipe.translate), recipe.fps)
        self._dreamer = PictureDreamer(recipe)
        width, height = work_size(recipe, picture.shape[1::-1], film=True)
        small = scaled(picture, (height, width))
        # encoders hold even sizes
        self.first = np.ascontiguousarray(small[: height - height % 2 or 2, : width - width % 2 or 2])
        self._matrix = self._zoom.matrix(self.first.shape[:2])
        self._drift = Drift(self.first)
        self._arrival = (
            Arrival(self.first, self._zoom, frames) if recipe.loop == "on" else lambda number: None
        )
        self._jumps: list[float] = []
        self._seam: float | None = None

    def pictures(self) -> Iterator[np.ndarray]:
        """Frames in order, uint8 `[height, width, 3]`."""
        from deepdream_av.temporal.zoom import jump

        last = self.first
        yield _bytes(last)
        for number in range(1, self.frames):
            frame = self._next(last, number)
            self._jumps.append(jump(last, frame, self._matrix))
            last = frame
            yield _bytes(frame)
        if self.recipe.loop == "on":
            self._seam = jump(last, self.first, self._matrix)

    def _next(self, last: np.ndarray, number: int) -> np.ndarray:
        from deepdream_av.temporal.zoom import continued

        base = np.clip(continued(last, self._matrix), 0.0, 1.0)
        coming = self._arrival(number)
        if coming is not None:
            seen, shown, _ = coming
            base = base + shown * (seen - base)
        frame = self._drift(self._dreamt(base, number))
        if coming is not None:
            frame = frame + coming[2] * (coming[0] - frame)
        return np.clip(frame, 0.0, 1.0).astype(np.float32)

    def _dreamt(self, base: np.ndarray, number: int) -> np.ndarray:
        """A few steps on a frame, with other shifts than those of the last one, whose grid would else stay."""
        from deepdream_av.ascent.pictures import framed
        from deepdream_av.media.palette import keeper

        recipe = self.recipe
        length = _STEP * recipe.strength * self._gains(number / recipe.fps) * 30 / recipe.fps
        if length <= 0:
            return base
        wide, inside = framed(base, margin=recipe.margin)
        delta = self._dreamer.follow(
            wide,
            np.zeros_like(wide),
            steps=recipe.frame_steps,
            step_size=max(length / recipe.frame_steps, 1e-6),
            seed=(recipe.seed + 7919 * number) % 2**31,
            inside=inside,
        )[inside]
        dream = self._dreamer.canvas.toned(base, delta)
        source = base if recipe.colour == "luminance" else self.first
        return keeper(recipe.colour, source, dream)(base, dream)

    def report(self) -> dict:
        """How even the film is: what changes from frame to frame beyond the motion, and where it begins anew."""
        told = {
            "backbone": self._dreamer.backbone.name,
            "layers": [list(x) for x in self._dreamer.wanted.layers],
        }
        if self._jumps:
            told["median_jump"] = round(float(np.median(self._jumps)), 5)
            told["largest_jump"] = round(max(self._jumps), 5)
        if self._seam is not None:
            told["seam_jump"] = round(self._seam, 5)
        return told


def _bytes(picture: np.ndarray) -> np.ndarray:
    return (picture * 255.0 + 0.5).astype(np.uint8)


def main(argv: list[str] | None = None) -> int:
    """Command line of this verb."""
    return cli.main("zoom", argv, _job, plan=_plan)


def _plan(args) -> dict:
    from deepdream_av.ascent.pictures import work_size
    from deepdream_av.media.image import read_image

    size = read_image(args.source).array.shape[1::-1]
    width, height = work_size(args.recipe, size, film=True)
    return {"frames": frame_count(args.recipe), "size": [width - width % 2, height - height % 2]}


def _job(args, progress, say) -> cli.Result:
    film = zoom_image(
        args.source, args.output, recipe=args.recipe, force=args.force, progress=progress, say=say
    )
    return cli.Result(film.path, film.report, interrupted=film.interrupted)


if __name__ == "__main__":
    raise SystemExit(main())
