"""The canvas of samples: what is dreamt is the sound itself, and it keeps its envelope."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from deepdream_av.spectral import MelGrid, istft, log_mel, mel_power, spread_bands, stft
from deepdream_av.spectral.frames import frame_power, smooth_frames
from deepdream_av.spectral.mel import FLOOR

RATE = 22050
"""The ear hears up to 11 kHz; what lies above is not dreamt but carried along (see `deepdream_av.audio`)."""
RESTORE_FRAMES = 5
MOST_GAIN = 4.0
STEADY_FRAMES = 5  # 116 ms
QUICK_SHARE = 0.1
ENVELOPE_ROOM = 2.0  # 6 dB
HOP = 64  # samples between two points of the envelope, 3 ms


class Waveform:
    """A mono sound at 22.05 kHz that is dreamt sample by sample.

    After each step the course of the source in time is brought back, so that accents, rests and loudness stay where
    they were and only the colour of the sound moves.

    Args:
        samples: float32 `[samples]`.
        where: float32 `[frames, 128]` in [0, 1], the cells of its log-mel picture that may be dreamt; all if None.
    """

    form = "waveform"
    grid = MelGrid(RATE)

    def __init__(self, samples, where=None):
        self.state = tf.convert_to_tensor(np.asarray(samples, np.float32))
        mel = log_mel(self.state, self.grid)
        where = tf.ones_like(mel) if where is None else tf.convert_to_tensor(where, tf.float32)
        self.given = (self.state, mel, where)

    @property
    def size(self) -> tuple[int, int]:
        """Frames and bands of what the ear hears."""
        return tuple(self.given[1].shape)

    @property
    def kept(self) -> tf.Tensor:
        """What the ear hears of the source, `[frames, 128]`."""
        return self.given[1]

    def heard(self, state) -> tf.Tensor:
        """Log-mel picture of a state, `[frames, 128]`."""
        return log_mel(state, self.grid)

    def array(self) -> np.ndarray:
        """The dream so far, float32 `[samples]`."""
        return self.state.numpy()

    @classmethod
    def signature(cls):
        """Shapes of the state and of what is given with it."""
        picture = tf.TensorSpec([None, 128], tf.float32)
        return tf.TensorSpec([None], tf.float32), (tf.TensorSpec([None], tf.float32), picture, picture)

    @classmethod
    def render(cls, state, given):
        """What the ear hears: log-mel `[1, frames, 128, 1]`."""
        return log_mel(state, cls.grid)[None, :, :, None]

    @classmethod
    def source(cls, given):
        """What the ear hears of the source: log-mel `[1, frames, 128, 1]`."""
        return given[1][None, :, :, None]

    @classmethod
    def project(cls, state, given):
        """The same sound with the source's course in time: in every band, in every frame, and within a frame.

        Cells that may not be dreamt are the source's.
        """
        source, _, where = given
        spectrum, then = stft(state, cls.grid), stft(source, cls.grid)
        spectrum *= tf.cast(steadied(spectrum, then, cls.grid), spectrum.dtype)
        share = tf.cast(spread_bands(where, cls.grid), spectrum.dtype)
        spectrum = then + share * (spectrum - then)
        power, wanted = (smooth_frames(frame_power(x), width=RESTORE_FRAMES) for x in (spectrum, then))
        gain = tf.minimum(tf.sqrt((wanted + 1e-12) / (power + 1e-12)), MOST_GAIN)
        spectrum += share * spectrum * tf.cast(gain - 1, spectrum.dtype)[:, None]
        return under_envelope(istft(spectrum, cls.grid, tf.shape(state)[-1]), source)


def steadied(spectrum, source, grid: MelGrid):
    """Gains that slow down what a dream did to each band, so that no beats are added and none are lost.

    What changes the colour of a sound for a tenth of a second or longer stays; of what is quicker, a part.

    Args:
        spectrum, source: complex64 `[frames, bins]`.
        grid: of both.

    Returns:
        float32 `[frames, bins]`.
    """
    change = tf.math.log(mel_power(spectrum, grid) + FLOOR) - tf.math.log(mel_power(source, grid) + FLOOR)
    slow = tf.nn.avg_pool1d(change[None], STEADY_FRAMES, 1, "SAME")[0]
    too_much = (1 - QUICK_SHARE) * (change - slow)
    # powers are squares: half the logarithm is that of the amplitude
    return tf.exp(spread_bands(tf.clip_by_value(-0.5 * too_much, -2.0, 2.0), grid))


def under_envelope(sound, source):
    """The sound, held down where the source is all but silent for a few milliseconds.

    A frame of the spectrum is ten times as long as a click; without this a dream begins before its note.

    Args:
        sound, source: float32 `[samples]`.
    """

    def power(x):
        padded = tf.pad(tf.square(x)[None, :, None], [[0, 0], [2 * HOP, 2 * HOP], [0, 0]])
        return tf.nn.avg_pool1d(padded, 4 * HOP, HOP, "VALID")[0, :, 0]

    gain = tf.minimum(1.0, ENVELOPE_ROOM * tf.sqrt((power(source) + 1e-14) / (power(sound) + 1e-14)))
    place = tf.cast(tf.range(tf.shape(sound)[0]), tf.float32) / HOP
    before = tf.cast(place, tf.int32)
    share, last = place - tf.cast(before, tf.float32), tf.shape(gain)[0] - 1
    left, right = (tf.gather(gain, tf.minimum(k, last)) for k in (before, before + 1))
    return sound * (left * (1 - share) + right * share)
