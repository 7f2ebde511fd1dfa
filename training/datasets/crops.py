"""Short pieces of sound as log-mels, with their labels and what the teacher hears in them.

Pieces are cut, mixed and heard by the teacher once; training then reads arrays.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from training.datasets import music, noises
from training.yamnet import RATE as TEACHER_RATE

RATE = music.RATE
FRAMES = 108
SAMPLES = (FRAMES - 1) * 512
"""2.48 s at 22.05 kHz."""
LOUD_DB = 25.0
"""A crop counts as sounding if its loudest frame is within this of the clip's loudest."""


@dataclass
class Crops:
    """Examples of one kind.

    Attributes:
        features: float16 log-mels `[examples, 108, 128]`.
        targets: `{head: float32 [examples, classes]}`; soft labels, or the teacher's answers.
    """

    features: np.ndarray
    targets: dict = field(default_factory=dict)

    def __len__(self):
        return len(self.features)

    def save(self, path):
        np.savez(path, features=self.features, **{f"target/{k}": v for k, v in self.targets.items()})

    @classmethod
    def load(cls, path):
        with np.load(path, allow_pickle=False) as file:
            stored = dict(file)
        return cls(stored.pop("features"), {k.split("/", 1)[1]: v for k, v in stored.items()})

    @classmethod
    def joined(cls, parts):
        heads = parts[0].targets
        return cls(
            np.concatenate([p.features for p in parts]),
            {h: np.concatenate([p.targets[h] for p in parts]) for h in heads},
        )


def hear(sounds, labels, *, teacher=None) -> Crops:
    """Log-mels of pieces of `SAMPLES` samples, and the teacher's answers."""
    import tensorflow as tf
    from scipy.signal import resample_poly

    from deepdream_av.spectral import MelGrid, log_mel

    grid, sounds = MelGrid(RATE), np.asarray(sounds, np.float32)
    features = [log_mel(tf.constant(sounds[k : k + 32]), grid).numpy() for k in range(0, len(sounds), 32)]
    targets = {k: np.asarray(v, np.float32) for k, v in labels.items()}
    if teacher is not None:
        slow = resample_poly(sounds, TEACHER_RATE, RATE, axis=1).astype(np.float32)
        targets["teacher_embedding"], targets["teacher_scores"] = teacher(slow)
    return Crops(np.concatenate(features).astype(np.float16), targets)


def music_crops(seed: int, count: int, *, teacher=None) -> Crops:
    """Synthesised music with its four labels."""
    sounds, scores = zip(*music.clips(seed, count, seconds=SAMPLES / RATE), strict=True)
    labels = {
        "synth_instrument": _one_hot([s.instrument for s in scores], len(music.INSTRUMENTS)),
        "root": _one_hot([s.root for s in scores], 12),
        "chord": _one_hot([s.chord for s in scores], len(music.CHORDS)),
        "texture": _one_hot([s.texture for s in scores], len(music.TEXTURES)),
    }
    return hear(np.stack(sounds), labels, teacher=teacher)


def clip_crops(clips, head: str, *, seed: int, per_clip: int, teacher=None, mixed: float = 0.5) -> Crops:
    """Random pieces of labelled clips, a share of them mixed in pairs.

    A mixture's label is its mixing ratio after both were brought to one level: between-class
    learning (Tokozume et al., 2018), on levels rather than on their weighted gains. Both clips
    come from `clips`, so a cross-validation fold stays closed if `clips` is that fold.
    """
    generator = np.random.default_rng([seed, len(clips)])
    hot = _one_hot(clips.labels, len(clips.classes))
    sounds, labels = [], []
    for k in range(per_clip * len(clips)):
        first = k % len(clips)
        sound, label = levelled(cut(clips.samples[first], generator)), hot[first]
        if generator.random() < mixed:
            second = int(generator.integers(len(clips)))
            share = generator.uniform(0.3, 1.0)
            other = levelled(cut(clips.samples[second], generator))
            sound = (share * sound + (1 - share) * other) / np.hypot(share, 1 - share)
            label = share * label + (1 - share) * hot[second]
        sounds.append(sound * 10 ** (generator.uniform(-30, -10) / 20))
        labels.append(label)
    return hear(np.clip(sounds, -1, 1).astype(np.float32), {head: labels}, teacher=teacher)


def unlabelled_crops(samples, *, seed: int, count: int, teacher) -> Crops:
    """Mixtures of recordings, synthesised music and noises: nothing is known but the teacher's opinion."""
    generator = np.random.default_rng(seed)
    sounds = []
    for _ in range(count):
        sound = np.zeros(SAMPLES, np.float32)
        for _ in range(1 + int(generator.random() < 0.5)):
            sound = sound + 10 ** (generator.uniform(-12, 0) / 20) * _anything(samples, generator)
        sounds.append(np.clip(sound, -1, 1))
    return hear(np.stack(sounds), {}, teacher=teacher)


def _anything(samples, generator):
    kind = generator.choice(["recording", "music", "noise", "noise"])
    if kind == "recording" and samples:
        return levelled(cut(samples[int(generator.integers(len(samples)))], generator)) * 0.15
    if kind == "noise":
        return noises.draw_noise(generator, SAMPLES)
    sound = music.play(music.draw_score(generator), generator, seconds=SAMPLES / RATE)
    return music.place(sound, generator)


def cut(samples, generator: np.random.Generator) -> np.ndarray:
    """A random piece of a clip in which something sounds; shorter clips are placed in silence."""
    spare = len(samples) - SAMPLES
    if spare <= 0:
        at = int(generator.integers(-spare + 1))
        return np.pad(samples, [at, -spare - at])
    loudest = _peak_power(samples)
    for _ in range(8):
        at = int(generator.integers(spare + 1))
        piece = samples[at : at + SAMPLES]
        if _peak_power(piece) > loudest * 10 ** (-LOUD_DB / 10):
            return piece
    # A short event near an end of the clip is hard to meet by chance.
    at = int(np.argmax(np.abs(samples))) - int(generator.integers(SAMPLES))
    return samples[(at := min(max(at, 0), spare)) : at + SAMPLES]


def sounding_crops(samples, *, count: int = 7) -> np.ndarray:
    """Evenly spaced pieces of one clip for a test, without the silent ones; `[pieces, SAMPLES]`."""
    samples = np.pad(samples, [0, max(0, SAMPLES - len(samples))])
    starts = np.linspace(0, len(samples) - SAMPLES, count).astype(int)
    pieces = np.stack([samples[s : s + SAMPLES] for s in starts])
    power = np.array([_peak_power(p) for p in pieces])
    return pieces[power >= power.max() * 10 ** (-LOUD_DB / 10)]


def _peak_power(samples):
    frames = samples[: len(samples) // 512 * 512].reshape(-1, 512)
    return float(np.max(np.mean(np.square(frames), 1))) if len(frames) else float(np.mean(np.square(samples)))


def levelled(sound):
    """Loudest frame at unit power, so that a short bark and a steady rain weigh the same in a mixture."""
    return sound / np.sqrt(_peak_power(sound) + 1e-10)


def _one_hot(labels, classes):
    return np.eye(classes, dtype=np.float32)[np.asarray(labels)]
