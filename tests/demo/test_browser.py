"""The page in a real browser, every tab from end to end; all files are small and made by code."""

from __future__ import annotations

import json
import time
import zipfile

import numpy as np
import pytest

TABS = ("Picture", "Sound", "Film", "Explore", "Your network", "Recipes")


@pytest.fixture(scope="module")
def picture(tmp_path_factory):
    from PIL import Image

    from deepdream_av.media.example import example_picture

    path = tmp_path_factory.mktemp("files") / "lake.png"
    Image.fromarray((example_picture(480, 300) * 255).astype(np.uint8)).save(path)
    return path


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    from deepdream_av.media.audio_writer import AudioWriter
    from deepdream_av.media.example import example_sound

    path = tmp_path_factory.mktemp("files") / "music.wav"
    samples, rate = example_sound(2.0)
    with AudioWriter(path, rate=rate, channels=2, layout="stereo") as writer:
        writer.write(samples)
    return path


def film(path, *, seconds=2.0, sound=True):
    from deepdream_av.media.example import example_film

    return example_film(path, seconds=seconds, size=(240, 136), sound=sound)


def test_picture_preview_result_and_recipe_round_trip(visit, picture, tmp_path):
    visitor = visit()
    visitor.give(picture)
    visitor.panel.get_by_label("number input for Strength").fill("1.7")
    visitor.press("Dream")
    line, previews = visitor.until("Done")
    assert len(previews) >= 2, "the preview did not change"
    dream = visitor.save("Save the dream", tmp_path)
    from PIL import Image

    from deepdream_av.media.metadata import read_note

    assert Image.open(dream).size == (480, 300)
    assert read_note(dream).recipe.strength == 1.7
    other = visit()
    other.open("Recipes")
    other.give(dream)
    other.expect("Picture")
    assert other.panel.get_by_label("number input for Strength").input_value() == "1.7"


def test_stop_keeps_what_is_there_and_frees_the_place(visit, picture):
    visitor = visit()
    visitor.give(picture)
    visitor.choose("Fine")
    visitor.press("Dream")
    began = time.monotonic()
    while len({visitor.preview()} - {""}) == 0 or "Dreaming" not in visitor.status:
        assert time.monotonic() - began < 30
        visitor.page.wait_for_timeout(50)
    visitor.page.wait_for_timeout(1000)
    pressed = time.monotonic()
    visitor.press("Stop and keep what is there")
    line, _ = visitor.until("Stopped", "Done", seconds=10)
    took = time.monotonic() - pressed
    assert "This is what there was" in line
    assert took < 2.0, f"Stop took {took:.1f} s"
    visitor.panel.get_by_text("Save the dream").first.wait_for(timeout=3000)
    visitor.choose("Sketch")
    visitor.press("Dream")
    visitor.until("Done", seconds=20)


def test_who_leaves_makes_room(visit, picture):
    first, second = visit(), visit()
    for visitor in (first, second):
        visitor.give(picture)
        visitor.choose("Fine")
    first.press("Dream")
    first.until("Dreaming", seconds=20)
    second.choose("Sketch")
    second.press("Dream")
    second.page.wait_for_timeout(500)
    first.leave()
    second.until("Done", seconds=20)


def test_sound(visit, sound, tmp_path):
    visitor = visit()
    visitor.open("Sound")
    visitor.give(sound)
    visitor.choose("Sketch")
    visitor.press("Dream")
    visitor.until("Done")
    dream = visitor.save("Save the sound", tmp_path)
    from deepdream_av.media.audio import read_audio

    assert dream.suffix == ".wav"
    assert abs(read_audio(dream).seconds - 2.0) < 0.01


def test_film_plays_in_the_page(visit, tmp_path):
    visitor = visit()
    visitor.open("Film")
    visitor.give(film(tmp_path / "lake.mp4"))
    assert "2.0 s, 240 x 136" in visitor.panel.locator(".told").first.inner_text()
    visitor.press("Dream the film")
    _, previews = visitor.until("Done")
    assert previews
    player = visitor.panel.locator("video:visible").last
    visitor.page.wait_for_timeout(800)
    assert abs(player.evaluate("video => video.duration") - 2.0) < 0.2
    assert player.evaluate("video => video.videoWidth") == 240
    assert player.evaluate("video => video.error") is None


def test_stopped_film_is_finished(visit, tmp_path):
    visitor = visit()
    visitor.open("Film")
    visitor.give(film(tmp_path / "lake.mp4", seconds=4.0))
    visitor.press("Dream the film")
    visitor.until("frame", seconds=30)
    visitor.page.wait_for_timeout(300)
    began = time.monotonic()
    visitor.press("Stop and keep what is there")
    line, _ = visitor.until("Stopped", "Done", seconds=10)
    assert time.monotonic() - began < 2.0
    assert "This is what there was" in line
    path = visitor.save("Save the film", tmp_path)
    import av

    with av.open(str(path)) as made:
        assert 0 < sum(1 for _ in made.decode(video=0)) < 96


def test_silent_film_is_told(visit, tmp_path):
    visitor = visit()
    visitor.open("Film")
    visitor.give(film(tmp_path / "silent.mp4", seconds=0.3, sound=False))
    visitor.choose("They call and follow each other")
    visitor.press("Dream the film")
    line, _ = visitor.until("Done")
    assert "no sound" in line


def test_explore_and_dream_a_channel(visit, picture):
    visitor = visit()
    visitor.open("Explore")
    visitor.choose("8")
    visitor.press("Show what they look for")
    visitor.until("Done")
    cells = visitor.panel.locator(".channels button.thumbnail-item")
    assert cells.count() == 8
    visitor.give(picture)
    visitor.press("Show what fires")
    visitor.panel.get_by_text("Where each of them is loudest").first.wait_for(timeout=90_000)
    visitor.until("Done", seconds=120)
    name = cells.nth(2).inner_text().split()[1]
    cells.nth(2).click()
    visitor.page.get_by_text(f"{name} is set").wait_for()
    visitor.expect("Picture")
    visitor.panel.get_by_role("button", name="Advanced").click()
    visitor.panel.get_by_role("button", name="Network, layers and channels").click()
    visitor.panel.locator(".token", has_text=name).first.wait_for(timeout=10_000)


def network(path):
    import keras

    x = keras.Input((64, 64, 3))
    y = keras.layers.Conv2D(8, 5, strides=2, padding="same", activation="relu", name="first")(x)
    y = keras.layers.Conv2D(16, 3, strides=2, padding="same", activation="relu", name="second")(y)
    keras.Model(x, y).save(path)
    return path


def test_network_of_ones_own(visit, tmp_path):
    visitor = visit()
    visitor.open("Your network")
    visitor.give(network(tmp_path / "mine.keras"))
    visitor.panel.get_by_role("button", name="Dream a picture with it").wait_for(timeout=60_000)
    assert "first to second" in visitor.panel.inner_text()
    visitor.press("Dream a picture with it")
    visitor.expect("Picture")


def test_network_with_code_of_its_own_is_refused(visit, tmp_path):
    whole, bad = network(tmp_path / "mine.keras"), tmp_path / "bad.keras"
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(bad, "w") as target:
        for name in source.namelist():
            entry = source.read(name)
            if name == "config.json":
                config = json.loads(entry)
                config["config"]["layers"][1]["class_name"] = "Lambda"
                entry = json.dumps(config).encode()
            target.writestr(name, entry)
    visitor = visit()
    visitor.open("Your network")
    visitor.give(bad)
    assert "Lambda" in visitor.refusal()


@pytest.mark.parametrize(
    "tab, suffix, button",
    [("Picture", ".png", "Dream"), ("Sound", ".wav", "Dream"), ("Film", ".mp4", "Dream the film")],
)
def test_files_that_are_none_are_told_in_a_sentence(visit, tab, suffix, button, picture, tmp_path):
    whole = picture.read_bytes()
    files = {"text": b"I am no such file\n" * 20, "noise": bytes(range(256)) * 8, "nothing": b""}
    if tab != "Picture":  # of a torn picture what is there is dreamt
        files["torn"] = whole[: len(whole) // 50]
    for name, content in files.items():
        visitor = visit()
        visitor.open(tab)
        path = tmp_path / f"<b>{name}{suffix}"
        path.write_bytes(content)
        visitor.give(path)
        visitor.press(button)
        told = visitor.refusal()
        assert "Traceback" not in told and "/" not in told.replace("I/O", ""), told
        assert len(told.split()) > 3, told
        visitor.complaints.clear()  # the browser's own player complains of such a file as well


def test_a_picture_of_one_pixel_and_no_picture(visit, tmp_path):
    from PIL import Image

    Image.new("RGB", (1, 1)).save(tmp_path / "dot.png")
    visitor = visit()
    visitor.press("Dream")
    assert "first" in visitor.refusal()
    visitor.give(tmp_path / "dot.png")
    visitor.press("Dream")
    visitor.until("too small", seconds=10)


@pytest.mark.parametrize("dark", [False, True])
def test_phone(visit, dark):
    visitor = visit(width=390, height=844, dark=dark)
    for tab in TABS:
        title = visitor.page.get_by_role("tab", name=tab, exact=True)
        if not title.is_visible():
            visitor.page.locator(".overflow-menu button").first.click()
            title = visitor.page.locator(".overflow-dropdown button", has_text=tab)
        title.first.click()
        visitor.page.wait_for_timeout(300)
        assert visitor.page.evaluate("document.documentElement.scrollWidth") <= 390, tab


def test_fields_have_names(visit):
    visitor = visit()
    for tab in TABS:
        visitor.open(tab)
        nameless = visitor.page.evaluate(
            """() => [...document.querySelectorAll('input, textarea, select, button')]
            .filter(x => x.offsetParent !== null && !['hidden', 'file'].includes(x.type))
            .filter(x => !(x.labels && x.labels.length) && !x.getAttribute('aria-label') && !x.getAttribute('title')
                && !x.getAttribute('aria-labelledby') && !x.innerText.trim() && !x.placeholder
                && !x.querySelector('img[alt], svg title'))
            .map(x => x.outerHTML.slice(0, 160))"""
        )
        assert not nameless, tab
