"""Ornaments keep the laws of their patterns, and every draw is a sound picture."""

import numpy as np
import pytest
from scipy import ndimage

from training.datasets.ornaments import (
    CATEGORIES,
    girih,
    guilloche,
    mandala,
    meander,
    mosaic,
    paisley,
    tiles,
    weaving,
)
from training.datasets.ornaments.drafting import camera, inks, lightness, spaced


@pytest.fixture
def points():
    """Places scattered over the plane, none of them special."""
    return np.random.default_rng(4).uniform(-20, 20, [2, 4000])


@pytest.mark.parametrize("name", CATEGORIES)
@pytest.mark.parametrize("seed", range(6))
def test_a_draw_is_a_picture_with_something_to_see(name, seed):
    picture = CATEGORIES[name](np.random.default_rng(seed), 64)
    assert picture.shape == (64, 64, 3) and picture.dtype == np.float32
    assert np.isfinite(picture).all() and picture.min() >= 0 and picture.max() <= 1
    assert picture.std((0, 1)).max() > 0.03
    windows = picture.reshape(4, 16, 4, 16, 3).std((1, 3)).max(-1)
    assert (windows > 0.01).mean() > 0.5  # the pattern fills most of the picture
    assert np.abs(np.diff(picture, axis=1)).mean() < 0.3  # and is no mere noise


@pytest.mark.parametrize("name", CATEGORIES)
@pytest.mark.parametrize("size", [32, 97])
def test_a_draw_is_a_function_of_seed_and_size(name, size):
    first, again, other = (CATEGORIES[name](np.random.default_rng(s), size) for s in (3, 3, 4))
    assert first.shape == (size, size, 3)
    assert first.tobytes() == again.tobytes()
    assert first.tobytes() != other.tobytes()


@pytest.mark.parametrize("seed", range(20))
def test_the_ground_can_be_told_from_every_ink(seed):
    colours = inks(np.random.default_rng(seed), 5, apart=0.35)
    assert np.abs(lightness(colours[1:]) - lightness(colours[0])).min() > 0.33


def test_a_camera_keeps_straight_lines_straight():
    view = camera(np.random.default_rng(1), 200, zoom=(1, 2), tilt=0.3)
    a, b, c = view.points(np.array([[-0.5, 0.2], [0.1, 0.3], [0.7, 0.4]])).astype(float) / 16
    assert abs(np.cross(np.append(b - a, 0), np.append(c - a, 0))[2]) < 0.1 * np.linalg.norm(c - a)
    assert view.points(view.centre) / 16 == pytest.approx(100, abs=0.1)


@pytest.mark.parametrize("name", girih.CONTACT)
def test_polygons_tile_the_plane_and_straps_run_on_across_their_sides(name):
    lattice, polygons = girih.tiling(name)
    areas = [len(p) / (4 * np.tan(np.pi / len(p))) for p in polygons]
    assert sum(areas) == pytest.approx(abs(np.linalg.det(lattice)))
    stars = [girih.star(p, 60) for p in polygons]
    moves = np.array([i * lattice[0] + j * lattice[1] for i in range(-2, 3) for j in range(-2, 3)])
    middles = np.concatenate([m + s[:, 0] for m in moves for s in stars])
    rays = np.concatenate([s[:, 1] - s[:, 0] for _ in moves for s in stars])
    rays /= np.linalg.norm(rays, axis=1, keepdims=True)
    for middle, ray in zip(stars[0][:, 0], stars[0][:, 1] - stars[0][:, 0], strict=True):
        there = rays[np.linalg.norm(middles - middle, axis=1) < 1e-9]
        assert len(there) == 2  # two polygons share the side
        assert there[0] == pytest.approx(-there[1])
        assert np.abs(there @ ray).max() == pytest.approx(np.linalg.norm(ray))


@pytest.mark.parametrize("sides", [4, 6, 8, 12])
def test_neighbouring_rays_meet_and_make_a_star_of_full_symmetry(sides):
    star = girih.star(girih.polygon(sides, [0, 0], 17), 65)
    turn = 2 * np.pi / sides
    matrix = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    assert np.roll(star, -1, 0) == pytest.approx(star @ matrix)
    to_own = np.linalg.norm(star[:, 1] - star[:, 0], axis=1)
    to_next = np.linalg.norm(star[:, 1] - np.roll(star[:, 0], -1, 0), axis=1)
    along = np.array([-np.sin(np.deg2rad(17)), np.cos(np.deg2rad(17))])  # the side that faces 17 degrees
    angles = np.rad2deg(np.arccos((star[:, 1] - star[:, 0]) @ along / to_own))
    assert np.abs(angles - 65).min() < 1e-6
    assert to_own == pytest.approx(to_next)


def test_truchet_arcs_go_on_across_every_edge(points):
    flips = np.random.default_rng(0).random([7, 11]) < 0.5
    x, y = points
    for a, b in ((np.rint(x), y), (x, np.rint(y))):
        step = 1e-6 * np.array([a is not x, b is not y])
        before = tiles.truchet_arcs(a - step[0], b - step[1], flips)
        after = tiles.truchet_arcs(a + step[0], b + step[1], flips)
        assert before[0] == pytest.approx(after[0], abs=1e-5)
        clear = before[0] > 1e-4
        assert (before[1] == after[1])[clear].all()
    distance, side = tiles.truchet_arcs(x, y, flips)
    assert 0.4 < side.mean() < 0.6 and distance.max() < 0.5


def test_scales_cover_the_plane_and_repeat(points):
    x, y = points
    radius, column, row = tiles.scales(x, y)
    assert (radius <= 1).all()
    assert radius == pytest.approx(np.hypot(x - 2 * column - row % 2, y - row / 2), abs=1e-5)
    for dx, dy in ((2, 0), (1, 0.5), (0, 1)):
        moved, _, _ = tiles.scales(x + dx, y + dy)
        assert moved == pytest.approx(radius, abs=1e-4)
    for i in range(-12, 13):  # no circle of a row further to the front holds the point
        inside = np.hypot(x - 2 * i - (row + 1) % 2, y - (row + 1) / 2) < 1 - 1e-6
        assert not inside.any()


@pytest.mark.parametrize("length", [2, 3, 5])
def test_herringbone_is_made_of_equal_planks_half_of_them_upright(length):
    side = 8 * length
    y, x = np.mgrid[:side, :side] + 0.5
    along, across, upright, number = tiles.planks(x, y, length)
    assert along.min() == 0.5 and along.max() == length - 0.5 and (across == 0.5).all()
    assert upright.mean() == 0.5
    inner = number[length:-length, length:-length].reshape(-1, 2)
    _, counts = np.unique(number.reshape(-1, 2), axis=0, return_counts=True)
    assert counts.max() == length
    own = (number.reshape(-1, 1, 2) == inner[:50]).all(-1).sum(0)
    assert (own == length).all()
    assert tiles.planks(x + 1, y + 1, length)[0] == pytest.approx(along)  # the pattern's shortest translation


@pytest.mark.parametrize("table", weaving.WEAVES.values(), ids=weaving.WEAVES)
def test_every_strand_goes_over_and_under(table):
    for lines in (table, table.T):
        assert (lines.any(1) & ~lines.all(1)).all()


def test_a_strand_is_as_high_at_the_end_of_a_cell_as_at_the_start_of_the_next():
    for here, there in np.ndindex(2, 2):
        out = weaving.strand_height(np.array(1.0), np.array(here), np.array(here), np.array(there))
        into = weaving.strand_height(np.array(0.0), np.array(there), np.array(here), np.array(there))
        assert out == pytest.approx(into)
    assert weaving.strand_height(np.array(0.5), np.array(1), np.array(0), np.array(0)) == pytest.approx(1)


@pytest.mark.parametrize(("waves", "curves", "second"), [(7, 5, 0.0), (12, 8, 0.3)])
def test_a_rosette_closes_fills_its_ring_and_has_its_symmetry(waves, curves, second):
    lace = guilloche.rosette((0.3, 0.9), waves, curves, second=second)
    assert lace[:, 0] == pytest.approx(lace[:, -1])
    radius = np.linalg.norm(lace, axis=-1)
    assert radius.min(1) == pytest.approx(0.3, abs=0.01) and radius.max(1) == pytest.approx(0.9, abs=0.01)
    per_wave = (lace.shape[1] - 1) // waves
    assert radius[:, per_wave:] == pytest.approx(radius[:, :-per_wave])
    assert lace.shape[1] - 1 == per_wave * waves


def test_a_mandala_looks_the_same_after_a_turn_and_in_a_mirror():
    colours = np.random.default_rng(1).random([6, 3]).astype(np.float32)
    radius, angle = np.mgrid[0:1.05:60j, 0.05:0.95:40j]

    def at(angle):
        return mandala.rings(np.random.default_rng(9), radius, angle, colours, 8)

    assert at(angle + 2 * np.pi / 8) == pytest.approx(at(angle), abs=1e-4)
    assert at(-angle) == pytest.approx(at(angle), abs=1e-4)
    assert np.abs(at(angle + 0.3) - at(angle)).max() > 0.1


SYMMETRIES = {
    "p1": [lambda x, y: (x + 1, y), lambda x, y: (x, y + 1)],
    "p2": [lambda x, y: (-x, 1 - y), lambda x, y: (x + 1, y + 1), lambda x, y: (2 - x, 1 - y)],
    "pg": [lambda x, y: (-x, y + 1), lambda x, y: (x + 1, y)],
    "pgg": [lambda x, y: (1 - x, y + 1), lambda x, y: (x + 1, 2 - y), lambda x, y: (2 - x, 1 - y)],
    "cm": [lambda x, y: (2 - x, y), lambda x, y: (x + 2, y + 0.5), lambda x, y: (4 - x, y + 0.5)],
}


@pytest.mark.parametrize("group", paisley.GROUPS)
def test_a_wallpaper_has_the_symmetries_of_its_group(group, points):
    u, v = paisley.folded(*points, group)
    assert 0 <= min(u.min(), v.min()) and max(u.max(), v.max()) <= 1
    for symmetry in SYMMETRIES[group]:
        a, b = paisley.folded(*symmetry(*points), group)
        assert np.stack([a, b]) == pytest.approx(np.stack([u, v]), abs=1e-9)


def test_an_unknown_wallpaper_group_is_refused():
    with pytest.raises(ValueError, match="p4x"):
        paisley.folded(np.zeros(1), np.zeros(1), "p4x")


def test_beads_lie_evenly_on_a_contour():
    angle = np.linspace(0, 2 * np.pi, 500, endpoint=False)
    beads = spaced(10 * np.stack([np.cos(angle), np.sin(angle)], 1), 2.0)
    gaps = np.linalg.norm(beads - np.roll(beads, 1, 0), axis=1)
    assert len(beads) == 31 and gaps == pytest.approx(2 * 10 * np.sin(np.pi / 31), rel=0.01)


@pytest.mark.parametrize("name", meander.KEYS)
def test_a_meander_is_one_line_that_never_touches_itself(name):
    texture, period, height = meander.key_texture(name, 0.5, border=False)
    band = np.tile(texture, 3)
    labels, count = ndimage.label(band)
    assert count == 1
    assert (labels[:, 0] > 0).any() and (labels[:, -1] > 0).any()  # it runs on without end
    _, _, segments = meander.key(name)
    nodes, length = set(), 0
    for a, b in np.array(segments):
        steps = int(np.abs(b - a).sum())
        nodes |= {(x % period, y) for x, y in (a + np.arange(steps + 1)[:, None] * (b - a) // steps).tolist()}
        length += steps
    assert len(nodes) == length  # a node passed twice would be missing here
    assert max(y for _, y in nodes) == height - 2


def test_stones_stand_in_rows_a_gap_apart():
    y, x = np.mgrid[:120, :120] - 60.0
    distance = (40 - np.hypot(x, y)).astype(np.float32)
    points = mosaic.stones(np.random.default_rng(0), distance, 8.0, jitter=0.0)
    inside = points[(np.abs(points - 60) < 38).all(1)]
    rows = (40 - np.hypot(*(inside - 60).T)) / 8
    off = rows - 0.5 - np.rint(rows - 0.5)
    assert np.abs(off).max() < 0.2
    assert len(inside) == pytest.approx(76**2 / 64, rel=0.2)
