"""What is behind a link, told before a run of it is started."""

import asyncio
import base64
import time
from typing import Annotated

from fastapi import APIRouter, HTTPException
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field

from core.video.fetch_preview import Preview, preview_link
from core.video.fetch_settings import FetchSettings, fetch_settings
from core.video.link import Link, read_link
from webapp.site import Site

AT_ONCE = 2
"""Pages of others that are looked at at the same time, for all users together."""
_KEPT, _KEPT_S = 64, 600.0
_WAIT_S = 20.0


class LinkChoice(BaseModel):
    """A link as a person pastes it."""

    model_config = ConfigDict(extra="forbid")
    link: Annotated[str, Field(max_length=10_000)]


class LinkPreview(BaseModel):
    """What the page behind a link says of its video."""

    title: str
    uploader: str
    seconds: float | None = Field(description="Length of the video; null where the page does not tell it.")
    start_s: float | None = Field(description="The start that the link itself names.")
    end_s: float | None
    picture: str | None = Field(description="The page's picture as a data: address (JPEG).")
    most_seconds: float = Field(description="The longest window that is taken here.")


class LinkDesk:
    """Looks at links a few at a time, and remembers for a while what was there.

    Who waits holds none of the site's threads: other requests go on.
    """

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._known: dict[str, tuple[float, Preview]] = {}

    async def look(self, link: Link, settings: FetchSettings) -> Preview:
        """What is behind the link; `BadInputError` as fetching it would say, 503 where too many others wait."""
        if (known := self._recall(link.url)) is not None:
            return known
        try:
            async with asyncio.timeout(_WAIT_S):
                await self._turns.acquire()
        except TimeoutError:
            words = "Many links are being looked at just now. Start the run, or wait a moment."
            raise HTTPException(503, words) from None
        try:
            preview = self._recall(link.url)
            if preview is None:
                preview = await run_in_threadpool(preview_link, link, settings)
        finally:
            self._turns.release()
        self._known[link.url] = (time.monotonic(), preview)
        while len(self._known) > _KEPT:
            self._known.pop(next(iter(self._known)))
        return preview

    def _recall(self, url: str) -> Preview | None:
        when, preview = self._known.get(url, (0.0, None))
        return preview if preview is not None and time.monotonic() - when < _KEPT_S else None


def make_link_router(site: Site) -> APIRouter:
    """The route of one site."""
    router = APIRouter(tags=["Runs"])
    desk = LinkDesk()

    @router.post("/api/links/preview")
    async def preview(choice: LinkChoice) -> LinkPreview:
        """What the page behind a link says of its video, which is not fetched; the site asks, not the browser."""
        link = read_link(choice.link)
        seen = await desk.look(link, fetch_settings())
        picture = None
        if seen.picture:
            picture = "data:image/jpeg;base64," + base64.b64encode(seen.picture).decode()
        return LinkPreview(
            title=seen.found.title or link.label,
            uploader=seen.found.uploader,
            seconds=seen.found.duration_s,
            start_s=link.start_s,
            end_s=link.end_s,
            picture=picture,
            most_seconds=site.settings.max_seconds,
        )

    return router
