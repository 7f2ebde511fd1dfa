"""What fires most on a picture, or in a second of sound: channels by how far they are above their usual level."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from deepdream_av.analysis.cache import Cache
from deepdream_av.analysis.levels import levels_of, relative
from deepdream_av.analysis.usual import usual_levels


@dataclass(frozen=True)
class Fires:
    """One channel that fires.

    Attributes:
        name: as `--layer` takes it, `stride16#47`.
        times: its level over the usual one.
        level, usual: root mean square activations.
        place: where it is loudest, (row, column) as shares of height and width; of a sound, (time, pitch).
    """

    name: str
    times: float
    level: float
    usual: float
    place: tuple[float, float]


def what_fires(
    backbone,
    x: np.ndarray,
    layers: Iterable[str],
    *,
    count: int = 12,
    against=None,
    cache: Cache | None = None,
) -> list[Fires]:
    """The channels that are farthest above their usual level, loudest first.

    Args:
        backbone: from `load_backbone`.
        x: a picture float32 `[height, width, 3]`, or a log-mel float32 `[frames, 128]`.
        layers: names of the layers that are asked.
        count: how many channels.
        against: folder of what is usual; see `usual_levels`.
        cache: see `usual_levels`.
    """
    layers = tuple(layers)
    usual = usual_levels(backbone, layers, against=against, cache=cache)
    found = []
    for name, levels in levels_of(backbone, layers, x).items():
        times = relative(levels.level, usual[name])
        for n in np.argsort(-times)[:count]:
            found.append(
                Fires(
                    f"{name}#{n}",
                    round(float(times[n]), 3),
                    float(levels.level[n]),
                    float(usual[name][n]),
                    tuple(round(float(p), 3) for p in levels.place[n]),
                )
            )
    return sorted(found, key=lambda f: -f.times)[:count]
