"""A challenge as its page and the viewer read it: the matrix as JSON, a cell's rollout as if it were a run's."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from pydantic import BaseModel, Field

from core.body import load_body
from core.errors import BadInputError, RunNotFoundError
from core.export.glb import glb_bytes
from core.export.humanoid_glb import humanoid_glb_bytes
from core.export.rollout_files import ROLLOUT_COLOUR
from core.export.sources import humanoid_on_body
from core.humanoid import rollout_to_body
from core.imitation.challenge import Cell
from core.imitation.challenge_folder import ChallengeFolder
from core.imitation.naming import load_motion
from core.imitation.reference import TICK_HZ, ReferenceTable
from core.imitation.shipped import own_clip
from core.motion import BodyMotion, HumanoidMotion, Rollout
from webapp.challenge_choice import Choosable, learned
from webapp.rollout_view import physics_of

POLICY, WANTED = "policy", "reference"
"""The motions of a cell: what the policy performed, and what it should have been."""
Chosen = Mapping[str, Choosable]
"""What is known now of the policies and motions of a user's own challenge, by key; empty for all others."""
NONE_CHOSEN: Chosen = MappingProxyType({})


class ChallengeCell(BaseModel):
    """How a policy did on a motion."""

    time_to_fall_s: float | None = Field(description="Mean over the starts, the whole horizon where it stayed up.")
    mean_return: float | None = Field(description="Mean over the starts, zeros after the fall.")
    share: float | None = Field(description="Time to fall as a share of the horizon.")
    seconds: float = Field(description="The horizon.")
    up: int = Field(description="How many starts stayed up.")
    starts: int
    problem: str = Field(description="Why it could not be run; empty where it could.")
    own: bool = Field(description="Whether the policy learned this motion.")
    shown: bool = Field(description="Whether its rollout can be looked at.")


class ChallengeMatrix(BaseModel):
    """Policies (rows) on motions (columns); a cell is null while it is not known."""

    name: str
    names: list[str] = Field(description="All challenges of the site.")
    state: str = Field(description="none, running, stopped or done")
    trouble: str
    policies: list[str]
    motions: list[str]
    cells: list[list[ChallengeCell | None]]
    done: int
    of: int
    seconds: float | None
    starts: int | None


def matrix_of(
    folder: ChallengeFolder,
    name: str,
    names: list[str],
    is_running: bool,
    trouble: str = "",
    chosen: Chosen = NONE_CHOSEN,
) -> ChallengeMatrix:
    """The matrix as far as it is known; of `chosen`, under the names of now."""
    plan = folder.planned()
    policies, motions = plan.get("policies", []), plan.get("motions", [])
    cells = [[_told(folder, policy, motion, chosen) for motion in motions] for policy in policies]
    done, of = sum(cell is not None for row in cells for cell in row), len(policies) * len(motions)
    state = "running" if is_running else "none" if not of else "done" if done == of else "stopped"
    how = plan.get("settings", {}).get("rollouts", {})
    return ChallengeMatrix(
        name=name,
        names=names,
        state=state,
        trouble=trouble,
        policies=[_called(key, chosen) for key in policies],
        motions=[_called(key, chosen) for key in motions],
        cells=cells,
        done=done,
        of=of,
        seconds=how.get("seconds"),
        starts=how.get("starts"),
    )


def keys_in(folder: ChallengeFolder, row: int, column: int, chosen: Chosen = NONE_CHOSEN) -> tuple[str, str]:
    """The policy and the motion of a cell that can be looked at; `RunNotFoundError` where there is none."""
    plan = folder.planned()
    policies, motions = plan.get("policies", []), plan.get("motions", [])
    if not (0 <= row < len(policies) and 0 <= column < len(motions)):
        raise RunNotFoundError("The challenge has no such cell.")
    policy, motion = policies[row], motions[column]
    if problem := _problem(policy, motion, chosen):
        raise RunNotFoundError(problem)
    if not folder.rollout(policy, motion).is_file():
        raise RunNotFoundError("There is no rollout of this cell, or not yet.")
    return policy, motion


def _called(key: str, chosen: Chosen) -> str:
    return chosen[key].name if key in chosen else key


def _problem(policy: str, motion: str, chosen: Chosen) -> str:
    """Why a cell cannot be looked at any more."""
    return next((chosen[key].problem for key in (policy, motion) if key in chosen and chosen[key].problem), "")


def cell_view(
    folder: ChallengeFolder, name: str, row: int, column: int, address: str, chosen: Chosen = NONE_CHOSEN
) -> dict[str, Any]:
    """A cell in the form of a run (`webapp.run_view.run_view`), for the viewer. `address` is the cell's own."""
    keys = keys_in(folder, row, column, chosen)
    path = folder.rollout(*keys)
    policy, motion = (_called(key, chosen) for key in keys)
    rollout = _rollout(path)
    told = {
        "npz_url": None,
        "offset_s": 0,
        "written": int(1000 * path.stat().st_mtime),
        "improving": False,
    }
    performed = {
        "name": POLICY,
        "title": f"Policy {policy}",
        "url": f"{address}/policy.glb",
        "humanoid_url": f"{address}/humanoid.glb",
        "physics": physics_of(path),
    }
    wanted = {
        "name": WANTED,
        "title": f"The motion: {motion}",
        "url": f"{address}/reference.glb",
        "humanoid_url": None,
        "physics": None,
    }
    return {
        "id": f"challenge:{name}:{row}:{column}",
        "name": f"{policy} on {motion}",
        "state": "done",
        "ahead": None,
        "error": None,
        "settings": {"physics": POLICY},
        "stages": [],
        "clip": {"url": None, "fps": rollout.fps, "frames": len(rollout), "width": 16, "height": 9},
        "notices": [],
        "found": [],
        "people": [{"index": 0, "track_url": None, "motions": [wanted | told, performed | told], "supports": []}],
        "metrics": None,
        "artifacts": [],
    }


def cell_glb(folder: ChallengeFolder, row: int, column: int, which: str, chosen: Chosen = NONE_CHOSEN) -> bytes:
    """What a cell's motion, its policy's performance, or that humanoid looks like: WANTED, POLICY or "humanoid"."""
    policy, motion = keys_in(folder, row, column, chosen)
    path = folder.rollout(policy, motion)
    if which == "humanoid":
        return humanoid_glb_bytes(_rollout(path))
    own = chosen[motion].file if motion in chosen else None
    try:
        return _body_glb(path, path.stat().st_mtime_ns, motion if own is None else str(own), which)
    except BadInputError as error:  # a file of the command line's that is not there any more
        raise RunNotFoundError("The motion of this cell cannot be shown.") from error


@lru_cache(maxsize=12)
def _body_glb(path: Path, modified: int, motion: str, which: str) -> bytes:
    rollout = _rollout(path)
    wanted = _wanted(motion, rollout)
    if which == WANTED:
        return glb_bytes(wanted, load_body())
    return glb_bytes(rollout_to_body(rollout, wanted), load_body(), ROLLOUT_COLOUR)


def _wanted(motion: str, rollout: Rollout) -> BodyMotion:
    """What the humanoid should have done over the rollout, cycle after cycle where the motion loops."""
    reference = load_motion(motion)[0]
    frames = ReferenceTable(reference).at(np.round(rollout.times * TICK_HZ).astype(int)).frames
    return humanoid_on_body(HumanoidMotion(rollout.fps, rollout.times, frames, scale=reference.scale))


def _rollout(path: Path) -> Rollout:
    try:
        return Rollout.load(path)
    except (BadInputError, FileNotFoundError) as error:
        raise RunNotFoundError("The rollout of this cell cannot be read.") from error


def _told(folder: ChallengeFolder, policy: str, motion: str, chosen: Chosen) -> ChallengeCell | None:
    gone = _problem(policy, motion, chosen)
    cell = Cell(policy, motion, problem=gone) if gone else folder.cell(policy, motion)
    if cell is None:
        return None
    own = learned(policy, motion) if policy in chosen and chosen[policy].file else motion == own_clip(policy)
    return ChallengeCell(
        time_to_fall_s=_number(cell, cell.mean_fall_s),
        mean_return=_number(cell, cell.mean_return),
        share=_number(cell, cell.mean_fall_s / cell.seconds if cell.seconds else 0.0),
        seconds=cell.seconds,
        up=cell.up,
        starts=len(cell.falls),
        problem=cell.problem,
        own=own,
        shown=not gone and folder.rollout(policy, motion).is_file(),
    )


def _number(cell: Cell, value: float) -> float | None:
    return None if cell.problem else round(value, 3)
