"""Steps that several devices take together, on one machine or on many, as if they were one.

Keras 3.15's `fit` fails under `MultiWorkerMirroredStrategy` (keras-team/keras#20585), and under `MirroredStrategy` it
clips gradients before it adds them up. Here each device has its share of each batch, and all that depends on the
whole batch is that of the whole batch: loss, gradient and its clipping, statistics of batch norms, masks of dropouts.
So the loss curve does not depend on how many learn, except for the order in which floats are added.
"""

from __future__ import annotations

import contextlib

import keras
import numpy as np
import tensorflow as tf

from training.strategy import Workers


class Together:
    """A compiled model whose steps are shared; `fit` stands in for that of Keras.

    Args:
        model: functional; made and compiled in the scope of the workers, with a loss for each example's logits.
        workers: who shares the steps.
        loss: `loss(y, logits)`, float32 `[batch]`.
    """

    def __init__(self, model, workers: Workers, loss):
        self.model, self.workers, self._loss = model, workers, loss
        with workers.scope():
            self._learner = _with_shared_dropout(model, workers.count)
        self._learn = tf.function(self._learn_step, reduce_retracing=True)
        self._judge = tf.function(self._judge_step, reduce_retracing=True)

    def fit(self, batches, *, initial_epoch: int, epochs: int, validation_data, callbacks=(), verbose=0, **_):
        """One epoch, number `initial_epoch`, with the arguments and the callbacks of Keras' `fit`.

        Args:
            batches, validation_data: `tf.data.Dataset` of `(x, y)`: whole batches, the same in every process.
        """
        steps = int(batches.cardinality())
        calls = keras.callbacks.CallbackList(
            list(callbacks), add_progbar=bool(verbose), model=self.model, epochs=epochs, steps=steps,
            verbose=1 if verbose else 0,
        )  # fmt: skip
        calls.on_train_begin()
        calls.on_epoch_begin(initial_epoch)
        seen, sums = 0, np.zeros(2)
        with _synchronized(self.model):
            for step, (x, y) in enumerate(batches):
                calls.on_train_batch_begin(step)
                sums += len(x) * self._numbers(self._learn, x, y)
                seen += len(x)
                logs = dict(zip(("loss", "accuracy"), sums / seen))
                calls.on_train_batch_end(step, logs)
        logs |= dict(zip(("val_loss", "val_accuracy"), self.judge(validation_data)))
        calls.on_epoch_end(initial_epoch, logs)
        calls.on_train_end(logs)

    def judge(self, batches) -> np.ndarray:
        """Mean loss and accuracy over batches `(x, y)`; the last one may be a part of a batch."""
        sums = np.zeros(3)
        for x, y in batches:
            spare = -len(x) % self.workers.count  # filled up with examples that do not count
            weight = np.float32([1] * len(x) + [0] * spare)
            x, y = (tf.concat([a, tf.repeat(a[:1], spare, 0)], 0) for a in (x, y))
            sums += self._numbers(self._judge, x, y, weight)
        return sums[:2] / sums[2]

    def _numbers(self, step, *whole) -> np.ndarray:
        results = step(*map(self.workers.spread, whole))
        return np.array([float(self.workers.strategy.experimental_local_results(r)[0]) for r in results])

    # the steps; each runs on every device with its share

    def _learn_step(self, x, y):
        return self.workers.strategy.run(self._learn_share, (x, y))

    def _learn_share(self, x, y):
        context, count = tf.distribute.get_replica_context(), self.workers.count
        variables = self.model.trainable_variables
        whole = tf.cast(tf.shape(x)[0] * count, tf.float32)
        with tf.GradientTape() as tape:
            logits = self._learner(x, training=True)
            loss = tf.reduce_sum(self._loss(y, logits)) / whole
            if self._learner.losses:
                loss += tf.add_n(self._learner.losses) / count
        found = [(g, v) for g, v in zip(tape.gradient(loss, variables), variables) if g is not None]
        right = tf.reduce_sum(_right(y, logits)) / whole
        *gradients, loss, right = context.all_reduce("SUM", [*(g for g, _ in found), loss, right])
        # Keras clips first and then adds up: of n equal n-th parts, clipped at an n-th, comes what was meant
        self.model.optimizer.apply([g / count for g in gradients], [v for _, v in found])
        return loss, right

    def _judge_step(self, x, y, weight):
        return self.workers.strategy.run(self._judge_share, (x, y, weight))

    def _judge_share(self, x, y, weight):
        logits = self.model(x, training=False)
        sums = [self._loss(y, logits) * weight, _right(y, logits) * weight, weight]
        return tf.distribute.get_replica_context().all_reduce("SUM", [tf.reduce_sum(s) for s in sums])


def _right(y, logits):
    return tf.cast(tf.equal(tf.argmax(y, -1), tf.argmax(logits, -1)), tf.float32)


class _SharedDropout(keras.layers.Layer):
    """This device's part of the mask that a dropout would have drawn for the whole batch."""

    def __init__(self, dropout, count: int):
        super().__init__(name=dropout.name, dtype=dropout.dtype_policy)
        self.dropout, self.count = dropout, count

    def call(self, inputs, training=False):
        context = tf.distribute.get_replica_context()
        if context is None or not training:
            return inputs
        share, rest = tf.shape(inputs)[:1], tf.shape(inputs)[1:]
        whole = tf.ensure_shape(tf.ones(tf.concat([share * self.count, rest], 0), inputs.dtype),
                                [None, *inputs.shape[1:]])  # fmt: skip
        mask = self.dropout(whole, training=True)
        start = context.replica_id_in_sync_group * share[0]
        return inputs * mask[start : start + share[0]]


def _with_shared_dropout(model, count: int):
    """The same layers, with other dropouts."""

    def same(layer):
        return _SharedDropout(layer, count) if type(layer) is keras.layers.Dropout else layer

    return keras.models.clone_model(model, clone_function=same)


@contextlib.contextmanager
def _synchronized(model):
    """Within, batch norms take the statistics of the whole batch; the saved network need not know."""
    norms = [x for x in model.layers if isinstance(x, keras.layers.BatchNormalization)]
    before = [x.synchronized for x in norms]
    for layer in norms:
        layer.synchronized = True
    try:
        yield
    finally:
        for layer, was in zip(norms, before):
            layer.synchronized = was
