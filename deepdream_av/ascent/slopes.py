"""The gradient of an objective: of all its terms together, or of each on its own, brought to one length and masked."""

from __future__ import annotations

import tensorflow as tf

_TINY = 1e-12


def as_a_whole(look, objective, state, masks):
    """Score and gradient of a weighted sum.

    Args:
        look: `look(state) -> (shown, activations)`.
        objective: see `ascend`.
        state: of a canvas.
        masks: of no use here.
    """
    with tf.GradientTape() as tape:
        tape.watch(state)
        score = objective(look(state)[1])
    return score, tape.gradient(score, state)


def by_terms(look, objective, state, masks):
    """Score and gradient of an objective whose terms have masks, or count by the length of their own gradients.

    All of that happens where the terms meet, at the picture that the canvas shows: one pass forward, one pass back for
    each term, and a last one from the picture to the state.

    Args:
        look: `look(state) -> (shown, activations)`, `shown` being a picture `[1, height, width, 3]`.
        objective: an `Objective`.
        state: of a canvas.
        masks: `{name: float32 [height, width, 1]}`; that called "" is for all terms.
    """
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(state)
        shown, seen = look(state)
        scores = [term(seen) for term, _ in objective.terms]
    total = tf.zeros_like(shown)
    for (term, weight), score in zip(objective.terms, scores):
        gradient = tape.gradient(score, shown, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        if getattr(term, "mask", None) in masks:
            gradient *= masks[term.mask]
        if objective.balance == "own":
            gradient /= tf.norm(gradient) + _TINY
        total += weight * gradient
    if "" in masks:
        total *= masks[""]
    slope = tape.gradient(shown, state, output_gradients=total)
    return tf.add_n([weight * score for (_, weight), score in zip(objective.terms, scores)]), slope
