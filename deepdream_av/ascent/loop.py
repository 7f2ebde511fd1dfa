"""The loop: a canvas takes steps along the gradient of what a network makes of it.

Pictures, sounds and frames of a film all come through here. A canvas holds what changes (`state`) and what it is
measured against (`given`), and says how the network is shown it (`render`) and what a state may be (`project`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import tensorflow as tf

from deepdream_av.ascent.octaves import Octaves
from deepdream_av.ascent.rules import Std
from deepdream_av.errors import UsageError


@dataclass(frozen=True, eq=False)
class Step:
    """What has been done so far.

    Attributes:
        octave: number of the octave, from 0.
        octaves: how many there are.
        step: steps done in this octave.
        steps: how many it gets.
        scores: the objective before each step of this octave, on what the network was shown.
        canvas: the canvas; its `array()` is what has been dreamt so far.
    """

    octave: int
    octaves: int
    step: int
    steps: int
    scores: tuple[float, ...]
    canvas: Any

    @property
    def score(self) -> float:
        """The last score."""
        return self.scores[-1]

    @property
    def done(self) -> float:
        """Share of all steps that is done, 0 to 1."""
        return (self.octave + self.step / self.steps) / self.octaves

    def array(self):
        """What has been dreamt so far."""
        return self.canvas.array()


def ascend(
    canvas,
    backbone,
    objective,
    *,
    octaves: Octaves | None = None,
    transforms: tuple = (),
    rule=None,
    steps: int = 10,
    step_size: float | Callable[[], float] = 0.012,
    seed: int = 0,
    every: int = 5,
) -> Iterator[Step]:
    """Dream: yields after every few steps, and whoever stops asking stops it.

    Args:
        canvas: what is changed, e.g. `canvases.Pixels(picture)`; it holds the result.
        backbone: who looks or listens, from `load_backbone`.
        objective: what it wants, e.g. `2 * layer("mixed4") + layer("mixed5")`.
        octaves: sizes at which a picture is dreamt; None stays at the canvas's own.
        transforms: what is done to what the network is shown, drawn anew for each step.
        rule: how a gradient becomes a direction; `Std()` unless given.
        steps: in each octave.
        step_size: length of a step in units of the state, or a function that says it before each call of the graph.
        seed: randomness is drawn from (seed, octave, step).
        every: steps between two yields. They run in one compiled graph.

    Raises:
        UsageError: a layer that the backbone has not, or numbers out of range.

    >>> import numpy as np
    >>> from deepdream_av import Octaves, Pixels, layer, load_backbone
    >>> canvas = Pixels(np.full((64, 64, 3), 0.5, np.float32))
    >>> dream = ascend(canvas, load_backbone("dreamnet"), layer("stride8"), octaves=Octaves(1), steps=4, every=2)
    >>> [(step.step, step.steps) for step in dream]
    [(2, 4), (4, 4)]
    """
    if steps < 1 or every < 1:
        raise UsageError(f"`steps` and `every` must be at least 1. Received: {steps} and {every}.")
    climb = compiled(
        type(canvas), backbone.truncated(objective.layers), objective, rule or Std(), tuple(transforms)
    )
    sizes = octaves.sizes(*canvas.size) if octaves else [None]
    for octave, size in enumerate(sizes):
        if size is not None:
            canvas.resize(size)
        scores: list[float] = []
        while len(scores) < steps:
            length = step_size() if callable(step_size) else step_size
            count = min(every, steps - len(scores))
            first = tf.constant([seed, octave, len(scores)])
            canvas.state, new = climb(
                canvas.state, canvas.given, first, tf.constant(count), tf.constant(length, tf.float32)
            )
            scores.extend(map(float, new.numpy()))
            yield Step(octave, len(sizes), len(scores), steps, tuple(scores), canvas)


@lru_cache(maxsize=16)
def compiled(kind, listener, objective, rule, transforms):
    """Some steps as one graph for every size: `climb(state, given, [seed, octave, step], count, length)`.

    Stepping eagerly would also compute the gradient of every filter, which takes two to three times as long.

    Args:
        kind: class of the canvas.
        listener: a truncated backbone.
        objective, rule, transforms: see `ascend`.

    Returns:
        A function that gives the new state and the scores float32 `[count]`.
    """
    state_spec, given_spec = kind.signature()

    def score_of(state, given, seed):
        x = kind.render(state, given)
        for number, transform in enumerate(transforms):
            x = transform.apply(x, transform.draw(seed + [number, 0]))
        return objective(listener(x))

    def one(n, state, given, scores, first, length):
        # 65,536 steps to an octave, 32,768 octaves: no two steps share their randomness
        seed = tf.stack([first[0], first[1] * 65536 + first[2] + n])
        with tf.GradientTape() as tape:
            tape.watch(state)
            score = score_of(state, given, seed)
        direction = rule(tape.gradient(score, state), state, given)
        return kind.project(state + length * direction, given), scores.write(n, score)

    @tf.function(
        input_signature=[
            state_spec,
            given_spec,
            tf.TensorSpec([3], tf.int32),
            tf.TensorSpec([], tf.int32),
            tf.TensorSpec([], tf.float32),
        ]
    )
    def climb(state, given, first, count, length):
        scores = tf.TensorArray(tf.float32, size=count)

        def body(n, state, scores):
            state, scores = one(n, state, given, scores, first, length)
            return n + 1, state, scores

        _, state, scores = tf.while_loop(
            lambda n, *_: n < count,
            body,
            (0, state, scores),
            shape_invariants=(tf.TensorShape([]), state_spec.shape, tf.TensorShape(None)),
            parallel_iterations=1,
        )
        return state, scores.stack()

    return climb
