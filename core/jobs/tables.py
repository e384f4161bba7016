"""The application's own tables. DBOS keeps its tables beside them (SQLite) or in the schema `dbos` (PostgreSQL)."""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from core.jobs.queues import CPU
from core.jobs.users import LOCAL_USER

RUN_STATES = ("queued", "running", "done", "failed", "cancelled")
TRAINING_STATES = ("queued", "running", "done", "failed", "stopped")
STAGE_STATES = ("waiting", "running", "done", "failed", "skipped")

# Named constraints can be changed by later migrations; SQLite gives them no names of its own.
NAMING = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """All tables of the application."""

    metadata = sa.MetaData(naming_convention=NAMING)


class UtcDateTime(sa.TypeDecorator[datetime]):
    """Instants: aware in Python, UTC in the database (SQLite forgets zones, so they are taken off and put back)."""

    impl = sa.DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """To the database."""
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """From the database."""
        return None if value is None else value.replace(tzinfo=UTC)


def _one_of(column: str, states: tuple[str, ...]) -> sa.CheckConstraint:
    return sa.CheckConstraint(f"{column} IN ({', '.join(repr(s) for s in states)})", name=column)


class Run(Base):
    """One run of the pipeline on one source. Its files lie in the folder that its id names."""

    __tablename__ = "runs"
    __table_args__ = (_one_of("state", RUN_STATES),)

    id: Mapped[str] = mapped_column(sa.String(32), primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(200))
    source_name: Mapped[str] = mapped_column(sa.String(200))
    settings: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    state: Mapped[str] = mapped_column(sa.String(16), default="queued")
    error: Mapped[str | None] = mapped_column(sa.Text)
    cancel_requested: Mapped[bool] = mapped_column(sa.Boolean, default=False)
    created: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    started: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished: Mapped[datetime | None] = mapped_column(UtcDateTime)
    owner: Mapped[str] = mapped_column(sa.String(200), default=LOCAL_USER, server_default=LOCAL_USER, index=True)
    """The user whose run it is; nobody else sees it."""
    turn: Mapped[int] = mapped_column(sa.Integer, default=0, server_default="0")
    """Its place in the queue: lower ones go first (`core.jobs.fairness`)."""
    queue: Mapped[str] = mapped_column(sa.String(16), default=CPU, server_default=CPU)
    """Which queue it waits in (`core.jobs.queues`)."""
    deleted: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When a person deleted it; it can be brought back until it is purged."""
    restored: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When it was last brought back: its days are counted anew from then."""
    stages: Mapped[list["RunStage"]] = relationship(
        back_populates="run", order_by="RunStage.position", cascade="all, delete-orphan", lazy="selectin"
    )


class WorkerSign(Base):
    """A worker's sign of life."""

    __tablename__ = "workers"

    name: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    session: Mapped[str] = mapped_column(sa.String(32))
    """Drawn anew at every start: whoever holds another one is no longer the worker of this name."""
    host: Mapped[str] = mapped_column(sa.String(200))
    pid: Mapped[int] = mapped_column(sa.Integer)
    started: Mapped[datetime] = mapped_column(UtcDateTime)
    beat: Mapped[datetime] = mapped_column(UtcDateTime)
    stopped: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When it left in good order, or was declared dead by `recover`."""
    queues: Mapped[str] = mapped_column(sa.String(100), default="cpu,train", server_default="cpu,train")
    """Those that it serves, with commas between."""


class RunStage(Base):
    """One stage of a run and how far it is."""

    __tablename__ = "run_stages"
    __table_args__ = (_one_of("state", STAGE_STATES),)

    run_id: Mapped[str] = mapped_column(sa.ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    title: Mapped[str] = mapped_column(sa.String(200))
    position: Mapped[int] = mapped_column(sa.Integer)
    state: Mapped[str] = mapped_column(sa.String(16), default="waiting")
    fraction: Mapped[float] = mapped_column(sa.Float, default=0.0)
    message: Mapped[str] = mapped_column(sa.String(300), default="")
    started: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished: Mapped[datetime | None] = mapped_column(UtcDateTime)
    run: Mapped[Run] = relationship(back_populates="stages")


class Training(Base):
    """A training of a policy for the motion of a run's person. Its files lie in the run's folder."""

    __tablename__ = "trainings"
    __table_args__ = (_one_of("state", TRAINING_STATES),)

    id: Mapped[str] = mapped_column(sa.String(32), primary_key=True)
    run_id: Mapped[str] = mapped_column(sa.ForeignKey("runs.id", ondelete="CASCADE"), index=True)
    person: Mapped[int] = mapped_column(sa.Integer)
    settings: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    """`core.training_stages.RunSettings`."""
    state: Mapped[str] = mapped_column(sa.String(16), default="queued")
    error: Mapped[str | None] = mapped_column(sa.Text)
    stop_requested: Mapped[bool] = mapped_column(sa.Boolean, default=False)
    fraction: Mapped[float] = mapped_column(sa.Float, default=0.0)
    message: Mapped[str] = mapped_column(sa.String(300), default="")
    created: Mapped[datetime] = mapped_column(UtcDateTime)
    started: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished: Mapped[datetime | None] = mapped_column(UtcDateTime)
    put_away: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When a person deleted its policy, as the marker in its folder says (`core.jobs.policies`)."""
    facts: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    """What a list tells of its policy (`core.jobs.policy_facts`); None before that was looked for."""
