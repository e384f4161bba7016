"""What a person may challenge: the policies and motions that ship, and their own, of the runs that they have."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import sqlalchemy as sa

from core.errors import RunNotFoundError
from core.imitation.references import clip_names
from core.imitation.shipped import known_policies
from core.jobs.home import Home
from core.jobs.owned import OwnedRuns
from core.jobs.policies import PolicyStore, is_put_away
from core.jobs.searching import MOST_AT_ONCE, RunSearch
from core.jobs.trainings import TrainingStore
from core.training_folder import REFERENCE, training_folder

_ID = "[a-z0-9]{16}"
_POLICY = re.compile(f"({_ID})-([0-9]{{1,3}})-({_ID})")
_MOTION = re.compile(f"({_ID})-([0-9]{{1,3}})")


@dataclass(frozen=True)
class Choosable:
    """A policy or motion: `key` stands for it in requests and file names, `name` is what the library calls it.

    `file` is its own file, None of what ships. `problem`: why it cannot be had any more; empty where it can.
    """

    key: str
    name: str
    file: Path | None = None
    problem: str = ""


class Choices:
    """Looks up what one user may choose. Of others' runs it knows no more than of those that are not there."""

    def __init__(self, engine: sa.Engine, home: Home, owner: str | None) -> None:
        self._owner, self._home = owner, home
        self._runs = OwnedRuns(engine, lambda: owner)
        self._policies, self._trainings = PolicyStore(engine), TrainingStore(engine)

    def policies(self) -> list[Choosable]:
        """All that can be had, the user's own ones first, newest first."""
        places = self._policies.of_owner(self._owner)
        own = (self.policy(f"{each.run_id}-{each.person}-{each.training_id}") for each in places)
        return [*_there(own), *(Choosable(name, name) for name in known_policies())]

    def motions(self) -> list[Choosable]:
        """All that can be had, those of the user's latest runs first, newest first."""
        runs, _ = self._runs.find(RunSearch(count=MOST_AT_ONCE))
        own = (
            self.motion(f"{run.id}-{person}")
            for run in runs
            for person in _people_with_motion(self._home.run(run.id).root)
        )
        return [*_there(own), *(Choosable(name, name) for name in clip_names())]

    def policy(self, key: str) -> Choosable:
        """The policy that `key` stands for; with a problem where there is none, or not any more."""
        if key in known_policies():
            return Choosable(key, key)
        found = _POLICY.fullmatch(key)
        if found is None:
            return Choosable(key, key, problem="There is no such policy.")
        run_id, person, training_id = found[1], int(found[2]), found[3]
        gone = Choosable(key, "A deleted policy", problem="This policy was deleted.")
        try:
            self._runs.get(run_id)
            training = self._trainings.get(run_id, training_id)
        except RunNotFoundError:
            return gone
        run = self._home.run(run_id)
        named = Choosable(
            key, training.settings["name"], training_folder(run, person, training_id).root / "policy.onnx"
        )
        if training.person != person or is_put_away(run, person, training_id):
            return replace(named, problem=gone.problem)
        assert named.file is not None
        return named if named.file.is_file() else replace(named, problem="This policy has no file yet.")

    def motion(self, key: str) -> Choosable:
        """The motion that `key` stands for; with a problem where there is none, or not any more."""
        if key in clip_names():
            return Choosable(key, key)
        found = _MOTION.fullmatch(key)
        if found is None:
            return Choosable(key, key, problem="There is no such motion.")
        run_id, person = found[1], int(found[2])
        try:
            run = self._runs.get(run_id)
        except RunNotFoundError:
            return Choosable(key, "A deleted run", problem="The run of this motion was deleted.")
        name = f"{run.name}, person {person + 1}" if person else run.name
        file = self._home.run(run_id).person(person) / REFERENCE
        return Choosable(key, name, file, "" if file.is_file() else "The run has no motion of this person.")


def learned(policy: str, motion: str) -> bool:
    """Whether the user's own policy `policy` learned the user's own motion `motion`, by their keys."""
    return _POLICY.fullmatch(policy) is not None and policy.rpartition("-")[0] == motion


def _there(found: Iterator[Choosable]) -> list[Choosable]:
    return [each for each in found if not each.problem]


def _people_with_motion(run: Path) -> list[int]:
    names = (path.parent.name.removeprefix("person-") for path in run.glob(f"person-*/{REFERENCE}"))
    return sorted(int(name) for name in names if name.isdecimal())
