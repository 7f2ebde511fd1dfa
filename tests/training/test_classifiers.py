"""Networks of one's own, from examples to a file that dreams: stages, checkpoints, cards, classes, contrast."""

import json
import zipfile

import keras
import numpy as np
import pytest

from deepdream_av import Recipe, dream_image, load_backbone
from deepdream_av.backbones.card import Card, read_base, read_card, read_textures, save_network
from deepdream_av.errors import UsageError, WeightsError
from deepdream_av.objectives.style import moments
from training import cnn, retrain
from training.augmentation import augmentation
from training.charts import confusion
from training.datasets.labelled import Labelled
from training.fitting import Fitter, Plan, Stage
from training.statistics import statistics

CLASSES = ("stripes", "dots", "checks")


def motif(rng, kind, side=56):
    y, x = np.mgrid[:side, :side]
    angle, period = rng.uniform(0, np.pi), rng.uniform(7, 12)
    u = (x * np.cos(angle) + y * np.sin(angle)) * 2 * np.pi / period
    v = (y * np.cos(angle) - x * np.sin(angle)) * 2 * np.pi / period
    field = (np.sin(u), np.cos(u) + np.cos(v) - 0.6, np.sign(np.sin(u) * np.sin(v)))[kind]
    field = np.clip(field * 0.5 + 0.5, 0, 1)[..., None]
    return ((field * rng.uniform(0.5, 1, 3) + (1 - field) * rng.uniform(0, 0.5, 3)) * 255).astype(np.uint8)


def motifs(count, seed):
    rng = np.random.default_rng(seed)
    y = (np.arange(count) % 3).astype(np.int32)
    return np.stack([motif(rng, k) for k in y]), y


@pytest.fixture(scope="module")
def data():
    return Labelled("motifs", "image", CLASSES, *motifs(48, 0), *motifs(18, 1))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    import cv2

    top = tmp_path_factory.mktemp("motifs")
    for k, (picture, label) in enumerate(zip(*motifs(150, 2))):
        path = top / CLASSES[label] / f"{k}.png"
        path.parent.mkdir(exist_ok=True)
        cv2.imwrite(str(path), picture[..., ::-1])
    return top


def small():
    keras.utils.set_random_seed(3)
    x = picture = keras.Input((None, None, 3))
    x = keras.layers.Conv2D(6, 5, 2, activation="relu", name="low")(x)
    x = keras.layers.BatchNormalization(name="norm")(x)
    x = keras.layers.Conv2D(8, 3, 2, activation="relu", name="high")(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    return keras.Model(picture, keras.layers.Dense(3, name="logits")(x))


STAGES = (
    Stage("head", lambda x: x.name == "logits", 1, 1e-2),
    Stage("all", lambda x: x.name != "norm", 3, 1e-2),
)


def fitted(data, work, *, stop_after=None, **options):
    model = small()
    plan = Plan(STAGES, batch=16, augment=augmentation("own", 48), **options)
    fitter = Fitter(model, data, plan, work=work, quiet=True)
    if stop_after:
        keep = fitter.keep

        def stopping(entry):
            keep(entry)
            if len(fitter.history) == stop_after:
                raise KeyboardInterrupt

        fitter.keep = stopping
    return fitter


@pytest.mark.parametrize("stop_after", [1, 2, 3])
def test_a_run_that_was_stopped_ends_as_if_it_had_not_been(data, tmp_path, stop_after):
    whole = fitted(data, tmp_path / "whole")
    history = whole.run()
    assert [h["stage"] for h in history] == ["head", "all", "all", "all"]
    with pytest.raises(KeyboardInterrupt):
        fitted(data, tmp_path / "cut", stop_after=stop_after).run()
    again = fitted(data, tmp_path / "cut")
    assert again.run() == history
    for a, b in zip(whole.model.weights, again.model.weights):
        assert np.array_equal(a.numpy(), b.numpy()), a.path
    assert (tmp_path / "cut" / "log.csv").read_text().count("\n") == 5
    # and once more: nothing is left to do
    assert fitted(data, tmp_path / "cut", stop_after=1).run() == history


def test_a_stage_teaches_its_layers_only(data, tmp_path):
    fitter = fitted(data, tmp_path, stop_after=1)
    before = {v.path: v.numpy() for v in fitter.model.weights}
    with pytest.raises(KeyboardInterrupt):
        fitter.run()
    moved = {v.path for v in fitter.model.weights if not np.array_equal(v.numpy(), before[v.path])}
    assert moved == {"logits/kernel", "logits/bias"}
    again = fitted(data, tmp_path)
    again.run()
    moved = {v.path for v in again.model.weights if not np.array_equal(v.numpy(), before[v.path])}
    assert not any(path.startswith("norm/moving") for path in moved)  # statistics stay frozen
    assert {"low/kernel", "high/kernel"} <= moved


def test_checkpoints_of_another_command_are_left_alone(data, tmp_path):
    Fitter(small(), data, Plan(STAGES[:1]), work=tmp_path, command={"seed": 1}, quiet=True).run()
    with pytest.raises(UsageError, match="another command"):
        Fitter(small(), data, Plan(STAGES[:1]), work=tmp_path, command={"seed": 2}, quiet=True).run()


def test_patience_ends_a_stage(data, tmp_path):
    still = (Stage("still", lambda x: x.name == "logits", 9, 1e-12),)
    fitter = Fitter(small(), data, Plan(still, patience=2), work=tmp_path, quiet=True)
    losses = [h["val_loss"] for h in fitter.run()]
    assert len(losses) < 9 and len(losses) - 1 - int(np.argmin(losses)) == 2


@pytest.mark.parametrize("kind", ["own", "keras-cv", "none"])
def test_changes_are_a_function_of_the_generator(data, kind):
    if kind == "keras-cv":
        pytest.importorskip("keras_cv", reason="keras-cv is not installed")
    change = augmentation(kind, 40)

    def first():
        x, y = next(iter(data.batches(8, seed=1, epoch=2, augment=change)))
        return x.numpy(), y.numpy()

    (x, y), (x2, y2) = first(), first()
    assert x.shape == (8, 40, 40, 3) and x.min() >= 0 and x.max() <= 1
    assert np.array_equal(x, x2) and np.array_equal(y, y2)
    assert (y.argmax(1) != 0).any()


def test_statistics_of_known_pictures():
    rng = np.random.default_rng(0)
    flat = rng.integers(0, 256, [40, 1, 1, 3]).astype(np.uint8)
    found = statistics(np.broadcast_to(flat, [40, 64, 64, 3]))
    assert np.allclose(found["mean"], flat.mean((0, 1, 2)) / 255, atol=1e-4)
    assert np.allclose(found["covariance"], np.cov(flat[:, 0, 0].T / 255.0, bias=True), rtol=0.01)
    assert np.allclose(found["spectrum"], 0, atol=1e-3)
    y, x = np.mgrid[:64, :64]
    wave = (127 + 100 * np.cos(2 * np.pi * 5 * x / 64))[None, ..., None].repeat(3, 3)
    spectrum = np.array(statistics(wave.astype(np.uint8))["spectrum"])
    assert spectrum.shape == (64, 33) and np.unravel_index(spectrum.argmax(), spectrum.shape) == (0, 5)


def test_a_confusion_matrix_counts():
    table = confusion(np.array([0, 1, 1, 2]), np.array([0, 2, 1, 2]), 3)
    assert table.tolist() == [[1, 0, 0], [0, 1, 1], [0, 0, 1]]


def run(module, argv, capsys):
    assert module.main([str(a) for a in argv]) == 0
    return json.loads(capsys.readouterr().out.splitlines()[-1])


@pytest.fixture(scope="module")
def own(folder, tmp_path_factory):
    """A small network of one's own, trained for real through the command line."""
    path = tmp_path_factory.mktemp("own") / "own.keras"
    flags = ["--size", 48, "--epochs", 20, "--width", 0.34, "--batch", 8, "--rate", 0.004, "-q"]
    argv = ["--data", folder, "-o", path, "--cache", path.parent / "cache", *flags]
    assert cnn.main([str(a) for a in argv]) == 0
    return path


def test_a_network_of_ones_own_from_scratch(own):
    card = read_card(own)
    assert card.labels == ("checks", "dots", "stripes") and card.kind == "image"
    assert card.recipe["accuracy"] >= 0.8  # chance is a third
    assert len(card.statistics["spectrum"]) == 64
    for chart in ("curves.png", "confusion.png", "log.csv", "state.npz"):
        assert (own.with_suffix(".run") / chart).stat().st_size > 200
    network = load_backbone(own)
    assert network.labels == card.labels and network.default_layers == card.default_layers
    x = motifs(3, 5)[0].astype(np.float32) / 255
    assert network.truncated(["logits"])(x)["logits"].shape == (3, 3)


def test_dreams_towards_a_class_by_its_name(own):
    photo = np.random.default_rng(0).uniform(0.3, 0.7, [9, 9, 3]).astype(np.float32)
    photo = np.kron(photo, np.ones([8, 8, 1], np.float32))
    network = load_backbone(own).truncated(["logits"])

    def logits(picture):
        return network(picture[None])["logits"].numpy()[0]

    for k, name in enumerate(load_backbone(own).labels):
        recipe = Recipe.from_look("eyes", backbone=str(own), classes=((name.upper(), 1.0),), octaves=2)
        dream = dream_image(photo, recipe=recipe)
        assert dream.report["classes"] == [[name, 1.0]] and dream.report["layers"] == []
        rise = logits(dream.array) - logits(photo)
        assert rise.argmax() == k and rise[k] > 0.2  # its texture is wanted too, not the logit alone
    with pytest.raises(UsageError, match="Did you mean 'stripes'"):
        dream_image(photo, recipe=recipe.replace(classes=(("stripe", 1.0),)))
    with pytest.raises(UsageError, match="needs a network that knows classes"):
        dream_image(photo, recipe=recipe.replace(backbone="discriminator"))
    with pytest.raises(WeightsError, match="was retrained from another"):
        dream_image(photo, recipe=recipe.replace(contrast="base"))


@pytest.mark.parametrize("architecture", ["residual", "inception"])
def test_architectures_dream_at_any_size(architecture, tmp_path):
    from training.architectures import ARCHITECTURES, DREAMT

    model = ARCHITECTURES[architecture](4, width=0.3)
    names = {x.name for x in model.layers}
    assert {n for n, _ in DREAMT[architecture]} <= names and model.layers[-1].name == "logits"
    for size in ((40, 56), (33, 71)):
        assert model(np.zeros([2, *size, 3], np.float32)).shape == (2, 4)


def test_retraining_keeps_what_lies_below_and_remembers_what_was(folder, tmp_path, capsys):
    argv = ["--backbone", "dreamnet", "--data", folder, "-o", tmp_path / "re.keras", "--size", 64, "--epochs", 2,
            "--head-epochs", 2, "--batch", 8, "-q", "--augment", "own", "--precision", "float32",
            "--cache", tmp_path, "--seed", 4]  # fmt: skip
    report = run(retrain, argv, capsys)
    assert report["accuracy"] >= 0.8 and report["epochs"] == 4
    base, new = (
        load_backbone("dreamnet", dtype="float32"),
        load_backbone(tmp_path / "re.keras", dtype="float32"),
    )
    x = motifs(2, 6)[0].astype(np.float32) / 255
    names = ["stride8", "stride16"]
    was, now = (net.truncated(names)(x) for net in (base, new))
    assert np.allclose(was["stride8"], now["stride8"], atol=1e-4)
    assert np.abs(was["stride16"] - now["stride16"]).max() > 1e-3
    pair = load_backbone(tmp_path / "re.keras", dtype="float32", contrast="base")
    before = pair.truncated(["stride16", "other/stride16"])(x)
    assert np.allclose(before["stride16"], now["stride16"], atol=1e-4)
    assert np.allclose(before["other/stride16"], was["stride16"], atol=2e-2)  # kept in float16
    assert read_card(tmp_path / "re.keras").base == "dreamnet" and read_base(tmp_path / "re.keras")
    # one map of each size, as far as what is dreamt, and each class most like its own pictures
    assert list(new.textures)[-1] == "stride16" and all(t.shape[0] == 3 for t in new.textures.values())
    seen = moments(new.truncated(["stride16"])(motifs(24, 9)[0][::3].astype(np.float32) / 255)["stride16"])[1]
    alike = [np.sum(seen * t) / np.linalg.norm(seen) / np.linalg.norm(t) for t in new.textures["stride16"]]
    assert np.argmax(alike) == 2  # stripes


def test_textures_survive_the_file_whatever_their_size(tmp_path):
    model = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(4, 3)])
    rows = np.random.default_rng(0).normal(size=(2, 50, 4)) * [[[1e4]], [[1e-3]]]
    textures = {"a/conv": np.einsum("kni,knj->kij", rows, rows).astype(np.float32)}
    save_network(model, tmp_path / "a.keras", Card(), textures=textures)
    again = read_textures(tmp_path / "a.keras")["a/conv"]
    for k in (0, 1):
        assert np.allclose(again[k], textures["a/conv"][k], atol=1e-3 * textures["a/conv"][k].max())
    with zipfile.ZipFile(tmp_path / "a.keras") as archive:
        entries = {n: archive.read(n) for n in archive.namelist()}
    with zipfile.ZipFile(tmp_path / "b.keras", "w") as archive:
        for name, content in entries.items():
            archive.writestr(name, content[: len(content) // 2] if "textures" in name else content)
    with pytest.raises(WeightsError, match="textures that cannot be read"):
        read_textures(tmp_path / "b.keras")


def test_a_contrastive_dream_keeps_out_what_the_base_sees(folder, tmp_path, capsys):
    path = tmp_path / "re.keras"
    run(retrain, ["--data", folder, "--backbone", "dreamnet", "-o", path, "--size", 64, "--epochs", 1,
                  "--head-epochs", 1, "--batch", 8, "-q", "--augment", "own", "--cache", tmp_path], capsys)  # fmt: skip
    photo = np.kron(np.random.default_rng(1).uniform(0.2, 0.8, [8, 8, 3]), np.ones([8, 8, 1])).astype(
        np.float32
    )
    base = load_backbone("dreamnet")
    recipe = Recipe.from_look("eyes", backbone=str(path), octaves=2)
    names = [n for n, _ in load_backbone(path).default_layers]

    def seen(picture):
        maps = base.truncated(names)(picture[None])
        return sum(np.log(np.mean(np.square(np.float32(maps[n])))) for n in names)

    plain = dream_image(photo, recipe=recipe).array
    contrast = dream_image(photo, recipe=recipe.replace(contrast="base")).array
    assert seen(contrast) < seen(plain) - 0.3
    with pytest.raises(UsageError, match="same kind"):
        dream_image(photo, recipe=recipe.replace(contrast="earnet"))


def test_weights_of_vgg_inside_a_retrained_network(tmp_path):
    """The range and the order of colours move into the network; what it sees stays the same."""
    from deepdream_av.backbones.backbone import Backbone

    source = keras.applications.VGG16(weights=None, include_top=False)
    trunk = keras.Model(source.input, source.get_layer("block2_conv2").output)
    whole = retrain.with_range(trunk, retrain.BASES["vgg16"], 3)
    x = motifs(2, 7)[0].astype(np.float32)
    wanted = trunk(keras.applications.vgg16.preprocess_input(x.copy()))
    found = Backbone("x", whole, layers=["block2_conv2"], default_layers=()).truncated(["block2_conv2"])
    found = found(x / 255)["block2_conv2"]
    assert np.allclose(found, wanted, atol=1e-2 * np.abs(wanted).max())


def test_bad_cards_are_one_line(own, tmp_path):
    bad = tmp_path / "bad.keras"
    with zipfile.ZipFile(own) as old, zipfile.ZipFile(bad, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, b'{"labels": [1, 2]}' if name == "deepdream_av.json" else data)
    with pytest.raises(WeightsError, match="card that cannot be read"):
        load_backbone(bad)


def test_bad_commands_are_one_line(folder, tmp_path, capsys, monkeypatch):
    def said(*argv):
        assert retrain.main([str(a) for a in ("--data", folder, "--cache", tmp_path, "-q", *argv)]) in (1, 2)
        (line,) = [x for x in capsys.readouterr().err.splitlines() if x.startswith("training.retrain")]
        return line

    def unreachable(**_):
        raise OSError("URL fetch failure on https://... -- no route to host")

    assert "must end in .keras" in said("-o", tmp_path / "x.h5")
    assert "Did you mean 'stride8'" in said(
        "-o", tmp_path / "x.keras", "--backbone", "dreamnet", "--thaw-after", "stride9"
    )
    assert "`backbone` must be one of" in said("-o", tmp_path / "x.keras", "--backbone", "resnet")
    monkeypatch.setattr(keras.applications.vgg16, "VGG16", unreachable)
    assert "--backbone dreamnet" in said("-o", tmp_path / "x.keras", "--backbone", "vgg16")
    assert not list(tmp_path.glob("*.keras"))
