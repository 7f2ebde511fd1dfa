"""L-BFGS in single precision, for states of many numbers that are optimised where nothing is random.

SciPy's (`lbfgs.py`) works in double precision on bounds that a sound does not have; on half a million numbers that
costs as much as the network.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

import numpy as np
import tensorflow as tf

from deepdream_av.ascent.climbing import of_network
from deepdream_av.ascent.lbfgs import slopes
from deepdream_av.ascent.loop import Step
from deepdream_av.errors import UsageError

REMEMBERED = 12  # pairs of a step and what the gradient did in it
ENOUGH = 1e-4  # share of the rise that the slope promises, which a step must reach (Armijo 1966)
HALVINGS = 12


def climb_curved(canvas, backbone, objective, *, steps: int = 100, every: int = 5) -> Iterator[Step]:
    """Climb by L-BFGS (Liu and Nocedal 1989) with steps that are halved until they rise.

    Args:
        canvas: what is changed; it holds the best found so far.
        backbone: who looks or listens, in float32.
        objective: larger is better; nothing in it may be random.
        steps: most iterations; a summit ends it earlier.
        every: iterations between two yields.

    Raises:
        UsageError: numbers out of range.
    """
    if steps < 1 or every < 1:
        raise UsageError(f"`steps` and `every` must be at least 1. Received: {steps} and {every}.")
    slope = slopes(type(canvas), of_network(backbone, objective.layers), objective)
    shape = canvas.state.shape

    def at(flat):
        score, gradient = slope(tf.constant(flat.reshape(shape)), canvas.given)
        return float(score), gradient.numpy().ravel()

    x = canvas.state.numpy().ravel()
    score, gradient = at(x)
    scores, pairs = [score], deque(maxlen=REMEMBERED)
    for step in range(1, steps + 1):
        direction = _direction(gradient, pairs)
        moved = _risen(at, x, score, gradient, direction, 1.0 if pairs else 0.1 * np.sqrt(x.size))
        if moved is None and pairs:  # what is remembered may lie; the gradient itself does not
            pairs.clear()
            continue
        if moved is None:
            break
        there, score, new = moved
        s, y = there - x, gradient - new
        if (curvature := float(s @ y)) > 1e-10 * float(y @ y):
            pairs.append((s, y, curvature))
        x, gradient = there, new
        scores.append(score)
        if step % every == 0 and step < steps:
            canvas.state = tf.constant(x.reshape(shape))
            yield Step(0, 1, step, steps, tuple(scores), canvas)
    canvas.state = tf.constant(x.reshape(shape))
    yield Step(0, 1, steps, steps, tuple(scores), canvas)


def _direction(gradient, pairs):
    """The gradient in the metric of what is remembered; a unit vector if nothing is."""
    if not pairs:
        return gradient / (np.linalg.norm(gradient) + 1e-30)
    found, shares = gradient.copy(), []
    for s, y, curvature in reversed(pairs):
        shares.append(float(s @ found) / curvature)
        found -= np.float32(shares[-1]) * y
    _, y, curvature = pairs[-1]
    found *= np.float32(curvature / float(y @ y))
    for (s, y, curvature), share in zip(pairs, reversed(shares)):
        found += np.float32(share - float(y @ found) / curvature) * s
    return found


def _risen(at, x, score, gradient, direction, length: float):
    """The first point along a direction that is high enough, with its score and gradient; None if there is none."""
    promised = float(gradient @ direction)
    for _ in range(HALVINGS):
        there = x + np.float32(length) * direction
        new, slope = at(there)
        if np.isfinite(new) and new >= score + ENOUGH * length * promised:
            return there, new, slope
        length *= 0.5 if length <= 1 else 0.25
    return None
