"""What a gradient rule remembers from step to step, and how that is carried from octave to octave.

A rule with a memory has `start(state)`, which gives a tuple of tensors, and is called
`rule(gradient, state, given, memory) -> (direction, memory)`. It may have `carried(memory, state)`, which gives the
memory for a state of another size, and `averaged(state, memory)`, which gives the state that is to be shown.
"""

from __future__ import annotations

import numpy as np
import tensorflow as tf


def started(rule, state) -> tuple:
    """The memory before the first step; empty for a rule that has none."""
    return tuple(rule.start(state)) if hasattr(rule, "start") else ()


def memory_specs(rule, state_spec) -> tuple:
    """Shapes and types of a rule's memory, for states of any size."""
    if not hasattr(rule, "start"):
        return ()
    start = tf.function(lambda state: tuple(rule.start(state)), input_signature=[state_spec])
    found = start.get_concrete_function().structured_outputs
    return tuple(tf.TensorSpec(x.shape, x.dtype) for x in found)


def carried(rule, memory: tuple, before, canvas) -> tuple:
    """The memory for what the canvas now holds, which may have another size than before.

    What has the shape of the state is resized as the state was: by the canvas's own `resize_memory(array)` if it has
    one, else linearly, which leaves no value beyond those that it lies between (Adam's squares stay positive).

    Args:
        rule: whose memory it is.
        memory: tensors.
        before: the state to which it belongs.
        canvas: holds the state as it is now.
    """
    state = canvas.state
    if not memory or before.shape == state.shape:
        return memory
    if hasattr(rule, "carried"):
        return tuple(rule.carried(memory, state))
    if not hasattr(canvas, "resize_memory") and not _is_picture(canvas):
        return started(rule, state)  # nothing says what of an old spectrum belongs where in the new one
    return tuple(resized(x, before, canvas) if x.shape == before.shape else x for x in memory)


def _is_picture(canvas) -> bool:
    """Whether a state is pixels, and not a spectrum or a latent."""
    return not hasattr(canvas, "form") and len(canvas.state.shape) == 3


def resized(x, before, canvas):
    """One tensor of a memory that had the shape of the state before, in the shape of the state now."""
    if x.shape != before.shape or before.shape == canvas.state.shape:
        return x
    if hasattr(canvas, "resize_memory"):
        return tf.convert_to_tensor(canvas.resize_memory(x.numpy()))
    return tf.convert_to_tensor(linearly(x.numpy(), tuple(canvas.state.shape[:2])))


def linearly(array: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """An array `[height, width, channels]` at another size, without overshoots."""
    import cv2

    smaller = size[0] * size[1] < array.shape[0] * array.shape[1]
    kind = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    return cv2.resize(array, size[::-1], interpolation=kind).reshape([*size, array.shape[2]])
