"""The canvas of samples: what is dreamt is the sound itself, and it keeps its envelope."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from deepdream_av.spectral import MelGrid, istft, log_mel, stft
from deepdream_av.spectral.frames import frame_power, smooth_frames

RATE = 22050
"""The ear hears up to 11 kHz; what lies above is not dreamt but carried along (see `deepdream_av.audio`)."""
RESTORE_FRAMES = 5
MOST_GAIN = 4.0


class Waveform:
    """A mono sound at 22.05 kHz that is dreamt sample by sample.

    After each step the energy of every frame is brought back to that of the source, so that accents, rests and
    loudness stay where they were and only the colour of the sound moves.

    Args:
        samples: float32 `[samples]`.
    """

    grid = MelGrid(RATE)

    def __init__(self, samples):
        self.state = tf.convert_to_tensor(np.asarray(samples, np.float32))
        self.given = (self.state,)

    def heard(self, state) -> tf.Tensor:
        """Log-mel picture of a state, `[frames, 128]`."""
        return log_mel(state, self.grid)

    def array(self) -> np.ndarray:
        """The dream so far, float32 `[samples]`."""
        return self.state.numpy()

    @classmethod
    def signature(cls):
        """Shapes of the state and of what is given with it."""
        return tf.TensorSpec([None], tf.float32), (tf.TensorSpec([None], tf.float32),)

    @classmethod
    def render(cls, state, given):
        """What the ear hears: log-mel `[1, frames, 128, 1]`."""
        return log_mel(state, cls.grid)[None, :, :, None]

    @classmethod
    def project(cls, state, given):
        """The same sound with the source's energy in every frame."""
        spectrum = stft(state, cls.grid)
        now = smooth_frames(frame_power(spectrum), width=RESTORE_FRAMES)
        then = smooth_frames(frame_power(stft(given[0], cls.grid)), width=RESTORE_FRAMES)
        gain = tf.minimum(tf.sqrt((then + 1e-12) / (now + 1e-12)), MOST_GAIN)
        return istft(spectrum * tf.cast(gain, spectrum.dtype)[:, None], cls.grid, tf.shape(state)[-1])
