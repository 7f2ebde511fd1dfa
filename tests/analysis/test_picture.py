"""The report card's meters against what is known of the things that they measure."""

import json

import numpy as np
import pytest

from deepdream_av.analysis import picture as card
from deepdream_av.analysis.colour_difference import delta_e, lab
from deepdream_av.errors import InputError
from deepdream_av.media.example_noise import fractal

# from the test data of Sharma, Wu and Dalal (2005), the pairs around the formula's discontinuities among them
PAIRS = [
    ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
    ((50, -1.3802, -84.2814), (50, 0, -82.7485), 1.0000),
    ((50, 0, 0), (50, -1, 2), 2.3669),
    ((50, 2.49, -0.001), (50, -2.49, 0.0009), 7.1792),
    ((50, 2.49, -0.001), (50, -2.49, 0.0011), 7.2195),
    ((50, -0.001, 2.49), (50, 0.0011, -2.49), 4.7461),
    ((50, 2.5, 0), (73, 25, -18), 27.1492),
    ((50, 2.5, 0), (56, -27, -3), 31.9030),
    ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
]


@pytest.mark.parametrize("first, second, expected", PAIRS)
def test_ciede2000_gives_the_published_values_both_ways(first, second, expected):
    a, b = np.array(first, float), np.array(second, float)
    assert delta_e(a, b) == pytest.approx(expected, abs=1e-4)
    assert delta_e(b, a) == pytest.approx(expected, abs=1e-4)


def test_greys_have_no_chroma():
    grey = np.repeat(np.linspace(0, 1, 11)[:, None], 3, 1)
    assert np.abs(lab(grey)[:, 1:]).max() < 0.01
    assert np.all(np.diff(lab(grey)[:, 0]) > 0)


@pytest.mark.parametrize("slope", [0.0, 0.5, 1.0, 1.5])
def test_the_slope_of_noise_is_the_one_it_was_made_with(slope):
    noise = fractal(np.random.default_rng(1), (192, 192), slope=slope)
    picture = np.repeat(0.5 + 0.1 * noise[..., None], 3, 2)
    assert card.spectral_slope(picture) == pytest.approx(-2 * slope, abs=0.25)


def test_scrambling_keeps_the_spectrum_and_loses_the_form():
    delta = np.zeros((64, 96, 3), np.float32)
    delta[20:30, 40:60] = 0.3
    delta -= delta.mean((0, 1))
    other = card.scrambled_phases(delta)
    spectra = [np.abs(np.fft.rfft2(x, axes=(0, 1))) for x in (delta, other)]
    # where a real signal's coefficient is its own mirror image, only its sign can turn
    inside = np.s_[1:31, 1:47]
    np.testing.assert_allclose(spectra[1][inside], spectra[0][inside], atol=1e-3)
    assert abs(np.corrcoef(delta.ravel(), other.ravel())[0, 1]) < 0.4


def test_one_detail_size_is_poor_and_noise_of_all_sizes_is_rich():
    wave = np.tile(0.1 * np.sin(2 * np.pi * np.arange(128) / 3)[None, :, None], (128, 1, 3))
    rng = np.random.default_rng(0)
    pink = np.stack([0.1 * fractal(rng, (128, 128), slope=1.0)] * 3, -1)
    poor, rich = (card.richness(card.band_energies(d)) for d in (wave, pink))
    assert poor < 0.35 and rich > 0.65


def test_figures_of_a_known_change():
    source = np.full((64, 64, 3), 0.5, np.float32)
    source[:, ::2] = 0.4
    dream = source.copy()
    dream[:16] = 1.0  # a quarter of all samples
    figures = card.picture_figures(dream, source)
    assert figures["clipped_percent"] == pytest.approx(25.0)
    assert figures["total_variation"] < 1.0  # the stripes of that quarter are gone
    same = card.picture_figures(source, source)
    assert (
        same["rms_change"] == same["slope_error"] == same["delta_e"]["mean"] == same["octave_richness"] == 0.0
    )


@pytest.fixture(scope="module")
def dreamt():
    from deepdream_av import Recipe, dream_image, load_backbone

    source = np.stack(
        [0.5 + 0.12 * fractal(np.random.default_rng(k), (72, 96), slope=1.0) for k in range(3)], -1
    )
    source = np.clip(source, 0, 1).astype(np.float32)
    dream = dream_image(source, recipe=Recipe.from_look("eyes", octaves=1, steps=8))
    return source, dream.array, load_backbone("dreamnet")


def test_a_dream_raises_its_layers_more_than_the_same_spectrum_without_form(dreamt):
    source, dream, backbone = dreamt
    found = card.report_card(
        dream, source, backbone=backbone, judges=[backbone], others=[source], seconds=2.0
    )
    assert found["activation_gain"] > 1.2 * found["scrambled"]
    # the network itself as its judge: the nearest of its layers are the dreamt ones
    assert set(found["transfer"][0]["layers"]) == {"stride8", "stride16"}
    assert found["transfer"][0]["gain"] == pytest.approx(found["activation_gain"], rel=1e-3)
    assert found["log_gain_per_second"] == pytest.approx(np.log(found["activation_gain"]) / 2, abs=1e-3)
    assert 0 < found["diversity"] < 1
    json.dumps(found, allow_nan=False)


def test_no_change_is_no_gain_and_no_diversity(dreamt):
    source, _, backbone = dreamt
    found = card.report_card(source, source, backbone=backbone, others=[source])
    assert found["activation_gain"] == 1.0
    assert found["diversity"] == pytest.approx(0, abs=1e-5)


def test_pictures_of_other_sizes_are_refused():
    with pytest.raises(InputError, match="of one size. Received: 64x64 and 80x64"):
        card.report_card(np.zeros((64, 64, 3)), np.zeros((64, 80, 3)))
    with pytest.raises(InputError, match="`source` must be a picture"):
        card.report_card(np.zeros((64, 64, 3)), np.zeros((64, 64)))
