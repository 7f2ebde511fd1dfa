"""Short ascents on the frames of a film: one whole dream at a cut, a few steps on every frame after it."""

from __future__ import annotations

import numpy as np

from deepdream_av.recipe import Recipe

LOUDNESS = 20.0 / 255  # root mean square of a dream at strength 1, before the film asks for more
LOUDEST = 1.7  # times that, at most
GOAL = 3.0  # how far the dreamt layers shall rise above the source's, at strength 1
_SETTLING = 6  # times the steps of a following frame that the first frame of a shot gets on top
_LOOK_EVERY = 6  # frames between two looks at how far the layers have risen
_FIELD = 14.0  # pixels over which a dream's loudness is kept even


_LEAST_ROOM = 1e-3


def toned(picture: np.ndarray, delta: np.ndarray) -> np.ndarray:
    """A picture with its dream, which bends instead of breaking off at black and white.

    Args:
        picture: float32 `[height, width, 3]` in [0, 1].
        delta: what was dreamt, of the same shape.

    Returns:
        float32 `[height, width, 3]` in [0, 1] (up to a thousandth).
    """
    room = np.where(delta > 0, 1.0 - picture, picture) + np.float32(_LEAST_ROOM)
    return picture + room * np.tanh(delta / room)


def frame_dreamer(recipe: Recipe) -> NetworkFrameDreamer:
    """The dreamer of frames that a recipe asks for."""
    from deepdream_av.backbones.dreamnet import DEFAULT_LAYERS
    from deepdream_av.backbones.embedded import load_dreamnet
    from deepdream_av.errors import unknown_name

    if recipe.backbone != "dreamnet":
        raise unknown_name("backbone", recipe.backbone, ["dreamnet"])
    network = load_dreamnet(weights=recipe.weights or None)
    layers = recipe.layers or DEFAULT_LAYERS
    names = [layer.name for layer in network.layers]
    for name, _ in layers:
        if name not in names:
            raise unknown_name("layer", name, names, owner=recipe.backbone)
    return NetworkFrameDreamer(recipe, network, layers)


class NetworkFrameDreamer:
    """Dreams with a network on frames of one size; see `temporal.carry.FrameDreamer`.

    The jitter is drawn once and used for every frame of every shot: what differs between two frames is
    the film and not the dice.

    Args:
        recipe: how to dream.
        network: `keras.Model` from pictures `[batch, height, width, 3]` in [0, 1] to anything.
        layers: pairs of a layer's name and weight.
    """

    def __init__(self, recipe: Recipe, network, layers):
        import keras
        import tensorflow as tf

        self.recipe, self.layers = recipe, tuple(layers)
        outputs = [network.get_layer(name).output for name, _ in self.layers]
        self._network = keras.Model(network.inputs, outputs)
        self._network.trainable = False
        rng = np.random.default_rng([recipe.seed, 1])
        self._shifts = rng.integers(
            -recipe.jitter, recipe.jitter + 1, (recipe.octaves, max(recipe.steps, 64), 2)
        )
        self._target = LOUDNESS * recipe.strength
        self._since = 0
        picture = tf.TensorSpec([None, None, 3], tf.float32)
        self._climb = tf.function(
            self._climb_graph,
            input_signature=[
                picture,
                picture,
                tf.TensorSpec([None, 2], tf.int32),
                tf.TensorSpec([], tf.float32),
            ],
        )

    def begin(self, frame: np.ndarray) -> np.ndarray:
        """The dream of a first frame, octave by octave, carried as a difference."""
        import cv2

        recipe, delta = self.recipe, None
        height, width = frame.shape[:2]
        for octave in range(recipe.octaves):
            scale = recipe.octave_scale ** (octave - recipe.octaves + 1)
            size = max(32, round(width * scale)), max(32, round(height * scale))
            source = frame if scale == 1 else cv2.resize(frame, size, interpolation=cv2.INTER_AREA)
            delta = (
                np.zeros_like(source)
                if delta is None
                else cv2.resize(delta, source.shape[1::-1], interpolation=cv2.INTER_CUBIC)
            )
            delta = self._steps(source, delta, self._shifts[octave, : recipe.steps], recipe.step_size)
        delta = self._levelled(delta)
        for _ in range(_SETTLING):
            delta = self._short(frame, self.recipe.memory * delta)
            self._balance(frame, delta, speed=0.8)
        self._since = 0
        return delta

    def follow(self, frame: np.ndarray, delta: np.ndarray) -> np.ndarray:
        """A few steps at full size; just long enough to replace what memory let go."""
        delta = self._short(frame, delta)
        self._since += 1
        if self._since >= _LOOK_EVERY:
            self._since = 0
            self._balance(frame, delta, speed=0.3)
        return delta

    def _short(self, frame: np.ndarray, delta: np.ndarray) -> np.ndarray:
        count = self.recipe.frame_steps
        step = 1.6 * (1 - self.recipe.memory) * self._target / count
        return self._levelled(self._steps(frame, delta, self._shifts[-1, :count], max(step, 1e-4)))

    def _balance(self, frame: np.ndarray, delta: np.ndarray, *, speed: float) -> None:
        """Let the dream be louder where the film drowns it: rich pictures need more than plain ones."""
        strength = self.recipe.strength
        if strength <= 0:
            return
        before = self.activations(frame)
        if not before.max() > 1e-9:  # a black frame says nothing
            return
        after = self.activations(toned(frame, delta))
        gain = float((after / np.maximum(before, 1e-9)).min())
        wanted = self._target * ((1 + (GOAL - 1) * strength) / max(gain, 1e-3)) ** speed
        self._target = float(np.clip(wanted, LOUDNESS * strength, LOUDEST * LOUDNESS * strength))

    def activations(self, frame: np.ndarray) -> np.ndarray:
        """Mean squared activation of every dreamt layer."""
        import tensorflow as tf

        maps = self._network(tf.constant(frame[None]))
        maps = maps if isinstance(maps, list) else [maps]
        return np.array([float(tf.reduce_mean(tf.square(tf.cast(m, tf.float32)))) for m in maps])

    def _steps(self, source, delta, shifts, step) -> np.ndarray:
        jitter = max(1, min(source.shape[:2]) // 4)
        shifts = np.clip(shifts, -jitter, jitter).astype(np.int32)
        return self._climb(
            source.astype(np.float32), delta.astype(np.float32), shifts, np.float32(step)
        ).numpy()

    def _climb_graph(self, source, delta, shifts, step):
        import tensorflow as tf

        weights = [w for _, w in self.layers]

        def one(n, delta):
            shift = shifts[n]
            room = tf.where(delta > 0, 1.0 - source, source) + _LEAST_ROOM
            picture = tf.roll(source + room * tf.tanh(delta / room), shift, [0, 1])
            with tf.GradientTape() as tape:
                tape.watch(picture)
                maps = self._network(picture[None], training=False)
                maps = maps if isinstance(maps, list) else [maps]
                # the logarithm makes layers of different loudness count alike
                score = tf.add_n(
                    [
                        w * tf.math.log(tf.reduce_mean(tf.square(tf.cast(m, tf.float32))) + 1e-6)
                        for w, m in zip(weights, maps)
                    ]
                )
            gradient = tf.roll(tape.gradient(score, picture), -shift, [0, 1])
            return n + 1, delta + step * gradient / (tf.math.reduce_std(gradient) + 1e-12)

        return tf.while_loop(
            lambda n, _: n < tf.shape(shifts)[0],
            one,
            [0, delta],
            shape_invariants=[tf.TensorShape([]), tf.TensorShape([None, None, 3])],
        )[1]

    def _levelled(self, delta: np.ndarray) -> np.ndarray:
        """Keep loud places down, so that a dream is even and bounded however long the shot."""
        import cv2

        power = cv2.GaussianBlur((delta**2).mean(2), (0, 0), _FIELD)
        return delta * np.minimum(1.0, self._target / np.sqrt(power + 1e-12))[..., None].astype(np.float32)
