"""Dream in a picture: `python -m deepdream_av.image photo.jpg -o dream.png`.

The dream is made at a work size and added, scaled up, to the picture at its full resolution: a photo of twelve
megapixels stays one, and stays sharp.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from deepdream_av import cli
from deepdream_av.errors import InputError
from deepdream_av.interrupts import finishing
from deepdream_av.recipe import Recipe

_STRIP = 256  # rows that are toned at a time
_LONGER = 4.0  # times the steps of a dream in a photo that one from noise gets
_FAINT = 0.02  # contrast of the noise from which forms grow
_MOST = 500  # pictures of a folder whose spectrum is measured
_CONTRAST = 0.2  # standard deviation of a finished dream from noise, as photos have it


@dataclass(frozen=True)
class DreamtPicture:
    """A dream in a picture.

    Attributes:
        array: float32 `[height, width, 3]` in [0, 1], sRGB.
        recipe: how it was dreamt.
        report: what was measured on the way; `report["scores"]` holds the score curve of each octave.
        interrupted: whether it was stopped early and is what had been dreamt until then.
    """

    array: np.ndarray
    recipe: Recipe
    report: dict = field(default_factory=dict)
    interrupted: bool = False


def dream_image(
    source, *, recipe: Recipe | None = None, progress: Callable | None = None, preview: Callable | None = None
) -> DreamtPicture:
    """Dream in a picture and keep its size.

    Args:
        source: path of a picture, or an array: float `[height, width, 3]` in [0, 1] or uint8, sRGB. None: noise, a
            square of the recipe's `size`, on whose `seed` the dream depends.
        recipe: how; the default look if None.
        progress: called as `progress(done, total)` in steps.
        preview: called as `preview(draw)` after every few steps; `draw()` gives what has been dreamt so far, float32
            `[height, width, 3]` at the size at which it is dreamt.

    Returns:
        The dream; its `array` has the size of the source. Ctrl-C gives what has been dreamt so far.

    Raises:
        InputError: not a picture, or an array of another shape or with values that are not numbers.

    >>> grey = np.full((48, 64, 3), 0.5, np.float32)
    >>> dream_image(grey, recipe=Recipe.from_look("eyes", octaves=1, steps=1)).array.shape
    (48, 64, 3)
    """
    recipe = recipe or Recipe.from_look()
    if source is None:
        return _dream_noise(recipe, progress or _nothing, preview or _nothing)
    alpha = None
    if isinstance(source, str | os.PathLike):
        from deepdream_av.media.image import read_image

        picture = read_image(source)
        array, alpha = picture.array, picture.alpha
    else:
        array = checked_array(source)
    return _dream(array, recipe, progress or _nothing, alpha, preview or _nothing)


def _nothing(*_) -> None:
    """Nobody asked."""


def checked_array(source) -> np.ndarray:
    """An array as a picture, float32 `[height, width, 3]` in [0, 1].

    Raises:
        InputError: it is none.
    """
    array = np.asarray(source)
    if array.ndim == 2:
        array = np.repeat(array[..., None], 3, axis=2)
    if array.ndim != 3 or array.shape[2] != 3 or not array.size or array.dtype.kind not in "fu":
        raise InputError(
            "`source` must be a picture [height, width, 3], float in [0, 1] or uint8. "
            f"Received: {array.dtype} {list(array.shape)}."
        )
    if array.dtype.kind == "u":
        return array.astype(np.float32) / np.iinfo(array.dtype).max
    if not np.isfinite(array).all():
        raise InputError("`source` must hold numbers only. Received: values that are not numbers.")
    if array.min() < -0.01 or array.max() > 1.01:
        raise InputError(f"`source` must lie in [0, 1]. Received: {array.min():.3g} to {array.max():.3g}.")
    return np.clip(array.astype(np.float32), 0.0, 1.0)


def _dream(array: np.ndarray, recipe: Recipe, progress: Callable, alpha=None, preview=_nothing) -> DreamtPicture:
    from deepdream_av.ascent.masks import alpha_mask
    from deepdream_av.ascent.pictures import PictureDreamer, framed, work_size
    from deepdream_av.canvases.pixels import scaled
    from deepdream_av.media.palette import keeper

    began, interrupted = time.monotonic(), False
    dreamer = PictureDreamer(recipe)
    if recipe.mask == "alpha":
        dreamer.masks[""] = alpha_mask(alpha)
    width, height = work_size(recipe, array.shape[1::-1])
    small = scaled(array, (height, width))
    wide, inside = framed(small, margin=recipe.margin)
    canvas, curves = None, {}
    if recipe.strength > 0:
        canvas, curves, interrupted = _climbed(dreamer.dream(wide, inside=inside), progress, preview, inside)
    delta = np.zeros_like(small)
    if canvas is not None:
        delta = dreamer.settled(small, np.ascontiguousarray(canvas.delta()[inside]))
    keep = keeper(recipe.colour, small, dreamer.canvas.toned(small, delta))
    result = laid_over(array, delta, lambda x, d: keep(x, dreamer.canvas.toned(x, d)))
    result = dreamer.untouched(array, result)
    report = _report(dreamer, array, result, (width, height), curves, began)
    return DreamtPicture(result, recipe, report, interrupted)


def _dream_noise(recipe: Recipe, progress: Callable, preview: Callable = _nothing) -> DreamtPicture:
    """A dream of nothing: a grey picture, or for phases a noise with the spectrum of photos, and what grows on it."""
    from deepdream_av.ascent.pictures import MARGIN, PictureDreamer, work_size
    from deepdream_av.canvases.pixels import scaled
    from deepdream_av.canvases.statistics import noise

    began = time.monotonic()
    dreamer = PictureDreamer(recipe)
    size = work_size(recipe, (recipe.size, recipe.size))
    whole = tuple(side + 2 * MARGIN for side in size)
    amplitude = _amplitude(recipe.spectrum, whole) if recipe.spectrum else None
    start = noise(whole, seed=recipe.seed, amplitude=amplitude, contrast=_CONTRAST)
    source = np.full_like(start, 0.5)
    if recipe.canvas == "phase":
        source, start = np.clip(source + start, 0.0, 1.0), None
    else:
        start = start * np.float32(_FAINT / _CONTRAST)
    steps = dreamer.dream(source, delta=start, longer=_LONGER)
    inside = (slice(MARGIN, -MARGIN),) * 2
    canvas, curves, interrupted = _climbed(steps, progress, preview, inside)
    delta = canvas.delta()
    if start is not None:
        delta = delta * np.float32(_CONTRAST / max(float(delta.std()), 1e-6))
    small = dreamer.canvas.toned(source, delta)[inside]
    result = np.clip(scaled(np.ascontiguousarray(small), (recipe.size, recipe.size)), 0.0, 1.0)
    report = _report(dreamer, np.full_like(result, 0.5), result, size, curves, began)
    return DreamtPicture(result, recipe, report, interrupted)


def _amplitude(folder: str, size: tuple[int, int]) -> np.ndarray:
    """The mean spectrum of a folder of pictures."""
    from pathlib import Path

    from deepdream_av.canvases.statistics import mean_amplitude
    from deepdream_av.media.image import SUFFIXES, read_image

    files = sorted(x for x in Path(folder).glob("*") if x.suffix.lower() in SUFFIXES)[:_MOST]
    if not files:
        raise InputError(f"`spectrum` must be a folder of pictures ({', '.join(SUFFIXES)}). Received: '{folder}'.")
    return mean_amplitude((read_image(path).array for path in files), size)


def _climbed(steps, progress: Callable, preview: Callable, inside: tuple[slice, slice]) -> tuple:
    """The canvas after all steps, or after those that were done until Ctrl-C; the scores; whether that was early."""
    canvas, curves = None, {}
    try:
        for step in steps:
            canvas = step.canvas
            curves[step.octave] = step.scores
            preview(lambda step=step: step.array()[inside])
            progress(round(step.done * step.octaves * step.steps), step.octaves * step.steps)
    except KeyboardInterrupt:
        if canvas is None:
            raise
        return canvas, curves, True
    return canvas, curves, False


def _report(dreamer, array, result, work, curves: dict, began: float) -> dict:
    return {
        "size": [array.shape[1], array.shape[0]],
        "work_size": list(work),
        "backbone": dreamer.backbone.name,
        "layers": [list(pair) for pair in dreamer.wanted.layers],
        "classes": [list(pair) for pair in dreamer.wanted.classes],
        "rms_change": round(255 * _rms(array, result), 2),
        "clipped_percent": round(100 * _newly_clipped(array, result), 2),
        "scores": [[round(s, 4) for s in curve] for curve in curves.values()],
        "seconds": round(time.monotonic() - began, 2),
    }


def laid_over(picture: np.ndarray, delta: np.ndarray, toned: Callable) -> np.ndarray:
    """A picture at its full size with a dream that was made at another one.

    Args:
        picture: float32 `[height, width, 3]`.
        delta: float32 `[h, w, 3]`.
        toned: lays one over the other at one size, e.g. `Pixels.toned`.
    """
    from deepdream_av.canvases.pixels import scaled

    delta = scaled(delta, picture.shape[:2])
    result = np.empty_like(picture)
    for top in range(0, len(picture), _STRIP):  # so that a huge picture needs no more copies of itself
        rows = slice(top, top + _STRIP)
        result[rows] = toned(picture[rows], delta[rows])
    return result


def _rms(before: np.ndarray, after: np.ndarray) -> float:
    """Root mean square difference; row by row, as a huge picture needs no more copies of itself."""
    return float(np.sqrt(sum(float(np.sum(np.square(y - x))) for x, y in zip(before, after)) / before.size))


def _newly_clipped(before: np.ndarray, after: np.ndarray) -> float:
    """Share of samples that became black or white."""
    edge, first = 0.5 / 255, 0
    for x, y in zip(before, after):
        first += int((((y < edge) | (y > 1 - edge)) & (x >= edge) & (x <= 1 - edge)).sum())
    return first / before.size


def main(argv: list[str] | None = None) -> int:
    """Command line of this verb."""
    return cli.main("image", argv, _job, plan=_plan)


def _plan(args) -> dict:
    from deepdream_av.ascent.pictures import work_size
    from deepdream_av.media.image import read_image

    if args.source is None:
        size = (args.recipe.size, args.recipe.size)
        return {"source": "noise", "size": list(size), "work_size": list(work_size(args.recipe, size))}
    picture = read_image(args.source)
    size = picture.array.shape[1::-1]
    return {
        "size": list(size),
        "work_size": list(work_size(args.recipe, size)),
        "bit_depth": picture.bit_depth,
    }


def _job(args, progress, say) -> cli.Result:
    from deepdream_av.media.files import writing
    from deepdream_av.media.image import check_size, read_image, write_image

    if args.source is None:
        say("No picture was given: dreaming from noise.")
        with writing(args.output, force=args.force) as part:
            dream = _dream_noise(args.recipe, progress)
            with finishing():
                write_image(part, dream.array, recipe=args.recipe, source="")
        return cli.Result(args.output, dream.report, interrupted=dream.interrupted)
    picture = read_image(args.source)
    check_size(args.output, *picture.array.shape[1::-1])
    for note in picture.notes:
        say(note)
    from deepdream_av.ascent.masks import mask_notes  # after what may fail: it brings TensorFlow with it

    for note in mask_notes(args.recipe, picture.array.shape):
        say(note)
    with writing(args.output, force=args.force, source=args.source) as part:
        dream = _dream(picture.array, args.recipe, progress, picture.alpha)
        with finishing():
            write_image(part, dream.array, like=picture, recipe=args.recipe, source=args.source)
    return cli.Result(args.output, dream.report, interrupted=dream.interrupted)


if __name__ == "__main__":
    raise SystemExit(main())
