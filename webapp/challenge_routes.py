"""The challenge: a page with the matrix as a heat map, and what its cells open in the viewer."""

import asyncio
from typing import Literal

from fastapi import APIRouter
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, JSONResponse, Response

from webapp.challenge_desk import SHIPPED, ChallengeDesk
from webapp.challenge_view import ChallengeMatrix, cell_glb, cell_view, matrix_of
from webapp.own_page import own_page
from webapp.site import Site

Shown = Literal["reference", "policy", "humanoid"]
SENTENCE = "Policies on motions that they did not learn: who falls, and when. A cell opens in the viewer."
_CELL = "/api/challenges/{name}/cells/{row}/{column}"


def make_challenge_router(site: Site, desk: ChallengeDesk) -> APIRouter:
    """The routes of one site."""
    router = APIRouter(tags=["Challenges"])
    one_at_a_time = asyncio.Semaphore(1)

    def told(name: str) -> ChallengeMatrix:
        ours = name == SHIPPED
        return matrix_of(desk.folder(name), desk.names(), ours and desk.is_running, desk.trouble if ours else "")

    @router.get("/challenge", include_in_schema=False)
    def challenge_page() -> HTMLResponse:
        return own_page("challenge", "challenge", SENTENCE, "/challenge", site.settings.password is not None)

    @router.get("/api/challenges/{name}")
    def get_challenge(name: str) -> ChallengeMatrix:
        """A challenge's matrix as far as it is known; `deepmimic` is of the policies and clips that ship."""
        return told(name)

    @router.post(f"/api/challenges/{SHIPPED}/start")
    def start_challenge() -> ChallengeMatrix:
        """Run DeepMimic's policies on DeepMimic's clips, or go on with that, behind everything else."""
        desk.start()
        return told(SHIPPED)

    @router.post(f"/api/challenges/{SHIPPED}/stop")
    def stop_challenge() -> ChallengeMatrix:
        """End it; what is known by now is kept."""
        desk.stop()
        return told(SHIPPED)

    @router.get(_CELL)
    def get_cell(name: str, row: int, column: int) -> JSONResponse:
        """The rollout of a cell's first start, told as a run is."""
        address = _CELL.format(name=name, row=row, column=column)
        return JSONResponse(cell_view(desk.folder(name), row, column, address))

    @router.get(_CELL + "/{which}.glb")
    async def get_cell_glb(
        name: str, row: int, column: int, which: Literal["reference", "policy", "humanoid"]
    ) -> Response:
        """The motion, the policy's performance of it, or the humanoid that performs, as a GLB."""
        async with one_at_a_time:
            content = await run_in_threadpool(lambda: cell_glb(desk.folder(name), row, column, which))
        return Response(content, media_type="model/gltf-binary", headers={"cache-control": "no-cache"})

    return router
