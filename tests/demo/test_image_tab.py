"""The picture tab without a browser: fields become recipes, files of strangers sentences, dreams files."""

import numpy as np
import pytest

from deepdream_av.errors import DeepDreamError
from deepdream_av.media.example import example_picture
from deepdream_av.media.image import read_image, write_image
from deepdream_av.media.metadata import read_note
from deepdream_av.recipe import Recipe

gr = pytest.importorskip("gradio", reason="the web app needs gradio")
from demo import image_events, image_work, looks, pace, uploads  # noqa: E402
from demo.limits import Limits  # noqa: E402
from demo.page import App  # noqa: E402
from demo.service import Runs  # noqa: E402


@pytest.fixture
def app(tmp_path):
    return App(Limits(max_megapixels=1, max_megabytes=1), Runs(Limits(), tmp_path / "runs"))


@pytest.fixture(autouse=True)
def folder(tmp_path):
    (tmp_path / "runs").mkdir()


@pytest.fixture(scope="module")
def lake():
    return example_picture(160, 96)


@pytest.fixture
def photo(tmp_path, lake):
    path = tmp_path / "<b>lake.png"
    write_image(path, lake)
    return path


def given(**changes):
    """Fields of the tab as a visitor finds them."""
    values = image_events.values(Recipe.from_look("eyes"))
    rest = {
        "mode": "Dream", "source": None, "style": None, "base": "", "look": "eyes", "backbone": "dreamnet", "seed": 0,
        "fixed": True, "guide": None, "masked": False, "mask": None, "style_scale": 1.0, "content": 0.2, "seconds": 1.0,
        "zoom": 1.02, "rotate": 0.0,
    }  # fmt: skip
    return {**values, **rest, **changes}


def made(app, values):
    recipe = image_work.recipe_of(values, app, None)
    work = image_work.work_of(values, recipe, app)
    previews, results = [], []
    for update in app.runs.watch(work, session="a", place="image"):
        previews += [update.preview] if update.preview else []
        if update.finished:
            assert not update.error, update.error
            results.append((update.result, read_note(update.result.path), update.result.path.read_bytes()))
            if update.result.pair:
                results.append([read_image(p).array for p in update.result.pair])
    return previews, *results


def test_untouched_fields_are_the_look_itself(app):
    for look in looks.looks():
        values = given(look=look, **image_events.values(Recipe.from_look(look)))
        values["backbone"] = Recipe.from_look(look).backbone
        assert image_work.recipe_of(values, app, None) == Recipe.from_look(look), look


def test_a_recipe_comes_back_into_the_fields(app):
    layers = (("stride16#4", 0.5),)
    recipe = Recipe.from_look("giants", seed=9, strength=2.0, layers=layers, octaves=2, colour="luminance")
    names = looks.looks()
    fields = (*image_events.FILLED, *image_events.STYLE, *image_events.ZOOM, *image_events.SET)
    filled = dict(zip(fields, image_events.fill(names)(recipe, "image")))
    assert filled["gallery"]["selected_index"] == names.index("giants")
    values = given(**{n: v for n, v in filled.items() if n not in ("gallery", "about")})
    assert image_work.recipe_of(values, app, None) == recipe


def test_a_dream_is_a_file_with_its_recipe(app, photo):
    previews, (result, note, data), (before, after) = made(app, given(source=str(photo), octaves=1, steps=3))
    assert previews and data[:4] == b"\x89PNG"
    assert note.kind == "image" and note.source == photo.name
    assert note.recipe == result.recipe
    assert before.shape == after.shape == (96, 160, 3)
    assert np.abs(before - read_image(photo).array).mean() < 0.02 < np.abs(after - before).mean()
    assert {row[0] for row in result.card} >= {"Change", "Time"}


def test_a_mask_is_where_it_dreams(app, photo):
    layer = np.zeros((96, 160, 4), np.uint8)
    layer[:, :60] = 255
    values = given(source=str(photo), octaves=1, steps=3, masked=True, mask={"layers": [layer]})
    _, (_, note, _), (before, after) = made(app, values)
    assert note.recipe.mask == "mask.png"
    change = np.abs(after - before).mean((0, 2))
    assert change[:50].mean() > 10 * change[80:].mean()


def test_a_zoom_is_a_film(app, photo):
    _, (result, note, data) = made(app, given(source=str(photo), mode="Zoom film", seconds=0.4, work_size=64))
    assert data[4:8] == b"ftyp" and note.kind == "zoom" and result.pair is None


def test_a_painting_takes_the_colours_of_its_style(app, photo, tmp_path):
    red = tmp_path / "red.png"
    write_image(red, np.broadcast_to(np.float32([0.8, 0.1, 0.1]), (64, 64, 3)).copy())
    changes = dict(style=str(red), mode="Paint in a style", speed="sketch", work_size=64, content=0.0)
    values = given(source=str(photo), **changes)
    _, (_, note, _), (before, after) = made(app, values)
    assert note.kind == "style" and note.recipe.styles == (("red.png", 1.0),)
    redness = [float((x[..., 0] - x[..., 1:].mean(-1)).mean()) for x in (before, after)]
    assert redness[1] > redness[0] + 0.2


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("empty.png", b"", "empty"),
        ("text.png", b"hello", "Not a picture"),
        ("gif.png", b"GIF89a\x01", "broken or cut off|Not a picture"),
        ("large.png", b"\0" * 1_100_000, "MB"),
    ],
)
def test_a_bad_file_is_a_sentence(app, tmp_path, name, data, said):
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(DeepDreamError, match=said):
        image_work.work_of(given(source=str(path)), Recipe(), app)
        from deepdream_av.image import dream_image

        dream_image(str(path))


def test_a_bomb_is_not_decoded(app, tmp_path):
    from PIL import Image

    for name, size in (("bomb.png", (20_000, 20_000)), ("wide.png", (2_000, 600)), ("dot.png", (1, 1))):
        Image.new("1", size).save(tmp_path / name)
        with pytest.raises(DeepDreamError, match="megapixels|too small"):
            uploads.checked_picture(tmp_path / name, app.limits)


def test_nothing_given_is_asked_for(app):
    with pytest.raises(DeepDreamError, match="picture first"):
        image_work.work_of(given(), Recipe(), app)
    with pytest.raises(DeepDreamError, match="brush"):
        image_work.painted({"layers": [np.zeros((4, 4, 4), np.uint8)]})


@pytest.mark.parametrize("text", ["stride16@/etc/passwd", "/etc/passwd", "stride8:x", ""])
def test_a_layer_is_a_name(text):
    with pytest.raises(DeepDreamError):
        image_work.weighted([text])


def test_another_network_must_be_here(app):
    for name in ("yours", "hub:x", "/etc/passwd", "nothing"):
        with pytest.raises(DeepDreamError, match="not on this machine|no network of your own"):
            image_work.recipe_of(given(backbone=name), app, None)


def test_a_field_hands_a_file_on_as_it_came(tmp_path):
    path = tmp_path / "deep.png"
    path.write_bytes(b"no picture at all")
    with gr.Blocks():
        field = uploads.Picture(label="picture")
    payload = field.data_model(path=str(path), orig_name="deep.png")
    assert field.preprocess(payload) == str(path)
    assert field.preprocess(None) is None


def test_estimates_follow_the_work_and_learn():
    found = pace.Pace()
    first = found.seconds(10, "net")
    found.learn(10, "net", 100.0)  # the first of its form was also prepared
    assert found.seconds(10, "net") < first
    found.learn(10, "net", 5.4)
    assert found.seconds(10, "net") == pytest.approx(5.4)
    assert found.seconds(20, "net") == pytest.approx(10.4)
    small, large = (pace.picture_work(Recipe(work_size=side), (2000, 1000)) for side in (256, 512))
    assert 2 < large / small < 4.5
