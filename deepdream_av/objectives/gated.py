"""Sets of channels that signals raise and lower: what is heard selects what is dreamt, and the other way round."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from deepdream_av.errors import UsageError
from deepdream_av.objectives.registry import kind

SIGNALS = "signals"


@kind("gated")
@dataclass(frozen=True)
class Gated:
    """Every set of channels, raised as far as its signal says.

    The presence of a set is the weighted sum of `log1p(mean / scale)` of its channels, the measure in which filter
    pairs are found (`correlate.pairs`), so that what is dreamt is what was measured. The signals are given to
    `ascend`: a column for each set, one row for a picture, rows evenly along a sound.

    With `holds`, as many columns again say which presence is wanted. Whatever is missing is added and whatever is
    too much is taken away, at most as fast as a gate of that weight would (Huber 1964): the gradient of a correlation
    over time at one moment is no more than that, so that no other moment must be kept in memory.

    Args:
        channels: names such as `stride8#12`; `stride8` is the mean of its channels.
        sets: number of the set of each, from 0.
        weights: of each within its set, over 0.
        scales: mean of each that counts as usual, over 0.
        holds: how firmly the wanted presence of each set is followed; empty: there are no such columns.
        width: of presence, within which a miss counts less.

    >>> term = Gated(("a#0", "a#1"), (0, 1), (1.0, 1.0), (1.0, 1.0))
    >>> maps = {"a": tf.constant([1.0, 3.0]) + tf.zeros([1, 4, 4, 2]), "signals": tf.constant([[1.0, 0.0]])}
    >>> round(float(term(maps)), 3)  # log(1 + 1), and nothing of the other
    0.693
    """

    channels: tuple[str, ...]
    sets: tuple[int, ...]
    weights: tuple[float, ...]
    scales: tuple[float, ...]
    holds: tuple[float, ...] = ()
    width: float = 0.3

    def __post_init__(self):
        count = len(self.channels)
        if self.holds and len(self.holds) != max(self.sets) + 1:
            raise UsageError(
                f"`holds` must have a number for each of {max(self.sets) + 1} sets. Received: {len(self.holds)}."
            )
        if not count or {len(self.sets), len(self.weights), len(self.scales)} != {count}:
            raise UsageError(
                "Gated channels must each have a set, a weight and a scale. Received: "
                f"{count} channels, {len(self.sets)}, {len(self.weights)} and {len(self.scales)}."
            )

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers that it reads, and the signals."""
        return (*dict.fromkeys(name.partition("#")[0] for name in self.channels), SIGNALS)

    def __call__(self, activations: dict) -> tf.Tensor:
        """A number from `{layer: float [1, height, width, channels], "signals": float [rows, columns]}`."""
        signals, count = activations[SIGNALS], max(self.sets) + 1
        presence = self.presence(activations, moments=tf.shape(signals)[0] > 1)
        signals = _along(signals, tf.shape(presence)[0])
        score = tf.reduce_sum(signals[:, :count] * presence, 1)
        if self.holds:
            missing = tf.abs(signals[:, count : 2 * count] - presence) / self.width
            near = tf.minimum(missing, 1.0)
            score -= self.width * tf.reduce_sum(self.holds * near * (missing - 0.5 * near), 1)
        return tf.reduce_mean(score)

    def presence(self, activations: dict, *, moments=False) -> tf.Tensor:
        """How much there is of each set, float32 `[moments, sets]`; one moment for a picture.

        Args:
            activations: see the call.
            moments: whether the rows of the maps are moments of a sound.
        """
        parts, moments = [], tf.convert_to_tensor(moments)
        for name in self.layers[:-1]:
            means = tf.reduce_mean(tf.nn.relu(tf.cast(activations[name], tf.float32)), [0, 2])
            means = tf.cond(moments, lambda x=means: x, lambda x=means: tf.reduce_mean(x, 0, keepdims=True))
            parts.append((name, means))
        rows = tf.reduce_max([tf.shape(means)[0] for _, means in parts])
        total = tf.zeros([rows, max(self.sets) + 1])
        for name, means in parts:
            total += _along(self._mixed(name, means), rows)
        return total

    def _mixed(self, layer: str, means):
        """What one layer adds to each set, `[moments, sets]`."""
        mine = [n for n, name in enumerate(self.channels) if name.partition("#")[0] == layer]
        whole = tf.concat([means, tf.reduce_mean(means, 1, keepdims=True)], 1)
        numbers = [self.channels[n].partition("#")[2] for n in mine]
        # the last column is the layer as a whole
        columns = [int(number) if number else means.shape[1] for number in numbers]
        values = tf.math.log1p(tf.gather(whole, columns, axis=1) / [self.scales[n] for n in mine])
        table = np.zeros([len(mine), max(self.sets) + 1], np.float32)
        table[range(len(mine)), [self.sets[n] for n in mine]] = [self.weights[n] for n in mine]
        return values @ tf.constant(table)


def _along(rows, count):
    """Rows `[moments, columns]`, as many as wanted: between two of them there is their mixture."""
    return tf.image.resize(rows[None, :, None], [count, 1])[0, :, 0]
