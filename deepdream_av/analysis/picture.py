"""The report card of a dreamt picture: what the network got, what others see of it, and what it cost the picture."""

from __future__ import annotations

import os
from collections.abc import Iterable

import numpy as np

from deepdream_av.analysis.layers import describe_layers
from deepdream_av.errors import InputError, UsageError

SHIFTS = 4  # along each axis: gains are the mean over 16 shifts
LOOK = 512  # long side at which networks and meters look
_BLACK = 0.5 / 255


def report_card(
    dream,
    source,
    *,
    backbone=None,
    layers: Iterable[tuple[str, float]] = (),
    judges: Iterable = (),
    others: Iterable = (),
    seconds: float | None = None,
    pixel_steps: float | None = None,
    look: int = LOOK,
) -> dict:
    """Numbers on a dream against its source.

    Args:
        dream, source: paths, or arrays float `[height, width, 3]` in [0, 1] of one size.
        backbone: the network that was dreamt, from `load_backbone`; None leaves its figures out.
        layers: pairs of a layer (or `layer#channel`) and its weight; the network's default if empty.
        judges: networks that took no part.
        others: dreams of the same source with other seeds, for the diversity.
        seconds: that the dream took.
        pixel_steps: steps times pixels of all octaves over the pixels of the dream.
        look: long side at which all is measured; larger pictures are scaled down.

    Returns:
        A mapping that JSON holds. `activation_gain`, `transfer`: mean square activation of the dream over that of the
        source, with `scrambled`, the control: what the same difference does with its phases scrambled, that is
        with its spectrum and no form. `spectral_slope`, `slope_error`: of the power spectrum's fall on
        log-log scales (about -2 in photos), and its distance to the source's. `clipped_percent`: samples that became
        black or white. `delta_e`: CIEDE2000, mean and 95th percentile. `chroma_p95`: CIELAB chroma, source and dream.
        `total_variation`: over that of the source. `octave_richness`: entropy of the difference's energy
        over detail sizes, 0 (one size) to 1 (all alike). `diversity`: 1 - mean cosine of Gram matrices between seeds.

    Raises:
        InputError: not pictures, or of different sizes.
    """
    dream, source = _small_pair(dream, source, look)
    card: dict = {"measured_at": [source.shape[1], source.shape[0]]}
    if backbone is not None:
        wanted = tuple(layers) or backbone.default_layers
        scrambled = np.clip(source + scrambled_phases(dream - source), 0, 1)
        card["backbone"], card["layers"] = backbone.name, [list(x) for x in wanted]
        card |= _gains(backbone, wanted, source, dream, scrambled)
        card["transfer"] = [_judged(j, backbone, wanted, source, dream, scrambled) for j in judges]
    card |= picture_figures(dream, source)
    others = [_small_pair(x, source, look)[0] for x in others]
    if others and backbone is not None:
        card["diversity"] = round(diversity(backbone, [n for n, _ in wanted], [dream, *others]), 4)
    for name, value in (("seconds", seconds), ("pixel_steps", pixel_steps)):
        if value is not None:
            card[name] = round(float(value), 2)
    if seconds and card.get("activation_gain"):
        card["log_gain_per_second"] = round(float(np.log(card["activation_gain"]) / seconds), 4)
    return card


def picture_figures(dream: np.ndarray, source: np.ndarray) -> dict:
    """The figures that need no network; see `report_card`."""
    from deepdream_av.analysis.colour_difference import delta_e, lab

    before, after = lab(source), lab(dream)
    difference = delta_e(before, after)
    slopes = [spectral_slope(x) for x in (source, dream)]
    edge = ((dream < _BLACK) | (dream > 1 - _BLACK)) & (source >= _BLACK) & (source <= 1 - _BLACK)
    energies = band_energies(dream - source)
    return {
        "rms_change": round(255 * float(np.sqrt(np.mean((dream - source) ** 2))), 3),
        "spectral_slope": {"source": round(slopes[0], 3), "dream": round(slopes[1], 3)},
        "slope_error": round(abs(slopes[1] - slopes[0]), 3),
        "clipped_percent": round(100 * float(edge.mean()), 3),
        "delta_e": {
            "mean": round(float(difference.mean()), 2),
            "p95": round(float(np.percentile(difference, 95)), 2),
        },
        "chroma_p95": {
            k: round(float(np.percentile(np.hypot(x[..., 1], x[..., 2]), 95)), 2)
            for k, x in (("source", before), ("dream", after))
        },
        "total_variation": round(total_variation(dream) / max(total_variation(source), 1e-9), 3),
        "octave_richness": round(richness(energies), 3),
        "octave_shares": [round(float(e), 4) for e in energies / max(energies.sum(), 1e-20)],
    }


def spectral_slope(picture: np.ndarray) -> float:
    """Slope of the radial power spectrum of the luma on log-log scales; white noise has 0, photos about -2.

    Between four periods in the picture and a quarter of the sampling rate: above, scaling and JPEG have had their say.
    """
    luma = np.asarray(picture, np.float64) @ [0.2126, 0.7152, 0.0722]
    height, width = luma.shape
    window = np.hanning(height + 2)[1:-1, None] * np.hanning(width + 2)[None, 1:-1]
    power = np.abs(np.fft.rfft2((luma - luma.mean()) * window)) ** 2
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None])
    edges = np.geomspace(4 / min(height, width), 0.25, 17)
    ring = np.digitize(frequency, edges)
    points = [
        (frequency[ring == k].mean(), power[ring == k].mean()) for k in range(1, 17) if (ring == k).any()
    ]
    if len(points) < 3 or not all(p > 0 for _, p in points):
        return 0.0
    x, y = np.log(np.array(points)).T
    return float(np.polyfit(x, y, 1)[0])


def total_variation(picture: np.ndarray) -> float:
    """Mean absolute difference between neighbours, along both axes."""
    return float(np.abs(np.diff(picture, axis=0)).mean() + np.abs(np.diff(picture, axis=1)).mean())


def band_energies(delta: np.ndarray) -> np.ndarray:
    """Energy of a difference in each band of a Laplacian pyramid, finest first; the last holds all that is coarser."""
    import cv2

    bands, rest = [], np.asarray(delta, np.float32)
    for _ in range(6):
        if min(rest.shape[:2]) < 8:
            break
        smaller = cv2.pyrDown(rest)
        grown = cv2.pyrUp(smaller, dstsize=rest.shape[1::-1])
        bands.append(float(np.mean((rest - grown) ** 2)))
        rest = smaller
    return np.array([*bands, float(np.mean(rest**2))])


def richness(energies: np.ndarray) -> float:
    """Entropy of shares, over that of equal shares; 0 if there is no energy.

    >>> richness(np.array([1.0, 0.0, 0.0])), round(richness(np.ones(5)), 6)
    (0.0, 1.0)
    """
    total = energies.sum()
    if total <= 0 or len(energies) < 2:
        return 0.0
    share = energies[energies > 0] / total
    return float(abs(-(share * np.log(share)).sum()) / np.log(len(energies)))


def scrambled_phases(delta: np.ndarray, *, seed: int = 0) -> np.ndarray:
    """A difference with the same spectrum, the same between the colours, and no form: all phases turned at random."""
    noise = np.random.default_rng(seed).standard_normal(delta.shape[:2])
    turn = np.angle(np.fft.rfft2(noise))[..., None]
    spectrum = np.fft.rfft2(delta, axes=(0, 1)) * np.exp(1j * turn)
    return np.fft.irfft2(spectrum, delta.shape[:2], axes=(0, 1)).astype(np.float32)


def energy(backbone, layers: Iterable[str], picture: np.ndarray) -> np.ndarray:
    """Mean square activation of layers or channels, the mean over 16 shifts of the picture; float `[layers]`."""
    import tensorflow as tf

    layers = tuple(layers)
    names = tuple(dict.fromkeys(n.partition("#")[0] for n in layers))
    look, step = backbone.truncated(names), 5
    totals = np.zeros(len(layers))
    for row in range(SHIFTS):
        moved = [np.roll(picture, (step * row, step * column), (0, 1)) for column in range(SHIFTS)]
        maps = look(tf.constant(np.stack(moved)))
        for k, name in enumerate(layers):
            plain, _, channel = name.partition("#")
            map_ = tf.cast(maps[plain], tf.float32)
            totals[k] += float(tf.reduce_mean(tf.square(map_[..., int(channel)] if channel else map_)))
    return totals / SHIFTS


def diversity(backbone, layers: Iterable[str], pictures: list[np.ndarray]) -> float:
    """1 - the mean cosine between the Gram matrices of each two pictures; 0 if all have the same textures."""
    from deepdream_av.analysis.levels import maps_of

    names = tuple(dict.fromkeys(n.partition("#")[0] for n in layers))
    grams = []
    for picture in pictures:
        parts = []
        for map_ in maps_of(backbone, names, picture).values():
            flat = map_.reshape(-1, map_.shape[-1])
            gram = (flat - flat.mean(0)).T @ (flat - flat.mean(0))
            parts.append((gram / max(float(np.linalg.norm(gram)), 1e-12)).ravel())
        grams.append(np.concatenate(parts) / np.sqrt(len(parts)))
    pairs = [float(a @ b) for k, a in enumerate(grams) for b in grams[k + 1 :]]
    return 1 - float(np.mean(pairs))


def nearest_layer(judge, facts) -> str:
    """The judge's layer that is most like another network's: of the nearest stride, the deepest of them."""
    mine = describe_layers(judge)
    if facts.stride is None or any(f.stride is None for f in mine):
        return judge.default_layers[0][0]
    apart = [abs(np.log2(f.stride[0] / facts.stride[0])) for f in mine]
    return [f for f, a in zip(mine, apart) if a == min(apart) and "pool" not in f.name][-1].name


def _gains(backbone, wanted, source, dream, scrambled) -> dict:
    names = [n for n, _ in wanted]
    before, after, control = (energy(backbone, names, x) for x in (source, dream, scrambled))
    weights = np.abs([w for _, w in wanted])

    def whole(now):
        # the geometric mean, as objectives add logarithms
        return round(float(np.exp(np.average(np.log((now + 1e-9) / (before + 1e-9)), weights=weights))), 3)

    layers = {n: round(float((b + 1e-9) / (a + 1e-9)), 3) for n, a, b in zip(names, before, after)}
    return {"activation_gain": whole(after), "scrambled": whole(control), "gains": layers}


def _judged(judge, backbone, wanted, source, dream, scrambled) -> dict:
    if judge.kind != "image":
        raise UsageError(f"`judge` must look at pictures. Received: {judge.name!r}, which listens.")
    facts = {f.name: f for f in describe_layers(backbone)}
    asked = [facts.get(backbone.layer_name(n.partition("#")[0])) for n, _ in wanted]
    layers = tuple(dict.fromkeys(nearest_layer(judge, f) for f in asked if f)) or (
        judge.default_layers[0][0],
    )
    found = _gains(judge, [(n, 1.0) for n in layers], source, dream, scrambled)
    return {
        "judge": judge.name,
        "gain": found["activation_gain"],
        "scrambled": found["scrambled"],
        "layers": found["gains"],
    }


def _small_pair(dream, source, look: int) -> tuple[np.ndarray, np.ndarray]:
    from deepdream_av.analysis.levels import shrunk

    arrays = []
    for name, x in (("dream", dream), ("source", source)):
        if isinstance(x, str | os.PathLike):
            from deepdream_av.media.image import read_image

            x = read_image(x).array
        x = np.asarray(x)
        if x.ndim != 3 or x.shape[2] != 3 or x.dtype.kind != "f" or not np.isfinite(x).all():
            raise InputError(
                f"`{name}` must be a picture [height, width, 3], float in [0, 1]. Received: {x.dtype} {list(x.shape)}."
            )
        arrays.append(shrunk(x.astype(np.float32), look))
    if arrays[0].shape != arrays[1].shape:
        sizes = " and ".join(f"{a.shape[1]}x{a.shape[0]}" for a in arrays)
        raise InputError(f"`dream` and `source` must be of one size. Received: {sizes}.")
    return arrays[0], arrays[1]
