"""Some steps of an ascent as one compiled graph, which serves every size."""

from __future__ import annotations

from functools import lru_cache

import tensorflow as tf

from deepdream_av.ascent.memory import memory_specs

SHOWN = ("picture", "source")  # what terms may read beside the layers of a network


def of_network(backbone, names):
    """The backbone, cut off behind these layers; None if an objective looks at the picture alone.

    Args:
        backbone: see `ascend`.
        names: layers of an objective, perhaps with "picture" or "source" among them.
    """
    names = tuple(name for name in names if name not in SHOWN)
    return backbone.truncated(names) if names else None


@lru_cache(maxsize=16)
def compiled(kind, listener, objective, rule, transforms):
    """Some steps as one graph for every size: `climb(state, memory, given, [seed, octave, step], count, length)`.

    Stepping eagerly would also compute the gradient of every filter, which takes two to three times as long.

    Args:
        kind: class of the canvas.
        listener: a truncated backbone, or None if the objective reads the picture alone.
        objective, rule, transforms: see `ascend`.

    Returns:
        A function that gives the new state, the new memory, and the scores float32 `[count]`.
    """
    state_spec, given_spec = kind.signature()
    remembered = memory_specs(rule, state_spec)

    def score_of(state, given, seed):
        shown = kind.render(state, given)
        x = shown
        for number, transform in enumerate(transforms):
            x = transform.apply(x, transform.draw(seed + [number, 0]))
        return objective(activations(kind, listener, x, shown, given))

    def one(n, state, memory, given, scores, first, length):
        # 65,536 steps to an octave, 32,768 octaves: no two steps share their randomness
        seed = tf.stack([first[0], first[1] * 65536 + first[2] + n])
        with tf.GradientTape() as tape:
            tape.watch(state)
            score = score_of(state, given, seed)
        gradient = tape.gradient(score, state)
        if hasattr(rule, "start"):
            direction, memory = rule(gradient, state, given, memory)
        else:
            direction = rule(gradient, state, given)
        return kind.project(state + length * direction, given), memory, scores.write(n, score)

    @tf.function(
        input_signature=[
            state_spec,
            remembered,
            given_spec,
            tf.TensorSpec([3], tf.int32),
            tf.TensorSpec([], tf.int32),
            tf.TensorSpec([], tf.float32),
        ]
    )
    def climb(state, memory, given, first, count, length):
        scores = tf.TensorArray(tf.float32, size=count)

        def body(n, state, memory, scores):
            state, memory, scores = one(n, state, memory, given, scores, first, length)
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


def activations(kind, listener, x, shown, given) -> dict:
    """All that terms may read: `{layer: activation}`, "picture", and the canvas's "source" if it has one.

    Args:
        kind: class of the canvas.
        listener: a truncated backbone or None.
        x: what the network is shown.
        shown: the same before the transforms.
        given: see `ascend`.
    """
    seen = dict(listener(x)) if listener is not None else {}
    if hasattr(kind, "source"):
        seen["source"] = kind.source(given)
    return seen | {"picture": shown}
