"""How long a run will take, told before it is started, by what earlier ones took for each second of video."""

from statistics import median
from typing import Any

from core.errors import BadInputError, UnderstudyError
from core.jobs.home import Home
from core.jobs.records import RunRecord
from core.jobs.searching import RunSearch
from core.video.link import read_link
from core.video.times import window
from core.video.window import load_clip
from webapp.site import Site
from webapp.starting import physics_choice
from webapp.window_picker import length_of

PREVIEW_RATE = 6.0
"""Seconds of computing for a second of video without the search: docs/measured.md, end_to_end.seconds."""
SEARCH_RATES = {"quick": 10.0, "refined": 60.0}
"""The same for the search: what its settings allow themselves on two cores."""
_RUNS = 12
_SEARCH = "sampling"


def estimate(site: Site, file: str | None, start: str, end: str, physics: str, link: str) -> str:
    """A sentence, or nothing where the length of the window is not known (yet)."""
    try:
        chosen = physics_choice(physics)
        length = _length(file, start, end, link)
        runs, _ = site.store.find(RunSearch(state="done", count=_RUNS))
    except UnderstudyError:  # said when it is started
        return ""
    if length is None or length <= 0 or length > site.settings.max_seconds:
        return ""
    preview, search, known = rates(runs, site.home, chosen.get("sampling", ""))
    parts = [f"About {_about(preview * length)} for the preview" if chosen["physics"] != "none" else ""]
    if chosen["physics"] == "none":
        parts = [f"About {_about(preview * length)}"]
    if chosen["physics"] == _SEARCH:
        parts.append(f"then about {_about(search * length)} for the unassisted performance")
    by = f"by your last {known} runs" if known > 1 else "by your last run" if known else "by a machine with two cores"
    return f"{', '.join(parts)}: {length:.1f} s of video, {by}."


def rates(runs: list[RunRecord], home: Home, sampling: str) -> tuple[float, float, int]:
    """Seconds of computing for a second of video: before the search, and of a search with these settings; by how many
    runs that is known. Medians: a run beside others takes longer than it would alone."""
    previews, searches = [], []
    for run in runs:
        if run.created == run.finished:  # computed elsewhere, and opened from a zip
            continue
        if (length := _clip_seconds(home, run)) is None:
            continue
        taken = {stage.name: stage.seconds or 0.0 for stage in run.stages if stage.state == "done"}
        if {"keypoints", "reconstruction"} <= set(taken):
            previews.append(sum(seconds for name, seconds in taken.items() if name != _SEARCH) / length)
        if _SEARCH in taken and run.settings.get("sampling") == sampling:
            searches.append(taken[_SEARCH] / length)
    search = median(searches) if searches else SEARCH_RATES.get(sampling, 0.0)
    return median(previews) if previews else PREVIEW_RATE, search, len(previews)


def _length(file: str | None, start: str, end: str, link: str) -> float | None:
    """Seconds of the chosen window; None where that takes a look at what a link leads to."""
    start_s, end_s = window(start or "", end or "")
    if file:
        info = length_of(file)
        return None if info.is_picture else min(end_s or info.duration_s, info.duration_s) - (start_s or 0.0)
    if not (link or "").strip():
        return None
    start_s, end_s = read_link(link).window(start_s, end_s)
    return None if end_s is None else end_s - (start_s or 0.0)


def _clip_seconds(home: Home, run: RunRecord) -> float | None:
    settings: dict[str, Any] = run.settings
    if settings.get("end_s") is not None:
        return float(settings["end_s"]) - float(settings.get("start_s") or 0.0) or None
    try:
        clip = load_clip(home.run(run.id).clip)
    except (BadInputError, FileNotFoundError):
        return None
    return len(clip) / clip.fps if len(clip) > 1 else None


def _about(seconds: float) -> str:
    if seconds < 55:
        return f"{max(5, round(seconds / 5) * 5)} s"
    return f"{max(1, round(seconds / 60))} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
