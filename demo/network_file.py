"""What of a stranger's network file is kept: weights and plain layers of Keras, nothing that runs or reads files.

The file is taken apart and put together anew from the parts that are known. Then a process of its own, with little
memory and time, loads it first: what ends that process is not loaded here.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path

from .errors import Refused

_LAYERS = frozenset(
    """InputLayer Rescaling Normalization Conv1D Conv2D Conv2DTranspose SeparableConv2D DepthwiseConv2D Dense Activation
    ReLU LeakyReLU PReLU ELU Softmax BatchNormalization LayerNormalization GroupNormalization UnitNormalization
    RMSNormalization SpectralNormalization Add Subtract Multiply Average Maximum Minimum Concatenate Dot MaxPooling2D
    AveragePooling2D GlobalAveragePooling2D GlobalMaxPooling2D ZeroPadding2D Cropping2D UpSampling2D Flatten Reshape
    Permute Dropout SpatialDropout2D GaussianNoise GaussianDropout Identity""".split()
)
_OPERATIONS = frozenset(
    """Square Sqrt Rsqrt Mean Sum Max Min Add Subtract Multiply Divide TrueDivide Power Absolute Abs Maximum Minimum Exp
    Log Log1p Clip Tanh Sigmoid Silu Gelu Relu Relu6 Elu LeakyRelu HardSigmoid HardSwish HardSilu Softmax Concatenate
    Reshape Transpose Negative Normalize""".split()
)
_OTHERS = {  # module: what of it may be named
    "keras": {"Functional", "Sequential", "Model", "DTypePolicy"},
    "keras.models": {"Functional", "Sequential", "Model"},
    "keras.src.models.functional": {"Functional"},
    "keras.src.models.sequential": {"Sequential"},
    "keras.layers": _LAYERS,
    "keras.src.ops.numpy": _OPERATIONS,
    "keras.src.ops.math": _OPERATIONS,
    "keras.src.ops.nn": _OPERATIONS,
    "keras.dtype_policies": {"DTypePolicy"},
}
_PLAIN = ("keras.initializers", "keras.regularizers", "keras.constraints")  # numbers, all of them
_ENTRIES = {  # name of an entry: its most bytes, as a multiple of the cap
    "metadata.json": 0.01,
    "config.json": 0.05,
    "model.weights.h5": 3.0,
    "deepdream_av.json": 0.1,
    "deepdream_av_base.npz": 3.0,
    "deepdream_av_textures.npz": 3.0,
}
_NEEDED = ("metadata.json", "config.json", "model.weights.h5")
_DEEPEST = 60  # levels of a config
_WAIT = 120  # seconds for the process that loads it first
_MEMORY = 4_500_000_000  # bytes that it may address; TensorFlow alone takes two


def plain_copy(source: Path, target: Path, *, megabytes: float) -> None:
    """Copy what is known of a network file.

    Args:
        source: the visitor's file.
        target: where to.
        megabytes: its most size.

    Raises:
        Refused: it is no such file, too large, or holds what is not wanted here.
    """
    cap = megabytes * 1e6
    if source.stat().st_size > cap:
        raise Refused(f"This network has {source.stat().st_size / 1e6:.0f} MB; {megabytes:g} MB is the most here.")
    try:
        with zipfile.ZipFile(source) as archive, zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as copy:
            missing = [name for name in _NEEDED if name not in archive.namelist()]
            if missing:
                raise Refused(f"This is no network that Keras 3 has saved: it has no {missing[0]}.")
            for name, share in _ENTRIES.items():
                if name in archive.namelist():
                    copy.writestr(name, _cleaned(name, _read(archive, name, round(share * cap))))
    except Refused:
        raise
    except (zipfile.BadZipFile, zlib.error, RuntimeError, EOFError, OSError, ValueError):
        raise Refused("This is no network that Keras 3 has saved: the file is broken or of another kind.") from None


def _read(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    """An entry, of which no more is unpacked than it may have."""
    with archive.open(name) as entry:
        found = entry.read(most + 1)
    if len(found) > most:
        raise Refused(f"The part {name} of this network is too large.")
    return found


def _cleaned(name: str, entry: bytes) -> bytes:
    if name == "metadata.json":
        version = str(json.loads(entry).get("keras_version", ""))[:20]
        return json.dumps({"keras_version": version, "date_saved": ""}).encode()
    if name != "config.json":
        return entry
    config = json.loads(entry)
    if not isinstance(config, dict):
        raise Refused("This is no network that Keras 3 has saved: its config is no object.")
    config.pop("compile_config", None)  # how it was trained is of no use here
    check_config(config)
    return json.dumps(config).encode()


def check_config(config, depth: int = 0) -> None:
    """Let pass what is made of plain layers.

    Args:
        config: of a model, as Keras writes it.
        depth: levels above.

    Raises:
        Refused: it names anything else.

    >>> check_config({"module": "keras.layers", "class_name": "ReLU", "config": {}, "registered_name": None})
    >>> check_config({"module": "keras.layers", "class_name": "Lambda", "config": {}})
    Traceback (most recent call last):
    demo.errors.Refused: This network has a part of its own code, Lambda. Only plain layers of Keras are taken here.
    """
    if depth > _DEEPEST:
        raise Refused("The config of this network is nested too deeply.")
    if isinstance(config, list):
        for value in config:
            check_config(value, depth + 1)
    if not isinstance(config, dict):
        return
    if "class_name" in config and not _is_plain(config):
        name = re.sub(r"[^\w.]", "", str(config["class_name"]))[:40] or "without a name"
        raise Refused(f"This network has a part of its own code, {name}. Only plain layers of Keras are taken here.")
    for value in config.values():
        check_config(value, depth + 1)


def _is_plain(part: dict) -> bool:
    module, name, registered = (part.get(key) for key in ("module", "class_name", "registered_name"))
    if name == "__keras_tensor__":
        return module is None
    if not isinstance(module, str) or not isinstance(name, str) or registered not in (None, name):
        return False
    return (module in _PLAIN and name.isidentifier()) or name in _OTHERS.get(module, ())


def facts(path: Path) -> dict:
    """What a network is, from a process of its own that loads it and looks once.

    Returns:
        `kind`, `layers`, `default`, `labels`, `parameters`.

    Raises:
        Refused: it cannot be loaded there.
    """
    command = [sys.executable, "-m", "demo.network_file", str(path)]
    root = Path(__file__).resolve().parents[1]
    try:
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=_WAIT)
        told = json.loads(done.stdout.strip().splitlines()[-1])
    except subprocess.TimeoutExpired:
        raise Refused("This network takes too long to load.") from None
    except (ValueError, IndexError, OSError):
        raise Refused("This network cannot be loaded: it is broken, or needs too much memory.") from None
    if "error" in told:
        raise Refused(told["error"])
    return told


def _look(path: str) -> dict:
    """In that process: load it, and let it look or listen once."""
    import numpy as np

    from deepdream_av.backbones import load_backbone

    _check_weights(path)
    backbone = load_backbone(path, dtype="float32")
    shape = (1, 96, 96, 3) if backbone.kind == "image" else (1, 96, 128, 1)
    last = backbone.list_layers()[-1]
    backbone.truncated((last,))(np.zeros(shape, np.float32))
    return {
        "kind": backbone.kind,
        "layers": [(name, backbone.channels(name)) for name in backbone.list_layers()],
        "default": [name for name, _ in backbone.default_layers],
        "labels": list(backbone.labels)[:200],
        "parameters": int(backbone.model.count_params()),
    }


def _check_weights(path: str) -> None:
    """Weights lie in the file itself, and are no larger than they seem."""
    import io

    import h5py

    with zipfile.ZipFile(path) as archive:
        file = h5py.File(io.BytesIO(archive.read("model.weights.h5")), "r")
    claimed, folders = 0, [file]
    while folders:
        folder = folders.pop()
        for name in folder:
            if not isinstance(folder.get(name, getlink=True), h5py.HardLink):
                raise Refused("The weights of this network point to another place.")
            entry = folder[name]
            if isinstance(entry, h5py.Group):
                folders.append(entry)
            elif entry.external or entry.is_virtual:
                raise Refused("The weights of this network point to another place.")
            else:
                claimed += entry.size * entry.dtype.itemsize
    if claimed > 8 * Path(path).stat().st_size:
        raise Refused("The weights of this network claim to be far larger than they are.")


def main() -> int:
    """In the process of its own: print what the network is."""
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_WAIT, _WAIT))
    from deepdream_av.errors import DeepDreamError
    from deepdream_av.quiet import hush_tensorflow

    from .errors import sentence

    hush_tensorflow()
    try:
        told = _look(sys.argv[1])
    except DeepDreamError as error:
        text = sentence(error)  # but what TensorFlow says of memory is for nobody
        told = {"error": text if "{{" not in text else "This network is too large to be loaded here."}
    print(json.dumps(told))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
