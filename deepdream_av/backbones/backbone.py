"""A frozen network with named layers, cut off behind the deepest one that is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property

import keras
import tensorflow as tf

from deepdream_av.errors import UsageError, unknown_name


class Backbone:
    """A network that looks (`kind="image"`) or listens (`kind="sound"`).

    Args:
        name: how it is called in recipes and messages.
        model: any functional `keras.Model`; it is frozen.
        layers: names of the layers that can be dreamt, from the first to the deepest.
        default_layers: pairs of a layer and its weight: what is dreamt unless something else is asked for.
        kind: `"image"`: takes pictures `[batch, height, width, 3]` in [0, 1]; `"sound"`: takes log-mels
            `[batch, frames, 128, 1]`.
        preprocess: from that range to the one the model was trained on.
        aliases: other names of layers, e.g. `{"relu4_3": "block4_conv3"}`.
        labels: names of the classes, if the model ends in a layer `logits` with a number for each, or `textures` has
            one for each.
        textures: gives `{layer: float32 [classes, channels, channels]}`, the mean products of two
            channels in the pictures of each class; called once, when they are needed.
        groups: numbers of the first class and behind the last one of classes that exclude each other; all of them
            if empty.

    Two truncations with the same layers are the same object, so that what was compiled for one serves the other.
    """

    def __init__(
        self,
        name: str,
        model: keras.Model,
        *,
        layers: Iterable[str],
        default_layers: Iterable[tuple[str, float]],
        kind: str = "image",
        preprocess: Callable | None = None,
        aliases: Mapping[str, str] | None = None,
        labels: Iterable[str] = (),
        textures: Callable[[], dict] | None = None,
        groups: Iterable[tuple[int, int]] = (),
    ):
        self.name, self.model, self.kind = name, model, kind
        self.default_layers, self.labels = tuple(default_layers), tuple(labels)
        self._layers, self._aliases = list(layers), dict(aliases or {})
        self._preprocess = preprocess
        self._read_textures = textures
        self._groups = tuple(groups)
        self._truncated: dict[tuple[str, ...], Truncated] = {}
        model.trainable = False

    def list_layers(self) -> list[str]:
        """Names of the layers that can be dreamt, from the first to the deepest."""
        return list(self._layers)

    def layer_name(self, name: str) -> str:
        """The layer's own name for one of its names.

        Raises:
            UsageError: there is no such layer; the message names the closest one.
        """
        name = self._aliases.get(name, name)
        if name in ("logits", "class_map") and self.has_logits:
            return name
        if name not in self._layers:
            raise unknown_name("layer", name, [*self._layers, *self._aliases], owner=self.name)
        return name

    def channels(self, name: str) -> int:
        """How many channels a layer has."""
        return int(self.model.get_layer(self.layer_name(name)).output.shape[-1])

    def class_index(self, label: str) -> int:
        """Number of a class by its name; spaces and capitals do not matter.

        Raises:
            UsageError: there is no such class, or no classes at all.
        """
        if not self.labels:
            raise UsageError(
                "`classes` needs a network that knows classes, such as one of training.retrain. "
                f"Received: {self.name!r}."
            )
        plain = [x.lower().replace(" ", "_").replace("-", "_") for x in self.labels]
        wanted = label.lower().replace(" ", "_").replace("-", "_")
        if wanted not in plain:
            raise unknown_name("class", label, self.labels, owner=self.name)
        return plain.index(wanted)

    def class_group(self, index: int) -> tuple[int, int] | tuple[()]:
        """First and behind the last number of the classes that a class is one of; empty: all of them."""
        return next((group for group in self._groups if group[0] <= index < group[1]), ())

    @cached_property
    def has_logits(self) -> bool:
        """Whether it has a number for each class at each place, in its layer `class_map`."""
        return bool(self.labels) and any(x.name == "class_map" for x in self.model.layers)

    @cached_property
    def textures(self) -> dict:
        """`{layer: float32 [classes, channels, channels]}`, what the classes look like; empty if that is not known."""
        read = self._read_textures() if self._read_textures else {}
        return {
            name: arrays
            for name, arrays in read.items()
            if name in self._layers and arrays.shape[:2] == (len(self.labels), self.channels(name))
        }

    def truncated(self, names: Iterable[str]) -> Truncated:
        """The network from its input to the deepest of these layers.

        Raises:
            UsageError: a name that is not one of the layers.
        """
        names = tuple(names)
        if not names:
            raise UsageError(f"`names` must hold at least one of {self.name}'s layers. Received: none.")
        if names not in self._truncated:
            outputs = {name: self.model.get_layer(self.layer_name(name)).output for name in names}
            model = keras.Model(self.model.inputs[0], outputs)
            self._truncated[names] = Truncated(model, self._preprocess)
        return self._truncated[names]

    def __repr__(self) -> str:
        return f"Backbone({self.name!r}, {len(self._layers)} layers, default {self.default_layers})"


class Truncated:
    """Maps an input to `{layer: activation}`; see `Backbone.truncated`."""

    def __init__(self, model: keras.Model, preprocess: Callable | None):
        self.model, self._preprocess = model, preprocess

    def __call__(self, x) -> dict[str, tf.Tensor]:
        """Activations of every layer, in the precision in which they were computed."""
        x = tf.convert_to_tensor(x)
        if self._preprocess is not None:
            x = self._preprocess(x)
        return self.model(x, training=False)
