"""What the channels of a network that looks do, frame by frame."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

import numpy as np

from deepdream_av.correlate.series import Series, measured

LAYERS = ("stride4", "stride8", "stride16")
"""What is looked at unless something else is asked for: textures, motifs and things."""

_BATCH = 8
_LEAST_SIDE = 48  # pixels; a network halves five times


class Watcher:
    """Sees a film frame by frame and keeps a number for each channel, whatever the size of the film.

    Args:
        backbone: a network that looks.
        layers: names of its layers.
        long_side: pixels to which frames are brought before they are seen.
    """

    def __init__(self, backbone, layers: Iterable[str] = LAYERS, *, long_side: int = 192):
        self._network, self._layers = backbone, tuple(layers)
        self._long_side = long_side
        self._waiting: list[np.ndarray] = []
        self._times: list[float] = []
        self._shots: list[int] = []
        self._means: list[np.ndarray] = []

    def add(self, time: float, picture: np.ndarray, shot: int) -> None:
        """See the next frame.

        Args:
            time: when it is shown, in seconds.
            picture: float32 `[height, width, 3]` in [0, 1].
            shot: number of its shot.
        """
        small = self._small(picture)
        if self._waiting and small.shape != self._waiting[0].shape:
            self._look()
        self._waiting.append(small)
        self._times.append(float(time))
        self._shots.append(int(shot))
        if len(self._waiting) == _BATCH:
            self._look()

    def finish(self) -> Series:
        """The channels over all frames that were added."""
        self._look()
        names = [f"{name}#{n}" for name in self._layers for n in range(self._network.channels(name))]
        means = np.concatenate([*self._means, np.zeros([0, len(names)], np.float32)])
        values, scales = measured(means, names)
        return Series(np.array(self._times), values, tuple(names), np.array(self._shots, np.int32), scales)

    def _small(self, picture: np.ndarray) -> np.ndarray:
        import cv2

        height, width = picture.shape[:2]
        scale = self._long_side / max(height, width)
        size = max(_LEAST_SIDE, round(width * scale)), max(_LEAST_SIDE, round(height * scale))
        if size == (width, height):
            return np.asarray(picture, np.float32)
        way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        return cv2.resize(np.ascontiguousarray(picture, np.float32), size, interpolation=way)

    def _look(self) -> None:
        if self._waiting:
            self._means.append(self._seen(np.stack(self._waiting)).numpy())
            self._waiting = []

    @cached_property
    def _seen(self):
        import tensorflow as tf

        network, layers = self._network.truncated(self._layers), self._layers

        @tf.function(input_signature=[tf.TensorSpec([None, None, None, 3])])
        def seen(pictures):
            found = network(pictures)
            return tf.concat(
                [tf.reduce_mean(tf.nn.relu(tf.cast(found[x], tf.float32)), [1, 2]) for x in layers], 1
            )

        return seen
