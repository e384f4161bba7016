"""A challenge in the shape of `core.pipeline`, for a process that stands back behind others: cell by cell in a folder.

What is known already is not run again, so a challenge that was broken off goes on where it was.
"""

from dataclasses import asdict, dataclass, field
from typing import Any

from core.control.performing import boxes_under
from core.errors import BadInputError
from core.imitation.challenge import Cell, ChallengeSettings, Matrix, challenge
from core.imitation.challenge_folder import ChallengeFolder
from core.imitation.naming import load_motion, short_name
from core.imitation.references import clip_names
from core.imitation.rolling import RolloutSettings
from core.imitation.shipped import known_policies
from core.motion import BodyMotion, HumanoidMotion, Rollout
from core.progress import Progress, silent
from core.run_folder import RunFolder


@dataclass(frozen=True)
class RunSettings:
    """What is run on what, by the names that `core.imitation.naming` takes; empty: the policies and clips that ship.

    `files`: name -> file of those of `policies` and `motions` that somebody made; such a file may have gone by the time
    that it is wanted, which makes its cells empty and ends nothing. `seconds`, `starts`, `seed`: as in
    `core.imitation.rolling.RolloutSettings`.
    """

    policies: tuple[str, ...] = ()
    motions: tuple[str, ...] = ()
    files: dict[str, str] = field(default_factory=dict)
    seconds: float = 20.0
    starts: int = 4
    seed: int = 0

    def to_json(self) -> dict[str, Any]:
        """The settings as plain JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> "RunSettings":
        """The settings from `to_json`."""
        return cls(**content | {name: tuple(content.get(name, ())) for name in ("policies", "motions")})


@dataclass(frozen=True)
class Stage:
    """A stage: its name, and what it is called."""

    name: str
    title: str


GONE = "Its file is not there any more, or cannot be read."

STAGES = (Stage("cells", "Run policies on motions"),)


def applies(stage: Stage, folder: RunFolder, settings: RunSettings) -> bool:
    """Whether a stage is run at all."""
    return True


def run_stage(stage: Stage, folder: RunFolder, settings: RunSettings, progress: Progress = silent) -> None:
    """Run all cells that are not known yet, then write the matrix."""
    kept = ChallengeFolder(folder.root)
    policies, motions, how = plan(kept, settings)
    loaded = {name: _motion(name, what, settings) for name, what in motions.items()}
    cells: list[Cell] = []
    for policy, what in policies.items():
        for motion, reference in loaded.items():
            cell = kept.cell(policy, motion)
            if cell is None:
                cell, rollout = _run({policy: what}, motion, reference, how, settings)
                kept.keep(cell, rollout)
            cells.append(cell)
            progress(len(cells) / (len(policies) * len(motions)), f"{policy} on {motion}")
    kept.write_matrix(Matrix(tuple(policies), tuple(motions), tuple(cells), how))


def plan(kept: ChallengeFolder, settings: RunSettings) -> tuple[dict[str, str], dict[str, str], ChallengeSettings]:
    """Write down what is to be run: policies and motions, as short name -> what `core.imitation.naming` takes; how."""
    policies = _files(settings.policies or known_policies(), settings)
    motions = _files(settings.motions or tuple(clip_names()), settings)
    how = ChallengeSettings(RolloutSettings(settings.seconds, starts=settings.starts, seed=settings.seed), processes=1)
    kept.plan(list(policies), list(motions), how)
    return policies, motions, how


def _files(given: tuple[str, ...], settings: RunSettings) -> dict[str, str]:
    return {each if each in settings.files else short_name(each): settings.files.get(each, each) for each in given}


_Loaded = tuple[HumanoidMotion, BodyMotion | None]


def _motion(name: str, what: str, settings: RunSettings) -> _Loaded | None:
    """The motion; None where it is a file that has gone."""
    try:
        return load_motion(what)
    except BadInputError:
        if name not in settings.files:
            raise
        return None


def _run(
    policy: dict[str, str], motion: str, loaded: _Loaded | None, how: ChallengeSettings, settings: RunSettings
) -> tuple[Cell, Rollout | None]:
    """A cell, and the rollout of its first start."""
    (name,) = policy
    if loaded is None:
        return Cell(name, motion, problem=GONE), None
    reference, shown = loaded
    boxes = {motion: boxes_under(shown, reference.scale)}
    rollouts: list[Rollout | None] = []
    try:
        matrix = challenge(
            policy, {motion: reference}, how, lambda _, rollout: rollouts.append(rollout), supports=boxes
        )
    except BadInputError:
        if name not in settings.files:
            raise
        return Cell(name, motion, problem=GONE), None
    return matrix.cells[0], rollouts[0]
