"""Filter pairs that need no film: sounds and motifs that belong together because people say so.

`earnet` knows everyday sounds and instruments by name, `dreamnet` knows motifs by name. Which belong together is a
table made by hand; it is a taste and no finding. What stands for a name is read from the networks: of a sound, the
channels of the last layer that speak for its class; of a motif, the channels that its texture moves most above the
others.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from deepdream_av.correlate.filter_pair import FilterPair, as_weights

BELONG = (
    ("Sea_waves", "seigaiha"),  # the Japanese pattern of waves
    ("Rain", "bubbles"),
    ("Fire_crackling", "flame"),
    ("Rooster", "feathers"),
    ("Chainsaw", "wood"),
    ("Clock_tick", "guilloche"),  # engraved on watches
    ("Helicopter", "mandala"),
    ("Dog_bark", "spots"),
    ("Hi_hat", "girih"),
    ("Bass_drum", "voronoi"),
    ("Snare_drum", "truchet"),
    ("Acoustic_guitar", "wood"),
    ("Violin_or_fiddle", "marbling"),
    ("Cello", "veins"),
    ("Flute", "ifs_fern"),
    ("Saxophone", "paisley"),
)
"""`(sound, motif)`."""

_CHANNELS = 12  # of each side of a pair
_MOTIF_LAYERS = ("stride8", "stride16")


def semantic_pairs(ear, eye, *, belong: Iterable[tuple[str, str]] = BELONG) -> tuple[FilterPair, ...]:
    """Pairs for those names that both networks know; none for networks without such names.

    Args:
        ear: a backbone that listens; its heads must read the layer `embedding`, as `earnet`'s do.
        eye: a backbone that looks, with textures of its classes.
        belong: names of a sound and of a motif.

    Returns:
        Pairs with source `semantic`. Nothing was measured: `rho` is 0 and `p` is 1.
    """
    found = []
    for sound, motif in belong:
        if sound in ear.labels and motif in eye.labels:
            heard, seen = _of_sound(ear, sound), _of_motif(eye, motif)
            if heard and seen:
                found.append(FilterPair(heard, seen, source="semantic"))
    return tuple(found)


def _of_sound(ear, label: str):
    """Channels of the embedding that speak for a class more than for its rivals."""
    index = ear.labels.index(label)
    first, last = ear.class_group(index) or (0, len(ear.labels))
    head = next((x for x in ear.model.layers if x.weights and x.weights[0].shape[-1] == last - first
                 and len(x.weights[0].shape) == 2), None)  # fmt: skip
    if head is None or "embedding" not in ear.list_layers():
        return ()
    kernel, width = np.asarray(head.weights[0]), ear.channels("embedding")
    speaks = kernel[:width] + kernel[width : 2 * width]  # for the mean over time, and for the peak
    return _top([f"embedding#{n}" for n in range(width)], speaks[:, index - first] - speaks.mean(1))


def _of_motif(eye, label: str):
    """Channels that are louder on pictures of a motif than on those of all motifs."""
    index, names, above = eye.labels.index(label), [], []
    for layer in _MOTIF_LAYERS:
        if layer in eye.textures:
            loud = np.sqrt(np.maximum(np.einsum("kcc->kc", eye.textures[layer]), 0))
            usual = loud.mean(0)
            # a channel that no motif moves would be far above next to nothing
            above.append(np.log((loud[index] + 0.1 * usual.mean()) / (usual + 0.1 * usual.mean())))
            names += [f"{layer}#{n}" for n in range(loud.shape[1])]
    return _top(names, np.concatenate(above)) if names else ()


def _top(names, strengths: np.ndarray):
    order = np.argsort(-strengths, kind="stable")[:_CHANNELS]
    return as_weights([names[n] for n in order], strengths[order])
