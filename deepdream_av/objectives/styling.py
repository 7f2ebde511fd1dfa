"""From paintings and a source to an objective: what they look like to one network, at one size."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import tensorflow as tf

from deepdream_av.errors import InputError, UsageError
from deepdream_av.objectives.objective import Objective
from deepdream_av.objectives.paintings import Painting, check_weights
from deepdream_av.objectives.style import Content, GramStyle, Moments, WassersteinStyle, blended, moments

LOSSES = {"w2": WassersteinStyle, "gram": GramStyle}
CELLS = 4  # of the deepest layer of style, in either direction, that a painting must have
_PICTURE = "picture"  # the colours themselves, before any network


@dataclass(frozen=True)
class StyleLayers:
    """Where a network sees style, and where content; pairs of a layer and its weight.

    Attributes:
        style, content: `((name, weight), ...)`.
    """

    style: tuple[tuple[str, float], ...]
    content: tuple[tuple[str, float], ...]


_VGG = StyleLayers(
    # Gatys, Ecker and Bethge (2016) take the first layer of each block, and relu4_2
    tuple((f"block{n}_conv1", 1.0) for n in range(1, 6)),
    (("block4_conv2", 1.0),),
)
_KNOWN = {
    "vgg16": _VGG,
    "vgg19": _VGG,
    "dreamnet": StyleLayers(
        ((_PICTURE, 1.0), ("stride2", 1.0), ("stride4", 1.0), ("stride8_in_relu", 1.0), ("stride8", 1.0),
         ("stride16_block1_relu", 1.0), ("stride16", 1.0)),
        (("stride8", 1.0), ("stride16", 0.5)),
    ),
}  # fmt: skip


def style_layers(backbone) -> StyleLayers:
    """The layers that a network's own are: chosen by eye where it is known, else spread evenly over its depth."""
    if backbone.name in _KNOWN:
        return _KNOWN[backbone.name]
    names = backbone.list_layers()
    deepest = max(names.index(name) for name, _ in backbone.default_layers if name in names)
    chosen = dict.fromkeys(names[round(k)] for k in np.linspace(0, deepest, 5))
    return StyleLayers(((_PICTURE, 1.0), *((n, 1.0) for n in chosen)), ((names[deepest], 1.0),))


class StyleGoal:
    """What a picture shall become: the style of some paintings, the content of a source.

    Attributes:
        objective: an `Objective`; what it aims at is changed by `aim`, without another graph.

    Args:
        backbone: who looks.
        paintings: at least one.
        loss: `w2` or `gram`.
        relative: measure each layer against what is aimed at; else plain, as the papers do.
        layers: where; see `style_layers`.
        content_weight: of all content beside all style.
        scale: size of the brushwork: how large a painting is shown to the network, beside the source.
        besides: what else is wanted, if anything.

    Raises:
        UsageError: no weight, a negative one, or a layer that the backbone has not.
        InputError: a painting that is too small.
    """

    def __init__(
        self,
        backbone,
        paintings: Iterable[Painting],
        *,
        loss: str = "w2",
        relative: bool = True,
        layers: StyleLayers | None = None,
        content_weight: float = 0.05,
        scale: float = 1.0,
        besides: Objective | None = None,
    ):
        self.backbone, self.scale = backbone, scale
        layers = _named(backbone, layers or style_layers(backbone))
        self._groups = _grouped(paintings)
        _check_sizes(backbone, [p for group in self._groups for p in group], layers)
        whole = sum(weight for _, weight in layers.style)
        self._styles = [
            [
                LOSSES[loss](n, _channels(backbone, n), relative, group[0].mask is not None)
                for n, _ in layers.style
            ]
            for group in self._groups
        ]
        self._contents = [Content(n, _channels(backbone, n), relative) for n, _ in layers.content]
        terms = [
            (term, weight / whole * sum(p.weight for p in group))
            for group, terms in zip(self._groups, self._styles)
            for term, (_, weight) in zip(terms, layers.style)
        ]
        if content_weight:
            terms += [(t, content_weight * w) for t, (_, w) in zip(self._contents, layers.content)]
        self.style = Objective(tuple(terms[: len(layers.style) * len(self._groups)]))
        self.objective = Objective(tuple(terms)) + besides if besides else Objective(tuple(terms))
        self._size = None

    def aim(self, source: np.ndarray) -> None:
        """Take the content of this source, and the styles at a size that goes with it.

        Args:
            source: float32 `[height, width, 3]` in [0, 1].
        """
        seen = self.look(source)
        for term in self._contents:
            term.aim(seen[term.layer])
        if self._size == source.shape[:2]:
            return
        self._size = source.shape[:2]
        for group, terms in zip(self._groups, self._styles):
            parts: list[list] = [[] for _ in terms]
            for painting in group:
                shown = self.look(_beside(painting.array, self._size, self.scale))
                for part, term in zip(parts, terms):
                    found = Moments(*(x.numpy() for x in moments(shown[term.layer])))
                    part.append((found, painting.weight))
            for part, term in zip(parts, terms):
                term.aim(blended(part))
                if term.regional:
                    term.cover(_shares(group[0].mask, tuple(seen[term.layer].shape[1:3])))

    def look(self, picture: np.ndarray) -> dict:
        """What the network sees: `{layer: float [1, height, width, channels]}`, and the picture."""
        return _looking(self.backbone, self.objective.layers)(tf.constant(picture[None], tf.float32))


@lru_cache(maxsize=16)
def _looking(backbone, names: tuple[str, ...]):
    listener = backbone.truncated(names) if names else lambda x: {}

    @tf.function(input_signature=[tf.TensorSpec([1, None, None, 3], tf.float32)])
    def look(x):
        return dict(listener(x)) | {_PICTURE: x}

    return look


def _beside(painting: np.ndarray, size: tuple[int, int], scale: float) -> np.ndarray:
    """A painting with as many pixels as the source, times the square of `scale`, and in its own shape."""
    from deepdream_av.canvases.pixels import scaled

    ratio = scale * np.sqrt(size[0] * size[1] / (painting.shape[0] * painting.shape[1]))
    return np.clip(
        scaled(painting, tuple(max(32, round(side * ratio)) for side in painting.shape[:2])), 0.0, 1.0
    )


def _shares(mask: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    import cv2

    mask = cv2.resize(mask, size[::-1], interpolation=cv2.INTER_AREA) + np.float32(1e-6)
    return mask / mask.sum()


def _grouped(paintings: Iterable[Painting]) -> list[list[Painting]]:
    """Paintings that are wanted everywhere are one style together; each with a mask is one of its own."""
    paintings = list(paintings)
    total = check_weights(paintings)
    wanted = [Painting(p.array, p.weight / total, p.mask, p.name) for p in paintings if p.weight]
    everywhere = [p for p in wanted if p.mask is None]
    return [*([everywhere] if everywhere else []), *([p] for p in wanted if p.mask is not None)]


def _check_sizes(backbone, paintings: list[Painting], layers: StyleLayers) -> None:
    """Statistics of fewer cells than a few in a row say nothing of a style."""
    names = [name for name, _ in layers.style if name != _PICTURE]
    if not names:
        return
    known = backbone.list_layers()
    deepest = max(names, key=known.index)
    least = CELLS * stride(backbone, deepest)
    for p in paintings:
        if min(p.array.shape[:2]) < least:
            height, width = p.array.shape[:2]
            raise InputError(
                f"A style must have at least {least} pixels a side, {CELLS} cells of {backbone.name}'s {deepest}. "
                f"Received: {width}x{height}, {p.name}."
            )


@lru_cache(maxsize=64)
def stride(backbone, name: str) -> int:
    """Pixels from one cell of a layer to the next."""
    side = 256
    shape = backbone.truncated([name]).model.compute_output_shape((1, side, side, 3))[name]
    return max(1, round(side / shape[1]))


def _named(backbone, layers: StyleLayers) -> StyleLayers:
    """The layers' own names for those that the papers use.

    Raises:
        UsageError: one that the backbone has not, or weights that come to nothing.
    """

    def own(pairs):
        return tuple((n if n == _PICTURE else backbone.layer_name(n), float(w)) for n, w in pairs)

    found = StyleLayers(own(layers.style), own(layers.content))
    total = sum(weight for _, weight in found.style)
    if not total > 0:
        raise UsageError(f"`style_layers` must have weights with a sum above 0. Received: {total}.")
    return found


def _channels(backbone, name: str) -> int:
    return 3 if name == _PICTURE else backbone.channels(name)
