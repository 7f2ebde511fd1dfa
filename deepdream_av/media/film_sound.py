"""The sound of a film, on the film's own clock."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from deepdream_av.errors import InputError
from deepdream_av.media.sample_store import SampleStore


@dataclass(frozen=True, eq=False)
class Soundtrack:
    """All samples of a film's first sound track, in memory while short and on disk when long.

    Attributes:
        store: the samples.
        rate: samples per second, Hz.
        layout: FFmpeg's name of the channels.
        start: seconds at which the first sample is heard, on the clock of the frames that are read.
        notes: what is wrong with it, in words.
    """

    store: SampleStore
    rate: int
    layout: str
    start: Fraction
    notes: tuple[str, ...] = ()


def read_soundtrack(film) -> Soundtrack | None:
    """Read the first sound track of an open film, cut as the film is cut.

    Args:
        film: a `FilmReader`.

    Returns:
        The sound; None if there is none that can be decoded.
    """
    from deepdream_av.media.audio import open_audio

    if not film.sounds:
        return None
    try:
        begin = _first_heard(film.path)
        if begin is None:
            return None
        # the frames were moved by `origin`, the sound moves by the same
        begin -= film.origin
        skip = max(Fraction(0), -begin) if film.start else Fraction(0)
        begin += skip
        length = max(Fraction(0), film.end - begin) if film.end is not None else None
        if film.end is not None and not length:
            return None
        with open_audio(film.path, start=float(skip), duration=float(length) if length else None) as reader:
            store = SampleStore(reader.channels)
            for block in reader.blocks():
                store.append(block)
            sound = Soundtrack(store, reader.rate, reader.layout, begin, tuple(reader.notes))
    except InputError:
        return None
    return sound if len(store) else None


def _first_heard(path) -> Fraction | None:
    """Time of the first sample that is decoded; a stream's own start may count what a codec throws away."""
    import av

    from deepdream_av.media.film_file import open_container

    with open_container(path) as container:
        stream = container.streams.audio[0]
        try:
            for packet in container.demux(stream):
                try:
                    frames = packet.decode()
                except av.FFmpegError:
                    continue
                if frames:
                    frame = frames[0]
                    return Fraction(frame.pts or 0) * Fraction(frame.time_base or stream.time_base)
        except av.FFmpegError:
            pass
    return None
