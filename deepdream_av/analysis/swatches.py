"""What single channels, or directions between them, want to see or hear: small dreams from noise, many at once.

The pictures of a batch share one compiled graph. Which channel each of them is dreamt for is a tensor, so that a sheet
of a whole layer is traced once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace

import numpy as np
import tensorflow as tf

from deepdream_av.analysis.cache import Cache, fingerprint
from deepdream_av.ascent.loop import ascend
from deepdream_av.ascent.octaves import Octaves
from deepdream_av.ascent.rules import Natural
from deepdream_av.errors import UsageError
from deepdream_av.transforms import Jitter, TimeShift

BANDS = 128
TOGETHER = 8  # pictures of a batch
_METHOD = 1  # counted up when what is dreamt from the same settings changes, so that caches forget
_TINY = 1e-6
_CHROMA = 0.33  # less colour than in dreams of photos, which bring their own


@dataclass(frozen=True)
class SwatchSettings:
    """How a swatch is dreamt.

    Args:
        side: pixels at which it is dreamt.
        steps: in each of the octaves.
        octaves: sizes, 1.4 apart.
        step_size: root mean square of a step, in units of the canvas.
        contrast: most root mean square of a swatch, in the same units; 0.5 is black and white.
        cosine: for directions: how much a place counts that only shares a loud channel with it.
        seed: of noise and jitter.
    """

    side: int = 96
    steps: int = 32
    octaves: int = 2
    step_size: float = 0.022
    contrast: float = 0.23
    cosine: float = 0.0
    seed: int = 0


class Swatches:
    """The canvas of a batch of small pictures without a source; each wraps round, and can be tiled.

    Args:
        start: float32 `[batch, height, width, 3]`, noise around 0.
    """

    def __init__(self, start: np.ndarray):
        self.state, self.given = tf.convert_to_tensor(start, tf.float32), ()

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) in pixels."""
        return int(self.state.shape[1]), int(self.state.shape[2])

    def resize(self, size: tuple[int, int]) -> None:
        """Go on at another size."""
        self.state = tf.image.resize(self.state, size, "bicubic", antialias=True)

    @staticmethod
    def signature():
        """Shapes of the state and of what is given with it."""
        return tf.TensorSpec([None, None, None, 3], tf.float32), ()

    @classmethod
    def render(cls, state, given):
        """What a network is shown; the range is bent, not clipped."""
        return 0.5 + 0.5 * tf.tanh(2.0 * state)

    def pictures(self) -> np.ndarray:
        """The pictures so far, uint8 `[batch, height, width, 3]`."""
        return (self.render(self.state, ()).numpy() * 255 + 0.5).astype(np.uint8)


class Listenings(Swatches):
    """The same for an ear: log-mels, float32 `[batch, frames, 128, 1]`, around the level of music."""

    @staticmethod
    def signature():
        """Shapes of the state and of what is given with it."""
        return tf.TensorSpec([None, None, BANDS, 1], tf.float32), ()

    @classmethod
    def render(cls, state, given):
        """What the ear is shown, in deviations; 2.5 is as loud as music gets."""
        return 2.5 * tf.tanh(state / 0.5)

    def pictures(self) -> np.ndarray:
        """What the ear is shown, float32 `[batch, frames, 128]`."""
        return self.render(self.state, ()).numpy()[..., 0]


@dataclass(frozen=True)
class _Each:
    """A rule for each picture of a batch by itself."""

    rule: Natural

    def __call__(self, gradient, state, given=()):
        return tf.ensure_shape(tf.map_fn(lambda g: self.rule(g, None), gradient), state.shape)


def _canvas(kind: type[Swatches], contrast: float) -> type[Swatches]:
    """The canvas whose pictures have at most this contrast: what more is wanted replaces what is there."""

    class Limited(kind):
        """The same with limited contrast."""

        @classmethod
        def project(cls, state, given):
            """No louder than the contrast."""
            state -= tf.reduce_mean(state, [1, 2], keepdims=True)
            power = tf.reduce_mean(tf.square(state), [1, 2, 3], keepdims=True)
            return state * tf.minimum(1.0, contrast / tf.sqrt(power + 1e-12))

    return Limited


@dataclass(frozen=True, eq=False)
class Directions:
    """Each picture of a batch raises its own direction in a layer; one channel is the simplest direction.

    With `cosine` p it is the dot product times the p-th power of the cosine (Carter et al. 2019, "Activation Atlas"),
    so that a loud channel that merely takes part does not win. A picture in which nothing fires along its direction
    has no gradient behind a ReLU; until something does, it raises the whole layer.

    Args:
        layer: name of the layer.
        vectors: variable, float32 `[batch, channels]`.
        cosine: the power; 0 for the energy along the direction.
    """

    layer: str
    vectors: tf.Variable
    cosine: float = 0.0

    @property
    def layers(self) -> tuple[str, ...]:
        """The one layer that is read."""
        return (self.layer,)

    def __call__(self, activations: dict) -> tf.Tensor:
        """The sum of all pictures' scores, from `{layer: [batch, height, width, channels]}`."""
        map_ = tf.cast(activations[self.layer], tf.float32)
        along = tf.einsum("byxc,bc->byx", map_, self.vectors)
        whole = tf.math.log(tf.reduce_mean(tf.square(map_), [1, 2, 3]) + _TINY)
        if self.cosine:
            lengths = tf.sqrt(
                tf.reduce_sum(tf.square(map_), -1) * tf.reduce_sum(self.vectors**2, -1)[:, None, None]
            )
            cosine = tf.maximum(along / (lengths + _TINY), 0.1)
            score = tf.reduce_mean(along * cosine**self.cosine, [1, 2])
            silent = tf.reduce_max(along, [1, 2]) <= 0
        else:
            energy = tf.reduce_mean(tf.square(along), [1, 2])
            score = tf.math.log(energy + _TINY)
            silent = energy < 1e-9
        return tf.reduce_sum(tf.where(silent, whole, score))


class SwatchDreamer:
    """Dreams swatches of one layer; compiled once for all its channels.

    Args:
        backbone: from `load_backbone`; of one that listens the swatches are spectrograms of three seconds.
        layer: name of the layer.
        settings: how.
        cache: where they are kept; everywhere forgotten if None.

    Raises:
        UsageError: no such layer.
    """

    def __init__(
        self, backbone, layer: str, settings: SwatchSettings | None = None, *, cache: Cache | None = None
    ):
        self.backbone, self.layer = backbone, backbone.layer_name(layer)
        self.settings, self.cache = settings or SwatchSettings(), cache or Cache(enabled=False)
        self._hears = backbone.kind == "sound"
        if self._hears:  # bands are no places: a listening has one size
            self.settings = replace(self.settings, side=BANDS, octaves=1)
        self.width = backbone.channels(self.layer)
        self._objective = None

    def channels(self, numbers: Iterable[int], *, progress: Callable | None = None) -> np.ndarray:
        """Swatches of channels.

        Args:
            numbers: of the channels.
            progress: called with the number of swatches that were added.

        Returns:
            uint8 `[channels, side, side, 3]`.
        """
        return self.shown(self._of_channels(numbers, progress))

    def listenings(self, numbers: Iterable[int], *, progress: Callable | None = None) -> np.ndarray:
        """What an ear is shown in the swatches of channels: log-mels, float32 `[channels, frames, 128]`.

        Raises:
            UsageError: the network looks at pictures.
        """
        if not self._hears:
            raise UsageError(f"`backbone` must listen, as earnet does. Received: {self.backbone.name!r}.")
        return self._of_channels(numbers, progress).astype(np.float32)

    def directions(self, vectors: np.ndarray, *, progress: Callable | None = None) -> np.ndarray:
        """Swatches of directions, float `[directions, channels]`; see `channels`."""
        vectors = np.asarray(vectors, np.float32)
        names = [("direction", [round(float(x), 5) for x in v]) for v in vectors]
        return self.shown(self._all(names, vectors, progress))

    def shown(self, swatches: np.ndarray) -> np.ndarray:
        """Swatches as pictures: of `listenings`, spectrograms."""
        if not self._hears:
            return swatches
        from deepdream_av.analysis.levels import spectrogram

        return np.stack([spectrogram(x) for x in swatches.astype(np.float32)])

    def _of_channels(self, numbers, progress) -> np.ndarray:
        numbers = tuple(numbers)
        vectors = np.eye(self.width, dtype=np.float32)[list(numbers)]
        return self._all([("channel", n) for n in numbers], vectors, progress)

    def _all(self, names, vectors, progress) -> np.ndarray:
        """Of an ear float16 `[swatches, frames, 128]`, else uint8 `[swatches, side, side, 3]`."""
        progress = progress or (lambda _: None)
        side = self.settings.side
        shape, form = ((side, side), np.float16) if self._hears else ((side, side, 3), np.uint8)
        result = np.zeros([len(names), *shape], form)
        missing = []
        for k, name in enumerate(names):
            kept = self.cache.read(*self._key(name))
            if kept is not None and kept.shape == result[k].shape:
                result[k] = kept
                progress(1)
            else:
                missing.append(k)
        for first in range(0, len(missing), TOGETHER):
            some = missing[first : first + TOGETHER]
            # always as many, so that a swatch does not depend on how many were asked for
            padded = (some * TOGETHER)[:TOGETHER]
            dreamt = self._dream(vectors[padded], [names[k] for k in padded])
            for k, picture in zip(some, dreamt):
                result[k] = picture
                self.cache.write(result[k], *self._key(names[k]))
            progress(len(some))
        return result

    def _key(self, name) -> tuple:
        return ("heard" if self._hears else "swatch", _METHOD, fingerprint(self.backbone), self.layer, list(name), asdict(self.settings))

    def _dream(self, vectors: np.ndarray, names) -> np.ndarray:
        settings = self.settings
        if self._objective is None:
            variable = tf.Variable(tf.zeros([TOGETHER, self.width]), trainable=False)
            self._objective = Directions(self.layer, variable, settings.cosine)
            self._kind = _canvas(Listenings if self._hears else Swatches, settings.contrast)
        self._objective.vectors.assign(vectors)
        start = np.stack([_noise(settings, name[1] if name[0] == "channel" else 0) for name in names])
        canvas = self._kind(start[..., :1] if self._hears else start)
        shift = TimeShift(BANDS // 4) if self._hears else Jitter(settings.side // 6)
        for _ in ascend(
            canvas,
            self.backbone,
            self._objective,
            octaves=Octaves(settings.octaves, 1.4, least=32),
            transforms=(shift,),
            rule=_Each(Natural(chroma=_CHROMA)),
            steps=settings.steps,
            step_size=settings.step_size,
            seed=settings.seed,
            every=settings.steps,
        ):
            pass
        return canvas.pictures()


def _noise(settings: SwatchSettings, number: int) -> np.ndarray:
    """Coloured noise with a photo's spectrum, the same for a channel in whatever batch it is dreamt."""
    from deepdream_av.media.example_noise import fractal

    rng = np.random.default_rng([settings.seed, number])
    shape = (settings.side, settings.side)
    grey = fractal(rng, shape, slope=1.0)[..., None]
    colour = np.stack([fractal(rng, shape, slope=1.0) for _ in range(3)], -1)
    return 0.06 * (0.8 * grey + 0.4 * colour)
