"""A person's motions in the formats of other programs, written when they are asked for."""

import asyncio
import tempfile
from pathlib import Path

from fastapi import APIRouter, Depends, Request, Response
from starlette.concurrency import run_in_threadpool

from core.body.smpl_file import EMBEDDED
from core.errors import RunNotFoundError
from core.export.formats import export_file, format_called
from webapp.answers import REFUSALS
from webapp.downloads import attachment
from webapp.run_view import motion_file
from webapp.site import Site


def make_export_router(site: Site) -> APIRouter:
    """The routes of one site."""
    one_at_a_time = asyncio.Lock()  # some seconds of a core each

    def own_run(request: Request) -> None:
        site.store.check(request.path_params["run_id"])

    router = APIRouter(dependencies=[Depends(own_run)], responses=REFUSALS)

    @router.get("/api/runs/{run_id}/people/{person}/exports/{motion}")
    async def get_export(run_id: str, person: int, motion: str, format: str = "fbx") -> Response:
        """A person's motion (hmr, motion, assisted, sampling ...) as glb, bvh, amass, deepmimic, usd or fbx."""

        def written() -> tuple[bytes, dict[str, str]]:
            run, folder = site.store.get(run_id), site.home.run(run_id)
            if person not in folder.people():
                raise RunNotFoundError("The run has no such person.")
            suffix = format_called(format).suffix
            source = motion_file(folder.person(person), motion)
            with tempfile.TemporaryDirectory() as scratch:
                path = Path(scratch) / f"motion{suffix}"
                export_file(source, format, path, run.settings.get("body", EMBEDDED))
                content = path.read_bytes()
            return content, attachment(f"{run.name.removesuffix('.mp4')} {motion}", suffix)

        async with one_at_a_time:
            content, named = await run_in_threadpool(written)
        headers = named | {"cache-control": "no-cache"}
        return Response(content, media_type="application/octet-stream", headers=headers)

    return router
