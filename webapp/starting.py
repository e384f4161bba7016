"""What the buttons that start a run do, for the page and for programs (`gradio_client`)."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr

from core.errors import BadInputError, UnderstudyError
from core.video.link import read_link
from core.video.times import clock_text, window
from webapp import fragments
from webapp.asking import for_programs
from webapp.site import Site

Starter = Callable[..., str]
PHYSICS: dict[str, dict[str, str]] = {
    "sampling": {"physics": "sampling", "sampling": "quick"},
    "refined": {"physics": "sampling", "sampling": "refined"},
    "assisted": {"physics": "assisted"},
    "none": {"physics": "none"},
}
"""What the page offers -> the settings that it stands for; the first is the default."""
PHYSICS_TITLES = (
    ("Unassisted, quick", "sampling"),
    ("Unassisted, refined (about three times as long)", "refined"),
    ("Assisted preview only", "assisted"),
    ("No physics", "none"),
)
USUAL_PHYSICS = "sampling"
_PAGE: dict[str, Any] = {"queue": False, "show_progress": "minimal", "api_visibility": "private"}


def sample_starter(site: Site, sample: str) -> Starter:
    """A function that starts a run of a sample."""

    def start_sample() -> str:
        """Start a run of a sample clip; returns the run's id."""
        return site.start_sample(sample, dict(PHYSICS[USUAL_PHYSICS])).id

    return start_sample


def run_starter(site: Site) -> Starter:
    """A function that starts a run of an uploaded file or of a link."""

    def start_run(
        file: str | None, start: str = "", end: str = "", physics: str = USUAL_PHYSICS, link: str = ""
    ) -> str:
        """Start a run of an uploaded video or picture, or of the video behind a link, from `start` to `end` (seconds,
        m:ss, or both in `start`: 2:55-3:00); returns its id."""
        if bool(file) == bool((link or "").strip()):
            raise BadInputError(
                "Both a file and a link were given. Take one of them away."
                if file
                else "A video or a picture is expected, but none was chosen. Paste a link or choose a file first."
            )
        start_s, end_s = window(start, end)
        if not file:
            start_s, end_s = read_link(link).window(start_s, end_s)
        choices = {"start_s": start_s or 0.0, "end_s": end_s, **physics_choice(physics)}
        if not file:
            return site.start_link(link, choices).id
        return site.start_run(Path(file), Path(file).name, choices).id

    return start_run


def times_in(link: str, start: str, end: str) -> tuple[str, str]:
    """What the two fields of the window become when a link was pasted: its own times, where they are empty."""
    if start.strip() or end.strip():
        return start, end
    try:
        given = read_link(link)
    except BadInputError:  # said when it is started
        return start, end
    return tuple("" if each is None else clock_text(each) for each in (given.start_s, given.end_s))  # type: ignore[return-value]


def bundle_opener(site: Site) -> Starter:
    """A function that opens a run's zip."""

    def open_run(file: str | None) -> str:
        """Open the zip of a run that was computed elsewhere as a finished run; returns its id."""
        if not file:
            raise BadInputError("The zip of a run is expected, but none was chosen. Choose one first.")
        return site.open_bundle(Path(file), Path(file).name).id

    return open_run


def physics_choice(name: str) -> dict[str, str]:
    """The settings that a choice of physics stands for; `BadInputError` where there is no such choice."""
    if name not in PHYSICS:
        raise BadInputError(f"Physics should be one of {', '.join(PHYSICS)}, but is {name!r}.")
    return PHYSICS[name]


def bind(
    event: Callable[..., Any], starter: Starter, inputs: list[Any], run_id: gr.Textbox, notice: gr.HTML, name: str
) -> Any:
    """Let an event (`button.click`) start a run; on the page an error is a notice, at the endpoint `name` an error.

    Returns the event after which `run_id` holds the new run's id, or nothing where it was refused.
    """

    def for_page(*values: Any) -> tuple[str, str]:
        try:
            return starter(*values), ""
        except UnderstudyError as error:
            return "", fragments.notice(str(error))

    # An event of a button that nobody sees: an endpoint whose inputs are checked by their components.
    gr.Button(visible=False).click(for_programs(starter), inputs, run_id, queue=False, api_name=name)
    return event(for_page, inputs, [run_id, notice], **_PAGE)
