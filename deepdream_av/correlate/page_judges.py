"""What the judges say, as a section of the page of a correlation report."""

from __future__ import annotations

from deepdream_av.correlate.charts import curves, histogram, safe, ticks
from deepdream_av.correlate.words import number, odds_words

_NAMES = {"random": "random filters", "discriminator": "the GAN's discriminator", "dreamnet": "dreamnet"}
_ASKED = (
    ("picture", "What is heard, told from the picture", "can what the pairs hear be read off the picture?"),
    ("sound", "What is seen, told from the sound", "can what the pairs see be read off the sound?"),
    ("together", "What both find for themselves", "does anything rise in picture and sound, whatever it is?"),
)


def judges_section(found: dict) -> str:
    """All readings, each with its chance; empty if nobody judged."""
    judged = found["judged"]
    if not judged:
        return ""
    cards = [_reading(title, asks, judged[name]) for name, title, asks in _ASKED if judged[name]]
    return (
        "<section><h2>Networks that had no part in the dream</h2><p>A dream raises what its own networks answer to, so "
        "others are asked. They are fitted on some stretches of the film and tested on the rest, before the dream and "
        f"after it, and {judged['shifts']} times more with the sound moved out of place.</p>"
        f'<div class="three">{"".join(cards)}</div></section>'
    )


def _reading(title: str, asks: str, reading: dict) -> str:
    who = " and ".join(_NAMES.get(name, name) for name in reading["judges"])
    rows = "".join(
        f'<div class="meter {when}"><span>{when}</span><b><i style="width:{_percent(reading[when])}"></i>'
        f'<u style="left:{_percent(reading["threshold"])}"></u></b>'
        f"<span>{number(reading[when])}</span><small>{odds_words(reading[f'p_{when}'])}</small></div>"
        for when in ("before", "after")
    )
    chance = histogram(
        reading["null"],
        [("limit", reading["threshold"]), ("real", reading["after"])],
        says="How often chance gives each correlation after the dream; its own and the limit as lines",
    )
    return (
        f'<div class="chart"><h4>{safe(title)}</h4><p class="small">{safe(who)}: {safe(asks)}</p>{rows}'
        f'<p class="rise">Rise {number(reading["rise"])}, {odds_words(reading["p_rise"])}</p>'
        f"{chance if reading['null'] else ''}"
        '<p class="keys"><span class="key real">after</span><span class="key limit">one in twenty</span></p>'
        f"{_lags(reading)}</div>"
    )


def _percent(value: float | None) -> str:
    return f"{100 * min(max(value or 0, 0), 1):.0f}%"


def _lags(reading: dict) -> str:
    lags = reading["lags"]
    if len(lags) < 2:
        return ""
    chart = curves(
        lags,
        [("faded", reading["lag_before"]), ("real", reading["lag_after"])],
        says="Correlation at each lag of the picture, before and after the dream",
        cuts=[0.0],
    )
    return (
        f"<h5>With the picture later than the sound by</h5>{chart}{lag_ticks(lags)}"
        '<p class="keys"><span class="key faded">before</span><span class="key real">after</span></p>'
    )


def lag_ticks(lags) -> str:
    """Lags in seconds under a chart, as milliseconds."""
    zero = -lags[0] / (lags[-1] - lags[0])
    return ticks([0.0, zero, 1.0], [f"{1000 * lags[0]:.0f} ms", "0", f"{1000 * lags[-1]:.0f} ms"])
