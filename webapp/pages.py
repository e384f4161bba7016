"""The Gradio page: start a run, watch its stages, and the viewer.

Nothing long runs in Gradio's queue. Handlers put a run into the queue of jobs and return its id. While it is at work
static/studio/live_run.js shows how far it is, and presses an unseen button where more than words has to change.
"""

from typing import Any

import gradio as gr

from core.errors import RunNotFoundError
from core.jobs.records import RunRecord
from webapp import fragments, run_controls
from webapp.endpoints import add_endpoints
from webapp.live_view import has_film, live_part
from webapp.run_controls import PRIVATE
from webapp.run_view import artifact_url
from webapp.site import Site
from webapp.start_area import start_area_of
from webapp.starting import bind, bundle_opener, run_starter, sample_starter, times_in
from webapp.viewer_frame import viewer_frame

# The run's own address, so that a reload or a bookmark finds it again.
_SHOW_ADDRESS = "(id) => { if (id) history.pushState({}, '', '/?run=' + encodeURIComponent(id)); return id; }"
# What is deleted for good is asked for twice.
_CONFIRM = (
    "(id) => confirm('Delete the source video, the clip, the pictures of people and the side-by-side video for good? "
    "Keypoints, motion and performances stay.') ? id : ''"
)
_OPEN_ANEW = "() => { document.querySelector('.viewer-frame iframe')?.contentWindow.location.reload(); }"
_LEAVE_ADDRESS = (
    "(...ids) => { history.pushState({}, '', '/');"
    " document.querySelector('.gradio-container').classList.remove('more-open'); return ids; }"
)
# Back and forward change the address alone; the page follows it.
_FOLLOW_ADDRESS = "() => { addEventListener('popstate', () => location.reload()); }"


def build_page(site: Site) -> gr.Blocks:
    """The page of one site."""
    with gr.Blocks(title="Understudy", analytics_enabled=False, delete_cache=(3600, 7200), fill_width=True) as page:
        gr.HTML(fragments.header(log_out=site.settings.password is not None), padding=False)
        run_id = gr.Textbox(visible=False, label="Run")
        deleted = gr.Textbox(visible=False, label="Deleted run")
        with gr.Row(visible=False, elem_classes=["undo"]) as undo_row:
            gr.HTML('<p role="status">The run was deleted. It can be brought back now.</p>', padding=False)
            undo = gr.Button("Undo", variant="primary", size="md", scale=0, min_width=110, elem_id="undo")
        with gr.Column(visible=True, elem_id="start") as start_area:
            widgets = start_area_of(site)
        with gr.Column(visible=False, elem_id="run") as run_area:
            with gr.Row(elem_classes=["run-bar"]):
                head = gr.HTML(padding=False)
                retry = gr.Button(
                    "Retry", variant="primary", size="md", visible=False, scale=0, min_width=110, elem_id="retry"
                )
                cancel = gr.Button("Cancel", size="md", visible=False, scale=0, min_width=110)
                run_controls.more_button()
                gr.Button("New run", size="md", link="/", link_target="_self", scale=0, min_width=120)
            controls = run_controls.run_controls()
            stages = gr.HTML(padding=False)
            frame = viewer_frame()
        recent = gr.HTML(padding=False)
        look = gr.Button("Look", elem_id="look")

        polled = [head, stages, frame, controls.links, cancel, retry]
        shown = [run_id, start_area, run_area, recent, undo_row, *polled, *controls.shown]

        def show(run: str, gone: str = "") -> list[Any]:
            return _show(site, run, gone)

        def open_address(request: gr.Request) -> list[Any]:
            return _show(site, request.query_params.get("run", ""))

        def poll(run: str, *now: Any) -> list[Any]:
            return _poll(site, run, *now)

        def named_times(*given: str) -> list[Any]:
            # A field that stays as it is is not touched: somebody may be writing in it by now.
            return [gr.skip() if new == old else new for new, old in zip(times_in(*given), given[1:], strict=True)]

        def rename(run: str, name: str) -> tuple[Any, str]:
            return run_controls.rename_run(site, run, name)

        def end_run(run: str) -> None:
            site.store.request_cancel(run)

        link, file, start, end, physics, go, bundle, notice, samples = widgets
        starts = [bind(each.click, sample_starter(site, n), [], run_id, notice, f"start_{n}") for n, each in samples]
        chosen = [file, start, end, physics, link]
        link.blur(named_times, [link, start, end], [start, end], **PRIVATE)
        starts.append(bind(go.click, run_starter(site), chosen, run_id, notice, "start_run"))
        starts.append(bind(bundle.upload, bundle_opener(site), [bundle], run_id, notice, "open_run"))
        for started in starts:
            started.success(show, run_id, shown, js=_SHOW_ADDRESS, **PRIVATE)
        _bind_controls(site, controls, run_id, deleted, frame, (retry, undo), (show, shown))
        cancel.click(end_run, run_id, None, **PRIVATE)
        looked = [run_id, head, stages, frame, controls.links]
        look.click(poll, looked, polled, **PRIVATE)
        naming = [controls.rename.click, controls.name.submit]
        renamed = gr.on(naming, rename, [run_id, controls.name], [head, controls.trouble], **PRIVATE)
        # The new head is of the run as it is now, so buttons and frame have to be as well.
        renamed.success(poll, looked, polled, **PRIVATE)
        add_endpoints(site)
        page.load(open_address, None, shown, **PRIVATE)
        page.load(None, None, None, js=_FOLLOW_ADDRESS, api_visibility="private")
    return page


def _bind_controls(
    site: Site,
    controls: run_controls.RunControls,
    run_id: gr.Textbox,
    deleted: gr.Textbox,
    frame: gr.HTML,
    buttons: tuple[gr.Button, gr.Button],
    showing: tuple[Any, list[Any]],
) -> None:
    """What the panel's buttons do; those that lead to another run or to none show that afterwards."""
    (retry, undo), (show, shown) = buttons, showing

    def on(work: Any) -> Any:
        return lambda *values: work(site, *values)

    def show_started(run: str) -> list[Any]:
        # What was refused leaves the page as it is, with the sentence that says why.
        return show(run) if run else [gr.skip() for _ in shown]

    started = gr.Textbox(visible=False, label="Started run")
    chosen = [run_id, controls.physics]
    again = controls.again.click(on(run_controls.run_again), chosen, [started, controls.trouble], **PRIVATE)
    again.success(show_started, started, shown, js=_SHOW_ADDRESS, **PRIVATE)
    retried = retry.click(on(run_controls.retry_run), run_id, [frame, started, controls.trouble], **PRIVATE)
    retried.success(show_started, started, shown, **PRIVATE)
    told = [controls.trouble, controls.footage]
    without = controls.footage.click(on(run_controls.delete_run_footage), run_id, told, js=_CONFIRM, **PRIVATE)
    without.success(None, None, None, js=_OPEN_ANEW, api_visibility="private")
    gone = controls.delete.click(on(run_controls.delete_run), run_id, [run_id, deleted], **PRIVATE)
    gone.success(show, [run_id, deleted], shown, js=_LEAVE_ADDRESS, **PRIVATE)
    back = undo.click(on(run_controls.restore_run), deleted, [run_id, deleted], **PRIVATE)
    back.success(show, run_id, shown, js=_SHOW_ADDRESS, **PRIVATE)


def _show(site: Site, run_id: str, deleted: str = "") -> list[Any]:
    """Everything on the page for one run, or for none: run_id, areas, recent, undo, what is polled, the controls."""
    undo = gr.Row(visible=bool(deleted))
    try:
        run = site.store.get(run_id) if run_id else None
        trouble = ""
    except RunNotFoundError:
        run, trouble = None, fragments.notice("There is no run with this address; it may have been removed.")
    if run is None:
        areas = [gr.Column(visible=True), gr.Column(visible=False), trouble + _recent(site), undo]
        polled = ["", "", "", "", gr.Button(visible=False), gr.Button(visible=False)]
        return ["", *areas, *polled, *run_controls.values_of(None)]
    areas = [gr.Column(visible=False), gr.Column(visible=True), "", undo]
    return [run.id, *areas, *_state_of(site, run), *run_controls.values_of(run)]


def _recent(site: Site) -> str:
    runs = site.store.recent()
    faces = {run.id: "people/person-0.jpg" for run in runs if site.home.run(run.id).thumbnail(0).is_file()}
    return fragments.recent_runs(runs, {run_id: artifact_url(run_id, path) for run_id, path in faces.items()})


def _poll(site: Site, run_id: str, *before: str) -> list[Any]:
    """What changed since the page was last told of head, stages, frame and links; the frame is never set twice."""
    try:
        run = site.store.get(run_id) if run_id else None
    except RunNotFoundError:  # deleted, in another tab
        run = None
    if run is None:
        return [fragments.notice("This run was deleted."), "", *[gr.skip() for _ in range(4)]]
    now = _state_of(site, run)
    changed = [new if new != old else gr.skip() for new, old in zip(now[:4], before, strict=True)]
    return [*changed, *now[4:]]


def _state_of(site: Site, run: RunRecord) -> tuple[Any, ...]:
    """Of a run: head, stages, frame, links, cancel, retry."""
    return (
        live_part("head", run, site.home),
        live_part("stages", run, site.home),
        run.id if has_film(run, site.home) else "",
        live_part("links", run, site.home),
        gr.Button(visible=not run.is_finished, interactive=not run.cancel_requested),
        gr.Button(fragments.retry_label(run), visible=run.state in ("failed", "cancelled")),
    )
