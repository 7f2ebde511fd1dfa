"""L-BFGS from SciPy on the same canvas, network and objective as `ascend`.

It looks at the curvature of what it climbs and searches along each direction: where nothing is random and steps are
cheap it goes further than any rule with a fixed step.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import tensorflow as tf

from deepdream_av.ascent.climbing import of_network
from deepdream_av.ascent.loop import Step
from deepdream_av.errors import UsageError

_SCALE = 1e4  # SciPy takes slopes below 1e-5 for a summit, and a picture has many pixels


def climb_lbfgs(
    canvas, backbone, objective, *, steps: int = 100, every: int = 5, octave: int = 0, octaves: int = 1
) -> Iterator[Step]:
    """Climb at the size at which a canvas is; yields after every few iterations, and whoever stops asking stops it.

    A canvas may have `bounds(given)`: arrays of the least and the largest state, between which it stays.

    Args:
        canvas: what is changed; it holds the best found so far.
        backbone: who looks, in float32: a line search does not bear the noise of a lower precision.
        objective: larger is better; nothing in it may be random.
        steps: most iterations; a summit ends it earlier.
        every: iterations between two yields.
        octave, octaves: for the `Step`s alone: which part of a longer way this is.

    Raises:
        UsageError: numbers out of range.

    >>> from deepdream_av import Pixels, layer, load_backbone
    >>> canvas = Pixels(np.full((64, 64, 3), 0.5, np.float32))
    >>> way = climb_lbfgs(canvas, load_backbone("dreamnet", dtype="float32"), layer("stride8"), steps=4, every=2)
    >>> [step.step for step in way]
    [2, 4]
    """
    if steps < 1 or every < 1:
        raise UsageError(f"`steps` and `every` must be at least 1. Received: {steps} and {every}.")
    slope = slopes(type(canvas), of_network(backbone, objective.layers), objective)
    told: queue.Queue = queue.Queue(1)
    stop = threading.Event()
    worker = threading.Thread(target=_work, args=(canvas, slope, steps, every, told, stop), daemon=True)
    worker.start()
    try:
        while (item := told.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            state, scores = item
            canvas.state = tf.constant(state)
            yield Step(octave, octaves, len(scores), steps, tuple(scores), canvas)
    finally:
        stop.set()
        while worker.is_alive():  # it may be waiting to tell something
            with contextlib.suppress(queue.Empty):
                told.get(timeout=0.05)
        worker.join()


class _Stopped(Exception):
    """Nobody asks any more."""


def _work(canvas, slope, steps, every, told, stop) -> None:
    """SciPy's part, in a thread of its own, since it calls back and cannot be asked."""
    from scipy.optimize import minimize

    start, given = canvas.state.numpy(), canvas.given
    scores: list[float] = []

    def cost(flat):
        if stop.is_set():
            raise _Stopped
        score, gradient = slope(tf.constant(flat.reshape(start.shape), tf.float32), given)
        return -_SCALE * float(score), -_SCALE * gradient.numpy().astype(np.float64).ravel()

    def reached(intermediate_result):
        scores.append(-float(intermediate_result.fun) / _SCALE)
        if len(scores) % every == 0 and len(scores) < steps:
            told.put((np.float32(intermediate_result.x.reshape(start.shape)), tuple(scores)))

    bounds = getattr(canvas, "bounds", None)
    pairs = np.stack([np.ravel(x) for x in bounds(given)], 1) if bounds else None
    options = {"maxiter": steps, "maxcor": 10, "ftol": 0.0, "gtol": 1e-9, "maxfun": 20 * steps}
    try:
        best = minimize(cost, start.astype(np.float64).ravel(), jac=True, method="L-BFGS-B", bounds=pairs,
                        callback=reached, options=options)  # fmt: skip
        scores = scores or [-float(best.fun) / _SCALE]
        told.put((np.float32(best.x.reshape(start.shape)), tuple(scores)))
        told.put(None)
    except _Stopped:
        pass
    except BaseException as error:  # told where it is waited for
        told.put(error)


@lru_cache(maxsize=8)
def slopes(kind, listener, objective):
    """Score and gradient of a state as one graph for every size: `slope(state, given)`.

    Args:
        kind: class of the canvas.
        listener: a truncated backbone, or None if the objective reads the picture alone.
        objective: see `climb_lbfgs`.
    """
    state_spec, given_spec = kind.signature()

    @tf.function(input_signature=[state_spec, given_spec])
    def slope(state, given):
        with tf.GradientTape() as tape:
            tape.watch(state)
            shown = kind.render(state, given)
            seen = dict(listener(shown)) if listener is not None else {}
            score = objective(seen | {"picture": shown})
        return score, tape.gradient(score, state)

    return slope
