"""Whose turn it is: start-time fair queueing (Goyal, Vin and Cheng 1996) between users, one run being one unit of work.

A run's turn is the larger of the turn that is being served and the one after its owner's last. A user with twenty runs
in the queue thus takes turns with one who brings a single run, which goes next; and since every run moves its owner's
next turn on, nobody waits for ever behind somebody who keeps coming back.
"""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.errors import UnderstudyError
from core.jobs.tables import Run

_UNFINISHED = ("queued", "running")


class TooManyRunsError(UnderstudyError):
    """A limit on what may wait or run at once is reached."""


@dataclass(frozen=True)
class QueueLimits:
    """How much may be in the queue."""

    per_user: int = 50
    """Runs of one user that are not finished."""
    in_total: int = 500
    """Runs of all users that are not finished."""
    per_minute: int = 60
    """Runs that one user starts within a minute."""


def next_turn(session: Session, owner: str, queue: str) -> int:
    """The turn of a run that `owner` brings to a queue now."""
    latest = sa.select(sa.func.max(Run.turn)).where(Run.queue == queue)
    # One that is tried again was started, too, but waits for its new turn.
    served = session.scalar(latest.where(Run.started.is_not(None), Run.state != "queued")) or 0
    last = session.scalar(latest.where(Run.owner == owner))
    return max(served, 0 if last is None else last + 1)


def runs_ahead(session: Session, run: Run) -> int:
    """How many runs go before a queued one in its queue."""
    earlier = sa.or_(Run.turn < run.turn, sa.and_(Run.turn == run.turn, Run.created < run.created))
    waiting = (Run.state == "queued", Run.queue == run.queue, earlier)
    return session.scalar(sa.select(sa.func.count()).select_from(Run).where(*waiting)) or 0


def check_limits(session: Session, owner: str, limits: QueueLimits, a_minute_ago: sa.ColumnElement[bool]) -> None:
    """Raise `TooManyRunsError` where one more run of `owner` would be one too many.

    `a_minute_ago` is the condition that a run was created within the last minute.
    """

    def count(*conditions: sa.ColumnElement[bool]) -> int:
        return session.scalar(sa.select(sa.func.count()).select_from(Run).where(*conditions)) or 0

    unfinished = Run.state.in_(_UNFINISHED)
    if (waiting := count(unfinished)) >= limits.in_total:
        raise TooManyRunsError(f"The site takes {limits.in_total} runs at once and has {waiting}. Try again later.")
    if (mine := count(unfinished, Run.owner == owner)) >= limits.per_user:
        raise TooManyRunsError(
            f"At most {limits.per_user} of your runs can wait at once, and {mine} do. Wait for one, or cancel one."
        )
    if count(Run.owner == owner, a_minute_ago) >= limits.per_minute:
        raise TooManyRunsError(f"At most {limits.per_minute} runs can be started in a minute. Wait a moment.")
