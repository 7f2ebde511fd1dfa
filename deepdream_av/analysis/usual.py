"""How loud the channels of a network usually are: on photos or recordings, or on what the package makes itself."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from importlib import resources
from pathlib import Path, PurePath

import numpy as np

from deepdream_av.analysis.cache import Cache, fingerprint
from deepdream_av.analysis.levels import LOOK, levels_of, log_mel_of, shrunk
from deepdream_av.errors import InputError

_METHOD = 2  # counted up when the built-in references change, so that caches forget
_SOUNDS = (".wav", ".flac", ".mp3", ".ogg", ".opus", ".m4a")


def usual_levels(
    backbone, names: Iterable[str], *, against: str | os.PathLike | None = None, cache: Cache | None = None
) -> dict[str, np.ndarray]:
    """How loud the channels usually are: the mean of their levels over many pictures or sounds.

    Args:
        backbone: from `load_backbone`.
        names: of layers.
        against: folder of what is usual. Without it: photos or recordings, for the networks in the package; for
            others, pictures and sounds that the package makes itself.
        cache: where the levels against the latter are kept.

    Returns:
        `{layer: float32 [channels]}`.

    Raises:
        InputError: the folder holds nothing that can be read.
    """
    names, cache = tuple(names), cache or Cache(enabled=False)
    keys = {n: ("usual", _METHOD, fingerprint(backbone), n) for n in names}
    found = {} if against else shipped_levels(backbone, names)
    if not against:
        found |= {n: cache.read(*keys[n]) for n in names if n not in found}
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


def shipped_levels(backbone, names: Iterable[str]) -> dict[str, np.ndarray]:
    """The levels that are in the package, of the layers that they were measured on; empty for other networks.

    Whether a network is the one that was measured is seen from what it makes of one probe: its weights may be held
    in any precision, and a name says nothing about a retrained one.
    """
    path = resources.files("deepdream_av") / "analysis" / "measured" / f"{PurePath(backbone.name).name}.npz"
    if not path.is_file():
        return {}
    with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
        known = {n: archive[n].astype(np.float32) for n in archive.files}
    names = tuple(n for n in names if n in known)
    if not names:
        return {}
    found, probed = {}, levels_of(backbone, names, _probe(backbone.kind))
    for name in names:
        expected = known[f"{name}/probe"]
        if expected.shape == probed[name].level.shape:
            off = float(np.abs(probed[name].level - expected).mean() / max(float(expected.mean()), 1e-9))
            found |= {name: known[name]} if off < 0.05 else {}
    return found


def save_levels(backbone, folder: str | os.PathLike, path: str | os.PathLike) -> None:
    """Measure all layers on a folder of photos or recordings and write what `shipped_levels` reads.

    Args:
        backbone: from `load_backbone`.
        folder: what is usual.
        path: `.npz` to write.
    """
    names = backbone.list_layers()
    usual = usual_levels(backbone, names, against=folder)
    probed = levels_of(backbone, names, _probe(backbone.kind))
    arrays = usual | {f"{n}/probe": probed[n].level for n in names}
    np.savez_compressed(path, **{k: v.astype(np.float16) for k, v in arrays.items()})


def _probe(kind: str) -> np.ndarray:
    """One picture or log-mel, always the same, with something of everything."""
    from deepdream_av.media.example_noise import fractal

    rng = np.random.default_rng(7)
    if kind == "sound":
        return fractal(rng, (96, 128), slope=0.7)
    return np.clip(0.5 + 0.2 * np.stack([fractal(rng, (128, 128), slope=1.0) for _ in range(3)], -1), 0, 1)


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


def _sounds_in(folder):
    from deepdream_av.media.audio import read_audio

    count = 0
    for path in _files_in(folder, _SOUNDS, 100, "sounds"):
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

    rng, scene = np.random.default_rng(0), example_picture(640, 360)
    for k in range(12):
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
