"""How far was a sound dreamt, and what did it keep? `python -m benchmarks.sound FILE [FILE ...]`

Dreams every file, writes it, and takes all figures from the written file: activation of the target layer against the
source's, change of the mel spectrum, onsets, chroma, loudness, true peak, stereo image, seconds of sound per second of
work, and how near the iterated mask comes to a known edit. `--style FILE` gives the files a style instead, and tells
the distance of the Gram matrices. `--pairs` takes files that are there already, as source and dream in turn.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="+")
    parser.add_argument("--pairs", action="store_true", help="files are sources and their dreams in turn")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="fields of the recipe"
    )
    parser.add_argument("--style", action="append", default=[], metavar="FILE", help="give them this style instead")
    parser.add_argument("--suffix", default=".wav", help="format to write")
    parser.add_argument("--keep", default="", metavar="FOLDER", help="keep the dreams there")
    args = parser.parse_args()
    from deepdream_av.flags import recipe_of

    recipe = recipe_of("audio", [f for s in args.set for f in ("--set", s)])
    recipe = recipe.replace(styles=tuple((name, 1.0) for name in args.style))
    if args.pairs:
        for source, dream in zip(args.files[::2], args.files[1::2]):
            print(json.dumps(figures(source, dream, recipe)), flush=True)
        return
    with tempfile.TemporaryDirectory() as folder:
        for source in args.files:
            dream = Path(args.keep or folder) / (Path(source).stem + ".dream" + args.suffix)
            seconds = dreamt(source, dream, recipe, args.style)
            row = figures(source, dream, recipe)
            # a second run would not load and compile again, so this is the least that may be claimed
            row["real_time_factor"] = round(row["seconds"] / seconds, 3)
            if not args.style:
                row["mask_convergence_db"] = round(mask_convergence(source, recipe), 1)
            print(json.dumps(row), flush=True)


def dreamt(source, dream, recipe, style: bool = False) -> float:
    """Make the dream, or with the recipe's styles the styled sound, with the command; returns its time in seconds."""
    from deepdream_av import audio
    from deepdream_av import style as styling

    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        file.write(recipe.to_json())
        file.flush()
        began = time.monotonic()
        code = (styling if style else audio).main([str(source), "-o", str(dream), "--recipe", file.name, "--force", "-q"])
    if code:
        raise SystemExit(code)
    return round(time.monotonic() - began, 1)


def figures(source, dream, recipe) -> dict:
    """All figures of one pair of files, see `analysis.sound_card`."""
    from deepdream_av.analysis.sound_card import sound_card

    return {"file": Path(source).name, **sound_card(str(dream), str(source), recipe=recipe)}


def mask_convergence(source, recipe, *, rounds: int = 8) -> float:
    """Spectral convergence in dB of a gain edit rendered by the iterated mask, against the known truth.

    The truth is the sound with gains of up to 15 dB on bands and times of another grid than the mask's.
    """
    import numpy as np
    from scipy import ndimage

    from deepdream_av.analysis.sound_card import convergence
    from deepdream_av.ascent.long_sound import EAR_RATE, resampled
    from deepdream_av.canvases import Spectrogram
    from deepdream_av.canvases.spectrogram import masked
    from deepdream_av.media.audio import read_audio
    from deepdream_av.spectral import istft, log_mel, stft

    class Other:  # a grid of half the window
        n_fft, hop = 1024, 128

    sound = read_audio(source, start=recipe.start, duration=min(recipe.duration or 6.0, 6.0))
    samples = resampled(sound.samples.mean(1), sound.rate, EAR_RATE)
    spectrum = stft(samples, Other)
    field = np.random.default_rng(0).standard_normal(spectrum.shape)
    field = ndimage.gaussian_filter(field, (60, 40), mode="wrap")
    gains = 10 ** (15 * field / np.abs(field).max() / 20)
    truth = istft(spectrum * gains.astype(np.complex64), Other, len(samples))
    found = masked(samples, log_mel(truth, Spectrogram.grid), rounds)
    return convergence(*(np.abs(stft(x, Spectrogram.grid).numpy()) for x in (truth, found)))


if __name__ == "__main__":
    main()
