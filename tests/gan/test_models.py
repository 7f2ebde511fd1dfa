"""The pair of networks: what goes in and comes out, at which sizes, and from which files."""

import numpy as np
import pytest

from deepdream_av.errors import UsageError, WeightsError
from deepdream_av.gan import build_discriminator, build_generator, load_discriminator, load_generator


@pytest.mark.parametrize("size", [64, 128])
def test_a_generator_paints_pictures_of_its_size(size):
    z = np.random.default_rng(0).standard_normal((2, 5)).astype(np.float32)
    pictures = build_generator(size=size, latent=5, width=4)(z).numpy()
    assert pictures.shape == (2, size, size, 3) and pictures.dtype == np.float32
    assert pictures.min() >= 0 and pictures.max() <= 1
    assert np.abs(pictures[0] - pictures[1]).mean() > 0.01, "another latent vector, another picture"


def test_waves_are_plane_and_as_many_as_the_latent_vector_says():
    """Each map of waves has one frequency: its spectrum is one peak, at the wave number of its dense layer."""
    import keras

    net = build_generator(size=64, latent=3, width=4)
    look = keras.Model(net.input, [net.get_layer("wave_numbers").output, net.get_layer("waves").output])
    numbers, waves = look(np.random.default_rng(0).standard_normal((1, 3)).astype(np.float32))
    assert waves.shape == (1, 32, 32, 48)
    for k in range(0, 48, 7):
        spectrum = np.abs(np.fft.fft2(waves[0, :, :, k], (256, 256)))
        spectrum[0, 0] = 0
        down, across = np.unravel_index(spectrum[:129].argmax(), (129, 256))
        # 256 samples are 256 / 31 pictures, whose first and last samples lie on their edges
        found = np.array([(across + 128) % 256 - 128, down]) * 31 / 256
        told = np.asarray(numbers)[0, k, :2]
        if np.abs(told).max() > 1 and np.abs(told).max() < 15:  # longer ones than the picture have no peak
            assert min(np.abs(found - told).max(), np.abs(found + told).max()) < 0.5


@pytest.mark.parametrize("shape", [(64, 64), (96, 80), (65, 131)])
def test_a_discriminator_judges_pictures_of_any_size(shape):
    net = build_discriminator(width=4)
    assert net(np.zeros((2, *shape, 3), np.float32)).shape == (2, 1)


def test_what_is_dreamt_are_maps_at_their_strides():
    import keras

    net = build_discriminator(size=128, width=4)
    names = ["stride2", "stride4", "stride8", "stride16", "stride32", "motifs"]
    maps = keras.Model(net.input, [net.get_layer(n).output for n in names])(
        np.zeros((1, 128, 128, 3), np.float32)
    )
    assert [m.shape[1] for m in maps] == [64, 32, 16, 8, 4, 4]


def test_a_discriminator_judges_a_tiled_picture_as_its_tile():
    """The average before the logit makes the answer one of content, not of extent (up to the picture's rim)."""
    net = build_discriminator(width=4)
    tile = np.random.default_rng(0).random((1, 64, 64, 3), np.float32)
    small, large = (float(net(np.tile(tile, (1, n, n, 1)))[0, 0]) for n in (8, 16))
    other = float(net(np.tile(1 - tile, (1, 8, 8, 1)))[0, 0])
    assert abs(small - large) < 0.3 * abs(small - other)


def test_every_pixel_is_reached_equally_often_by_the_discriminators_first_level():
    import tensorflow as tf

    layer = build_discriminator(width=4).get_layer("stride2_conv")
    layer.set_weights([np.ones((4, 4, 3, layer.filters)), np.zeros(layer.filters)])
    x = tf.Variable(tf.zeros((1, 32, 32, 3)))
    with tf.GradientTape() as tape:
        score = tf.reduce_sum(layer(x))
    assert np.ptp(tape.gradient(score, x).numpy()[:, 2:-2, 2:-2]) == 0


@pytest.mark.parametrize("wrong", [{"size": 96}, {"width": 0}, {"latent": 0}, {"latent": 2.5}])
def test_numbers_out_of_range_are_named(wrong):
    with pytest.raises(UsageError, match=f"`{next(iter(wrong))}` must be"):
        build_generator(**wrong)


def test_the_shipped_pair_is_trained():
    """What the one paints is more real to the other than noise, or than its own pixels in disorder."""
    generator, judge = load_generator(), load_discriminator()
    z = np.random.default_rng(1).standard_normal((16, generator.input_shape[1])).astype(np.float32)
    pictures = generator(z).numpy()
    noise = np.random.default_rng(2).random(pictures.shape, np.float32)
    shuffled = np.random.default_rng(3).permuted(pictures.reshape(16, -1, 3), axis=1).reshape(pictures.shape)
    assert judge(pictures).numpy().mean() > max(judge(noise).numpy().mean(), judge(shuffled).numpy().mean())
    assert pictures.std(0).mean() > 0.1, "sixteen different pictures"


def test_a_saved_pair_comes_back(tmp_path):
    z = np.random.default_rng(0).standard_normal((2, 5)).astype(np.float32)
    generator, judge = build_generator(latent=5, width=2), build_discriminator(width=2)
    generator.save(tmp_path / "g.keras")
    judge.save(tmp_path / "d.keras")
    pictures = generator(z).numpy()
    np.testing.assert_array_equal(load_generator(tmp_path / "g.keras")(z), pictures)
    np.testing.assert_array_equal(load_discriminator(str(tmp_path / "d.keras"))(pictures), judge(pictures))
    with pytest.raises(WeightsError, match="must make pictures"):
        load_generator(tmp_path / "d.keras")
    with pytest.raises(WeightsError, match="must make one logit"):
        load_discriminator(tmp_path / "g.keras")


@pytest.mark.parametrize("load", [load_generator, load_discriminator])
def test_what_is_no_network_is_refused_in_one_line(load, tmp_path):
    (tmp_path / "x.keras").write_bytes(b"no archive")
    for path in (tmp_path / "x.keras", tmp_path / "missing.keras", tmp_path):
        with pytest.raises(WeightsError, match="must be a network saved by Keras 3") as caught:
            load(path)
        assert "\n" not in str(caught.value)
