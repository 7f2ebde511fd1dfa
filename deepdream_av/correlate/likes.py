"""What the seen side of a filter pair likes: small dreams from noise along its channels, one for each layer."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

SMALL = ("dreamnet", "discriminator")  # networks that dream a swatch in a second or two
_SIDE, _STEPS = 96, 20
_LEAST = 0.15  # share of a pair that a layer must have to be shown


def dream_likes(backbone, pairs: Iterable, *, cache=None) -> tuple[tuple[tuple[str, np.ndarray], ...], ...]:
    """Swatches of the seen sides of pairs, for a report; none for networks that would take long.

    Args:
        backbone: who looked.
        pairs: `FilterPair`s with channels of it.
        cache: where swatches are kept; the user's own unless given.

    Returns:
        For each pair, names of layers with pictures uint8 `[96, 96, 3]`, the largest share first.
    """
    from deepdream_av.analysis.cache import Cache
    from deepdream_av.analysis.swatches import SwatchDreamer, SwatchSettings

    pairs = tuple(pairs)
    if getattr(backbone, "name", "") not in SMALL:
        return tuple(() for _ in pairs)
    sides = [by_layer(pair.seen) for pair in pairs]
    found = [[] for _ in pairs]
    settings = SwatchSettings(side=_SIDE, steps=_STEPS)
    for layer in dict.fromkeys(layer for side in sides for layer in side):
        mine = [n for n, side in enumerate(sides) if layer in side]
        dreamer = SwatchDreamer(backbone, layer, settings, cache=cache or Cache())
        vectors = np.zeros([len(mine), dreamer.width], np.float32)
        for row, n in enumerate(mine):
            for channel, weight in sides[n][layer]:
                vectors[row, channel] = weight
        for n, vector, picture in zip(mine, vectors, dreamer.directions(vectors)):
            found[n].append((float(np.square(vector).sum()), layer, picture))
    return tuple(
        tuple((layer, picture) for _, layer, picture in sorted(some, key=lambda x: -x[0])) for some in found
    )


def by_layer(weights) -> dict[str, list[tuple[int, float]]]:
    """Channels and weights of each layer that has some share in a side; the largest whatever its share.

    >>> by_layer((("stride8#5", 0.8), ("stride16#9", 0.6)))
    {'stride8': [(5, 0.8)], 'stride16': [(9, 0.6)]}
    """
    found: dict[str, list[tuple[int, float]]] = {}
    for name, weight in weights:
        layer, _, number = name.partition("#")
        if number.isdigit():
            found.setdefault(layer, []).append((int(number), weight))
    shares = {layer: sum(weight**2 for _, weight in some) for layer, some in found.items()}
    least = min(_LEAST, max(shares.values(), default=0.0))
    return {layer: some for layer, some in found.items() if shares[layer] >= least}
