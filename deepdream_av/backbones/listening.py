"""Who hears the style of a sound: a random layer on the spectrum, and an ear, from one waveform."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import numpy as np
import tensorflow as tf

from deepdream_av.errors import UsageError
from deepdream_av.spectral import MelGrid, mel_power, normalised, stft

RANDOM = "random"
TAPS = 11  # frames that a filter of the random layer spans
GRID = MelGrid(22050)


class Listening:
    """Maps mono waveforms at 22.05 kHz to activations over time.

    Layers are `random`, and those of an ear; beside them `mel`, what the ear hears, and `source`, what it hears of
    the sound that was last named by `aim`.

    The random layer is that of Ulyanov and Lebedev (2016): one convolution over time with all frequencies as channels,
    on log(1 + magnitude), 11 frames long, with a rectifier.

    Args:
        ear: a backbone that listens.
        filters: of the random layer.
        seed: of its weights.
    """

    kind = "sound"

    def __init__(self, ear, *, filters: int = 4096, seed: int = 0):
        self.ear, self.name, self.filters = ear, ear.name, filters
        self._seed = seed
        self._source = tf.Variable(np.zeros([1, 1, 128, 1], np.float32), trainable=False, shape=[1, None, 128, 1])
        self.truncated = lru_cache(maxsize=8)(self._truncated)

    def layer_name(self, name: str) -> str:
        """A layer's own name.

        Raises:
            UsageError: there is no such layer.
        """
        return name if name == RANDOM else self.ear.layer_name(name)

    def width(self, name: str) -> int:
        """Pitches times channels of a layer."""
        if name == RANDOM:
            return self.filters
        shape = self.ear.truncated((name,)).model.compute_output_shape((1, 64, 128, 1))[name]
        if len(shape) != 4:
            raise UsageError(f"`style_layers` must be maps over time. Received: {name!r}.")
        return int(shape[2] * shape[3])

    def aim(self, samples) -> None:
        """From now on, `source` is what the ear hears of this: float32 `[samples]`."""
        self._source.assign(normalised(mel_power(stft(samples, GRID), GRID))[None, :, :, None])

    @property
    def _kernel(self):
        if not hasattr(self, "_made"):
            draw = np.random.default_rng(self._seed)
            shape = [TAPS, GRID.bins, self.filters]
            scale = np.float32(np.sqrt(2 / (TAPS * GRID.bins)))
            self._made = tf.constant(draw.standard_normal(shape, np.float32) * scale)
        return self._made

    def _truncated(self, names: Iterable[str]):
        names = tuple(names)
        heard = tuple(name for name in names if name not in (RANDOM, "mel"))
        ear = self.ear.truncated(heard) if heard else None
        kernel = self._kernel if RANDOM in names else None

        def listen(waveform):
            """From `[1, samples]` to `{layer: [1, frames, pitches, channels]}`."""
            spectrum = stft(waveform[0], GRID)
            mel = normalised(mel_power(spectrum, GRID))[None, :, :, None]
            found = {"mel": mel, "source": self._source}
            if kernel is not None:
                # the root of a power has no slope at 0
                power = tf.square(tf.math.real(spectrum)) + tf.square(tf.math.imag(spectrum))
                magnitude = tf.sqrt(power + 1e-8) - 1e-4
                found[RANDOM] = tf.nn.relu(tf.nn.conv1d(tf.math.log1p(magnitude)[None], kernel, 1, "SAME"))[:, :, None]
            return found | (dict(ear(mel)) if ear else {})

        return listen
