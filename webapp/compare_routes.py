"""What the viewer's comparison asks for beside a run itself: motions by frame (the list of runs: `library_routes`)."""

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from core.errors import RunNotFoundError
from webapp.series_view import series_view
from webapp.site import Site


def make_compare_router(site: Site) -> APIRouter:
    """The routes of one site."""

    def own_run(request: Request) -> None:
        if (run_id := request.path_params.get("run_id")) is not None:
            site.store.check(run_id)

    router = APIRouter(dependencies=[Depends(own_run)])

    @router.get("/api/runs/{run_id}/people/{person}/series.json")
    def get_series(run_id: str, person: int) -> JSONResponse:
        """A person's motions frame by frame: heights and sliding of the feet, jitter, reward, contacts, forces."""
        folder = site.home.run(run_id)
        if person not in folder.people():
            raise RunNotFoundError("The run has no such person.")
        return JSONResponse(series_view(folder.person(person)), headers={"cache-control": "no-cache"})

    return router
