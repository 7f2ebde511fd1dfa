"""Deep Dreams for pictures, sound and film.

Verbs, each with a command of the same name (`python -m deepdream_av.video`)::

    dream_image(source)             a picture in, a dreamt picture out
    dream_audio(source)             a sound in, a dreamt sound out
    dream_video(source, output)     a film in, the same film dreamt in pictures and sound out
    style_image(photo, painting)    a picture in, the same picture in the style of others out
    dream_latent()                  the picture, of all that a generator can paint, that a network wants most
    walk_latents(sound, output)     a sound in, a looped film through a generator's world out
    zoom_image(source, output)      a picture in, a looped zoom into its dream out

What decides how a dream looks and sounds::

    Recipe, list_looks()            one frozen object: preset, flags and the metadata in a written file
    read_recipe(path)               the recipe inside a dream
    report_card(dream, source)      how good a dream is, in numbers

Parts, in the order in which data flows, for those who want control::

    media/        files <-> arrays
    spectral/     differentiable front end for sound: stft, mel
    canvases/     what is optimised: pixels, waveform, spectrogram, latent
    transforms/   draw(seed) -> params; apply(x, params); undo
    backbones/    who looks or listens: load_backbone(name) -> {layer: activation}
    objectives/   what it wants: layer("mixed4"), 2 * a + 3 * b; larger is better
    ascent/       for step in ascend(canvas, backbone, objective): ...
    temporal/     along time: flow, warp, shots
    correlate/    sound drives picture

Importing the package loads nothing; a name is resolved when it is used first.
"""

from __future__ import annotations

__version__ = "0.1.0"

_HOME = {
    "dream_image": "image",
    "dream_audio": "audio",
    "dream_video": "video",
    "style_image": "style",
    "style_sound": "styled_sound",
    "dream_latent": "latent",
    "walk_latents": "walk",
    "zoom_image": "zoom",
    "Recipe": "recipe",
    "list_looks": "recipe",
    "read_recipe": "media.metadata",
    "report_card": "analysis.picture",
    "read_image": "media.image",
    "write_image": "media.image",
    "load_backbone": "backbones",
    "layer": "objectives",
    "Pixels": "canvases",
    "Octaves": "ascent",
    "ascend": "ascent",
    "Step": "ascent",
    "DeepDreamError": "errors",
}

__all__ = [*_HOME, "__version__"]


def __getattr__(name: str):
    if name not in _HOME:
        raise AttributeError(f"module 'deepdream_av' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"deepdream_av.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__():
    return sorted({*globals(), *__all__})
