"""The library: a page of all runs of a user, their list for programs, their moving pictures, and what they take."""

import asyncio
import math
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse, HTMLResponse

from core.jobs.searching import MOST_AT_ONCE, RunSearch
from webapp.library_view import DiskUse, Previews, RunList, disk_use, listed
from webapp.own_page import own_page
from webapp.site import Site

SENTENCE = "All runs: look for one, see it move, open it, call it otherwise, throw it away."


def make_library_router(site: Site) -> APIRouter:
    """The routes of one site."""
    router = APIRouter()
    previews = Previews()
    # Waiting costs no thread this way, however many pictures a page asks for at once.
    one_at_a_time = asyncio.Semaphore(1)

    @router.get("/library", include_in_schema=False)
    def library_page() -> HTMLResponse:
        return own_page("library", "library", SENTENCE, "/library", site.settings.password is not None)

    @router.get("/api/runs", tags=["Runs"])
    def list_runs(
        search: Annotated[str, Query(max_length=200, description="Part of the name.")] = "",
        state: Annotated[str, Query(description="at work, done, failed, cancelled or deleted; all if empty.")] = "",
        kind: Annotated[str, Query(description="video, picture or link; any if empty.")] = "",
        page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
        size: Annotated[int, Query(ge=1, le=MOST_AT_ONCE, description="Runs on a page.")] = MOST_AT_ONCE,
    ) -> RunList:
        """The user's runs, newest first."""
        wish = RunSearch(search, state, kind, (page - 1) * size, size)
        runs, total = site.store.find(wish)
        told = [listed(run, site.home, state == "deleted") for run in runs]
        return RunList(runs=told, total=total, page=page, pages=max(1, math.ceil(total / size)))

    @router.get("/api/disk", tags=["Runs"])
    def get_disk_use() -> DiskUse:
        """What the user's runs take on disk."""
        return disk_use(site.store.ids_of(), site.home)

    @router.get("/api/runs/{run_id}/preview.webp", tags=["Runs"], response_class=FileResponse)
    async def get_preview(run_id: str) -> FileResponse:
        """A moving picture of what the run made: 24 pictures of 208 px side by side, on a transparent ground."""
        run = await run_in_threadpool(site.store.get, run_id)
        async with one_at_a_time:
            folder = await run_in_threadpool(site.home.run, run_id)  # which may have to be fetched
            kept = await run_in_threadpool(previews.of, folder, run.is_finished)
        return FileResponse(kept, media_type="image/webp", headers={"cache-control": "private, max-age=86400"})

    return router
