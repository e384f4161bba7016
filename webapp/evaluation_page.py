"""The page at /evaluate: choose a run or a file, give the ground truth, read the table and the picture."""

from pathlib import Path
from typing import Any

import gradio as gr

from core.errors import BadInputError, RunNotFoundError, UnderstudyError
from core.evaluation.truth import READERS
from core.run_folder import RunFolder
from core.video.times import seconds
from webapp import evaluation_view, fragments
from webapp.site import Site

CSS = (Path(__file__).parent / "evaluation.css").read_text(encoding="utf-8")
_PRIVATE: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
_ALL = ("All stages", "")
_RUNS = 50


def build_evaluation_page(site: Site) -> gr.Blocks:
    """The page of one site."""
    with gr.Blocks(
        title="Understudy: evaluation", analytics_enabled=False, delete_cache=(3600, 7200), fill_width=True
    ) as page:
        gr.HTML(
            fragments.header(evaluation_view.INTRO, site.settings.password is not None, "/evaluate/"), padding=False
        )
        with gr.Row(equal_height=True, elem_classes=["choices"]):
            with gr.Column(scale=1, elem_classes=["card"]):
                gr.HTML("<h2>What was predicted</h2>", padding=False)
                run = gr.Dropdown([], label="Run", elem_id="run-choice")
                with gr.Row():
                    person = gr.Dropdown([], label="Person", min_width=110, elem_id="person-choice")
                    stage = gr.Dropdown([_ALL], value="", label="Stage", min_width=180, elem_id="stage-choice")
                pred = gr.File(
                    label="Or a file of a motion (.npz)", file_types=[".npz"], height=150, elem_id="prediction-file"
                )
            with gr.Column(scale=1, elem_classes=["card"]):
                gr.HTML("<h2>The truth</h2>", padding=False)
                truth = gr.File(
                    label="True joints (.npz, .trc, .xml)", file_types=list(READERS), height=150, elem_id="truth-file"
                )
                with gr.Row():
                    frame = gr.Textbox(label="Frame", placeholder="all", max_lines=1, min_width=110, elem_id="frame")
                    offset = gr.Textbox(
                        label="Prediction begins at (s)",
                        placeholder="its window's start",
                        max_lines=1,
                        min_width=170,
                        elem_id="offset",
                    )
                whole = gr.Checkbox(label="Also without the crop (one frame of a run)", elem_id="whole-picture")
                go = gr.Button("Compare", variant="primary", size="lg", elem_id="compare")
        shown = gr.HTML(padding=False, elem_classes=["evaluation"])

        def open_page(request: gr.Request) -> list[Any]:
            return _runs(site, request.query_params.get("run", ""))

        def choose_run(run_id: str | None) -> list[Any]:
            return _people(site, run_id)

        def choose_person(run_id: str | None, number: int | None) -> Any:
            return _stages(site, run_id, number)

        def compare(*values: Any) -> str:
            try:
                return evaluation_view.evaluate(_wish(site, *values))
            except UnderstudyError as error:
                return evaluation_view.trouble(error)

        page.load(open_page, None, [run, person, stage], **_PRIVATE)
        run.input(choose_run, run, [person, stage], **_PRIVATE)
        person.input(choose_person, [run, person], stage, **_PRIVATE)
        choices = [run, person, stage, pred, truth, frame, offset, whole]
        go.click(compare, choices, shown, **_PRIVATE | {"show_progress": "minimal"})
    return page


def _runs(site: Site, chosen: str) -> list[Any]:
    """The runs that have something to compare, the latest first, with the people and stages of the chosen one."""
    runs = [run for run in site.store.recent(_RUNS) if site.home.run(run.id).people()]
    choices = [(f"{run.name} ({run.created:%d %b %H:%M})", run.id) for run in runs]
    ids = [run.id for run in runs]
    value = chosen if chosen in ids else (ids[0] if ids else None)
    return [gr.Dropdown(choices, value=value), *_people(site, value)]


def _people(site: Site, run_id: str | None) -> list[Any]:
    people = _folder(site, run_id).people() if run_id else []
    first = people[0] if people else None
    return [gr.Dropdown([(str(n), n) for n in people], value=first), _stages(site, run_id, first)]


def _stages(site: Site, run_id: str | None, person: int | None) -> Any:
    found: list[tuple[str, str]] = []
    if run_id and person is not None:
        try:
            found = evaluation_view.stages_of(_folder(site, run_id), person)
        except UnderstudyError:
            found = []
    return gr.Dropdown([_ALL, *found], value="")


def _folder(site: Site, run_id: str) -> RunFolder:
    """The folder of a run that the store knows; what a browser sends is no path."""
    return site.home.run(site.store.get(run_id).id)


def _wish(
    site: Site,
    run_id: str | None,
    person: int | None,
    stage: str | None,
    pred: str | None,
    truth: str | None,
    frame: str,
    offset: str,
    whole: bool,
) -> evaluation_view.Wish:
    if not truth:
        raise BadInputError("A file with the true joints is expected, but none was chosen. Choose one first.")
    folder = None
    if run_id and not pred:
        folder = _folder(site, run_id)
        if person not in folder.people():
            raise RunNotFoundError("The run has no such person.")
    return evaluation_view.Wish(
        truth=Path(truth),
        folder=folder.root if folder else None,
        person=person,
        file=Path(pred) if pred else None,
        stage=stage or "",
        frame=_whole_number(frame),
        offset_s=seconds(offset or ""),
        whole_picture=whole,
    )


def _whole_number(text: str | None) -> int | None:
    given = (text or "").strip()
    if given and not given.isdecimal():
        raise BadInputError(f"The frame should be a number from 0, or nothing for all of them, but is {given!r}.")
    return int(given) if given else None
