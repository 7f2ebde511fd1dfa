"""What the channels of an ear do, at the times of a film's frames."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from deepdream_av.correlate.features import to_one_channel
from deepdream_av.correlate.series import Series, measured

LAYERS = ("pitch", "block4", "embedding")
"""What is listened to unless something else is asked for: single pitches, timbres, and what all of it means."""

RISE = 0.08  # seconds over which a rise is measured, half of them before the moment and half after
_PIECE, _AROUND = (
    512,
    32,
)  # spectra that the ear hears at once, and context on either side: more than it reaches
_BLOCK = 1 << 16  # samples turned into spectra at once


def hear(
    blocks: Iterable[np.ndarray],
    rate: int,
    *,
    start: float,
    times: np.ndarray,
    shots: np.ndarray,
    ear,
    layers: Iterable[str] = LAYERS,
) -> Series:
    """Channels of an ear, and their rises, at given times; the sound streams past and only these are kept.

    Args:
        blocks: the sound in order, float32 `[samples, channels]` or `[samples]`, in pieces of any length.
        rate: samples per second, Hz.
        start: seconds at which the sound begins, on the film's clock.
        times: seconds at which the frames are shown, float64 `[frames]`, growing.
        shots: number of the shot of each frame, int32 `[frames]`.
        ear: a backbone that listens.
        layers: names of its layers.

    Returns:
        A `Series` of all channels, then of their rises, `block4#7+`. Before and after the sound there is silence.
    """
    times, layers = np.asarray(times, np.float64), tuple(layers)
    moments = np.stack([times, times - RISE / 2, times + RISE / 2])
    kept = {name: np.zeros([*moments.shape, ear.channels(name)], np.float32) for name in layers}
    for first, maps in _listened(_spectra(blocks, rate), ear, layers):
        for name, activation in maps.items():
            _keep(kept[name], activation, moments - start, first, rate)
    now, before, after = np.concatenate([kept[name] for name in layers], -1)
    names = [f"{name}#{n}" for name in layers for n in range(ear.channels(name))]
    values, scales = measured(now, names)
    rises = np.maximum(np.log1p(after / scales) - np.log1p(before / scales), 0)
    return Series(
        times,
        np.concatenate([values, rises], 1),
        (*names, *(f"{name}+" for name in names)),
        np.asarray(shots, np.int32),
        np.concatenate([scales, scales]),
    )


def _keep(kept, activation, moments, first: int, rate: int) -> None:
    """Write what a piece says about the moments that lie inside it.

    Args:
        kept: float32 `[kinds, frames, channels]`, written to.
        activation: float32 `[cells, channels]` of a piece with its context.
        moments: seconds from the start of the sound, `[kinds, frames]`.
        first: number of the first spectrum of the piece, without context.
        rate: of the sound.
    """
    from deepdream_av.spectral import MelGrid

    spectra = (_PIECE + 2 * _AROUND) / len(
        activation
    )  # under each cell, whose middle is the middle of all of them
    place = moments * MelGrid(rate).frames_per_second
    inside = (place >= first) & (place < first + _PIECE)
    cell = (place[inside] - first + _AROUND - (spectra - 1) / 2) / spectra
    before = cell.astype(int)
    share = (cell - before)[:, None].astype(np.float32)
    kept[inside] = activation[before] * (1 - share) + activation[before + 1] * share


def _listened(spectra: Iterator[np.ndarray], ear, layers) -> Iterator[tuple[int, dict[str, np.ndarray]]]:
    """Number of the first spectrum of each piece, and `{layer: [cells, channels]}` of it with its context."""
    import tensorflow as tf

    network = ear.truncated(layers)

    @tf.function(input_signature=[tf.TensorSpec([1, _PIECE + 2 * _AROUND, 128, 1])])
    def listen(mel):
        found = network(mel)
        return {name: tf.reduce_mean(tf.nn.relu(tf.cast(found[name][0], tf.float32)), 1) for name in layers}

    for first, piece in _pieces(spectra):
        yield first, {name: x.numpy() for name, x in listen(piece[None, :, :, None]).items()}


def _pieces(spectra: Iterator[np.ndarray]) -> Iterator[tuple[int, np.ndarray]]:
    """Spectra in pieces with context; at both ends the context is the mirror image, which begins nothing."""
    held, first = None, 0
    for some in spectra:
        # numpy mirrors as often as it takes
        held = (
            np.pad(some, ((_AROUND, 0), (0, 0)), "symmetric")
            if held is None
            else np.concatenate([held, some])
        )
        while len(held) >= _PIECE + 2 * _AROUND:
            yield first, held[: _PIECE + 2 * _AROUND]
            held, first = held[_PIECE:], first + _PIECE
    if held is not None and len(held) > _AROUND:
        yield first, np.pad(held, ((0, _PIECE + 2 * _AROUND - len(held)), (0, 0)), "symmetric")


def _spectra(blocks: Iterable[np.ndarray], rate: int) -> Iterator[np.ndarray]:
    """Log-mel spectra float32 `[some, 128]`, in order, each around its moment."""
    import tensorflow as tf

    from deepdream_av.spectral import MelGrid, log_mel

    grid = MelGrid(rate)
    edge = grid.n_fft // grid.hop // 2  # spectra at either end of a run that reach beyond it
    look = tf.function(lambda x: log_mel(x, grid), input_signature=[tf.TensorSpec([None])])
    held = np.zeros(edge * grid.hop, np.float32)
    heard = done = 0
    for block in blocks:
        mono = np.nan_to_num(block if block.ndim == 1 else to_one_channel(block)).astype(np.float32)
        held, heard = np.concatenate([held, mono]), heard + len(mono)
        if len(held) >= _BLOCK:
            count = len(held) // grid.hop - 2 * edge
            yield look(held[: (count + 2 * edge) * grid.hop]).numpy()[edge : edge + count]
            held, done = held[count * grid.hop :], done + count
    wanted = 1 + -(-heard // grid.hop) if heard else 0
    if wanted > done:
        held = np.pad(held, (0, (wanted - done + 2 * edge) * grid.hop - len(held)))
        yield look(held).numpy()[edge : edge + wanted - done]
