"""The site as one FastAPI application: own routes, the viewer's files, and the Gradio page at the root."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # read when Gradio is imported

import gradio as gr
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from gradio.route_utils import FnIndexInferError
from starlette.exceptions import HTTPException

from core.errors import RunNotFoundError, UnderstudyError
from core.jobs.fairness import TooManyRunsError
from webapp.access import AccessGuard, user_of
from webapp.api_page import SENTENCE, make_api_router
from webapp.asking import UNEXPECTED
from webapp.challenge_choice import Choices
from webapp.challenge_desk import ChallengeDesk
from webapp.challenge_routes import make_challenge_router
from webapp.compare_routes import make_compare_router
from webapp.evaluation_page import CSS as EVALUATION_CSS
from webapp.evaluation_page import build_evaluation_page
from webapp.export_routes import make_export_router
from webapp.guards import BodyLimit, SecurityHeaders
from webapp.identity import Identities
from webapp.library_routes import make_library_router
from webapp.link_routes import make_link_router
from webapp.live_routes import make_live_router
from webapp.login import make_login_router
from webapp.operations import RequestTimes, make_operations_router, make_registry
from webapp.own_page import STUDIO
from webapp.packed_files import PackedFiles
from webapp.pages import build_page
from webapp.policy_routes import make_policy_router
from webapp.routes import make_router
from webapp.settings import Settings
from webapp.site import Site
from webapp.theme import CSS, HEAD, make_theme

VIEWER = Path(__file__).parents[1] / "static" / "viewer"
ICON = '<link rel="icon" href="/viewer/icon.svg">'
"""For pages other than the root's, which Gradio gives no icon."""
SCRIPTS = "".join(
    f'<script type="module" src="/studio/{name}.js"></script>'
    for name in ("window_picker", "link_preview", "live_run", "sample_films")
)
TAGS = [
    {"name": "Runs", "description": "Start them, look how far they are, keep them in order."},
    {"name": "Policies", "description": "What was learned from the motions of runs."},
    {"name": "Challenges", "description": "Policies on motions, each on each."},
]
_log = logging.getLogger(__name__)


def create_app(settings: Settings | None = None) -> FastAPI:
    """The application. Its worker lives as long as the application's lifespan.

    Raises `UnderstudyError` where the site cannot be served at all: settings that leave it open to strangers, a
    database of a newer version, a home that another process serves already.
    """
    settings = settings or Settings()
    identities = Identities(settings)
    site = Site(settings)
    challenges = ChallengeDesk(site.home, choices=lambda owner: Choices(site.engine, site.home, owner))
    site.prepare()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await asyncio.to_thread(site.open)
        challenges.open()
        try:
            yield
        finally:
            await asyncio.to_thread(challenges.close)
            await asyncio.to_thread(site.close)

    app = FastAPI(
        title="Understudy",
        summary=SENTENCE,
        version="1",
        openapi_tags=TAGS,
        lifespan=lifespan,
        docs_url=None,  # FastAPI's own page would ask other servers for its scripts
        redoc_url=None,
    )
    app.state.site = site
    app.add_middleware(BodyLimit, max_bytes=settings.max_upload_bytes)
    app.add_middleware(AccessGuard, identities=identities)
    app.add_middleware(SecurityHeaders)
    registry = make_registry(site)
    app.add_middleware(RequestTimes, registry=registry)
    _speak_plainly(app)
    app.include_router(make_login_router(identities))
    app.include_router(make_operations_router(site, registry))
    app.include_router(make_router(site), tags=["Runs"])
    app.include_router(make_compare_router(site), tags=["Runs"])
    app.include_router(make_export_router(site), tags=["Runs"])
    app.include_router(make_live_router(site))
    app.include_router(make_link_router(site))
    app.include_router(make_policy_router(site))
    app.include_router(make_library_router(site))
    app.include_router(make_challenge_router(site, challenges))
    app.include_router(make_api_router(app, site.settings.password is not None))
    # Not at /static or /assets: these are Gradio's.
    app.mount("/viewer", PackedFiles(directory=VIEWER, html=True), name="viewer")
    app.mount("/studio", PackedFiles(directory=STUDIO), name="studio")
    app.add_api_route("/evaluate", lambda: RedirectResponse("/evaluate/"), include_in_schema=False)
    _mount(app, build_evaluation_page(site), "/evaluate", settings, css=CSS + EVALUATION_CSS, head=HEAD + ICON)
    # The last one: it answers all that nobody before it does.
    return _mount(
        app, build_page(site), "/", settings, css=CSS, head=HEAD + SCRIPTS, favicon_path=str(VIEWER / "icon.svg")
    )


def _mount(app: FastAPI, page: gr.Blocks, path: str, settings: Settings, **looks: str) -> FastAPI:
    gr.mount_gradio_app(
        app,
        page,
        path=path,
        theme=make_theme(),
        **looks,
        footer_links=[],
        run_history=False,
        max_file_size=settings.max_upload_bytes,
        auth_dependency=user_of,
        show_error=True,
        ssr_mode=False,
        pwa=False,
        mcp_server=False,
    )
    mounted = app.routes[-1].app  # type: ignore[attr-defined]  # it answers its own errors before the application can
    mounted.add_exception_handler(FnIndexInferError, _no_endpoint)
    mounted.add_exception_handler(Exception, _unexpected)
    return app


async def _no_endpoint(request: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"error": "There is no endpoint of this name. /docs lists them."}, 404)


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    _log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return JSONResponse({"error": UNEXPECTED}, 500)


def _speak_plainly(app: FastAPI) -> None:
    """Errors of the own routes as {"error": one sentence}; a traceback goes to the log alone."""

    @app.exception_handler(RunNotFoundError)
    async def not_found(request: Request, error: RunNotFoundError) -> JSONResponse:
        return JSONResponse({"error": str(error)}, 404)

    @app.exception_handler(TooManyRunsError)
    async def too_many(request: Request, error: TooManyRunsError) -> JSONResponse:
        return JSONResponse({"error": str(error)}, 429, headers={"retry-after": "60"})

    @app.exception_handler(UnderstudyError)
    async def refused(request: Request, error: UnderstudyError) -> JSONResponse:
        return JSONResponse({"error": str(error)}, 400)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        parts = (f"{each['loc'][-1]}: {each['msg']}" for each in error.errors())
        return JSONResponse({"error": f"The request cannot be understood. {'; '.join(parts)}."}, 422)

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> JSONResponse:
        return JSONResponse({"error": str(error.detail)}, error.status_code, headers=error.headers)

    app.add_exception_handler(Exception, _unexpected)
