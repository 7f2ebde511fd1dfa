"""Canvases that hold a dream in another form than pixels, and show it as the canvas of pixels does."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from deepdream_av.canvases.pixels import ClippedPixels, Pixels, scaled


class Encoded(Pixels):
    """What is dreamt is the difference to a source, held in a form of its own: `decode(state)` is that difference.

    A form decides which steps are short and which are long, and so what a dream is made of; every picture can be
    reached in each of them. A class says its `form`, and how to `encode` and `decode`.

    Args:
        picture: float32 `[height, width, 3]` in [0, 1], the source.
        delta: a dream to go on from, of the same shape.
    """

    form: tuple = (None, None, 3)  # shape of a state

    def __init__(self, picture: np.ndarray, delta: np.ndarray | None = None):
        super().__init__(picture, delta)
        self._hold(self.picture, self.state.numpy())

    def _hold(self, source: np.ndarray, delta: np.ndarray) -> None:
        self.given = self.measured(tf.convert_to_tensor(source))
        self.state = self.encode(tf.convert_to_tensor(delta), self.given)

    def resize(self, size: tuple[int, int]) -> None:
        """Go on at another size: the source is scaled anew from its full size, the dream from where it is."""
        delta = self.decode(self.state, self.given).numpy()
        self._hold(scaled(self.picture, size), scaled(delta, size))

    def resize_memory(self, array: np.ndarray) -> np.ndarray:
        """What a gradient rule remembers of each frequency, for the size at which the canvas now is.

        Args:
            array: float32 `[height, width // 2 + 1, channels]`, in the order of the state that was.
        """
        rows, columns = (np.array(x) for x in self.state.shape[:2])
        up = np.minimum(np.arange((rows + 1) // 2), (len(array) - 1) // 2)
        down = np.minimum(np.arange(rows // 2, 0, -1), len(array) // 2)
        # frequencies that were not there before get what the highest ones had
        across = np.minimum(np.arange(columns), array.shape[1] - 1)
        return array[np.concatenate([up, len(array) - down])][:, across]

    def delta(self) -> np.ndarray:
        """What has been dreamt so far, float32, at the size of the source."""
        return scaled(self.decode(self.state, self.given).numpy(), self.size)

    @classmethod
    def signature(cls):
        """Shapes of the state and of what is given with it."""
        return tf.TensorSpec(cls.form, tf.float32), (tf.TensorSpec([None, None, 3], tf.float32),)

    @classmethod
    def measured(cls, source) -> tuple:
        """What a state is measured against: the source first."""
        return (source,)

    @classmethod
    def encode(cls, delta, given):
        """The state whose difference is `delta`, float32 `[height, width, 3]`."""
        raise NotImplementedError

    @classmethod
    def decode(cls, state, given):
        """The difference of a state, float32 `[height, width, 3]`."""
        raise NotImplementedError

    @classmethod
    def render(cls, state, given):
        """What a network is shown: float32 `[1, height, width, 3]`."""
        return super().render(cls.decode(state, given), given[:1])

    @classmethod
    def project(cls, state, given):
        """What a canvas of pixels would allow."""
        if not issubclass(cls, ClippedPixels):
            return state
        allowed = super().project(cls.decode(state, given), given[:1])
        return cls.encode(allowed, given)
