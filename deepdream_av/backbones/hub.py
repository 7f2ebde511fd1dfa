"""Networks as TF2 SavedModels, from a folder or from TensorFlow Hub: `--backbone hub:HANDLE_OR_PATH`.

A SavedModel is a program: loading one runs it. It is loaded only where a user names it, never for what a file says
of itself, see `flags`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path

import tensorflow as tf

from deepdream_av.errors import InputError, MissingExtraError, UsageError, WeightsError, unknown_name

PREFIX = "hub:"
# operations after which something has been decided: their maps are what is dreamt
_MAPS = ("Relu", "Relu6", "ConcatV2", "AddV2", "Elu", "Selu", "LeakyRelu")
_MAPS_OTHERWISE = ("BiasAdd", "Conv2D", "FusedBatchNormV3", "Mul", "Tanh", "Sigmoid")
_INNER = re.compile(r"^(StatefulPartitionedCall|PartitionedCall)(_\d+)?/")
_USUAL = 224  # side at which shapes are looked up, in pixels


class HubBackbone:
    """A SavedModel as a frozen graph with named layers; it serves wherever a `Backbone` does.

    If the loaded object can be called with `return_endpoints=True`, as those made with TF-Slim can, its layers are
    those endpoints (`InceptionV3/Mixed_5b`). Else its graph is frozen, and they are the activations found in it.

    Args:
        name: how it is called in recipes and messages.
        frozen: a concrete function from pictures to the network's answers, without variables.
        layers: from names to tensors of the frozen graph, in order.
        size: (height, width), if it takes pictures of one size only; others are scaled for it.
    """

    kind, labels, textures = "image", (), {}

    def __init__(
        self, name: str, frozen, layers: dict[str, tf.Tensor], *, size: tuple[int, int] | None = None
    ):
        self.name, self._frozen, self._maps, self.size = name, frozen, layers, size
        self.default_layers = _default(list(layers))
        self._truncated: dict[tuple[str, ...], Callable] = {}

    def list_layers(self) -> list[str]:
        """Names of the layers that can be dreamt, from the first to the deepest."""
        return list(self._maps)

    def layer_name(self, name: str) -> str:
        """The layer's own name for one of its names: `Mixed_5b` will do for `InceptionV3/Mixed_5b`.

        Raises:
            UsageError: there is no such layer; the message names the closest one.
        """
        if name in self._maps:
            return name
        short = [x for x in self._maps if x.endswith("/" + name)]
        if len(short) != 1:
            raise unknown_name("layer", name, self._maps, owner=self.name)
        return short[0]

    def channels(self, name: str) -> int:
        """How many channels a layer has."""
        return int(self._maps[self.layer_name(name)].shape[-1])

    def class_index(self, label: str) -> int:
        """A SavedModel does not say what its numbers mean.

        Raises:
            UsageError: always.
        """
        raise UsageError(
            f"`classes` needs a network that knows classes, such as one of training.retrain. Received: {self.name!r}."
        )

    def truncated(self, names: Iterable[str]) -> Callable:
        """The network from its input to these layers, all else cut away; the same names give the same object.

        Raises:
            UsageError: a name that is not one of the layers.
        """
        names = tuple(names)
        if not names:
            raise UsageError(f"`names` must hold at least one of {self.name}'s layers. Received: none.")
        if names not in self._truncated:
            fetches = {name: self._maps[self.layer_name(name)] for name in names}
            pruned = self._frozen.prune(self._frozen.inputs[0], fetches)
            self._truncated[names] = _Seen(pruned, self.size)
        return self._truncated[names]

    def __repr__(self) -> str:
        return f"HubBackbone({self.name!r}, {len(self._maps)} layers, default {self.default_layers})"


class _Seen:
    """Maps pictures to `{layer: activation}`."""

    def __init__(self, pruned, size):
        self._pruned, self._size = pruned, size

    def __call__(self, x) -> dict[str, tf.Tensor]:
        x = tf.convert_to_tensor(x, tf.float32)
        return self._pruned(x if self._size is None else tf.image.resize(x, self._size))


def load(name: str) -> HubBackbone:
    """A SavedModel as a backbone. It is given pictures in [0, 1], as all of TensorFlow Hub's take them.

    Args:
        name: `hub:` and the path of a folder, or a handle such as `https://tfhub.dev/...`.

    Raises:
        InputError: there is no such folder.
        MissingExtraError: a handle without `tensorflow_hub`.
        WeightsError: no SavedModel, or none that takes pictures and has maps.
    """
    loaded = _loaded(name.removeprefix(PREFIX))
    for found in (_with_endpoints(loaded), _of_graph(loaded)):
        for frozen, layers in found:
            for free, size in _sized(frozen, layers):
                return HubBackbone(name, *free, size=size)
    raise WeightsError(
        "`backbone` must be a SavedModel that takes pictures [batch, height, width, 3] and has convolutions. "
        f"Received: '{name}'."
    )


def _loaded(where: str):
    path = Path(where)
    if not where:
        raise UsageError("`backbone` must be hub: and a folder or a handle. Received: 'hub:'.")
    if path.is_dir() or path.is_absolute() or where.startswith((".", "~")):
        path = path.expanduser()
        if not (path / "saved_model.pb").is_file():
            raise InputError(f"There is no SavedModel (a folder with saved_model.pb) at '{where}'.")
        try:
            return tf.saved_model.load(str(path))
        except Exception as error:  # protobuf, checkpoints and TensorFlow raise many kinds here
            raise WeightsError(f"The SavedModel cannot be loaded: '{where}' ({_line(error)}).") from None
    try:
        import tensorflow_hub
    except ImportError:
        raise MissingExtraError(
            f"A handle of TensorFlow Hub needs the extra hub: pip install 'deepdream-av[hub]'. Received: '{where}', "
            "which is no folder here."
        ) from None
    try:
        return tensorflow_hub.load(where)
    except Exception as error:
        raise WeightsError(f"The network cannot be fetched: '{where}' ({_line(error)}).") from None


def _with_endpoints(loaded):
    """Its graph and endpoints, if it gives them: nothing or one pair."""
    if not callable(loaded):
        return
    for options in ({"training": False, "return_endpoints": True}, {"return_endpoints": True}):
        for spec in _specs():
            try:
                frozen = _frozen(tf.function(lambda x, o=options: loaded(x, **o)), spec)
            except Exception:  # what it takes is found out by trying
                continue
            if isinstance(frozen.structured_outputs, dict) or len(frozen.outputs) > 1:
                yield frozen, _endpoints(loaded, options, spec, frozen)
                return


def _endpoints(loaded, options, spec, frozen) -> dict[str, tf.Tensor]:
    """From the names of endpoints to tensors of the frozen graph, in the order in which it computes them."""
    whole = tf.function(lambda x: loaded(x, **options)).get_concrete_function(spec)
    names = [name for name, _ in sorted(whole.structured_outputs.items())]
    order = {op.name: n for n, op in enumerate(frozen.graph.get_operations())}
    pairs = [(n, _behind(x)) for n, x in zip(names, frozen.outputs)]
    pairs = [(n, x) for n, x in pairs if x.shape.rank == 4 and x.shape[-1] and n != "default"]
    return dict(sorted(pairs, key=lambda pair: order[pair[1].op.name]))


def _behind(tensor):
    """The tensor itself, behind the identities with which functions return it."""
    while tensor.op.type == "Identity":
        tensor = tensor.op.inputs[0]
    return tensor


def _of_graph(loaded):
    """Its graph and the activations in it, if it can be called with a picture: at most one pair."""
    found = list(getattr(loaded, "signatures", {}).values())
    tries = [lambda spec, f=f: _frozen(tf.function(lambda x: _signed(f, x)), spec) for f in found]
    if callable(loaded):
        plain = [{"training": False}, {}]
        tries += [lambda spec, o=o: _frozen(tf.function(lambda x: loaded(x, **o)), spec) for o in plain]
    for attempt in tries:
        for spec in _specs(found):
            try:
                frozen = attempt(spec)
            except Exception:  # see above
                continue
            layers = _activations(frozen.graph)
            if layers:
                yield frozen, layers
                return


def _signed(signature, x):
    (name,) = signature.structured_input_signature[1]
    return signature(**{name: x})


def _specs(signatures=()):
    """Shapes that a network may take: any, or those that it says itself."""
    yield tf.TensorSpec([None, None, None, 3], tf.float32)
    for signature in signatures:
        for spec in signature.structured_input_signature[1].values():
            if spec.shape.rank == 4:
                yield tf.TensorSpec(spec.shape, tf.float32)
    for side in (299, 224):
        yield tf.TensorSpec([1, side, side, 3], tf.float32)


def _frozen(function, spec):
    """The graph of a function for inputs of this shape, its variables made constants."""
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    return convert_variables_to_constants_v2(function.get_concrete_function(spec))


def _activations(graph) -> dict[str, tf.Tensor]:
    """Maps `[batch, height, width, channels]` in a graph, by the names of their operations, in its order."""
    for kinds in (_MAPS, _MAPS_OTHERWISE):
        found = {}
        for op in graph.get_operations():
            if op.type not in kinds or not op.outputs:
                continue
            x = op.outputs[0]
            if x.dtype.is_floating and x.shape.rank == 4 and (x.shape[-1] or 0) > 3:
                found[_short(op.name)] = x
        if found:
            return found
    return {}


def _short(name: str) -> str:
    """A name without the calls around it."""
    while _INNER.match(name):
        name = _INNER.sub("", name)
    return name


def _sized(frozen, layers):
    """The network for pictures of any size if it can be that, else for the one that it takes: at most one."""
    if not layers:
        return
    spec = frozen.inputs[0].shape
    if spec[1] is None and spec[2] is None:
        yield (frozen, layers), None
        return
    free = _set_free(frozen, layers)
    if free is not None:
        yield free, None
    else:
        yield (frozen, layers), (spec[1], spec[2])


def _set_free(frozen, layers):
    """The same graph, as far as its deepest map, with an input of any size; None if it has its size built in."""
    definition = frozen.graph.as_graph_def()
    place = frozen.inputs[0].op.name
    wanted = [x.op.name for x in layers.values()]
    definition = tf.compat.v1.graph_util.extract_sub_graph(definition, [place, *wanted])
    for node in definition.node:
        node.attr.pop("_output_shapes", None)
        if node.name == place:
            node.attr["shape"].shape.CopyFrom(tf.TensorShape([None, None, None, 3]).as_proto())

    def imported():
        tf.graph_util.import_graph_def(definition, name="")

    try:
        wrapped = tf.compat.v1.wrap_function(imported, [])
        graph = wrapped.graph
        again = {name: graph.get_tensor_by_name(x.name) for name, x in layers.items()}
        free = wrapped.prune(graph.get_tensor_by_name(f"{place}:0"), list(again.values()))
        free(tf.zeros([1, _USUAL, _USUAL - 32, 3]))
    except Exception:  # shapes that were computed once and for all do not fit another picture
        return None
    return free, {name: free.graph.get_tensor_by_name(x.name) for name, x in again.items()}


def _default(names: list[str]) -> tuple[tuple[str, float], ...]:
    """What is dreamt unless something else is asked for: what is known to dream well, else two thirds of the way."""
    known = [n for n in names if re.search(r"(^|/)(Mixed_5d|Mixed_6a|Mixed_6b|Mixed_4[cd])$", n)]
    picked = known or [names[min(len(names) - 1, round(0.66 * len(names)))]]
    return tuple((name, 1.0) for name in picked)


def _line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:160].rstrip(".")
