"""What dreamnet can be asked for by name: the motifs of the made sets, as it sees them.

    python -m training.motifs

paints pictures of every category of `fractals`, `ornaments` and `organic`, and writes the mean products of two channels
(see `objectives.motif`) in one layer of each size to `deepdream_av/backbones/weights/dreamnet_motifs.npz`. So
`--class bubbles` is a dream without any training. The same command after dreamnet was trained anew.
"""

from __future__ import annotations

import argparse
import sys

import numpy as np

from training.datasets.pictures import default_cache
from training.datasets.synthesis import DATASETS, categories, pictures

LAYERS = ("stride2", "stride4", "stride8", "stride16")
SETS = tuple(DATASETS)


def main(argv=None) -> int:
    """Command line of this module."""
    from deepdream_av.backbones.embedded import shipped
    from deepdream_av.backbones.textures import pack_textures

    p = argparse.ArgumentParser(prog="python -m training.motifs", description=__doc__.split("\n")[0])
    p.add_argument("--pictures", type=int, default=24, metavar="N", help="of each category [24]")
    p.add_argument("--size", type=int, default=192, metavar="N", help="their side in pixels [192]")
    p.add_argument("--seed", type=int, default=0, metavar="N")
    p.add_argument("--cache", metavar="DIR", help="folder for made pictures [~/.cache/deepdream_av]")
    p.add_argument("-o", "--output", metavar="FILE", default=str(shipped("dreamnet_motifs.npz")))
    args = p.parse_args(argv)
    labels, textures = motifs(args.pictures, args.size, args.seed, args.cache)
    np.savez_compressed(args.output, labels=np.array(labels), **pack_textures(textures))
    print(f"{len(labels)} motifs: {', '.join(labels)}")
    return 0


def motifs(count: int, size: int, seed: int, cache: str | None) -> tuple[list[str], dict[str, np.ndarray]]:
    """Names of all categories, and `{layer: float32 [categories, channels, channels]}`.

    Args:
        count: pictures of each category.
        size: side of a picture in pixels.
        seed: of the pictures.
        cache: folder for them.
    """
    import keras
    import tensorflow as tf

    from deepdream_av.backbones import load_backbone
    from deepdream_av.objectives.style import moments

    net = load_backbone("dreamnet", dtype="float32").model
    looks = keras.Model(net.inputs[0], [net.get_layer(n).output for n in LAYERS])
    seen = tf.function(lambda x: [moments(m)[1] for m in looks(x, training=False)])
    labels, found = [], [[] for _ in LAYERS]
    for dataset in SETS:
        names = list(categories(dataset))
        made = pictures(dataset, count * len(names), size=size, seed=seed, cache=cache or default_cache())
        for k, name in enumerate(names):
            labels.append(name)
            mine = np.asarray(made[k :: len(names)], np.float32) / 255
            for of_layer, matrix in zip(found, seen(tf.constant(mine))):
                of_layer.append(matrix.numpy())
    return labels, {layer: np.stack(matrices) for layer, matrices in zip(LAYERS, found)}


if __name__ == "__main__":
    sys.exit(main())
