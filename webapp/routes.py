"""The site's own routes: runs as JSON, their files, starting and cancelling."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from io import BytesIO
from itertools import chain
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request, Response, UploadFile
from fastapi.responses import FileResponse, JSONResponse, PlainTextResponse, StreamingResponse
from PIL import Image
from pydantic import BaseModel, ConfigDict, Field

from core.errors import BadInputError, RunNotFoundError
from core.export.bundle import stream_bundle
from core.jobs.home import safe_file_name
from core.video.decode import open_video, probe, timed_frames
from core.video.link import read_link
from core.video.times import window
from webapp.answers import REFUSALS, FreedBytes, NamedRun, RunAnswer, RunState, Started
from webapp.downloads import attachment
from webapp.fresh import fresh_json
from webapp.run_view import run_view, track_view
from webapp.site import Site, sample_path
from webapp.training_routes import add_training_routes

MEDIA_TYPES = {
    ".mp4": "video/mp4",
    ".glb": "model/gltf-binary",
    ".json": "application/json",
    ".txt": "text/plain; charset=utf-8",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".npz": "application/octet-stream",
}
# Should a browser ever show an artifact as a page of its own, it may do nothing.
_ARTIFACT_HEADERS = {"content-security-policy": "default-src 'none'; media-src 'self'; sandbox"}
_POSTER_WIDTH = 640


class PersonAt(BaseModel):
    """From `frame` on, `person` is whoever is at the point `x`, `y` (px of the clip)."""

    model_config = ConfigDict(extra="forbid")
    frame: int = Field(ge=0)
    x: float
    y: float
    person: int = Field(ge=0)


class RunChanges(BaseModel):
    """What another run of the same source may do differently."""

    model_config = ConfigDict(extra="forbid")
    person: str = Field("0", pattern=r"^(all|\d{1,3})$")
    physics: str = "assisted"
    sampling: str = "quick"
    corrections: list[PersonAt] = Field([], max_length=100)


class NewName(BaseModel):
    """What a run is to be called."""

    model_config = ConfigDict(extra="forbid")
    name: str = Field(max_length=1000)


def make_router(site: Site) -> APIRouter:
    """The routes of one site."""

    def own_run(request: Request) -> None:
        """The run that an address names is the user's; routes that only look into its folder need not remember it."""
        if (run_id := request.path_params.get("run_id")) is not None:
            site.store.check(run_id)

    router = APIRouter(dependencies=[Depends(own_run)], responses=REFUSALS)

    @router.get("/api/runs/{run_id}", responses={200: {"model": RunAnswer}})
    def get_run(run_id: str, request: Request) -> Response:
        """A run: its state, its stages, what it made so far; 304 where that is what the entity tag stands for."""
        return fresh_json(request, run_view(site.store.get(run_id), site.home))

    @router.get("/api/runs/{run_id}/files/{path:path}")
    def get_file(run_id: str, path: str) -> FileResponse:
        """A file of a run; ranges of bytes may be asked for."""
        site.store.get(run_id)
        file = site.home.artifact(run_id, path)
        media_type = MEDIA_TYPES.get(file.suffix, "application/octet-stream")
        headers = _ARTIFACT_HEADERS | {"cache-control": "no-cache"}
        return FileResponse(
            file, media_type=media_type, headers=headers, filename=file.name, content_disposition_type="inline"
        )

    @router.get("/api/runs/{run_id}/people/{person}/track.json")
    def get_track(run_id: str, person: int) -> JSONResponse:
        """A person's keypoints for drawing."""
        folder = site.home.run(run_id)
        if person not in folder.people():
            raise RunNotFoundError("The run has no such person.")
        return JSONResponse(track_view(folder, person), headers={"cache-control": "no-cache"})

    @router.post("/api/runs", status_code=201)
    def start_run(
        file: UploadFile | None = None,
        sample: Annotated[str | None, Form()] = None,
        link: Annotated[str | None, Form()] = None,
        start: Annotated[str, Form()] = "",
        end: Annotated[str, Form()] = "",
        physics: Annotated[str, Form()] = "sampling",
        sampling: Annotated[str, Form()] = "quick",
        person: Annotated[str, Form()] = "0",
        device: Annotated[str, Form()] = "",
    ) -> Started:
        """Start a run of an uploaded file, a link or a sample; answers with its id. `start` and `end`: 12.5 or 2:55.

        `device` is where its networks are computed, cpu or gpu; the site's own choice if empty.
        """
        if sum(each is not None for each in (file, sample, link)) != 1:
            raise BadInputError("Either a file, a link or a sample is expected: send one of them.")
        start_s, end_s = window(start, end)
        if link is not None:
            start_s, end_s = read_link(link).window(start_s, end_s)
        choices: dict[str, Any] = {"start_s": start_s or 0.0, "end_s": end_s, "person": person}
        choices |= {"physics": physics, "sampling": sampling} | ({"device": device} if device else {})
        if sample is not None:
            return Started(id=site.start_sample(sample, choices).id)
        if link is not None:
            return Started(id=site.start_link(link, choices).id)
        assert file is not None
        with _on_disk(file, site.home.uploads) as path:
            return Started(id=site.start_run(path, file.filename or "upload", choices).id)

    @router.post("/api/runs/{run_id}/cancel")
    def cancel_run(run_id: str) -> RunState:
        """Ask for a run to end; answers with the state that it is in."""
        return RunState(id=run_id, state=site.store.request_cancel(run_id).state)

    @router.post("/api/runs/{run_id}/again", status_code=201)
    def start_again(run_id: str, changes: RunChanges) -> Started:
        """Start another run of the same source for another person, or with corrections; answers with its id."""
        return Started(id=site.start_again(run_id, changes.model_dump(exclude_unset=True)).id)

    @router.post("/api/runs/{run_id}/retry")
    def retry_run(run_id: str) -> RunState:
        """Go on with a failed or cancelled run where it ended; answers with the state that it is in."""
        return RunState(id=run_id, state=site.retry(run_id).state)

    @router.delete("/api/runs/{run_id}/footage")
    def delete_footage(run_id: str) -> FreedBytes:
        """Delete all that shows the video of a finished run; motions, meshes and performances stay."""
        return FreedBytes(id=run_id, bytes=site.delete_footage(run_id))

    @router.patch("/api/runs/{run_id}")
    def rename_run(run_id: str, changes: NewName) -> NamedRun:
        """Call a run otherwise; answers with the name that it has now."""
        site.rename(run_id, changes.name)
        return NamedRun(id=run_id, name=site.store.get(run_id).name)

    @router.delete("/api/runs/{run_id}")
    def delete_run(run_id: str) -> RunState:
        """Delete a run, ending it where it is not finished; for some days it can be restored."""
        site.store.delete(run_id)
        return RunState(id=run_id, state="deleted")

    @router.post("/api/runs/{run_id}/restore")
    def restore_run(run_id: str) -> RunState:
        """Bring a deleted run back."""
        return RunState(id=run_id, state=site.store.restore(run_id).state)

    @router.get("/api/runs/{run_id}/log")
    def get_log(run_id: str) -> PlainTextResponse:
        """The end of what the stages wrote to their log."""
        text = site.log(run_id) or "The stages of this run have written nothing to their log.\n"
        return PlainTextResponse(text, headers=_ARTIFACT_HEADERS | {"cache-control": "no-store"})

    @router.get("/api/runs/{run_id}/bundle.zip")
    def get_bundle(run_id: str) -> StreamingResponse:
        """The whole finished run as one zip, which opens again here or elsewhere."""
        run = site.store.get(run_id)
        if not run.is_finished:
            raise BadInputError("The run should be finished before it is taken as a zip, but is still at work.")
        pieces = stream_bundle(site.home.run(run_id))
        first = next(pieces)  # a run without files is refused before anything is sent
        headers = _ARTIFACT_HEADERS | attachment(run.name.removesuffix(".mp4"), ".zip")
        return StreamingResponse(chain([first], pieces), media_type="application/zip", headers=headers)

    @router.post("/api/runs/import", status_code=201)
    def import_run(file: UploadFile) -> Started:
        """Open a run's zip as a finished run; answers with its id."""
        with _on_disk(file, site.home.uploads) as path:
            return Started(id=site.open_bundle(path, file.filename or "run.zip").id)

    add_training_routes(router, site)

    @router.get("/api/samples/{sample}/poster.jpg")
    def get_poster(sample: str) -> Response:
        """A frame of a sample, two thirds in."""
        return Response(_poster(sample), media_type="image/jpeg", headers={"cache-control": "max-age=3600"})

    return router


@contextmanager
def _on_disk(file: UploadFile, folder: Path) -> Iterator[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        path = Path(scratch) / safe_file_name(file.filename or "upload")
        with path.open("wb") as copy:
            shutil.copyfileobj(file.file, copy, 1 << 20)
        yield path


@cache
def _poster(sample: str) -> bytes:
    path = sample_path(sample)
    when = probe(path).duration_s * 2 / 3
    with open_video(path) as container:
        picture = Image.fromarray(next(frame for time, frame in timed_frames(container, when) if time >= when))
    picture.thumbnail((_POSTER_WIDTH, _POSTER_WIDTH))
    data = BytesIO()
    picture.save(data, "JPEG", quality=82)
    return data.getvalue()
