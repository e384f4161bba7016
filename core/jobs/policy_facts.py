"""What lists tell of policies, kept in the database: a run's files may be on another machine, or in a store alone."""

import logging
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.imitation.ppo.curve import read_curve
from core.jobs.database import READS_ONLY
from core.jobs.home import PUT_AWAY, Home
from core.jobs.object_store import StoreAwayError
from core.jobs.tables import Training
from core.run_folder import RunFolder
from core.training_folder import WORK, performance_file, training_folder

_log = logging.getLogger(__name__)
_OF_EVALUATION = ("return", "seconds_up", "horizon_s", "samples")


def policy_facts(run: RunFolder, person: int, training_id: str) -> dict[str, Any]:
    """From the files of a training.

    {"evaluation": the last one's return, seconds_up, horizon_s and samples, or None, "performed": when its latest
    performance was written [ms since 1970], or None, "has_files": whether the policy's files are there}
    """
    folder = training_folder(run, person, training_id).root
    told = [line for line in read_curve(folder / WORK) if "return" in line]
    performance = performance_file(run, person, training_id)
    return {
        "evaluation": {name: told[-1].get(name) for name in _OF_EVALUATION} if told else None,
        "performed": performance.stat().st_mtime_ns // 1_000_000 if performance.is_file() else None,
        "has_files": (folder / "card.md").is_file(),
    }


def note_facts(engine: sa.Engine, training_id: str, facts: dict[str, Any]) -> None:
    """Keep what a list tells of a policy; nothing where its training has gone."""
    with Session(engine) as session, session.begin():
        session.execute(sa.update(Training).where(Training.id == training_id).values(facts=facts))


def note_missing_facts(engine: sa.Engine, home: Home) -> None:
    """Look at the files of trainings of earlier versions, once, run by run; those that cannot be had are left to do."""
    asked = sa.select(Training.id, Training.run_id, Training.person).where(Training.facts.is_(None))
    with Session(engine.execution_options(**READS_ONLY)) as session:
        missing = session.execute(asked.order_by(Training.run_id)).all()
    for run_id in dict.fromkeys(row.run_id for row in missing):
        try:
            with home.borrowed(run_id) as root:
                for row in (row for row in missing if row.run_id == run_id):
                    _note_from_files(engine, RunFolder(root), row.person, row.id)
        except StoreAwayError as error:
            _log.warning("Policies of earlier versions are listed without their figures for now: %s", error)
            return
        except Exception:  # whatever the files of one run hold, the others are looked at
            _log.exception("The policies of run %s are listed without their figures", run_id)


def _note_from_files(engine: sa.Engine, run: RunFolder, person: int, training_id: str) -> None:
    facts = policy_facts(run, person, training_id)
    marker = training_folder(run, person, training_id).root / PUT_AWAY
    put_away = datetime.fromtimestamp(marker.stat().st_mtime, UTC) if marker.is_file() else None
    with Session(engine) as session, session.begin():
        training = session.get(Training, training_id)
        if training is not None and training.facts is None:
            training.facts, training.put_away = facts, put_away or training.put_away
