"""How loud every channel of a network is on some pictures or sounds, and how loud it usually is."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from deepdream_av.analysis.cache import Cache, fingerprint
from deepdream_av.errors import InputError

LOOK = 256  # long side at which a picture is looked at
_METHOD = 1  # counted up when the built-in references change, so that caches forget
_SHARE = 0.2  # of a layer's usual level, added above and below, so that what is never heard is no sensation


@dataclass(frozen=True, eq=False)
class Levels:
    """Levels of a layer's channels.

    Attributes:
        level: root mean square activation of each, float32 `[channels]`.
        place: where it is loudest, (row, column) as shares of the height and width, float32 `[channels, 2]`.
    """

    level: np.ndarray
    place: np.ndarray


def maps_of(backbone, names: Iterable[str], x: np.ndarray) -> dict[str, np.ndarray]:
    """Activations `{layer: float32 [height, width, channels]}` of one picture `[h, w, 3]` or log-mel `[frames, 128]`."""
    import tensorflow as tf

    x = np.asarray(x, np.float32)
    batch = x[None, ..., None] if x.ndim == 2 else x[None]
    seen = backbone.truncated(tuple(names))(batch)
    return {name: tf.cast(map_, tf.float32).numpy()[0] for name, map_ in seen.items()}


def levels_of(backbone, names: Iterable[str], x: np.ndarray) -> dict[str, Levels]:
    """Levels of all channels of some layers on one picture or sound; see `maps_of`."""
    levels = {}
    for name, map_ in maps_of(backbone, names, x).items():
        height, width, channels = map_.shape
        flat = np.abs(map_).reshape(-1, channels)
        peak = flat.argmax(0)
        place = np.stack([(peak // width + 0.5) / height, (peak % width + 0.5) / width], 1)
        levels[name] = Levels(np.sqrt(np.mean(flat**2, 0)), place.astype(np.float32))
    return levels


def usual_levels(
    backbone, names: Iterable[str], *, against: str | os.PathLike | None = None, cache: Cache | None = None
) -> dict[str, np.ndarray]:
    """How loud the channels usually are: the mean of their levels over many pictures or sounds.

    Args:
        backbone: from `load_backbone`.
        names: of layers.
        against: folder of what is usual; without it, pictures and sounds that the package makes itself.
        cache: where the levels against the built-in ones are kept.

    Returns:
        `{layer: float32 [channels]}`.

    Raises:
        InputError: the folder holds nothing that can be read.
    """
    names, cache = tuple(names), cache or Cache(enabled=False)
    keys = {n: ("usual", _METHOD, fingerprint(backbone), n) for n in names}
    found = {} if against else {n: cache.read(*keys[n]) for n in names}
    missing = tuple(n for n in names if found.get(n) is None)
    if missing:
        sums = {n: [] for n in missing}
        for x in references(backbone.kind, against):
            for name, levels in levels_of(backbone, missing, x).items():
                sums[name].append(levels.level)
        for name in missing:
            found[name] = np.mean(sums[name], 0)
            if not against:
                cache.write(found[name], *keys[name])
    return {n: found[n] for n in names}


def relative(level: np.ndarray, usual: np.ndarray) -> np.ndarray:
    """How many times its usual level each channel has, float `[channels]`; a silent layer gives ones.

    A share of the layer's mean is added above and below the line, so that a channel that is never heard does not
    come first with next to nothing.
    """
    floor = _SHARE * float(usual.mean()) + 1e-9
    return (level + floor) / (usual + floor)


def references(kind: str, folder: str | os.PathLike | None = None) -> Iterator[np.ndarray]:
    """Pictures `[h, w, 3]` or log-mels `[frames, 128]` to compare with: a folder's, or built-in ones.

    Raises:
        InputError: the folder does not exist, or holds nothing that can be read.
    """
    if folder:
        yield from (pictures_in if kind == "image" else _sounds_in)(folder)
    else:
        yield from _made_pictures() if kind == "image" else _made_sounds()


def pictures_in(folder: str | os.PathLike, *, most: int = 400, side: int = LOOK) -> Iterator[np.ndarray]:
    """The pictures of a folder, float32 `[h, w, 3]`, their long side at most `side`; spread over it if there are more.

    Raises:
        InputError: the folder does not exist, or holds no picture that can be read.
    """
    from deepdream_av.media.image import SUFFIXES, read_image

    count = 0
    for path in _files_in(folder, SUFFIXES, most, "pictures"):
        try:
            picture = read_image(path).array
        except InputError:  # one broken file does not spoil a folder
            continue
        count += 1
        yield shrunk(picture, side)
    if not count:
        raise InputError(f"No picture in the folder can be read: '{folder}'.")


def shrunk(picture: np.ndarray, side: int = LOOK) -> np.ndarray:
    """A picture whose long side is at most `side`, and whose sides are at least 32 pixels."""
    from deepdream_av.canvases.pixels import scaled

    scale = min(1.0, side / max(picture.shape[:2]))
    size = tuple(max(32, round(x * scale)) for x in picture.shape[:2])
    return scaled(np.ascontiguousarray(picture, np.float32), size)


def log_mel_of(samples: np.ndarray, rate: int) -> np.ndarray:
    """What an ear hears of float `[samples, channels]`: log-mel float32 `[frames, 128]`."""
    from deepdream_av.spectral import MelGrid, log_mel

    mono = np.asarray(samples, np.float32).reshape(len(samples), -1).mean(1)
    return log_mel(mono, MelGrid(rate)).numpy()


def spectrogram(log_mel: np.ndarray) -> np.ndarray:
    """A log-mel `[frames, 128]` as a picture: time to the right, pitch upwards, uint8 `[128, frames, 3]`."""
    import cv2

    grey = np.clip((np.asarray(log_mel).T[::-1] + 2.5) / 5.0 * 255, 0, 255).astype(np.uint8)
    return np.ascontiguousarray(cv2.applyColorMap(np.ascontiguousarray(grey), cv2.COLORMAP_MAGMA)[..., ::-1])


def _sounds_in(folder):
    from deepdream_av.media.audio import read_audio

    count = 0
    for path in _files_in(folder, (".wav", ".flac", ".mp3", ".ogg", ".opus", ".m4a"), 100, "sounds"):
        try:
            sound = read_audio(path, duration=10.0)
        except InputError:
            continue
        count += 1
        yield log_mel_of(sound.samples, sound.rate)
    if not count:
        raise InputError(f"No sound in the folder can be read: '{folder}'.")


def _files_in(folder, suffixes, most: int, what: str) -> list[Path]:
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"The folder of {what} does not exist: '{folder}'.")
    found = sorted(p for p in folder.rglob("*") if p.suffix.lower() in suffixes and p.is_file())
    if not found:
        raise InputError(f"The folder holds no {what} ({', '.join(suffixes)}): '{folder}'.")
    step = max(1.0, len(found) / most)
    return [found[int(k * step)] for k in range(min(most, len(found)))]


def _made_pictures():
    """Parts of the built-in landscape at several scales and in other colours, and noises with the spectra of photos."""
    from deepdream_av.media.example import example_picture
    from deepdream_av.media.example_noise import fractal

    rng = np.random.default_rng(0)
    for k in range(12):
        scene = example_picture(640, 360, time=2.0 * k)
        side = int(rng.integers(128, 361))
        top, left = int(rng.integers(0, 361 - side)), int(rng.integers(0, 641 - side))
        part = shrunk(scene[top : top + side, left : left + side], 160)
        part = part[:, ::-1] if k % 2 else part
        # a third with the colours exchanged: photos are not all of meadows
        yield np.ascontiguousarray(part[..., rng.permutation(3)] if k % 3 == 2 else part)
    for k in range(12):
        grey = fractal(rng, (160, 160), slope=0.8 + 0.1 * k)[..., None]
        colour = np.stack([fractal(rng, (160, 160), slope=1.2) for _ in range(3)], -1)
        noise = np.clip(0.5 + rng.uniform(-0.2, 0.2, 3) + 0.17 * grey + 0.07 * colour, 0, 1)
        yield noise.astype(np.float32)


def _made_sounds():
    """The built-in music in pieces, alone and in noises of several colours."""
    from deepdream_av.media.example import example_sound

    rng = np.random.default_rng(0)
    samples, rate = example_sound(12.0)
    for k in range(12):
        piece = samples[k * rate : (k + 1) * rate].mean(1)
        spectrum = np.fft.rfft(rng.standard_normal(len(piece)))
        spectrum[1:] *= np.arange(1, len(spectrum)) ** (-0.25 * (k % 5))
        noise = np.fft.irfft(spectrum, len(piece))
        noise *= 0.1 / max(noise.std(), 1e-9)
        share = (k % 4) / 3
        yield log_mel_of(((1 - share) * piece + share * noise)[:, None], rate)
