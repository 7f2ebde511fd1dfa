"""Changes that a picture may suffer without becoming another, by keras-cv or by a few lines of our own.

Each batch's changes are a function of the generator that it is given, so that a run that was killed goes on with the
very same pictures.
"""

from __future__ import annotations

import numpy as np

from deepdream_av.errors import MissingExtraError, UsageError
from training.datasets.clutter import Clutter

OVER_CLUTTER = 0.5  # share of the pictures that are laid over clutter
NOTHING = 0.15  # share that is clutter alone
KINDS = ("keras-cv", "own", "none")


def augmentation(kind: str, size: int):
    """A function for `Labelled.batches`.

    Args:
        kind: `"keras-cv"`, `"own"` or `"none"`.
        size: side of the pictures that come out; crops are taken at random, or in the middle for `"none"`.

    Returns:
        `augment(x, y, rng) -> (x, y)`: pictures float32 `[batch, side, side, 3]` in [0, 1]. What TensorFlow does is
        apart, in `augment.in_graph(x, seed)`, since it may not be called from within a NumPy function.

    Raises:
        UsageError: another kind.
        MissingExtraError: keras-cv is not installed.
    """
    if kind not in KINDS:
        raise UsageError(f"`augment` must be one of {', '.join(KINDS)}. Received: {kind!r}.")
    return {"keras-cv": _KerasCV, "own": _Own, "none": _Plain}[kind](size)


class _Plain:
    in_graph = None

    def __init__(self, size):
        self.size = size

    def __call__(self, x, y, rng):
        return np.stack([_resized(p, self.size) for p in x]), y


class _Own(_Plain):
    """Crops, flips, quarter turns, light and colour, noise, a hidden corner; some laid over clutter."""

    def __init__(self, size):
        super().__init__(size)
        self.clutter = Clutter(size)

    def __call__(self, x, y, rng):
        return _with_nothing(np.stack([self._changed(p, rng) for p in x]), y, self.clutter, rng)

    def _changed(self, picture, rng):
        picture = _turned(_resized(_cropped(picture, rng), self.size), rng)
        gain, lift = rng.uniform(0.6, 1.3, [1, 1, 3]) if rng.random() < 0.5 else rng.uniform(0.6, 1.3), 0
        lift = rng.uniform(-0.15, 0.15)
        picture = (picture - 0.5) * gain + 0.5 + lift
        if rng.random() < 0.3:
            picture = picture + rng.normal(0, rng.uniform(0.01, 0.08), picture.shape)
        if rng.random() < OVER_CLUTTER:
            picture = self.clutter.under(picture, rng)
        if rng.random() < 0.5:
            _hide(picture, rng)
        return np.clip(picture, 0, 1).astype(np.float32)


class _KerasCV(_Plain):
    """RandAugment (Cubuk et al. 2019) and RandomCutout of keras-cv, after a crop of our own at any size and turn."""

    def __init__(self, size):
        super().__init__(size)
        try:
            import keras_cv
        except ImportError:
            raise MissingExtraError(
                "`augment` keras-cv needs pip install 'deepdream-av[training]', or take --augment own."
            ) from None
        self._layers = [
            keras_cv.layers.RandAugment(value_range=(0, 1), augmentations_per_image=2, magnitude=0.3, seed=1),
            keras_cv.layers.RandomCutout((0.0, 0.4), (0.0, 0.4), fill_mode="gaussian_noise", seed=2),
        ]
        self.clutter = Clutter(size)
        self._generators = [g for layer in self._layers for g in _generators(layer)]

    def __call__(self, x, y, rng):
        x = [_turned(_resized(_cropped(p, rng), self.size), rng) for p in x]
        x = [self.clutter.under(p, rng) if rng.random() < OVER_CLUTTER else p for p in x]
        return _with_nothing(np.stack(x), y, self.clutter, rng)

    def in_graph(self, x, seed):
        """The part that TensorFlow does, on a batch `[batch, side, side, 3]`; `seed` is an int64 scalar."""
        import tensorflow as tf

        x.set_shape([None, self.size, self.size, 3])
        states = [g.state.assign(tf.stack([seed, k, 0])) for k, g in enumerate(self._generators)]
        with tf.control_dependencies([tf.convert_to_tensor(s) for s in states]):
            x = tf.identity(x)
        for layer in self._layers:
            x = layer(x, training=True)
        return tf.clip_by_value(x, 0.0, 1.0)


def _generators(layer, seen=None):
    """All random generators of a keras-cv layer and of the layers inside it."""
    import tensorflow as tf

    seen = set() if seen is None else seen
    if id(layer) in seen:
        return []
    seen.add(id(layer))
    found = []
    for value in vars(layer).values():
        if isinstance(value, tf.random.Generator) and id(value) not in seen:
            seen.add(id(value))
            found.append(value)
        for part in value if isinstance(value, list | tuple) else [value]:
            if type(part).__module__.startswith("keras_cv"):
                found += _generators(part, seen)
    return found


def _with_nothing(x, y, clutter, rng):
    """Some pictures become clutter alone and belong to every class alike (Hendrycks et al. 2018).

    A network that was never shown anything else has a firm opinion on what is none of its classes; a photo would be
    one of them before anything is dreamt in it.
    """
    nothing = rng.random(len(x)) < NOTHING
    for k in np.flatnonzero(nothing):
        x[k] = clutter.draw(rng)
    y = np.where(nothing[:, None], np.float32(1 / y.shape[1]), y)
    return x, y


def _cropped(picture, rng):
    """A square of 35 to 100 % of the area (Szegedy et al. 2014 go down to 8 %, which leaves no motif)."""
    side = picture.shape[0]
    part = int(side * np.sqrt(rng.uniform(0.35, 1.0)))
    top, left = rng.integers(0, side - part + 1, 2)
    return picture[top : top + part, left : left + part]


def _turned(picture, rng):
    picture = np.rot90(picture, rng.integers(4)) if rng.random() < 0.5 else picture
    return np.ascontiguousarray(picture[:, ::-1] if rng.random() < 0.5 else picture)


def _hide(picture, rng):
    """Cutout (DeVries and Taylor 2017): a rectangle is painted over."""
    height, width = picture.shape[:2]
    h, w = rng.integers(1, height * 2 // 5), rng.integers(1, width * 2 // 5)
    top, left = rng.integers(0, height - h), rng.integers(0, width - w)
    picture[top : top + h, left : left + w] = rng.random([1, 1, 3])


def _resized(picture, size):
    import cv2

    if picture.shape[0] == size:
        return picture
    kind = cv2.INTER_AREA if picture.shape[0] > size else cv2.INTER_LINEAR
    return cv2.resize(picture, (size, size), interpolation=kind)
