"""Teachers for `training.distill`: any keras.applications networks, their inner maps as targets."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from deepdream_av.errors import unknown_name

STRIDES = (8, 16, 32)
# Where a teacher's layer is known to dream well it is named; others are tapped at the last
# non-negative map of each stride.
TAPS = {
    "mobilenet_v2": (
        "block_6_expand_relu",
        "block_11_expand_relu",
        "block_13_expand_relu",
        "block_16_expand_relu",
    ),
    "vgg19": ("block4_conv2", "block5_conv2"),
    "vgg16": ("block4_conv2", "block5_conv2"),
    "inception_v3": ("mixed2", "mixed4", "mixed5"),
}
# InceptionV3 pads nothing or only right and below, so that its cells look 3.5 (stride 8) to 7.5 pixels (stride 16)
# past those of the student; it is shown the picture moved by what lies between.
MOVED = {"inception_v3": 5}


@dataclass(frozen=True)
class Tap:
    """One map of one teacher: where it is, and the spread that its channels are divided by."""

    teacher: str
    layer: str
    stride: int
    channels: int


class Teacher:
    """A frozen keras.applications network with several inner maps as outputs.

    Args:
        name: module name in `keras.applications`, e.g. `"mobilenet_v2"`.
        weights: a weights file, or `"imagenet"` to let Keras download them.
        size: side of the square crops in pixels.
    """

    def __init__(self, name: str, *, weights: str = "imagenet", size: int = 160):
        import keras
        import tensorflow as tf

        module = getattr(keras.applications, name, None)
        if module is None:
            known = [n for n in dir(keras.applications) if not n.startswith("_") and n.islower()]
            raise unknown_name("teacher", name, known)
        builder = next(getattr(module, n) for n in dir(module) if n.lower() == name.replace("_", ""))
        keras.config.set_dtype_policy("mixed_bfloat16")
        try:
            try:
                net, self.has_logits = builder(weights=weights, classifier_activation=None), True
            except ValueError:  # weights without the classifier
                net, self.has_logits = builder(weights=weights, include_top=False), False
        finally:
            keras.config.set_dtype_policy("float32")
        net = centred(net, size)
        shapes = {
            layer.name: tuple(layer.output.shape[1:])
            for layer in net.layers[1:]
            if len(layer.output.shape) == 4
        }
        self.taps = [
            Tap(name, layer, round(size / shapes[layer][0]), shapes[layer][2])
            for layer in self._choose(name, shapes, size)
        ]
        outputs = [net.get_layer(t.layer).output for t in self.taps]
        if self.has_logits:
            outputs.append(net.outputs[0])
        self.name, self.model = name, keras.Model(net.input, outputs)
        self.model.trainable = False
        preprocess = module.preprocess_input

        moved = MOVED.get(name, 0)

        def maps(pictures):  # [batch, size, size, 3] in [0, 1]
            pictures = tf.pad(pictures, [[0, 0], [moved, 0], [moved, 0], [0, 0]], "SYMMETRIC")[
                :, :size, :size
            ]
            values = self.model(preprocess(pictures * 255.0), training=False)
            return [tf.cast(v, tf.float32) for v in values]

        def gradient(pictures):
            with tf.GradientTape() as tape:
                tape.watch(pictures)
                energies = [
                    tf.math.log(tf.reduce_mean(tf.square(value), (1, 2, 3)) + 1e-6)
                    for value, tap in zip(maps(pictures), self.taps)
                    if tap.stride < 32
                ]
                total = tf.reduce_sum(energies)
            g = tape.gradient(total, pictures)
            # what alternates from pixel to pixel is the grid of the network's own strides
            kernel = tf.constant([1.0, 2.0, 1.0])[:, None] * tf.constant([1.0, 2.0, 1.0])[None] / 16
            g = tf.nn.depthwise_conv2d(
                g, tf.tile(kernel[:, :, None, None], [1, 1, 3, 1]), [1, 1, 1, 1], "SAME"
            )
            return g / (tf.math.reduce_std(g, (1, 2, 3), keepdims=True) + 1e-12)

        pictures = [tf.TensorSpec([None, size, size, 3], tf.float32)]
        self.compiled = tf.function(maps, input_signature=pictures)
        self.gradient = tf.function(gradient, input_signature=pictures)

    @staticmethod
    def _choose(name, shapes, size):
        if name in TAPS:
            return TAPS[name]
        last = {}
        for layer, shape in shapes.items():
            if any(word in layer for word in ("relu", "activation", "swish", "mixed")):
                last[round(size / shape[0])] = layer
        return [last[s] for s in STRIDES if s in last]


def centred(net, size: int):
    """The same network with every second padding turned round and none left out, at a fixed input size.

    Padding only right and below before each stride of 2 moves every map half a cell away from the
    pixels it describes. A student whose cells sit centrally would have to learn that shift; turning
    every second padding round cancels it to less than a fifth of a cell.
    """
    import keras

    turned = 0
    pads = any(isinstance(layer, keras.layers.ZeroPadding2D) for layer in net.layers)

    def clone(layer):
        nonlocal turned
        config = layer.get_config()
        if isinstance(layer, keras.layers.ZeroPadding2D) and config["padding"] == ((0, 1), (0, 1)):
            turned += 1
            if turned % 2 == 0:
                config["padding"] = ((1, 0), (1, 0))
        elif config.get("padding") == "valid" and not pads:
            config["padding"] = "same"  # or a map would not have one cell for each of the student's
        return layer.__class__.from_config(config)

    copy = keras.models.clone_model(net, input_tensors=keras.Input((size, size, 3)), clone_function=clone)
    copy.set_weights(net.get_weights())
    return copy


class Shard:
    """Pictures with all teachers' answers, kept small: maps as uint8 in units of a channel's spread.

    Attributes:
        pictures: uint8 `[count, size, size, 3]`.
        maps: for each tap uint8 `[count, height, width, channels]`.
        logits: float16 `[count, classes]`.
        gradients: int8 `[count, size, size, 3]`, where the teachers would dream; empty if nobody asked.
    """

    STEP = 1 / 24  # one level, in standard deviations; 255 levels reach 10.6 of them
    GRADIENT_STEP = 1 / 24

    def __init__(
        self, pictures: np.ndarray, maps: list[np.ndarray], logits: np.ndarray, gradients: np.ndarray
    ):
        self.pictures, self.maps, self.logits, self.gradients = pictures, maps, logits, gradients

    def __len__(self):
        return len(self.pictures)

    def save(self, path: Path):
        maps = {f"map{i}": m for i, m in enumerate(self.maps)}
        np.savez(path, pictures=self.pictures, logits=self.logits, gradients=self.gradients, **maps)

    @classmethod
    def load(cls, path: Path):
        with np.load(path, allow_pickle=False) as z:
            maps = [z[f"map{i}"] for i in range(sum(name.startswith("map") for name in z.files))]
            return cls(z["pictures"], maps, z["logits"], z["gradients"])


def spreads(teachers: list[Teacher], pictures: np.ndarray, *, batch: int = 32) -> list[np.ndarray]:
    """Root mean square of every channel of every tap over some pictures."""
    sums = None
    for i in range(0, len(pictures), batch):
        maps = [
            m.numpy()
            for t in teachers
            for m in t.compiled(pictures[i : i + batch].astype(np.float32) / 255)[: len(t.taps)]
        ]
        now = [np.mean(m**2, (0, 1, 2)) for m in maps]
        sums = now if sums is None else [a + b for a, b in zip(sums, now)]
    return [np.sqrt(s / np.ceil(len(pictures) / batch)) + 1e-3 for s in sums]


def label(
    teachers: list[Teacher],
    pictures: np.ndarray,
    spread: list[np.ndarray],
    *,
    gradients: bool,
    batch: int = 32,
) -> Shard:
    """Ask all teachers about some pictures (uint8 `[count, size, size, 3]`)."""
    maps, logits, directions = [[] for _ in spread], [], []
    for i in range(0, len(pictures), batch):
        x = pictures[i : i + batch].astype(np.float32) / 255
        at = 0
        for teacher in teachers:
            values = teacher.compiled(x)
            for value in values[: len(teacher.taps)]:
                scaled = value.numpy() / spread[at] / Shard.STEP
                maps[at].append(np.clip(scaled + 0.5, 0, 255).astype(np.uint8))
                at += 1
            if teacher.has_logits:
                logits.append(values[-1].numpy().astype(np.float16))
        if gradients:  # of all teachers, each as loud as the others
            total = sum(t.gradient(x).numpy() for t in teachers)
            total /= total.std((1, 2, 3), keepdims=True) + 1e-12
            directions.append(np.clip(np.rint(total / Shard.GRADIENT_STEP), -127, 127).astype(np.int8))
    empty = np.zeros((len(pictures), 0), np.float16)
    return Shard(
        pictures,
        [np.concatenate(m) for m in maps],
        np.concatenate(logits) if logits else empty,
        np.concatenate(directions) if gradients else empty.astype(np.int8),
    )
