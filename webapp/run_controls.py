"""What can be done with a run on its page beside watching it: rename, run again, retry, delete and bring back."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from core.errors import UnderstudyError
from core.jobs.records import RunRecord
from webapp import fragments
from webapp.live_view import live_part
from webapp.site import Site
from webapp.starting import PHYSICS_TITLES, USUAL_PHYSICS, physics_choice

PRIVATE: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}

_TOGGLE = """() => {
  const open = document.querySelector(".gradio-container").classList.toggle("more-open");
  document.getElementById("more-controls").setAttribute("aria-expanded", open);
}"""


@dataclass(frozen=True)
class RunControls:
    """The components; those in `shown` follow the run, in this order, as `values_of` gives their values."""

    name: gr.Textbox
    rename: gr.Button
    physics: gr.Radio
    again: gr.Button
    delete: gr.Button
    footage: gr.Button
    links: gr.HTML
    trouble: gr.HTML

    @property
    def shown(self) -> list[Any]:
        """What is filled in when a run is opened."""
        return [self.name, self.physics, self.trouble, self.footage]


def run_controls() -> RunControls:
    """Build the panel; the style keeps it closed until `more_button` opens it. What went wrong is told below it."""
    with gr.Column(elem_id="controls", elem_classes=["card"]):
        with gr.Row(elem_classes=["control-row"]):
            name = gr.Textbox(label="Name", max_lines=1, max_length=120, scale=4, min_width=200, elem_id="run-name")
            rename = gr.Button("Rename", size="md", scale=0, min_width=130)
        with gr.Row(elem_classes=["control-row"]):
            physics = gr.Radio(list(PHYSICS_TITLES), label="Run again with", scale=4, min_width=200, elem_id="again")
            again = gr.Button("Run again", size="md", scale=0, min_width=130)
        with gr.Row(elem_classes=["control-row"]):
            links = gr.HTML(padding=False)
            footage = gr.Button("Delete the footage", size="md", scale=0, min_width=170, elem_id="delete-footage")
            delete = gr.Button("Delete", variant="stop", size="md", scale=0, min_width=130, elem_id="delete")
    trouble = gr.HTML(padding=False, elem_id="run-trouble")
    return RunControls(name, rename, physics, again, delete, footage, links, trouble)


def more_button() -> None:
    """The button that opens and closes the panel."""
    button = gr.Button("More", size="md", scale=0, min_width=90, elem_id="more-controls")
    button.click(None, None, None, js=_TOGGLE, api_visibility="private")


def values_of(run: RunRecord | None) -> list[Any]:
    """The values of `RunControls.shown` for a run, or for none."""
    if run is None:
        return ["", USUAL_PHYSICS, "", gr.Button(interactive=False)]
    footage = gr.Button(interactive=run.is_finished)
    return [run.name, physics_name(run.settings), "", footage]


def physics_name(settings: dict[str, Any]) -> str:
    """The choice of physics that a run's settings stand for."""
    chosen = str(settings.get("physics", "assisted"))
    return "refined" if chosen == "sampling" and settings.get("sampling") == "refined" else chosen


def rename_run(site: Site, run_id: str, name: str) -> tuple[Any, str]:
    """Rename; returns the head of the page, as the script of a running page finds it, and what went wrong."""
    try:
        site.rename(run_id, name)
        return live_part("head", site.store.get(run_id), site.home), ""
    except UnderstudyError as error:
        return gr.skip(), fragments.notice(str(error))


def run_again(site: Site, run_id: str, physics: str) -> tuple[str, str]:
    """Start another run of the same source; returns the id to show, or none, and what went wrong."""
    try:
        return site.start_again(run_id, dict(physics_choice(physics))).id, ""
    except UnderstudyError as error:
        return "", fragments.notice(str(error))


def retry_run(site: Site, run_id: str) -> tuple[Any, str, str]:
    """Go on where the run ended; returns an empty frame, so that the viewer opens anew, the id to show, or none, and
    what went wrong."""
    try:
        return "", site.retry(run_id).id, ""
    except UnderstudyError as error:
        return gr.skip(), "", fragments.notice(str(error))


def delete_run_footage(site: Site, run_id: str) -> tuple[str, Any]:
    """Delete what shows the video; returns what happened, and the button, which has done its work."""
    if not run_id:  # thought better of
        return "", gr.skip()
    try:
        freed = site.delete_footage(run_id)
    except UnderstudyError as error:
        return fragments.notice(str(error)), gr.skip()
    told = f"The source, the clip and every picture of people were deleted ({freed / 1e6:.1f} MB). The motion stays."
    return f'<p role="status">{told}</p>', gr.Button(interactive=False)


def delete_run(site: Site, run_id: str) -> tuple[str, str]:
    """Delete; returns no run, and the id of the one that can be brought back."""
    try:
        site.store.delete(run_id)
    except UnderstudyError:  # in another tab
        return "", ""
    return "", run_id


def restore_run(site: Site, run_id: str) -> tuple[str, str]:
    """Bring a run back; returns its id and none that could be brought back."""
    try:
        return site.store.restore(run_id).id, ""
    except UnderstudyError:
        return "", ""
