"""How far humanoids are off their references, as the linear feedback sees it."""

import numpy as np

from core.control.sampling_feedback import OFF_SIZE, off_by
from core.imitation.observations import heading
from core.imitation.reference import Kinematics
from core.physics.rotations import rotate

Array = np.ndarray

_IN_WORLD = np.array([[0, 1, 2], [3, 4, 5], [34, 35, 36], [37, 38, 39]])
"""Places of the root's position, rotation, velocity and angular velocity."""


def deviations(now: Kinematics, wanted: Kinematics) -> Array:
    """[n,68]: `off_by` of each humanoid from its own reference, but the root's numbers in a frame that looks where the
    reference's root looks (x ahead, y up): what to do about being off does not depend on where the motion goes."""
    off = off_by(now.frames, now.velocities, wanted.frames, wanted.velocities)
    turn = heading(wanted.frames[:, 3:7])[:, None]
    off[:, _IN_WORLD] = rotate(turn, off[:, _IN_WORLD])
    return off


__all__ = ["OFF_SIZE", "deviations"]
