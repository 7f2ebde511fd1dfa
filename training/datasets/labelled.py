"""Labelled examples, pictures or sounds, split once into those to learn from and those to judge by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Labelled:
    """Examples with one class each.

    Attributes:
        name: what the user called the data.
        kind: `"image"`: uint8 `[n, side, side, 3]`, or `"sound"`: float16 log-mels `[n, frames, 128]`. The arrays may
            be memory maps: only what a batch needs is read.
        classes: names, in the order of the labels.
        train_x, train_y: examples to learn from and their int32 labels `[n]`.
        validation_x, validation_y: examples that are never learnt from.
        notes: what was skipped, for the user.
    """

    name: str
    kind: str
    classes: tuple[str, ...]
    train_x: np.ndarray
    train_y: np.ndarray
    validation_x: np.ndarray
    validation_y: np.ndarray
    notes: tuple[str, ...] = ()

    def batches(self, batch: int, *, seed: int, epoch: int, augment: Callable | None = None):
        """One epoch in an order that (seed, epoch) decides, as a `tf.data.Dataset` of `(x, y)`.

        An epoch is a function of its number, so that a run that was killed goes on as if it had not been.

        Args:
            batch: examples in each; the last, incomplete one is left out.
            augment: `augment(x, y, rng) -> (x, y)` on a NumPy batch, with a generator of the batch's own; and, if it
                has it, `augment.in_graph(x, seed)` on a tensor.

        Yields:
            `x` float32 (pictures in [0, 1]; log-mels `[batch, frames, 128, 1]`), `y` float32 `[batch, classes]`.
        """
        order = np.random.default_rng([seed, 11, epoch]).permutation(len(self.train_y))

        def prepared(k):
            picks = np.sort(order[k * batch : (k + 1) * batch])  # sorted, as a memory map likes it
            x, y = self._ready(self.train_x[picks]), self._hot(self.train_y[picks])
            return augment(x, y, np.random.default_rng([seed, 12, epoch, k])) if augment else (x, y)

        data = self._stream(prepared, max(1, len(order) // batch))
        in_graph = getattr(augment, "in_graph", None)
        if in_graph is None:
            return data

        def changed(k, example):
            return in_graph(example[0], (seed * 10_007 + epoch) * 100_003 + k), example[1]

        return data.enumerate().map(changed, num_parallel_calls=1).prefetch(1)

    def judged(self, batch: int):
        """The validation examples in their order, as a `tf.data.Dataset` of `(x, y)`."""

        def prepared(k):
            part = slice(k * batch, (k + 1) * batch)
            return self._ready(self.validation_x[part]), self._hot(self.validation_y[part])

        return self._stream(prepared, -(-len(self.validation_y) // batch))

    def _ready(self, x):
        x = np.asarray(x)
        return x.astype(np.float32) / 255 if self.kind == "image" else x.astype(np.float32)[..., None]

    def _hot(self, y):
        return np.eye(len(self.classes), dtype=np.float32)[y]

    def _stream(self, prepared, count):
        import tensorflow as tf

        shape = (None, None, 3) if self.kind == "image" else (*self.train_x.shape[1:], 1)

        def one(k):
            x, y = tf.numpy_function(
                lambda n: tuple(map(np.float32, prepared(int(n)))), [k], [tf.float32] * 2
            )
            x.set_shape([None, *shape])
            y.set_shape([None, len(self.classes)])
            return x, y

        data = tf.data.Dataset.range(count).map(one, num_parallel_calls=1, deterministic=True).prefetch(2)
        return data.apply(tf.data.experimental.assert_cardinality(count))
