"""Signs of life: which workers there are, since when, and whether they still live; and who may use a name."""

import logging
import os
import secrets
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.errors import UnderstudyError
from core.jobs.database import READS_ONLY
from core.jobs.queues import CPU, TRAIN
from core.jobs.tables import WorkerSign

BEAT_S = 5.0
DEAD_AFTER_S = 60.0
"""A worker that gave no sign for so long has broken its run off by itself, so that another may take it."""
_log = logging.getLogger(__name__)


class WorkerNameTakenError(UnderstudyError):
    """Another live process works under this name."""


@dataclass(frozen=True)
class WorkerRecord:
    """A worker as its last sign of life tells."""

    name: str
    host: str
    pid: int
    started: datetime
    beat: datetime
    stopped: datetime | None
    queues: tuple[str, ...] = (CPU, TRAIN)
    """Those that it serves."""

    @property
    def silent_s(self) -> float:
        """Seconds since its last sign."""
        return (datetime.now(UTC) - self.beat).total_seconds()

    @property
    def state(self) -> str:
        """ "alive", "silent" (dead, or cut off) or "stopped"."""
        if self.stopped is not None:
            return "stopped"
        return "alive" if self.silent_s < DEAD_AFTER_S else "silent"


class Heartbeat:
    """Gives signs of life from `start` to `stop`, in a thread; another one watches, since a database can also hang.

    Each start draws a session. Where the row holds another one, somebody else has this name by now (`recover` declared
    this worker dead, or a second one was started elsewhere); then, or when `gives_up` and no sign could be given for
    most of `DEAD_AFTER_S`, `lost` is called once: what this worker does may be done by another.
    """

    def __init__(
        self,
        engine: sa.Engine,
        name: str,
        lost: Callable[[str], None],
        gives_up: bool = True,
        every_s: float = BEAT_S,
        queues: tuple[str, ...] = (CPU, TRAIN),
    ) -> None:
        self._engine, self._name, self._lost = engine, name, lost
        self._gives_up, self._every_s, self._queues = gives_up, every_s, queues
        self._session = secrets.token_hex(8)
        self._ended = threading.Event()
        self._threads: list[threading.Thread] = []
        self._last = datetime.now(UTC)
        self._telling = threading.Lock()

    def claim(self) -> None:
        """Take the name; `WorkerNameTakenError` where a worker on another machine has it and lives."""
        now = datetime.now(UTC)
        with Session(self._engine) as session, session.begin():
            sign = session.get(WorkerSign, self._name, with_for_update=True)
            here = socket.gethostname()[:200]
            if sign is not None and sign.stopped is None and sign.host != here:
                silent_s = (now - sign.beat).total_seconds()
                if silent_s < DEAD_AFTER_S:
                    raise WorkerNameTakenError(
                        f"A worker {self._name!r} works on {sign.host} and was alive {silent_s:.0f} s ago. Choose "
                        f"another name, stop that one, or wait {DEAD_AFTER_S - silent_s:.0f} s if it is dead."
                    )
            if sign is None:
                sign = WorkerSign(name=self._name)
                session.add(sign)
            sign.session, sign.host, sign.pid = self._session, here, os.getpid()
            sign.started, sign.beat, sign.stopped = now, now, None
            sign.queues = ",".join(self._queues)

    def start(self) -> None:
        """Begin to give signs; `claim` comes first."""
        self._last = datetime.now(UTC)
        for work in (self._beat, self._watch) if self._gives_up else (self._beat,):
            thread = threading.Thread(target=work, name=f"heartbeat-{self._name}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def stop(self) -> bool:
        """End in good order; whether the name was this worker's to the end."""
        if not self._threads:
            return False
        self._ended.set()
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(timeout=5)
        hangs = any(thread.is_alive() for thread in self._threads if thread is not threading.current_thread())
        self._threads = []
        if hangs:  # in the database, which would not take this either
            return False
        try:
            return self._write(stopped=datetime.now(UTC))
        except sa.exc.SQLAlchemyError:
            _log.warning("Worker %s could not say that it stopped: the database does not answer", self._name)
            return False

    def _beat(self) -> None:
        while not self._ended.wait(self._every_s):
            try:
                if not self._write(beat=datetime.now(UTC)):
                    self._tell("another worker has its name by now")
                    return
                self._last = datetime.now(UTC)
            except sa.exc.SQLAlchemyError as error:
                _log.warning("Worker %s could not give a sign of life: %s", self._name, error)

    def _watch(self) -> None:
        while not self._ended.wait(min(self._every_s, 1.0)):
            if datetime.now(UTC) - self._last > timedelta(seconds=DEAD_AFTER_S * 0.75):
                self._tell("it has not reached the database for long")
                return

    def _tell(self, reason: str) -> None:
        """Say once that the worker is lost."""
        if self._telling.acquire(blocking=False):
            self._lost(reason)

    def _write(self, **values: datetime) -> bool:
        mine = sa.update(WorkerSign).where(WorkerSign.name == self._name, WorkerSign.session == self._session)
        with self._engine.begin() as connection:
            return connection.execute(mine.values(**values)).rowcount == 1


def list_workers(engine: sa.Engine) -> list[WorkerRecord]:
    """All workers that ever worked on this database, by name."""
    with Session(engine.execution_options(**READS_ONLY)) as session:
        signs = session.scalars(sa.select(WorkerSign).order_by(WorkerSign.name))
        return [
            WorkerRecord(s.name, s.host, s.pid, s.started, s.beat, s.stopped, tuple(s.queues.split(","))) for s in signs
        ]


def is_served(engine: sa.Engine, queue: str) -> bool:
    """Whether there is a worker for a queue that has not stopped; a silent one may come back."""
    return any(queue in worker.queues for worker in list_workers(engine) if worker.stopped is None)


def declare_dead(engine: sa.Engine, name: str) -> None:
    """Take the name from a worker that gives no signs, so that it breaks off what it does should it come back.

    `UnderstudyError` where there is none of this name, or where it lives.
    """
    with Session(engine) as session, session.begin():
        sign = session.get(WorkerSign, name, with_for_update=True)
        if sign is None:
            known = ", ".join(session.scalars(sa.select(WorkerSign.name).order_by(WorkerSign.name))) or "none"
            raise UnderstudyError(f"The worker should be one of those known ({known}), but is {name!r}.")
        silent_s = (datetime.now(UTC) - sign.beat).total_seconds()
        if sign.stopped is None and silent_s < DEAD_AFTER_S:
            raise UnderstudyError(
                f"The worker {name!r} on {sign.host} gave a sign of life {silent_s:.0f} s ago. Stop it, or wait until "
                f"it has been silent for {DEAD_AFTER_S:.0f} s: its run could be done twice else."
            )
        sign.session, sign.stopped = secrets.token_hex(8), sign.stopped or datetime.now(UTC)
