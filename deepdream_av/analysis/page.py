"""Sheets of many small pictures with names: as one picture, or as one HTML page that needs nothing else."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from deepdream_av.errors import UsageError

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".html")
_PAPER, _INK, _FAINT = (18, 18, 20), (235, 235, 235), (150, 150, 155)
_LINE = 17  # pixels of a line of text
_MOST = 30_000  # pixels along a side of a sheet


@dataclass(frozen=True, eq=False)
class Cell:
    """One picture of a sheet.

    Attributes:
        picture: uint8 `[height, width, 3]`, or None for an empty place.
        name: under it.
        note: in smaller letters under the name.
        command: what to type to dream it; only a page shows it.
        sound: what it sounds like, float32 `[samples]` at 22.05 kHz; only a page plays it.
    """

    picture: np.ndarray | None
    name: str = ""
    note: str = ""
    command: str = ""
    sound: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class Section:
    """Some cells under a heading, in rows."""

    title: str
    cells: tuple[Cell, ...]
    columns: int = 8


@dataclass(frozen=True, eq=False)
class Sheet:
    """A whole sheet.

    Attributes:
        title: on top.
        about: a sentence under it.
        sections: from top to bottom.
        table: a table under all of them (page only): the first row holds the heads.
        side: pixels of the side of a cell.
    """

    title: str
    about: str = ""
    sections: tuple[Section, ...] = ()
    table: tuple[tuple[str, ...], ...] = field(default=())
    side: int = 128

    def write(self, path) -> None:
        """Write to a path that ends in .html, or in .png, .jpg or .webp.

        Raises:
            UsageError: another suffix, or more cells than a picture can hold.
        """
        suffix = Path(path).suffix.lower()
        if suffix == ".html":
            Path(path).write_text(self.as_html(), encoding="utf-8")
            return
        if suffix not in SUFFIXES:
            raise UsageError(f"`output` must end in {', '.join(SUFFIXES[:-1])} or .html. Received: '{path}'.")
        from deepdream_av.media.image import write_image

        write_image(path, self.as_array().astype(np.float32) / 255)

    def as_array(self) -> np.ndarray:
        """The sheet as a picture, uint8 `[height, width, 3]`."""
        from PIL import Image, ImageDraw

        gap = 6
        columns = max([s.columns for s in self.sections if s.cells] or [1])
        width = max(gap + columns * (self.side + gap), 320)
        cells = [c for s in self.sections for c in s.cells]
        under = (_LINE + 3) * any(c.name for c in cells) + _LINE * any(c.note for c in cells)
        # one picture alone is shown large
        sides = [min(3 * self.side, width - 2 * gap) if s.columns == 1 else self.side for s in self.sections]
        rows = [-(-len(s.cells) // s.columns) for s in self.sections]
        talls = [_tall(s, side) for s, side in zip(self.sections, sides)]
        inside = sum(n * (tall + under + gap) for n, tall in zip(rows, talls))
        height = (
            2 * gap + 30 + (20 if self.about else 0) + inside + 28 * sum(bool(s.title) for s in self.sections)
        )
        if height > _MOST or width > _MOST:
            raise UsageError(
                f"A sheet as a picture has at most {_MOST} pixels a side. Received: {width}x{height}. "
                "Write .html instead."
            )
        sheet = Image.new("RGB", (width, height), _PAPER)
        draw, y = ImageDraw.Draw(sheet), gap
        _text(draw, (gap, y), self.title, 19, _INK, width - 2 * gap)
        y += 30
        if self.about:
            _text(draw, (gap, y - 4), self.about, 12, _FAINT, width - 2 * gap)
            y += 20
        for section, side, tall, count in zip(self.sections, sides, talls, rows):
            if section.title:
                _text(draw, (gap, y + 4), section.title, 15, _INK, width - 2 * gap)
                y += 28
            for k, cell in enumerate(section.cells):
                x = gap + k % section.columns * (side + gap)
                top = y + k // section.columns * (tall + under + gap)
                if cell.picture is not None:
                    sheet.paste(_fitted(cell.picture, side, tall), (x, top))
                _text(draw, (x, top + tall + 2), cell.name, 12, _INK, side)
                _text(draw, (x, top + tall + 2 + _LINE), cell.note, 11, _FAINT, side)
            y += count * (tall + under + gap)
        return np.asarray(sheet)

    def as_html(self) -> str:
        """The sheet as a page with everything inside it; all text is escaped."""
        parts = [f"<h1>{_safe(self.title)}</h1>"]
        parts += [f"<p>{_safe(self.about)}</p>"] if self.about else []
        for section in self.sections:
            parts += [f"<h2>{_safe(section.title)}</h2>"] if section.title else []
            parts.append('<div class="grid">' if section.columns > 1 else '<div class="grid wide">')
            parts += [_figure(cell) for cell in section.cells]
            parts.append("</div>")
        if self.table:
            parts.append(_table(self.table))
        style = _STYLE.replace("SIDE", str(min(self.side, 420)))
        return (
            '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<title>{_safe(self.title)}</title><style>{style}</style></head>\n<body>{chr(10).join(parts)}</body></html>\n"
        )


_STYLE = """
:root{color-scheme:light dark}
body{font:15px/1.45 system-ui,sans-serif;margin:1rem auto;padding:0 1rem;max-width:1500px;
background:light-dark(#fafafa,#121214);color:light-dark(#1a1a1a,#ebebeb)}
h1{font-size:1.4rem}h2{font-size:1.05rem;margin:1.4rem 0 .5rem}p{max-width:65ch}
.grid{display:grid;gap:.6rem;grid-template-columns:repeat(auto-fill,minmax(min(SIDEpx,45%),1fr))}
figure{margin:0;min-width:0}audio{width:100%;height:2.2rem}img{width:100%;height:auto;display:block;border-radius:4px}
figcaption{font-size:.8rem;overflow-wrap:anywhere}small{display:block;opacity:.7}
code{display:block;font-size:.72rem;user-select:all;overflow-wrap:anywhere;opacity:.8}
.scroll{overflow-x:auto}table{border-collapse:collapse;margin:1rem 0;font-size:.85rem}
td,th{text-align:left;padding:.25rem .7rem;border-bottom:1px solid light-dark(#ddd,#333)}
"""


def table_text(rows: Iterable[Iterable]) -> str:
    """Rows as a table of text for a terminal; the first row holds the heads.

    >>> print(table_text([("name", "n"), ("stride8", 12)]))
    name     n
    stride8  12
    """
    rows = [[str(x) for x in row] for row in rows]
    wide = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    return "\n".join("  ".join(x.ljust(w) for x, w in zip(row, wide)).rstrip() for row in rows)


def _figure(cell: Cell) -> str:
    caption = _safe(cell.name) + (f"<small>{_safe(cell.note)}</small>" if cell.note else "")
    caption += f"<code>{_safe(cell.command)}</code>" if cell.command else ""
    picture = (
        f'<img loading="lazy" alt="{_safe(cell.name)}" src="{_uri(cell.picture)}">'
        if cell.picture is not None
        else ""
    )
    if cell.sound is not None:
        picture += f'<audio controls loop preload="none" src="{_sound_uri(cell.sound)}"></audio>'
    return f"<figure>{picture}<figcaption>{caption}</figcaption></figure>"


def _table(rows) -> str:
    head, *body = rows
    lines = ["".join(f"<th>{_safe(x)}</th>" for x in head)]
    lines += ["".join(f"<td>{_safe(x)}</td>" for x in row) for row in body]
    return '<div class="scroll"><table>' + "".join(f"<tr>{line}</tr>" for line in lines) + "</table></div>"


def _uri(picture: np.ndarray) -> str:
    from PIL import Image

    held = io.BytesIO()
    Image.fromarray(picture).save(held, "JPEG", quality=88)
    return "data:image/jpeg;base64," + base64.b64encode(held.getvalue()).decode("ascii")


def _sound_uri(samples: np.ndarray) -> str:
    import tempfile

    from deepdream_av.media.audio import Sound, write_audio

    with tempfile.TemporaryDirectory() as folder:
        file = write_audio(Path(folder) / "cell.mp3", Sound(samples[:, None], 22050))
        return "data:audio/mpeg;base64," + base64.b64encode(file.read_bytes()).decode("ascii")


def _safe(text) -> str:
    return html.escape(str(text), quote=True)


def _tall(section: Section, side: int) -> int:
    """Height of a section's cells of this width: what its tallest picture needs, and no more than a square."""
    shapes = [c.picture.shape for c in section.cells if c.picture is not None]
    return round(side * min(1.0, max([shape[0] / shape[1] for shape in shapes] or [1.0])))


def _fitted(picture: np.ndarray, wide: int, tall: int):
    """A picture inside a frame, its proportions kept."""
    from PIL import Image

    image = Image.fromarray(picture)
    scale = min(wide / image.width, tall / image.height)
    image = image.resize([max(1, round(x * scale)) for x in image.size], Image.Resampling.LANCZOS)
    frame = Image.new("RGB", (wide, tall), _PAPER)
    frame.paste(image, ((wide - image.width) // 2, (tall - image.height) // 2))
    return frame


def _text(draw, at, text: str, size: int, colour, room: int) -> None:
    """One line, cut off where the room ends."""
    from PIL import ImageFont

    font = ImageFont.load_default(size)
    shown = text
    while shown and draw.textlength(shown, font) > room:
        text = text[:-1]
        shown = f"{text}…" if text else ""
    if shown:
        draw.text(at, shown, fill=colour, font=font)
