"""A feasible reference as a problem for the search: what to pull to, where to be, when."""

from typing import TYPE_CHECKING

import numpy as np

from core.control.assisted import lead
from core.control.feasible import Feasible
from core.control.sampling_cost import Posture
from core.control.sampling_search import Problem
from core.control.soles import standing_shares
from core.humanoid.bodies import BODY_NAMES
from core.humanoid.character import JOINTS
from core.humanoid.kinematics import forward_kinematics
from core.humanoid.resampling import central_differences, resample

if TYPE_CHECKING:
    from core.control.sampling import SamplingSettings

Array = np.ndarray

_SPREAD = {"neck": 0.3, "shoulder": 0.5, "elbow": 0.5}


def problem_of(prepared: Feasible, settings: "SamplingSettings", start: Array, substeps: int) -> Problem:
    """How `prepared` is tracked from the engine's row `start` [1,W] on, with `substeps` simulation steps a control
    step."""
    motion = prepared.motion
    steps = len(motion) - 1
    middle, speeds = resample(motion, motion.times[:-1] + 0.5 / motion.fps)
    targets = lead(middle, speeds, settings.lead_s)[:, 7:]
    bodies = forward_kinematics(motion.frames)
    body_speeds = central_differences(bodies.positions, motion.times)
    size = max(1, round(settings.window_s * motion.fps))
    return Problem(
        targets=targets,
        reference=Posture(motion.frames[1:], bodies.positions[1:], body_speeds[1:]),
        velocities=prepared.velocities[1:],
        standing=standing_shares(motion.frames, motion.fps)[1:],
        start=start,
        substeps=substeps,
        step_s=1.0 / motion.fps,
        windows=tuple(slice(k, min(k + size, steps)) for k in range(0, steps, size)),
        spread=spread(),
        weights=settings.weights,
    )


def spread() -> Array:
    """[28]: how much of the noise each degree of freedom takes; neck and arms hardly matter to the balance."""
    parts = [(BODY_NAMES[j.body].split("_")[-1], j.dof.stop - j.dof.start) for j in JOINTS]
    return np.concatenate([np.full(n, _SPREAD.get(part, 1.0)) for part, n in parts])
