"""Where a run is started on the page: the samples, and the form for a link or a file of one's own."""

from html import escape
from typing import Any

import gradio as gr

from core.video.fetch_settings import fetch_settings
from webapp import fragments
from webapp.estimates import estimate
from webapp.run_controls import PRIVATE
from webapp.site import Site
from webapp.starting import PHYSICS_TITLES, USUAL_PHYSICS
from webapp.window_picker import window_picker

_FILE_TYPES = ["video", "image"]


def start_area_of(site: Site) -> tuple[Any, ...]:
    """Its widgets: link, file, start, end, physics, go, bundle, notice, and (name, button) of each sample."""
    samples = []
    with gr.Row(equal_height=True, elem_classes=["choices"]):
        with gr.Column(scale=1, elem_classes=["card"]):
            gr.HTML("<h2>See it at work</h2>", padding=False)
            with gr.Row(elem_classes=["samples"]):
                for name, label in (("walker", "Try the sample"), ("flip", "Try the hard one")):
                    with gr.Column(min_width=200):
                        gr.HTML(fragments.sample_card(name), padding=False)
                        first = name == "walker"
                        button = gr.Button(
                            label,
                            variant="primary" if first else "secondary",
                            size="lg",
                            elem_id=f"sample-{name}",
                        )
                        samples.append((name, button))
        with gr.Column(scale=1, elem_classes=["card"]):
            gr.HTML("<h2>Use your own</h2>", padding=False)
            link = gr.Textbox(
                label="Paste a link",
                placeholder="https://www.youtube.com/watch?v=… or a video file's address",
                info="Fetch only what you have the right to use: the terms of the site that it is on apply.",
                max_lines=1,
                visible=fetch_settings().enabled,
                elem_id="link",
            )
            gr.HTML('<div id="link-preview" aria-live="polite"></div>', padding=False)
            file = gr.File(
                label="A video or a picture", show_label=False, file_types=_FILE_TYPES, height=160, elem_id="file"
            )
            picker = gr.HTML(padding=False)
            with gr.Row(elem_classes=["window"]):
                start = gr.Textbox(label="From", placeholder="0:00", max_lines=1, min_width=110, elem_id="from")
                end = gr.Textbox(label="To", placeholder="its end", max_lines=1, min_width=110, elem_id="to")
            with gr.Accordion("More", open=False, elem_id="more"):
                physics = gr.Radio(
                    list(PHYSICS_TITLES),
                    value=USUAL_PHYSICS,
                    label="Physics",
                    info="Unassisted: by its muscles alone, after a preview that is led by hand.",
                    elem_id="physics",
                )
            notice = gr.HTML(padding=False)
            told = gr.HTML(padding=False)
            go = gr.Button("Start", variant="primary", size="lg", elem_id="go")
            gr.HTML(
                f'<p class="quiet">At most {site.settings.max_seconds:g} s and {site.settings.max_upload_mb} MB. '
                "The file stays on this server.</p>",
                padding=False,
            )
            bundle = gr.UploadButton(
                "Open a run from a zip", file_types=[".zip"], size="md", variant="secondary", elem_id="open-zip"
            )
    _bind_window(site, file, picker, [file, start, end, physics, link], told)
    return link, file, start, end, physics, go, bundle, notice, samples


def _bind_window(site: Site, file: gr.File, picker: gr.HTML, chosen: list[Any], told: gr.HTML) -> None:
    """An upload is shown to pick its window by eye; whatever is chosen, how long it will take is told."""

    def pick(path: str | None) -> str:
        return window_picker(path, site.settings.max_seconds)

    def tell(*values: Any) -> str:
        sentence = estimate(site, *values)
        return f'<p class="quiet estimate" role="status">{escape(sentence)}</p>' if sentence else ""

    file.change(pick, file, picker, **PRIVATE)
    for each in chosen:
        each.change(tell, chosen, told, **PRIVATE)
