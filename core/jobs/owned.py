"""The store as one user sees it: the runs of others are not there."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.errors import RunNotFoundError
from core.jobs.fairness import QueueLimits, check_limits
from core.jobs.records import RunRecord
from core.jobs.searching import RunSearch
from core.jobs.store import RunStore
from core.jobs.tables import Run


class OwnedRuns(RunStore):
    """Runs of the user that `user` answers with when it is asked, at every call; with None, which is nobody, none.

    Whatever takes the id of a run from outside asks this store, so that no route or page can forget to look whose run
    it is. Workers use a plain `RunStore`.
    """

    def __init__(self, engine: sa.Engine, user: Callable[[], str | None], limits: QueueLimits | None = None) -> None:
        super().__init__(engine)
        self._user, self._limits = user, limits or QueueLimits()

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
        """Add a queued run that is the user's, whatever `owner` says; `TooManyRunsError` where it is one too many."""
        self._check_limits()
        return super().create(run_id, name, source_name, settings, stages, also, self._somebody())

    def adopt(
        self,
        run_id: str,
        name: str,
        source_name: str,
        settings: dict[str, Any],
        stages: Sequence[tuple[str, str, float | None]],
        owner: str | None = None,
    ) -> RunRecord:
        """Add a run that was made elsewhere; it is the user's, whatever `owner` says."""
        self._check_limits()
        return super().adopt(run_id, name, source_name, settings, stages, self._somebody())

    def recent(self, limit: int = 12, owner: str | None = None) -> list[RunRecord]:
        """The latest runs of the user, newest first."""
        return super().recent(limit, self._somebody())

    def find(self, search: RunSearch, owner: str | None = None) -> tuple[list[RunRecord], int]:
        """The part of the user's runs that a search asks for, and how many it fits in all."""
        return super().find(search, self._somebody())

    def ids_of(self, owner: str | None = None) -> list[tuple[str, bool]]:
        """Ids of all runs of the user, and whether each is deleted."""
        return super().ids_of(self._somebody())

    def get(self, run_id: str, deleted: bool = False) -> RunRecord:
        """The run, or `RunNotFoundError` also where it is another's."""
        self.check(run_id)
        return super().get(run_id, deleted)

    def rename(self, run_id: str, name: str) -> None:
        """Call a run otherwise."""
        self.check(run_id)
        super().rename(run_id, name)

    def delete(self, run_id: str) -> None:
        """Put a run away."""
        self.check(run_id)
        super().delete(run_id)

    def restore(self, run_id: str) -> RunRecord:
        """Bring a deleted run back."""
        self.check(run_id)
        return super().restore(run_id)

    def reopen(self, run_id: str, also: Callable[[sa.Connection], None] | None = None) -> RunRecord:
        """Queue a failed or cancelled run again; `TooManyRunsError` where it is one too many."""
        self.check(run_id)
        self._check_limits()
        return super().reopen(run_id, also)

    def request_cancel(self, run_id: str) -> RunRecord:
        """Ask for a run to end."""
        self.check(run_id)
        return super().request_cancel(run_id)

    def check(self, run_id: str) -> None:
        """Raise `RunNotFoundError` unless the run is the user's, deleted or not."""
        with Session(self._reader) as session:
            owner = session.scalar(sa.select(Run.owner).where(Run.id == run_id))
        if owner is None or owner != self._user():
            raise RunNotFoundError("There is no run with this id.")

    def _somebody(self) -> str:
        user = self._user()
        if user is None:
            raise RunNotFoundError("Nobody asks for this run: the request has no user.")
        return user

    def _check_limits(self) -> None:
        recently = Run.created > datetime.now(UTC) - timedelta(minutes=1)
        with Session(self._reader) as session:
            check_limits(session, self._somebody(), self._limits, recently)
