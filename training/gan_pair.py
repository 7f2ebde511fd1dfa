"""A generator and a discriminator that learn from each other, and the step that both have reached.

DCGAN (Radford et al. 2015) with what has steadied it since: the relativistic loss (Jolicoeur-Martineau 2018,
arXiv:1807.00734) with a penalty on the discriminator's slope at true and painted pictures (R1 and R2: Mescheder et al.
2018, arXiv:1801.04406; Huang et al. 2024, arXiv:2501.05441), taken every eighth step (Karras et al. 2020), a projection
of the class (Miyato and Koyama 2018, arXiv:1802.05637), the spread of a minibatch as a feature (after Karras et al.
2018, arXiv:1710.10196) and a running mean of the generator's weights.

The class of a painted picture is the largest of the first latent numbers: the generator learns which motif lives
where in its latent space, and is used without a label.
"""

from __future__ import annotations

from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf

from deepdream_av.errors import UsageError
from deepdream_av.gan.models import build_discriminator, build_generator

GROUP = 8  # pictures whose spread is compared
_SHIFT = 8  # pixels of 64 by which a batch is moved at most
_RISE = 50  # steps in which the rates rise
_LEAST = 0.05  # of the rate is left at the end


@dataclass(frozen=True)
class Settings:
    """What a run is; two runs with the same settings and data end with the same weights.

    Attributes:
        size: side of the pictures in pixels, 64 or 128.
        latent: numbers in a latent vector.
        width: of both networks, see `build_generator`.
        batch: pictures in a step, a multiple of 8.
        seed: of the weights, the order of the pictures and the latent vectors.
        rates: learning rates of generator and discriminator at their height.
        penalty: weight of the squared slope of the discriminator's logit over a picture in [0, 1].
        penalty_every: steps between two penalties.
        half_life: steps after which a weight counts half in the running mean.
        dtype: Keras dtype policy of both networks.
    """

    size: int = 64
    latent: int = 64
    width: int = 32
    batch: int = 32
    seed: int = 0
    rates: tuple[float, float] = (8e-4, 4e-4)
    penalty: float = 0.05
    penalty_every: int = 8
    half_life: int = 150
    dtype: str = "float32"


class Pair:
    """Both networks, their optimisers and the step that they have reached.

    Args:
        settings: the `Settings`.
        classes: number of classes; with less than two, or more than latent numbers, none are told apart.
        steps: number of steps at which the rates have fallen; 0: not known yet, they stay high.

    Attributes:
        average: the generator of the running mean, which is the one to use.
        step: steps done.

    Raises:
        UsageError: a batch of another size.
    """

    def __init__(self, settings: Settings, *, classes: int = 0, steps: int):
        if settings.batch % GROUP or settings.batch < GROUP:
            raise UsageError(f"`batch` must be a multiple of {GROUP}. Received: {settings.batch}.")
        keras.utils.set_random_seed(settings.seed)
        self.settings, self.steps, self.step = settings, steps, 0
        self.classes = classes if 1 < classes <= settings.latent else 1
        shape = {"size": settings.size, "width": settings.width, "dtype": settings.dtype}
        self.generator = build_generator(**shape, latent=settings.latent, batch_norm=True)
        self.average = build_generator(**shape, latent=settings.latent, batch_norm=True)
        self.average.set_weights(self.generator.get_weights())
        self.critic = build_discriminator(**shape)
        pool = self.critic.get_layer("pool").output
        self._looker = keras.Model(self.critic.input, [pool, self.critic.output])
        draw = np.random.default_rng([settings.seed, 1]).normal(0, 0.05, [self.classes, pool.shape[-1]])
        self._projection = keras.Variable(draw.astype(np.float32))
        self._spread = keras.Variable(np.zeros([pool.shape[-1]], np.float32))
        self._learnt = [
            self.generator.trainable_variables,
            [*self.critic.trainable_variables, self._projection, self._spread],
        ]
        self._optimizers = [keras.optimizers.Adam(rate, beta_1=0.0, beta_2=0.99) for rate in settings.rates]
        for optimizer, variables in zip(self._optimizers, self._learnt):
            optimizer.build(variables)
        self._compiled = tf.function(self._update, autograph=False)

    def update(self, pictures: np.ndarray, labels: np.ndarray) -> dict[str, float]:
        """One step of both networks.

        Args:
            pictures: uint8 `[batch, size, size, 3]`.
            labels: int32 `[batch]`.

        Returns:
            Both losses, and the mean logits of true and painted pictures.
        """
        done = min(1.0, self.step / self.steps) if self.steps else 0.0
        share = min(1.0, (self.step + 1) / _RISE) * (_LEAST + (1 - _LEAST) * 0.5 * (1 + np.cos(np.pi * done)))
        for optimizer, rate in zip(self._optimizers, self.settings.rates):
            optimizer.learning_rate.assign(rate * share)
        told = np.asarray(labels, np.int32) if self.classes > 1 else np.zeros(len(labels), np.int32)
        numbers = self._compiled(tf.constant(pictures), tf.constant(told), tf.constant(self.step))
        self.step += 1
        return {k: float(v) for k, v in numbers.items()}

    def state(self) -> dict[str, np.ndarray]:
        """Everything that a step changes, by name."""
        return {f"v{k}": np.asarray(v) for k, v in enumerate(self._variables())}

    def set_state(self, arrays) -> None:
        """Go on from what `state` gave."""
        for k, v in enumerate(self._variables()):
            v.assign(arrays[f"v{k}"])

    def of_class(self, z, labels):
        """Latent vectors whose largest of the first numbers is moved to the place of the class."""
        head = z[:, : self.classes]
        first, there = tf.argmax(head, 1, tf.int32), tf.cast(labels, tf.int32)
        change = tf.reduce_max(head, 1) - tf.gather(head, there, batch_dims=1)
        exchange = tf.one_hot(there, self.classes) - tf.one_hot(first, self.classes)
        return tf.concat([head + exchange * change[:, None], z[:, self.classes :]], 1)

    def _variables(self):
        networks = (x.variables for x in (self.generator, self.average, self.critic, *self._optimizers))
        return [self._projection, self._spread, *(v for variables in networks for v in variables)]

    def _update(self, pictures, labels, step):
        s, seed = self.settings, tf.stack([self.settings.seed, step])
        true = tf.cast(pictures, tf.float32) / 255
        mirrored = tf.random.stateless_uniform([s.batch, 1, 1, 1], seed + [0, 1 << 20]) < 0.5
        true = tf.where(mirrored, true[:, :, ::-1], true)
        z = self.of_class(tf.random.stateless_normal([s.batch, s.latent], seed + [0, 1 << 21]), labels)
        twice = tf.concat([labels, labels], 0)
        with tf.GradientTape(persistent=True) as tape:
            both = self._moved(tf.concat([true, self.generator(z, training=True)], 0), seed)
            logits = self._judge(both, twice)
            # how much truer the true one of two pictures of a class looks
            lead = logits[: s.batch] - logits[s.batch :]
            losses = tf.reduce_mean(tf.nn.softplus(lead)), tf.reduce_mean(tf.nn.softplus(-lead))
        gradients = [tape.gradient(loss, of) for loss, of in zip(losses, self._learnt)]
        del tape
        # Half of the pictures, true and painted alike, are enough for a mean.
        slopes = tf.cond(
            step % s.penalty_every == 0,
            lambda: self._slopes(both[::2], twice[::2]),
            lambda: [tf.zeros(v.shape) for v in self._learnt[1]],
        )
        gradients[1] = [a + b for a, b in zip(gradients[1], slopes)]
        for optimizer, grads, variables in zip(self._optimizers, gradients, self._learnt):
            optimizer.apply(grads, variables)
        self._remember(tf.cast(step, tf.float32))
        return {
            "generator": losses[0],
            "discriminator": losses[1],
            "true": tf.reduce_mean(logits[: s.batch]),
            "painted": tf.reduce_mean(logits[s.batch :]),
        }

    def _slopes(self, pictures, labels):
        """Gradient of the penalty with respect to all that the discriminator learns."""
        with tf.GradientTape() as outer:
            with tf.GradientTape() as inner:
                inner.watch(pictures)
                total = tf.reduce_sum(self._judge(pictures, labels))
            squares = tf.reduce_sum(inner.gradient(total, pictures) ** 2, [1, 2, 3])
            # R1 and R2 are a mean each, over true and over painted pictures: together twice the mean over both
            loss = self.settings.penalty * self.settings.penalty_every * tf.reduce_mean(squares)
        found = outer.gradient(loss, self._learnt[1])
        return [
            tf.zeros(v.shape) if g is None else tf.convert_to_tensor(g)
            for g, v in zip(found, self._learnt[1])
        ]

    def _remember(self, step):
        # early on the mean must not remember what the generator was before it had learnt anything
        keep = tf.minimum(0.5 ** (1 / self.settings.half_life), (1 + step) / (10 + step))
        for mean, now in zip(self.average.variables, self.generator.variables):
            if mean.dtype == "float32":
                mean.assign(keep * mean + (1 - keep) * now)

    def _moved(self, x, seed):
        """A batch, true and painted alike, shifted by a few pixels: the discriminator learns motifs, not places."""
        side = self.settings.size
        most = _SHIFT * side // 64
        y0, x0 = tf.unstack(tf.random.stateless_uniform([2], seed + [0, 1 << 22], 0, 2 * most + 1, tf.int32))
        x = tf.pad(x, [[0, 0], [most, most], [most, most], [0, 0]], "REFLECT")
        return tf.slice(x, [0, y0, x0, 0], [-1, side, side, -1])

    def _judge(self, pictures, labels):
        """Logits `[batch]`, with what is known only in training: the class, and the spread of the batch."""
        features, logit = self._looker(pictures, training=True)
        features = tf.cast(features, tf.float32)
        groups = tf.reshape(features, [-1, GROUP, features.shape[-1]])
        spread = (
            tf.math.log(tf.math.reduce_variance(groups, 1) + 1e-6)
            @ tf.convert_to_tensor(self._spread)[:, None]
        )
        of_class = tf.reduce_sum(features * tf.gather(tf.convert_to_tensor(self._projection), labels), 1)
        return tf.cast(logit[:, 0], tf.float32) + of_class + tf.repeat(spread[:, 0], GROUP)
