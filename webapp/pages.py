"""The Gradio page: start a run, watch its stages, and the viewer.

Nothing long runs in Gradio's queue. Handlers put a run into the queue of jobs and return its id; a timer reads how far
it is while it is not finished, and switches itself off.
"""

from typing import Any

import gradio as gr

from core.errors import RunNotFoundError
from core.jobs.store import RunRecord
from webapp import fragments
from webapp.site import Site
from webapp.starting import bind, file_starter, sample_starter
from webapp.viewer_frame import viewer_frame

_POLL_S = 0.5
_FILE_TYPES = ["video", "image"]
_PHYSICS = [("Humanoid under physics", "assisted"), ("Unassisted (slower)", "sampling"), ("Motion only", "none")]
_PRIVATE: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
# The run's own address, so that a reload or a bookmark finds it again.
_SHOW_ADDRESS = "(id) => { if (id) history.pushState({}, '', '/?run=' + encodeURIComponent(id)); return id; }"
# Back and forward change the address alone; the page follows it.
_FOLLOW_ADDRESS = "() => { addEventListener('popstate', () => location.reload()); }"


def build_page(site: Site) -> gr.Blocks:
    """The page of one site."""
    with gr.Blocks(title="Understudy", analytics_enabled=False, delete_cache=(3600, 7200), fill_width=True) as page:
        gr.HTML(fragments.header(), padding=False)
        run_id = gr.Textbox(visible=False, label="Run")
        with gr.Column(visible=True, elem_id="start") as start_area:
            widgets = _start_area(site)
        with gr.Column(visible=False, elem_id="run") as run_area:
            with gr.Row(elem_classes=["run-bar"]):
                head = gr.HTML(padding=False)
                cancel = gr.Button("Cancel", size="md", visible=False, scale=0, min_width=110)
                gr.Button("New run", size="md", link="/", link_target="_self", scale=0, min_width=120)
            stages = gr.HTML(padding=False)
            frame = viewer_frame()
        recent = gr.HTML(padding=False)
        timer = gr.Timer(_POLL_S, active=False)

        shown = [run_id, start_area, run_area, head, stages, frame, cancel, recent, timer]
        polled = [head, stages, frame, cancel, timer]

        def show(run: str) -> list[Any]:
            return _show(site, run)

        def open_address(request: gr.Request) -> list[Any]:
            return _show(site, request.query_params.get("run", ""))

        def poll(run: str, *now: Any) -> list[Any]:
            return _poll(site, run, *now)

        def cancel_run(run: str) -> None:
            site.store.request_cancel(run)

        file, start, end, physics, go, notice, samples = widgets
        for name, button in samples.items():
            started = bind(button, sample_starter(site, name), [], run_id, notice, f"start_{name}")
            started.success(show, run_id, shown, js=_SHOW_ADDRESS, **_PRIVATE)
        started = bind(go, file_starter(site), [file, start, end, physics], run_id, notice, "start_run")
        started.success(show, run_id, shown, js=_SHOW_ADDRESS, **_PRIVATE)
        cancel.click(cancel_run, run_id, None, **_PRIVATE)
        timer.tick(poll, [run_id, head, stages, frame], polled, **_PRIVATE)
        page.load(open_address, None, shown, **_PRIVATE)
        page.load(None, None, None, js=_FOLLOW_ADDRESS, api_visibility="private")
    return page


def _start_area(site: Site) -> tuple[Any, ...]:
    samples = {}
    with gr.Row(equal_height=True, elem_classes=["choices"]):
        with gr.Column(scale=1, elem_classes=["card"]):
            gr.HTML("<h2>See it at work</h2>", padding=False)
            with gr.Row(elem_classes=["samples"]):
                for name, label in (("walker", "Try the sample"), ("flip", "Try the hard one")):
                    with gr.Column(min_width=200):
                        gr.HTML(fragments.sample_card(name), padding=False)
                        samples[name] = gr.Button(
                            label,
                            variant="primary" if name == "walker" else "secondary",
                            size="lg",
                            elem_id=f"sample-{name}",
                        )
        with gr.Column(scale=1, elem_classes=["card"]):
            gr.HTML("<h2>Use your own</h2>", padding=False)
            file = gr.File(
                label="A video or a picture", show_label=False, file_types=_FILE_TYPES, height=160, elem_id="file"
            )
            with gr.Row(elem_classes=["window"]):
                start = gr.Textbox(label="From", placeholder="0:00", max_lines=1, min_width=110, elem_id="from")
                end = gr.Textbox(label="To", placeholder="its end", max_lines=1, min_width=110, elem_id="to")
            physics = gr.Radio(_PHYSICS, value="assisted", label="What to make", elem_id="physics")
            notice = gr.HTML(padding=False)
            go = gr.Button("Start", variant="primary", size="lg", elem_id="go")
            gr.HTML(
                f'<p class="quiet">At most {site.settings.max_seconds:g} s and {site.settings.max_upload_mb} MB. '
                "The file stays on this server.</p>",
                padding=False,
            )
    return file, start, end, physics, go, notice, samples


def _show(site: Site, run_id: str) -> list[Any]:
    """Everything on the page for one run, or for none: run_id, areas, head, stages, frame, cancel, recent, timer."""
    recent = fragments.recent_runs(site.store.recent())
    start = [gr.Column(visible=True), gr.Column(visible=False), "", "", "", gr.Button(visible=False), recent]
    if not run_id:
        return ["", *start, gr.Timer(active=False)]
    try:
        run = site.store.get(run_id)
    except RunNotFoundError:
        start[-1] = fragments.notice("There is no run with this address; it may have been removed.") + recent
        return ["", *start, gr.Timer(active=False)]
    head, stages, frame, cancel, timer = _state_of(site, run)
    return [run.id, gr.Column(visible=False), gr.Column(visible=True), head, stages, frame, cancel, "", timer]


def _poll(site: Site, run_id: str, head: str, stages: str, frame: str) -> list[Any]:
    """What changed since the page was last told; the viewer's frame is never set twice."""
    if not run_id:
        return [gr.skip(), gr.skip(), gr.skip(), gr.skip(), gr.Timer(active=False)]
    now = _state_of(site, site.store.get(run_id))
    before = (head, stages, frame)
    changed = [new if new != old else gr.skip() for new, old in zip(now[:3], before, strict=True)]
    return [*changed, now[3], now[4]]


def _state_of(site: Site, run: RunRecord) -> tuple[str, str, str, gr.Button, gr.Timer]:
    has_clip = site.home.run(run.id).clip.is_file()
    cancel = gr.Button(visible=not run.is_finished, interactive=not run.cancel_requested)
    return (
        fragments.run_head(run),
        fragments.stage_list(run),
        run.id if has_clip else "",
        cancel,
        gr.Timer(active=not run.is_finished),
    )
