"""Gradient rules that remember: momentum and Adam; see `ascent.memory` for how their memory is carried."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from deepdream_av.ascent.rules import Std


@dataclass(frozen=True)
class Momentum:
    """Goes on in the direction it has been going in: what changes from step to step (jitter, grain) averages out.

    The sum of past directions is brought to unit size by the same rule again, so that a step stays as long as it
    says, which a heavy ball (Polyak 1964) does not.

    Args:
        decay: share of the last sum that is kept.
        rule: makes a direction of a gradient, and one of the sum.
    """

    decay: float = 0.9
    rule: Any = Std()

    def start(self, state):
        """The sum so far, of the state's shape, before the first step."""
        return (tf.zeros_like(state),)

    def __call__(self, gradient, state, given, memory):
        """A direction of the gradient's shape, and the memory."""
        total = self.decay * memory[0] + self.rule(gradient, state, given)
        return self.rule(total, state, given), (total,)


@dataclass(frozen=True)
class Adam:
    """Every number gets a step of its own, about as long as the step size (Kingma and Ba 2015).

    Args:
        first: share of the last mean that is kept.
        second: the same of the mean square.
        floor: added to the root of the mean square.
        average: share that is kept in a mean of all states, which is then what is shown (Polyak averaging); 0: no mean.
    """

    first: float = 0.9
    second: float = 0.999
    floor: float = 1e-8
    average: float = 0.0

    def start(self, state):
        """Steps done, mean, mean square, and the sum of what is averaged, before the first step."""
        nothing = tf.zeros_like(state)
        return tf.zeros([]), nothing, nothing, *([nothing] if self.average else [])

    def __call__(self, gradient, state, given, memory):
        """A direction of the gradient's shape, and the memory."""
        done, mean, square, *total = memory
        if total:  # where it begins is not what it went through
            share = tf.where(done > 0, 1 - self.average, 0.0)
            total = [self.average * total[0] + share * state]
        done += 1
        mean = self.first * mean + (1 - self.first) * gradient
        square = self.second * square + (1 - self.second) * tf.square(gradient)
        root = tf.sqrt(square / (1 - self.second**done))
        return mean / (1 - self.first**done) / (root + self.floor), (done, mean, square, *total)

    @property
    def averaged(self):
        """`averaged(state, memory)`: the mean of all states up to this one; None without `average`."""
        return self._mean if self.average else None

    def _mean(self, state, memory):
        done, total = memory[0], memory[3]
        return (self.average * total + (1 - self.average) * state) / (1 - self.average**done)
