"""The page's own pieces of HTML. All that comes from a person or a stage is escaped here."""

from datetime import UTC, datetime
from html import escape

from core.jobs.records import RunRecord, StageRecord
from webapp.site import SAMPLES

PITCH = (
    "From a video of a person: their keypoints, the recovered mesh, the motion put on the ground, and a simulated "
    "humanoid that performs it under physics. Side by side, on one clock."
)
_STATES = {
    "queued": "Waiting",
    "running": "Running",
    "done": "Done",
    "failed": "Failed",
    "cancelled": "Cancelled",
}
_MARKS = {"waiting": "○", "running": "◐", "done": "●", "failed": "✕", "skipped": "–"}
_NO_PICTURE = '<span class="no-picture" aria-hidden="true"></span>'
_SAMPLE_FOCUS = {"walker": 22, "flip": 80}  # where the person is, in percent of the width
_SAMPLE_NOTES = {"walker": "A woman walks over the grass.", "flip": "A flip off a two-metre box. Hard."}


PAGES = (
    ("/", "New run"),
    ("/library", "Library"),
    ("/challenge", "Challenge"),
    ("/evaluate/", "Evaluation"),
    ("/docs", "API"),
)


def header(sentence: str = PITCH, log_out: bool = False, here: str = "/") -> str:
    """The name of the site, what the page does in a sentence, the way to the other pages, and out."""
    current = ' aria-current="page"'
    links = "".join(f'<a href="{to}"{current if to == here else ""}>{title}</a>' for to, title in PAGES)
    if log_out:
        links += '<form method="post" action="/logout"><button type="submit">Log out</button></form>'
    return (
        '<header class="site-head"><a class="wordmark" href="/"><img src="/viewer/icon.svg" alt="" width="36" '
        f'height="36">Understudy</a><p>{escape(sentence)}</p><nav aria-label="Pages">{links}</nav></header>'
    )


def sample_card(sample: str) -> str:
    """A frame of a sample, which moves where somebody points at it, and what it shows."""
    note = escape(_SAMPLE_NOTES[sample])
    title = escape(SAMPLES[sample])
    at = f"/api/samples/{sample}"
    return (
        f'<figure class="sample"><div class="film" style="--focus:{_SAMPLE_FOCUS[sample]}%">'
        f'<img src="{at}/poster.jpg" alt="{note}">'
        f'<video data-src="{at}/clip.mp4" muted loop playsinline preload="none" aria-hidden="true"></video></div>'
        f"<figcaption><strong>{title}</strong> {note}</figcaption></figure>"
    )


def run_head(run: RunRecord) -> str:
    """The run's name and state; what went wrong, if something did."""
    window = ""
    if run.settings.get("start_s") or run.settings.get("end_s") is not None:
        end = run.settings.get("end_s")
        window = f"{run.settings.get('start_s') or 0:g} s to {'the end' if end is None else f'{end:g} s'}"
    state = "Cancelling" if run.cancel_requested and not run.is_finished else _STATES[run.state]
    parts = [
        '<div class="run-head">',
        f"<h2>{escape(run.name)}</h2>",
        f'<span class="pill {run.state}" role="status">{state}</span>',
        f'<span class="quiet">{escape(window)}</span>',
        "</div>",
    ]
    if run.ahead is not None:
        before = {0: "It is next in line.", 1: "One run is before it."}.get(
            run.ahead, f"{run.ahead} runs are before it."
        )
        waits = " It waits for a worker with a GPU." if run.settings.get("device") == "gpu" else ""
        parts.append(f'<p class="quiet">{before}{waits}</p>')
    if run.error:
        parts.append(notice(run.error))
    if run.state == "cancelled":
        parts.append('<p class="quiet">Cancelled; what was finished by then is kept.</p>')
    return "".join(parts)


def run_links(run: RunRecord) -> str:
    """Where the whole run and its log can be had."""
    whole = "Download everything (zip)"
    first = f'<a href="/api/runs/{run.id}/bundle.zip" download>{whole}</a>' if run.is_finished else ""
    log = f'<a href="/api/runs/{run.id}/log" target="_blank" rel="noopener">Log</a>'
    return f'<p class="run-links">{first}{log}</p>'


def retry_label(run: RunRecord) -> str:
    """What the button that goes on with a run says."""
    failed = next((stage.title for stage in run.stages if stage.state == "failed"), None)
    return f"Retry “{failed}”" if failed else "Continue"


def stage_list(run: RunRecord) -> str:
    """How far every stage is, as a list of progress bars; folded away once nothing more is to come."""
    bars = f'<ol class="stages {run.state}" aria-label="Stages">{"".join(map(_stage, run.stages))}</ol>'
    if run.state not in ("done", "cancelled"):
        return bars
    seconds = sum(stage.seconds or 0 for stage in run.stages)
    ended = sum(stage.state in ("done", "skipped") for stage in run.stages)
    what = "All stages" if run.state == "done" else f"{ended} of {len(run.stages)} stages"
    return f'<details class="stages-done"><summary>{what}, {seconds:.0f} s</summary>{bars}</details>'


def _stage(stage: StageRecord) -> str:
    percent = round(100 * stage.fraction)
    left = f"{_about(stage.left_s)} left" if stage.left_s is not None else ""
    detail = {
        "running": ", ".join(part for part in (left or f"{percent} %", stage.message) if part),
        "done": f"{stage.seconds:.1f} s" if stage.seconds is not None else "",
        "skipped": "not needed",
        "failed": "stopped here",
    }.get(stage.state, "")
    return (
        f'<li class="{stage.state}"{" aria-current=step" if stage.state == "running" else ""}>'
        f'<span class="mark" aria-hidden="true">{_MARKS[stage.state]}</span>'
        f'<span class="title">{escape(stage.title)}</span>'
        f'<span class="detail" title="{escape(detail)}">{escape(detail)}</span>'
        f'<span class="bar" role="progressbar" aria-label="{escape(stage.title)}: {stage.state}" aria-valuemin="0" '
        f'aria-valuemax="100" aria-valuenow="{percent}"><span style="width:{percent}%"></span></span></li>'
    )


def _about(seconds: float) -> str:
    """ "40 s", "3 min": as exact as a guess deserves."""
    if seconds < 55:
        return f"{max(5, round(seconds / 5) * 5)} s"
    return f"{max(1, round(seconds / 60))} min"


def recent_runs(runs: list[RunRecord], pictures: dict[str, str] | None = None) -> str:
    """Links to the latest runs; `pictures` are addresses of thumbnails by run."""
    if not runs:
        return ""
    shown = {run_id: f'<img src="{escape(url)}" alt="" loading="lazy">' for run_id, url in (pictures or {}).items()}
    rows = "".join(
        f'<li><a href="/?run={run.id}">{shown.get(run.id, _NO_PICTURE)}<span class="name">{escape(run.name)}</span>'
        f'<span class="quiet">{_ago(run.created)}</span>'
        f'<span class="pill {run.state}">{_STATES[run.state]}</span></a></li>'
        for run in runs
    )
    return f'<section class="recent"><h2>Recent runs</h2><ul>{rows}</ul></section>'


def notice(sentence: str) -> str:
    """What went wrong, in a sentence."""
    return f'<p class="trouble" role="alert">{escape(sentence)}</p>'


def _ago(then: datetime) -> str:
    seconds = (datetime.now(UTC) - then).total_seconds()
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "just now"
