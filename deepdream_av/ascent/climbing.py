"""Some steps of an ascent as one compiled graph, which serves every size."""

from __future__ import annotations

from functools import lru_cache

import tensorflow as tf

from deepdream_av.ascent.memory import memory_specs
from deepdream_av.ascent.slopes import as_a_whole, by_terms

SHOWN = ("picture", "source", "signals")  # what terms may read beside the layers of a network


def of_network(backbone, names):
    """The backbone, cut off behind these layers; None if an objective looks at the picture alone.

    Args:
        backbone: see `ascend`.
        names: layers of an objective, perhaps with "picture" or "source" among them.
    """
    names = tuple(name for name in names if name not in SHOWN)
    return backbone.truncated(names) if names else None


def compiled(kind, listener, objective, rule, transforms, masked: bool = False):
    """Some steps as one graph: `climb(state, memory, given, masks, signals, [seed, octave, step], count, length)`.

    Stepping eagerly would also compute the gradient of every filter, which takes two to three times as long.

    Args:
        kind: class of the canvas.
        listener: a truncated backbone, or None if the objective reads the picture alone.
        objective, rule, transforms: see `ascend`.
        masked: whether the first of the masks is for the whole dream; those of the objective's terms follow.

    Returns:
        A function that gives the new state, the new memory, and the scores float32 `[count]`.
    """
    return _compiled(kind, listener, objective, rule, transforms, masked)


@lru_cache(maxsize=16)
def _compiled(kind, listener, objective, rule, transforms, masked):
    state_spec, given_spec = kind.signature()
    remembered = memory_specs(rule, state_spec)
    names = getattr(objective, "masks", ())
    mask_specs = tuple(tf.TensorSpec([None, None, 1]) for _ in range(masked + len(names)))
    pixelwise = not hasattr(kind, "form")  # else a step at one place of the state is a step all over the picture
    heard = getattr(objective, "signalled", False)
    apart = names or getattr(objective, "balance", "none") == "own" or (masked and not pixelwise)
    ascent = by_terms if apart else as_a_whole

    def look(state, given, signals, seed):
        """What the canvas shows, and what the network makes of it."""
        shown = kind.render(state, given)
        x = shown
        for number, transform in enumerate(transforms):
            x = transform.apply(x, transform.draw(seed + [number, 0]))
        seen = dict(listener(x)) if listener is not None else {}
        if hasattr(kind, "source"):
            seen["source"] = kind.source(given)
        if heard:
            seen["signals"] = signals
        return shown, seen | {"picture": shown}

    def one(n, state, memory, given, masks, signals, scores, first, length):
        # 65,536 steps to an octave, 32,768 octaves: no two steps share their randomness
        seed = tf.stack([first[0], first[1] * 65536 + first[2] + n])
        named = dict(zip(names, masks[masked:])) | ({"": masks[0]} if masked and not pixelwise else {})
        score, gradient = ascent(lambda at: look(at, given, signals, seed), objective, state, named)
        if hasattr(rule, "start"):
            direction, memory = rule(gradient, state, given, memory)
        else:
            direction = rule(gradient, state, given)
        if masked and pixelwise:  # after the rule, which would make up for what a mask takes away
            direction *= masks[0]
        return kind.project(state + length * direction, given), memory, scores.write(n, score)

    @tf.function(
        input_signature=[
            state_spec,
            remembered,
            given_spec,
            mask_specs,
            tf.TensorSpec([None, None]),
            tf.TensorSpec([3], tf.int32),
            tf.TensorSpec([], tf.int32),
            tf.TensorSpec([], tf.float32),
        ]
    )
    def climb(state, memory, given, masks, signals, first, count, length):
        scores = tf.TensorArray(tf.float32, size=count)

        def body(n, state, memory, scores):
            state, memory, scores = one(n, state, memory, given, masks, signals, scores, first, length)
            return n + 1, state, memory, scores

        _, state, memory, scores = tf.while_loop(
            lambda n, *_: n < count,
            body,
            (0, state, memory, scores),
            shape_invariants=(
                tf.TensorShape([]),
                state_spec.shape,
                tuple(spec.shape for spec in remembered),
                tf.TensorShape(None),
            ),
            parallel_iterations=1,
        )
        return state, memory, scores.stack()

    return climb
