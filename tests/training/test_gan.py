"""Numbers that are known in closed form; a run that is killed and goes on; the command from beginning to end."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
import scipy.linalg

from deepdream_av.errors import UsageError, WeightsError
from deepdream_av.gan import build_generator
from training import gan, gan_metrics, gan_pictures
from training.datasets.labelled import Labelled
from training.gan_export import folded, plain_discriminator, plain_generator
from training.gan_metrics import coverage, frechet_distance
from training.gan_mixture import mixed
from training.gan_pair import Pair, Settings
from training.gan_run import Run

ROOT = Path(__file__).parents[2]
TINY = {"size": 64, "latent": 6, "width": 4, "batch": 8, "seed": 3, "rates": (2e-3, 1e-3)}


def striped(count=24, size=64):
    """Two classes that anyone can tell apart: stripes across and stripes down, of many colours."""
    rng, y = np.random.default_rng(0), np.arange(count) % 2
    wave = (np.sin(np.arange(size) / 3) > 0)[:, None, None]
    x = np.where(wave, rng.integers(0, 256, (count, 1, 1, 3)), rng.integers(0, 256, (count, 1, 1, 3)))
    x = np.broadcast_to(x, (count, size, size, 3)).astype(np.uint8).copy()
    x[y == 1] = x[y == 1].transpose(0, 2, 1, 3)
    return Labelled(
        "stripes", "image", ("across", "down"), x, y.astype(np.int32), x[:8], y[:8].astype(np.int32)
    )


# the measures


def normal(mean, covariance, count=4):
    """Points whose mean and (unbiased) covariance are exactly these."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((count * len(mean) + 10, len(mean)))
    x -= x.mean(0)
    x = x @ np.linalg.inv(np.linalg.cholesky(np.cov(x.T))).T
    return x @ np.linalg.cholesky(covariance).T + mean


def test_frechet_distance_is_that_of_the_closed_form():
    a, b = np.diag([1.0, 4.0, 9.0]), np.diag([4.0, 4.0, 1.0])
    # diagonal covariances: squared difference of the means and of the standard deviations
    assert frechet_distance(normal([0, 0, 0], a), normal([1, 2, 2], b)) == pytest.approx(9 + 1 + 0 + 4)


def test_frechet_distance_agrees_with_a_matrix_square_root():
    rng = np.random.default_rng(1)
    a, b = (m @ m.T + np.eye(5) for m in rng.standard_normal((2, 5, 5)))
    expected = 4 + np.trace(a + b - 2 * scipy.linalg.sqrtm(a @ b).real)
    assert frechet_distance(normal([0] * 5, a), normal([2, 0, 0, 0, 0], b)) == pytest.approx(expected)


def test_frechet_distance_is_a_distance():
    rng = np.random.default_rng(2)
    a, b = rng.standard_normal((30, 4)), 2 * rng.standard_normal((40, 4)) + 1
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-9)
    assert frechet_distance(a, b) == pytest.approx(frechet_distance(b, a))
    turn, _ = np.linalg.qr(rng.standard_normal((4, 4)))
    assert frechet_distance(a @ turn, b @ turn) == pytest.approx(frechet_distance(a, b)), "no axis is special"
    few = rng.standard_normal((5, 12))  # singular covariances
    assert frechet_distance(few, few + 1) == pytest.approx(12)


def test_coverage_counts_neighbourhoods_that_are_visited():
    line = np.arange(10.0)[:, None]
    assert coverage(line, line, k=1) == 1
    # 0.4 lies within 1 (the first neighbour's distance) of 0 and of 1
    assert coverage(line, np.array([[0.4], [0.4]]), k=1) == 0.2
    assert coverage(line, np.array([[100.0], [100.0]]), k=5) == 0


def test_coverage_of_the_same_distribution_is_near_its_expectation():
    rng = np.random.default_rng(3)
    a, b = rng.standard_normal((2, 600, 3))
    # Naeem et al. 2020: 1 - (n-1)...(n-k) / ((2n-1)...(2n-k)) for equal numbers
    expected = 1 - np.prod([(600 - i) / (1200 - i) for i in range(1, 6)])
    assert coverage(a, b, k=5) == pytest.approx(expected, abs=0.02)
    half = b[np.abs(b[:, 0]) < 0.1]
    assert coverage(a, half, k=5) < 0.6, "a generator that has collapsed onto a slice"


@pytest.mark.parametrize("a, b", [(np.zeros(3), np.zeros((3, 1))), (np.zeros((3, 2)), np.zeros((3, 1)))])
def test_features_of_other_shapes_are_refused(a, b):
    for measure in (frechet_distance, coverage):
        with pytest.raises(UsageError, match="Features must be"):
            measure(a, b)
    with pytest.raises(UsageError, match="`k` must be from 1 to 2"):
        coverage(np.zeros((3, 1)), np.zeros((3, 1)))


def test_a_judge_sees_what_its_logits_see(tmp_path):
    import keras

    x = keras.Input((32, 32, 3))
    y = keras.layers.Dense(4, name="logits")(keras.layers.GlobalAveragePooling2D()(x))
    keras.Model(x, y).save(tmp_path / "judge.keras")
    features = gan_metrics.load_judge(tmp_path / "judge.keras")
    pictures = striped().train_x  # 64 pixels, twice what the judge was built for
    np.testing.assert_allclose(features(pictures), pictures.mean((1, 2)) / 255, atol=1e-5)
    keras.Model(x, keras.layers.Dense(4)(keras.layers.Flatten()(x))).save(tmp_path / "other.keras")
    with pytest.raises(WeightsError, match="dense layer named 'logits'"):
        gan_metrics.load_judge(tmp_path / "other.keras")


# the walk


def test_a_walk_is_closed_even_and_of_the_latents_own_length():
    walk = gan_pictures.walk(0, 4000, places=3, steps=10)
    step = np.linalg.norm(np.roll(walk, -1, 0) - walk, axis=1)
    assert len(walk) == 30 and step.max() < 0.35 * np.sqrt(4000), (
        "no jump, the last step to the first included"
    )
    np.testing.assert_allclose(walk.std(1), 1, atol=0.05)  # a straight line would fall to 0.7 half way
    np.testing.assert_array_equal(walk[::10], gan_pictures.latents(0, 3, 4000))


# learning


def weights(model):
    return np.concatenate([np.ravel(w) for w in model.get_weights()])


@pytest.fixture(scope="module")
def compiled():
    """A pair and its state before the first step: to compile one takes seconds, to set one back nothing."""
    pair = Pair(Settings(**TINY), classes=2, steps=10)
    return pair, pair.state()


@pytest.fixture
def begin(compiled):
    """`begin(steps)`: the pair as it was in the beginning."""
    pair, start = compiled

    def begin(steps):
        pair.set_state(start)
        pair.step, pair.steps = 0, steps
        return pair

    return begin


def run(folder, steps, *, pair=None, **options):
    folder.mkdir(exist_ok=True)
    run = Run(striped(), Settings(**TINY), folder / "x", steps=steps, **options)
    run.pair = pair or run.pair
    return run


class Killed(Exception):
    """What ends a run in its midst."""


def test_a_resumed_run_ends_where_an_unbroken_one_does(tmp_path, begin, monkeypatch):
    pace = {"report": len, "every": 2, "save_every": 4, "sheet_every": 10}
    whole = run(tmp_path / "whole", 10, pair=begin(10))
    whole.go(**pace)
    ends = {name: weights(getattr(whole.pair, name)) for name in ("generator", "average", "critic")}

    broken = run(tmp_path / "broken", 10, pair=begin(10))
    assert np.abs(weights(broken.pair.average) - ends["average"]).max() > 1e-4, "something was learnt"

    def stops(*batch, update=broken.pair.update):
        if broken.pair.step == 7:  # three steps, and a row of the log, after the last checkpoint
            raise Killed
        return update(*batch)

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(broken.pair, "update", stops)
        broken.go(**pace)
    pair = begin(10)
    pair.set_state({name: value + 1 for name, value in pair.state().items()})  # nothing survives but the file
    again = run(tmp_path / "broken", 10, pair=pair)
    again.go(**pace)
    assert again.pair.step == 10
    for name, expected in ends.items():
        np.testing.assert_array_equal(weights(getattr(again.pair, name)), expected)
    logs = [list(csv.DictReader(open(tmp_path / n / "x.csv"))) for n in ("whole", "broken")]
    assert [r["step"] for r in logs[1]] == ["2", "4", "6", "8", "10"]
    assert [r["discriminator"] for r in logs[0]] == [r["discriminator"] for r in logs[1]]
    sheets = [cv2.imread(str(tmp_path / n / "x.samples" / "step000010.png")) for n in ("whole", "broken")]
    np.testing.assert_array_equal(*sheets)


def test_a_checkpoint_of_another_run_is_refused(tmp_path, begin):
    first = run(tmp_path, 1, pair=begin(1))
    first._save()
    other = Run(striped(), Settings(**TINY | {"seed": 4}), tmp_path / "x", steps=1)
    with pytest.raises(UsageError, match="must be of a run with these settings"):
        other.go(report=len)


def test_a_budget_of_minutes_becomes_a_number_of_steps(tmp_path, begin, monkeypatch):
    """1.2 seconds of 20 ms each are 60 steps, however long the first ones took that compile."""
    timed = run(tmp_path, 0, minutes=0.02, pair=begin(0))

    def update(*batch):
        time.sleep(0.3 if timed.pair.step < 2 else 0.02)
        timed.pair.step += 1
        return {"generator": 0, "discriminator": 0, "true": 0, "painted": 0}

    monkeypatch.setattr(timed.pair, "update", update)
    timed.go(report=len)
    planned = timed.pair.steps
    assert 25 <= timed.pair.step == planned <= 60
    again = run(tmp_path, 0, minutes=0.02, pair=begin(0))
    again.go(report=len)
    assert again.pair.steps == planned, "the number belongs to the run, not to the machine's mood today"


@pytest.fixture
def learnt(begin):
    """A pair after 60 steps on stripes."""
    pair, data, rng = begin(60), striped(), np.random.default_rng(0)
    for _ in range(60):
        picks = rng.integers(0, 24, 8)
        pair.update(data.train_x[picks], data.train_y[picks])
    return pair


def test_the_discriminator_learns_to_tell_true_from_painted(learnt):
    pair = learnt
    judge = plain_discriminator(pair)
    noise = np.random.default_rng(0).random((24, 64, 64, 3), np.float32)
    true = judge(striped().train_x.astype(np.float32) / 255).numpy()
    assert true.mean() > judge(noise).numpy().mean()


def test_folding_the_batch_norms_changes_no_picture():
    rng, shape = np.random.default_rng(0), {"latent": 6, "width": 4}
    whole = build_generator(**shape, batch_norm=True)
    for layer in whole.layers:
        if layer.name.endswith("_bn"):
            count = layer.moving_mean.shape[0]
            layer.set_weights([rng.normal(0, 0.3, count), rng.uniform(0.5, 2, count)])
    plain = folded(whole, build_generator(**shape))
    z = gan_pictures.latents(5, 8, 6)
    pictures = plain(z).numpy()
    np.testing.assert_allclose(pictures, whole(z, training=False).numpy(), atol=1e-4)
    assert np.abs(pictures - pictures[::-1]).mean() > 0.01, "pictures of unlike latent vectors are unlike"
    assert not any("bn" in layer.name for layer in plain.layers)


def test_the_exported_generator_is_the_running_mean_as_it_paints_a_batch(learnt):
    pair = learnt
    z = gan_pictures.latents(5, 64, 6)
    plain = plain_generator(pair)(z).numpy()
    whole = np.asarray(
        pair.average(z, training=True)
    )  # with the statistics of this batch, which stray a little
    assert np.abs(plain - whole).mean() < 0.4 * np.abs(plain - plain[::-1]).mean()


def test_the_class_lies_in_the_first_latent_numbers(learnt):
    pair = learnt
    z, labels = (
        np.random.default_rng(0).standard_normal((9, 6)).astype(np.float32),
        np.arange(9, dtype=np.int32) % 2,
    )
    moved = np.asarray(pair.of_class(z, labels))
    np.testing.assert_array_equal(moved[:, :2].argmax(1), labels)
    np.testing.assert_allclose(np.sort(moved, 1), np.sort(z, 1), rtol=1e-6)  # exchanged, so still unit normal
    np.testing.assert_array_equal(moved[:, 2:], z[:, 2:])


def test_a_batch_is_a_function_of_seed_and_step_and_an_epoch_shows_every_picture(tmp_path):
    data = striped()
    data.train_x[:, 0, 0, 0] = np.arange(24)  # a mark on each
    a = Run(data, Settings(**TINY), tmp_path / "x", steps=9)
    seen = [a.batch(k) for k in range(6)]
    for epoch in (seen[:3], seen[3:]):
        assert sorted(x for batch, _ in epoch for x in batch[:, 0, 0, 0]) == list(range(24))
    for pictures, labels in seen:
        np.testing.assert_array_equal(labels, pictures[:, 0, 0, 0] % 2)
    np.testing.assert_array_equal(a.batch(4)[0], seen[4][0])


def test_labels_of_a_mixture_stay_apart():
    both = mixed([striped(), striped(8)])
    assert (
        both.classes == ("stripes/across", "stripes/down") * 2
        and len(both.train_x) == len(both.train_y) == 32
    )
    assert set(both.train_y[:24]) == {0, 1} and set(both.train_y[24:]) == {2, 3}


# the command


@pytest.fixture
def folder(tmp_path):
    data = striped(48)
    for k, (x, y) in enumerate(zip(data.train_x, data.train_y)):
        path = tmp_path / "data" / data.classes[y] / f"{k}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), x)
    return tmp_path


def flags(folder, *more):
    return ["--data", str(folder / "data"), "--cache", str(folder / "cache"), "-o", str(folder / "x.keras"), "--batch",
            "8", "--width", "4", "--latent", "6", "--threads", "2", *more]  # fmt: skip


def test_the_command_goes_on_after_a_kill_and_writes_everything(folder):
    options = flags(folder, "--steps", "400", "--save-every", "5", "--sheet-every", "1000")
    command = [sys.executable, "-m", "training.gan", *options]
    first = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    checkpoint = folder / "x.checkpoint.npz"
    while not checkpoint.exists() and first.poll() is None:
        time.sleep(0.05)
    os.kill(first.pid, signal.SIGKILL)
    assert first.wait() == -signal.SIGKILL, "killed in its midst"
    with np.load(checkpoint) as file:
        reached = int(file["step"])
    assert 0 < reached < 400
    options[options.index("400")] = str(reached + 20)
    done = subprocess.run(
        [sys.executable, "-m", "training.gan", *options], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["steps"] == reached + 20
    assert f"step {reached}/" not in done.stderr, "it began where it had been"
    for kind in ("generator", "discriminator", "sheet", "film"):
        assert Path(report[kind]).stat().st_size > 1000
    from deepdream_av.gan import load_discriminator, load_generator

    pictures = load_generator(report["generator"])(gan_pictures.latents(0, 4, 6)).numpy()
    assert load_discriminator(report["discriminator"])(pictures).shape == (4, 1)
    film = cv2.VideoCapture(report["film"])
    frames = [film.read()[1].astype(int) for _ in range(int(film.get(cv2.CAP_PROP_FRAME_COUNT)))]
    jumps = [np.abs(a - b).mean() for a, b in zip(frames, [*frames[1:], frames[0]])]
    assert len(frames) == 8 * 50 and jumps[-1] < 2 * max(jumps[:-1]) + 1, "it ends where it began"


@pytest.mark.parametrize(
    "more, said",
    [
        (["-o", "x.png"], "must end in .keras"),
        (["-o", "nowhere/x.keras"], "folder of `-o` must exist"),
        (["--batch", "12"], "multiple of 8"),
        (["--data", "no-such-data"], "no-such-data"),
        (["--steps", "-1"], "must not be negative"),
        (["--latent", "0"], "1 or more"),
    ],
)
def test_bad_input_is_told_in_one_line(folder, capsys, more, said):
    assert gan.main(flags(folder, *more)) in (1, 2)
    out = capsys.readouterr()
    assert (
        out.err.startswith("training.gan: ") and said in out.err and out.err.count("\n") == 1 and not out.out
    )
