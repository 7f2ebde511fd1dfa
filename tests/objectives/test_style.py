"""Style is a distance between spreads of cells: known in closed form, 0 at its goal, blind to where a cell lies."""

import numpy as np
import pytest
import scipy.linalg
import tensorflow as tf

from deepdream_av.backbones import load_backbone
from deepdream_av.canvases.pixels import scaled
from deepdream_av.errors import InputError, UsageError
from deepdream_av.objectives import layer
from deepdream_av.objectives.paintings import Painting, check_weights
from deepdream_av.objectives.style import (
    Content,
    GramStyle,
    Moments,
    WassersteinStyle,
    blended,
    moments,
    trace_of_root,
)
from deepdream_av.objectives.styling import StyleGoal, StyleLayers


def cells(seed, channels=6, shape=(9, 7), scale=1.0, shift=0.0):
    rng = np.random.default_rng(seed)
    mix = rng.normal(size=(channels, channels))
    return (rng.normal(size=(1, *shape, channels)) @ mix * scale + shift).astype(np.float32)


def known(activation) -> Moments:
    return Moments(*(x.numpy() for x in moments(tf.constant(activation))))


def test_moments_are_those_of_the_cells():
    x = cells(0)
    flat = x.reshape(-1, 6).astype(np.float64)
    found = known(x)
    assert np.allclose(found.mean, flat.mean(0), atol=1e-5)
    assert np.allclose(found.second, flat.T @ flat / len(flat), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("kind", [GramStyle, WassersteinStyle])
def test_only_the_same_spread_is_the_goal_and_places_do_not_matter(kind):
    wanted, other = cells(1), cells(2)
    term = kind("a", 6)
    term.aim(known(wanted))
    shuffled = np.random.default_rng(0).permutation(wanted.reshape(-1, 6)).reshape(wanted.shape)
    assert float(term({"a": tf.constant(shuffled)})) == pytest.approx(0, abs=2e-3)
    assert float(term({"a": tf.constant(other)})) < -0.05


def test_wasserstein_is_the_closed_form():
    x, y = cells(3), cells(4, shift=0.7)
    (m, c), (n, d) = ((v.reshape(-1, 6).mean(0), np.cov(v.reshape(-1, 6).T, bias=True)) for v in (x, y))
    root = scipy.linalg.sqrtm(d).real
    exact = (
        np.sum((m - n) ** 2)
        + np.trace(c)
        + np.trace(d)
        - 2 * np.trace(scipy.linalg.sqrtm(root @ c @ root).real)
    )
    term = WassersteinStyle("a", 6, relative=False)
    term.aim(known(y))
    assert -6 * float(term({"a": tf.constant(x)})) == pytest.approx(exact, rel=5e-3)
    term = WassersteinStyle("a", 6)
    term.aim(known(y))
    assert -float(term({"a": tf.constant(x)})) == pytest.approx(
        exact / (np.sum(n**2) + np.trace(d)), rel=5e-3
    )


def test_wasserstein_between_multiples_is_that_of_the_roots():
    """Twice as wide a spread about the same middle lies (2 - 1)^2 of its variance away."""
    x = cells(5)
    x -= x.mean((1, 2))
    term = WassersteinStyle("a", 6, relative=False)
    term.aim(known(x))
    variance = np.trace(np.cov(x.reshape(-1, 6).T, bias=True))
    assert -6 * float(term({"a": tf.constant(2 * x)})) == pytest.approx(variance, rel=5e-3)


def test_gram_is_the_formula_of_2015():
    x, y = cells(6), cells(7)
    count, channels = 63, 6
    grams = [v.reshape(-1, 6).astype(np.float64).T @ v.reshape(-1, 6) / (count * channels) for v in (x, y)]
    term = GramStyle("a", 6, relative=False)
    term.aim(known(y))
    assert -float(term({"a": tf.constant(x)})) == pytest.approx(np.mean((grams[0] - grams[1]) ** 2), rel=1e-3)


def test_the_gradient_of_the_trace_of_a_root_is_its_half_inverse():
    a = cells(8, channels=5).reshape(-1, 5)
    matrix = tf.constant(a.T @ a / len(a))
    with tf.GradientTape() as tape:
        tape.watch(matrix)
        value = trace_of_root(matrix)
    root = scipy.linalg.sqrtm(matrix.numpy().astype(np.float64)).real
    assert float(value) == pytest.approx(np.trace(root), rel=1e-4)
    assert np.allclose(tape.gradient(value, matrix), 0.5 * np.linalg.inv(root), rtol=2e-2, atol=1e-3)


def test_two_styles_together_are_their_cells_poured_into_one():
    x, y = cells(9), cells(10, shift=1.0)
    both = known(np.concatenate([x, y, y, y], axis=1))
    mixed = blended([(known(x), 0.5), (known(y), 1.5)])
    assert np.allclose(mixed.mean, both.mean, atol=1e-4) and np.allclose(
        mixed.second, both.second, rtol=1e-3, atol=1e-3
    )


def test_a_region_counts_alone():
    x = cells(11)
    wanted, rest = x[:, :, :3], cells(12, scale=5.0)[:, :, 3:]
    share = np.zeros((9, 7), np.float32)
    share[:, :3] = 1 / 27
    for kind in (GramStyle, WassersteinStyle):
        term = kind("a", 6, regional=True)
        term.aim(known(wanted))
        term.cover(share)
        assert float(term({"a": tf.constant(np.concatenate([wanted, rest], 2))})) == pytest.approx(
            0, abs=2e-3
        )


def test_content_is_the_mean_squared_difference():
    x, y = cells(13), cells(14)
    for relative, size in ((False, 1.0), (True, np.mean(y**2))):
        term = Content("a", 6, relative)
        term.aim(y)
        assert -float(term({"a": tf.constant(x)})) == pytest.approx(np.mean((x - y) ** 2) / size, rel=1e-4)


def picture(seed, side=80):
    import cv2

    noise = cv2.GaussianBlur(
        np.random.default_rng(seed).random((side, side, 3)).astype(np.float32), (0, 0), 2
    )
    return (noise - noise.min()) / np.ptp(noise)


def test_a_goal_aims_at_every_size_with_one_objective():
    net = load_backbone("dreamnet")
    goal = StyleGoal(net, [Painting(picture(0))], content_weight=0.5, besides=0.1 * layer("stride8"))
    objective = goal.objective
    source = picture(1)
    for size in (80, 64):
        goal.aim(source[:size, :size])
        there = goal.look(source[:size, :size])
        contents = [term for term, _ in objective.terms if isinstance(term, Content)]
        assert contents and all(float(term(there)) == 0 for term in contents)
        assert float(goal.style(there)) < -0.01
        assert float(goal.style(goal.look(scaled(picture(0), (size, size))))) > 0.02 * float(
            goal.style(there)
        )
    assert goal.objective is objective and "stride8" in objective.layers


def test_what_makes_no_goal_is_named():
    net = load_backbone("dreamnet")
    good = picture(0)
    with pytest.raises(UsageError, match="sum is not 0. Received: 0"):
        StyleGoal(net, [Painting(good, 0.0)])
    with pytest.raises(UsageError, match="at least one picture"):
        StyleGoal(net, [])
    with pytest.raises(UsageError, match="0 or more. Received: -1"):
        check_weights([Painting(good, 2.0), Painting(good, -1.0)])
    with pytest.raises(InputError, match="at least 64 pixels a side.*Received: 80x40, small.png"):
        StyleGoal(net, [Painting(good[:40], name="small.png")])
    with pytest.raises(UsageError, match="Did you mean 'stride8'"):
        StyleGoal(net, [Painting(good)], layers=StyleLayers((("stride9", 1.0),), ()))
    with pytest.raises(UsageError, match="sum above 0"):
        StyleGoal(net, [Painting(good)], layers=StyleLayers((("stride8", 0.0),), ()))
