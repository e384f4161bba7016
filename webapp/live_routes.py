"""What is asked for again and again while a run is at work, and the films of the samples."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import FileResponse

from core.keypoints.sightings import read_sightings
from core.keypoints.skeletons import BLAZEPOSE_EDGES
from webapp.fresh import fresh_json
from webapp.live_view import live_view
from webapp.site import Site, sample_path


def make_live_router(site: Site) -> APIRouter:
    """The routes of one site."""
    router = APIRouter()

    @router.get("/api/runs/{run_id}/page", include_in_schema=False)
    def get_page_parts(run_id: str, request: Request) -> Response:
        """What changes on a run's page, as HTML."""
        return fresh_json(request, live_view(site.store.get(run_id), site.home))

    @router.get("/api/runs/{run_id}/seen.json", tags=["Runs"])
    def get_sightings(run_id: str, first: Annotated[int, Query(ge=0, le=10_000_000)] = 0) -> dict[str, Any]:
        """Keypoints of everybody as they are being found, from frame `first` on: x px, y px, visibility by landmark.

        First guesses, there while the stage is at work; the track of each person takes their place.
        """
        site.store.check(run_id)
        frames = read_sightings(site.home.run(run_id).sightings, first)
        return {"first": first, "frames": frames, "edges": [list(edge) for edge in BLAZEPOSE_EDGES]}

    @router.get("/api/samples/{sample}/clip.mp4", include_in_schema=False)
    def get_sample(sample: str) -> FileResponse:
        """A sample's clip."""
        return FileResponse(sample_path(sample), media_type="video/mp4", headers={"cache-control": "max-age=3600"})

    return router
