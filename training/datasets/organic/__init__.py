"""Ten motifs as living things grow them, made by code: what a network learns from these, it can dream.

Each category is a function `draw(rng, size)` that returns float32 `[size, size, 3]` in [0, 1] and draws all it needs
from the generator: the same seed and size give the same bytes. No colour belongs to a category; a network has to
look at form.
"""

from __future__ import annotations

from collections.abc import Callable

from training.datasets.organic.branching import coral
from training.datasets.organic.cells import voronoi
from training.datasets.organic.foam import bubbles
from training.datasets.organic.ink import marbling
from training.datasets.organic.leaf import veins
from training.datasets.organic.plumage import feathers
from training.datasets.organic.shingles import scales
from training.datasets.organic.timber import wood
from training.datasets.organic.turing import labyrinth, spots

CATEGORIES: dict[str, Callable] = {
    "spots": spots,
    "labyrinth": labyrinth,
    "voronoi": voronoi,
    "bubbles": bubbles,
    "scales": scales,
    "feathers": feathers,
    "veins": veins,
    "coral": coral,
    "wood": wood,
    "marbling": marbling,
}
