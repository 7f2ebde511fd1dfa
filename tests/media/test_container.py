"""What a film has beside its pictures and first sound is in the film made from it, and so are its colours."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
import pytest

from deepdream_av.errors import OutputError
from deepdream_av.media.carried_streams import Carried
from deepdream_av.media.film_sound import read_soundtrack
from deepdream_av.media.tone_mapping import tone_mapped
from deepdream_av.media.video import FilmWriter, SoundFormat, open_film

RATE = 48000
LINES = [(0.4, 0.5, "Who goes there?"), (1.2, 0.6, "A friend,\nof sheep.")]
SUBTITLES = {"subrip": ".mkv", "mov_text": ".mp4", "webvtt": ".webm"}


def picture(n: int, width: int = 96, height: int = 64) -> np.ndarray:
    y, x = np.mgrid[0:height, 0:width] / 64.0
    channels = [np.sin(3 * x + 0.3 * n), np.cos(2 * y + x), np.sin(x + y - 0.2 * n)]
    return (np.dstack(channels) * 60 + 128).astype(np.uint8)


def passed(source, output, *, start=0.0, duration=0.0, stop=None, **options):
    """A film through reader and writer, as the dream of strength nothing that it would be."""
    film = open_film(source, start=start, duration=duration)
    track = read_soundtrack(film)
    sound = SoundFormat(track.rate, track.store.channels, track.layout, track.start) if track else None
    shape = dict(size=film.size, time_base=film.time_base, fps=film.fps, aspect=film.aspect)
    writer = FilmWriter(output, **shape, sound=sound, clear=film.clear, carried=Carried(film), **options)
    with writer:
        for frame in film:
            if stop is not None and frame.time >= stop:
                writer.stop = stop
                break
            writer.write(frame.array, frame.pts, frame.duration, alpha=frame.alpha)
        for block in track.store.blocks() if track else ():
            writer.write_sound(block)
    return writer


def tone(pitch: float, channels: int = 1, seconds: float = 2.0) -> np.ndarray:
    """A tone that begins at 0.5 s."""
    t = np.arange(round(seconds * RATE)) / RATE
    return np.tile(0.3 * np.sin(2 * np.pi * pitch * t) * (t > 0.5), (channels, 1)).astype(np.float32)


def make_rich(path, *, codecs=("aac", "aac"), subtitles="", begin=0):
    """Two seconds of film with two sound tracks (440 and 880 Hz), subtitles, chapters and tags."""
    with av.open(str(path), "w") as container:
        container.metadata.update(title="The sheep", artist="A. Shepherd", comment="shot in the rain")
        container.metadata.update(location="+48.1-011.5/", creation_time="2026-01-01T10:00:00Z")
        chapters = [("One", 0, 1000), ("Two", 1000, 2000)]
        container.set_chapters(
            [
                {"id": n, "start": a, "end": b, "time_base": Fraction(1, 1000), "metadata": {"title": name}}
                for n, (name, a, b) in enumerate(chapters)
            ]
        )
        stream = container.add_stream("libvpx-vp9" if path.suffix == ".webm" else "libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        sounds = [container.add_stream(codec, rate=RATE) for codec in codecs]
        for sound, language in zip(sounds, ("eng", "deu")):
            sound.layout, sound.metadata["language"] = "stereo", language
        text = container.add_mux_stream(subtitles) if subtitles else None
        if text is not None:
            text.metadata["language"] = "fra"
        for n in range(50):
            frame = av.VideoFrame.from_ndarray(picture(n), format="rgb24").reformat(format="yuv420p")
            frame.pts, frame.time_base = n, Fraction(1, 25)
            container.mux(stream.encode(frame))
        for sound, pitch in zip(sounds, (440, 880)):
            frame = av.AudioFrame.from_ndarray(tone(pitch, 2), format="fltp", layout="stereo")
            frame.rate, frame.pts, frame.time_base = RATE, 0, Fraction(1, RATE)
            resampler = av.AudioResampler(format=sound.codec_context.format, layout="stereo", rate=RATE)
            for part in resampler.resample(frame):
                container.mux(sound.encode(part))
        for at, seconds, words in LINES if text is not None else ():
            data = words.encode()
            packet = av.Packet(len(data).to_bytes(2, "big") + data if subtitles == "mov_text" else data)
            packet.time_base, packet.pts, packet.dts = Fraction(1, 1000), round(1000 * at), round(1000 * at)
            packet.duration, packet.stream = round(1000 * seconds), text
            container.mux(packet)
        for each in (stream, *sounds):
            container.mux(each.encode(None))
    return path


def lines_of(path) -> list[tuple[float, float, str]]:
    with av.open(str(path)) as container:
        found = []
        for packet in container.demux(container.streams.subtitles[0]):
            data = bytes(packet)
            if packet.stream.codec_context.codec.name == "mov_text":
                data = data[2 : 2 + int.from_bytes(data[:2], "big")]
            if data.strip():
                base = packet.time_base
                found.append((float(packet.pts * base), float(packet.duration * base), data.decode()))
    return found


def track_of(path, number: int) -> tuple[np.ndarray, float]:
    """First channel of a sound track, and when its first sample is heard."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[number]
        flat = av.AudioResampler(format="flt", layout="mono", rate=RATE)
        frames = list(container.decode(stream))
        samples = [part.to_ndarray()[0] for frame in frames for part in flat.resample(frame)]
        return np.concatenate(samples), float(frames[0].pts * frames[0].time_base)


def onset(path, number: int) -> float:
    samples, first = track_of(path, number)
    return first + float(np.argmax(np.abs(samples) > 0.1)) / RATE


def pitch(path, number: int) -> float:
    samples = track_of(path, number)[0][-RATE:]
    return float(np.argmax(np.abs(np.fft.rfft(samples))) * RATE / len(samples))


CASES = [
    (".mkv", "subrip", ("flac", "aac")),
    (".mp4", "mov_text", ("aac", "aac")),
    (".webm", "webvtt", ("libopus", "libopus")),
]


@pytest.mark.parametrize("suffix, subtitles, codecs", CASES, ids=["from mkv", "from mp4", "from webm"])
@pytest.mark.parametrize("to", [".mp4", ".mov", ".mkv", ".webm"])
def test_tracks_subtitles_chapters_and_tags_go_along(tmp_path, suffix, subtitles, codecs, to):
    source = make_rich(tmp_path / f"in{suffix}", subtitles=subtitles, codecs=codecs)
    output = tmp_path / f"out{to}"
    assert passed(source, output, comment="the recipe").notes == ()
    with av.open(str(source)) as a, av.open(str(output)) as b:
        assert [s.language for s in a.streams.audio] == ["eng", "deu"]
        # QuickTime has its own name for German
        assert [s.language for s in b.streams.audio] == ["eng", "ger" if to == ".mov" else "deu"]
        assert [s.language for s in b.streams.subtitles] == ["fra"]
        titles = [(c["metadata"]["title"], float(c["start"] * c["time_base"])) for c in b.chapters()]
        assert titles == [("One", 0.0), ("Two", 1.0)]
        tags = {key.lower(): value for key, value in b.metadata.items()}
        assert tags["title"] == "The sheep" and tags["artist"] == "A. Shepherd"
        assert not {"location", "location-eng", "creation_time"} & tags.keys()
        assert tags["comment"] == "the recipe" and tags["description"] == "shot in the rain"
    for (at, seconds, words), line in zip(LINES, lines_of(output), strict=True):
        assert line[2] == words and line[:2] == pytest.approx((at, seconds), abs=0.002)
    assert [pitch(output, n) for n in (0, 1)] == [440, 880]
    assert onset(output, 1) == pytest.approx(onset(source, 1), abs=0.002)
    assert onset(output, 0) == pytest.approx(0.5, abs=0.004)
    assert [f.pts * f.time_base for f in open_film(output)] == [f.pts * f.time_base for f in open_film(source)]


def test_sound_that_the_container_holds_is_passed_on_untouched(tmp_path):
    source, output = make_rich(tmp_path / "in.mp4"), tmp_path / "out.mp4"
    passed(source, output)

    def packets(path):
        with av.open(str(path)) as container:
            return [(p.pts, bytes(p)) for p in container.demux(container.streams.audio[1]) if p.size]

    assert packets(source) == packets(output)


def test_what_is_carried_is_cut_as_the_film_is(tmp_path):
    source = make_rich(tmp_path / "in.mkv", subtitles="subrip", codecs=("flac", "flac"))
    output = tmp_path / "out.mkv"
    passed(source, output, start=0.8, duration=0.8)
    assert lines_of(output) == [
        (0.0, pytest.approx(0.1, abs=0.002), LINES[0][2]),
        (pytest.approx(0.4, abs=0.002), pytest.approx(0.4, abs=0.002), LINES[1][2]),
    ]
    with av.open(str(output)) as container:
        cut = [(float(c["start"] * c["time_base"]), float(c["end"] * c["time_base"])) for c in container.chapters()]
    assert np.allclose(cut, [(0.0, 0.2), (0.2, 0.8)], atol=0.002)
    samples, first = track_of(output, 1)
    assert first + len(samples) / RATE == pytest.approx(0.8, abs=0.1) and first < 0.1


def test_a_film_that_is_stopped_carries_no_more_than_it_shows(tmp_path):
    source = make_rich(tmp_path / "in.mkv", subtitles="subrip", codecs=("flac", "flac"))
    passed(source, tmp_path / "out.mkv", stop=1.0)
    assert [line[2] for line in lines_of(tmp_path / "out.mkv")] == [LINES[0][2]]
    assert len(track_of(tmp_path / "out.mkv", 1)[0]) / RATE == pytest.approx(1.0, abs=0.12)


def test_subtitles_that_are_pictures_are_told(tmp_path):
    path = tmp_path / "in.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        container.add_mux_stream("hdmv_pgs_subtitle")
        container.mux(stream.encode(av.VideoFrame.from_ndarray(picture(0), format="rgb24").reformat(format="yuv420p")))
        container.mux(stream.encode(None))
    assert any("Subtitles in" in note for note in passed(path, tmp_path / "out.mp4").notes)
    assert not passed(path, tmp_path / "out.mkv").notes


def test_lossless_films_keep_every_level(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (4, 33, 47, 3), np.uint8)
    sound = SoundFormat(44100, 2, "stereo")
    samples = np.random.default_rng(1).uniform(-0.5, 0.5, (44100, 2)).astype(np.float32)
    with FilmWriter(tmp_path / "a.mkv", size=(47, 33), time_base=Fraction(1, 25), sound=sound, lossless=True) as film:
        for n, frame in enumerate(noise):
            film.write(frame, 40 * n // 40, 1)
        film.write_sound(samples)
    back = open_film(tmp_path / "a.mkv")
    assert np.array_equal(np.stack([f.array for f in back]), noise)
    heard = read_soundtrack(back).store.read(0, 44100)
    assert np.abs(heard - samples).max() < 2.0**-22
    with pytest.raises(OutputError, match="lossless film is written as .mkv. Received: 'a.mp4'"):
        FilmWriter(tmp_path / "a.mp4", size=(47, 33), time_base=Fraction(1, 25), lossless=True)


def raw_film(path, frames, *, codec="ffv1", pix_fmt, tags=(), rate=25):
    """A film of frames that are given as they are coded."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate)
        stream.height, stream.width, stream.pix_fmt = frames[0].height, frames[0].width, pix_fmt
        for name, value in dict(tags).items():
            setattr(stream.codec_context, name, value)
        for n, frame in enumerate(frames):
            frame.pts = n
            for name, value in dict(tags).items():
                setattr(frame, name, value)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def flat_yuv(y: int, u: int, v: int, *, pix_fmt: str, size=(64, 48)):
    """One colour, as it is coded; numbers of ten bits where the format has ten."""
    frame = av.VideoFrame(*size, pix_fmt)
    wide = "10" in pix_fmt
    for plane, value in zip(frame.planes, (y, u, v)):
        count = plane.line_size // (2 if wide else 1) * plane.height
        plane.update(np.full(count, value, np.uint16 if wide else np.uint8).tobytes())
    return frame


# 75 % red, green and blue as ITU-R BT.601 and BT.709 code them, in both ranges
CODED = {
    ("601", "limited"): [(65, 100, 212), (112, 72, 58), (35, 212, 114)],
    ("709", "limited"): [(51, 109, 212), (133, 63, 52), (28, 212, 120)],
    ("709", "full"): [(41, 106, 223), (137, 54, 41), (14, 223, 119)],
}
COLOURS = [(191, 0, 0), (0, 191, 0), (0, 0, 191)]


@pytest.mark.parametrize("deep", [False, True], ids=["8 bits", "10 bits"])
@pytest.mark.parametrize("matrix, span", CODED)
def test_matrix_range_and_depth_are_read_as_tagged(tmp_path, matrix, span, deep):
    form = "yuv444p10le" if deep else "yuv444p"
    tags = {"colorspace": {"601": 5, "709": 1}[matrix], "color_range": {"limited": 1, "full": 2}[span]}
    scale = 4 if deep else 1
    frames = [flat_yuv(*(scale * x for x in yuv), pix_fmt=form) for yuv in CODED[matrix, span]]
    film = open_film(raw_film(tmp_path / "in.mkv", frames, pix_fmt=form, tags=tags))
    for frame, colour in zip(film, COLOURS, strict=True):
        assert np.abs(frame.array.mean((0, 1)) - colour).max() < 4
    passed(tmp_path / "in.mkv", tmp_path / "out.mp4", quality=5)
    for frame, colour in zip(open_film(tmp_path / "out.mp4"), COLOURS, strict=True):
        assert np.abs(frame.array.mean((0, 1)) - colour).max() < 6


@pytest.mark.parametrize("suffix", [".mkv", ".mp4"])
def test_transparency_is_kept_or_shown_over_black_and_said(tmp_path, suffix):
    rgba = np.dstack([picture(0), np.tile(np.linspace(0, 255, 96).astype(np.uint8), (64, 1))])
    frame = av.VideoFrame.from_ndarray(rgba, format="rgba").reformat(format="bgra")
    source = raw_film(tmp_path / "in.mkv", [frame], pix_fmt="bgra")
    output = tmp_path / f"out{suffix}"
    writer = passed(source, output, quality=5) if suffix == ".mp4" else passed(source, output, lossless=True)
    back = next(iter(open_film(output)))
    if suffix == ".mkv":
        assert np.array_equal(np.dstack([back.array, back.alpha]), rgba) and not writer.notes
    else:
        assert np.abs(back.array - picture(0) * (rgba[..., 3:] / 255.0)).mean() < 3 and "over black" in writer.notes[0]


def test_gif_is_a_film(tmp_path):
    path = tmp_path / "in.gif"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("gif", rate=10)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "rgb8"
        for n in range(5):
            frame = av.VideoFrame.from_ndarray(picture(n), format="rgb24").reformat(format="rgb8")
            frame.pts = n
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    film = open_film(path)
    assert [f.time for f in film] == pytest.approx([0, 0.1, 0.2, 0.3, 0.4])
    passed(path, tmp_path / "out.mp4")
    back = open_film(tmp_path / "out.mp4")
    assert [f.time for f in back] == pytest.approx([0, 0.1, 0.2, 0.3, 0.4])
    assert np.abs(next(iter(back)).array.astype(int) - picture(0)).mean() < 16  # six levels a colour


def pq(nits: float) -> float:
    """SMPTE ST 2084, from its text."""
    m1, m2, c1, c2, c3 = 2610 / 16384, 2523 / 4096 * 128, 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
    y = (nits / 10_000) ** m1
    return ((c1 + c2 * y) / (1 + c3 * y)) ** m2


def hlg(light: float) -> float:
    """ARIB STD-B67, from its text: scene light from 0 to 1."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    return (3 * light) ** 0.5 if light <= 1 / 12 else a * np.log(12 * light - b) + c


@pytest.mark.parametrize("kind", ["PQ", "HLG"])
def test_high_dynamic_range_looks_like_daylight_and_rolls_off(kind):
    nits = np.array([0.0, 2.03, 20.3, 101.5, 203.0, 600.0, 1000.0])
    coded = [pq(n) if kind == "PQ" else hlg((n / 1000) ** (1 / 1.2)) for n in nits]
    ramp = np.tile(np.round(np.array(coded) * 65535).astype(np.uint16)[None, :, None], (1, 1, 3))
    grey = tone_mapped(ramp, kind)[0].astype(float)
    assert np.ptp(grey, axis=1).max() <= 1  # grey stays grey
    grey = grey.mean(1)
    # below three quarters of white, the light of an everyday display is that of the film
    assert np.abs(203 * (grey[:4] / 255) ** 2.4 - nits[:4]).max() < 0.03 * 101.5
    assert (np.diff(grey) > 0).all() and 235 < grey[4] < 252 and grey[6] > 252


def test_hdr_films_are_tone_mapped_and_said(tmp_path):
    def code(nits):  # ten bits, limited range
        return round(64 + 876 * pq(nits))

    frames = [flat_yuv(code(n), 512, 512, pix_fmt="yuv444p10le") for n in (20.3, 203.0, 900.0)]
    tags = {"colorspace": 9, "color_primaries": 9, "color_trc": 16, "color_range": 1}
    film = open_film(raw_film(tmp_path / "in.mkv", frames, pix_fmt="yuv444p10le", tags=tags))
    assert len(film.notes) == 1 and "HDR (PQ)" in film.notes[0] and "tone-mapped" in film.notes[0]
    levels = [f.array.mean() for f in film]
    assert 203 * (levels[0] / 255) ** 2.4 == pytest.approx(20.3, rel=0.06)
    assert 235 < levels[1] < 252 < levels[2]


@pytest.mark.parametrize("codec, form", [("png", "rgb24"), ("mjpeg", "yuvj420p")])
def test_a_cover_picture_goes_along_or_is_told(tmp_path, codec, form):
    path, cover = tmp_path / "in.mp4", av.VideoFrame.from_ndarray(picture(9), format="rgb24").reformat(format=form)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        front = container.add_stream(codec, rate=25)
        front.width, front.height, front.pix_fmt = 96, 64, form
        front.disposition = av.stream.Disposition.attached_pic
        frame = av.VideoFrame.from_ndarray(picture(0), format="rgb24").reformat(format="yuv420p")
        for each, shown in ((stream, frame), (front, cover)):
            shown.pts = 0
            container.mux(each.encode(shown))
            container.mux(each.encode(None))
    assert passed(path, tmp_path / "out.mkv").notes == ()
    with av.open(str(path)) as a, av.open(str(tmp_path / "out.mkv")) as b:
        kept = [[bytes(p) for p in c.demux(c.streams.video[1]) if p.size] for c in (a, b)]
        assert len(kept[0]) == 1 and kept[0] == kept[1]
        assert b.streams.video[1].disposition & av.stream.Disposition.attached_pic
    assert len(list(open_film(tmp_path / "out.mkv"))) == 1  # and it is no picture of the film
    assert "cover picture is left out" in passed(path, tmp_path / "out.mp4").notes[0]
