"""Networks that had no part in a dream look at it and listen to it: does what is heard go with what is seen?

A dream raises what its networks answer to, so that these networks are the last to be asked whether it worked. Two
others ship with the package: the discriminator of the GAN looks, and a layer of random filters (Ulyanov and Lebedev
2016) listens. They know nothing of filter pairs; each film is fitted anew and judged where it was not fitted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property

import numpy as np

from deepdream_av.correlate.features import to_one_channel
from deepdream_av.correlate.heard import RISE
from deepdream_av.correlate.judgement import Judgement, Reading, compare
from deepdream_av.correlate.seen import Watcher
from deepdream_av.correlate.series import Series, measured
from deepdream_av.errors import UsageError

__all__ = ["Judgement", "PictureJudge", "RandomEar", "Reading", "compare", "judge_sound"]

LOOKS = {"discriminator": ("stride4", "stride8", "motifs"), "dreamnet": ("stride4", "stride8", "stride16")}
"""Who may look, the first first, and at which of its layers."""
FILTERS, _TAPS = 96, 3
_PIECE, _AROUND = 16, 0.5  # seconds that are listened to at once, and those on either side


class PictureJudge(Watcher):
    """Sees a film as one of the shipped networks that it was not dreamt with.

    Args:
        dreamt: name of the network that dreamt.
        network: another judge instead.
        layers: its layers.
    """

    def __init__(self, dreamt: str = "dreamnet", *, network=None, layers: Iterable[str] = ()):
        if network is None:
            from deepdream_av.backbones import load_backbone

            name = next(name for name in LOOKS if name != dreamt)
            network, layers = load_backbone(name), tuple(layers) or LOOKS[name]
        self.name = network.name
        super().__init__(network, tuple(layers) or [name for name, _ in network.default_layers])


class RandomEar:
    """A layer of random filters on the spectrum; what it hears was never learned.

    That of `backbones.listening` spans a quarter of a second, which is right for textures; this one tells when.

    Attributes:
        name: for reports.
        rate: of the sound that it takes, Hz.
        hop: seconds from one of its moments to the next; the first lies at 0.
    """

    name, rate, hop = "random", 22050, 512 / 22050

    def __call__(self, samples: np.ndarray) -> np.ndarray:
        """From mono float32 `[samples]` to activations float32 `[moments, channels]`, 0 or more."""
        return self._listen(samples).numpy()

    @cached_property
    def _listen(self):
        import tensorflow as tf

        from deepdream_av.spectral import MelGrid, stft

        grid = MelGrid(self.rate)
        kernel = np.random.default_rng(0).standard_normal([_TAPS, grid.bins, FILTERS], np.float32)
        kernel *= np.float32(np.sqrt(2 / (_TAPS * grid.bins)))

        @tf.function(input_signature=[tf.TensorSpec([None])])
        def listen(samples):
            loud = tf.math.log1p(tf.abs(stft(samples, grid)))
            return tf.nn.relu(tf.nn.conv1d(loud[None], kernel, 1, "SAME"))[0]

        return listen


def judge_sound(
    blocks: Iterable[np.ndarray], rate: int, *, start: float, times: np.ndarray, shots: np.ndarray, ear=None
) -> Series:
    """What an ear that was not dreamt with hears at given times, and what of it rises.

    Args:
        blocks: the sound in order, float32 `[samples, channels]` or `[samples]`, in pieces of any length.
        rate: samples per second, Hz.
        start: seconds at which the sound begins, on the film's clock.
        times: seconds of the frames, float64 `[frames]`.
        shots: number of the shot of each frame, int32 `[frames]`.
        ear: who listens, with `rate`, `hop` and `__call__` as a `RandomEar` has them, which it is by default.

    Returns:
        A `Series` of all channels, then of their rises. Before and after the sound there is silence.
    """
    ear = ear or RandomEar()
    times = np.asarray(times, np.float64)
    moments = np.stack([times, times - RISE / 2, times + RISE / 2]) - start
    kept = None
    for begin, samples in _pieces(blocks, rate, ear.rate):
        heard = ear(samples)
        kept = np.zeros([*moments.shape, heard.shape[1]], np.float32) if kept is None else kept
        inside = (moments >= begin) & (moments < begin + _PIECE)
        place = np.clip((moments[inside] - begin + _AROUND) / ear.hop, 0, len(heard) - 1.001)
        before = place.astype(int)
        share = (place - before)[:, None].astype(np.float32)
        after = np.minimum(before + 1, len(heard) - 1)
        kept[inside] = heard[before] * (1 - share) + heard[after] * share
    if kept is None:
        raise UsageError("A sound must have at least one sample to be judged. Received: none.")
    now, early, late = kept
    names = [f"{ear.name}#{n}" for n in range(kept.shape[-1])]
    values, scales = measured(now, names)
    rises = np.maximum(np.log1p(late / scales) - np.log1p(early / scales), 0)
    names += [f"{name}+" for name in names]
    return Series(
        times, np.concatenate([values, rises], 1), tuple(names), np.asarray(shots, np.int32), np.tile(scales, 2)
    )


def _pieces(blocks: Iterable[np.ndarray], rate: int, to: int) -> Iterator[tuple[float, np.ndarray]]:
    """Seconds at which each piece begins, and its mono samples at rate `to` with context before and after it."""
    from deepdream_av.ascent.long_sound import resampled

    # whole samples at both rates, so that pieces fit together
    size, around = _PIECE * rate, round(_AROUND * rate)
    held, begin, came = np.zeros(around, np.float32), 0.0, False
    for block in blocks:
        mono = np.nan_to_num(block if block.ndim == 1 else to_one_channel(block)).astype(np.float32)
        held, came = np.concatenate([held, mono]), came or len(mono) > 0
        while len(held) >= size + 2 * around:
            yield begin, resampled(held[: size + 2 * around], rate, to)
            held, begin = held[size:], begin + _PIECE
    while came and len(held) > around:
        yield begin, resampled(np.pad(held[: size + 2 * around], (0, around)), rate, to)
        held, begin = held[size:], begin + _PIECE
