"""The canvas of a spectrum in units of what is usual in each of its cells: what a style is optimised on."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from deepdream_av.canvases.waveform import RATE
from deepdream_av.spectral import MelGrid, istft, stft


class ScaledSpectrum:
    """A mono sound at 22.05 kHz as its complex spectrum, each cell in units of its own.

    The sound itself is what is shown and what results, so that nothing is lost by an inversion. The units let an
    optimiser that takes all directions alike write where there is, or shall be, sound, and not hiss in between.

    Args:
        samples: float32 `[samples]`.
        power: float32 `[bins]`, power that is to be expected in each bin beside the sound's own.
    """

    form = "scaled"
    grid = MelGrid(RATE)

    def __init__(self, samples, power):
        samples = tf.convert_to_tensor(np.asarray(samples, np.float32))
        spectrum = stft(samples, self.grid).numpy()
        units = np.sqrt(np.abs(spectrum) ** 2 + np.asarray(power)[None] + 1e-8).astype(np.float32)
        self.state = tf.constant(np.stack([spectrum.real, spectrum.imag], -1) / units[..., None])
        self.given = (tf.constant(units), samples)

    def array(self) -> np.ndarray:
        """The sound so far, float32 `[samples]`."""
        return self.render(self.state, self.given).numpy()[0]

    @classmethod
    def signature(cls):
        """Shapes of the state and of what is given with it."""
        cells = [None, cls.grid.bins]
        return tf.TensorSpec([*cells, 2]), (tf.TensorSpec(cells), tf.TensorSpec([None]))

    @classmethod
    def render(cls, state, given):
        """The waveform, `[1, samples]`."""
        units, samples = given
        spectrum = tf.complex(state[..., 0] * units, state[..., 1] * units)
        return istft(spectrum, cls.grid, tf.shape(samples)[0])[None]
