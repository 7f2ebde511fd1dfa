"""Change what a network sees in a picture: some channels louder or silent, and the picture that goes with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from deepdream_av.analysis.levels import levels_of, maps_of
from deepdream_av.ascent.loop import ascend
from deepdream_av.ascent.octaves import Octaves
from deepdream_av.ascent.rules import Natural
from deepdream_av.canvases.pixels import Pixels
from deepdream_av.errors import UsageError
from deepdream_av.transforms import Jitter

_KEEP = 0.35  # weight of the channels that shall stay as they are
_STEP = 0.016


class Beside(Pixels):
    """The source and its dream, side by side in one batch, so that the dream can be measured against the source.

    Whatever is done to one before the network looks is done to the other.
    """

    @classmethod
    def render(cls, state, given):
        """What a network is shown: float32 `[2, height, width, 3]`, the source first."""
        return tf.concat([given[0][None], super().render(state, given)], 0)


@dataclass(frozen=True)
class Changed:
    """The activations of the second picture of a batch shall be those of the first, with some channels changed.

    The squared error of the changed channels is taken relative to their own energy, that of the others to theirs, or
    one channel among hundreds would not count.

    Args:
        layer: name of the layer.
        factors: pairs of a channel and the factor on its activation; 0 silences it.
        keep: weight of the channels that stay.
    """

    layer: str
    factors: tuple[tuple[int, float], ...]
    keep: float = _KEEP

    @property
    def layers(self) -> tuple[str, ...]:
        """The one layer that is read."""
        return (self.layer,)

    def __call__(self, activations: dict) -> tf.Tensor:
        """A number from `{layer: [2, height, width, channels]}`: 0 where all is as it should be, else less."""
        map_ = tf.cast(activations[self.layer], tf.float32)
        source, dream = tf.stop_gradient(map_[0]), map_[1]
        numbers = tf.constant([n for n, _ in self.factors])
        factors = tf.constant([f for _, f in self.factors], tf.float32)
        was = tf.gather(source, numbers, axis=-1)
        error = tf.reduce_mean(tf.square(tf.gather(dream, numbers, axis=-1) - factors * was), [0, 1])
        energy = tf.reduce_mean(tf.square(was), [0, 1]) * tf.maximum(tf.square(factors - 1.0), 1e-3)
        rest = 1.0 - tf.reduce_sum(tf.one_hot(numbers, map_.shape[-1]), 0)
        drift = tf.reduce_mean(tf.square(dream - source) * rest) / (
            tf.reduce_mean(tf.square(source) * rest) + 1e-9
        )
        return -tf.reduce_mean(error / (energy + 1e-6)) - self.keep * drift


@dataclass(frozen=True)
class AllChanged:
    """Several layers at once; the sum of `Changed` for each."""

    terms: tuple[Changed, ...]

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the layers."""
        return tuple(t.layer for t in self.terms)

    def __call__(self, activations: dict) -> tf.Tensor:
        """The sum over all layers."""
        return tf.add_n([t(activations) for t in self.terms])


def change_channels(
    picture: np.ndarray,
    backbone,
    factors: Mapping[str, Mapping[int, float]],
    *,
    steps: int = 40,
    seed: int = 0,
    progress: Callable | None = None,
) -> tuple[np.ndarray, dict]:
    """The picture in which a network sees some channels more, less or not at all.

    Args:
        picture: float32 `[height, width, 3]` in [0, 1].
        backbone: from `load_backbone`.
        factors: `{layer: {channel: factor on its activation}}`; 0 silences.
        steps: gradient steps in each of three octaves.
        seed: of the jitter.
        progress: called as `progress(done, total)`.

    Returns:
        The changed picture, and `{name: {"wanted": factor, "reached": factor}}` of each channel's level.

    Raises:
        UsageError: nothing to change, or a network that listens.
    """
    if backbone.kind != "image":
        raise UsageError(f"`backbone` must look at pictures. Received: {backbone.name!r}, which listens.")
    if not factors:
        raise UsageError("`change` needs --amplify NAME#C:FACTOR or --silence NAME#C. Received: neither.")
    terms = tuple(
        Changed(n, tuple((c, float(f)) for c, f in sorted(some.items()))) for n, some in factors.items()
    )
    canvas, done = Beside(picture), [0]
    for step in ascend(
        canvas,
        backbone,
        AllChanged(terms),
        octaves=Octaves(3, 1.5, least=96),
        transforms=(Jitter(16),),
        rule=Natural(chroma=0.25),
        masks={"": _where(picture, backbone, factors)},
        steps=steps,
        # smaller towards the end of an octave, where a fixed length would only walk around the goal
        step_size=lambda: _STEP * max(0.1, 1 - (done[0] % steps) / steps),
        seed=seed,
        every=max(1, steps // 8),
    ):
        done[0] = step.octave * steps + step.step
        if progress:
            progress(done[0], step.octaves * steps)
    result = canvas.array()
    before, after = (levels_of(backbone, list(factors), x) for x in (picture, result))
    reached = {}
    for name, some in factors.items():
        for channel, factor in some.items():
            was, now = float(before[name].level[channel]), float(after[name].level[channel])
            reached[f"{name}#{channel}"] = {
                "wanted": float(factor),
                "reached": round(now / was, 3) if was > 1e-6 else None,
                "before": round(was, 5),
                "after": round(now, 5),
            }
    return result, reached


def _where(picture: np.ndarray, backbone, factors) -> np.ndarray:
    """Where there is something to change, float32 `[height, width]` in [0, 1]: elsewhere the picture stays as it is."""
    import cv2

    height, width = picture.shape[:2]
    where = np.zeros([height, width], np.float32)
    for name, map_ in maps_of(backbone, list(factors), picture).items():
        for channel, factor in factors[name].items():
            loud = np.abs(map_[..., channel]) * (factor != 1)
            fine = cv2.resize(loud, (width, height), interpolation=cv2.INTER_LINEAR)
            where = np.maximum(where, fine / max(float(fine.max()), 1e-9))
    where = cv2.GaussianBlur(where, (0, 0), max(height, width) / 40)
    return np.clip(2.5 * where / max(float(where.max()), 1e-9), 0, 1)
