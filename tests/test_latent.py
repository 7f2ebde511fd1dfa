"""A dream out of a generator: more of what is wanted than any random picture has, and still its own."""

import json

import numpy as np
import pytest

from deepdream_av import latent, replay
from deepdream_av.errors import UsageError, WeightsError
from deepdream_av.latent import dream_latent
from deepdream_av.media.image import read_image
from deepdream_av.media.metadata import read_note
from deepdream_av.recipe import Recipe


@pytest.fixture(scope="module")
def generator(tmp_path_factory) -> str:
    """A small one that was not trained: it paints coloured clouds."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(5)
    z = keras.Input((16,))
    x = layers.Reshape((4, 4, 24))(layers.Dense(4 * 4 * 24)(z))
    for width in (16, 12, 8):
        x = layers.LeakyReLU(negative_slope=0.2)(layers.Conv2DTranspose(width, 4, 2, padding="same")(x))
    colour = layers.Conv2D(3, 3, padding="same")
    logit = colour(x)
    spread = np.std(
        keras.Model(z, logit).predict(np.random.default_rng(0).standard_normal([32, 16]), verbose=0)
    )
    colour.kernel.assign(colour.kernel * (1.5 / spread))  # drawn weights alone paint nothing but grey
    path = tmp_path_factory.mktemp("gan") / "clouds.keras"
    keras.Model(z, layers.Activation("sigmoid")(logit)).save(path)
    return str(path)


@pytest.fixture
def recipe(generator) -> Recipe:
    return Recipe.from_look("patterns", generator=generator, latent_steps=40, size=64, work_size=64)


def test_it_wants_more_than_the_best_of_many_random_latents(recipe):
    best, dream = (dream_latent(recipe=recipe.replace(strength=s)) for s in (0.0, 1.0))
    assert 0.8 < best.report["gain"]["stride8_in_relu"] <= 1.001  # itself, in usual colours
    assert dream.report["gain"]["stride8_in_relu"] > 2.0
    assert dream.report["score"] > dream.report["best_random_score"] + np.log(2)
    assert dream.array.shape == (64, 64, 3) and 0 <= dream.array.min() and dream.array.max() <= 1
    assert np.linalg.norm(dream.latent) == pytest.approx(4.0, rel=1e-4)


def test_what_is_reported_is_what_the_written_picture_holds(recipe, tmp_path):
    """Measured anew, from the file, against random latents that are painted anew."""
    import tensorflow as tf

    from deepdream_av.backbones import load_backbone
    from deepdream_av.canvases.latent import enlarged
    from deepdream_av.gan import load_generator

    out = tmp_path / "dream.png"
    flags = ["--recipe", str(tmp_path / "r.json"), "-o", str(out), "-q"]
    (tmp_path / "r.json").write_text(recipe.to_json())
    assert latent.main(flags) == 0
    sees = load_backbone("dreamnet").truncated(["stride8_in_relu"])

    def energy(picture):
        return float(tf.reduce_mean(tf.square(tf.cast(sees(picture[None])["stride8_in_relu"], tf.float32))))

    paints = load_generator(recipe.generator)
    random = enlarged(paints(np.random.default_rng(9).standard_normal([64, 16], np.float32)), 64)
    assert energy(read_image(out).array) > 2.0 * max(energy(x) for x in random)


def test_same_recipe_same_pixels_and_another_seed_others(recipe):
    short = recipe.replace(latent_steps=4)
    a, b, c = (dream_latent(recipe=short.replace(seed=s)).array for s in (1, 1, 2))
    assert np.array_equal(a, b) and not np.allclose(a, c, atol=0.05)


def test_stopping_keeps_what_was_dreamt(recipe):
    def stop(done, total):
        if done >= total / 2:
            raise KeyboardInterrupt

    dream = dream_latent(recipe=recipe, progress=stop)
    assert dream.interrupted and dream.report["score"] > dream.report["best_random_score"]


def test_command_line_recipe_and_replay(generator, tmp_path, capsys):
    out = tmp_path / "dream.png"
    flags = [
        "--generator",
        generator,
        "--latent-steps",
        "3",
        "--size",
        "80",
        "--work-size",
        "64",
        "--seed",
        "4",
    ]
    assert latent.main(["-o", str(out), *flags, "--json", "-q"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["path"] == str(out) and set(told["report"]["gain"]) == {"stride8", "stride16"}
    note = read_note(out)
    wanted = dict(generator=generator, latent_steps=3, size=80, work_size=64, seed=4)
    assert note.kind == "latent" and note.recipe == Recipe.from_look("eyes", **wanted)
    assert replay.main(["-q", str(out)]) == 0
    assert np.array_equal(read_image(tmp_path / "dream.replay.png").array, read_image(out).array)


@pytest.mark.parametrize(
    "flags, words",
    [
        (["--generator", "absent.keras"], "does not exist"),
        (["--layer", "stride9"], "Did you mean"),
        (["photo.jpg"], "unrecognized arguments: photo.jpg"),
    ],
)
def test_wrong_usage_is_one_line(generator, tmp_path, capsys, flags, words):
    argv = ["-o", str(tmp_path / "d.png"), "--generator", generator, "-q", *flags]
    try:
        assert latent.main(argv) in (1, 2)
    except SystemExit as leaving:  # as argparse leaves
        assert leaving.code == 2
    err = capsys.readouterr().err
    assert words in err and len(err.strip().splitlines()) == 1
    assert not (tmp_path / "d.png").exists()


def test_what_cannot_paint_or_look_is_named(recipe, tmp_path):
    import keras

    path = tmp_path / "classifier.keras"
    keras.Sequential([keras.Input((8,)), keras.layers.Dense(3)]).save(path)
    with pytest.raises(WeightsError, match="classifier.keras"):
        dream_latent(recipe=recipe.replace(generator=str(path)))
    with pytest.raises(UsageError, match="listens"):
        dream_latent(recipe=recipe.replace(backbone="earnet", layers=()))
