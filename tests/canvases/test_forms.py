"""Every form in which a dream is held can reach every picture, by the loop that all dreams come through."""

import numpy as np
import pytest
import tensorflow as tf

from deepdream_av.ascent import ascend
from deepdream_av.canvases.kinds import FORMS, TONES, picture_canvas
from deepdream_av.canvases.statistics import (
    COLOURS,
    coloured,
    falloff,
    mean_amplitude,
    noise,
    picture_of,
    spectrum_of,
    whitened,
)
from deepdream_av.media.example import example_picture

SIZE = 36, 48
HELD = [form for form in FORMS if form != "pixels"]


@pytest.fixture(scope="module")
def photo():
    return (0.1 + 0.8 * example_picture(*SIZE[::-1])).astype(np.float32)


class Eye:
    """A network whose only layer is the picture."""

    def truncated(self, names):
        return lambda x: {"seen": x}


class Likeness:
    """Wants one picture."""

    layers = ("seen",)

    def __init__(self, wanted):
        self.wanted = tf.constant(wanted)

    def __call__(self, activations):
        return -tf.reduce_mean(tf.square(activations["seen"][0] - self.wanted))


def fitted(canvas, wanted, *, steps=360):
    done = iter(range(10**6))
    lengths = np.geomspace(0.03, 3e-4, steps // 10)
    *_, step = ascend(
        canvas,
        Eye(),
        Likeness(wanted),
        steps=steps,
        every=10,
        step_size=lambda: float(lengths[next(done)]),
    )
    return float(np.abs(step.array() - wanted).mean()), step.scores


@pytest.mark.parametrize("form", list(FORMS))
def test_it_fits_a_given_photo(form, photo):
    if form == "phase":  # what it cannot change, the magnitudes, are the photo's
        canvas = picture_canvas(form)(photo)
        start = np.random.default_rng(1).uniform(-2, 2, canvas.state.shape).astype(np.float32)
        quiet = tf.sqrt(canvas.given[1] * tf.sqrt(tf.reduce_mean(tf.square(canvas.given[1]))))
        canvas.state = canvas.state + start * quiet
    else:
        canvas = picture_canvas(form)(np.full_like(photo, 0.5))
    assert np.abs(canvas.array() - photo).mean() > 0.05
    error, scores = fitted(canvas, photo)
    assert error < 0.01 and scores[-1] > scores[0]


@pytest.mark.parametrize("tone", list(TONES))
@pytest.mark.parametrize("form", list(FORMS))
def test_a_dream_goes_in_and_comes_out_as_it_was(form, tone, photo):
    kind = picture_canvas(form, tone)
    assert kind is picture_canvas(form, tone)
    assert np.abs(kind(photo).array() - photo).max() < 1e-4  # no dream is the source
    delta = noise(photo.shape[:2], seed=2, contrast=0.05)
    if form == "phase":  # what is no change of phase is lost
        return
    canvas = kind(photo, delta)
    assert canvas.delta() == pytest.approx(delta, abs=1e-5)
    shown = kind.render(canvas.state, canvas.given)[0].numpy()
    # a clipped canvas of pixels cuts what it is shown only after a step
    assert np.abs(np.clip(shown, 0, 1) - canvas.array()).max() < 2e-3
    canvas.resize((24, 32))
    assert canvas.given[0].shape == (24, 32, 3) and canvas.array().shape == photo.shape


@pytest.mark.parametrize("form", HELD)
def test_a_step_is_as_long_as_one_in_pixels(form):
    """A state changed by noise of variance 1 changes the picture by about that, so that step sizes keep their sense."""
    grey = 0.5 + noise((64, 80), seed=0)
    canvas = picture_canvas(form)(grey)
    step = np.random.default_rng(3).standard_normal(canvas.state.shape).astype(np.float32)
    moved = type(canvas).decode(canvas.state + 0.01 * step, canvas.given) - type(canvas).decode(
        canvas.state, canvas.given
    )
    assert 0.003 < float(tf.math.reduce_std(moved)) < 0.02


def test_phases_keep_the_magnitudes_of_the_source(photo):
    canvas = picture_canvas("phase")(photo)
    canvas.state = canvas.state + 0.1 * np.random.default_rng(0).standard_normal(canvas.state.shape).astype(
        "f"
    )
    moved = photo + type(canvas).decode(canvas.state, canvas.given).numpy()
    assert np.abs(moved - photo).mean() > 0.02
    mean = photo.mean((0, 1))
    one, other = (np.abs(spectrum_of(whitened(tf.constant(x - mean))).numpy()) for x in (photo, moved))
    inside = np.s_[1:, 1:-1]  # the coefficients without a twin must be real
    assert other[inside] == pytest.approx(one[inside], abs=2e-3 * float(one[inside].max()))
    assert moved.mean((0, 1)) == pytest.approx(mean, abs=1e-5)


def test_a_chroma_canvas_pales_but_does_not_turn():
    """Beyond the range of colours, the hue of what was dreamt stays, where bending each channel turns it."""
    source = np.full((4, 4, 3), [0.6, 0.5, 0.4], np.float32)
    delta = np.full((4, 4, 3), [0.9, 0.3, -0.1], np.float32)

    def hue(rgb):
        x = rgb - rgb.mean()
        return np.arctan2(np.sqrt(3) * (x[1] - x[2]), 2 * x[0] - x[1] - x[2])

    wanted = hue((source + delta)[0, 0])
    kept, turned = (hue(picture_canvas("pixels", t).toned(source, delta)[0, 0]) for t in ("chroma", "soft"))
    assert abs(kept - wanted) < 1e-3 < 0.03 < abs(turned - wanted)
    loud = picture_canvas("pixels", "chroma").toned(
        *np.random.default_rng(0).uniform(-1, 1, (2, 32, 32, 3)) * 0.5 + 0.5
    )
    assert 0 <= loud.min() and loud.max() <= 1


def test_colours_of_photos_have_the_light_first():
    light, *colour = np.abs(COLOURS.sum(0))
    assert light > 10 * max(colour)
    x = np.random.default_rng(0).standard_normal((5, 3)).astype(np.float32)
    assert whitened(coloured(x)).numpy() == pytest.approx(x, abs=1e-5)


@pytest.mark.parametrize("size", [(12, 16), (13, 17), (12, 15)])
def test_a_picture_is_its_spectrum(size):
    x = np.random.default_rng(0).standard_normal((*size, 3)).astype(np.float32)
    assert picture_of(spectrum_of(tf.constant(x)), tf.constant(size)).numpy() == pytest.approx(x, abs=1e-5)


def test_noise_has_the_spectrum_it_is_given(photo):
    grey = noise((64, 64), seed=4)
    assert np.array_equal(grey, noise((64, 64), seed=4)) and not np.array_equal(grey, noise((64, 64), seed=5))
    assert grey.std() == pytest.approx(0.2, rel=1e-4)
    amplitude = mean_amplitude([photo, photo[:, ::-1]], (64, 64))
    made = noise((64, 64), seed=4, amplitude=amplitude)
    got = np.abs(spectrum_of(whitened(tf.constant(made))).numpy())[1:32, 1:32]
    assert np.corrcoef(got.ravel(), amplitude[1:32, 1:32].ravel())[0, 1] > 0.999
    # amplitudes of photos fall with the frequency
    fall = falloff(tf.constant([64, 64])).numpy()
    assert fall[4, 0] == pytest.approx(2 * fall[8, 0], rel=1e-4)


def test_the_statistics_of_photos_are_found_again():
    """The numbers that are shipped come out of pictures that are made with them."""
    from training.colour_statistics import colour_matrix, spectral_exponent

    pictures = [0.5 + noise((96, 96), seed=k, contrast=0.1) for k in range(8)]
    assert colour_matrix(pictures) == pytest.approx(COLOURS, abs=0.06)
    assert spectral_exponent(pictures) == pytest.approx(1.286, abs=0.1)


@pytest.mark.parametrize("form", HELD)
@pytest.mark.parametrize("size", [(24, 33), (60, 80)])
def test_what_a_rule_remembers_comes_along_to_another_size(form, size, photo):
    canvas = picture_canvas(form)(photo)
    memory = np.random.default_rng(0).uniform(1, 2, canvas.state.shape).astype(np.float32)
    canvas.resize(size)
    carried = canvas.resize_memory(memory)
    assert carried.shape == canvas.state.shape
    assert 1 <= carried.min() and carried.max() <= 2  # what is positive stays so
    if form != "laplacian":  # the coarsest waves are the same ones
        assert np.array_equal(carried[:8, :8], memory[:8, :8]) and np.array_equal(
            carried[-8:, :8], memory[-8:, :8]
        )
