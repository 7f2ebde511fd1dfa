"""Colours and spectra of photos, as numbers: `python -m training.colour_statistics FOLDER`.

Prints the matrix and the exponent that `deepdream_av/canvases/statistics.py` holds: how the colours of photos hang
together, and how the size of their details falls with the frequency. Only these numbers are shipped.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

SIDE = 192  # of the middle square that is looked at, in pixels
_BANDS = 12  # of frequency, for the slope


def colour_matrix(pictures) -> np.ndarray:
    """From three independent numbers of variance 1 to colours as photos have them.

    Its columns are the principal axes of the colours around each photo's mean, as long as their spread, the whole
    scaled so that the mean variance of red, green and blue is 1 (as in Olah et al. 2017, who take the symmetric root).

    Args:
        pictures: float32 `[height, width, 3]` each, in [0, 1].

    Returns:
        float64 `[3, 3]`; the first column is light, the most of what there is.
    """
    covariance, count = np.zeros((3, 3)), 0
    for picture in pictures:
        flat = np.asarray(picture, np.float64).reshape(-1, 3)
        flat = flat - flat.mean(0)
        covariance += flat.T @ flat / len(flat)
        count += 1
    size, axes = np.linalg.eigh(covariance / max(count, 1))
    order = np.argsort(size)[::-1]
    matrix = axes[:, order] * np.sqrt(np.maximum(size[order], 0))
    matrix *= np.sign(matrix[np.argmax(np.abs(matrix), 0), range(3)])
    return matrix / np.sqrt(np.mean(np.sum(matrix**2, 1)))


def spectral_exponent(pictures) -> float:
    """The exponent with which the mean amplitude of photos falls with the frequency; natural scenes have about 1.

    Args:
        pictures: float32 `[side, side, 3]` each, all of one size.
    """
    total = 0.0
    for picture in pictures:
        grey = np.asarray(picture, np.float64).mean(2)
        window = np.outer(*2 * [np.hanning(len(grey))])  # or its edges would count as detail
        total = total + np.abs(np.fft.fft2((grey - grey.mean()) * window))
    y, x = np.fft.fftfreq(len(total))[:, None], np.fft.fftfreq(len(total))[None]
    frequency = np.hypot(y, x)
    edges = np.geomspace(4 / len(total), 0.4, _BANDS + 1)
    bands = [(low <= frequency) & (frequency < high) for low, high in zip(edges, edges[1:])]
    amplitude = [total[band].mean() for band in bands]
    middle = [np.exp(np.log(frequency[band]).mean()) for band in bands]
    return float(-np.polyfit(np.log(middle), np.log(amplitude), 1)[0])


def _squares(folder: Path, most: int):
    from deepdream_av.errors import InputError
    from deepdream_av.media.image import SUFFIXES, read_image

    files = sorted(x for x in folder.rglob("*") if x.suffix.lower() in SUFFIXES)
    for path in files[:: max(1, len(files) // most)]:
        try:
            picture = read_image(path)
        except InputError:
            continue
        top, left = ((side - SIDE) // 2 for side in picture.array.shape[:2])
        if min(top, left) >= 0 and not picture.grey:
            yield picture.array[top : top + SIDE, left : left + SIDE]


def main(argv: list[str] | None = None) -> int:
    """Command line; returns the exit code."""
    made = argparse.ArgumentParser(description="Colours and spectra of a folder of photos.")
    made.add_argument("folder", type=Path)
    made.add_argument("--most", type=int, default=1000, help="photos that are looked at")
    args = made.parse_args(argv)
    squares = list(_squares(args.folder, args.most))
    if not squares:
        print(f"training.colour_statistics: no photos of {SIDE} px or more in '{args.folder}'.")
        return 1
    print(f"{len(squares)} photos")
    print(np.array2string(colour_matrix(squares), precision=4, separator=", "))
    print(f"amplitude falls with frequency to the power {spectral_exponent(squares):.3f}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
