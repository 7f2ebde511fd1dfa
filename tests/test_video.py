"""A dreamt film is the source's film: every frame at its time, its sound in its place, and really dreamt."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from deepdream_av import video
from deepdream_av.errors import InputError, OutputError
from deepdream_av.media.film_sound import read_soundtrack
from deepdream_av.media.video import FilmWriter, SoundFormat, open_film
from deepdream_av.recipe import Recipe

SIZE = (96, 64)


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> str:
    """dreamnet with drawn weights: what is dreamt does not matter here."""
    import keras

    from deepdream_av.backbones.dreamnet import build_dreamnet
    from deepdream_av.backbones.embedded import save_weights

    keras.utils.set_random_seed(1)
    model = build_dreamnet()
    path = tmp_path_factory.mktemp("weights") / "dreamnet.npz"
    save_weights({f"{x.name}/{v.name}": v.numpy() for x in model.layers for v in x.weights}, path)
    return str(path)


@pytest.fixture
def recipe(weights) -> Recipe:
    return Recipe(weights=weights, sound="off", octaves=2, steps=3, frame_steps=1)


def scenery(seed: int = 0, width: int = 160, height: int = 64) -> np.ndarray:
    import cv2

    noise = np.random.default_rng(seed).random((height, width, 3)).astype(np.float32)
    noise = cv2.GaussianBlur(noise, (0, 0), 2.5)
    return ((noise - noise.min()) / np.ptp(noise) * 200 + 25).astype(np.uint8)


def make_film(
    path,
    *,
    frames=8,
    pts=None,
    size=SIZE,
    sound=None,
    seconds=None,
    speed=2,
    time_base=Fraction(1, 24),
    gain=0.1,
    **options,
):
    wide = scenery(width=size[0] + 64, height=size[1])
    pts = pts or list(range(frames))
    with FilmWriter(path, size=size, time_base=time_base, fps=24, sound=sound, quality=10, **options) as film:
        for n, p in enumerate(pts):
            film.write(wide[:, speed * n : speed * n + size[0]], p, 1)
        if sound:
            seconds = seconds or float((pts[-1] + 1) * time_base)
            t = np.arange(round(seconds * sound.rate)) / sound.rate
            beat = np.exp(-((t * 4) % 1) * 6) * np.sin(2 * np.pi * (300 + 500 * t) * t)
            film.write_sound(np.tile(gain * beat[:, None], (1, sound.channels)).astype(np.float32))
    return path


def times(path) -> list[Fraction]:
    return [f.pts * f.time_base for f in open_film(path)]


def test_variable_rate_and_late_start_are_kept(tmp_path, recipe):
    source = make_film(
        tmp_path / "in.mp4", pts=[9001, 12_004, 13_000, 19_000, 19_090, 30_000], time_base=Fraction(1, 90_000)
    )
    result = video.dream_video(source, tmp_path / "out.mp4", recipe=recipe)
    assert times(result.path) == times(source)
    assert result.report["frames"] == 6 and not result.interrupted


@pytest.mark.parametrize("size", [(97, 63), (33, 21), (16, 16)])
def test_odd_and_tiny_sizes(tmp_path, recipe, size):
    source = make_film(tmp_path / "in.webm", frames=3, size=size, time_base=Fraction(40, 1000))
    result = video.dream_video(source, tmp_path / "out.webm", recipe=recipe)
    assert open_film(result.path).size == size and times(result.path) == times(source)
    padded = video.dream_video(source, tmp_path / "out.mp4", recipe=recipe)
    assert open_film(padded.path).size == (size[0] + size[0] % 2, size[1] + size[1] % 2)


def test_frames_are_dreamt_and_the_recipe_is_inside(tmp_path, recipe):
    from deepdream_av.ascent.frames import FrameDreamer
    from deepdream_av.media.metadata import read_note

    source = make_film(tmp_path / "in.mp4")
    result = video.dream_video(source, tmp_path / "out.mp4", recipe=recipe)
    looks = FrameDreamer(recipe)
    for a, b in zip(open_film(source), open_film(result.path)):
        before, after = (looks.activations(f.array.astype(np.float32) / 255) for f in (a, b))
        assert (after > 1.3 * before).all()
    note = read_note(result.path)
    assert note.recipe == recipe and note.source == "in.mp4" and note.kind == "video"


def test_strength_zero_leaves_the_film(tmp_path, recipe):
    source = make_film(tmp_path / "in.mp4", frames=3)
    result = video.dream_video(source, tmp_path / "out.mp4", recipe=recipe.replace(strength=0.0))
    for a, b in zip(open_film(source), open_film(result.path)):
        assert np.abs(a.array.astype(int) - b.array).mean() < 3.5  # two encoders


def test_same_recipe_same_pixels(tmp_path, recipe):
    source = make_film(tmp_path / "in.mp4", frames=4)
    a, b = (video.dream_video(source, tmp_path / f"{n}.mp4", recipe=recipe).path for n in "ab")
    assert all(np.array_equal(x.array, y.array) for x, y in zip(open_film(a), open_film(b)))


def test_a_still_film_stays_still(tmp_path, recipe):
    source = make_film(tmp_path / "in.mp4", frames=10, speed=0, sound=SoundFormat(22050, 1, "mono"))
    result = video.dream_video(source, tmp_path / "out.mp4", recipe=recipe)
    frames = [f.array.astype(np.float32) for f in open_film(result.path)]
    steps = [np.sqrt(((a - b) ** 2).mean()) for a, b in zip(frames[1:], frames)]
    assert max(steps) < 1.5  # grey levels, encoder included
    assert np.abs(frames[-1] - next(iter(open_film(source))).array).mean() > 4


def test_a_cut_begins_a_new_shot(tmp_path, recipe):
    path = tmp_path / "in.mp4"
    # two places with colours of their own
    with FilmWriter(path, size=SIZE, time_base=Fraction(1, 24), quality=10) as film:
        for n in range(12):
            picture = scenery(n // 6, width=96).astype(int) // 2 + ([90, 0, 0] if n < 6 else [0, 20, 120])
            film.write(picture.astype(np.uint8), n, 1)
    assert video.dream_video(path, tmp_path / "out.mp4", recipe=recipe).report["shots"] == 2


@pytest.mark.parametrize("start", [Fraction(0), Fraction(1, 5)])
@pytest.mark.parametrize("suffix, rate", [(".mp4", 44100), (".webm", 48000)])
def test_sound_keeps_its_place(tmp_path, recipe, suffix, rate, start):
    sound = SoundFormat(rate, 2, "stereo", start)
    source = make_film(tmp_path / f"in{suffix}", frames=24, sound=sound)
    result = video.dream_video(source, tmp_path / "out.mp4", recipe=recipe)
    a, b = (read_soundtrack(open_film(p)) for p in (source, result.path))
    assert abs(a.start - b.start) <= Fraction(1, 1000) and b.rate == a.rate
    assert abs(a.start - start) <= Fraction(1, 1000)
    assert abs(len(a.store) - len(b.store)) <= a.rate / 1000
    x, y = (t.store.read(8000, 30_000)[:, 0] for t in (a, b))
    scores = [float(x[2000:12_000] @ y[2000 + k : 12_000 + k]) for k in range(-1500, 1500)]
    assert abs(int(np.argmax(scores)) - 1500) <= 44


def test_the_dreamt_sound_is_what_is_written(tmp_path, recipe, monkeypatch):
    import deepdream_av.ascent.long_sound as long_sound

    class Inverting:
        """Stands for the dream: turns the sound upside down."""

        def __init__(self, source, rate, **_):
            self.source, self.interrupted, self.report = source, False, {"notes": []}

        def run(self, progress=None):
            progress(1, 1)

        def blocks(self):
            return (-block for block in self.source.blocks(1000))

        def __exit__(self, *_):
            pass

    monkeypatch.setattr(long_sound, "LongSound", Inverting)
    source = make_film(tmp_path / "in.mp4", frames=12, sound=SoundFormat(44100, 1, "mono"))
    result = video.dream_video(source, tmp_path / "out.mp4", recipe=recipe.replace(sound="wave"))
    x, y = (read_soundtrack(open_film(p)).store.read(0, 20_000)[:, 0] for p in (source, result.path))
    assert np.corrcoef(x, y)[0, 1] < -0.9


def test_start_and_duration_cut_both_alike(tmp_path, recipe):
    source = make_film(tmp_path / "in.mp4", frames=36, sound=SoundFormat(48000, 1, "mono"))
    result = video.dream_video(source, tmp_path / "out.mp4", recipe=recipe.replace(start=0.5, duration=0.5))
    assert times(result.path) == [Fraction(n, 24) for n in range(12)]
    sound = read_soundtrack(open_film(result.path))
    assert sound.start == 0 and len(sound.store) == 24_000
    whole = read_soundtrack(open_film(source)).store.read(24_000, 48_000)[:, 0]
    assert np.corrcoef(whole, sound.store.read(0, 24_000)[:, 0])[0, 1] > 0.95


@pytest.mark.parametrize("kind, words", [("none", "no sound"), ("silent", "silent")])
def test_missing_and_silent_sound_are_said(tmp_path, recipe, kind, words):
    sound = SoundFormat(44100, 2, "stereo") if kind == "silent" else None
    source = make_film(tmp_path / "in.mp4", frames=3, sound=sound, gain=0.0)
    said = []
    video.dream_video(source, tmp_path / "out.mp4", recipe=recipe, say=said.append)
    assert any(words in text for text in said)
    assert open_film(tmp_path / "out.mp4").sounds == (1 if kind == "silent" else 0)


def test_one_frame(tmp_path, recipe):
    source = make_film(tmp_path / "in.mp4", frames=1)
    assert len(times(video.dream_video(source, tmp_path / "out.mp4", recipe=recipe).path)) == 1


def test_truncated_film_is_dreamt_as_far_as_it_goes(tmp_path, recipe):
    whole = make_film(tmp_path / "whole.mp4", frames=40)
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(whole.read_bytes()[: int(whole.stat().st_size * 0.85)])
    said = []
    result = video.dream_video(broken, tmp_path / "out.mp4", recipe=recipe, say=said.append)
    assert 0 < result.report["frames"] < 40
    assert result.report["missing"] == 40 - result.report["frames"]
    assert any(f"{result.report['missing']} are missing" in text for text in said)
    assert times(result.path) == times(broken)


def test_what_is_no_film_leaves_nothing_behind(tmp_path, recipe):
    bad = tmp_path / "bad.mp4"
    bad.write_bytes(b"no film" * 99)
    with pytest.raises(InputError):
        video.dream_video(bad, tmp_path / "out.mp4", recipe=recipe)
    source = make_film(tmp_path / "in.mp4", frames=2)
    with pytest.raises(OutputError):
        video.dream_video(source, source, recipe=recipe, force=True)
    with pytest.raises(OutputError):
        video.dream_video(source, bad, recipe=recipe)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bad.mp4", "in.mp4"]


def test_ctrl_c_keeps_what_is_done(tmp_path, recipe):
    source = make_film(tmp_path / "in.mp4", frames=30, sound=SoundFormat(44100, 2, "stereo"))

    seen = []

    def stop(done, total):
        assert total == 30
        if len(seen) == 7:  # dreamt, not only looked at
            raise KeyboardInterrupt

    told = dict(progress=stop, preview=lambda draw, shot: seen.append(shot))
    result = video.dream_video(source, tmp_path / "out.mp4", recipe=recipe, **told)
    assert result.interrupted and result.report["frames"] == 7
    assert times(result.path) == times(source)[:7]
    sound = read_soundtrack(open_film(result.path))
    assert len(sound.store) / 44100 == pytest.approx(7 / 24, abs=0.03)


def test_command_line_and_exit_codes(tmp_path, weights, capsys):
    source = make_film(tmp_path / "in.mp4", frames=2)
    flags = ["--weights", weights, "--sound", "off", "-q"]
    assert video.main([str(source), "-o", str(tmp_path / "out.mp4"), *flags]) == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "out.mp4")
    assert video.main([str(source), "-o", str(tmp_path / "out.mp4"), *flags]) == 1  # exists
    assert video.main([str(tmp_path / "none.mp4"), "-o", str(tmp_path / "b.mp4"), *flags]) == 1
    assert video.main([str(source), "-o", str(tmp_path / "b.mp4"), *flags, "--layer", "strid8"]) == 2
    assert "Did you mean 'stride8'" in capsys.readouterr().err


def test_what_a_film_has_beside_is_in_the_dream(tmp_path, recipe):
    import av

    source, output = tmp_path / "in.mkv", tmp_path / "out.mkv"
    with av.open(str(source), "w") as container:
        container.metadata["title"] = "Clouds"
        stream = container.add_stream("ffv1", rate=24)
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv444p"
        text = container.add_mux_stream("subrip")
        for n in range(4):
            frame = av.VideoFrame.from_ndarray(scenery(n, width=96), format="rgb24").reformat(format="yuv444p")
            frame.pts = n
            container.mux(stream.encode(frame))
        packet = av.Packet(b"It begins.")
        packet.pts = packet.dts = 40
        packet.duration, packet.time_base, packet.stream = 80, Fraction(1, 1000), text
        container.mux(packet)
        container.mux(stream.encode(None))
    video.dream_video(source, output, recipe=recipe, lossless=True)
    with av.open(str(output)) as container:
        lines = [(bytes(p), p.pts) for p in container.demux(container.streams.subtitles[0]) if p.size]
        assert lines == [(b"It begins.", 40)] and container.metadata["title"] == "Clouds"
        assert container.streams.video[0].codec_context.codec.name == "ffv1"
