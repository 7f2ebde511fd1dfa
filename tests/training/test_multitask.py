"""Learning lowers the loss, and a killed run goes on as if it had not been killed."""

import numpy as np
import pytest

from deepdream_av.backbones.earnet import build_earnet, fold, load_earnet, save_earnet
from training.datasets.crops import Crops
from training.multitask import Group, Plan, Trainer, head_loss


def tiny_groups():
    """Two kinds of sound that anyone can tell apart: energy low or high in frequency."""
    generator = np.random.default_rng(0)
    features = generator.standard_normal([16, 12, 128]).astype(np.float16)
    features[::2, :, :64] += 2
    features[1::2, :, 64:] += 2
    return {
        "toy": Group(Crops(features, {"side": np.eye(2, dtype=np.float32)[np.arange(16) % 2]}), 8, mix=0.0)
    }


def tiny_trainer(steps, **options):
    model = build_earnet(heads={"side": 2}, folded=False)
    return Trainer(model, tiny_groups(), Plan(steps, rate=1e-3, seed=1), **options)


def weights(trainer):
    return np.concatenate([np.ravel(w) for w in trainer.model.get_weights()])


@pytest.fixture
def same_start():
    import keras

    return lambda: keras.utils.set_random_seed(0)


def test_learning_lowers_the_loss_and_folding_keeps_the_function(same_start, tmp_path):
    same_start()
    trainer, losses = tiny_trainer(24), []
    trainer.run(report=lambda line: losses.append(float(line.rsplit(" ", 1)[1])), every=8)
    # Smoothed labels leave the entropy of (0.975, 0.025) even to a perfect answer.
    least = 0.117
    assert losses[-1] - least < 0.6 * (losses[0] - least)
    x = np.random.default_rng(5).standard_normal([2, 30, 128, 1]).astype(np.float32)
    trained = np.asarray(trainer.model(x, training=False)["side"])
    folded = fold(trainer.model, heads=["side"])
    np.testing.assert_allclose(np.asarray(folded(x)["side"]), trained, atol=1e-4)
    save_earnet(folded, tmp_path / "ear.npz", classes={"side": ("low", "high")})
    stored = np.asarray(load_earnet(tmp_path / "ear.npz")(x)["side"])
    np.testing.assert_allclose(stored, trained, atol=0.02)


def test_a_resumed_run_ends_where_an_unbroken_one_does(same_start, tmp_path):
    same_start()
    whole = tiny_trainer(4)
    whole.run(report=len)
    same_start()
    first = tiny_trainer(4, checkpoint=tmp_path / "c.npz")

    def killed(line):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        first.run(report=lambda line: killed(line) if "step 3/" in line else None, every=1, save_every=2)
    second = tiny_trainer(4, checkpoint=tmp_path / "c.npz")
    steps = []
    second.run(report=lambda line: steps.append(line.split()[1]), every=1)
    assert steps == ["3/4", "4/4"]
    np.testing.assert_allclose(weights(second), weights(whole), atol=1e-6)


def test_teacher_losses_vanish_when_the_pupil_agrees():
    target = np.random.default_rng(0).uniform(0.01, 0.9, [3, 7]).astype(np.float32)
    logits = np.log(target / (1 - target))
    assert float(head_loss("teacher_scores", logits, target)) == pytest.approx(0, abs=1e-4)
    assert float(head_loss("teacher_embedding", 3 * target, target)) == pytest.approx(0, abs=1e-5)
    assert float(head_loss("teacher_scores", -logits, target)) > 0.1
