"""Runs and their stages as they stood when they were read from the database."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from core.jobs.tables import Run
from core.jobs.users import LOCAL_USER

FINISHED = ("done", "failed", "cancelled")
_GUESS_AFTER_S, _GUESS_AFTER_FRACTION = 3.0, 0.04


@dataclass(frozen=True)
class StageRecord:
    """How far a stage is: `state` is waiting, running, done, failed or skipped; `fraction` in [0, 1]."""

    name: str
    title: str
    state: str
    fraction: float
    message: str
    seconds: float | None

    @property
    def left_s(self) -> float | None:
        """About how much longer a running stage takes [s], by what it took so far; None where that is no guide."""
        known = self.seconds is not None and self.seconds >= _GUESS_AFTER_S
        if self.state != "running" or not known or self.fraction < _GUESS_AFTER_FRACTION:
            return None
        assert self.seconds is not None
        return self.seconds * (1.0 - self.fraction) / self.fraction


@dataclass(frozen=True)
class RunRecord:
    """A run as it stood when it was read; `state` is queued, running, done, failed or cancelled."""

    id: str
    name: str
    source_name: str
    settings: dict[str, Any]
    state: str
    error: str | None
    cancel_requested: bool
    created: datetime
    started: datetime | None
    finished: datetime | None
    stages: tuple[StageRecord, ...]
    owner: str = LOCAL_USER
    ahead: int | None = None
    """How many runs go before it, while it waits (asked for with `RunStore.get`)."""

    @property
    def is_finished(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in FINISHED


def record_of(run: Run, ahead: int | None = None) -> RunRecord:
    """The record of a row, and how many go `ahead` of it."""
    stages = tuple(
        StageRecord(s.name, s.title, s.state, s.fraction, s.message, _seconds(s.started, s.finished))
        for s in run.stages
    )
    return RunRecord(
        id=run.id,
        name=run.name,
        source_name=run.source_name,
        settings=dict(run.settings),
        state=run.state,
        error=run.error,
        cancel_requested=run.cancel_requested,
        created=run.created,
        started=run.started,
        finished=run.finished,
        stages=stages,
        owner=run.owner,
        ahead=ahead,
    )


def _seconds(started: datetime | None, finished: datetime | None) -> float | None:
    if started is None:
        return None
    return round(((finished or datetime.now(UTC)) - started).total_seconds(), 2)
