"""The policies of a user: the trainings of all their runs, as one list; renamed, put away, brought back, removed.

A policy that is put away has a marker in its training's folder, for those who read that, and the moment in its row, for
lists; its files stay until it is removed, or its run is.
"""

import shutil
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.errors import BadInputError, RunNotFoundError
from core.imitation.challenge_folder import forget_cells
from core.jobs.database import READS_ONLY
from core.jobs.home import PUT_AWAY, RUN_PART, SITE_PART, Home
from core.jobs.store import RunStore
from core.jobs.tables import Run, Training
from core.jobs.trainings import ENDED, TrainingRecord, record_of_training
from core.run_figures import POLICY
from core.run_folder import RunFolder, read_json, write_json
from core.training_folder import training_folder


@dataclass(frozen=True)
class PolicyPlace:
    """Which training a policy is of."""

    training_id: str
    run_id: str
    run_name: str
    person: int
    state: str
    """Of the training, as in `core.jobs.trainings.TrainingRecord`."""


@dataclass(frozen=True)
class PolicySearch:
    """Which policies are asked for."""

    text: str = ""
    """Part of the name, in any case."""
    states: tuple[str, ...] = ()
    """Of their trainings; any if empty."""
    put_away: bool = False
    """Those that are deleted, or those that are not."""
    first: int = 0
    count: int = 100
    ids: tuple[str, ...] | None = None
    """Only these of them; any if None."""


class PolicyStore:
    """Reads and renames; whose run it is, is asked before, of the runs, wherever one training is named."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
        self._reader = engine.execution_options(**READS_ONLY)

    def of_owner(self, owner: str | None) -> list[PolicyPlace]:
        """All trainings of a user's runs, neither of them deleted, newest first."""
        asked = _places().where(Run.owner == owner, Run.deleted.is_(None), Training.put_away.is_(None))
        with Session(self._reader) as session:
            return [PolicyPlace(*row) for row in session.execute(asked.order_by(*_NEWEST_FIRST))]

    def find(self, owner: str | None, search: PolicySearch) -> tuple[list[tuple[PolicyPlace, TrainingRecord]], int]:
        """The part of a user's policies that is asked for, newest first, and how many fit in all."""
        away = Training.put_away.is_not(None) if search.put_away else Training.put_away.is_(None)
        conditions = [Run.owner == owner, Run.deleted.is_(None), away]
        if search.states:
            conditions.append(Training.state.in_(search.states))
        if search.ids is not None:
            conditions.append(Training.id.in_(search.ids))
        if text := search.text.strip():
            conditions.append(Training.settings["name"].as_string().icontains(text, autoescape=True))
        asked = sa.select(Training, Run.name).join(Run, Training.run_id == Run.id).where(*conditions)
        part = asked.order_by(*_NEWEST_FIRST).offset(search.first).limit(search.count)
        with Session(self._reader) as session:
            total = session.scalar(sa.select(sa.func.count()).select_from(asked.subquery())) or 0
            found = [
                (PolicyPlace(each.id, each.run_id, name, each.person, each.state), record_of_training(each))
                for each, name in session.execute(part)
            ]
            return found, total

    def put_away(self, run_id: str, training_id: str, when: datetime | None) -> None:
        """Note when a policy was deleted; None where it is brought back."""
        named = sa.update(Training).where(Training.id == training_id, Training.run_id == run_id)
        with Session(self.engine) as session, session.begin():
            session.execute(named.values(put_away=when))

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


def _places() -> sa.Select:
    columns = (Training.id, Run.id, Run.name, Training.person, Training.state)
    return sa.select(*columns).join(Run, Training.run_id == Run.id)


_NEWEST_FIRST = (Training.created.desc(), Training.id)


def deleted_policies(engine: sa.Engine, before: datetime) -> list[PolicyPlace]:
    """Policies that were put away before an instant and not brought back since."""
    asked = _places().where(Training.put_away < before, Training.state.in_(ENDED)).order_by(Training.id)
    with Session(engine.execution_options(**READS_ONLY)) as session:
        return [PolicyPlace(*row) for row in session.execute(asked)]


def remove_policy(engine: sa.Engine, home: Home, place: PolicyPlace) -> None:
    """Remove a policy for good: its files, its performance, what challenges have of it, and what is known of it.

    One that was brought back meanwhile, elsewhere even, stays. The marker goes last, so that what is broken off, by a
    store that is away or a kill, is gone on with the next time.
    """
    home.pull(place.run_id)
    run = home.run(place.run_id)
    put_away = marker(run, place.person, place.training_id)
    if not put_away.is_file():
        return
    performances = run.person(place.person).glob(f"rollouts/policy-{place.training_id}[.-]*")
    for path in [*put_away.parent.iterdir(), *performances]:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        elif path != put_away:
            path.unlink(missing_ok=True)
    for part in (place.training_id, *_forget_figures(engine, run, place)):
        home.push(place.run_id, part)
    forget_cells(home.challenges, place.training_id)
    with Session(engine) as session, session.begin():
        session.execute(sa.delete(Training).where(Training.id == place.training_id))
    shutil.rmtree(put_away.parent, ignore_errors=True)
    home.push(place.run_id, SITE_PART)


def _forget_figures(engine: sa.Engine, run: RunFolder, place: PolicyPlace) -> tuple[str, ...]:
    """Take a policy out of metrics.json, where earlier versions wrote its figures; the part of the run that changed.

    Not where a worker is at the run, whose the file is then: without its performance nobody shows them any more.
    """
    with suppress(RunNotFoundError, BadInputError):
        figures = read_json(run.metrics)
        of_person = figures.get(str(place.person), {})
        known = of_person.pop(f"{POLICY}{place.training_id}", None) is not None
        if known and RunStore(engine).get(place.run_id, deleted=True).is_finished:
            write_json(run.metrics, figures)
            return (RUN_PART,)
    return ()
