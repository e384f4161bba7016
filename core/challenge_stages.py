"""A challenge in the shape of `core.pipeline`, for a process that stands back behind others: cell by cell in a folder.

What is known already is not run again, so a challenge that was broken off goes on where it was.
"""

from dataclasses import asdict, dataclass
from typing import Any

from core.control.performing import boxes_under
from core.imitation.challenge import Boxes, Cell, ChallengeSettings, Matrix, challenge
from core.imitation.challenge_folder import ChallengeFolder
from core.imitation.naming import load_motion, short_name
from core.imitation.references import clip_names
from core.imitation.rolling import RolloutSettings
from core.imitation.shipped import known_policies
from core.motion import Rollout
from core.progress import Progress, silent
from core.run_folder import RunFolder


@dataclass(frozen=True)
class RunSettings:
    """What is run on what, by the names that `core.imitation.naming` takes; empty: the policies and clips that ship.

    `seconds`, `starts`, `seed`: as in `core.imitation.rolling.RolloutSettings`.
    """

    policies: tuple[str, ...] = ()
    motions: tuple[str, ...] = ()
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


STAGES = (Stage("cells", "Run policies on motions"),)


def applies(stage: Stage, folder: RunFolder, settings: RunSettings) -> bool:
    """Whether a stage is run at all."""
    return True


def run_stage(stage: Stage, folder: RunFolder, settings: RunSettings, progress: Progress = silent) -> None:
    """Run all cells that are not known yet, then write the matrix."""
    kept = ChallengeFolder(folder.root)
    policies = {short_name(each): each for each in settings.policies or known_policies()}
    motions = {short_name(each): each for each in settings.motions or tuple(clip_names())}
    how = ChallengeSettings(RolloutSettings(settings.seconds, starts=settings.starts, seed=settings.seed), processes=1)
    kept.plan(list(policies), list(motions), how)
    loaded = {name: load_motion(what) for name, what in motions.items()}
    boxes = {name: boxes_under(shown, reference.scale) for name, (reference, shown) in loaded.items()}
    cells: list[Cell] = []
    for policy, what in policies.items():
        for motion, (reference, _) in loaded.items():
            cell = kept.cell(policy, motion)
            if cell is None:
                cell = _run(kept, {policy: what}, {motion: reference}, how, boxes)
            cells.append(cell)
            progress(len(cells) / (len(policies) * len(motions)), f"{policy} on {motion}")
    kept.write_matrix(Matrix(tuple(policies), tuple(motions), tuple(cells), how))


def _run(
    kept: ChallengeFolder,
    policy: dict[str, str],
    motion: dict[str, Any],
    how: ChallengeSettings,
    boxes: dict[str, Boxes],
) -> Cell:
    rollouts: list[Rollout] = []
    matrix = challenge(policy, motion, how, lambda cell, rollout: rollouts.append(rollout), supports=boxes)
    kept.keep(matrix.cells[0], rollouts[0] if rollouts else None)
    return matrix.cells[0]
