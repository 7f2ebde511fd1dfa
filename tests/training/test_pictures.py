"""Labelled pictures: made by code, of a folder, of a catalogue; split once, streamed in a repeatable order."""

import numpy as np
import pytest

from deepdream_av.errors import InputError, UsageError
from training.datasets import synthesis
from training.datasets.holdout import evenly, held_out
from training.datasets.labelled import Labelled
from training.datasets.pictures import load_pictures


def write(path, value, size=(40, 50)):
    import cv2

    path.parent.mkdir(parents=True, exist_ok=True)
    picture = np.full([*size, 3], value, np.uint8)
    picture[:, : size[1] // 2] = 255 - value
    cv2.imwrite(str(path), picture)


@pytest.fixture
def folder(tmp_path):
    for k, name in enumerate(("cats", "dogs", "eels")):
        for n in range(10):
            write(tmp_path / "zoo" / name / f"{n}.{('png', 'jpg', 'webp', 'bmp')[n % 4]}", 40 * k + n)
    return tmp_path / "zoo"


@pytest.mark.parametrize("name", synthesis.DATASETS)
def test_made_pictures_are_a_function_of_their_number(name, tmp_path):
    few = synthesis.pictures(name, 12, size=32, cache=tmp_path, workers=1).copy()
    more = synthesis.pictures(name, 36, size=32, cache=tmp_path, workers=2)  # goes on from what is there
    assert (more[:12] == few).all()
    assert (more[35] == synthesis.picture(name, 35, size=32)).all()
    other = synthesis.pictures(name, 12, size=32, cache=tmp_path, split="validation", workers=1)
    assert not (other == few).all((1, 2, 3)).any()  # nothing is in both splits


def test_what_a_kill_cut_off_is_made_again(tmp_path):
    whole = synthesis.pictures("organic", 5, size=32, cache=tmp_path, workers=1).copy()
    (file,) = tmp_path.glob("organic-*.u8")
    file.write_bytes(file.read_bytes()[: 3 * 32 * 32 * 3 + 100])
    assert (synthesis.pictures("organic", 5, size=32, cache=tmp_path, workers=1) == whole).all()


def test_every_dataset_has_eight_categories_and_balanced_labels(tmp_path):
    for name in synthesis.DATASETS:
        assert len(synthesis.categories(name)) >= 8
    data = load_pictures("ornaments", size=32, limit=20, cache=tmp_path)
    assert data.train_x.shape == (20, 32, 32, 3) and data.kind == "image"
    assert np.bincount(data.train_y).tolist() == [2] * 10 and len(data.validation_y) == 10


def test_a_folder_of_ones_own(folder, tmp_path):
    data = load_pictures(folder, size=32, cache=tmp_path / "cache")
    assert data.classes == ("cats", "dogs", "eels") and data.notes == ()
    assert len(data.train_y) == 24 and len(data.validation_y) == 6
    for x, y in ((data.train_x, data.train_y), (data.validation_x, data.validation_y)):
        # the left half is the complement of a grey that tells the class
        classes = ((255 - np.asarray(x)[:, 16, 4, 0].astype(int)) + 4) // 40
        assert (classes == y).all()
    again = load_pictures(folder, size=32, cache=tmp_path / "cache")
    assert (np.asarray(again.train_x) == np.asarray(data.train_x)).all()
    few = load_pictures(folder, size=32, limit=9, cache=tmp_path / "cache")
    assert np.bincount(few.train_y).max() - np.bincount(few.train_y).min() <= 1
    assert 8 <= len(few.train_y) <= 9


def test_broken_files_are_skipped_and_named(folder, tmp_path):
    (folder / "dogs" / "broken.png").write_bytes(b"\x89PNG no")
    (folder / "dogs" / "notes.txt").write_text("no picture")
    for _ in range(2):  # the second time from the cache
        data = load_pictures(folder, size=32, cache=tmp_path / "cache")
        assert len(data.train_y) + len(data.validation_y) == 30
        assert "broken.png" in data.notes[0] and "notes.txt" in data.notes[0]


def test_folders_that_are_no_dataset(folder, tmp_path):
    def refused(message, kind=InputError, **options):
        with pytest.raises(kind, match=message) as caught:
            load_pictures(folder, cache=tmp_path / "cache", **{"size": 32, **options})
        assert "\n" not in str(caught.value)

    (folder / "fish").mkdir()
    refused("none in .*fish")
    write(folder / "fish" / "one.png", 3)
    refused("1 that can be read in .*fish")
    refused("size", UsageError, size=3)
    with pytest.raises(InputError, match="two or more classes"):
        load_pictures(folder / "cats", size=32, cache=tmp_path)
    with pytest.raises(UsageError, match="limit"):
        load_pictures("organic", size=32, limit=5, cache=tmp_path)


def test_a_name_of_tensorflow_datasets(tmp_path, monkeypatch):
    tfds = pytest.importorskip("tensorflow_datasets", reason="TensorFlow Datasets is not installed")
    with pytest.raises(InputError, match="a name of TensorFlow Datasets. Received: 'no_such_set'"):
        load_pictures("no_such_set", size=32, cache=tmp_path)

    class Tiles(tfds.core.GeneratorBasedBuilder):  # registers itself as `tiles`
        VERSION = tfds.core.Version("1.0.0")

        def _info(self):
            features = {"image": tfds.features.Image(shape=(None, None, 3)),
                        "label": tfds.features.ClassLabel(names=["dark", "light"])}  # fmt: skip
            return self.dataset_info_from_configs(features=tfds.features.FeaturesDict(features))

        def _split_generators(self, dl_manager):
            return {"train": self._generate_examples(8), "test": self._generate_examples(2)}

        def _generate_examples(self, count):
            for k in range(count):
                yield k, {"image": np.full([20, 30, 3], 200 * (k % 2), np.uint8), "label": k % 2}

    build = tfds.builder
    monkeypatch.setattr(tfds, "builder", lambda name: build(name, data_dir=tmp_path / "tfds"))
    for _ in range(2):  # the second time from the cache
        data = load_pictures("tiles", size=32, cache=tmp_path / "cache")
        assert data.classes == ("dark", "light")
        assert len(data.train_y) == 8 and len(data.validation_y) == 2
        assert ((np.asarray(data.train_x)[:, 5, 5, 0] > 100) == data.train_y).all()


def labelled(count=23):
    x = np.random.default_rng(0).integers(0, 256, (count, 4, 4, 3)).astype(np.uint8)
    y = (np.arange(count) % 3).astype(np.int32)
    return Labelled("toy", "image", ("a", "b", "c"), x, y, x[:5], y[:5])


def test_an_epoch_is_a_function_of_its_number():
    data = labelled()

    def epoch(number, augment=None):
        return [(x.numpy(), y.numpy()) for x, y in data.batches(5, seed=3, epoch=number, augment=augment)]

    first, again, other = epoch(0), epoch(0), epoch(1)
    assert len(first) == 4  # whole batches only
    assert all((a == b).all() for pair in zip(first, again) for a, b in zip(*pair))
    assert not all((a[0] == b[0]).all() for a, b in zip(first, other))
    seen = np.concatenate([x for x, _ in first])
    assert len(np.unique(seen.reshape(len(seen), -1), axis=0)) == 20  # nothing twice
    noisy = epoch(2, lambda x, y, rng: (x + rng.normal(size=x.shape), y))
    assert (noisy[1][0] == epoch(2, lambda x, y, rng: (x + rng.normal(size=x.shape), y))[1][0]).all()


def test_the_judged_come_whole_and_in_order():
    data = labelled()
    x = np.concatenate([x.numpy() for x, _ in data.judged(2)])
    assert np.allclose(x * 255, data.validation_x)


def test_examples_are_chosen_and_held_out_evenly():
    labels = np.array([0] * 100 + [1] * 10 + [2] * 5)
    chosen = evenly(labels, 15, seed=0)
    assert np.bincount(labels[chosen]).tolist() == [5, 5, 5]
    data = held_out("x", ("a", "b", "c"), np.zeros([115, 1, 1, 3], np.uint8), labels, np.arange(115), 0, ())
    assert np.bincount(data.validation_y).tolist() == [20, 2, 1]
    assert np.bincount(data.train_y).tolist() == [80, 8, 4]
