"""Waiting for a database that is away for a moment: restarted, cut off, locked, or on a disk that is full."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

import sqlalchemy as sa

P = ParamSpec("P")
T = TypeVar("T")

PATIENCE_S = 300.0
_PASSING = ("locked", "busy", "full", "disk i/o", "unable to open", "readonly")
_log = logging.getLogger(__name__)


def is_passing(error: BaseException) -> bool:
    """Whether an error of the database may be gone when it is asked again."""
    if not isinstance(error, (sa.exc.OperationalError, sa.exc.InterfaceError)):
        return isinstance(error, sa.exc.TimeoutError)
    if error.connection_invalidated or not type(error.orig).__module__.startswith("sqlite3"):
        return True
    return any(word in str(error.orig).lower() for word in _PASSING)


def patiently(work: Callable[P, T], *given: P.args, **named: P.kwargs) -> T:
    """What `work` returns; where the database is away it is asked again, for `PATIENCE_S` at most."""
    deadline, pause = time.monotonic() + PATIENCE_S, 0.1
    while True:
        try:
            return work(*given, **named)
        except sa.exc.SQLAlchemyError as error:
            if not is_passing(error) or time.monotonic() + pause > deadline:
                raise
            _log.warning("The database does not answer, which is tried again in %.1f s: %s", pause, error)
        time.sleep(pause)
        pause = min(2 * pause, 10.0)


@contextmanager
def unless_away() -> Iterator[None]:
    """A database that is away for a moment does not break off what is computing meanwhile."""
    try:
        yield
    except sa.exc.SQLAlchemyError as error:
        if not is_passing(error):
            raise
