"""Small charts as SVG inside a page: they grow with it, and their words stand beside them as text of the page."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Iterable

import numpy as np

_WIDE, _TALL = 1000, 100  # units of a chart; the page decides what that is in pixels
_MOST_CUTS = 200
MINUS = "\u2212"


def safe(text) -> str:
    """Text that is only text in a page."""
    return html.escape(str(text), quote=True)


def picture_uri(picture: np.ndarray) -> str:
    """A picture uint8 `[height, width, 3]` as an address that holds it."""
    from PIL import Image

    held = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(picture)).save(held, "JPEG", quality=86)
    return "data:image/jpeg;base64," + base64.b64encode(held.getvalue()).decode("ascii")


def curves(
    x: Iterable[float],
    lines: Iterable[tuple[str, Iterable[float]]],
    *,
    says: str,
    area=None,
    cuts: Iterable[float] = (),
) -> str:
    """Curves over time or lag.

    Args:
        x: places, growing.
        lines: CSS classes with values at these places; all on one scale.
        says: what can be seen, for those who cannot see it.
        area: values from 0 to 1 that fill the ground.
        cuts: places of vertical lines.
    """
    x, lines = np.asarray(x, float), [(kind, np.nan_to_num(np.asarray(values, float))) for kind, values in lines]
    if len(x) < 2:
        return ""
    every = np.concatenate([values for _, values in lines])
    low, high = float(every.min()), float(every.max())
    at = (x - x[0]) / (x[-1] - x[0]) * _WIDE
    parts = []
    if area is not None:
        top = _path(at, np.nan_to_num(np.asarray(area, float)))
        parts.append(f'<path class="area" d="{top}L{_WIDE},{_TALL}L0,{_TALL}Z"/>')
    inner = [cut for cut in cuts if x[0] < cut < x[-1]]
    inner = inner[:: max(1, len(inner) // _MOST_CUTS)]
    parts += [_mark((cut - x[0]) / (x[-1] - x[0]) * _WIDE, "cut") for cut in inner]
    for kind, values in lines:
        share = (values - low) / max(high - low, 1e-9)
        parts.append(f'<path class="line {kind}" d="{_path(at, 0.06 + 0.88 * share)}"/>')
    return _svg("".join(parts), says)


def histogram(values: Iterable[float], marks: Iterable[tuple[str, float]], *, says: str, bins: int = 28) -> str:
    """How often each value came, and some values as vertical lines.

    Args:
        values: what came.
        marks: CSS classes with values.
        says: what can be seen, for those who cannot see it.
        bins: how many bars.
    """
    values, marks = np.asarray(values, float), [(kind, value) for kind, value in marks if value is not None]
    values = values[np.isfinite(values)]
    every = [*values.tolist(), *(value for _, value in marks)] or [0.0]
    room = 0.04 * max(max(every) - min(every), 0.05)
    low, high = min(every) - room, max(every) + room
    counts, edges = np.histogram(values, bins, (low, high))
    parts = []
    for count, left, right in zip(counts, edges, edges[1:]):
        if count:
            first, tall = (left - low) / (high - low) * _WIDE, 0.94 * _TALL * count / counts.max()
            wide, top = (right - left) / (high - low) * _WIDE - 3, _TALL - tall
            size = f'width="{wide:.1f}" height="{tall:.1f}"'
            parts.append(f'<rect class="bar" x="{first:.1f}" y="{top:.1f}" {size}/>')
    parts += [_mark((value - low) / (high - low) * _WIDE, kind) for kind, value in marks]
    ends = [f"{low:.2f}", *(["0"] if low < 0 < high else []), f"{high:.2f}"]
    places = [0.0, *([-low / (high - low)] if low < 0 < high else []), 1.0]
    return _svg("".join(parts), says) + ticks(places, ends)


def ticks(places: Iterable[float], texts: Iterable[str]) -> str:
    """Texts under a chart at shares of its width; what would stand on an end is left out."""
    places, texts = list(places), list(texts)
    shown = [
        (place, text)
        for n, (place, text) in enumerate(zip(places, texts))
        if n in (0, len(places) - 1) or 0.15 < place < 0.85
    ]
    spans = "".join(
        f'<span style="left:{100 * place:.1f}%;transform:translateX({-100 * place:.0f}%)">'
        f'{safe(text.replace("-", MINUS))}</span>'
        for place, text in shown
    )
    return f'<div class="ticks">{spans}</div>'


def _path(at, share) -> str:
    return "M" + "L".join(f"{x:.1f},{_TALL * (1 - y):.1f}" for x, y in zip(at, np.clip(share, 0, 1)))


def _mark(x: float, kind: str) -> str:
    return f'<line class="{kind}" x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{_TALL}"/>'


def _svg(inside: str, says: str) -> str:
    return (
        f'<svg viewBox="0 0 {_WIDE} {_TALL}" preserveAspectRatio="none" role="img" aria-label="{safe(says)}">'
        f"{inside}</svg>"
    )
