"""What is known of runs, in the database: plain records out, small transactions in."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.errors import RunNotFoundError
from core.jobs.database import READS_ONLY
from core.jobs.fairness import next_turn, runs_ahead
from core.jobs.queues import queue_of
from core.jobs.records import FINISHED, RunRecord, record_of
from core.jobs.searching import RunSearch, matching
from core.jobs.tables import Run, RunStage
from core.jobs.users import LOCAL_USER

KEPT_AFTER_DELETION = timedelta(days=7)
"""So long a deleted run or policy can be brought back."""


class RunStore:
    """Reads and writes runs. Safe to share between threads; every method is one transaction."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
        self._reader = engine.execution_options(**READS_ONLY)

    def create(
        self,
        run_id: str,
        name: str,
        source_name: str,
        settings: dict[str, Any],
        stages: Sequence[tuple[str, str]],
        also: Callable[[sa.Connection], None] | None = None,
        owner: str | None = None,
    ) -> RunRecord:
        """Add a queued run with its stages (name, title) in order; its owner is the local user if none is named.

        `also` is called with the connection before the commit: what it writes stands or falls with the run.
        """
        run = Run(id=run_id, name=name[:200], source_name=source_name[:200], settings=settings, created=_now())
        run.owner = owner or LOCAL_USER
        run.stages = [RunStage(name=n, title=title, position=i) for i, (n, title) in enumerate(stages)]
        with Session(self.engine) as session, session.begin():
            run.queue = queue_of(settings)
            run.turn = next_turn(session, run.owner, run.queue)
            session.add(run)
            session.flush()
            record = record_of(run)
            if also:
                also(session.connection())
        return record

    def get(self, run_id: str, deleted: bool = False) -> RunRecord:
        """The run, or `RunNotFoundError`; one that is deleted only where `deleted` is set."""
        with Session(self._reader) as session:
            run = _find(session, run_id, deleted)
            return record_of(run, runs_ahead(session, run) if run.state == "queued" else None)

    def recent(self, limit: int = 12, owner: str | None = None) -> list[RunRecord]:
        """The latest runs, newest first; those of `owner` alone if one is named."""
        latest = sa.select(Run).where(Run.deleted.is_(None)).order_by(Run.created.desc()).limit(limit)
        if owner is not None:
            latest = latest.where(Run.owner == owner)
        with Session(self._reader) as session:
            return [record_of(run) for run in session.scalars(latest)]

    def find(self, search: RunSearch, owner: str | None = None) -> tuple[list[RunRecord], int]:
        """The part of the runs that a search asks for, newest first, and how many it fits in all."""
        conditions = matching(search, owner)
        found = sa.select(Run).where(*conditions).order_by(Run.created.desc(), Run.id)
        with Session(self._reader) as session:
            total = session.scalar(sa.select(sa.func.count()).select_from(Run).where(*conditions)) or 0
            return [record_of(run) for run in session.scalars(found.offset(search.first).limit(search.count))], total

    def ids_of(self, owner: str) -> list[tuple[str, bool]]:
        """Ids of all runs of a user, and whether each is deleted."""
        asked = sa.select(Run.id, Run.deleted.is_not(None)).where(Run.owner == owner)
        with Session(self._reader) as session:
            return [(run_id, deleted) for run_id, deleted in session.execute(asked)]

    def adopt(
        self,
        run_id: str,
        name: str,
        source_name: str,
        settings: dict[str, Any],
        stages: Sequence[tuple[str, str, float | None]],
        owner: str | None = None,
    ) -> RunRecord:
        """Add a run that was made elsewhere and is done; stages are (name, title, seconds or None where skipped)."""
        now = _now()
        run = Run(id=run_id, name=name[:200], source_name=source_name[:200], settings=settings, state="done")
        run.created = run.started = run.finished = now
        run.owner = owner or LOCAL_USER
        for i, (stage, title, seconds) in enumerate(stages):
            begun = None if seconds is None else now - timedelta(seconds=seconds)
            state, ended = ("skipped", None) if begun is None else ("done", now)
            more = {"position": i, "state": state, "fraction": 1.0, "started": begun, "finished": ended}
            run.stages.append(RunStage(name=stage, title=title, **more))
        with Session(self.engine) as session, session.begin():
            session.add(run)
            session.flush()
            return record_of(run)

    def rename(self, run_id: str, name: str) -> None:
        """Call a run otherwise."""
        with Session(self.engine) as session, session.begin():
            _find(session, run_id).name = name[:200]

    def delete(self, run_id: str) -> None:
        """Put a run away, and end it where it is not finished; `restore` brings it back until it is purged."""
        self.request_cancel(run_id)
        with Session(self.engine) as session, session.begin():
            _find(session, run_id).deleted = _now()

    def restore(self, run_id: str) -> RunRecord:
        """Bring a deleted run back; `RunNotFoundError` where it is gone for good."""
        with Session(self.engine) as session, session.begin():
            run = _find(session, run_id, deleted=True)
            run.deleted, run.restored = None, datetime.now(UTC)
            session.flush()
            return record_of(run)

    def deleted_before(self, instant: datetime) -> list[str]:
        """Ids of the finished runs that were deleted before an instant."""
        old = sa.select(Run.id).where(Run.deleted < instant, Run.state.in_(FINISHED))
        with Session(self._reader) as session:
            return list(session.scalars(old))

    def finished_before(self, instant: datetime) -> list[str]:
        """Ids of the runs that ended, and were brought back if so, before an instant and are not deleted."""
        old = sa.select(Run.id).where(Run.finished < instant, Run.state.in_(FINISHED), Run.deleted.is_(None))
        old = old.where(sa.or_(Run.restored.is_(None), Run.restored < instant))
        with Session(self._reader) as session:
            return list(session.scalars(old))

    def purge(self, run_id: str) -> None:
        """Forget a run for good; its files are the caller's to remove."""
        with Session(self.engine) as session, session.begin():
            session.delete(_find(session, run_id, deleted=True))

    def reopen(self, run_id: str, also: Callable[[sa.Connection], None] | None = None) -> RunRecord:
        """Queue a failed or cancelled run again from its first stage that is not done; others are left as they are.

        `also` is called with the connection before the commit, only where the run was reopened.
        """
        with Session(self.engine) as session, session.begin():
            run = _find(session, run_id)
            if run.state in ("failed", "cancelled"):
                run.state, run.error, run.cancel_requested, run.finished = "queued", None, False, None
                run.turn = next_turn(session, run.owner, run.queue)
                for stage in run.stages:
                    if stage.state not in ("done", "skipped"):
                        stage.state, stage.fraction, stage.message = "waiting", 0.0, ""
                        stage.started = stage.finished = None
                session.flush()
                if also:
                    also(session.connection())
            return record_of(run)

    def unfinished(self) -> list[str]:
        """Ids of the runs that are queued or running."""
        with Session(self._reader) as session:
            return list(session.scalars(sa.select(Run.id).where(Run.state.not_in(FINISHED))))

    def begin(self, run_id: str) -> bool:
        """Mark a run as running; False where it was cancelled before."""
        with Session(self.engine) as session, session.begin():
            run = _find(session, run_id, deleted=True)
            if run.state in FINISHED:
                return False
            run.state, run.started = "running", run.started or _now()
            return True

    def finish(self, run_id: str, state: str, error: str | None = None) -> None:
        """End a run as done, failed or cancelled, once; later calls change nothing."""
        with Session(self.engine) as session, session.begin():
            _finish(_find(session, run_id, deleted=True), state, error)

    def request_cancel(self, run_id: str) -> RunRecord:
        """Ask for a run to end: at once where it only waits, at its worker's next look where it runs."""
        with Session(self.engine) as session, session.begin():
            run = _find(session, run_id)
            run.cancel_requested = run.cancel_requested or run.state not in FINISHED
            if run.state == "queued":
                _finish(run, "cancelled", None)
            session.flush()
            return record_of(run)

    def cancel_requested(self, run_id: str) -> bool:
        """Whether the person asked for the run to end (also where the run is no longer known)."""
        with Session(self._reader) as session:
            return session.scalar(sa.select(Run.cancel_requested).where(Run.id == run_id)) in (True, None)

    def stage_started(self, run_id: str, stage: str) -> None:
        """Mark a stage as running, from its beginning."""
        self._update_stage(run_id, stage, state="running", fraction=0.0, message="", started=_now(), finished=None)

    def stage_progress(self, run_id: str, stage: str, fraction: float, message: str) -> None:
        """Note how far a running stage is."""
        self._update_stage(run_id, stage, fraction=min(max(fraction, 0.0), 1.0), message=message[:300])

    def stage_finished(self, run_id: str, stage: str, state: str) -> None:
        """Mark a stage as done, failed or skipped."""
        more = {"fraction": 1.0, "message": ""} if state in ("done", "skipped") else {}
        self._update_stage(run_id, stage, state=state, finished=_now(), **more)

    def _update_stage(self, run_id: str, stage: str, **values: Any) -> None:
        found = sa.update(RunStage).where(RunStage.run_id == run_id, RunStage.name == stage)
        with Session(self.engine) as session, session.begin():
            session.execute(found.values(**values))


def _now() -> datetime:
    return datetime.now(UTC)


def _find(session: Session, run_id: str, deleted: bool = False) -> Run:
    run = session.get(Run, run_id)
    if run is None or (run.deleted is not None and not deleted):
        raise RunNotFoundError("There is no run with this id.")
    return run


def _finish(run: Run, state: str, error: str | None) -> None:
    if run.state in FINISHED:
        return
    run.state, run.error, run.finished = state, error, _now()
    for stage in run.stages:
        if stage.state == "running":  # it was broken off
            stage.state, stage.finished = ("failed", _now()) if state == "failed" else ("waiting", None)
            stage.started = stage.started if state == "failed" else None
