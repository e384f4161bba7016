"""A run's page while the run is at work: the parts that change, as HTML, for the script that asks for them."""

from html import escape
from typing import Any

from core.footage import footage_deleted
from core.jobs.home import Home
from core.jobs.records import RunRecord
from webapp import fragments


def has_film(run: RunRecord, home: Home) -> bool:
    """Whether there is something for the viewer to show: a clip, or one that was deleted since."""
    folder = home.run(run.id)
    return folder.clip.is_file() or footage_deleted(folder)


def live_key(run: RunRecord, home: Home) -> str:
    """What buttons and frame of the page depend on; while it is the same, only words and bars have changed."""
    facts = (run.state, run.cancel_requested, has_film(run, home), fragments.retry_label(run))
    return "|".join(str(fact) for fact in facts)


def live_part(part: str, run: RunRecord, home: Home) -> str:
    """One of "head", "stages" and "links" of the page as it is built, in a wrapper that the script finds."""
    facts = f' data-run="{run.id}" data-key="{escape(live_key(run, home))}"' if part == "head" else ""
    going = ' data-going="1"' if part == "head" and not run.is_finished else ""
    return f'<div data-live="{part}"{facts}{going}>{_inside(part, run)}</div>'


def live_view(run: RunRecord, home: Home) -> dict[str, Any]:
    """The same for GET /api/runs/{id}/page: what is within each wrapper, and the key."""
    return {"key": live_key(run, home), **{part: _inside(part, run) for part in _PARTS}}


def _inside(part: str, run: RunRecord) -> str:
    return _PARTS[part](run)


_PARTS = {"head": fragments.run_head, "stages": fragments.stage_list, "links": fragments.run_links}
