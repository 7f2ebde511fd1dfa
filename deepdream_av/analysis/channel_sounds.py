"""What channels of an ear want to hear, as sounds."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from deepdream_av.analysis.page import Sheet

RATE = 22050
LEVEL_LUFS = -20.0
FADE = 0.02  # seconds


def sound_of(heard: np.ndarray, *, seed: int = 0) -> np.ndarray:
    """A sound that is heard so, at a level that can be listened to.

    Args:
        heard: log-mel float `[frames, 128]`.
        seed: of the phase of what is all but silent.

    Returns:
        float32 `[samples]` at 22.05 kHz.
    """
    from deepdream_av.media.loudness import match_loudness
    from deepdream_av.spectral import MelGrid
    from deepdream_av.spectral.resynthesis import resynthesised

    samples = resynthesised(heard, MelGrid(RATE), seed=seed)
    edge = np.minimum(np.arange(len(samples)), np.arange(len(samples))[::-1]) / (FADE * RATE)
    samples *= np.sin(np.pi / 2 * np.minimum(edge, 1.0)).astype(np.float32) ** 2
    return match_loudness(samples[:, None], RATE, target_lufs=LEVEL_LUFS)[:, 0]


def write_sounds(folder, sheet: Sheet, *, force: bool = False) -> list[Path]:
    """One WAV file for each sound of a sheet: `block2#3` becomes `block2-3.wav`.

    Raises:
        OutputError: a file is there already, or cannot be written.
    """
    from deepdream_av.media.audio import Sound, write_audio
    from deepdream_av.media.files import writing

    folder, written = Path(folder), []
    folder.mkdir(parents=True, exist_ok=True)
    for cell in (c for part in sheet.sections for c in part.cells if c.sound is not None):
        path = folder / f"{cell.name.replace('#', '-').replace('/', '_')}.wav"
        with writing(path, force=force) as part:
            write_audio(part, Sound(cell.sound[:, None], RATE))
        written.append(path)
    return written
