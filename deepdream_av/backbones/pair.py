"""Two networks that look at the same picture, for dreams of what one has and the other has not."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from deepdream_av.backbones.backbone import Backbone
from deepdream_av.errors import UsageError
from deepdream_av.objectives.wanted import OTHER


class Pair:
    """A network and another one beside it, whose layers are called `other/NAME`.

    Args:
        first: the network that is dreamt; it gives the name, the default layers and the classes.
        second: the other one, of the same kind.

    Raises:
        UsageError: one looks and the other one listens.
    """

    def __init__(self, first: Backbone, second: Backbone):
        if first.kind != second.kind:
            raise UsageError(
                "`contrast` must be a network of the same kind as the backbone. Received: "
                f"{second.name!r} beside {first.name!r}."
            )
        self.first, self.second = first, second
        self.name, self.kind = first.name, first.kind
        self.default_layers, self.labels = first.default_layers, first.labels
        self.class_index = first.class_index
        self.textures, self.has_logits = first.textures, first.has_logits
        self._truncated: dict[tuple[str, ...], Callable] = {}

    def list_layers(self) -> list[str]:
        """Names of all layers that can be dreamt."""
        return [*self.first.list_layers(), *(OTHER + name for name in self.second.list_layers())]

    def layer_name(self, name: str) -> str:
        """The layer's own name for one of its names; see `Backbone.layer_name`."""
        if name.startswith(OTHER):
            return OTHER + self.second.layer_name(name.removeprefix(OTHER))
        return self.first.layer_name(name)

    def channels(self, name: str) -> int:
        """Width of a layer; see `Backbone.channels`."""
        side, name = (self.second, name.removeprefix(OTHER)) if name.startswith(OTHER) else (self.first, name)
        return side.channels(name)

    def truncated(self, names: Iterable[str]) -> Callable:
        """Both networks to the deepest of their layers; the same names give the same object.

        Args:
            names: of layers of either.

        Returns:
            A function from an input to `{layer: activation}`.
        """
        names = tuple(names)
        if names not in self._truncated:
            self._truncated[names] = self._both(names)
        return self._truncated[names]

    def _both(self, names: tuple[str, ...]) -> Callable:
        mine = tuple(n for n in names if not n.startswith(OTHER))
        others = tuple(n.removeprefix(OTHER) for n in names if n.startswith(OTHER))
        if not mine or not others:
            only = self.first if mine else self.second
            seen = only.truncated(mine or others)
            return seen if mine else lambda x: {OTHER + k: v for k, v in seen(x).items()}
        one, two = self.first.truncated(mine), self.second.truncated(others)
        return lambda x: {**one(x), **{OTHER + k: v for k, v in two(x).items()}}
