"""For whoever runs the site: is it alive, can it work, and its figures for Prometheus."""

import time
from collections import Counter
from collections.abc import Iterator

import sqlalchemy as sa
from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client import Histogram as TimeHistogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy.orm import Session
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.jobs.database import READS_ONLY
from core.jobs.heartbeat import list_workers
from core.jobs.migrate import DatabaseVersionError, check_version
from core.jobs.tables import RUN_STATES, Run
from webapp.site import Site
from webapp.training_figures import TrainingCollector

_BUCKETS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)


def make_operations_router(site: Site, registry: CollectorRegistry) -> APIRouter:
    """The routes /healthz, /readyz and /metrics."""
    router = APIRouter(include_in_schema=False)

    @router.get("/healthz")
    async def healthz() -> dict[str, str]:
        """Whether the process answers at all; a supervisor restarts it where it does not."""
        return {"state": "ok"}

    @router.get("/readyz")
    def readyz() -> JSONResponse:
        """Whether runs can be taken: the database answers in this version's schema, and a worker lives."""
        try:
            check_version(site.engine)
            workers = [worker for worker in list_workers(site.engine) if worker.state == "alive"]
        except sa.exc.SQLAlchemyError:
            return JSONResponse({"state": "the database does not answer"}, 503)
        except DatabaseVersionError:
            return JSONResponse({"state": "the database has another version's schema"}, 503)
        return JSONResponse({"state": "ok"}) if workers else JSONResponse({"state": "no worker is alive"}, 503)

    @router.get("/metrics")
    def metrics() -> Response:
        """Figures in the text format of Prometheus."""
        return Response(generate_latest(registry), headers={"content-type": CONTENT_TYPE_LATEST})

    return router


class SiteCollector(Collector):
    """Reads the store when it is asked: the figures are those of all processes on the database."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def collect(self) -> Iterator[Metric]:
        """Runs by state, how long the first one has waited, and the silence of every worker that has not stopped."""
        engine = self._site.engine.execution_options(**READS_ONLY)
        with Session(engine) as session:
            by_state = sa.select(Run.state, sa.func.count()).where(Run.deleted.is_(None)).group_by(Run.state)
            counts: Counter[str] = Counter({row[0]: row[1] for row in session.execute(by_state)})
            oldest = session.scalar(sa.select(sa.func.min(Run.created)).where(Run.state == "queued"))
        runs = GaugeMetricFamily("understudy_runs", "Runs by state.", labels=["state"])
        for state in RUN_STATES:
            runs.add_metric([state], counts[state])
        yield runs
        waited = 0.0 if oldest is None else max(0.0, time.time() - oldest.timestamp())
        yield GaugeMetricFamily("understudy_queue_wait_seconds", "How long the oldest queued run has waited.", waited)
        silence = GaugeMetricFamily(
            "understudy_worker_silence_seconds", "Seconds since a worker's last sign of life.", labels=["worker"]
        )
        for worker in list_workers(self._site.engine):
            if worker.stopped is None:
                silence.add_metric([worker.name], worker.silent_s)
        yield silence


class RequestTimes:
    """Times how long requests take until their answer begins, by method and status."""

    def __init__(self, app: ASGIApp, registry: CollectorRegistry) -> None:
        self.app = app
        self._times = TimeHistogram(
            "understudy_request_seconds",
            "Time until an answer begins.",
            labelnames=("method", "status"),
            buckets=_BUCKETS,
            registry=registry,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        method = scope["method"] if scope["method"] in ("GET", "HEAD", "POST", "PATCH", "DELETE") else "other"

        async def send_timed(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._times.labels(method, str(message["status"])).observe(time.perf_counter() - started)
            await send(message)

        await self.app(scope, receive, send_timed)


def make_registry(site: Site) -> CollectorRegistry:
    """A registry of this site's own, so that several in one process do not mix."""
    registry = CollectorRegistry()
    registry.register(SiteCollector(site))
    registry.register(TrainingCollector(site))
    return registry
