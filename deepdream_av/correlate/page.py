"""The page of a correlation report: plain words first, numbers below, everything inside one file."""

from __future__ import annotations

import json
from importlib import resources

import numpy as np

from deepdream_av.correlate.charts import curves, histogram, picture_uri, safe, ticks
from deepdream_av.correlate.page_judges import judges_section, lag_ticks
from deepdream_av.correlate.words import channel_words, in_words, lag_words, number, odds_words, seconds

_CHANNELS, _PICTURES = 6, 2  # of each side of a pair


def page(found: dict, *, frames=(), spectrograms=(), likes=()) -> str:
    """A report as HTML; all text is escaped, and nothing is fetched.

    Args:
        found: from `correlate.findings.findings`; every number comes from it.
        frames, spectrograms: times and pictures, see `correlate.report.Told`.
        likes: for each pair, names and pictures of what its seen side likes.
    """
    pairs = [
        _pair(found, n, frames, spectrograms, likes[n] if n < len(likes) else ()) for n in range(len(found["pairs"]))
    ]
    style = (resources.files("deepdream_av") / "correlate" / "report.css").read_text("utf-8")
    parts = [_top(found), *pairs, _refused(found), _chance(found), judges_section(found), _shots(found), _made(found)]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{safe(found['film'])}: what is heard and what is seen</title><style>{style}</style></head>\n"
        f"<body><main>{chr(10).join(part for part in parts if part)}</main></body></html>\n"
    )


def _top(found: dict) -> str:
    notes = "".join(f"<p>{safe(note)}</p>" for note in found["notes"] if note != found["says"])
    figures = [f"<li><b>{safe(value)}</b><span>{safe(what)}</span></li>" for value, what in _figures(found)]
    return (
        f'<header><p class="film">{safe(found["film"])}</p><h1>{safe(found["says"])}</h1>'
        f'<p class="lead">{safe(in_words(found))}</p>{notes}'
        + (f'<ul class="figures">{"".join(figures)}</ul>' if figures else "")
        + "</header>"
    )


def _figures(found: dict) -> list[tuple[str, str]]:
    """The few numbers that say most."""
    rows = []
    if _found(found):
        best = found["pairs"][0]
        what = f"correlation of the first pair in the film, held out ({odds_words(best['p'])})"
        rows.append((number(best["rho"]), what))
        rows.append((number(found["search"]["threshold"]), "what chance alone reaches in one of twenty tries"))
    elif found["refused"]:
        rows.append((number(found["refused"]["rho"]), "the best correlation that was found, held out"))
        rows.append((number(found["search"]["threshold"]), "what chance alone reaches in one of twenty tries"))
    reading = found["pairs"] and found["judged"] and (found["judged"]["picture"] or found["judged"]["together"])
    if reading:
        rose = f"{number(reading['before'])} \u2192 {number(reading['after'])}"
        rows.append((rose, "before and after the dream, as a network that had no part in it sees it"))
    if found["search"] and found["search"]["effective"] is not None:
        rows.append((f"{found['search']['effective']:.0f}", "independent moments in the film"))
    return rows


def _pair(found: dict, n: int, frames, spectrograms, likes) -> str:
    pair, drawn = found["pairs"][n], found["curves"]
    times = drawn["times"]
    after = "after" if "seen_after" in drawn else "before"
    sounds = _strongest(spectrograms, times, drawn.get("heard_before"), n)[:1]
    shown = _strongest(frames, times, drawn.get(f"seen_{after}"), n)
    heard = "".join(_figure(x, f"where this is heard most, around {seconds(t)}", "wide") for t, x in sounds)
    seen = "".join(_figure(x, f"in the film at {seconds(t)}", "") for t, x in shown)
    swatches = "".join(_figure(x, f"what {name} likes of it", "swatch") for name, x in likes)
    rest = f"Correlation {number(pair['rho'])}, held out ({odds_words(pair['p'])}); {lag_words(pair['lag'])}."
    if pair["source"] == "semantic":
        rest = "These channels belong together by what they mean; whether they do in this film was not asked."
    if pair["source"] == "prior" and not found["accepted"]:
        rest = f"In other films: {rest[0].lower()}{rest[1:]} In this one it was not found."
    rest += {"prior": " It was expected from other films." * bool(found["accepted"]), "manual": " It was given."}.get(pair["source"], "")
    return (
        f'<section class="pair"><h2>Pair {n + 1}</h2><p>{safe(rest)}</p><div class="sides">'
        f'<div class="side heard"><h3>Heard</h3>{_row(heard)}{_channels(pair["heard"])}</div>'
        f'<div class="side seen"><h3>Seen</h3>{_row(seen)}{_row(swatches)}{_channels(pair["seen"])}</div></div>'
        f"{_over_time(found, n)}</section>"
    )


def _found(found: dict) -> bool:
    """Whether the pairs were found in this film."""
    return bool(found["search"] and found["search"]["found"])


def _strongest(moments, times, lines, n: int) -> list:
    """Moments in which a pair's curve is highest, in order of time; those below its mean are left out."""
    if not lines or not times:
        return []
    scored = [(float(np.interp(time, times, lines[n])), time, picture) for time, picture in moments]
    best = sorted((x for x in scored if x[0] > 0), key=lambda x: -x[0])[:_PICTURES]
    return sorted(((time, picture) for _, time, picture in best), key=lambda x: x[0])


def _figure(picture, caption: str, kind: str) -> str:
    return (
        f'<figure class="{kind}"><img alt="{safe(caption)}" src="{picture_uri(picture)}">'
        f"<figcaption>{safe(caption)}</figcaption></figure>"
    )


def _row(figures: str) -> str:
    return f'<div class="pictures">{figures}</div>' if figures else ""


def _channels(weights) -> str:
    most = max((weight for _, weight in weights), default=1.0)
    rows = [
        f'<li><span class="name">{safe(name)}</span><span class="what">{safe(channel_words(name))}</span>'
        f'<span class="weight"><i style="width:{100 * weight / most:.0f}%"></i></span></li>'
        for name, weight in weights[:_CHANNELS]
    ]
    more = len(weights) - len(rows)
    return f'<ul class="channels">{"".join(rows)}</ul>' + (f'<p class="more">and {more} more</p>' if more > 0 else "")


def _over_time(found: dict, n: int) -> str:
    drawn, cuts = found["curves"], [shot[0] for shot in found["shots"][1:]]
    if "seen_before" not in drawn:
        return ""
    charts = []
    for when, title in (("before", "Before the dream"), ("after", "After it")):
        if f"seen_{when}" not in drawn:
            continue
        gate = drawn["gates_seen"][n] if when == "after" and "gates_seen" in drawn else None
        pair = found["pairs"][n]
        own = f"r = {number(pair[f'own_{when}'])} ({odds_words(pair[f'own_p_{when}'])}) as the dreamt networks see it"
        chart = curves(
            drawn["times"],
            [("heard", drawn[f"heard_{when}"][n]), ("seen", drawn[f"seen_{when}"][n])],
            says=f"{title}: how much is heard and seen of pair {n + 1} over time",
            area=gate,
            cuts=cuts,
        )
        charts.append(
            f'<div class="chart"><h4>{title}<span>{safe(own)}</span></h4>{chart}'
            f"{_ticks(drawn['times'])}</div>"
        )
    gated = '<span class="key gate">gate that the sound opens</span>' if "gates_seen" in drawn else ""
    return (
        f'<p class="keys"><span class="key heard">heard</span><span class="key seen">seen</span>{gated}</p>'
        + "".join(charts)
    )


def _ticks(times) -> str:
    shown = np.linspace(times[0], times[-1], 5)
    return ticks(np.linspace(0, 1, 5), [seconds(t) for t in shown])


def _refused(found: dict) -> str:
    pair = found["refused"]
    if pair is None or _found(found):
        return ""
    text = (
        f"It reaches a correlation of {number(pair['rho'])}, held out ({odds_words(pair['p'])}). "
        "That is not enough to be told from chance, and it is not used."
    )
    return (
        f'<section class="pair"><h2>The best that was found</h2><p>{safe(text)}</p><div class="sides">'
        f'<div class="side heard"><h3>Heard</h3>{_channels(pair["heard"])}</div>'
        f'<div class="side seen"><h3>Seen</h3>{_channels(pair["seen"])}</div></div></section>'
    )


def _chance(found: dict) -> str:
    search, best = found["search"], found["pairs"][0] if _found(found) else found["refused"]
    if search is None or best is None or not search["null"]:
        title, mixed = "Does each belong to its own?", _crossed(found)
        return f'<section><h2>{title}</h2><div class="three">{mixed}</div></section>' if mixed else ""
    rank = histogram(
        search["null"],
        [("limit", search["threshold"]), ("real", best["rho"])],
        says="How often chance gives each correlation; the film's own and the limit as lines",
    )
    charts = [
        f'<div class="chart"><h4>Sound moved out of place</h4>{rank}<p class="keys">'
        f'<span class="key real">this film, {number(best["rho"])}</span>'
        f'<span class="key limit">one in twenty, {number(search["threshold"])}</span></p><p class="small">'
        f"{search['shifts']} times the sound was moved by seconds and everything was done again.</p></div>"
    ]
    if len(search["lags"]) > 1:
        lags = curves(search["lags"], [("real", search["lag_curve"])], says="Correlation at each lag", cuts=[0.0])
        charts.append(
            f'<div class="chart"><h4>Sound moved a little</h4>{lags}{lag_ticks(search["lags"])}'
            '<p class="small">To the right, the picture follows the sound.</p></div>'
        )
    return f'<section><h2>Is it chance?</h2><div class="three">{"".join(charts)}{_crossed(found)}</div></section>'


def _crossed(found: dict) -> str:
    table = found["permuted"].get("after") or found["permuted"].get("before") or []
    if len(table) < 2:
        return ""
    head = "".join(f"<th>seen {n + 1}</th>" for n in range(len(table)))
    rows = "".join(
        f"<tr><th>heard {n + 1}</th>"
        + "".join(
            f'<td style="--r:{max(r, 0):.2f}"{" class=own" if m == n else ""}>{number(r)}</td>'
            for m, r in enumerate(row)
        )
        + "</tr>"
        for n, row in enumerate(table)
    )
    when = "after" if "after" in found["permuted"] else "before"
    return (
        f'<div class="chart"><h4>Pairs mixed up</h4><table class="crossed"><tr><td></td>{head}</tr>{rows}</table>'
        f'<p class="small">Correlation of one pair\'s sound with another\'s picture, {when} the dream; '
        "pairs that mean something are strongest on the diagonal.</p></div>"
    )


def _shots(found: dict) -> str:
    shots = found["shots"]
    if not shots:
        return ""
    begin, end = shots[0][0], shots[-1][1]
    bars = "".join(f'<i style="flex:{max(last - first, 0.01):.3f}"></i>' for first, last in shots)
    count = "One shot" if len(shots) == 1 else f"{len(shots)} shots"
    listed = ", ".join(f"{seconds(first)} to {seconds(last)}" for first, last in shots[:40])
    return (
        f"<section><h2>{count}</h2><div class='shots'>{bars}</div>{_ticks([begin, end])}"
        f'<p class="small">{safe(listed)}{" ..." if len(shots) > 40 else ""}. '
        "Means and slow trends are taken out of every shot by itself.</p></section>"
    )


def _made(found: dict) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in found["versions"].items())
    recipe = json.dumps(found["recipe"], indent=1)
    again = "<code>--pairs</code> takes that file, and dreams with the same pairs." if found["pairs"] else ""
    name = found["film"].rpartition(".")[0] or found["film"]
    return (
        "<section><h2>Again, please</h2><p>Every number on this page stands in "
        f"<code>{safe(name)}.correlation.json</code>; seed {safe(found['seed'])}, coupling {safe(found['mode'])}. "
        f'{again}</p><p class="small">{safe(versions)}</p>'
        f"<details><summary>The recipe</summary><pre>{safe(recipe)}</pre></details></section>"
    )
