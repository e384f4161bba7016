"""The route that a run's page asks while the run is at work."""

from fastapi import APIRouter, Request, Response

from webapp.fresh import fresh_json
from webapp.live_view import live_view
from webapp.site import Site


def make_live_router(site: Site) -> APIRouter:
    """The route of one site; not for programs, which ask for the run itself."""
    router = APIRouter()

    @router.get("/api/runs/{run_id}/page", include_in_schema=False)
    def get_page_parts(run_id: str, request: Request) -> Response:
        """What changes on a run's page, as HTML."""
        return fresh_json(request, live_view(site.store.get(run_id), site.home))

    return router
