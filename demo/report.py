"""The report card of a dream as a small table: a figure, and what it means in plain words."""

from __future__ import annotations

from .errors import markup

LOOK = 256  # pixels at which pictures are measured here: quick, and the same for all


def picture_card(dream, source, recipe) -> dict:
    """Figures of a dreamt picture; those of the network are left out where a recipe names no plain layers.

    Args:
        dream, source: float32 `[height, width, 3]` in [0, 1].
        recipe: how it was dreamt.
    """
    from deepdream_av.analysis.picture import report_card
    from deepdream_av.backbones import load_backbone

    backbone, layers = None, tuple(pair for pair in recipe.layers if pair[1] > 0 and "+" not in pair[0])
    if not recipe.classes and not recipe.styles:
        backbone = load_backbone(recipe.backbone)
    return report_card(dream, source, backbone=backbone, layers=layers, look=LOOK)


def table(rows: list[tuple[str, str, str]]) -> str:
    """Rows of name, figure and meaning, as HTML; all of it is escaped."""
    cells = ("".join(f"<td>{markup(cell)}</td>" for cell in row) for row in rows)
    return f'<table><tbody>{"".join(f"<tr>{row}</tr>" for row in cells)}</tbody></table>'


def picture_rows(card: dict, seconds: float) -> list[tuple[str, str, str]]:
    """The figures that a visitor can make something of."""
    rows = []
    if "activation_gain" in card:
        gain, control = card["activation_gain"], card["scrambled"]
        rows.append(
            (
                "What the network sees more of",
                f"{gain:.1f} x",
                f"how much louder its layers answer; noise of the same strength would make it {control:.1f} x",
            )
        )
    rows += [
        ("Change", f"{card['rms_change']:.0f} of 255", "how far pixels moved, as a root mean square"),
        ("Change of colour", f"{card['delta_e']['mean']:.0f} \u0394E", "as an eye sees it; 2 is just visible"),
        (
            "Detail sizes",
            f"{100 * card['octave_richness']:.0f} %",
            "100 % is a dream at all sizes from fine to large alike",
        ),
        ("Clipped", f"{card['clipped_percent']:.1f} %", "of the pixels became quite black or white"),
        ("Fine grain", f"{card['total_variation']:.1f} x", "of that of the picture; much more is noise"),
        ("Time", f"{seconds:.0f} s", "from Dream to here"),
    ]
    return rows
