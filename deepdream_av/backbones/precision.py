"""In which precision a frozen network computes on this machine."""

from __future__ import annotations

import contextlib
import platform
from collections.abc import Iterator
from functools import cache


@cache
def fast_policy() -> str:
    """`"bfloat16"` where the hardware multiplies it natively, else `"float32"`.

    The first call also asks a GPU for the same sums every time. Emulated bfloat16 is slower than float32, so that
    the processor's flags decide. Scores, gradients of the canvas and the canvas itself are float32 in any case.
    """
    import tensorflow as tf

    if tf.config.list_physical_devices("GPU"):
        # the same recipe gives the same pixels: cuDNN would choose among kernels that add up in another order
        tf.config.experimental.enable_op_determinism()
        return "bfloat16"
    return "bfloat16" if {"avx512_bf16", "amx_bf16"} & _processor_flags() else "float32"


def _processor_flags() -> frozenset[str]:
    """Instruction sets of the processor, where Linux tells them."""
    if platform.system() != "Linux":
        return frozenset()
    with contextlib.suppress(OSError), open("/proc/cpuinfo") as file:
        for line in file:
            if line.startswith("flags"):
                return frozenset(line.split())
    return frozenset()


@contextlib.contextmanager
def policy(name: str) -> Iterator[None]:
    """Within, layers that are made compute in this dtype policy."""
    import keras

    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
