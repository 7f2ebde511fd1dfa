"""The report card of a dreamt or styled sound: what it gained, and what it kept, measured on the written file."""

from __future__ import annotations

import numpy as np

from deepdream_av.analysis import sound as figures
from deepdream_av.errors import InputError

FULL = 0.999  # what reaches this is clipped
LEVELS_DB = 60.0  # range of the log-spectral distance
TEMPO_SECONDS = 0.25, 1.5  # periods that a beat may have


def sound_card(dream, source, *, recipe=None, layers=(), backbone=None) -> dict:
    """All figures of a pair of files.

    Args:
        dream: path of the result.
        source: path of what was dreamt; the part that the recipe names is taken.
        recipe: how it was made; None for that of another program.
        layers: pairs of a layer and a weight whose activation is compared; the recipe's or the ear's own if empty.
        backbone: who listens; the recipe's ear if None.

    Returns:
        Numbers, and under `activation` and `style_distance` numbers by layer.

    Raises:
        InputError: not sounds, or sounds of different rates or numbers of channels.
    """
    from deepdream_av.media.audio import read_audio

    start, duration = (recipe.start, recipe.duration) if recipe else (0.0, 0.0)
    a, b = read_audio(source, start=start, duration=duration), read_audio(dream)
    if (a.rate, a.channels) != (b.rate, b.channels):
        raise InputError(
            f"Source and dream must have one rate and number of channels. Received: {a.rate} Hz x {a.channels} and "
            f"{b.rate} Hz x {b.channels}."
        )
    length = min(len(a.samples), len(b.samples))
    before, after = a.samples[:length], b.samples[:length]
    card = {"seconds": length / a.rate, "rate": a.rate, "channels": a.channels}
    card |= figures.report(before, after, a.rate, layout=a.layout) | _shape(before, after, a.rate)
    card["activation"] = _activations(before, after, a.rate, recipe, layers, backbone)
    if recipe and recipe.styles:
        card["style_distance"] = style_distances(after, a.rate, recipe)
    return _rounded(card)


def _shape(before, after, rate: int) -> dict:
    """Distances of the two, and what is wrong with the second alone."""
    from deepdream_av.spectral import MelGrid, stft

    x, y = (np.abs(stft(z.mean(1), MelGrid(rate)).numpy()) for z in (before, after))
    floor = x.max() * 10 ** (-LEVELS_DB / 20) + 1e-9
    log_x, log_y = (20 * np.log10(np.maximum(z, floor)) for z in (x, y))
    return {
        "log_spectral_distance_db": float(np.mean(np.sqrt(np.mean((log_x - log_y) ** 2, 1)))),
        "spectral_convergence_db": convergence(x, y),
        "flatness_change_db": float(_flatness(y) - _flatness(x)),
        "tempo_ratio": _tempo(after, rate) / _tempo(before, rate),
        "clipped_samples": int(np.sum(np.abs(after) >= FULL)),
        "seam_step": seam_step(after, rate),
    }


def convergence(wanted, found) -> float:
    """|wanted - found| over |wanted| in dB, of two magnitude spectra; lower is nearer."""
    return float(20 * np.log10(np.linalg.norm(wanted - found) / (np.linalg.norm(wanted) + 1e-12) + 1e-9))


def _flatness(magnitude) -> float:
    """Geometric over arithmetic mean of the power in dB, weighted by the frames' energy."""
    power = magnitude**2 + 1e-10
    energy = power.sum(1)
    ratio = 10 * (np.log10(power).mean(1) - np.log10(power.mean(1)))
    return float((ratio * energy).sum() / energy.sum())


def _tempo(samples, rate: int) -> float:
    """Beats in a second: the strongest period of the onset curve; 1 where there is none."""
    from deepdream_av.spectral import MelGrid, mel_power, stft

    grid = MelGrid(rate)
    level = np.log(mel_power(stft(samples.mean(1), grid), grid).numpy() + 1e-6)
    curve = np.maximum(np.diff(level, axis=0), 0).mean(1)
    low, high = (round(s * grid.frames_per_second) for s in TEMPO_SECONDS)
    if len(curve) < 2 * high:
        return 1.0
    curve = curve - curve.mean()
    similar = np.correlate(curve, curve, "full")[len(curve) - 1 :]
    return float(grid.frames_per_second / (low + np.argmax(similar[low:high])))


def seam_step(samples, rate: int) -> float:
    """The largest step between two samples within 5 ms of where chunks join, over the largest one elsewhere.

    0 for a sound of one chunk.
    """
    from deepdream_av.ascent.long_sound import FADE, STRIDE

    steps = np.abs(np.diff(samples, axis=0)).max(1)
    near = np.zeros(len(steps), bool)
    for joint in range(STRIDE * rate, len(samples), STRIDE * rate):
        for at in (joint, joint + FADE * rate):
            near[max(at - rate // 200, 0) : at + rate // 200] = True
    if not near.any() or near.all():
        return 0.0
    return float(steps[near].max() / (steps[~near].max() + 1e-12))


def _activations(before, after, rate, recipe, layers, backbone) -> dict:
    from deepdream_av.backbones import load_backbone

    ear = backbone or load_backbone(recipe.ear if recipe else "earnet")
    asked = layers or (recipe.ear_layers if recipe else ()) or ear.default_layers
    plain = dict.fromkeys(n.partition("=")[2] or n for n, _ in asked)
    names = dict.fromkeys(ear.layer_name(n.partition("@")[0].partition("#")[0]) for n in plain)
    found = {}
    for name in names:
        listen = ear.truncated((name,))
        found[name] = figures.activation_gain(
            before, after, rate, listener=lambda x, listen=listen, name=name: listen(x)[name]
        )
    return found


def style_distances(samples, rate: int, recipe) -> dict:
    """Relative distance of each Gram matrix from that of the recipe's styles, by layer; empty if a file is not here."""
    from pathlib import Path

    from deepdream_av.ascent.long_sound import EAR_RATE, resampled
    from deepdream_av.ascent.sound_style import SoundStyler, read_texture

    if not all(Path(name).is_file() for name, _ in recipe.styles):
        return {}
    styler = SoundStyler(recipe, [read_texture(*pair) for pair in recipe.styles])
    heard = resampled(samples.mean(1), rate, EAR_RATE)
    return dict(zip([name for name, _ in styler.layers], styler.distances(heard)))


def _rounded(card: dict) -> dict:
    """Numbers that JSON has: no infinity, four digits."""
    found = {}
    for name, value in card.items():
        if isinstance(value, dict):
            found[name] = _rounded(value)
        else:
            found[name] = round(float(value), 4) if np.isfinite(value) else None
    return found
