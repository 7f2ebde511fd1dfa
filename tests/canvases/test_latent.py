"""A latent stays in the world of its generator, and can be led anywhere in it."""

import numpy as np
import pytest
import tensorflow as tf

from deepdream_av.ascent import ascend
from deepdream_av.canvases.latent import PartWise, enlarged, lanczos, latent_canvas
from deepdream_av.canvases.world import Palette, world_of
from deepdream_av.errors import UsageError, WeightsError


@pytest.fixture(scope="module")
def generator():
    """A small one with a way around every map, as self-modulation makes them; its weights are drawn."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(3)
    z = keras.Input((12,))
    x = layers.Reshape((4, 4, 16))(layers.Dense(256)(z))
    for side, width in ((8, 12), (16, 8), (32, 8)):
        x = layers.Conv2DTranspose(width, 4, 2, padding="same")(x)
        gain = layers.Reshape((1, 1, width))(layers.Dense(width, bias_initializer="ones")(z))
        x = layers.LeakyReLU(name=f"size{side}")(layers.Multiply()([x, gain]))
    x = layers.Conv2D(3, 3, padding="same", kernel_initializer=keras.initializers.GlorotUniform())(x)
    return keras.Model(z, layers.Activation("sigmoid")(x))


@pytest.fixture(scope="module")
def kind(generator):
    return latent_canvas(generator, 48)


def normal(shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def rms(x):
    return np.sqrt(np.mean(np.square(x), 1))


def test_the_maps_up_to_half_of_the_picture_are_open(generator):
    assert world_of(generator).widths == (12, 4 * 4 * 16, 8 * 8 * 12, 16 * 16 * 8)


def test_without_moves_the_generator_paints_what_it_painted_before(generator):
    world, z = world_of(generator), normal([5, 12]) * 2
    state = np.concatenate([z, np.zeros([5, sum(world.widths[1:])], np.float32)], 1)
    assert np.allclose(world.paint(state), generator(z), atol=1e-6)
    assert np.allclose(world.paint(state), generator(z), atol=1e-6)  # and leaves no trace


def test_the_usual_generator_is_opened_too():
    from deepdream_av.gan import build_generator

    model = build_generator(width=8, latent=10)
    world, z = world_of(model), normal([4, 10])
    state = np.concatenate([z, np.zeros([4, sum(world.widths[1:])], np.float32)], 1)
    assert np.allclose(world.paint(state), model(z), atol=1e-6) and len(world.widths) == 5


def test_a_move_changes_its_own_place_most(generator):
    """Cell (0, 0) of the 8x8 map lies behind the upper left eighth of the picture."""
    world = world_of(generator)
    state = np.concatenate([normal([1, 12]), np.zeros([1, sum(world.widths[1:])], np.float32)], 1)
    moved = state.copy()
    moved[0, world.widths[0] + world.widths[1] :][:12] = 2.0
    change = np.abs(world.paint(moved) - world.paint(state))[0].mean(2)
    assert change[:8, :8].mean() > 20 * change[16:, 16:].mean()


def test_moves_end_at_the_range_that_the_generator_knows(generator):
    world = world_of(generator)
    state = np.concatenate([normal([1, 12]), np.sign(normal([1, sum(world.widths[1:])], 1)) * 100], 1)
    further = np.concatenate([state[:, :12], state[:, 12:] * 1000], 1)
    assert np.allclose(world.paint(state), world.paint(further), atol=1e-5)


def test_projection_keeps_the_norm_and_the_room(kind):
    widths = kind.world.widths
    state = tf.constant(normal([3, sum(widths)]) * np.array([[0.1], [1.0], [10.0]], np.float32))
    got = kind.project(state, (tf.constant(0.5), None))
    latent, *moves = (x.numpy() for x in kind.world.parts(got))
    assert np.allclose(np.linalg.norm(latent, axis=1), np.sqrt(12), rtol=1e-5)
    assert np.allclose(_unit(latent), _unit(state[:, :12]), atol=1e-5)
    for move, before in zip(moves, kind.world.parts(state)[1:]):
        assert np.allclose(rms(move), np.minimum(rms(before.numpy()), 0.5), rtol=1e-4)
    assert np.allclose(kind.project(got, (tf.constant(0.5), None)), got, atol=1e-5)
    assert not kind.project(state, (tf.constant(0.0), None)).numpy()[:, 12:].any()


def _unit(x):
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def test_every_part_steps_equally_far(kind):
    widths = kind.world.widths
    scale = np.repeat([1e-6, 1.0, 1e5, 30.0], widths).astype(np.float32)
    direction = PartWise(widths)(tf.constant(normal([2, sum(widths)]) * scale), None)
    for part in tf.split(direction, widths, 1):
        assert np.allclose(rms(part.numpy()), 1.0, rtol=1e-3)
    assert not PartWise(widths)(tf.zeros([1, sum(widths)]), None).numpy().any()


class Near:
    """Wants the shown picture to be a given one."""

    layers = ("picture",)

    def __init__(self, target):
        self.target = target

    def __call__(self, seen):
        return -tf.reduce_mean(tf.square(seen["picture"] - self.target))

    def truncated(self, names):
        return lambda x: {"picture": x}


@pytest.mark.parametrize("room", [0.0, 1.0])
def test_it_can_fit_a_picture_of_its_world(kind, room):
    wanted, canvas = kind(normal([1, 12], 5)), kind(normal([1, 12], 6), room=room)
    near = Near(kind.render(wanted.state, wanted.given))
    before = float(near({"picture": kind.render(canvas.state, canvas.given)}))
    rule, done = PartWise(kind.world.widths), [0]
    for step in ascend(
        canvas, near, near, rule=rule, steps=120, step_size=lambda: 0.3 * 0.96 ** done[0], every=4
    ):
        done[0] = step.step
    assert step.score > (0.15 if room else 0.3) * before
    assert np.allclose(np.linalg.norm(canvas.latents, axis=1), np.sqrt(12), rtol=1e-5)


def test_lanczos_keeps_what_a_picture_is():
    grey = np.full([1, 8, 8, 3], 0.3, np.float32)
    assert np.allclose(enlarged(grey, 29), 0.3, atol=1e-6)
    picture = np.random.default_rng(0).random([1, 8, 8, 3]).astype(np.float32)
    assert np.allclose(enlarged(picture[:, ::-1], 24), enlarged(picture, 24)[:, ::-1], atol=1e-5)
    # a wave of eight pixels is drawn where it belongs, away from the edges
    wave = np.cos(2 * np.pi * (np.arange(32) + 0.5) / 8)
    finer = np.cos(2 * np.pi * (np.arange(128) + 0.5) / 32)
    assert np.abs(lanczos(32, 128) @ wave - finer)[16:-16].max() < 0.02


def test_what_is_no_generator_is_named(generator):
    import keras

    flat = keras.Sequential([keras.Input((5,)), keras.layers.Dense(7)])
    with pytest.raises(WeightsError, match=r"\(None, 5\) to \(None, 7\)"):
        latent_canvas(flat, 64)
    with pytest.raises(UsageError, match="32 px. Received: 16"):
        latent_canvas(generator, 16)
    with pytest.raises(UsageError, match=r"\[batch, 12\]. Received: \[1, 3\]"):
        latent_canvas(generator, 64)(normal([1, 3]))


def test_a_palette_leaves_what_is_usual_and_holds_what_is_garish():
    rng = np.random.default_rng(2)
    known = 0.5 + 0.1 * rng.standard_normal([64, 8, 8, 3]) * rng.uniform(0.5, 1.5, [64, 1, 1, 1])
    palette = Palette(known.astype(np.float32))
    usual = (0.5 + 0.06 * rng.standard_normal([1, 8, 8, 3])).astype(np.float32)
    assert np.allclose(palette(usual), usual, atol=0.01)
    garish = np.tile(np.float32([[1, 0, 1], [0, 1, 0]]), (1, 8, 4, 1))
    held = palette(garish).numpy()
    assert held.std((1, 2)).max() < 0.2 and np.abs(held.mean((1, 2)) - 0.5).max() < 0.05
    assert np.corrcoef(held.ravel(), garish.ravel())[0, 1] > 0.95  # the same picture in other colours
    wider = palette(garish, 2.0).numpy()
    assert wider.std() == pytest.approx(2 * held.std(), rel=0.05)
