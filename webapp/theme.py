"""How the page looks: quiet surfaces, large type for a projector, one accent; dark and light; local fonts."""

from pathlib import Path
from typing import Any

import gradio as gr
from gradio.themes.utils import colors, fonts, sizes

_HEAD_CSS = Path(__file__).parents[1] / "static" / "studio" / "head.css"
CSS = _HEAD_CSS.read_text(encoding="utf-8") + (Path(__file__).parent / "page.css").read_text(encoding="utf-8")
HEAD = (
    '<meta name="description" content="Paste a video. A simulated humanoid learns the part.">'
    '<meta name="color-scheme" content="light dark">'
)

_ACCENT = colors.Color(
    name="accent",
    c50="#fdf2f3",
    c100="#fbe3e6",
    c200="#f6c9d0",
    c300="#eea1ad",
    c400="#e26d81",
    c500="#cf4059",
    c600="#b3263f",
    c700="#961c33",
    c800="#7d1a2f",
    c900="#6a1a2c",
    c950="#3b0914",
)


def make_theme() -> gr.themes.Base:
    """The theme; all fonts come with Gradio or with the person's system."""
    theme = gr.themes.Base(
        primary_hue=_ACCENT,
        secondary_hue=_ACCENT,
        neutral_hue=colors.stone,
        text_size=sizes.text_lg,
        spacing_size=sizes.spacing_lg,
        radius_size=sizes.radius_md,
        # Weight 600 would be a file with a part of the letters only.
        font=(fonts.LocalFont("IBM Plex Sans", weights=(400, 700)), "ui-sans-serif", "system-ui", "sans-serif"),
        font_mono=("ui-monospace", "monospace"),
    )
    # The same paper, cards and lines as the viewer's style sheet, so that its frame is no seam.
    paper, card, field, line = (
        ("#f4f2ed", "#111217"),
        ("#fffefb", "#191b22"),
        ("#ffffff", "#22252e"),
        ("#dcd8cf", "#2c2f3a"),
    )
    quiet = ("#ebe7df", "#262932")
    ink, soft = ("#1d1c22", "#eeedf0"), ("#5c5a64", "#a5a7b4")
    return theme.set(
        **_both("body_background_fill", paper),
        **_both("background_fill_primary", card),
        **_both("background_fill_secondary", quiet),
        **_both("body_text_color", ink),
        **_both("body_text_color_subdued", soft),
        **_both("block_background_fill", card),
        **_both("block_border_color", line),
        **_both("border_color_primary", line),
        **_both("block_label_text_color", soft),
        **_both("block_title_text_color", ink),
        **_both("input_background_fill", field),
        **_both("input_border_color", line),
        input_border_width="1px",
        **_both("input_placeholder_color", soft),
        **_both("button_primary_background_fill", ("*primary_600", "*primary_600")),
        **_both("button_primary_background_fill_hover", ("*primary_700", "*primary_500")),
        **_both("button_primary_text_color", ("#ffffff", "#ffffff")),
        **_both("button_secondary_background_fill", quiet),
        **_both("button_secondary_background_fill_hover", line),
        **_both("button_secondary_text_color", ink),
        **_both("checkbox_label_background_fill", quiet),
        **_both("checkbox_label_background_fill_hover", line),
        block_shadow="none",
        block_title_text_weight="600",
        button_large_text_weight="600",
    )


def _both(name: str, light_and_dark: tuple[str, str]) -> dict[str, Any]:
    return {name: light_and_dark[0], f"{name}_dark": light_and_dark[1]}
