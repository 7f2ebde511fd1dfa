"""Paint a picture in the style of others: `python -m deepdream_av.style photo.jpg --style painting.jpg -o out.png`.

The picture is painted from small to large up to a work size and then enlarged to the size of the source; with a
`stylizer`, one network does it all in one go.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable

import numpy as np

from deepdream_av import cli
from deepdream_av.errors import UsageError
from deepdream_av.flags import is_sound
from deepdream_av.image import DreamtPicture, checked_array
from deepdream_av.interrupts import finishing
from deepdream_av.recipe import Recipe


def style_image(
    content,
    styles=(),
    *,
    recipe: Recipe | None = None,
    progress: Callable | None = None,
    preview: Callable | None = None,
) -> DreamtPicture:
    """Paint a picture in the style of others and keep its size.

    Args:
        content: path of a picture, or an array: float `[height, width, 3]` in [0, 1] or uint8, sRGB.
        styles: the same, one or several, or pairs of one and its weight; those of the recipe if there are none.
        recipe: how; the default if None. `strength` 0 leaves the source, more than 1 gives content less weight.
        progress: called as `progress(done, total)` in steps.
        preview: called as `preview(draw)` after every few steps, see `dream_image`.

    Returns:
        The painted picture; its `array` has the size of the source. Ctrl-C gives what has been painted so far.

    Raises:
        InputError: not a picture, a style that is too small, or a mask that is black all over.
        UsageError: no style, weights that sum to nothing, or a layer that the backbone has not.

    >>> grey, red = np.full((48, 64, 3), 0.5, np.float32), np.zeros((64, 64, 3), np.float32)
    >>> red[..., 0] = 0.8
    >>> painted = style_image(grey, red, recipe=Recipe(style_steps=8, first_steps=8)).array
    >>> bool(painted[..., 0].mean() > painted[..., 2].mean() + 0.1)
    True
    """
    from deepdream_av.media.image import read_image

    recipe = recipe or Recipe.from_look()
    array = read_image(content).array if isinstance(content, str | os.PathLike) else checked_array(content)
    paintings, pairs = _paintings(styles, recipe, array.shape[1::-1])
    return _paint(array, paintings, recipe.replace(styles=pairs), progress or _nothing, preview or _nothing)


def _nothing(*_) -> None:
    """Nobody asked."""


def _paintings(styles, recipe: Recipe, size):
    """The paintings, and what of them a recipe can tell: the names of those that are files."""
    from deepdream_av.objectives.paintings import Painting, read_paintings

    if isinstance(styles, str | os.PathLike | np.ndarray) or not isinstance(styles, Iterable):
        styles = [styles]
    found, pairs = [], []
    for style in list(styles) or recipe.styles:
        picture, weight = style if isinstance(style, tuple) and len(style) == 2 else (style, 1.0)
        if isinstance(picture, str | os.PathLike):
            pairs.append((os.fspath(picture), float(weight)))
            found += read_paintings(pairs[-1:], size)
        else:
            found.append(Painting(checked_array(picture), float(weight)))
    return found, tuple(pairs)


def _paint(array: np.ndarray, paintings, recipe: Recipe, progress: Callable, preview=_nothing) -> DreamtPicture:
    from deepdream_av.ascent.pictures import work_size
    from deepdream_av.canvases.pixels import scaled
    from deepdream_av.media.palette import keeper

    began = time.monotonic()
    if not paintings:
        raise UsageError("`styles` must name at least one picture. Received: none.")
    width, height = work_size(recipe, array.shape[1::-1])
    small = scaled(array, (height, width))
    if recipe.stylizer:
        from deepdream_av.backbones.stylizer import stylized
        from deepdream_av.objectives.paintings import check_weights

        check_weights(paintings)
        options = {"scale": recipe.style_scale, "strength": recipe.strength}
        delta = stylized(small, paintings, recipe.stylizer, **options) - small
        told, interrupted = {"stylizer": recipe.stylizer}, False
    else:
        delta, told, interrupted = _painted(small, paintings, recipe, progress, preview)
    # of the photo's fine detail, which no brush has painted, nothing is put back: it would look like two pictures
    painted = np.clip(small + delta, 0.0, 1.0)
    keep = keeper(recipe.colour, small, painted)
    result = np.clip(scaled(painted, array.shape[:2]), 0.0, 1.0) if recipe.strength > 0 else array
    result = keep(array, result)
    report = {
        "size": [array.shape[1], array.shape[0]],
        "work_size": [width, height],
        "styles": [p.name for p in paintings],
        **told,
        "seconds": round(time.monotonic() - began, 2),
    }
    return DreamtPicture(result, recipe, report, interrupted)


def _painted(small: np.ndarray, paintings, recipe: Recipe, progress: Callable, preview: Callable):
    """What the painter adds to a picture, what is to be told of it, and whether it was stopped early."""
    import dataclasses

    from deepdream_av.ascent.masks import sized
    from deepdream_av.ascent.painter import MARGIN, Painter
    from deepdream_av.ascent.pictures import framed

    wide, inside = framed(small, margin=MARGIN)
    fitting = [
        p if p.mask is None
        else dataclasses.replace(p, mask=framed(sized(p.mask, small.shape[:2])[..., None], margin=MARGIN)[0][..., 0])
        for p in paintings
    ]  # fmt: skip
    painter = Painter(recipe, fitting)
    canvas, curves, interrupted = None, {}, False
    if recipe.strength > 0:
        done = 0
        try:
            for step in painter.paint(wide):
                canvas, curves[step.octave] = step.canvas, step.scores
                done = sum(map(len, curves.values()))
                preview(lambda step=step: step.array()[inside])
                progress(done, sum(painter.counts(step.octaves)))
        except KeyboardInterrupt:
            if canvas is None:
                raise
            interrupted = True
    delta = np.zeros_like(small) if canvas is None else np.ascontiguousarray(canvas.delta()[inside])
    told = {
        "backbone": painter.backbone.name,
        "style_layers": [list(pair) for pair in painter.layers.style],
        "content_layers": [list(pair) for pair in painter.layers.content],
        "scores": [[round(s, 5) for s in curve] for curve in curves.values()],
    }
    return delta, told, interrupted


def main(argv: list[str] | None = None) -> int:
    """Command line of this verb."""
    return cli.main("style", argv, _job, plan=_plan)


def _plan(args) -> dict:
    if is_sound(args.source):
        from deepdream_av import styled_sound

        return styled_sound.plan(args)
    from deepdream_av.ascent.pictures import work_size
    from deepdream_av.media.image import read_image
    from deepdream_av.objectives.paintings import read_paintings

    size = read_image(args.source).array.shape[1::-1]
    paintings = read_paintings(args.recipe.styles, size)
    return {
        "size": list(size),
        "work_size": list(work_size(args.recipe, size)),
        "paintings": [f"{p.name} {p.array.shape[1]}x{p.array.shape[0]}" for p in paintings],
    }


def _job(args, progress, say) -> cli.Result:
    if is_sound(args.source):
        from deepdream_av import styled_sound

        return styled_sound.job(args, progress, say)
    from deepdream_av.media.files import writing
    from deepdream_av.media.image import check_size, read_image, write_image
    from deepdream_av.objectives.paintings import read_paintings

    picture = read_image(args.source)
    check_size(args.output, *picture.array.shape[1::-1])
    paintings = read_paintings(args.recipe.styles, picture.array.shape[1::-1])
    for note in (*picture.notes, *(note for p in paintings for note in p.notes)):
        say(note)
    with writing(args.output, force=args.force, source=args.source) as part:
        painted = _paint(picture.array, paintings, args.recipe, progress)
        with finishing():
            write_image(
                part, painted.array, like=picture, recipe=args.recipe, source=args.source, kind="style"
            )
    return cli.Result(args.output, painted.report, interrupted=painted.interrupted)


if __name__ == "__main__":
    raise SystemExit(main())
