"""Subjects of `explore` that make or judge pictures: change, looks, report."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path

import numpy as np

from deepdream_av.errors import DeepDreamError, InputError, UsageError, unknown_name
from deepdream_av.explore.found import Found, default_output, network
from deepdream_av.recipe import Recipe, list_looks


def change(given, bar) -> Found:
    """`explore change`: channels louder or silent, and the picture that goes with it."""
    from deepdream_av.analysis.change import change_channels
    from deepdream_av.analysis.layers import parse_channel
    from deepdream_av.analysis.levels import shrunk
    from deepdream_av.analysis.sheets import change_sheet, change_table
    from deepdream_av.media.image import read_image

    backbone, factors = network(given), {}
    asked = [(text, *_factor(text)) for text in given.amplify] + [(text, text, 0.0) for text in given.silence]
    for text, name, factor in asked:
        layer, channel = parse_channel(backbone, name)
        if channel in factors.setdefault(layer, {}):
            raise UsageError(f"A channel can be changed once. Received twice: {text!r}.")
        factors[layer][channel] = factor
    picture = shrunk(read_image(given.source).array, given.size or 512)
    changed, reached = change_channels(
        picture, backbone, factors, steps=given.steps, seed=given.seed, progress=bar
    )
    output = given.output or default_output(given, given.source, "change.png")
    sheet = change_sheet(picture, changed, reached, name=given.source.name)
    if output.suffix != ".html" and not given.sheet:
        sheet = _Plain(changed)
    return Found({"backbone": backbone.name, "channels": reached}, change_table(reached), sheet, output)


def _factor(text: str) -> tuple[str, float]:
    name, _, factor = text.rpartition(":")
    try:
        value = float(factor)
    except ValueError:
        value = float("nan")
    if not name or not 0 <= value <= 100:
        raise UsageError(
            f"`amplify` must be NAME#CHANNEL:FACTOR with a factor from 0 to 100. Received: {text!r}."
        )
    return name, value


@dataclasses.dataclass(frozen=True, eq=False)
class _Plain:
    """A picture alone, where a sheet could be."""

    picture: np.ndarray

    def write(self, path):
        """Write it in the format of the suffix."""
        from deepdream_av.media.image import write_image

        write_image(path, self.picture)


def looks(given, bar) -> Found:
    """`explore looks`: every look on one photo, with the seconds that each took."""
    from deepdream_av.analysis.levels import shrunk
    from deepdream_av.analysis.page import Cell, Section, Sheet
    from deepdream_av.analysis.sheets import as_bytes
    from deepdream_av.image import dream_image
    from deepdream_av.media.image import read_image

    names, files = _chosen_looks(given.look), _weights(given)
    output = given.output or default_output(given, given.source, "looks.png")
    picture = shrunk(read_image(given.source).array, given.size)
    cells, report = [Cell(as_bytes(picture), "the photo")], {}
    for k, name in enumerate(names):
        bar(k, len(names), name)
        recipe = Recipe.from_look(name, seed=given.seed)
        recipe = recipe.replace(work_size=given.size, weights=files.get(recipe.backbone, recipe.weights))
        began = time.monotonic()
        try:
            dream = dream_image(picture, recipe=recipe)
        except DeepDreamError as error:  # a network that cannot be fetched does not spoil the others
            bar.say(f"{name}: {error}")
            report[name] = {"error": str(error)}
            cells.append(Cell(None, name, "not here: see the message"))
            continue
        seconds = round(time.monotonic() - began, 1)
        report[name] = {
            "seconds": seconds,
            "rms_change": dream.report["rms_change"],
            "backbone": recipe.backbone,
        }
        command = f"python -m deepdream_av.image {given.source.name} --look {name}"
        cells.append(Cell(as_bytes(dream.array), name, f"{recipe.backbone}, {seconds} s", command))
        if dream.interrupted:
            break
    bar(len(names), len(names))
    rows = [
        ("look", "seconds", "change"),
        *((n, r.get("seconds", "-"), r.get("rms_change", "-")) for n, r in report.items()),
    ]
    about = f"Every dream at {picture.shape[1]}x{picture.shape[0]} pixels."
    columns = max(2, min(5, round(len(cells) ** 0.5)))
    sheet = Sheet(f"All looks on {given.source.name}", about, (Section("", tuple(cells), columns),), side=320)
    total = round(sum(r.get("seconds", 0.0) for r in report.values()), 1)
    return Found({"size": list(picture.shape[1::-1]), "seconds": total, "looks": report}, rows, sheet, output)


def _chosen_looks(wanted) -> list[str]:
    known = list_looks("image")
    for name in wanted:
        if name not in known:
            raise unknown_name("look", name, known)
    return list(dict.fromkeys(wanted)) or known


def _weights(given) -> dict[str, str]:
    pairs = dict(text.partition("=")[::2] for text in given.network_weights)
    for name, file in pairs.items():
        if not file:
            raise UsageError(
                f"`weights` must be NETWORK=FILE here, as in vgg19=vgg19.h5. Received: {name!r}."
            )
        from deepdream_av.media.files import check_source

        check_source(file)
    return pairs


def report(given, bar) -> Found:
    """`explore report`: the figures of `analysis.picture.report_card`, or of a sound those of `analysis.sound_card`."""
    from deepdream_av.flags import is_sound

    if is_sound(given.dream):
        from deepdream_av.explore import sounds

        return sounds.report(given, bar)
    from deepdream_av.analysis.picture import report_card
    from deepdream_av.backbones import load_backbone
    from deepdream_av.media import metadata

    try:
        recipe = metadata.read_note(given.dream).recipe
    except InputError:  # a dream of another program
        recipe = None
    if recipe is not None and not given.backbone:
        weights = given.weights or (recipe.weights if Path(recipe.weights).is_file() else "")
        backbone = load_backbone(recipe.backbone, weights=weights, contrast=recipe.contrast)
        layers = () if given.layer else _plain_layers(backbone, recipe)
    else:
        backbone, layers = network(given), ()
    layers = layers or tuple((_checked_layer(backbone, name), 1.0) for name in given.layer)
    others, seconds, pixel_steps = [str(x) for x in given.other], None, None
    if given.seeds and recipe is None:
        raise UsageError(f"`seeds` needs a dream with its recipe inside. Received: '{given.dream}'.")
    if recipe is not None:
        again, seconds = _dreamt_again(given, recipe, bar)
        others, pixel_steps = others + again, _pixel_steps(recipe, given)
    judges = given.judge or ["discriminator" if backbone.name == "dreamnet" else "dreamnet"]
    card = report_card(
        str(given.dream),
        str(given.source),
        backbone=backbone,
        layers=layers,
        judges=[network(given, name) for name in judges],
        others=others,
        seconds=seconds,
        pixel_steps=pixel_steps,
        look=given.size,
    )
    return Found(card, _card_rows(card))


def _checked_layer(backbone, name: str) -> str:
    from deepdream_av.analysis.layers import parse_channel

    return "#".join(map(str, parse_channel(backbone, name))) if "#" in name else backbone.layer_name(name)


def _plain_layers(backbone, recipe) -> tuple:
    """The layers and channels that a recipe raised, and no others: a dislike or a class has no gain of its own."""
    known, found = set(backbone.list_layers()), []
    for name, weight in recipe.layers:
        plain, mark, channels = name.partition("@")[0].partition("#")  # without a mask
        try:
            plain = backbone.layer_name(plain)
        except UsageError:
            continue
        numbers = channels.split("+") if mark else []
        if plain in known and weight > 0 and all(n.isdecimal() for n in numbers):
            found += [(f"{plain}#{int(n)}", weight / len(numbers)) for n in numbers] or [(plain, weight)]
    return tuple(found)


def _dreamt_again(given, recipe, bar):
    """Dreams of the same source with other seeds, and the seconds that one takes; none and None if not asked for."""
    from deepdream_av.image import dream_image

    again, seconds = [], []
    for k in range(given.seeds):
        bar(k, given.seeds)
        began = time.monotonic()
        other = recipe.replace(seed=(recipe.seed + k + 1) % 2**31)
        again.append(dream_image(str(given.source), recipe=other).array)
        seconds.append(time.monotonic() - began)
        bar(k + 1, given.seeds)
    # the first one also compiled
    return again, float(np.median(seconds[1:] or seconds)) if seconds else None


def _pixel_steps(recipe, given) -> float:
    """Steps of all octaves, each times its pixels, over the pixels at which was dreamt."""
    from deepdream_av.ascent.pictures import STEPS, work_size
    from deepdream_av.ascent.plans import octaves_of
    from deepdream_av.media.image import read_image

    width, height = work_size(recipe, read_image(given.source).array.shape[1::-1])
    sizes = octaves_of(recipe).sizes(height, width)
    steps = max(1, round(recipe.steps * STEPS[recipe.speed]))
    return steps * sum(h * w for h, w in sizes) / (height * width)


def _card_rows(card: dict) -> list[tuple]:
    rows = [("figure", "value")]
    for name, value in card.items():
        parts = value.items() if isinstance(value, dict) else [("", value)]
        if name == "transfer":
            parts = [(v["judge"], f"{v['gain']} (scrambled {v['scrambled']})") for v in value]
        rows += [(f"{name} {part}".strip(), _plain(x)) for part, x in parts]
    return rows


def _plain(value) -> str:
    if isinstance(value, list):
        return ", ".join(":".join(map(str, x)) if isinstance(x, list) else str(x) for x in value)
    return str(value)
