"""The organic motifs: that every draw is a fair picture, and that the mathematics behind each of them holds."""

import cv2
import numpy as np
import pytest

from training.datasets.organic import (
    CATEGORIES,
    branching,
    cells,
    easel,
    foam,
    ink,
    leaf,
    plumage,
    shingles,
    timber,
    turing,
)

LUMA = np.array([0.299, 0.587, 0.114])


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.mark.parametrize("name", CATEGORIES)
def test_every_draw_is_a_picture_that_is_full_of_form(name):
    for seed in range(6):
        picture = CATEGORIES[name](np.random.default_rng(seed), 64)
        assert picture.shape == (64, 64, 3) and picture.dtype == np.float32
        assert np.isfinite(picture).all() and picture.min() >= 0 and picture.max() <= 1
        light = picture @ LUMA
        assert light.std() > 0.035
        quarters = [light[a : a + 32, b : b + 32].std() for a in (0, 32) for b in (0, 32)]
        assert np.sum(np.array(quarters) > 0.02) >= 3


@pytest.mark.parametrize("name", CATEGORIES)
def test_a_seed_gives_the_same_bytes_and_another_seed_others(name):
    one, again, other = (CATEGORIES[name](np.random.default_rng(seed), 48) for seed in (7, 7, 8))
    assert one.tobytes() == again.tobytes()
    assert np.abs(one - other).mean() > 0.02


@pytest.mark.parametrize("name", CATEGORIES)
def test_a_motif_keeps_its_place_when_the_picture_grows(name):
    likeness = []
    for seed in range(4):
        small, large = (CATEGORIES[name](np.random.default_rng(seed), size) @ LUMA for size in (64, 128))
        large = cv2.resize(large, (64, 64), interpolation=cv2.INTER_AREA)
        likeness.append(np.corrcoef(small.ravel(), large.ravel())[0, 1])
    assert np.median(likeness) > 0.7


def test_a_picture_too_small_to_draw_is_refused(rng):
    with pytest.raises(ValueError, match="at least 32 pixels. Received: 16"):
        CATEGORIES["wood"](rng, 16)


def test_inks_differ_in_lightness_and_chance_belongs_to_the_cell(rng):
    for _ in range(40):
        colours = easel.inks(rng, 4, gap=0.35)
        assert abs((colours[-1] - colours[0]) @ LUMA) >= 0.3
    column, row = rng.integers(-9, 9, [2, 30, 30])
    values = easel.chance(rng, column, row)
    same = (column == column[0, 0]) & (row == row[0, 0])
    assert (values[same] == values[0, 0]).all() and len(np.unique(values)) > 100


def test_only_waves_near_the_preferred_length_grow():
    growth = turing.linear_growth(64, waves=8, drive=0.2)
    assert (
        growth.max() == pytest.approx(0.2) and growth[0, 8] == growth.max() and growth[8, 0] == growth.max()
    )
    assert growth[0, 0] < 0 and growth[0, 12] < 0 and growth[0, 4] < 0


def test_a_step_knows_no_place_and_without_asymmetry_no_sign(rng):
    growth, field = (
        turing.linear_growth(64, waves=8, drive=0.2),
        rng.normal(0, 0.5, [64, 64]).astype(np.float32),
    )
    moved = np.roll(turing.step(field, growth, asymmetry=1.0), (5, -9), (0, 1))
    assert np.allclose(turing.step(np.roll(field, (5, -9), (0, 1)), growth, asymmetry=1.0), moved, atol=1e-5)
    stepped = turing.step(field, growth, asymmetry=0.0)
    assert np.allclose(turing.step(-field, growth, asymmetry=0.0), -stepped, atol=1e-5)
    assert (
        np.abs(turing.step(-field, growth, asymmetry=1.0) + turing.step(field, growth, asymmetry=1.0)).max()
        > 0.05
    )


def _energy(field, growth, asymmetry):
    """The potential of Swift and Hohenberg, which only falls."""
    linear = np.fft.irfft2(growth * np.fft.rfft2(field), field.shape)
    return np.mean(-0.5 * field * linear - asymmetry / 3 * field**3 + field**4 / 4)


def test_a_pattern_loses_energy_at_every_step_and_stays_bounded(rng):
    growth, field = (
        turing.linear_growth(64, waves=8, drive=0.35),
        rng.normal(0, 0.4, [64, 64]).astype(np.float32),
    )
    energies = [_energy(field, growth, 1.0)]
    for _ in range(40):
        field = turing.step(field, growth, asymmetry=1.0, time=0.5)
        energies.append(_energy(field, growth, 1.0))
    assert (np.diff(energies) < 1e-5).all() and np.abs(field).max() < 2.5


def test_spots_are_lopsided_islands_and_labyrinths_even_stripes(rng):
    spots = turing.pattern(rng, waves=9, asymmetry=1.0, drive=0.1, steps=50)
    maze = turing.pattern(rng, waves=9, asymmetry=0.0)
    skewness = [np.mean((f - f.mean()) ** 3) / f.std() ** 3 for f in (spots, maze)]
    assert skewness[0] > 0.6 and abs(skewness[1]) < 0.2
    for field in (spots, maze):
        power = np.abs(np.fft.fft2(field - field.mean())) ** 2
        k = np.fft.fftfreq(128, 1 / 128)
        assert np.average(np.hypot(k[:, None], k), weights=power) == pytest.approx(9, rel=0.25)
    islands = cv2.connectedComponents((spots > 0.5 * spots.max()).astype(np.uint8))[0]
    assert islands > 40


def test_voronoi_cells_hold_the_nearest_nucleus_and_walls_are_at_their_distance(rng):
    x, y = (c.astype(np.float32) for c in np.meshgrid(np.linspace(-4, 4, 81), np.linspace(-4, 4, 81)))
    net = cells.cells(rng, x, y, jitter=1.0)
    nuclei = {}
    for c, r, px, py in zip(net.column.ravel(), net.row.ravel(), (x - net.dx).ravel(), (y - net.dy).ravel()):
        assert np.allclose(nuclei.setdefault((c, r), (px, py)), (px, py), atol=1e-4)
    points = np.array(list(nuclei.values()))
    inner = (np.abs(x) < 2.5) & (np.abs(y) < 2.5)
    far = np.hypot(x[inner][:, None] - points[:, 0], y[inner][:, None] - points[:, 1])
    own = np.hypot(net.dx, net.dy)[inner]
    assert np.allclose(far.min(1), own, atol=1e-4)
    nearest = points[far.argmin(1)]
    apart = np.hypot(*(nearest[:, None] - points).transpose(2, 0, 1))
    walls = np.where(apart > 1e-3, (far**2 - own[:, None] ** 2) / (2 * np.maximum(apart, 1e-3)), 9).min(1)
    assert np.mean(np.abs(walls - net.wall[inner]) < 1e-3) > 0.99


def test_bubbles_touch_but_never_overlap(rng):
    circles = foam.packing(rng, least=0.02, most=0.15)
    apart = np.hypot(*(circles[:, None, :2] - circles[:, :2]).transpose(2, 0, 1))
    gaps = apart - circles[:, None, 2] - circles[:, 2] + 9 * np.eye(len(circles))
    assert gaps.min() > -1e-9 and np.mean(gaps.min(1) < 1e-9) > 0.6
    assert circles[:, 2].min() >= 0.02 and circles[:, 2].max() <= 0.15 and len(circles) > 40


@pytest.mark.parametrize(
    "tool",
    [
        lambda x, y: ink.undo_drop(x, y, 0.1, -0.2, 0.3),
        lambda x, y: ink.undo_comb(x, y, angle=0.7, spacing=0.4, pull=0.5, sharpness=1, turns=True),
        lambda x, y: ink.undo_swirl(x, y, 0.2, 0.1, turn=2.0, reach=0.5),
    ],
)
def test_no_tool_of_the_marbler_presses_or_tears_the_ink(tool):
    x, y = np.meshgrid(np.linspace(0.5, 1.5, 41), np.linspace(-0.5, 0.5, 41))
    h = 1e-5
    (ax, ay), (bx, by) = tool(x + h, y), tool(x - h, y)
    (cx, cy), (dx, dy) = tool(x, y + h), tool(x, y - h)
    area = ((ax - bx) * (cy - dy) - (ay - by) * (cx - dx)) / (4 * h * h)
    assert np.allclose(area, 1, atol=1e-3) and np.abs(tool(x, y)[0] - x).max() > 0.01


def test_a_drop_pushes_circles_out_to_circles_of_the_same_ink():
    turn = np.linspace(0, 6, 50)
    x, y = ink.undo_drop(0.5 * np.cos(turn) + 1, 0.5 * np.sin(turn) + 2, 1, 2, 0.3)
    assert np.allclose(np.hypot(x - 1, y - 2), np.sqrt(0.5**2 - 0.3**2))


def test_grain_flows_around_a_knot_and_is_straight_far_from_it():
    turn, knot = np.linspace(0, 2 * np.pi, 60), np.array([[0.3, 0.5, 0.2]])
    around = timber.grain(0.3 + 0.2 * np.cos(turn), 0.5 + 0.2 * np.sin(turn), knot)
    assert np.allclose(around, 0.5)  # the rim of the knot is one fibre
    x, y = np.meshgrid(np.linspace(0.7, 1.7, 101), np.linspace(0, 1, 101))
    flow = timber.grain(x, y, knot)
    bend = flow[2:, 1:-1] + flow[:-2, 1:-1] + flow[1:-1, 2:] + flow[1:-1, :-2] - 4 * flow[1:-1, 1:-1]
    assert np.abs(bend).max() / 0.01**2 < 0.02  # no sources: the flow is harmonic
    assert np.allclose(timber.grain(np.array([90.0]), np.array([3.0]), knot), 3, atol=1e-3)


def test_year_rings_repeat_and_rise_slower_than_they_fall():
    place = np.linspace(0, 1, 1000, endpoint=False)
    ring = timber.year_ring(place, 2.0)
    assert (
        np.allclose(ring, timber.year_ring(place + 3, 2.0), atol=1e-4)
        and ring.min() == 0
        and ring.max() > 0.99
    )
    assert np.mean(np.diff(ring) > 0) > 0.85


def test_coral_arms_fork_but_never_meet(rng):
    nodes, parents = branching.grown(rng, np.array([[0.5, 0.5]]), stride=0.06, gap=0.08)
    child = np.flatnonzero(parents >= 0)
    assert (parents[child] < child).all() and parents[0] == -1
    assert np.allclose(np.hypot(*(nodes[child] - nodes[parents[child]]).T), 0.06, atol=1e-5)
    apart = np.hypot(*(nodes[:, None] - nodes).transpose(2, 0, 1))
    grand = np.where(parents >= 0, parents[parents], -2)
    index = np.arange(len(nodes))
    kin = (parents[:, None] == index) | (grand[:, None] == index) | (parents[:, None] == parents)
    strangers = ~(kin | kin.T | np.eye(len(nodes), dtype=bool))
    assert apart[strangers].min() > 0.08 - 1e-6
    assert np.bincount(parents[child]).max() >= 2 and len(nodes) > 80
    assert np.ptp(nodes, 0).min() > 0.9  # it fills the square


def test_coral_grows_wherever_it_stands():
    for seed in range(40):
        rng = np.random.default_rng(seed)
        nodes, _ = branching.grown(rng, branching._roots(rng), stride=0.085, gap=0.155)
        assert len(nodes) > 30


def test_an_arm_holds_what_its_twigs_hold():
    radii = branching.thickness(np.array([-1, 0, 1, 1, 3, 3]), twig=0.1, power=2)
    assert np.allclose(radii**2, np.array([3, 3, 1, 2, 1, 1]) * 0.01)


def test_smoothing_leaves_a_straight_arm_and_its_ends_alone():
    nodes, parents = np.stack([np.arange(5.0), np.zeros(5)], 1), np.arange(5) - 1
    assert np.allclose(branching.smoothed(nodes, parents), nodes)
    bent = nodes.copy()
    bent[2, 1] = 1
    assert np.allclose(branching.smoothed(bent, parents)[:, 1], [0, 0.25, 0.5, 0.25, 0])


def test_side_veins_mirror_at_the_midrib_and_count_up_along_it():
    u, v = np.meshgrid(np.linspace(0, 2, 41), np.linspace(-1, 1, 41))
    count, far = leaf.side_veins(u, v, per_unit=3, slope=0.8, bend=0.2)
    assert np.allclose(count, count[::-1]) and np.allclose(far, far[::-1])
    further, same = leaf.side_veins(u + 1 / 3, v, per_unit=3, slope=0.8, bend=0.2)
    assert np.allclose(further, count + 1) and np.allclose(same, far)
    assert np.allclose(leaf.side_veins(0.8 * 0.5 + 0.2 * 0.25, 0.5, per_unit=3, slope=0.8, bend=0.2), 0)


def test_scales_cover_the_skin_and_repeat_along_both_axes():
    x, y = (
        c.astype(np.float32)
        for c in np.meshgrid(np.linspace(-3, 3, 97) + 0.01, np.linspace(-3, 3, 89) + 0.003)
    )
    form = {"length": 1.1, "row_height": 0.5, "taper": 0.5, "power": 2.0}
    skin = shingles.shingled(x, y, **form)
    assert (skin.edge >= 0).all() and (np.abs(skin.across) <= 1).all()
    assert skin.along.min() >= -1e-6 and skin.along.max() <= 1 and (skin.over > 0).all()
    for step in ((1, 0), (0, 1), (0.5, 0.5)):
        moved = shingles.shingled(x + np.float32(step[0]), y + np.float32(step[1]), **form)
        assert np.mean(np.abs(moved.edge - skin.edge) < 1e-4) > 0.99


def test_scales_that_would_leave_holes_are_refused():
    with pytest.raises(ValueError, match="must cover the skin.*taper=0.9"):
        shingles.shingled(np.zeros([2, 2]), np.zeros([2, 2]), length=1, row_height=0.5, taper=0.9, power=2)


def test_feathers_lie_within_their_vanes_and_leave_little_bare(rng):
    x, y = (c.astype(np.float32) for c in np.meshgrid(np.linspace(-2, 2, 90), np.linspace(-2, 2, 90)))
    coat = plumage.plumed(rng, x, y, length=2.5, row=0.8, width=1.2, blunt=4)
    seen = ~coat.bare
    assert coat.bare.mean() < 0.05
    assert (np.abs(coat.across[seen]) <= 0.5 * plumage.vane(coat.along[seen], 4) + 1e-6).all()
    assert (coat.rim[seen] > 0).all() and (coat.rim <= 1).all() and (coat.over >= 0).all()


def test_barbs_leave_the_shaft_forwards_and_mirror_at_it():
    across = np.linspace(-0.5, 0.5, 21)
    place = plumage.barb(np.full(21, 0.5), across, length=2.0, lean=0.8)
    assert np.allclose(place, place[::-1]) and place.max() == place[10] == pytest.approx(1.0)
    assert np.allclose(plumage.vane(np.array([0.0, 1.0]), 4), 0)
