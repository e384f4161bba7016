"""What is known of trainings, in the database. Their curves and checkpoints are files (`core.training_stages`)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.errors import BadInputError, RunNotFoundError
from core.jobs.database import READS_ONLY
from core.jobs.fairness import TooManyRunsError
from core.jobs.tables import Run, Training

ENDED = ("done", "failed", "stopped")
MOST_AT_ONCE = 5
"""Trainings of one user that may wait or run."""


@dataclass(frozen=True)
class TrainingRecord:
    """A training as it stood when it was read; `state` is queued, running, done, failed or stopped."""

    id: str
    run_id: str
    person: int
    settings: dict[str, Any]
    """`core.training_stages.RunSettings` as JSON."""
    state: str
    error: str | None
    stop_requested: bool
    fraction: float
    message: str
    created: datetime
    started: datetime | None
    finished: datetime | None
    ahead: int | None = None
    """How many trainings go before it, while it waits; None where the queue was not asked."""
    put_away: datetime | None = None
    """When its policy was deleted."""
    facts: dict[str, Any] = field(default_factory=dict)
    """What lists tell of its policy (`core.jobs.policy_facts`)."""

    @property
    def is_ended(self) -> bool:
        """Whether nothing more will happen to it, unless somebody resumes it."""
        return self.state in ENDED


class TrainingStore:
    """Reads and writes trainings; every method is one transaction. Whose run it is, is asked before, of the runs."""

    def __init__(self, engine: sa.Engine, line: Callable[[], list[str]] | None = None) -> None:
        """`line` asks the queue for the ids of trainings, in the order in which it goes."""
        self.engine, self._line = engine, line
        self._reader = engine.execution_options(**READS_ONLY)

    def create(
        self,
        training_id: str,
        run_id: str,
        person: int,
        settings: dict[str, Any],
        also: Callable[[sa.Connection, int], None],
    ) -> TrainingRecord:
        """Add a queued training. `also` is called with the connection and its place in line before the commit.

        `TooManyRunsError` where the run's owner has `MOST_AT_ONCE` that have not ended.
        """
        training = Training(id=training_id, run_id=run_id, person=person, settings=settings, created=_now(), facts={})
        with Session(self.engine) as session, session.begin():
            line = _place_in_line(session, run_id)
            session.add(training)
            session.flush()
            also(session.connection(), line)
            return record_of_training(training)

    def get(self, run_id: str, training_id: str) -> TrainingRecord:
        """A run's training, or `RunNotFoundError`."""
        with Session(self._reader) as session:
            training = _find(session, training_id, run_id)
            return record_of_training(training, self._ahead(session, [training]).get(training_id))

    def called(self, training_id: str) -> TrainingRecord | None:
        """A training by its own id alone; None where it has gone with its run."""
        with Session(self._reader) as session:
            training = session.get(Training, training_id)
            return None if training is None else record_of_training(training)

    def of_run(self, run_id: str) -> list[TrainingRecord]:
        """All trainings of a run, oldest first."""
        asked = sa.select(Training).where(Training.run_id == run_id).order_by(Training.created, Training.id)
        with Session(self._reader) as session:
            found = session.scalars(asked).all()
            ahead = self._ahead(session, found)
            return [record_of_training(each, ahead.get(each.id)) for each in found]

    def unended(self) -> list[str]:
        """Ids of the trainings that are queued or running."""
        with Session(self._reader) as session:
            return list(session.scalars(sa.select(Training.id).where(Training.state.not_in(ENDED))))

    def begin(self, training_id: str) -> bool:
        """Mark a training as running; False where it was stopped before, or has gone with its run."""
        with Session(self.engine) as session, session.begin():
            training = session.get(Training, training_id)
            if training is None or training.state in ENDED:
                return False
            training.state, training.started = "running", training.started or _now()
            return True

    def progress(self, training_id: str, fraction: float, message: str) -> None:
        """Note how far a training is."""
        running = sa.update(Training).where(Training.id == training_id, Training.state == "running")
        with Session(self.engine) as session, session.begin():
            session.execute(running.values(fraction=min(max(fraction, 0.0), 1.0), message=message[:300]))

    def end(self, training_id: str, state: str, error: str | None = None) -> None:
        """End a training as done, failed or stopped, once; later calls change nothing."""
        with Session(self.engine) as session, session.begin():
            training = session.get(Training, training_id)
            if training is not None and training.state not in ENDED:
                _end(training, state, error)

    def request_stop(self, run_id: str, training_id: str) -> TrainingRecord:
        """Ask for a training to end: at once where it only waits, at its worker's next look where it runs."""
        with Session(self.engine) as session, session.begin():
            training = _find(session, training_id, run_id)
            training.stop_requested = training.stop_requested or training.state not in ENDED
            if training.state == "queued":
                _end(training, "stopped", None)
            session.flush()
            return record_of_training(training)

    def stop_requested(self, training_id: str) -> bool:
        """Whether it should end: somebody said so, its run was deleted, or neither is known any more."""
        asked = sa.select(Training.stop_requested, Run.deleted).join(Run).where(Training.id == training_id)
        with Session(self._reader) as session:
            row = session.execute(asked).first()
        return row is None or row[0] or row[1] is not None

    def reopen(
        self, run_id: str, training_id: str, settings: dict[str, Any], also: Callable[[sa.Connection, int], None]
    ) -> TrainingRecord:
        """Queue a training that has ended once more; one that has not is left as it is.

        `BadInputError` where its policy is deleted: it will be removed for good, and what it learns with it.
        """
        with Session(self.engine) as session, session.begin():
            training = _find(session, training_id, run_id)
            if training.put_away is not None:
                raise BadInputError("This policy is deleted. Bring it back first, then go on with it.")
            if training.state in ENDED:
                line = _place_in_line(session, run_id)
                training.state, training.error, training.settings = "queued", None, settings
                training.stop_requested, training.finished, training.fraction = False, None, 0.0
                session.flush()
                also(session.connection(), line)
            return record_of_training(training)

    def _ahead(self, session: Session, trainings: Sequence[Training]) -> dict[str, int]:
        """How many trainings go before each of those that wait, by its id."""
        waiting = [each.id for each in trainings if each.state == "queued"]
        if self._line is None or not waiting:
            return {}
        # The queue has those, too, that were stopped while they waited, until their turn comes.
        unended = set(session.scalars(sa.select(Training.id).where(Training.state.not_in(ENDED))))
        places = {each: place for place, each in enumerate(each for each in self._line() if each in unended)}
        return {each: places[each] for each in waiting if each in places}


def _place_in_line(session: Session, run_id: str) -> int:
    """How many trainings of the run's owner have not ended: who brings the first goes before who brings the third."""
    owner = sa.select(Run.owner).where(Run.id == run_id).scalar_subquery()
    theirs = sa.select(sa.func.count()).select_from(Training).join(Run).where(Run.owner == owner)
    count = session.scalar(theirs.where(Training.state.not_in(ENDED))) or 0
    if count >= MOST_AT_ONCE:
        raise TooManyRunsError(
            f"At most {MOST_AT_ONCE} of your trainings can wait at once, and {count} do. Wait for one, or stop one."
        )
    return count


def _now() -> datetime:
    return datetime.now(UTC)


def _find(session: Session, training_id: str, run_id: str) -> Training:
    training = session.get(Training, training_id)
    if training is None or training.run_id != run_id:
        raise RunNotFoundError("The run has no such training.")
    return training


def _end(training: Training, state: str, error: str | None) -> None:
    training.state, training.error, training.finished, training.message = state, error, _now(), ""


def record_of_training(training: Training, ahead: int | None = None) -> TrainingRecord:
    """A row as a plain record."""
    return TrainingRecord(
        id=training.id,
        run_id=training.run_id,
        person=training.person,
        settings=dict(training.settings),
        state=training.state,
        error=training.error,
        stop_requested=training.stop_requested,
        fraction=training.fraction,
        message=training.message,
        created=training.created,
        started=training.started,
        finished=training.finished,
        ahead=ahead,
        put_away=training.put_away,
        facts=dict(training.facts or {}),
    )
