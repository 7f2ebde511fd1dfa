"""A phase for a spectrum that has none, from its magnitudes alone. Plain NumPy."""

from __future__ import annotations

import heapq

import numpy as np

HANN = 0.25645  # of the squared length of the window: the width of the Gaussian that is most like a Hann window
QUIET = 1e-3  # of the loudest cell: what is softer has a random phase


def heap_phase(magnitude: np.ndarray, n_fft: int, hop: int, *, seed: int = 0) -> np.ndarray:
    """Phase by integration along the gradient that the magnitudes imply (PGHI; Prusa, Balazs and Sondergaard 2017).

    With a Gaussian window, the slopes of the phase in time and frequency are those of the logarithm of the magnitude
    in frequency and time. They are added up from the loudest cells outwards, so that an error of a soft cell does not
    reach a loud one.

    Args:
        magnitude: `[frames, n_fft // 2 + 1]`, of Hann windows.
        n_fft: length of a window in samples.
        hop: from one frame to the next in samples.
        seed: of the phases of what is too soft to have one.

    Returns:
        float32 in radians, `[frames, n_fft // 2 + 1]`, as `spectral.stft` has it.
    """
    frames, bins = magnitude.shape
    along, across = _slopes(magnitude, n_fft, hop)
    phase = np.random.default_rng(seed).uniform(0, 2 * np.pi, magnitude.shape)
    waiting = magnitude > QUIET * magnitude.max(initial=0)
    # plain lists: a heap asks for one number at a time
    size, todo, found = magnitude.ravel().tolist(), waiting.ravel().tolist(), phase.ravel().tolist()
    along, across = along.ravel().tolist(), across.ravel().tolist()
    heap: list[tuple[float, int]] = []
    for start in np.argsort(-magnitude, axis=None)[: int(waiting.sum())].tolist():
        if not todo[start]:
            continue
        todo[start] = False  # the loudest cell of an island keeps its random phase
        heapq.heappush(heap, (-size[start], start))
        while heap:
            _, cell = heapq.heappop(heap)
            frame, bin_ = divmod(cell, bins)
            here, t, f = found[cell], along[cell], across[cell]
            for near, there in (
                (cell + bins, frame + 1 < frames),
                (cell - bins, frame > 0),
                (cell + 1, bin_ + 1 < bins),
                (cell - 1, bin_ > 0),
            ):
                if there and todo[near]:
                    todo[near] = False
                    step = 0.5 * (t + along[near]) if abs(near - cell) == bins else 0.5 * (f + across[near])
                    found[near] = here + step if near > cell else here - step
                    heapq.heappush(heap, (-size[near], near))
    centred = np.reshape(found, magnitude.shape)
    # a window is centred on its frame, and its transform begins with its first sample
    return np.mod(centred - np.pi * np.arange(bins), 2 * np.pi).astype(np.float32)


def _slopes(magnitude, n_fft: int, hop: int):
    """Slopes of the phase from one frame, and from one bin, to the next, float64 `[frames, bins]` each."""
    width = HANN * n_fft**2
    level = np.log(np.maximum(magnitude, 1e-10 * magnitude.max(initial=0) + 1e-20)).astype(np.float64)
    by_frame, by_bin = (np.gradient(level, axis=a) if level.shape[a] > 1 else 0 * level for a in (0, 1))
    along = by_bin * hop * n_fft / width + 2 * np.pi * hop * np.arange(level.shape[1]) / n_fft
    return along, -by_frame * width / (hop * n_fft)
