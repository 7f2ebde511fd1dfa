"""The examples that the ear learns from are what their labels say."""

import numpy as np
import pytest
from scipy.io import wavfile

from deepdream_av.errors import InputError
from deepdream_av.spectral import mel
from training.datasets import crops, music, noises
from training.datasets.augment import augment, mask
from training.datasets.sounds import read_folder


def spectrum(sound):
    return np.abs(np.fft.rfft(sound * np.hanning(len(sound)))), np.fft.rfftfreq(len(sound), 1 / music.RATE)


@pytest.mark.parametrize("instrument", range(len(music.INSTRUMENTS)))
@pytest.mark.parametrize("root", [0, 9])
def test_every_note_of_the_chord_sounds_at_its_pitch(instrument, root):
    score = music.Score(instrument=instrument, root=root, chord=1, texture=0, octave=4)
    assert score.pitches[0] == pytest.approx(440 * 2 ** ((60 + root - 69) / 12))
    levels, hz = spectrum(music.play(score, np.random.default_rng(1)))
    between = np.sqrt(np.array(score.pitches[:-1]) * np.array(score.pitches[1:]))
    for pitch in score.pitches:
        near = levels[np.abs(hz - pitch) < 0.02 * pitch].max()
        beside = np.median(np.concatenate([levels[np.abs(hz - f) < 0.01 * f] for f in between]))
        assert near > 4 * beside


def test_pulses_come_as_fast_as_the_score_says():
    score = music.Score(instrument=2, root=0, chord=4, texture=2, notes_per_second=4.0)
    sound = music.play(score, np.random.default_rng(0), seconds=4)
    envelope = np.convolve(sound**2, np.ones(200) / 200, "same")[::50]
    swing = np.abs(np.fft.rfft((envelope - envelope.mean()) * np.hanning(len(envelope))))
    hz = np.fft.rfftfreq(len(envelope), 50 / music.RATE)
    assert hz[np.argmax(swing)] == pytest.approx(4.0, abs=0.3)


def test_music_is_a_function_of_seed_and_number_and_its_labels_are_balanced():
    first, again, other = (list(music.clips(seed, 3, seconds=0.5)) for seed in (1, 1, 2))
    for (x, s), (y, t) in zip(first, again, strict=True):
        assert s == t and np.array_equal(x, y)
    assert not np.array_equal(first[0][0], other[0][0])
    drawn = [music.draw_score(np.random.default_rng([0, k])) for k in range(1200)]
    for label, classes in (("root", 12), ("instrument", 8), ("chord", 5), ("texture", 4)):
        counts = np.bincount([getattr(s, label) for s in drawn], minlength=classes)
        assert counts.min() > 0.6 * 1200 / classes


def test_noises_are_finite_and_differ():
    drawn = [noises.draw_noise(np.random.default_rng(k), 9000) for k in range(12)]
    for sound in drawn:
        assert np.isfinite(sound).all() and 0 < np.abs(sound).max() <= 0.9 + 1e-6
    assert np.abs(np.corrcoef(drawn) - np.eye(12)).max() < 0.9


def test_cut_finds_the_sound_in_a_silent_clip():
    clip = np.zeros(3 * crops.SAMPLES, np.float32)
    clip[-4000:-1000] = 0.5
    found = [np.abs(crops.cut(clip, np.random.default_rng(k))).max() > 0 for k in range(20)]
    assert np.mean(found) > 0.8
    assert len(crops.cut(clip[:500], np.random.default_rng(0))) == crops.SAMPLES
    assert np.abs(crops.sounding_crops(clip)).max(1).min() > 0


def test_mixtures_have_soft_labels_that_sum_to_one(tmp_path):
    for name, hz in (("001_Low", 200), ("002_High", 4000)):
        (tmp_path / name).mkdir()
        for fold in "12":
            tone = np.sin(2 * np.pi * hz * np.arange(30_000) / 22050)
            wavfile.write(tmp_path / name / f"{fold}-a.wav", 22050, (tone * 9000).astype(np.int16))
    clips = read_folder(tmp_path, folds=True, cache=tmp_path / "cache")
    assert clips.classes == ("Low", "High") and clips.folds.tolist() == [1, 2, 1, 2]
    again = (
        read_folder(tmp_path, folds=True, cache=tmp_path / "cache")
        if (tmp_path / "cache").exists()
        else clips
    )
    np.testing.assert_array_equal(clips.samples[0], again.samples[0])
    made = crops.clip_crops(clips, "kind", seed=0, per_clip=6)
    np.testing.assert_allclose(made.targets["kind"].sum(1), 1, atol=1e-6)
    # In a mixture of a low and a high tone, the label follows which of the two is louder.
    grid = mel.MelGrid(22050)
    bands = made.features.astype(np.float32).max(1)
    louder = (
        bands[:, np.argmin(np.abs(grid.band_hz - 200))] > bands[:, np.argmin(np.abs(grid.band_hz - 4000))]
    )
    sure = np.abs(made.targets["kind"][:, 0] - 0.5) > 0.2
    assert np.mean(louder[sure] == (made.targets["kind"][sure, 0] > 0.5)) > 0.9


def test_a_wrong_folder_is_named(tmp_path):
    with pytest.raises(InputError, match="one sub-folder"):
        read_folder(tmp_path)
    (tmp_path / "Dog").mkdir()
    (tmp_path / "Dog" / "x.wav").write_bytes(b"")
    with pytest.raises(InputError, match="begin with their fold"):
        read_folder(tmp_path, folds=True)


def test_masks_hide_little_and_only_what_they_hide_changes():
    features = np.random.default_rng(0).standard_normal([4, 108, 128]).astype(np.float32)
    masked = mask(features, np.random.default_rng(1))
    hidden = masked != features
    assert 0 < hidden.mean() < 0.6
    assert {len(np.unique(masked[k][hidden[k]])) for k in range(4)} <= {0, 1}


def test_augmented_batches_are_finite_repeatable_and_keep_label_mass():
    features = np.random.default_rng(0).standard_normal([8, 108, 128]).astype(np.float16)
    targets = {"kind": np.eye(8, dtype=np.float32)}
    x, y = augment(features, targets, np.random.default_rng(3), shift_pitch=True, mix=1.0)
    x2, _ = augment(features, targets, np.random.default_rng(3), shift_pitch=True, mix=1.0)
    assert np.isfinite(x).all() and np.array_equal(x, x2)
    np.testing.assert_allclose(y["kind"].sum(1), 1, atol=1e-6)
    assert np.all(np.diag(y["kind"]) >= 0.5)
