"""What every policy can do, wherever it comes from: look at n humanoids and say what their muscles should pull to.

A policy says how it wants to be run (`Conventions`) and turns what is `Seen` into targets, thirty times a second. So
one loop (`core.imitation.rolling.roll_out`) runs DeepMimic's checkpoints (`core.imitation.pretrained`) and policies
that were learned here (`core.imitation.policy_file`, which states what a policy.onnx has to hold).
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from core.imitation.reference import Kinematics

Array = np.ndarray


@dataclass(frozen=True)
class Conventions:
    """How a policy wants to be run.

    `engine`: where it was learned ("bullet" or "mujoco"). `step_hz`: simulation steps a second. `lead_s`, `ahead_s`:
    how `Seen.reference_targets` are made (`core.imitation.reference.ReferenceTable`). `resets_place`: where the
    reference begins a new cycle it is moved over the humanoid's root (x and z), as DeepMimic's `sync_char_root_pos`
    does for policies that see nothing of where they should be. `task`: "heading" or "target" where the policy also
    sees a goal (`core.imitation.goals`), `task_weight` that of its reward, `speed` the m/s wanted. `assist`: share of
    the root assist that it learned with to the end.
    """

    engine: str
    step_hz: float
    lead_s: float = 0.1
    ahead_s: float = 1.0 / 60
    resets_place: bool = False
    task: str = ""
    task_weight: float = 0.0
    speed: float = 0.0
    assist: float = 0.0


@dataclass(frozen=True)
class Seen:
    """What n humanoids and their reference are like at the beginning of a control step of 1/30 s.

    `now`: the humanoids. `ahead`: the reference a control step later. `phase` [n] in [0,1]: how far the reference is
    into its motion or cycle. `reference_targets` [n,36]: the reference's joints (quaternions wxyz, angles), `ahead_s`
    later and led by `lead_s` times their velocity; what residual actions are added to.
    `goal` [n,3]: what is seen of the goal, where the policy has a task.
    """

    now: Kinematics
    ahead: Kinematics
    phase: Array
    reference_targets: Array
    goal: Array | None = None


class Policy(Protocol):
    """Something that drives humanoids.

    It holds nothing that changes: the same things seen give the same targets, row by row.
    """

    name: str
    conventions: Conventions

    def targets(self, seen: Seen) -> Array:
        """[n,36]: what the muscles pull to for the next control step: unit quaternions wxyz and angles (rad)."""
