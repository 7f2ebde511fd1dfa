"""The loop: a canvas takes steps along the gradient of what a network makes of it.

Pictures, sounds and frames of a film all come through here. A canvas holds what changes (`state`) and what it is
measured against (`given`), and says how the network is shown it (`render`) and what a state may be (`project`).
What is taken of one step to the next (`climbing.py`) runs in one graph.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from deepdream_av.ascent.climbing import compiled, of_network
from deepdream_av.ascent.masks import fitted
from deepdream_av.ascent.memory import carried, started
from deepdream_av.ascent.octaves import Octaves
from deepdream_av.ascent.rules import Std
from deepdream_av.backbones.rescue import rescued
from deepdream_av.errors import UsageError

__all__ = ["Step", "ascend", "compiled"]


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
        memory: what the rule remembers (see `ascent.memory`); another `ascend` can go on from it.
    """

    octave: int
    octaves: int
    step: int
    steps: int
    scores: tuple[float, ...]
    canvas: Any
    memory: tuple = ()

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
    memory: tuple | None = None,
    masks: dict | None = None,
    signals=None,
    rescue: int = 0,
) -> Iterator[Step]:
    """Dream: yields after every few steps, and whoever stops asking stops it.

    A rule with a memory (momentum, Adam) keeps it from step to step and, resized, from octave to octave. A rule
    that averages what it went through (`Adam(average=0.99)`) walks on from where it is, while the canvas holds the
    average whenever this yields, and at the end.

    Args:
        canvas: what is changed, e.g. `canvases.Pixels(picture)`; it holds the result.
        backbone: who looks or listens, from `load_backbone`.
        objective: what it wants, e.g. `2 * layer("mixed4") + layer("mixed5")`. Beside the layers of the backbone its
            terms are given "picture": what the canvas shows, `[1, height, width, 3]`, before any transform.
        octaves: sizes at which a picture is dreamt; None stays at the canvas's own.
        transforms: what is done to what the network is shown, drawn anew for each step.
        rule: how a gradient becomes a direction; `Std()` unless given.
        steps: in each octave.
        step_size: length of a step in units of the state, or a function that says it before each call of the graph.
        seed: randomness is drawn from (seed, octave, step).
        every: steps between two yields. They run in one compiled graph.
        masks: `{name: float32 [height, width]}` in [0, 1] for the terms that name one, and under "" one for the whole
            dream: where it is 0, a canvas of pixels stays as it is. They are resized as the octaves ask for.
        signals: float32 `[moments, signals]`, numbers that change from call to call without a new graph, for the terms
            that read "signals" (see `objectives.gated`): one row for a picture, rows evenly along a sound.
        memory: that of a `Step` of an earlier ascent with the same rule and size; else the rule starts anew.
        rescue: steps of the first octave in which a network that does not answer at all is waked, see
            `backbones.rescue`.

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
    rule, masks = rule or Std(), masks or {}
    if hasattr(objective, "bound"):
        objective = objective.bound(backbone)
    names = (*(("",) if "" in masks else ()), *getattr(objective, "masks", ()))
    if missing := [name for name in names if name not in masks]:
        raise UsageError(
            f"`masks` must hold every mask that the objective names. Received: none called {missing[0]!r}."
        )
    if getattr(objective, "signalled", False) and signals is None:
        raise UsageError("`signals` must be given to an objective that reads them. Received: None.")
    told = tf.zeros([1, 1]) if signals is None else tf.convert_to_tensor(signals, tf.float32)
    listener = of_network(backbone, objective.layers)
    parts = objective, rule, tuple(transforms), "" in masks
    climb = compiled(type(canvas), listener, *parts)
    waking = compiled(type(canvas), rescued(listener), *parts) if rescue and listener else climb
    sizes = octaves.sizes(*canvas.size) if octaves else [None]
    averaged = getattr(rule, "averaged", None)
    for octave, size in enumerate(sizes):
        before = canvas.state
        if size is not None:
            canvas.resize(size)
        memory = started(rule, canvas.state) if memory is None else carried(rule, memory, before, canvas)
        state = canvas.state
        fitting = tuple(fitted(masks[name], canvas) for name in names)
        scores: list[float] = []
        while len(scores) < steps:
            length = step_size() if callable(step_size) else step_size
            asleep = rescue - len(scores) if not octave else 0
            count = min(every, steps - len(scores), asleep if asleep > 0 else steps)
            first = tf.constant([seed, octave, len(scores)])
            state, memory, new = (waking if asleep > 0 else climb)(
                state,
                memory,
                canvas.given,
                fitting,
                told,
                first,
                tf.constant(count),
                tf.constant(length, tf.float32),
            )
            scores.extend(map(float, new.numpy()))
            canvas.state = averaged(state, memory) if averaged else state
            yield Step(octave, len(sizes), len(scores), steps, tuple(scores), canvas, memory)
            state = state if averaged else canvas.state
        if octave < len(sizes) - 1:
            canvas.state = state
