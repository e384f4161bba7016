"""The humanoid's feet moved, the rest of it left where it is."""

import numpy as np
from scipy.spatial.transform import Rotation

from core.body.leg_ik import bend_leg
from core.humanoid.bodies import BODY_NAMES
from core.humanoid.kinematics import forward_kinematics, frames_from_rotations
from core.humanoid.smpl_mapping import AXES, hinged

Array = np.ndarray

LEGS = tuple(
    tuple(BODY_NAMES.index(f"{side}_{part}") for part in ("hip", "knee", "ankle")) for side in ("left", "right")
)
"""Bodies hip, knee, ankle of the left and the right leg."""


def feet_moved(frames: Array, moves: Array) -> Array:
    """Frames [T,43] of which the ankles are moved by `moves` [T,2,3] m (left, right) in the world.

    Hips and knees bend for it, feet keep their rotation in the world; what a leg cannot reach it approaches.
    """
    posed = forward_kinematics(frames)
    rotations = Rotation.from_quat(posed.rotations.reshape(-1, 4), scalar_first=True) * AXES.inv()
    matrices = rotations.as_matrix().reshape(len(frames), -1, 3, 3)
    for (hip, knee, ankle), move in zip(LEGS, np.moveaxis(moves, 1, 0), strict=True):
        thigh, shin = bend_leg(posed.joints[:, [hip, knee, ankle]], matrices[:, hip], matrices[:, knee], move)
        bent = hinged(Rotation.from_matrix(thigh) * AXES, Rotation.from_matrix(shin) * AXES, direction=-1.0)
        matrices[:, hip], matrices[:, knee] = ((r * AXES.inv()).as_matrix() for r in bent)
    humanoid = Rotation.from_matrix(matrices.reshape(-1, 3, 3)) * AXES
    quaternions = humanoid.as_quat(canonical=True, scalar_first=True).reshape(len(frames), -1, 4)
    return frames_from_rotations(frames[:, :3], quaternions)
