"""Layers, levels, nearest channels, maps and swatches, on networks whose channels are known."""

import json

import numpy as np
import pytest

from deepdream_av import load_backbone
from deepdream_av.analysis import atlas, layers, nearest, page
from deepdream_av.analysis.cache import Cache, fingerprint
from deepdream_av.analysis.levels import levels_of, relative
from deepdream_av.analysis.swatches import SwatchDreamer, SwatchSettings
from deepdream_av.analysis.usual import shipped_levels, usual_levels
from deepdream_av.backbones import Backbone
from deepdream_av.errors import InputError, UsageError


def network(kernels, name="tiny", **more):
    """A backbone of one 1x1 convolution, whose channels are weighted sums of red, green and blue."""
    import keras

    x = keras.Input((None, None, 3))
    y = keras.layers.Conv2D(len(kernels), 1, activation="relu", name="colours")(x)
    model = keras.Model(x, y)
    model.get_layer("colours").set_weights([np.array(kernels, "f").T[None, None], np.zeros(len(kernels))])
    return Backbone(name, model, layers=["colours"], default_layers=(("colours", 1.0),), **more)


RED, GREEN, BLUE = np.eye(3)


def picture(seed, size=48):
    return np.random.default_rng(seed).uniform(size=(size, size, 3)).astype(np.float32)


# ------------------------------------------------------------------------------------------------ layers


def test_stride_and_field_are_those_that_the_map_shows():
    """Both are measured: the size of a map, and which pixels one place of it answers to."""
    import keras
    import tensorflow as tf

    x = keras.Input((None, None, 3))
    y = keras.layers.Conv2D(4, 3, 2, padding="same", name="a")(x)
    one = keras.layers.Conv2D(4, 5, padding="same", name="b1")(y)
    two = keras.layers.Conv2D(4, 3, dilation_rate=3, padding="same", name="b2")(y)
    y = keras.layers.Add(name="sum")([one, two])
    y = keras.layers.AveragePooling2D(3, 2, padding="same", name="pooled")(y)
    model = keras.Model(x, y)
    backbone = Backbone("t", model, layers=["a", "b1", "b2", "sum", "pooled"], default_layers=(("sum", 1.0),))
    for facts in layers.describe_layers(backbone):
        at = tf.Variable(tf.random.stateless_uniform([1, 96, 96, 3], [1, 2]))
        with tf.GradientTape() as tape:
            map_ = backbone.truncated([facts.name])(at)[facts.name]
            middle = tf.reduce_sum(map_[0, map_.shape[1] // 2, map_.shape[2] // 2])
        rows = np.flatnonzero(np.abs(tape.gradient(middle, at)[0]).sum((1, 2)))
        assert facts.stride == (96 / map_.shape[1],) * 2
        assert facts.field == (rows[-1] - rows[0] + 1,) * 2
    assert [f.name for f in layers.describe_layers(backbone) if f.narrow] == ["a", "sum", "pooled"]


def test_the_deepest_layer_of_each_stride_is_chosen():
    chosen = layers.chosen_layers(load_backbone("dreamnet"))
    assert [f.name for f in chosen] == ["stride2", "stride4", "stride8", "stride16", "stride32"]
    assert [f.name for f in layers.chosen_layers(load_backbone("dreamnet"), ["stride8"])] == ["stride8"]


@pytest.mark.parametrize(
    "text, message",
    [
        ("stride9#3", "Did you mean 'stride"),
        ("stride8#80", "channels 0 to 79. Received: 80"),
        ("stride8", "must be LAYER#NUMBER"),
        ("stride8#x", "must be LAYER#NUMBER"),
    ],
)
def test_wrong_channels_are_told_in_one_line(text, message):
    with pytest.raises(UsageError, match=message):
        layers.parse_channel(load_backbone("dreamnet"), text)


@pytest.mark.parametrize("text", ["", "3-1", "a", "1,,2", "24"])
def test_wrong_lists_of_channels_are_refused(text):
    with pytest.raises(UsageError, match="`channels` must"):
        layers.parse_numbers(text, 24)


# ------------------------------------------------------------------------------------------------ levels


def test_levels_are_those_of_the_colours():
    x = np.zeros((8, 8, 3), np.float32)
    x[..., 0], x[2, 5, 1] = 0.5, 1.0
    levels = levels_of(network([RED, GREEN, BLUE]), ["colours"], x)["colours"]
    np.testing.assert_allclose(levels.level, [0.5, 1 / 8, 0], atol=1e-4)
    np.testing.assert_allclose(levels.place[1], [2.5 / 8, 5.5 / 8])


def test_what_is_as_loud_as_usual_is_one_times():
    usual = np.array([1.0, 2.0, 0.0])
    assert relative(usual, usual) == pytest.approx([1, 1, 1])
    assert relative(3 * usual, usual)[1] > 2 and relative(np.zeros(3), np.zeros(3)) == pytest.approx(
        [1, 1, 1]
    )


def test_shipped_levels_know_their_network_in_any_precision_and_no_other():
    network_ = load_backbone("dreamnet", dtype="float32")
    assert set(shipped_levels(network_, ["stride8", "stride32"])) == {"stride8", "stride32"}
    assert not shipped_levels(network([RED], name="dreamnet"), ["colours"])
    other = Backbone("dreamnet", load_backbone("discriminator").model, layers=["stride8"], default_layers=())
    assert not shipped_levels(other, ["stride8"])


def test_a_folder_says_what_is_usual(tmp_path):
    from deepdream_av.media.image import write_image

    for k, red in enumerate((0.2, 0.6)):
        write_image(tmp_path / f"{k}.png", np.full((32, 32, 3), (red, 0.0, 0.0)))
    usual = usual_levels(network([RED, GREEN]), ["colours"], against=tmp_path)["colours"]
    np.testing.assert_allclose(usual, [0.4, 0], atol=3e-3)
    with pytest.raises(InputError, match="does not exist"):
        usual_levels(network([RED]), ["colours"], against=tmp_path / "no")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="holds no pictures"):
        usual_levels(network([RED]), ["colours"], against=tmp_path / "empty")


# ------------------------------------------------------------------------------------------------ nearest and atlas


def test_the_nearest_channel_is_the_same_colour():
    first, second = network([RED, GREEN, BLUE]), network([BLUE, RED + 0.05 * BLUE, GREEN], name="other")
    table = nearest.Correlations(first, second, ["colours"], ["colours"])
    for seed in range(4):
        table.add(picture(seed))
    found = {n.name: n for n in table.nearest()}
    assert {n: f.nearest for n, f in found.items()} == {
        "colours#0": "colours#1",
        "colours#1": "colours#2",
        "colours#2": "colours#0",
    }
    assert found["colours#1"].correlation == pytest.approx(1, abs=1e-3)
    assert all(f.chance < 0.5 for f in found.values())
    assert [n.name for n in table.nearest(["colours#2"])] == ["colours#2"]


def test_one_picture_has_no_control():
    table = nearest.Correlations(network([RED]), network([RED]), ["colours"], ["colours"])
    table.add(picture(0))
    with pytest.raises(UsageError, match="at least 2 pictures"):
        table.nearest()


def test_neighbours_on_the_map_are_alike():
    rng = np.random.default_rng(0)
    angle = rng.uniform(0, np.pi / 2, 800)
    points = np.stack([np.cos(angle), np.sin(angle), 0.05 * rng.standard_normal(800)], 1).astype(np.float32)
    found = atlas.drawn("x", points, cells=5)
    assert found.count.sum() == 800 and (found.count > 0).mean() > 0.6
    at = np.arctan2(found.vectors[..., 1], found.vectors[..., 0])
    at[found.count == 0] = np.nan
    beside = np.nanmean([np.nanmean(np.abs(np.diff(at, axis=axis))) for axis in (0, 1)])
    rng.shuffle(flat := at.ravel())
    anywhere = np.nanmean(np.abs(np.diff(flat)))
    assert beside < 0.6 * anywhere


def test_a_map_needs_places():
    with pytest.raises(InputError, match="needs more photos"):
        atlas.collect(network([RED]), "colours", [picture(0, 32)][:0])


# ------------------------------------------------------------------------------------------------ swatches and cache


SMALL = SwatchSettings(side=32, steps=10, octaves=1)


def test_a_swatch_is_what_its_channel_wants_and_is_kept(tmp_path):
    backbone, cache = network([RED - GREEN, BLUE - RED, GREEN - BLUE]), Cache(tmp_path)
    dreamer = SwatchDreamer(backbone, "colours", SMALL, cache=cache)
    counted = []
    swatches = dreamer.channels([0, 1, 2], progress=counted.append)
    assert swatches.shape == (3, 32, 32, 3) and sum(counted) == 3
    levels = np.array(
        [levels_of(backbone, ["colours"], x / np.float32(255))["colours"].level for x in swatches]
    )
    assert (levels.argmax(1) == [0, 1, 2]).all()
    # it does not depend on what else is asked for, nor on where it comes from
    alone = SwatchDreamer(backbone, "colours", SMALL).channels([1])
    np.testing.assert_array_equal(alone[0], swatches[1])
    files = sorted(tmp_path.rglob("*.npz"))
    assert len(files) == 3
    again = SwatchDreamer(backbone, "colours", SMALL, cache=cache)
    again._dream = None  # a call would fail
    np.testing.assert_array_equal(again.channels([2, 0]), swatches[[2, 0]])


def test_all_channels_of_a_layer_share_one_graph():
    from deepdream_av.ascent import climbing

    dreamer = SwatchDreamer(network([RED - GREEN, BLUE - RED]), "colours", SMALL)
    dreamer.channels([0])
    before = climbing._compiled.cache_info().misses
    dreamer.channels([1])
    dreamer.directions(np.array([[0.6, 0.8]]))
    assert climbing._compiled.cache_info().misses == before


def test_a_channel_that_nothing_wakes_raises_its_layer():
    """Behind a dead ReLU there is no gradient; the objective must still be one that can be climbed."""
    import tensorflow as tf

    from deepdream_av.analysis.swatches import Directions

    term = Directions("x", tf.Variable([[1.0, 0.0]]))
    map_ = tf.Variable(tf.concat([tf.zeros([1, 4, 4, 1]), tf.ones([1, 4, 4, 1])], -1))
    with tf.GradientTape() as tape:
        score = term({"x": map_})
    assert float(tf.reduce_min(tape.gradient(score, map_)[..., 1])) > 0


def test_a_broken_cache_is_no_cache(tmp_path):
    cache = Cache(tmp_path)
    cache.write(np.arange(3), "key", 1)
    assert cache.read("key", 1).tolist() == [0, 1, 2] and cache.read("key", 2) is None
    next(tmp_path.rglob("*.npz")).write_bytes(b"PK broken")
    assert cache.read("key", 1) is None
    (tmp_path / "file").write_text("in the way")
    Cache(tmp_path / "file").write(np.arange(3), "key")  # cannot, and says nothing


def test_another_weight_is_another_network():
    first, same, other = network([RED]), network([RED]), network([GREEN])
    assert fingerprint(first) == fingerprint(same) != fingerprint(other)


# ------------------------------------------------------------------------------------------------ pages


def test_a_page_is_one_file_and_escapes_all_text(tmp_path):
    bad = '<script>alert("x")</script>&'
    cell = page.Cell(np.zeros((4, 6, 3), np.uint8), bad, bad, bad)
    sheet = page.Sheet(bad, bad, (page.Section(bad, (cell, page.Cell(None))),), ((bad, "b"), ("c", bad)))
    sheet.write(tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text("utf-8")
    assert "<script" not in text and text.count("&lt;script&gt;") >= 8
    assert "http" not in text and "data:image/jpeg;base64," in text
    assert 'name="viewport"' in text and "light dark" in text


def test_a_sheet_shows_every_cell_at_its_place(tmp_path):
    colours = [(255, 0, 0), (0, 255, 0), (0, 0, 255)]
    cells = tuple(page.Cell(np.full((8, 8, 3), c, np.uint8), str(c)) for c in colours)
    array = page.Sheet("t", sections=(page.Section("s", cells, 2),), side=64).as_array()
    centres = [np.argwhere((array == c).all(-1)) for c in colours]
    assert all(len(x) == 64 * 64 for x in centres)
    (y0, x0), (y1, x1), (y2, x2) = (x.mean(0) for x in centres)
    assert y0 == y1 < y2 and x0 == x2 < x1
    with pytest.raises(UsageError, match="must end in"):
        page.Sheet("t").write(tmp_path / "sheet.gif")


def test_facts_are_json():
    import dataclasses

    facts = layers.describe_layers(load_backbone("earnet"))
    assert json.loads(json.dumps([dataclasses.asdict(f) for f in facts]))[0]["stride"] == [1.0, 1.0]
