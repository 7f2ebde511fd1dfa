"""Older programs' steps, computed here from the formulas that they are known by, against recipes that claim them."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import ndimage

from deepdream_av import Recipe, ascend
from deepdream_av.ascent.plans import canvas_of, octaves_of, rule_of
from deepdream_av.backbones import Backbone
from deepdream_av.objectives import Wanted, Wishes

LAYERS = (("a", 1.0), ("b", 1.5))


def recipe_of(name):
    """The look as it ships, on the layers of a small network and without its random shifts."""
    return Recipe.from_look(name).replace(layers=LAYERS, jitter=0)


@pytest.fixture(scope="module")
def network():
    import keras

    keras.utils.set_random_seed(3)
    x = shown = keras.Input((None, None, 3))
    for name in ("a", "b"):
        x = keras.layers.Conv2D(6, 5, strides=2, padding="same", activation="softplus", name=name)(x)
    return Backbone("small", keras.Model(shown, x), layers=["a", "b"], default_layers=[("b", 1.0)])


def picture():
    smooth = ndimage.gaussian_filter(np.random.default_rng(1).normal(size=(40, 52, 3)), (2, 2, 0))
    return np.clip(0.5 + 0.15 * smooth / smooth.std(), 0.02, 0.98).astype(np.float32)


def gradient(network, loss, x, low, high):
    """Of `loss({layer: map})` with respect to a picture in [low, high]."""
    x = tf.constant(x, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = loss(network.truncated(("a", "b"))(((x - low) / (high - low))[None]))
    return tape.gradient(value, x).numpy().astype(np.float64)


def means(seen):
    return sum(w * tf.reduce_mean(seen[name]) for name, w in LAYERS)


def squares(seen):
    return sum(w * tf.reduce_mean(seen[name] ** 2) for name, w in LAYERS)


def inner_squares(seen):
    return sum(w * tf.reduce_mean(seen[name][:, 2:-2, 2:-2] ** 2) for name, w in LAYERS)


def lapnorm(g, levels=4):
    """Each channel by dense matrices: a strided convolution with zeros around it, and four times its transpose."""

    def halving(n):
        out = -(-n // 2)
        before = max((out - 1) * 2 + 5 - n, 0) // 2
        matrix = np.zeros([out, n])
        for row in range(out):
            for k, value in enumerate((1, 4, 6, 4, 1)):
                if 0 <= 2 * row + k - before < n:
                    matrix[row, 2 * row + k - before] = value / 16
        return matrix

    def even(x):
        return x / max(np.sqrt(np.mean(x**2)), 1e-10)

    parts, ways, rest = [], [], g
    for _ in range(levels):
        down, across = halving(rest.shape[0]), halving(rest.shape[1])
        small = np.einsum("ay,yxc,bx->abc", down, rest, across)
        parts.append(rest - 4 * np.einsum("ay,abc,bx->yxc", down, small, across))
        ways.append((down, across))
        rest = small
    total = even(rest)
    for part, (down, across) in zip(reversed(parts), reversed(ways)):
        total = 4 * np.einsum("ay,abc,bx->yxc", down, total, across) + even(part)
    return total


def blurs(g, sigma, mode, radius):
    return sum(
        ndimage.gaussian_filter(g, (s * sigma, s * sigma, 0), mode=mode, radius=(radius(s), radius(s), 0))
        for s in (0.5, 1.0, 2.0)
    )


def google2015(net, x, step, steps):
    x = 255 * x
    g = gradient(net, squares, x, 0, 255)
    return np.clip(x + 1.5 / np.abs(g).mean() * g, 0, 255) / 255


def tf1_dream(net, x, step, steps):
    g = gradient(net, means, 255 * x, 0, 255)
    return (255 * x + g * (1.5 / (np.abs(g).mean() + 1e-7))) / 255


def tf1_lapnorm(net, x, step, steps):
    return (255 * x + 1.0 * lapnorm(gradient(net, means, 255 * x, 0, 255))) / 255


def tf2_tutorial(net, x, step, steps):
    x = 2 * x - 1
    g = gradient(net, means, x, -1, 1)
    return (np.clip(x + 0.01 * g / (g.std() + 1e-8), -1, 1) + 1) / 2


def keras_io(net, x, step, steps):
    x = 2 * x - 1
    g = gradient(net, inner_squares, x, -1, 1)
    return (x + 0.01 * g / max(np.abs(g).mean(), 1e-6) + 1) / 2


def gordic(net, x, step, steps):
    mean, std = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    g = gradient(net, squares, x, 0, 1) * std
    g = blurs(g, 2 * (step + 1) / steps + 0.5, "mirror", lambda s: 4)
    g = (g - g.mean()) / g.std()
    normal = (x - mean) / std + 0.09 * g
    return np.clip(normal, -mean / std, (1 - mean) / std) * std + mean


def hvass(net, x, step, steps):
    g = gradient(net, means, 255 * x, 0, 255)
    sigma = step * 4.0 / steps + 0.5
    g = blurs(g, sigma, "reflect", lambda s: int(4 * s * sigma + 0.5))
    return (255 * x + 3.0 * g / (g.std() + 1e-8)) / 255


def crowson(net, x, step, steps):
    total = 0
    for name, weight in LAYERS:
        g = gradient(net, lambda seen, name=name: tf.reduce_sum(seen[name] ** 2), 255 * x, 0, 255)
        total = total + weight * g / np.linalg.norm(g)
    return (255 * x + total / np.abs(total).mean()) / 255


@pytest.mark.parametrize(
    "program", [google2015, tf1_dream, tf1_lapnorm, tf2_tutorial, keras_io, gordic, hvass, crowson]
)
def test_steps_of_a_program_are_its_own(network, program):
    recipe = recipe_of(program.__name__.replace("_", "-"))
    wanted = Wanted(network, recipe.layers, wishes=Wishes.of(recipe)).objective
    rule = rule_of(recipe, recipe.steps)
    x = expected = picture()
    canvas = canvas_of(recipe)(x)
    run = ascend(canvas, network, wanted, rule=rule, steps=recipe.steps, step_size=recipe.step_size, every=1)
    for step in range(3):
        expected = program(network, np.float64(expected), step, recipe.steps)
        next(run)
        found = (canvas.given[0] + canvas.state).numpy()
        moved = np.abs(expected - x).mean()
        assert moved > 1e-3 and np.abs(found - expected).max() < 0.01 * moved


def each(cut, count, ratio, size):
    sizes = [np.array(size)]
    for _ in range(count - 1):
        sizes.append(cut(sizes[-1] * ratio))
    return sizes


SIZES = {
    "google2015": lambda s: each(np.round, 4, 1 / 1.4, s)[::-1],
    "tf1-dream": lambda s: each(np.int32, 4, 1 / 1.4, s)[::-1],
    "tf1-lapnorm": lambda s: each(np.int32, 3, 1.4, s),
    "tf2-tutorial": lambda s: [np.int32(np.float32(s) * np.float32(1.3**n)) for n in range(-2, 3)],
    "keras-io": lambda s: [np.int32(np.array(s) / 1.4**i) for i in (2, 1, 0)],
    "gordic": lambda s: [np.round(np.float32(s) * 1.8 ** (k - 3)) for k in range(4)],
    "hvass": lambda s: each(np.int32, 5, 0.7, s)[::-1],
}


@pytest.mark.parametrize("name", SIZES)
@pytest.mark.parametrize("size", [(451, 601), (388, 500), (683, 1024)])
def test_octaves_of_a_program_are_its_own(name, size):
    plan = octaves_of(recipe_of(name))
    wanted = [tuple(int(side) for side in s) for s in SIZES[name](size)]
    assert [tuple(s) for s in plan.sizes(*size)] == wanted


def test_whole_pictures_lose_their_detail_and_differences_keep_it():
    grain = np.random.default_rng(0).uniform(0.3, 0.7, (60, 80, 3)).astype(np.float32)
    for name, kept in (("tf2-tutorial", False), ("google2015", True)):
        canvas = canvas_of(recipe_of(name))(grain)
        for size in octaves_of(recipe_of(name)).sizes(60, 80):
            canvas.resize(size)
        assert (np.abs(canvas.array() - grain).mean() < 1e-6) == kept
    blended = canvas_of(recipe_of("hvass"))(grain)
    blended.resize((42, 56))
    low = (blended.given[0] + blended.state).numpy()
    blended.resize((60, 80))
    import cv2

    wanted = 0.2 * grain + 0.8 * cv2.resize(low, (80, 60), interpolation=cv2.INTER_CUBIC)
    assert np.allclose(blended.given[0] + blended.state, wanted, atol=1e-5)


def test_what_has_no_bounds_is_cut_at_the_end_alone():
    canvas = canvas_of(recipe_of("tf1-dream"))(picture(), np.full((40, 52, 3), 0.9, np.float32))
    assert float(tf.reduce_max(canvas.render(canvas.state, canvas.given))) > 1.3
    assert canvas.array().max() == 1.0
