"""What a finished film says about its coupling, told from the file that was written and not from how it was made."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np

from deepdream_av.correlate.analyse import Analysis, look
from deepdream_av.correlate.arrange import Arranged
from deepdream_av.correlate.pairs import canonical

_THUMB = 320  # pixels, long side
_MOST_FRAMES = 4000  # that judges look at; of a longer film every n-th
_AROUND = 0.75  # seconds of sound on either side of a moment


def measure(film, track, output, arranged: Arranged, recipe, *, name: str, backbone, progress: Callable | None = None):
    """Everything that a report of a film tells, see `correlate.report.Told`.

    Args:
        film: a `FilmReader` of the source.
        track: its `Soundtrack`.
        output: path of the finished film, whatever it is called as yet.
        arranged: its coupling.
        recipe: how it was dreamt.
        name: under which the film will be known.
        backbone: who looked.
        progress: called as `progress(done, total)` in frames.
    """
    from deepdream_av.correlate.judges import PictureJudge, RandomEar, compare, judge_sound
    from deepdream_av.correlate.likes import dream_likes
    from deepdream_av.correlate.report import Told
    from deepdream_av.correlate.seen import Watcher
    from deepdream_av.media.film_sound import read_soundtrack
    from deepdream_av.media.video import open_film

    told = Told(film=name, recipe=dataclasses.asdict(recipe), mode=arranged.mode, notes=list(arranged.notes))
    before = arranged.analysis
    if before is None or track is None:
        return told
    coupling, dream = arranged.coupling, open_film(output)
    layers = list(dict.fromkeys(name.partition("#")[0] for name in before.seen.names))
    eyes = PictureJudge(recipe.backbone)
    seen_after, judged_after = look(dream, [Watcher(backbone, layers), eyes], progress=progress)
    (judged_before,) = look(film, [PictureJudge(recipe.backbone)], progress=progress)
    dreamt_track = read_soundtrack(dream)
    at = dict(times=before.seen.times, shots=before.seen.shots)
    judged = None
    if dreamt_track is not None and len(judged_after.times) == len(judged_before.times):
        sounds = [
            judge_sound(t.store.blocks(), t.rate, start=float(t.start), **at) for t in (track, dreamt_track)
        ]
        # judges weigh every frame against every other one
        step = -(-len(before.seen.times) // _MOST_FRAMES)
        series = (sounds[0], judged_before, sounds[1], judged_after)
        judged = compare(
            *(x.every(step) for x in series),
            pairs=coupling.pairs,
            source=(before.heard.every(step), before.seen.every(step)) if before.heard is not None else None,
            judges=(RandomEar.name, eyes.name),
            seed=recipe.seed,
        )
    told = dataclasses.replace(
        told,
        search=arranged.search,
        pairs=coupling.pairs,
        heard=before.heard,
        seen=before.seen,
        seen_after=seen_after,
        heard_after=_heard_again(before, dreamt_track, recipe),
        gates_seen=coupling.gates_seen if coupling.pairs else None,
        gates_heard=coupling.gates_heard if coupling.pairs else None,
        judged=judged,
        frames=tuple(_strongest_frames(open_film, output, coupling, seen_after)),
        spectrograms=tuple(_strongest_sounds(track, coupling, before)),
        likes=dream_likes(backbone, coupling.pairs),
    )
    if dreamt_track is not None:
        dreamt_track.store.close()
    return told


def _heard_again(before: Analysis, track, recipe):
    if track is None or before.heard is None:
        return None
    from deepdream_av.backbones import load_backbone
    from deepdream_av.correlate.heard import hear

    layers = list(dict.fromkeys(name.partition("#")[0] for name in before.heard.names))
    return hear(
        track.store.blocks(),
        track.rate,
        start=float(track.start),
        times=before.seen.times,
        shots=before.seen.shots,
        ear=load_backbone(recipe.ear),
        layers=layers,
    )


def _strongest_frames(open_film, output, coupling, seen) -> list[tuple[float, np.ndarray]]:
    """For each pair the frame of the dream in which there is most of what it sees."""
    import cv2

    found = []
    for pair in coupling.pairs:
        time = float(seen.times[int(canonical(seen, pair.seen).argmax())])
        frame = next(iter(open_film(output, start=max(time - 1e-3, 0.0), duration=0.5)), None)
        if frame is not None:
            height, width = frame.array.shape[:2]
            scale = min(1.0, _THUMB / max(height, width))
            size = max(1, round(width * scale)), max(1, round(height * scale))
            found.append((time, cv2.resize(frame.array, size, interpolation=cv2.INTER_AREA)))
    return found


def _strongest_sounds(track, coupling, before: Analysis) -> list[tuple[float, np.ndarray]]:
    """For each pair the spectrogram of the source around the moment in which there is most of what it hears."""
    from deepdream_av.analysis.spectrograms import RANGE_DB, coloured, mel_levels

    found = []
    for pair in coupling.pairs:
        time = float(before.heard.times[int(canonical(before.heard, pair.heard).argmax())])
        first = round((time - _AROUND - float(track.start)) * track.rate)
        samples = track.store.read(max(first, 0), max(first, 0) + round(2 * _AROUND * track.rate))
        if len(samples) < track.rate // 10:
            continue
        levels = mel_levels(samples.mean(1).astype(np.float32), track.rate)
        picture = coloured((levels - levels.max()) / RANGE_DB + 1)
        found.append((time, np.round(255 * picture[::2, ::3]).astype(np.uint8)))
    return found
