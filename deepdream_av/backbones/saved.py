"""Networks that somebody saved as a `.keras` file: read as data, never run as code."""

from __future__ import annotations

from deepdream_av.backbones.backbone import Backbone
from deepdream_av.backbones.card import Card, read_base, read_card, read_textures
from deepdream_av.errors import WeightsError

_BANDS = 128  # of the log-mels that an ear hears
LOGITS = "logits"  # layer that holds a number for each class
CLASS_MAP = "class_map"  # the same at each place


def load(path: str, *, dtype: str = "", before: bool = False) -> Backbone:
    """A saved network as a backbone.

    A network with three input channels looks at pictures, one with inputs `[frames, 128, 1]` listens. It is used at
    any size, whatever size it was trained at. If its first layer rescales by 1/127.5 or less it gets pictures
    in [0, 255], else in [0, 1]. One that was trained by this project carries a card, and with it its classes.

    Args:
        path: a `.keras` file.
        dtype: Keras dtype policy in which its layers compute; their own if empty.
        before: the same network with the weights that it had before it was retrained.

    Raises:
        WeightsError: not a saved network, one that needs code of its own, one whose input is neither a picture
            nor a log-mel, or, with `before`, one that was not retrained.
    """
    import keras

    try:
        model = keras.models.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # zip, JSON, HDF5 and Keras raise many kinds here
        raise WeightsError(
            f"`backbone` must be a network saved by Keras 3 without custom code. Received: '{path}' ({_line(error)})."
        ) from None
    shape = getattr(model, "input_shape", None)
    if not isinstance(shape, tuple) or len(shape) != 4 or not (shape[3] == 3 or shape[2:] == (_BANDS, 1)):
        raise WeightsError(
            "`backbone` must have one input, a picture [height, width, 3] or a log-mel [frames, 128, 1]. "
            f"Received: '{path}' with {shape}."
        )
    kind = "image" if shape[3] == 3 else "sound"
    card = read_card(path) or Card(kind=kind)
    labels = _labels(model, card, path)
    if before:
        _turn_back(model, path)
    model = _any_size(model, path, kind, whole=bool(labels), dtype=dtype)
    if labels:
        model = _with_class_map(model, path)
    maps = [x for x in model.layers[1:] if _is_map(x) and x.name != CLASS_MAP]
    known = {x.name for x in maps}
    default = tuple(pair for pair in card.default_layers if pair[0] in known)
    return Backbone(
        path,
        model,
        layers=[x.name for x in maps],
        default_layers=default or ((_default(maps), 1.0),),
        kind=kind,
        preprocess=(lambda x: x * 255.0) if kind == "image" and _is_wide(model) else None,
        labels=labels,
        textures=(lambda: read_textures(path)) if labels and kind == "image" else None,
    )


def _labels(model, card: Card, path: str) -> tuple[str, ...]:
    """The classes of a card, if the network has a logit for each."""
    if not card.labels:
        return ()
    width = model.output_shape[-1] if model.layers[-1].name == LOGITS else 0
    if width != len(card.labels):
        raise WeightsError(
            f"`backbone` must have a layer '{LOGITS}' with a number for each of its {len(card.labels)} labels. "
            f"Received: '{path}' with {width}."
        )
    return card.labels


def _with_class_map(model, path: str):
    """The network with one more output: what its head would answer at each place, before the mean over all places."""
    import keras

    pools = [x for x in model.layers if isinstance(x, keras.layers.GlobalAveragePooling2D)]
    if len(pools) != 1 or not isinstance(model.layers[-1], keras.layers.Dense):
        raise WeightsError(
            "`backbone` with labels must end in a global average pooling and one dense layer. "
            f"Received: '{path}', which does not."
        )
    head = model.layers[-1]
    everywhere = keras.layers.Dense(head.units, name=CLASS_MAP, dtype="float32")
    answers = everywhere(pools[0].input)
    everywhere.set_weights(head.get_weights())
    return keras.Model(model.inputs[0], [model.output, answers])


def _turn_back(model, path: str):
    """Give the retrained layers the weights that they had before."""
    base = read_base(path)
    if not base:
        raise WeightsError(
            "`contrast` base needs a network that was retrained from another (python -m training.retrain). "
            f"Received: '{path}'."
        )
    for layer in model.layers:
        for variable in layer.weights:
            array = base.get(f"{layer.name}/{variable.name}")
            if array is not None and array.shape == tuple(variable.shape):
                variable.assign(array.astype("float32"))


def _is_wide(model) -> bool:
    """Whether the network itself divides by 100 or more, so that it takes pictures in [0, 255]."""
    import keras

    scale = next((x.scale for x in model.layers if isinstance(x, keras.layers.Rescaling)), 1.0)
    return isinstance(scale, float) and abs(scale) <= 1 / 100


def _any_size(model, path: str, kind: str, *, whole: bool, dtype: str):
    """A network for inputs of any size: its convolutional part, or the whole of it if it has classes."""
    import keras

    ends = [x for x in model.layers if _is_map(x)]
    if len(ends) < 2:
        raise WeightsError(
            f"`backbone` must be convolutional. Received: '{path}', which has no maps to dream."
        )

    mixed = any(getattr(x, "compute_dtype", "float32") != "float32" for x in model.layers)

    def copied(layer):
        config = layer.get_config()
        if dtype and kind == "image" and isinstance(layer, keras.Layer) and layer.name != LOGITS:
            # what is exact beside half precision is so on purpose; a range in [0, 255] should be
            on_purpose = mixed and layer.compute_dtype == "float32"
            if not on_purpose and not isinstance(layer, keras.layers.Rescaling):
                config["dtype"] = "mixed_bfloat16" if dtype == "bfloat16" else dtype
        return layer.__class__.from_config(config)

    try:
        trunk = model if whole else keras.Model(model.inputs[0], ends[-1].output)
        free = keras.Input((None, None, 3) if kind == "image" else (None, _BANDS, 1))
        copy = keras.models.clone_model(trunk, input_tensors=free, clone_function=copied)
        copy.set_weights(trunk.get_weights())
    except Exception as error:
        raise WeightsError(
            f"`backbone` must be one chain or graph of Keras layers. Received: '{path}' ({_line(error)})."
        ) from None
    return copy


def _is_map(layer) -> bool:
    """Whether a layer has one output, `[batch, height, width, channels]`."""
    try:
        return len(layer.output.shape) == 4
    except (AttributeError, ValueError):  # used more than once, or with several outputs
        return False


def _default(maps) -> str:
    """The activation two thirds of the way down, where motifs live: not edges any more, not yet whole classes."""
    useful = [x.name for x in maps if any(w in x.name for w in ("relu", "act", "add", "mixed", "concat"))]
    useful = useful or [x.name for x in maps]
    return useful[min(len(useful) - 1, round(0.66 * len(useful)))]


def _line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:160].rstrip(".")
