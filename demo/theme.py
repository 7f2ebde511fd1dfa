"""How the page looks: quiet greys, one accent, fonts of the visitor's own system, and room for the pictures."""

from __future__ import annotations

import gradio as gr

SANS = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "Noto Sans", "sans-serif")
MONO = ("ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "monospace")

ACCENT = gr.themes.Color(
    name="iris",
    c50="#f3f2fb",
    c100="#e6e4f7",
    c200="#cfcbef",
    c300="#aea6e2",
    c400="#8b7fd2",
    c500="#6f60c1",
    c600="#5a4ba9",
    c700="#4a3d8b",
    c800="#3d3372",
    c900="#342c60",
    c950="#1f1a3a",
)
GREY = gr.themes.Color(
    name="slate",
    c50="#fafafa",
    c100="#f3f3f4",
    c200="#e6e6e8",
    c300="#d2d2d6",
    c400="#a2a2a9",
    c500="#71717a",
    c600="#55555d",
    c700="#3d3d44",
    c800="#26262b",
    c900="#19191d",
    c950="#101013",
)


def theme() -> gr.themes.Base:
    """The theme of the page, light and dark, without anything from the network."""
    return gr.themes.Base(
        primary_hue=ACCENT,
        secondary_hue=ACCENT,
        neutral_hue=GREY,
        radius_size=gr.themes.sizes.radius_md,
        font=SANS,
        font_mono=MONO,
    ).set(
        body_background_fill="*neutral_50",
        body_background_fill_dark="*neutral_950",
        block_background_fill="white",
        block_background_fill_dark="*neutral_900",
        block_border_width="1px",
        block_border_color="*neutral_200",
        block_border_color_dark="*neutral_800",
        block_shadow="none",
        block_shadow_dark="none",
        block_label_text_weight="500",
        block_title_text_weight="500",
        button_primary_background_fill="*primary_600",
        button_primary_background_fill_hover="*primary_700",
        button_primary_background_fill_dark="*primary_500",
        button_primary_background_fill_hover_dark="*primary_600",
        button_primary_text_color="white",
        button_large_text_weight="600",
        slider_color="*primary_500",
        slider_color_dark="*primary_400",
    )


CSS = """
.gradio-container { max-width: 1240px !important; width: 100% !important; margin: 0 auto !important; }
#head { padding: 1.1rem 0 .3rem; }
#head h1 { font-size: 1.55rem; font-weight: 650; letter-spacing: -.01em; margin: 0; color: var(--body-text-color); }
#head p { margin: .25rem 0 0; color: var(--body-text-color-subdued); max-width: 62ch; }
.title p { font-weight: 500; color: var(--block-title-text-color); margin: 0; }
.looks { padding: 0 !important; border: none !important; background: none !important; }
.looks .grid-wrap { padding: 3px; }
.looks .grid-container { gap: 7px; grid-template-rows: none; grid-auto-rows: min-content;
  grid-template-columns: repeat(auto-fill, minmax(88px, 1fr)) !important; }
.looks .thumbnail-lg { border-radius: 8px; aspect-ratio: 4 / 3 !important; height: auto !important; }
.looks .thumbnail-item:hover { transform: none; }
.looks .thumbnail-item.selected { outline: 3px solid var(--color-accent); outline-offset: 0; }
.looks .caption-label { font-size: .76rem; line-height: 1.3; left: 0; right: 0; bottom: 0; max-width: 100%; border: none;
  border-radius: 0 0 7px 7px; padding: .55rem .45rem .2rem; color: #fff; text-align: left; box-shadow: none;
  background: linear-gradient(transparent, rgba(0, 0, 0, .72)); text-shadow: 0 1px 2px rgba(0, 0, 0, .8); }
.sheet .thumbnail-lg { aspect-ratio: 1 !important; }
.sheet .grid-container { grid-template-columns: repeat(auto-fill, minmax(58px, 1fr)) !important; }
.channels .thumbnail-lg { aspect-ratio: 1 !important; }
.channels .grid-container { grid-template-columns: repeat(auto-fill, minmax(112px, 1fr)) !important;
  grid-template-rows: none; grid-auto-rows: min-content; }
.modes .wrap { gap: .4rem; }
.results { position: sticky; top: .8rem; align-self: flex-start; }
.stage { overflow: hidden; }
.block.status { min-height: 3.3rem; padding: .2rem .1rem !important; }
.status .status { min-height: 0; padding: 0; }
.status .line { display: flex; justify-content: space-between; gap: 1rem; font-size: .95rem; }
.status .line span + span { color: var(--body-text-color-subdued); font-variant-numeric: tabular-nums;
  white-space: nowrap; }
.status .track { height: 5px; border-radius: 3px; background: var(--border-color-primary); margin-top: .5rem;
  overflow: hidden; }
.status .fill { height: 100%; border-radius: 3px; background: var(--color-accent); transition: width .3s ease; }
.status .note { color: var(--body-text-color-subdued); font-size: .88rem; margin-top: .35rem; }
.status .error { color: var(--error-text-color, #b3261e); background: var(--error-background-fill, #fdecea);
  border: 1px solid var(--error-border-color, #f1b8b4); border-radius: 8px; padding: .6rem .8rem; }
.dark .status .error { color: #ffb4ab; background: #3b1513; border-color: #6d2f2b; }
.card table { width: 100%; border-collapse: collapse; font-size: .92rem; }
.card table, .card tr, .card td { border: none !important; background: none !important; }
.card td { padding: .4rem .2rem !important; border-bottom: 1px solid var(--border-color-primary) !important;
  vertical-align: top; }
.card td:nth-child(2) { font-variant-numeric: tabular-nums; white-space: nowrap; text-align: right; font-weight: 600;
  padding-right: 1rem !important; }
.card td:nth-child(3) { color: var(--body-text-color-subdued); }
.quiet { color: var(--body-text-color-subdued); font-size: .9rem; }
:focus-visible { outline: 2px solid var(--color-accent) !important; outline-offset: 2px; }
@media (max-width: 720px) { .results { position: static; } }
@media (max-width: 640px) {
  .gradio-container { padding: 0 .5rem !important; }
  #head h1 { font-size: 1.3rem; }
}
@media (prefers-reduced-motion: reduce) { .status .fill { transition: none; } }
"""
