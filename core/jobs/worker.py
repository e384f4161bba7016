"""A worker: the part of a process that takes runs from the queue and performs them, one at a time."""

import fcntl
import logging
import os
import time
from collections.abc import Callable
from types import TracebackType
from typing import IO, Self

import sqlalchemy as sa
from dbos import DBOS, DBOSClient, DBOSConfig, DBOSPortableJSONSerializer

from core.jobs import training_workflow  # noqa: F401 - so that DBOS knows its workflow before it is launched
from core.jobs.heartbeat import Heartbeat, WorkerNameTakenError
from core.jobs.home import Home
from core.jobs.queues import QUEUES, stored_name, usual_queues
from core.jobs.recovery import give_back
from core.jobs.store import RunStore
from core.jobs.trainings import TrainingStore
from core.jobs.workflow import APPLICATION, APPLICATION_VERSION, WorkerContext, run_of, set_context

_log = logging.getLogger(__name__)
_STOP_WITHIN_S = 10.0
_GIVEN_UP = ("ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED")
_LOST = "The run was broken off when its worker ended, and cannot be continued. Start it again."


class Worker:
    """Performs runs between `start` and `stop`, in threads of this process; there can be one per process.

    A run that was broken off by a kill is continued by the worker of the *same* name, or by any after
    `core.jobs.recovery.recover`; so names are stable ("site" for the one within `understudy serve`). A lock on a file
    and a row in the database keep two from having the same one. It takes one at a time from each of its queues
    (`core.jobs.queues`; all that the machine can serve, if none are named): the heavy stages use all cores. Trainings
    stand back behind runs (`core.jobs.training_workflow`). `limits` says how many of a queue all workers together
    compute at once; the worker that starts last says it for all.

    `on_lost` is called with the reason when others may have taken over what this worker does (`core.jobs.heartbeat`);
    its run is broken off then, and the process had better end.
    """

    def __init__(
        self,
        engine: sa.Engine,
        home: Home,
        name: str = "site",
        pipeline: str = "core.pipeline",
        poll_s: float = 0.5,
        on_lost: Callable[[str], None] | None = None,
        queues: tuple[str, ...] = (),
        limits: dict[str, int] | None = None,
    ) -> None:
        self.engine, self.home, self.name = engine, home, name
        self._poll_s = poll_s
        self._context = WorkerContext(RunStore(engine), home, pipeline)
        self._lock: IO[str] | None = None
        self._launched = False
        self._on_lost = on_lost
        self._queues, self._limits = queues or usual_queues(), limits or {}
        # A SQLite file has no second machine, so nobody waits for this one to fall silent.
        self._heartbeat = Heartbeat(
            engine, name, self._lost, gives_up=engine.dialect.name != "sqlite", queues=self._queues
        )

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Continue what a worker of this name left, and take new runs. Returns at once."""
        self.take_name()
        try:
            self._heartbeat.claim()
            self._launched = True
            set_context(self._context)
            DBOS(config=_config(self.engine, self.name))
            DBOS.listen_queues([stored_name(queue) for queue in self._queues])
            DBOS.launch()
            for queue in QUEUES:
                self._register(queue)
            self._give_up_lost_runs()
            self._give_up_lost_trainings()
            self._heartbeat.start()
        except BaseException:
            self.stop()
            raise

    def _register(self, queue: str) -> None:
        DBOS.register_queue(
            stored_name(queue),
            worker_concurrency=1,
            global_concurrency=self._limits.get(queue),
            polling_interval_sec=self._poll_s,
            on_conflict="always_update",
        )

    def stop(self) -> None:
        """Break off what is running, leave the queue, and put the run back into it for whoever comes first."""
        self._context.stopping.set()
        deadline = time.monotonic() + _STOP_WITHIN_S
        while self._context.active and time.monotonic() < deadline:
            time.sleep(0.05)
        if self._launched:  # DBOS is one for the process: another worker's, where this one never started
            self._launched = False
            DBOS.destroy()
            set_context(None)
        if self._heartbeat.stop() and not self._context.active:
            self._give_back()
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def take_name(self) -> None:
        """Lock the name for this process; `WorkerNameTakenError` where another one has it."""
        if self._lock is not None:
            return
        path = self.home.worker_lock(self.name)
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            other = file.read().strip() or "unknown"
            file.close()
            raise WorkerNameTakenError(
                f"This process should work under the name {self.name!r} in {self.home.root}, but process {other} does "
                f"already. Stop that one, choose another name, or set UNDERSTUDY_HOME to another folder."
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        self._lock = file

    def _give_back(self) -> None:
        try:
            client = make_client(self.engine)
            try:
                give_back(client, self.name)
            finally:
                client.destroy()
        except Exception as error:  # then the next worker of this name continues
            _log.warning("Worker %s could not put its run back into the queue: %s", self.name, error)

    def _lost(self, reason: str) -> None:
        _log.error("Worker %s breaks off what it does: %s", self.name, reason)
        self._context.break_off()
        if self._on_lost is not None:
            self._on_lost(reason)

    def _give_up_lost_runs(self) -> None:
        """End the runs that nobody would continue: DBOS gave up on them (a worker died in them again and again), or
        they have no place in the queue (a restore was broken off)."""
        store = self._context.store
        unfinished = store.unfinished()
        tries = _latest_tries(unfinished)
        for run_id in unfinished:
            if tries.get(run_id) in (None, *_GIVEN_UP):
                store.finish(run_id, "failed", _LOST)

    def _give_up_lost_trainings(self) -> None:
        """End the trainings that nobody would continue, those without a place in the queue (of a backup) among them."""
        store = TrainingStore(self.engine)
        unended = store.unended()
        tries = _latest_tries(unended)
        for training_id in unended:
            if (status := tries.get(training_id)) is None or status in _GIVEN_UP:
                store.end(training_id, "stopped" if status is None else "failed", None if status is None else _LOST)


def _latest_tries(ids: list[str]) -> dict[str, str]:
    """The state of the latest workflow of each run or training that has one."""
    # By their beginnings, in the order in which they were made: a run tried again has a workflow for each try.
    tries = DBOS.list_workflows(workflow_id_prefix=ids) if ids else []
    return {run_of(status.workflow_id): status.status for status in tries}


def _config(engine: sa.Engine, worker: str) -> DBOSConfig:
    return {
        "name": APPLICATION,
        "application_version": APPLICATION_VERSION,
        "executor_id": worker,
        "system_database_url": engine.url.render_as_string(hide_password=False),
        "serializer": DBOSPortableJSONSerializer(),
        "log_level": "WARNING",
        "use_listen_notify": False,
    }


def prepare_queue(engine: sa.Engine) -> None:
    """Create DBOS's tables where no worker has yet (a site without a worker of its own)."""
    DBOS.migrate(engine.url.render_as_string(hide_password=False))


def make_client(engine: sa.Engine) -> DBOSClient:
    """What puts runs into the queue, from any process."""
    return DBOSClient(
        system_database_url=engine.url.render_as_string(hide_password=False),
        serializer=DBOSPortableJSONSerializer(),
        application_name=APPLICATION,
    )
