"""Heels and toes: where they are, and how surely they stand; pure functions over arrays."""

import numpy as np

from core.humanoid.character import FEET, FOOT_HALF_SIZE
from core.humanoid.kinematics import BodyPoses, forward_kinematics
from core.physics.rotations import rotate

Array = np.ndarray

SOLE = FOOT_HALF_SIZE * np.array([(-1.0, -1.0, 0.0), (1.0, -1.0, 0.0)])
"""[2,3] m: the middles of a sole's back and front edge, heel and toe, in the foot's axes."""

_NEAR_M = 0.03
_SLOW_M_S = 0.4


def sole_points(poses: BodyPoses) -> Array:
    """[T,2,2,3] m: heel and toe of the left and the right foot."""
    return poses.positions[:, FEET][:, :, None] + rotate(poses.rotations[:, FEET][:, :, None], SOLE)


def standing_shares(frames: Array, fps: float) -> Array:
    """[T,2,2] in 0..1: how surely heel and toe of the left and the right foot stand, by a bell over their height above
    the ground (y = 0; 0.37 at 3 cm) and one over their horizontal speed (0.37 at 0.4 m/s)."""
    points = sole_points(forward_kinematics(frames))
    speeds = np.linalg.norm(np.gradient(points, 1.0 / fps, axis=0)[..., [0, 2]], axis=-1)
    return np.exp(-((np.maximum(points[..., 1], 0.0) / _NEAR_M) ** 2) - (speeds / _SLOW_M_S) ** 2)
