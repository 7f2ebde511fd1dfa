"""Networks that somebody saved as a `.keras` file: read as data, never run as code."""

from __future__ import annotations

from deepdream_av.backbones.backbone import Backbone
from deepdream_av.errors import WeightsError

_BANDS = 128  # of the log-mels that an ear hears


def load(path: str) -> Backbone:
    """A saved network as a backbone.

    A network with three input channels looks at pictures, one with inputs `[frames, 128, 1]` listens. It is used at
    any size, whatever size it was trained at. If its first layer rescales by 1/127.5 or less it gets pictures
    in [0, 255], else in [0, 1].

    Raises:
        WeightsError: not a saved network, one that needs code of its own, or one whose input is neither a picture
            nor a log-mel.
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
    model = _any_size(model, path, kind)
    maps = [x for x in model.layers[1:] if _is_map(x)]
    scale = next((x.scale for x in model.layers if isinstance(x, keras.layers.Rescaling)), 1.0)
    wide = kind == "image" and isinstance(scale, float) and abs(scale) <= 1 / 100
    return Backbone(
        path,
        model,
        layers=[x.name for x in maps],
        default_layers=((_default(maps), 1.0),),
        kind=kind,
        preprocess=(lambda x: x * 255.0) if wide else None,
    )


def _any_size(model, path: str, kind: str):
    """The convolutional part of a network, for inputs of any size."""
    import keras

    ends = [x for x in model.layers if _is_map(x)]
    if len(ends) < 2:
        raise WeightsError(
            f"`backbone` must be convolutional. Received: '{path}', which has no maps to dream."
        )
    try:
        trunk = keras.Model(model.inputs[0], ends[-1].output)
        free = keras.Input((None, None, 3) if kind == "image" else (None, _BANDS, 1))
        copy = keras.models.clone_model(trunk, input_tensors=free)
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
