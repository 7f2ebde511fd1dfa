"""Sound files: what goes in comes out, at its own rate, channels and length."""

import numpy as np
import pytest

from deepdream_av.errors import InputError, OutputError, UsageError
from deepdream_av.media.audio import (
    AudioWriter,
    Sound,
    check_format,
    checked_samples,
    open_audio,
    read_audio,
    write_audio,
)
from deepdream_av.media.sample_store import SampleStore


def tones(seconds, rate, channels, *, hz=300.0):
    """A different tone in each channel."""
    t = np.arange(round(seconds * rate)) / rate
    return np.stack([0.4 * np.sin(2 * np.pi * hz * (c + 1) * t) for c in range(channels)], 1).astype(
        np.float32
    )


@pytest.mark.parametrize(
    "rate, channels", [(8000, 1), (22050, 2), (44100, 2), (48000, 6), (96000, 8), (192000, 1)]
)
@pytest.mark.parametrize("suffix", [".wav", ".flac"])
def test_lossless_files_keep_every_sample_to_24_bits(tmp_path, suffix, rate, channels):
    samples = tones(0.2, rate, channels)
    write_audio(tmp_path / f"a{suffix}", Sound(samples, rate))
    back = read_audio(tmp_path / f"a{suffix}")
    assert (back.rate, back.samples.shape) == (rate, samples.shape)
    assert np.abs(back.samples - samples).max() < 2**-23


def test_floating_sources_stay_floating_beyond_full_scale(tmp_path):
    samples = 2 * tones(0.1, 44100, 1)
    write_audio(tmp_path / "a.wav", Sound(samples * 2, 44100, codec="pcm_f32le"))
    back = read_audio(tmp_path / "a.wav")
    np.testing.assert_array_equal(back.samples, samples * 2)
    assert "beyond full scale" in back.notes[0]


@pytest.mark.parametrize(
    "suffix, rate, channels",
    [
        (".mp3", 44100, 2),
        (".m4a", 48000, 2),
        (".ogg", 48000, 2),
        (".opus", 48000, 1),
        (".m4a", 44100, 1),
        (".m4a", 48000, 8),
    ],
)
def test_lossy_files_keep_length_and_place(tmp_path, suffix, rate, channels):
    samples = np.repeat(tones(1.013, rate, 1), channels, 1)
    write_audio(tmp_path / f"a{suffix}", Sound(samples, rate))
    back = read_audio(tmp_path / f"a{suffix}").samples
    assert back.shape == samples.shape
    middle = slice(rate // 4, -rate // 4)
    # a shift by one sample alone would be an error of 4 % or more at 300 Hz
    error = np.abs(back[middle, 0] - samples[middle, 0]).max()
    assert error < 0.02


def test_a_rate_that_the_format_lacks_is_resampled_and_said(tmp_path):
    with AudioWriter(tmp_path / "a.opus", rate=44100, channels=1) as writer:
        writer.write(tones(1.0, 44100, 1))
    assert "48000" in writer.notes[0]
    back = read_audio(tmp_path / "a.opus")
    assert back.rate == 48000
    assert abs(len(back.samples) - 48000) <= 2
    spectrum = np.abs(np.fft.rfft(back.samples[4800:43200, 0]))
    assert np.argmax(spectrum) == 300 * 38400 // 48000


def test_start_and_duration_cut_to_the_sample(tmp_path):
    rate = 8000
    samples = np.linspace(-1, 1, 40 * rate, dtype=np.float32)[:, None]
    write_audio(tmp_path / "a.flac", Sound(samples, rate))
    for start in (0.5, 33.3):  # decoded from the beginning, and sought
        part = read_audio(tmp_path / "a.flac", start=start, duration=1.25)
        first = round(start * rate)
        assert np.abs(part.samples - samples[first : first + 10000]).max() < 2**-22
        assert part.start == pytest.approx(start)


def test_blocks_join_to_the_whole(tmp_path):
    samples = tones(1.0, 22050, 2)
    write_audio(tmp_path / "a.wav", Sound(samples, 22050))
    with open_audio(tmp_path / "a.wav") as reader:
        assert reader.length == len(samples)
        blocks = list(reader.blocks(1000))
    assert {len(b) for b in blocks[:-1]} == {1000}
    np.testing.assert_array_equal(np.concatenate(blocks), read_audio(tmp_path / "a.wav").samples)


def test_what_is_not_a_number_becomes_silence_and_is_said(tmp_path):
    samples = tones(0.1, 8000, 1)
    samples[100], samples[200] = np.nan, np.inf
    write_audio(tmp_path / "a.wav", Sound(samples, 8000, codec="pcm_f32le"))
    back = read_audio(tmp_path / "a.wav")
    assert back.samples[100] == back.samples[200] == 0
    assert "2 samples were not numbers" in back.notes[0]


def test_a_file_cut_short_gives_what_it_holds_and_says_so(tmp_path):
    samples = tones(4.0, 44100, 2)
    write_audio(tmp_path / "a.mp3", Sound(samples, 44100))
    whole = (tmp_path / "a.mp3").read_bytes()
    (tmp_path / "b.mp3").write_bytes(whole[: len(whole) // 2])
    back = read_audio(tmp_path / "b.mp3")
    assert 1.5 < back.seconds < 2.5
    assert any("ends early" in note for note in back.notes)


def test_bad_files_are_said_in_one_line(tmp_path):
    empty = tmp_path / "empty.wav"
    empty.touch()
    text = tmp_path / "text.wav"
    text.write_text("no sound here\n" * 100)
    none = tmp_path / "none.wav"
    write_audio(none, Sound(np.zeros([0, 1], np.float32), 8000))
    loud = tmp_path / "loud.wav"
    write_audio(loud, Sound(np.full([100, 1], 20000, np.float32), 8000, codec="pcm_f32le"))
    for path, word in (
        (tmp_path / "gone.wav", "exist"),
        (empty, "empty"),
        (text, "decoded"),
        (none, "nothing"),
        (loud, "20000"),
        (tmp_path, "folder"),
    ):
        with pytest.raises(InputError, match=word) as error:
            read_audio(path)
        assert "\n" not in str(error.value)


def test_formats_that_cannot_hold_the_sound_are_said(tmp_path):
    with pytest.raises(OutputError, match="at most 2 channels"):
        write_audio(tmp_path / "a.mp3", Sound(tones(0.1, 48000, 6), 48000))
    with pytest.raises(OutputError, match="a.xyz"):
        write_audio(tmp_path / "a.xyz", Sound(tones(0.1, 48000, 1), 48000))
    with pytest.raises(OutputError, match="Cannot write"):
        write_audio(tmp_path / "missing" / "a.wav", Sound(tones(0.1, 48000, 1), 48000))


@pytest.mark.parametrize(
    "name, rate, channels, layout",
    [
        ("a.mp3", 48000, 6, "5.1"),
        ("a.xyz", 48000, 1, ""),
        ("a.flac", 48000, 9, ""),
        ("a.flac", 2_000_000, 1, ""),
        ("a.wav", 48000, 2, "no such layout"),
    ],
)
def test_a_format_can_be_checked_before_any_work(tmp_path, name, rate, channels, layout):
    with pytest.raises((OutputError, UsageError)) as early:
        check_format(tmp_path / name, rate, channels, layout)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(type(early.value)) as late:
        AudioWriter(tmp_path / name, rate=rate, channels=channels, layout=layout)
    assert str(early.value) == str(late.value)


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".mp3", ".ogg", ".opus", ".m4a"])
def test_what_can_be_written_passes_the_check(tmp_path, suffix):
    for rate in (8000, 22050, 44100, 96000):
        for channels in (1, 2) if suffix == ".mp3" else range(1, 9):
            check_format(tmp_path / f"a{suffix}", rate, channels)
            with AudioWriter(tmp_path / f"a{suffix}", rate=rate, channels=channels) as writer:
                writer.write(np.zeros([500, channels], np.float32))


def voices(channels, rate=48000):
    """Low tones of different pitch, one per channel, that even the bass channel lets pass."""
    t = np.arange(rate) / rate
    return np.stack([0.3 * np.sin(2 * np.pi * (30 + 8 * c) * t) for c in range(channels)], 1).astype(
        np.float32
    )


def heard(samples, rate=48000):
    """For each channel the number of the voice that is loudest in it."""
    bins = np.abs(np.fft.rfft(samples[:rate], axis=0))[30:100:8]
    return np.argmax(bins, axis=0).tolist()


@pytest.mark.parametrize(
    "layout",
    ["2.1", "3.0", "quad", "quad(side)", "5.0", "5.0(side)", "5.1", "5.1(side)", "6.1", "7.1", "7.1(wide)"],
)
@pytest.mark.parametrize("suffix", [".opus", ".m4a", ".flac"])
def test_every_channel_stays_where_it_is(tmp_path, suffix, layout):
    import av

    channels = av.AudioLayout(layout).nb_channels
    x = voices(channels)
    with AudioWriter(tmp_path / f"a{suffix}", rate=48000, channels=channels, layout=layout) as writer:
        writer.write(x)
    back = read_audio(tmp_path / f"a{suffix}").samples
    assert back.shape == x.shape
    assert heard(back) == list(range(channels))
    if suffix == ".opus":
        renamed = layout in ("2.1", "quad(side)", "5.0(side)", "5.1(side)", "7.1(wide)")
        assert bool(writer.notes) == renamed and (not renamed or layout in writer.notes[0])


def test_opus_keeps_the_middle_of_four_channels_in_front(tmp_path):
    x = np.zeros([48000, 4], np.float32)
    x[:, 2] = voices(3)[:, 2]  # 4.0 is left, right, middle, rear
    with AudioWriter(tmp_path / "a.opus", rate=48000, channels=4, layout="4.0") as writer:
        writer.write(x)
    power = np.square(read_audio(tmp_path / "a.opus").samples).sum(0)
    assert abs(power[:2].sum() / np.square(x).sum() - 1) < 0.1 and power[2:].sum() < 0.01 * power[:2].sum()
    assert "4.0" in writer.notes[0]


def test_a_full_temporary_folder_is_one_line(monkeypatch):
    import resource
    import tempfile

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with SampleStore(1, in_memory=1000) as store:
        store.append(np.zeros([500, 1], np.float32))
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))  # answers as a full disk does
            with pytest.raises(OutputError, match="full") as error:
                for _ in range(100):
                    store.append(np.zeros([1000, 1], np.float32))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert 20_000 < len(store) < 26_000
    text = str(error.value)
    assert "\n" not in text and "TMPDIR" in text and tempfile.gettempdir() in text
    monkeypatch.setattr(tempfile, "tempdir", "/no/such/folder")
    with SampleStore(1, in_memory=10) as store, pytest.raises(OutputError, match="TMPDIR"):
        store.append(np.zeros([500, 1], np.float32))


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".mp3", ".ogg", ".m4a"])
def test_the_comment_survives_every_format(tmp_path, suffix):
    import av

    comment = 'deepdream_av/1 {"recipe": {"seed": 7}, "text": "' + "x" * 2000 + '"}'
    write_audio(tmp_path / f"a{suffix}", Sound(tones(0.2, 48000, 1), 48000), comment=comment)
    with av.open(str(tmp_path / f"a{suffix}")) as file:
        found = file.metadata.get("comment") or file.streams.audio[0].metadata.get("comment")
    assert found == comment


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".mp3", ".ogg", ".opus", ".m4a"])
def test_names_go_along(tmp_path, suffix):
    tags = {"title": "Träumerei", "artist": "R. S.", "album": "Kinderszenen", "genre": "piano", "date": "1838"}
    for name, given in (("a", tags), ("b", None)):
        if given is None:
            with open_audio(tmp_path / f"a{suffix}") as reader:
                given = reader.tags
        with AudioWriter(
            tmp_path / f"{name}{suffix}", rate=48000, channels=1, tags=given, comment="a recipe"
        ) as writer:
            writer.write(tones(0.2, 48000, 1))
    with open_audio(tmp_path / f"b{suffix}") as reader:
        assert reader.tags == tags


def test_arrays_are_checked():
    samples, _ = checked_samples(np.array([0, 16384, -32768], np.int16), 8000)
    np.testing.assert_array_equal(samples[:, 0], [0, 0.5, -1])
    mended, notes = checked_samples(np.array([0.1, np.nan]), 8000)
    assert mended[1, 0] == 0
    assert notes
    for bad, rate in (
        (np.zeros([2, 3, 4]), 8000),
        (np.zeros(0), 8000),
        (np.array(["a"]), 8000),
        (np.zeros(9), 0.5),
        (np.full(9, 3e4), 8000),
    ):
        with pytest.raises(InputError):
            checked_samples(bad, rate)
