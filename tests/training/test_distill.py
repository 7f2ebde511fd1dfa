"""Distillation: what is folded computes the same, the teachers' gradient leads uphill, and a killed run goes on."""

import keras
import numpy as np
import pytest

from deepdream_av import load_backbone
from deepdream_av.backbones.dreamnet import build_dreamnet
from training import distill
from training.datasets.photos import crops, list_photos
from training.teachers import Shard, Teacher, label, spreads

SIZE = 64


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """A folder of pictures made by code, one of them broken."""
    import cv2

    folder = tmp_path_factory.mktemp("photos")
    rng = np.random.default_rng(0)
    for n in range(12):
        noise = cv2.GaussianBlur(rng.random((90, 110, 3)).astype(np.float32), (0, 0), 2 + n % 3)
        picture = 255 * (noise - noise.min()) / np.ptp(noise)
        cv2.imwrite(str(folder / f"{n:02d}.png"), picture.astype(np.uint8))
    (folder / "99.jpg").write_bytes(b"no picture")
    return folder


@pytest.fixture(scope="module")
def teacher_file(tmp_path_factory):
    """MobileNetV2 with drawn weights: what it teaches does not matter here."""
    keras.utils.set_random_seed(3)
    path = tmp_path_factory.mktemp("teacher") / "teacher.weights.h5"
    keras.applications.MobileNetV2(weights=None).save_weights(path)
    return path


@pytest.fixture(scope="module")
def teacher(teacher_file):
    return Teacher("mobilenet_v2", weights=str(teacher_file), size=SIZE)


def test_folded_weights_compute_the_same():
    keras.utils.set_random_seed(1)
    trained = build_dreamnet(batch_norm=True)
    rng = np.random.default_rng(0)
    for layer in trained.layers:
        if layer.name.endswith("_bn"):
            layer.set_weights([rng.uniform(0.5, 2, w.shape) * (1 if n in (0, 3) else 0.3)
                               for n, w in enumerate(layer.get_weights())])  # fmt: skip
    plain = build_dreamnet()
    for key, value in distill.folded(trained).items():
        layer, variable = key.split("/")
        next(v for v in plain.get_layer(layer).weights if v.name == variable).assign(value)
    picture = rng.random((1, 64, 96, 3)).astype(np.float32)
    for a, b in zip(trained(picture), plain(picture)):
        assert np.abs(a - b).max() < 1e-3 * np.abs(a).max()


def test_the_gradient_of_a_teacher_leads_uphill(teacher, photos):
    pictures = (
        crops(list_photos(photos, hold_out=0)[0][:12], 4, SIZE, np.random.default_rng(1)).astype(np.float32)
        / 255
    )

    def energies(x):
        maps = [m.numpy() for m in teacher.compiled(x)[: len(teacher.taps)]]
        return sum(np.log((m**2).mean((1, 2, 3)) + 1e-6) for m, t in zip(maps, teacher.taps) if t.stride < 32)

    direction = teacher.gradient(pictures).numpy()
    assert np.std(direction, (1, 2, 3)) == pytest.approx(1, rel=1e-3)
    assert (energies(pictures + 0.01 * direction) > energies(pictures)).all()


def test_labels_are_what_the_teacher_says(teacher, photos):
    pictures = crops(list_photos(photos)[0], 6, SIZE, np.random.default_rng(2))
    spread = spreads([teacher], pictures)
    shard = label([teacher], pictures, spread, gradients=True, batch=4)
    said = teacher.compiled(pictures[:2].astype(np.float32) / 255)
    for tap, unit, kept, value in zip(teacher.taps, spread, shard.maps, said):
        limit = np.minimum(value.numpy() / unit, 255 * Shard.STEP)
        assert np.abs(kept[:2] * Shard.STEP - limit).max() < 1.5 * Shard.STEP, tap
    assert shard.gradients.shape == pictures.shape and 20 < shard.gradients.std() < 28
    assert shard.logits.shape == (6, 1000)


def test_every_tap_lies_on_the_grid_of_the_student(teacher):
    assert {t.stride for t in teacher.taps} <= {8, 16, 32}


def test_photos_for_judging_are_never_learnt_from(photos):
    train, held_out = list_photos(photos, hold_out=4)
    assert len(train) + len(held_out) == 13 and not set(train) & set(held_out)
    with pytest.raises(ValueError, match="must hold photos"):
        list_photos(photos / "none")


def test_the_command_learns_goes_on_where_it_was_and_writes_a_network(tmp_path, photos, teacher_file, capsys):
    def run(steps, gradient_steps):
        distill.main([
            "--teacher", "mobilenet_v2", "--teacher-weights", f"mobilenet_v2={teacher_file}", "--photos", str(photos),
            "-o", str(tmp_path / "net.npz"), "--work", str(tmp_path / "work"), "--size", str(SIZE), "--batch", "4",
            "--shard", "8", "--first-shards", "1", "--photo-shards", "1", "--save-every", "1", "--shard-every", "2",
            "--steps", str(steps), "--gradient-steps", str(gradient_steps),
        ])  # fmt: skip
        return capsys.readouterr().out

    assert "resumed" not in run(2, 0)
    assert "resumed at step 2" in run(2, 2)
    assert sorted(p.name for p in (tmp_path / "work").glob("*_0*.npz")) == [
        "gradient_0000.npz",
        "maps_0000.npz",
    ]
    network = load_backbone("dreamnet", weights=tmp_path / "net.npz")
    assert np.isfinite(
        np.asarray(network.truncated(["stride16"])(np.ones((1, 64, 64, 3)) * 0.5)["stride16"], np.float32)
    ).all()
