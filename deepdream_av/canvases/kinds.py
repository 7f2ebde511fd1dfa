"""From the names in a recipe to a canvas of pictures."""

from __future__ import annotations

from functools import cache

from deepdream_av.canvases.chroma import ChromaPixels
from deepdream_av.canvases.fourier import Fourier
from deepdream_av.canvases.laplacian import Laplacian
from deepdream_av.canvases.phase import Phase
from deepdream_av.canvases.pixels import ClippedPixels, Pixels
from deepdream_av.canvases.whole import FreePixels

TONES = {"soft": Pixels, "clip": ClippedPixels, "chroma": ChromaPixels, "free": FreePixels}
FORMS = {"pixels": None, "fourier": Fourier, "phase": Phase, "laplacian": Laplacian}


@cache
def picture_canvas(form: str = "pixels", tone: str = "soft") -> type[Pixels]:
    """The class of a canvas; always the same one, so that what was compiled for it serves again.

    Args:
        form: in which a dream is held, a key of `FORMS`.
        tone: how the result is brought back into range, a key of `TONES`.

    >>> picture_canvas("fourier").__name__
    'FourierPixels'
    """
    held, shown = FORMS[form], TONES[tone]
    if held is None:
        return shown
    return type(f"{held.__name__}{shown.__name__}", (held, shown), {"__doc__": held.__doc__})
