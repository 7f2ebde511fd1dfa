"""Recordings become labelled pieces; none is both learnt from and judged by; what cannot be used is named."""

import numpy as np
import pytest
from scipy.io import wavfile

from deepdream_av.errors import InputError, UsageError
from deepdream_av.media.audio import Sound, write_audio
from deepdream_av.spectral import MelGrid
from training.datasets import crops, music
from training.datasets.recordings import LEVEL, augmentation, load_recordings, mono, replayed

RATE = 22050


def tone(hz, *, seconds=1.0, rate=RATE, level=0.3):
    return (level * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def write(path, samples, rate=RATE):
    path.parent.mkdir(parents=True, exist_ok=True)
    wavfile.write(path, rate, samples)


def band(hz):
    return int(np.argmin(np.abs(MelGrid(RATE).band_hz - hz)))


def loudest(x):
    """The loudest band of each piece, `[n]`."""
    return np.asarray(x, np.float32).max(1).argmax(1)


@pytest.fixture
def tones(tmp_path):
    """Two classes of ten recordings; each has a pitch of its own, at least two bands from the next."""
    for k in range(10):
        write(tmp_path / "tones" / "low" / f"{k}.wav", tone(300 + 100 * k, seconds=0.5 + k))
        write(tmp_path / "tones" / "high" / f"{k}.wav", tone(3000 + 500 * k, seconds=4))
    return tmp_path / "tones"


def test_a_recording_is_never_both_learnt_from_and_judged_by(tones, tmp_path):
    data = load_recordings(tones, cache=tmp_path / "cache")
    assert data.kind == "sound" and data.classes == ("high", "low") and data.notes == ()
    assert data.train_x.dtype == np.float16 and data.train_x.shape[1:] == (crops.FRAMES, 128)
    learnt, judged = loudest(data.train_x), loudest(data.validation_x)
    for y, first, step in ((1, 300, 100), (0, 3000, 500)):
        pitches = [band(first + step * k) for k in range(10)]
        nearest = [
            {min(range(10), key=lambda k: abs(pitches[k] - b)) for b in part[labels == y]}
            for part, labels in ((learnt, data.train_y), (judged, data.validation_y))
        ]
        assert len(nearest[0]) == 8 and len(nearest[1]) == 2 and not nearest[0] & nearest[1]
    assert (data.train_y == 1).sum() > 16  # a long recording gives several pieces


def test_the_split_follows_the_seed_and_the_cache_changes_nothing(tones, tmp_path):
    first, cached, other = (load_recordings(tones, seed=s, cache=tmp_path / "cache") for s in (1, 1, 2))
    fresh = load_recordings(tones, seed=1, cache=tmp_path / "another")
    assert np.array_equal(first.train_x, cached.train_x) and np.array_equal(first.train_x, fresh.train_x)
    assert set(loudest(first.validation_x)) != set(loudest(other.validation_x))


def test_a_limit_takes_of_every_class_as_many(tones, tmp_path):
    data = load_recordings(tones, limit=8, cache=tmp_path / "cache")
    assert np.bincount(data.train_y).tolist() == [4, 4]
    assert set(data.validation_y) == {0, 1}


def test_rate_channels_and_level_of_a_file_do_not_matter(tmp_path):
    write(tmp_path / "a.wav", tone(1000, seconds=3))
    write_audio(
        tmp_path / "b.flac", Sound(np.stack([tone(1000, seconds=3, rate=48000), np.zeros(144000)], 1), 48000)
    )
    plain, mixed = mono(tmp_path / "a.wav"), mono(tmp_path / "b.flac")
    assert abs(len(plain) - len(mixed)) <= 2
    within = slice(1000, 60_000)
    # The mean of a channel and of silence is half the channel.
    assert np.sqrt(np.mean(mixed[within] ** 2)) == pytest.approx(
        np.sqrt(np.mean(plain[within] ** 2)) / 2, rel=0.01
    )
    for name in ("x", "y"):
        for k in range(2):
            write(tmp_path / "f" / name / f"{k}.wav", tone(1000, seconds=3, level=0.3 / 100**k))
    data = load_recordings(tmp_path / "f", cache=tmp_path / "cache")
    levels = np.concatenate([data.train_x, data.validation_x]).astype(np.float32)[:, 30:80, band(1000)]
    assert np.ptp(levels) < 0.05


def test_a_tone_reaches_the_ear_at_the_level_that_is_promised(tmp_path):
    for name in "xy":
        for k in range(2):
            write(tmp_path / "f" / name / f"{k}.wav", tone(1000, seconds=2.5))
    data = load_recordings(tmp_path / "f", cache=tmp_path / "cache")
    expected = crops.hear([tone(1000, seconds=crops.SAMPLES / RATE, level=LEVEL * np.sqrt(2))], {}).features
    np.testing.assert_allclose(
        data.train_x[0, 20:80, band(1000)].astype(float),
        expected[0, 20:80, band(1000)].astype(float),
        atol=0.01,
    )


def test_the_fifth_fold_of_esc_is_held_out(tmp_path):
    for number, name, first in ((1, "Dog", 300), (2, "Rain", 3000)):
        for fold in range(1, 6):
            for take in "AB":
                path = tmp_path / "esc" / f"00{number}_{name}" / f"{fold}-{100 + fold}-{take}.wav"
                write(path, tone(first * (1 + 0.2 * fold)))
    (tmp_path / "esc" / "001_Dog" / "README.txt").write_text("none of the sounds")
    data = load_recordings(tmp_path / "esc", cache=tmp_path / "cache", seed=3)
    assert data.classes == ("Dog", "Rain") and data.notes == ()
    for y, first in ((0, 300), (1, 3000)):
        held = loudest(data.validation_x)[data.validation_y == y]
        assert np.abs(held - band(2 * first)).max() <= 1
        assert np.abs(loudest(data.train_x)[data.train_y == y] - band(2 * first)).min() > 1


def test_files_of_no_use_are_skipped_and_named(tones, tmp_path):
    (tones / "low" / "broken.ogg").write_bytes(np.random.default_rng(0).bytes(4000))
    (tones / "low" / "nothing.wav").write_bytes(b"")
    write(tones / "high" / "still.wav", np.zeros(RATE, np.float32))
    write(tones / "high" / "click.wav", tone(500, seconds=0.01))
    notes = " / ".join(load_recordings(tones, cache=tmp_path / "cache").notes)
    assert "no sounds that can be read: low/broken.ogg, low/nothing.wav" in notes
    assert "silent: high/still.wav" in notes and "too short: high/click.wav" in notes


def test_what_cannot_be_learnt_from_is_told_in_one_line(tmp_path):
    def refused(spec, words, error=InputError, **options):
        with pytest.raises(error, match=words) as raised:
            load_recordings(spec, cache=tmp_path / "cache", **options)
        assert "\n" not in str(raised.value) and "Received" in str(raised.value)

    refused("musik", "must be music, or a folder.*'musik'")
    refused("music", "at least 16", UsageError, limit=15)
    refused("music", "at least 0", UsageError, limit=-1)
    folder = tmp_path / "f"
    folder.mkdir()
    refused(folder, "two or more classes.* with 0")
    write(folder / "a" / "1.wav", tone(400))
    refused(folder, "two or more classes.* with 1")
    (folder / "b").mkdir()
    refused(folder, "two or more recordings. Received: 1 of 'a'")
    write(folder / "a" / "2.wav", tone(500))
    refused(folder, "Received: 0 of 'b'")
    for k in range(2):
        (folder / "b" / f"{k}.txt").write_text("words, no sound")
    refused(folder, "Received: 0 that can be heard of 'b'")


def test_music_is_balanced_repeatable_and_never_the_same_in_both_parts(tmp_path):
    data, again = (load_recordings("music", limit=16, cache=tmp_path / name) for name in "ab")
    assert data.classes == tuple(music.INSTRUMENTS)
    assert (
        np.bincount(data.train_y).tolist() == [2] * 8 and np.bincount(data.validation_y).tolist() == [1] * 8
    )
    assert np.array_equal(data.train_x, again.train_x)
    everything = np.concatenate([data.train_x, data.validation_x]).reshape(24, -1)
    assert len(np.unique(everything, axis=0)) == 24


def test_augmented_batches_keep_their_shapes_and_the_mass_of_their_labels(tones, tmp_path):
    data = load_recordings(tones, cache=tmp_path / "cache")
    (x, y), *_ = data.batches(8, seed=0, epoch=0, augment=augmentation())
    (plain, _), *_ = data.batches(8, seed=0, epoch=0)
    assert x.shape == (8, crops.FRAMES, 128, 1) and np.isfinite(x).all()
    np.testing.assert_allclose(np.sum(y, 1), 1, atol=1e-6)
    assert np.abs(np.asarray(x) - plain).mean() > 0.05


@pytest.mark.parametrize("pitch", [0.75, 1.0, 1.5])
def test_replayed_higher_is_as_if_a_higher_tone_had_been_played(pitch):
    seconds = crops.SAMPLES / RATE
    low, high = crops.hear([tone(800, seconds=seconds), tone(800 * pitch, seconds=seconds)], {}).features
    moved = replayed(low.astype(np.float32), 1.0, pitch)
    assert abs(int(moved[50].argmax()) - int(high[50].argmax())) <= 1


@pytest.mark.parametrize("tempo", [0.8, 1.0, 1.25])
def test_replayed_faster_the_clicks_come_faster(tempo):
    x = np.zeros([108, 128], np.float32)
    x[4::10] = 1
    moved = replayed(x, tempo, 1.0)[:80, 60]
    swing = np.abs(np.fft.rfft((moved - moved.mean()) * np.hanning(80), 4000))
    assert np.argmax(swing[200:700]) + 200 == pytest.approx(400 * tempo, rel=0.03)
