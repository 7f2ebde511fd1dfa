"""Fractals obey the mathematics that defines them, and every draw is a sound picture."""

import numpy as np
import pytest

from training.datasets.fractals import (
    CATEGORIES,
    attractor,
    density,
    dragon,
    escape,
    fern,
    flame,
    gasket,
    newton,
    packing,
    plasma,
    sheet,
)


@pytest.mark.parametrize("name", CATEGORIES)
@pytest.mark.parametrize("seed", range(6))
def test_a_draw_is_a_picture_with_something_to_see(name, seed):
    picture = CATEGORIES[name](np.random.default_rng(seed), 64)
    assert picture.shape == (64, 64, 3) and picture.dtype == np.float32
    assert np.isfinite(picture).all() and picture.min() >= 0 and picture.max() <= 1
    assert picture.std((0, 1)).max() > 0.05
    windows = picture.reshape(4, 16, 4, 16, 3).std((1, 3)).max(-1)
    assert (windows > 0.015).mean() > 0.5  # it fills most of the picture
    assert np.abs(np.diff(picture, axis=1)).mean() < 0.3  # and is no mere noise


@pytest.mark.parametrize("name", CATEGORIES)
@pytest.mark.parametrize("size", [32, 97])
def test_a_draw_is_a_function_of_seed_and_size(name, size):
    first, again, other = (CATEGORIES[name](np.random.default_rng(s), size) for s in (3, 3, 4))
    assert first.shape == (size, size, 3)
    assert first.tobytes() == again.tobytes()
    assert first.tobytes() != other.tobytes()


def test_a_sheet_is_at_least_32_pixels_wide():
    with pytest.raises(ValueError, match="at least 32 pixels. Received: 16"):
        sheet.fine(16)


def test_a_view_keeps_straight_lines_straight_and_its_centre_in_the_middle():
    look = sheet.view(np.random.default_rng(2), 100, centre=2 + 1j, half=3.0, tilt=0.3)
    assert look.place(np.array(2 + 1j)) == pytest.approx(49.5)
    a, b, c = look.place(2 + np.array([-0.5 + 0.2j, 0.1 + 0.3j, 0.7 + 0.4j]))
    (p, q), (r, s) = b - a, c - a
    assert p * s - q * r == pytest.approx(0, abs=1e-6)


# escape time


@pytest.mark.parametrize("c", [0, -1, 1j, -2, 0.25, -0.12256 + 0.74486j])
def test_bounded_orbits_of_the_mandelbrot_set_never_escape(c):
    # fixed, period 2, preperiodic, the tip, the cusp, period 3
    assert np.isinf(escape.escape(np.array([c]), np.array([c]), 60))[0]


@pytest.mark.parametrize("c", [0.3, -2.01, 0.5 + 0.5j, 2j])
def test_points_outside_escape(c):
    assert np.isfinite(escape.escape(np.array([c]), np.array([c]), 120))[0]


def test_escape_is_later_by_one_when_the_first_step_is_undone():
    # the smooth count is a potential: G(f(z)) = 2 G(z), and it counts in octaves of G
    rng = np.random.default_rng(0)
    z = rng.uniform(-2, 2, 500) + 1j * rng.uniform(-2, 2, 500)
    c = 0.4 + 0.5j
    before, after = escape.escape(z, c, 90), escape.escape(z * z + c, c, 90)
    known = np.isfinite(before) & (before < 12) & np.isfinite(after)  # later, float32 has lost the point
    assert known.sum() > 200
    assert before[known] - after[known] == pytest.approx(1, abs=0.02)


def test_cardioid_and_disc_are_those_of_attracting_cycles():
    multiplier = 0.99 * np.exp(1j * np.linspace(0.1, 6.2, 50))
    assert escape.inside(multiplier / 2 - multiplier**2 / 4).all()  # of the fixed point
    assert escape.inside(-1 + multiplier / 4).all()  # of the cycle of two
    beyond = (multiplier * 1.02 / 0.99)[np.abs(multiplier.real) < 0.9]  # away from the cusp and from the disc
    assert not escape.inside(beyond / 2 - beyond**2 / 4).any()


def test_a_julia_set_looks_the_same_from_both_sides():
    z = np.random.default_rng(1).normal(0, 1, [2, 400]).view(complex)
    assert np.array_equal(escape.escape(z, -0.7 + 0.2j, 60), escape.escape(-z, -0.7 + 0.2j, 60))


# Newton's method


def test_basins_of_unity_turn_into_one_another():
    roots = np.exp(2j * np.pi * np.arange(3) / 3)
    z = np.random.default_rng(0).normal(0, 1, [2, 3000]).view(complex)
    index, _ = newton.basins(z, roots)
    turned, _ = newton.basins(z * roots[1], roots)
    assert (turned == (index + 1) % 3).mean() > 0.99  # but for rounding at the borders


def test_two_roots_share_the_plane_by_distance():
    z = np.random.default_rng(0).normal(0, 1, [2, 2000]).view(complex)
    index, count = newton.basins(z, np.array([1, -1]))  # Cayley, 1879
    clear = np.abs(z.real) > 0.02
    assert np.array_equal(index[clear], (z.real[clear] < 0).astype(int))
    assert count[np.abs(z - 1) < 0.05].max() < 3 < count[np.abs(z) < 0.1].min()


# density pictures


def test_attractors_stay_in_their_boxes():
    rng = np.random.default_rng(0)
    p = np.array([-1.7, 1.8, 1.3, -0.6])
    points = attractor.orbit(rng, attractor.clifford, p, count=500, steps=30)
    assert np.abs(points.real).max() <= 1 + 1.3 + 1e-5 and np.abs(points.imag).max() <= 1 + 0.6 + 1e-5
    points = attractor.orbit(rng, attractor.de_jong, p, count=500, steps=30)
    assert max(np.abs(points.real).max(), np.abs(points.imag).max()) <= 2


def test_a_histogram_counts_every_point_in_sight_once():
    rng = np.random.default_rng(0)
    points = rng.normal(0, 1, [2, 4000]).view(complex)
    look = sheet.View(0j, 1.0, 0.7, (0.0, 0.0), 40)
    turned = points * np.exp(0.7j)
    seen = (np.abs(turned.real) < 1) & (np.abs(turned.imag) < 1)
    count = density.histogram(look, points)
    assert count.sum() == seen.sum()
    assert density.histogram(look, points, np.full(points.shape, 2.0)).sum() == 2 * seen.sum()


def test_a_flame_has_the_symmetry_asked_for():
    rng = np.random.default_rng(5)
    points, hues = flame.orbit(rng, flame.system(rng), count=20000, steps=10, fold=5)
    assert hues.min() >= 0 and hues.max() <= 1
    near = points[np.abs(points) < 20]
    share = np.histogram(np.angle(near), 5, (-np.pi, np.pi))[0] / near.size
    assert share == pytest.approx(0.2, abs=0.01)


# lines and forms


def test_every_leaflet_is_the_one_below_it_moved_up():
    frond = fern.Frond(0.86 * np.exp(0.05j), 0.35 * np.exp(1j), 0.33 * np.exp(-0.9j), 0.1)
    a, b = frond.leaflets(20)
    assert a[:, 1:] == pytest.approx(frond.climb * a[:, :-1])
    assert b[:, 1:] == pytest.approx(1 + frond.climb * (b[:, :-1] - 1))
    assert np.abs(frond.leaflets(200)[1][:, -1] - 1).max() < 1e-9  # and so up to the tip
    outer, inner = (np.array([2j]), np.array([1.0])), (np.array([3.0, 1.0]), np.array([0.5, 1j]))
    a, b = fern.composed(outer, inner)
    assert a[0] * 0.7 + b[0] == pytest.approx(2j * (inner[0] * 0.7 + inner[1]) + 1)


@pytest.mark.parametrize("three, arms", [(False, 4), (True, 6)])
def test_dragons_around_a_point_share_no_edge_and_fill_its_neighbourhood(three, arms):
    curve = dragon.path(7 if three else 11, three=three)
    middles = np.concatenate(
        [(curve[1:] + curve[:-1]) / 2 * np.exp(2j * np.pi * k / arms) for k in range(arms)]
    )
    keys = np.unique(np.round(middles * 1e4).view(float).reshape(-1, 2).astype(int), axis=0)
    assert len(keys) == len(middles)
    area = np.sqrt(3) / 6 if three else 0.5  # of the plane that belongs to an edge
    assert (np.abs(middles) < 6).sum() * area == pytest.approx(np.pi * 36, rel=0.05)


def test_a_dragon_is_two_smaller_dragons_back_to_back():
    curve = dragon.path(8)
    corner = curve[128]
    assert curve[128:] - corner == pytest.approx((curve[:129][::-1] - corner) * -1j)
    assert np.abs(np.diff(curve)) == pytest.approx(1)
    assert abs(dragon.path(8)[-1]) == pytest.approx(2**4)  # the ends move apart by sqrt(2) a fold


def test_descartes_theorem_holds_all_over_a_packing():
    bend, moment = packing.start(np.array([1.0, 0.7, 1.3]))
    assert bend.sum() ** 2 == pytest.approx(2 * (bend**2).sum())
    centres, radii, generation = packing.packed(bend, moment, least=0.02)
    gap = np.abs(centres[:, None] - centres) - radii[:, None] - radii
    np.fill_diagonal(gap, np.inf)
    assert gap.min() > -1e-9  # none overlap
    assert np.abs(moment[3] / bend[3] - centres).max() < 1 / abs(bend[3])  # all lie in the outer one
    touching = (gap < 1e-9).sum(1) + (
        np.abs(np.abs(moment[3] / bend[3] - centres) + radii + 1 / bend[3]) < 1e-9
    )
    assert touching[generation > 0].min() >= 3
    assert (np.pi * radii**2).sum() > 0.95 * np.pi / bend[3] ** 2  # the whole has no area left over


def test_a_gasket_keeps_three_quarters_at_every_level_and_repeats_itself():
    u, v = np.random.default_rng(0).random([2, 200000])
    level, depth = gasket.holes(u, v, 5)
    for k in range(6):
        assert (np.isin(level, range(k + 1, 6)) | (level < 0)).mean() == pytest.approx(
            0.5 * 0.75**k, abs=0.01
        )
    assert depth.min() >= 0 and depth.max() <= 1
    inner, _ = gasket.holes(u / 2, v / 2, 5)
    shallow, _ = gasket.holes(u, v, 4)
    assert np.array_equal(inner[shallow >= 0], shallow[shallow >= 0] + 1)
    assert np.array_equal(gasket.holes(u + 3, v - 2, 5)[0], level)


def test_plasma_without_roughness_is_a_plane_between_its_corners():
    smooth = plasma.midpoints(np.random.default_rng(0), 4, 0.0)
    a, b, c, d = smooth[[0, 0, -1, -1], [0, -1, 0, -1]]
    assert smooth.shape == (17, 17) and smooth[8, 8] == pytest.approx((a + b + c + d) / 4)
    rough = plasma.midpoints(np.random.default_rng(0), 9, 0.5)
    fine, coarse = np.abs(np.diff(rough[:, ::2])).mean(), np.abs(np.diff(rough[:, ::8])).mean()
    assert 2 < coarse / fine < 4  # Hurst exponent 1: distances of 4 differ by 4, less what roughness adds
