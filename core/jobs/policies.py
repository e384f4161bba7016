"""The policies of a user: the trainings of all their runs, as one list; renamed, put away and brought back.

A policy that is put away has a marker in its training's folder; its files stay until its run is removed.
"""

from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.errors import RunNotFoundError
from core.jobs.database import READS_ONLY
from core.jobs.home import PUT_AWAY
from core.jobs.tables import Run, Training
from core.run_folder import RunFolder
from core.training_folder import training_folder


@dataclass(frozen=True)
class PolicyPlace:
    """Which training a policy is of."""

    training_id: str
    run_id: str
    run_name: str
    person: int


class PolicyStore:
    """Reads and renames; whose run it is, is asked before, of the runs, wherever one training is named."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
        self._reader = engine.execution_options(**READS_ONLY)

    def of_owner(self, owner: str | None, text: str = "") -> list[PolicyPlace]:
        """All trainings of a user's runs that are not deleted, newest first; those whose name has `text` in it."""
        asked = sa.select(Training.id, Run.id, Run.name, Training.person).join(Run, Training.run_id == Run.id)
        asked = asked.where(Run.owner == owner, Run.deleted.is_(None)).order_by(Training.created.desc(), Training.id)
        if text.strip():
            asked = asked.where(Training.settings["name"].as_string().icontains(text.strip(), autoescape=True))
        with Session(self._reader) as session:
            return [PolicyPlace(*row) for row in session.execute(asked)]

    def rename(self, run_id: str, training_id: str, name: str) -> None:
        """Call a policy otherwise."""
        with Session(self.engine) as session, session.begin():
            training = session.get(Training, training_id)
            if training is None or training.run_id != run_id:
                raise RunNotFoundError("The run has no such training.")
            training.settings = training.settings | {"name": name[:200]}


def marker(run: RunFolder, person: int, training_id: str) -> Path:
    """The file that is there while a policy is put away."""
    return training_folder(run, person, training_id).root / PUT_AWAY


def is_put_away(run: RunFolder, person: int, training_id: str) -> bool:
    """Whether a policy was deleted, and can be brought back."""
    return marker(run, person, training_id).is_file()
