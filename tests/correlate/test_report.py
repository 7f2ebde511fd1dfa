"""A report holds what was found, says so when nothing was, and is a file that anybody can open without harm."""

from __future__ import annotations

import dataclasses
import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d

from deepdream_av.correlate.charts import curves, histogram
from deepdream_av.correlate.filter_pair import FilterPair, pairs_from_json
from deepdream_av.correlate.findings import MOST_POINTS, findings
from deepdream_av.correlate.judgement import LAGS, Judgement, Reading
from deepdream_av.correlate.pairs import Search
from deepdream_av.correlate.report import Told, check_reports, report_paths, write_reports
from deepdream_av.correlate.series import Series
from deepdream_av.errors import OutputError

TIMES = np.arange(240) / 24
SHOTS = np.repeat(np.array([0, 1], np.int32), 120)
NASTY = '<script>alert("1")</script>&\'.mp4'
VOID = {"meta", "img", "br", "line", "rect", "path"}


def curve(seed: int) -> np.ndarray:
    return gaussian_filter1d(np.random.default_rng(seed).standard_normal(len(TIMES)), 3).astype(np.float32)


def series(names, *curves) -> Series:
    values = np.stack([c - c.min() for c in curves], 1).astype(np.float32)
    return Series(TIMES, values, tuple(names), SHOTS)


PAIRS = (
    FilterPair((("block4#7+", 1.0),), (("stride8#12", 1.0),), lag=0.0, rho=0.71, p=0.005, source="learned"),
    FilterPair((("pitch#3", 1.0),), (("stride16#1", 1.0),), lag=0.05, rho=0.512, p=0.0204, source="prior"),
)


def search(pairs=PAIRS, refused=None) -> Search:
    null = np.random.default_rng(0).normal(0, 0.15, 99).astype(np.float32)
    lags = np.linspace(-0.12, 0.12, 7)
    return Search(tuple(pairs), refused, null, 0.25, lags, np.cos(8 * lags).astype(np.float32), 81.0)


def reading(**changes) -> Reading:
    null = np.random.default_rng(1).normal(0, 0.1, 99).astype(np.float32)
    shape = np.exp(-((LAGS / 0.1) ** 2)).astype(np.float32)
    fields = {"judges": ("random", "discriminator"), "before": 0.123, "after": 0.678, "threshold": 0.2}
    fields |= {"p_before": 0.4, "p_after": 0.01, "p_rise": 0.02, "null_before": null, "null": null}
    fields |= {"lags": LAGS, "lag_before": 0 * shape, "lag_after": shape}
    return Reading(**{**fields, **changes})


def told(**changes) -> Told:
    a, b = curve(1), curve(2)
    late = np.interp(TIMES - 0.05, TIMES, b)
    fields = {
        "film": "dream.mp4",
        "recipe": {"look": "eyes", "seed": 7},
        "mode": "joint",
        "search": search(),
        "heard": series(["block4#7+", "pitch#3"], a, b),
        "seen": series(["stride8#12", "stride16#1"], a + 3 * curve(3), late + 3 * curve(4)),
        "seen_after": series(["stride8#12", "stride16#1"], a + 0.1 * curve(3), late + 0.1 * curve(4)),
        "gates_seen": np.clip(np.stack([a, b], 1), 0, 1),
        "judged": Judgement(reading(), reading(judges=("discriminator",)), None, 99, 7),
        "frames": ((float(TIMES[a.argmax()]), np.full([9, 16, 3], 200, np.uint8)),),
        "spectrograms": ((float(TIMES[a.argmax()]), np.full([16, 24, 3], 90, np.uint8)),),
        "likes": ((("stride8", np.zeros([8, 8, 3], np.uint8)),), ()),
        "notes": ["2 filter pairs of this film beat chance."],
    }
    return Told(**{**fields, **changes})


def written(tmp_path, what: Told) -> tuple[dict, str]:
    paths = write_reports(tmp_path / "dream.mp4", what)
    assert paths == report_paths(tmp_path / "dream.mp4")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["dream.correlation.html", "dream.correlation.json"]

    def refuse(constant):
        raise AssertionError(f"{constant} is no JSON")

    numbers = json.loads(paths[0].read_text("utf-8"), parse_constant=refuse)
    return numbers, paths[1].read_text("utf-8")


class Tags(HTMLParser):
    """Follows which elements are open, and notes every element and attribute."""

    def __init__(self, text: str):
        super().__init__()
        self.open, self.seen, self.words = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.seen.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.seen.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, tag

    def handle_data(self, data):
        self.words.append(data)


def test_the_numbers_can_be_dreamt_with_again(tmp_path):
    numbers, _ = written(tmp_path, told())
    text = (tmp_path / "dream.correlation.json").read_text("utf-8")
    assert pairs_from_json(text) == PAIRS
    assert numbers["recipe"] == {"look": "eyes", "seed": 7} and numbers["seed"] == 7
    assert numbers["judged"]["seed"] == 7 and numbers["search"]["shifts"] == 99
    assert {"deepdream_av", "numpy", "tensorflow"} <= set(numbers["versions"])


def test_every_number_on_the_page_is_in_the_file(tmp_path):
    numbers, page = written(tmp_path, told())
    words = " ".join(Tags(page).words)
    for value in ("0.71", "0.51", "p = 0.005", "p = 0.02", "0.12", "0.68", "81"):
        assert value in words, value
    assert f"{numbers['pairs'][0]['own_after']:.2f}" in words
    assert "block4#7+" in words and "stride8#12" in words and "timbres, as they begin" in words


def test_a_page_is_whole_and_needs_nothing_else(tmp_path):
    _, page = written(tmp_path, told())
    tags = Tags(page)
    assert not tags.open
    assert not {"script", "link", "iframe", "object"} & {tag for tag, _ in tags.seen}
    addresses = [value for _, found in tags.seen for name, value in found.items() if name in ("src", "href", "srcset")]
    assert len(addresses) == 3 and all(value.startswith("data:image/jpeg;base64,") for value in addresses)
    assert "url(" not in page and "@import" not in page and "http" not in page
    assert all(found.get("alt") for tag, found in tags.seen if tag == "img")
    assert all(found.get("aria-label") for tag, found in tags.seen if tag == "svg")
    assert any(tag == "meta" and found.get("name") == "viewport" for tag, found in tags.seen)


def test_names_are_only_text(tmp_path):
    pair = dataclasses.replace(PAIRS[0], heard=((NASTY, 1.0),))
    heard = series([NASTY], curve(1))
    what = told(film=NASTY, search=search([pair]), heard=heard, gates_seen=None, notes=[NASTY], mode=NASTY)
    what = dataclasses.replace(what, recipe={NASTY: NASTY}, likes=(((NASTY, np.zeros([8, 8, 3], np.uint8)),),))
    _, page = written(tmp_path, what)
    tags = Tags(page)
    assert "script" not in {tag for tag, _ in tags.seen} and not tags.open
    assert NASTY in "".join(tags.words)  # shown as it is
    assert not any(name.startswith("on") for _, found in tags.seen for name in found)


def test_a_film_without_pairs_is_told_as_such(tmp_path):
    refused = FilterPair((("pitch#3", 1.0),), (("stride16#1", 1.0),), rho=0.31, p=0.4)
    what = told(mode="base", search=search((), refused), gates_seen=None, likes=(), judged=None, frames=(), notes=[])
    numbers, page = written(tmp_path, what)
    assert numbers["says"] == "No pair beats chance in this film; base coupling used."
    assert numbers["pairs"] == [] and numbers["refused"]["rho"] == 0.31
    words = " ".join(Tags(page).words)
    assert numbers["says"] in words and "0.31" in words and "p = 0.4" in words and "Pair 1" not in words


def test_pairs_by_meaning_are_not_called_found(tmp_path):
    pairs = tuple(dataclasses.replace(pair, source="semantic", rho=0.0, p=1.0) for pair in PAIRS)
    what = told(search=search((), dataclasses.replace(PAIRS[0], rho=0.31, p=0.4)), pairs=pairs)
    numbers, page = written(tmp_path, what)
    words = " ".join(Tags(page).words)
    assert "No pair beats chance in this film" in numbers["says"] and "elsewhere" in numbers["says"]
    assert "beat chance." not in words.replace(what.notes[0], "") and "was not asked" in words
    assert "The best that was found" in words and "0.31" in words and "Pair 2" in words


def test_little_that_is_told_is_enough(tmp_path):
    numbers, page = written(tmp_path, Told("dream.mp4", {}, "base"))
    assert numbers["pairs"] == [] and numbers["judged"] is None and numbers["shots"] == []
    assert "base coupling used" in page and not Tags(page).open


def test_a_judge_that_does_not_confirm_is_quoted(tmp_path):
    doubtful = reading(after=0.15, p_after=0.3, p_rise=0.6)
    _, page = written(tmp_path, told(judged=Judgement(doubtful, doubtful, None, 99, 7)))
    assert "do not confirm" in page
    assert "better than before" in findings_words(told())


def findings_words(what) -> str:
    from deepdream_av.correlate.words import in_words

    return in_words(findings(what))


def test_pairs_mixed_up_are_weaker_and_the_dream_is_stronger(tmp_path):
    numbers, _ = written(tmp_path, told())
    table = np.array(numbers["permuted"]["after"])
    assert table.shape == (2, 2) and np.diag(table).min() > 0.8 > 0.4 > np.abs(table - np.diag(np.diag(table))).max()
    for pair in numbers["pairs"]:
        assert pair["own_after"] > pair["own_before"] + 0.1 and pair["own_p_after"] < 0.02


def test_what_is_no_number_becomes_nothing(tmp_path):
    gates = np.full([240, 2], np.nan)
    what = told(search=dataclasses.replace(search(), threshold=float("nan"), effective=float("inf")), gates_seen=gates)
    numbers, page = written(tmp_path, what)
    assert numbers["search"]["threshold"] is None and not Tags(page).open


def test_a_dream_that_was_stopped_is_not_compared(tmp_path):
    after = told().seen_after
    short = Series(after.times[:100], after.values[:100], after.names, after.shots[:100])
    numbers, _ = written(tmp_path, told(seen_after=short, judged=None))
    assert "seen_after" not in numbers["curves"] and "seen_before" in numbers["curves"]
    assert any("nothing is measured" in note for note in numbers["notes"])


def test_shots_and_moments(tmp_path):
    numbers, _ = written(tmp_path, told())
    assert np.allclose(numbers["shots"], [[0, 119 / 24], [5, 239 / 24]], atol=1e-4)
    assert len(numbers["curves"]["times"]) <= MOST_POINTS
    strongest = numbers["curves"]["times"][int(np.argmax(numbers["curves"]["heard_before"][0]))]
    assert abs(strongest - numbers["pairs"][0]["heard_moment_before"]) < 1e-3


def test_a_long_film_stays_a_small_file():
    times = np.arange(20_000) / 24
    long = Series(times, np.abs(np.sin(times))[:, None].astype(np.float32), ("pitch#3",), np.zeros(20_000, np.int32))
    seen = dataclasses.replace(long, names=("stride16#1",))
    found = findings(Told("dream.mp4", {}, "pairs", search=search(PAIRS[1:]), heard=long, seen=seen))
    assert len(found["curves"]["times"]) <= MOST_POINTS
    assert len(json.dumps(found)) < 200_000


def test_nothing_is_written_for_what_is_not_coupled(tmp_path):
    assert write_reports(tmp_path / "dream.mp4", told(mode="off")) is None
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_is_kept(tmp_path):
    page = tmp_path / "dream.correlation.html"
    page.write_text("mine")
    with pytest.raises(OutputError, match="exists already"):
        check_reports(tmp_path / "dream.mp4")
    with pytest.raises(OutputError, match="exists already"):
        write_reports(tmp_path / "dream.mp4", told())
    assert page.read_text() == "mine"
    write_reports(tmp_path / "dream.mp4", told(), force=True)
    assert page.read_text().startswith("<!doctype html>")


def test_charts_stay_inside_their_frame():
    flat = curves([0, 1, 2], [("heard", [1, 1, 1])], says="flat", area=[0, 2, -1])
    steep = curves(TIMES, [("heard", curve(1)), ("seen", 100 * curve(2))], says="steep")
    for chart in (flat, steep, histogram([0.1], [("real", 5.0)], says="one"), histogram([], [], says="none")):
        for path in re.findall(r' d="([^"]+)"', chart):
            numbers = np.array(re.findall(r"-?[\d.]+", path), float)
            assert np.isfinite(numbers).all() and (numbers[::2] <= 1000).all() and (numbers[1::2] <= 100).all()
            assert numbers.min() >= 0
