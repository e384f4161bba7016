"""Named endpoints for `gradio_client` beside those that start runs: look how far one is, take its files, end it."""

from typing import Any

import gradio as gr

from core.jobs.searching import RunSearch
from webapp.asking import for_programs
from webapp.run_view import artifact_url
from webapp.site import Site


def add_endpoints(site: Site) -> None:
    """Add them to the page that is being built."""

    def run_status(run_id: str) -> dict[str, Any]:
        """How far a run is: id, name, state (queued, running, done, failed, cancelled), error, and its stages."""
        run = site.store.get(run_id)
        stages = [{"name": s.name, "state": s.state, "fraction": s.fraction, "left_s": s.left_s} for s in run.stages]
        return {"id": run.id, "name": run.name, "state": run.state, "error": run.error, "stages": stages}

    def run_files(run_id: str) -> list[dict[str, Any]]:
        """The files that a run has by now: file (its path), url (from the site's root on), bytes."""
        folder = site.home.run(site.store.get(run_id).id)
        # Not "path": gradio_client would take it for a file of Gradio's own and try to fetch it.
        return [
            {"file": p.as_posix(), "url": artifact_url(run_id, p.as_posix()), "bytes": (folder.root / p).stat().st_size}
            for p in folder.artifacts()
        ]

    def list_runs(search: str = "", state: str = "", page: int = 1) -> list[dict[str, Any]]:
        """The newest runs, 24 a page, whose names hold `search` and that are in `state` (all if empty)."""
        runs, _ = site.store.find(RunSearch(search, state, first=24 * (max(int(page), 1) - 1)))
        return [{"id": run.id, "name": run.name, "state": run.state} for run in runs]

    def cancel_run(run_id: str) -> str:
        """Ask for a run to end; returns the state that it is in."""
        return site.store.request_cancel(run_id).state

    for work in (run_status, run_files, list_runs, cancel_run):
        gr.api(for_programs(work), api_name=work.__name__, queue=False)
