"""Changes that a sound may suffer without becoming another, applied to batches of log-mels."""

from __future__ import annotations

import numpy as np

from deepdream_av.errors import MissingExtraError
from deepdream_av.spectral import mel


def augment(features, targets, generator: np.random.Generator, *, shift_pitch: bool, mix: float = 0.3,
            masks: str = "own"):  # fmt: skip
    """Mixes, filters, shifts and masks a batch.

    Args:
        features: float `[batch, frames, bands]`, as `log_mel` gives them.
        targets: `{head: [batch, classes]}`; mixed with the sounds.
        generator: all randomness comes from here.
        shift_pitch: move some examples up or down by a few bands (wrong where pitch is the label).
        mix: share of the batch that is mixed with another example (mixup, Zhang et al. 2018, but of
            powers, as sounds really add).
        masks: who hides spans of time and frequency: `"own"` or `"tfio"` (tensorflow-io).

    Returns:
        features float32 of the same shape, and the targets.
    """
    power = np.exp(np.asarray(features, np.float32) * mel.DEVIATION + mel.MEAN)
    batch, frames, _ = power.shape
    if shift_pitch:
        for k in np.flatnonzero(generator.random(batch) < 0.3):
            power[k] = _shifted(power[k], int(generator.integers(-2, 3)))
    for k in np.flatnonzero(generator.random(batch) < 0.5):
        power[k] = np.roll(power[k], int(generator.integers(frames)), axis=0)
    power, targets = _mixed(power, targets, generator, mix)
    power *= _gains(batch, power.shape[-1], generator)
    power += _hiss(batch, power.shape[-1], generator)
    loud = (np.log(power + mel.FLOOR) - mel.MEAN) / mel.DEVIATION
    if masks == "tfio":
        return mask_with_tfio(loud, int(generator.integers(2**31))), targets
    return mask(loud, generator), targets


def mask(features, generator: np.random.Generator, *, times: int = 12, bands: int = 10, count: int = 2):
    """SpecAugment (Park et al., 2019): hides spans of frames and of bands behind the example's mean.

    Args:
        features: float32 `[batch, frames, bands]`.
        times, bands: longest span of frames and of bands.
        count: number of spans of each kind.
    """
    features = features.copy()
    times, bands = min(times, features.shape[1] // 3), min(bands, features.shape[2] // 3)
    quiet = features.mean((1, 2))
    for k, example in enumerate(features):
        for _ in range(count):
            width, height = generator.integers(times + 1), generator.integers(bands + 1)
            at = generator.integers(example.shape[0] - width + 1)
            low = generator.integers(example.shape[1] - height + 1)
            example[at : at + width] = quiet[k]
            example[:, low : low + height] = quiet[k]
    return features


def mask_with_tfio(features, seed: int, *, times: int = 12, bands: int = 10):
    """The same with tensorflow-io's operations, whose spans are filled with zeros (the corpus mean).

    Args:
        seed: sets TensorFlow's global seed, the only one that these operations know.

    Raises:
        MissingExtraError: tensorflow-io is not installed or cannot be imported.
    """
    try:
        from tensorflow_io import audio
    except Exception as error:  # noqa: BLE001 - a wheel for another TensorFlow fails with many kinds of error
        raise MissingExtraError(
            f"`--masks tfio` needs tensorflow-io: pip install 'deepdream-av[training]'. Received: {error}"
        ) from None
    import tensorflow as tf

    tf.random.set_seed(seed)
    return np.stack([audio.time_mask(audio.freq_mask(x, param=bands), param=times).numpy() for x in features])


def _mixed(power, targets, generator, share):
    batch = len(power)
    other = generator.permutation(batch)
    keep = generator.uniform(0.5, 1.0, batch).astype(np.float32)
    keep[generator.random(batch) >= share] = 1
    wide = keep[:, None, None]
    # Powers add: mixing amplitudes `keep` and `1 - keep` of unlike sounds.
    power = (wide**2 * power + (1 - wide) ** 2 * power[other]) / (wide**2 + (1 - wide) ** 2)
    return power, {h: keep[:, None] * t + (1 - keep[:, None]) * t[other] for h, t in targets.items()}


def _gains(batch, bands, generator):
    """A level and a smooth equaliser for each example, as power."""
    knots = np.linspace(0, bands - 1, 7)
    # Gentle: rain, sea and a helicopter differ in little more than the slope of their spectrum.
    curves = generator.normal(0, 1.5, [batch, 7]) + generator.uniform(-10, 6, [batch, 1])
    decibels = np.stack([np.interp(np.arange(bands), knots, c) for c in curves])
    return (10 ** (decibels / 10)).astype(np.float32)[:, None]


def _hiss(batch, bands, generator):
    """A steady floor of noise under a third of the examples."""
    tilt = generator.normal(0, 1.5, [batch, 1]) * np.linspace(-1, 1, bands)
    level = generator.uniform(np.log(mel.FLOOR), np.log(mel.FLOOR) + 4, [batch, 1])
    level[generator.random(batch) < 0.7] = -100
    return np.exp(level + tilt).astype(np.float32)[:, None]


def _shifted(power, bands):
    moved = np.roll(power, bands, axis=1)
    if bands > 0:
        moved[:, :bands] = moved[:, bands : bands + 1]
    elif bands < 0:
        moved[:, bands:] = moved[:, bands - 1 : bands]
    return moved
