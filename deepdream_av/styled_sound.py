"""Give a sound the style of others: `python -m deepdream_av.style song.wav --style rain.wav -o out.wav`.

What is matched is what sounds together in the style, wherever in time; the onsets of the source and a share of its
content are held. The waveform itself is optimised, in all its chunks, and gets the source's loudness and stereo image.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable

import numpy as np

from deepdream_av import cli
from deepdream_av.audio import DreamtSound, worked_on, write_long
from deepdream_av.recipe import Recipe


def style_sound(content, styles=(), *, recipe: Recipe | None = None, progress: Callable | None = None) -> DreamtSound:
    """Give a sound the style of others and keep its rate, channels, length, loudness and stereo image.

    Args:
        content: path of a sound, or `(samples, rate)` with float `[samples, channels]`.
        styles: the same, one or a list; those of the recipe if there are none. In a list each may be a pair of a path
            and its weight.
        recipe: how; the default if None. `content_weight` is what is kept of the source, `rhythm` of its onsets.
        progress: called as `progress(done, total)` in seconds of sound.

    Raises:
        InputError: not a sound, or a style that is silent or too short.
        UsageError: no style, weights that sum to nothing, or a layer that there is not.
    """
    from deepdream_av.media.audio import checked_samples, read_audio
    from deepdream_av.media.sample_store import SampleStore

    recipe, layout, notes = recipe or Recipe.from_look(), "", ()
    if isinstance(content, tuple):
        samples, rate = content
    else:
        sound = read_audio(content, start=recipe.start, duration=recipe.duration)
        samples, rate, layout, notes = sound.samples, sound.rate, sound.layout, sound.notes
    samples, more = checked_samples(samples, rate)
    textures, pairs = _textures(styles, recipe)
    recipe = recipe.replace(styles=pairs)
    with SampleStore(samples.shape[1], in_memory=samples.size) as source:
        source.append(samples)
        with worked_on(source, rate, recipe=recipe, layout=layout, styler=_styler(recipe, textures)) as styling:
            styling.run(progress)
            if styling.interrupted:
                raise KeyboardInterrupt
            result = np.concatenate(list(styling.blocks()))
            report = {**styling.report, "notes": [*notes, *more, *styling.report["notes"]]}
    return DreamtSound(result, rate, recipe, report)


def _styler(recipe: Recipe, textures):
    def made():
        from deepdream_av.ascent.sound_style import SoundStyler

        return SoundStyler(recipe, textures)

    return made


def _textures(styles, recipe: Recipe):
    """The styles as mono sounds, and what of them a recipe can tell."""
    from deepdream_av.ascent.sound_style import read_texture, texture

    if isinstance(styles, str | os.PathLike) or (isinstance(styles, tuple) and _is_sound(styles)):
        styles = [styles]
    found, pairs = [], []
    for style in list(styles) if isinstance(styles, Iterable) and len(styles) else recipe.styles:
        if isinstance(style, tuple) and not isinstance(style[0], str | os.PathLike):
            found.append(texture(*style, 1.0, "the style"))
            continue
        name, weight = style if isinstance(style, tuple) else (style, 1.0)
        pairs.append((os.fspath(name), float(weight)))
        found.append(read_texture(*pairs[-1]))
    return found, tuple(pairs)


def _is_sound(pair) -> bool:
    return len(pair) == 2 and not isinstance(pair[0], str | os.PathLike | tuple)


def plan(args) -> dict:
    """Facts for `--dry-run`."""
    from deepdream_av.media.audio import open_audio

    with open_audio(args.source, start=args.recipe.start, duration=args.recipe.duration) as reader:
        seconds = reader.length / reader.rate if reader.length else None
        return {"seconds": seconds, "rate": reader.rate, "channels": reader.channels, "styles": args.recipe.styles}


def job(args, progress, say) -> cli.Result:
    """From file to file, in memory independent of the length."""
    from deepdream_av.ascent.sound_style import read_texture

    began = time.monotonic()
    textures = [read_texture(*pair) for pair in args.recipe.styles]
    result = write_long(args, progress, say, kind="style", styler=_styler(args.recipe, textures))
    result.report["seconds"] = round(time.monotonic() - began, 2)
    return result
