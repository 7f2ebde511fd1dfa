"""What is optimised: pixels, samples, a mel spectrogram.

A canvas has a `state` (a tensor), `given` (tensors it is measured against) and `array()`; its class says the
`signature()` of both, how a network is shown it (`render`) and what a state may be (`project`).
"""

from __future__ import annotations

from deepdream_av.canvases.pixels import ClippedPixels, Pixels

__all__ = ["ClippedPixels", "Pixels", "Spectrogram", "Waveform"]


def __getattr__(name: str):
    # the canvases of sound bring the whole front end of the ear with them
    if name == "Spectrogram":
        from deepdream_av.canvases.spectrogram import Spectrogram

        return Spectrogram
    if name == "Waveform":
        from deepdream_av.canvases.waveform import Waveform

        return Waveform
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
