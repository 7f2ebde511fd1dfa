"""Every kind of term: it rises when it is followed, it is the same after JSON, and it measures what it says."""

import numpy as np
import pytest
import tensorflow as tf

from deepdream_av import Pixels, ascend, layer
from deepdream_av.ascent.slopes import as_a_whole, by_terms
from deepdream_av.backbones import Backbone
from deepdream_av.errors import InputError, UsageError
from deepdream_av.objectives import (
    ClassLogit,
    Direction,
    Distance,
    Diversity,
    Guide,
    LayerEnergy,
    Masked,
    Neuron,
    Objective,
    Raise,
    SpectralSlope,
    TotalVariation,
    Wanted,
    Wishes,
    wanting,
)
from deepdream_av.objectives.guides import CHUNK, nearest
from deepdream_av.objectives.penalties import slope
from deepdream_av.objectives.registry import KINDS, PENALTIES

RNG = np.random.default_rng(0)


def picture(height=48, width=56):
    return np.random.default_rng(1).uniform(0.3, 0.7, (height, width, 3)).astype(np.float32)


@pytest.fixture(scope="module")
def network():
    import keras

    keras.utils.set_random_seed(5)
    x = shown = keras.Input((None, None, 3))
    for name in ("a", "b"):
        x = keras.layers.Conv2D(8, 5, strides=2, padding="same", activation="relu", name=name)(x)
    classes = keras.layers.Conv2D(4, 1, name="class_map")(x)
    return Backbone(
        "small", keras.Model(shown, [x, classes]), layers=["a", "b", "class_map"], default_layers=[("b", 1.0)]
    )


@pytest.fixture(scope="module")
def guide(tmp_path_factory):
    from PIL import Image

    path = tmp_path_factory.mktemp("guides") / "guide.png"
    y, x = np.mgrid[:40, :64]
    waves = 127 + 90 * np.stack([np.sin(x / 2), np.sin(y / 3), np.sin((x + y) / 4)], -1)
    Image.fromarray(waves.astype(np.uint8)).save(path)
    return str(path)


TERMS = [
    LayerEnergy("a"),
    LayerEnergy("b", 2),
    Raise("b", (1, 3), "energy"),
    Raise("a", (), "mean"),
    Raise("a", (), "square", 2),
    Raise("b", (0,), "norm"),
    Neuron("b", 6, 0.25, 0.75),
    Direction("b", (1.0, 0.5), (3, 4), power=2.0),
    Direction("a", (1.0, 0, 0, 2.0, 0, 0, 0, 0), dot=0),
    Diversity("a", 2),
    ClassLogit(1),
    TotalVariation(),
    Distance(),
    *(Guide("b", "GUIDE", match) for match in ("best", "cosine", "place", "copy")),
]


def placed(term, guide):
    return Guide(term.layer, guide, term.match) if isinstance(term, Guide) else term


@pytest.mark.parametrize("term", TERMS, ids=lambda t: f"{t.kind}-{getattr(t, 'measure', getattr(t, 'match', ''))}")
def test_every_term_rises_and_comes_back_from_json(network, guide, term):
    wanted = wanting(placed(term, guide))
    assert Objective.from_json((2 * wanted).to_json()) == 2 * wanted
    canvas = Pixels(picture(), picture()[::-1] - 0.5)
    *_, last = ascend(canvas, network, wanted, steps=8, step_size=0.004, every=8)
    assert last.scores[-1] > last.scores[0]
    steps = np.diff(last.scores)
    assert (steps > 0).mean() > 0.6


def test_the_slope_of_the_spectrum_is_measured_and_followed(network):
    y, x = np.meshgrid(np.fft.fftfreq(64), np.fft.rfftfreq(64), indexing="ij")
    f = np.maximum(np.hypot(y, x), 1 / 64)
    for exponent in (0.0, 1.0, 1.7):
        noise = np.fft.irfft2(np.fft.rfft2(RNG.normal(size=(64, 64))) * f**-exponent)
        shown = np.repeat(noise[None, ..., None], 3, 3).astype(np.float32)
        # amplitude over frequency to the power of -e is power to the power of -2e
        assert float(slope(tf.constant(shown))) == pytest.approx(-2 * exponent, abs=0.35)
    *_, last = ascend(
        Pixels(picture()), network, wanting(SpectralSlope(), -1.0), steps=10, step_size=0.004, every=10
    )
    assert last.scores[-1] > last.scores[0] + 0.02


def test_penalties_are_zero_where_nothing_is_wrong_and_grow():
    even, grain = tf.fill([1, 16, 16, 3], 0.5), tf.constant(picture(16, 16)[None])
    assert float(TotalVariation()({"picture": even})) == 0 < float(TotalVariation()({"picture": grain}))
    stripes = tf.constant(np.tile(np.float32([0, 1]), (1, 16, 8))[..., None].repeat(3, -1))
    assert float(TotalVariation()({"picture": stripes})) == pytest.approx(1.0)
    seen = {"picture": even + 0.2, "source": even}
    assert float(Distance()(seen)) == pytest.approx(4.0, rel=1e-4)
    assert set(PENALTIES) == {"tv", "slope", "distance"} and set(PENALTIES) <= set(KINDS)


def test_a_weighted_sum_of_any_terms_is_exactly_that():
    seen = {
        "a": tf.constant(RNG.uniform(0, 2, (1, 9, 7, 8)), tf.float32),
        "b": tf.constant(RNG.uniform(0, 2, (1, 5, 4, 8)), tf.float32),
        "class_map": tf.constant(RNG.normal(size=(1, 5, 4, 4)), tf.float32),
        "picture": tf.constant(picture()[None]),
        "source": tf.constant(picture()[None, ::-1]),
    }
    known = [t for t in TERMS if not isinstance(t, Guide)]
    for a, b in zip(known, known[1:] + known[:1]):
        value = float((2 * wanting(a) + 3 * wanting(b))(seen))
        assert value == pytest.approx(2 * float(a(seen)) + 3 * float(b(seen)), rel=1e-5, abs=1e-6)


def test_measures_are_those_of_their_programs():
    maps = RNG.uniform(0, 1, (1, 9, 8, 6)).astype(np.float32)
    seen = {"a": tf.constant(maps)}
    assert float(Raise("a", (), "mean")(seen)) == pytest.approx(maps.mean(), rel=1e-5)
    inner = maps[:, 2:-2, 2:-2]
    assert float(Raise("a", (), "square", 2)(seen)) == pytest.approx((inner**2).mean(), rel=1e-5)
    assert float(Raise("a", (4,), "norm")(seen)) == pytest.approx(np.linalg.norm(maps[..., 4]), rel=1e-5)
    # a map that is nothing but border is taken as it is
    assert float(Raise("a", (), "mean", 5)(seen)) == pytest.approx(maps.mean(), rel=1e-5)


def test_a_neuron_is_one_cell_and_a_direction_is_pure():
    maps = RNG.uniform(0, 1, (1, 4, 10, 3)).astype(np.float32)
    seen = {"a": tf.constant(maps)}
    for y, x, row, column in ((0, 0, 0, 0), (1, 1, 3, 9), (0.6, 0.25, 2, 2)):
        assert float(Neuron("a", 1, y, x)(seen)) == pytest.approx(maps[0, row, column, 1])
    v = np.array([1.0, 0, 2.0])
    cosine = (maps @ v) / np.linalg.norm(v) / np.linalg.norm(maps, axis=-1)
    dot = maps @ v / np.linalg.norm(v)
    assert float(Direction("a", tuple(v), dot=0)(seen)) == pytest.approx(cosine.mean(), rel=1e-4)
    wanted = (dot * np.maximum(cosine, 0.1) ** 2).mean()
    assert float(Direction("a", tuple(v), power=2.0)(seen)) == pytest.approx(wanted, rel=1e-4)
    assert float(Direction("a", (1.0, 2.0), (0, 2), power=2.0)(seen)) == pytest.approx(wanted, rel=1e-4)


def test_diversity_knows_alike_from_different():
    one = RNG.uniform(0, 1, (1, 6, 6, 5)).astype(np.float32)
    alike = tf.constant(np.concatenate([one, one]))
    apart = tf.constant(np.concatenate([one * [1, 1, 0, 0, 0], one * [0, 0, 0, 1, 1]]).astype(np.float32))
    assert float(Diversity("a")({"a": alike})) == pytest.approx(-1, abs=1e-5)
    assert float(Diversity("a")({"a": apart})) == pytest.approx(0, abs=1e-5)
    halves = tf.concat([apart[:1], apart[1:]], 2)  # the same two, side by side in one picture
    assert -0.5 < float(Diversity("a", 2)({"a": halves})) < -0.2  # two of six pairs are alike


def test_the_nearest_cell_is_found_in_pieces():
    cells = RNG.normal(size=(2 * CHUNK + 37, 6)).astype(np.float32)
    known = RNG.normal(size=(23, 6)).astype(np.float32)
    assert np.array_equal(nearest(tf.constant(cells), known), (cells @ known.T).argmax(1))


def test_a_guide_recognises_itself(network, guide):
    from deepdream_av.media.image import read_image

    itself = network.truncated(("b",))(tf.constant(read_image(guide).array[None]))
    other = network.truncated(("b",))(tf.constant(picture(40, 64)[None]))
    for match, best in (("place", 1.0), ("copy", 0.0)):
        term = Guide("b", guide, match).bound(network)
        assert float(term(itself)) == pytest.approx(best, abs=1e-3) and float(term(other)) < best - 0.005
    # each cell finds itself, or one of its very direction: what is left is how strong cells are in the mean
    lengths = np.linalg.norm(itself["b"].numpy(), axis=-1)
    wanted = lengths.mean() / np.sqrt(np.square(lengths).mean())
    assert float(Guide("b", guide).bound(network)(itself)) == pytest.approx(wanted, abs=0.01)
    assert float(Guide("b", guide, "best").bound(network)(itself)) >= 1.0 - 1e-4
    assert Guide("b", guide).bound(network) is Guide("b", guide).bound(network)  # compiled once
    with pytest.raises(UsageError, match="bound to a network"):
        Guide("b", guide)(itself)


def shown_slopes(objective, masks=None):
    state = tf.constant(picture(12, 12))
    weights = tf.constant(RNG.normal(size=(3, 5)), tf.float32)

    def look(at):
        shown = (2.0 * at)[None]
        maps = tf.nn.relu(tf.matmul(shown, weights))
        return shown, {"a": maps, "b": 50 * maps[..., :2], "picture": shown}

    return as_a_whole(look, objective, state, {}), by_terms(look, objective, state, masks or {})


def test_terms_apart_add_up_to_the_whole():
    (score, slope_), (again, apart) = shown_slopes(
        2 * wanting(Raise("a", (), "mean")) - 0.5 * wanting(Raise("b", (), "square"))
    )
    assert float(score) == pytest.approx(float(again), rel=1e-6)
    assert np.allclose(slope_, apart, rtol=1e-4, atol=1e-8)


def test_balanced_weights_are_lengths():
    """Terms of which one is 2,500 times as strong as the other: alone each gives a gradient as long as its weight."""
    a, b = wanting(Raise("a", (), "square")), wanting(Raise("b", (), "square"))
    (_, alone_a) = shown_slopes(Objective((3 * a).terms, "own"))[1]
    (_, alone_b) = shown_slopes(Objective((1 * b).terms, "own"))[1]
    assert float(tf.norm(alone_a)) == pytest.approx(2 * 3, rel=1e-4)  # the state is shown twice as large
    assert float(tf.norm(alone_b)) == pytest.approx(2 * 1, rel=1e-4)
    assert (Objective(a.terms, "own") + b).balance == "own"


def test_a_masked_term_moves_its_part_alone(network):
    left = np.zeros((48, 56), np.float32)
    left[:, :20] = 1.0
    objective = wanting(Masked(LayerEnergy("b"), "left")) + wanting(Masked(LayerEnergy("a"), "right"))
    canvas = Pixels(picture())
    masks = {"left": left, "right": np.zeros_like(left)}
    list(ascend(canvas, network, objective, steps=3, masks=masks))
    delta = canvas.delta()
    assert not delta[:, 20:].any() and (np.abs(delta[:, :20]).max(2) > 0).mean() > 0.9
    with pytest.raises(UsageError, match="none called 'right'"):
        next(ascend(canvas, network, objective, masks={"left": left}))
    assert Objective.from_json(objective.to_json()) == objective


def test_names_on_the_command_line(network, guide):
    wishes = Wishes(
        terms=(
            ("mean=a", 2.0),
            ("neuron=b#3/0.25/0.75", 1.0),
            ("direction=b#1+2", 0.5),
            ("cosine=a#4", 1.0),
            ("diversity=a@m.png", 1.0),
        ),
        penalties=(("tv", 0.1), ("slope", 2.0)),
        balance="own",
    )
    wanted = Wanted(network, (("b#1+3@m.png", 1.0),), wishes=wishes).objective
    assert wanted == Objective(
        (
            (Masked(Raise("b", (1, 3)), "m.png"), 1.0),
            (Raise("a", (), "mean"), 2.0),
            (Neuron("b", 3, 0.25, 0.75), 1.0),
            (Direction("b", (1.0, 1.0), (1, 2)), 0.5),
            (Direction("a", (1.0,), (4,), dot=0), 1.0),
            (Masked(Diversity("a"), "m.png"), 1.0),
            (TotalVariation(), -0.1),
            (SpectralSlope(), -2.0),
        ),
        "own",
    )
    guided = Wanted(network, (("a", 0.5), ("b", 1.0)), wishes=Wishes(guides=((guide, 3.0),))).objective
    assert [(t.described, w) for t, w in guided.terms] == [(Guide("a", guide), 1.5), (Guide("b", guide), 3.0)]
    assert guided.bound(network) == guided and Objective.from_json(guided.to_json()).bound(network) == guided


@pytest.mark.parametrize(
    "layers, wishes, message",
    [
        ((), dict(terms=(("neurn=a#1", 1),)), "Did you mean 'neuron'"),
        ((), dict(terms=(("neuron=a", 1),)), "needs a channel"),
        ((), dict(terms=(("neuron=a#1/2/0", 1),)), "two numbers from 0 to 1"),
        ((), dict(terms=(("neuron=a#9", 1),)), "channels 0 to 7"),
        ((), dict(terms=(("mean", 1),)), "KIND=LAYER"),
        ((), dict(terms=(("mean=aa", 1),)), "Did you mean 'a'"),
        ((), dict(penalties=(("tw", 1),)), "Did you mean 'tv'"),
        ((("a", 1.0), ("a", -1.0)), {}, "cancel out"),
        ((("a", 0.0),), {}, "cancel out"),
        ((("a#1", 1.0),), dict(guides=(("GUIDE", 1.0),)), "whole layer beside guides"),
        ((), dict(guides=(("GUIDE", 1.0),), guide_match="cosin"), "Did you mean 'cosine'"),
    ],
)
def test_wrong_wishes_are_named(network, guide, layers, wishes, message):
    if "guides" in wishes:
        wishes["guides"] = tuple((guide, w) for _, w in wishes["guides"])
    with pytest.raises(UsageError, match=message):
        Wanted(network, layers, wishes=Wishes(**wishes))


def test_a_guide_that_is_too_small_is_named(tmp_path):
    import keras
    from PIL import Image

    x = shown = keras.Input((None, None, 3))
    x = keras.layers.Conv2D(4, 9, strides=4, name="deep")(x)
    network = Backbone("small", keras.Model(shown, x), layers=["deep"], default_layers=[("deep", 1.0)])
    Image.new("RGB", (60, 6)).save(tmp_path / "thin.png")
    with pytest.raises(InputError, match=r"`guide` must be at least 9 px .*deep sees.*60 x 6 px"):
        Guide("deep", str(tmp_path / "thin.png")).bound(network)
    with pytest.raises(InputError, match="not exist"):
        Guide("deep", str(tmp_path / "none.png")).bound(network)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"terms": []}',
        '{"terms": [{"kind": "energy"}]}',
        '{"terms": [{"kind": "energy", "weight": 1}]}',
        '{"terms": [{"kind": "enrgy", "weight": 1, "layer": "a"}]}',
        '{"terms": [{"kind": "energy", "weight": 1, "layer": 5}]}',
        '{"terms": [{"kind": "energy", "weight": 1, "layer": "a", "code": "x"}]}',
        '{"terms": [{"kind": "direction", "weight": 1, "layer": "a", "vector": "abc"}]}',
        '{"terms": [{"kind": "energy", "weight": 1, "layer": "a"}], "balance": "mine"}',
    ],
    ids=range(10),
)
def test_json_that_is_no_objective(text):
    with pytest.raises(UsageError):
        Objective.from_json(text)


def test_a_sum_keeps_its_terms_and_layer_takes_several_channels():
    assert layer("a", (1, 2)) == wanting(Raise("a", (1, 2)))
    assert (layer("a") + wanting(TotalVariation(), -1.0)).layers == ("a",)
