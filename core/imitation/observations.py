"""What a policy sees: numpy over n humanoids at once.

`link_features` and `deepmimic_state` are those of DeepMimic (Peng et al. 2018a) as PyBullet's environment computes
them, so that its checkpoints can be fed; `observe` adds where the reference goes next. All positions and velocities are
in a frame that stands on the ground under the root and looks where the root looks (x ahead, y up).
"""

import numpy as np

from core.humanoid.character import REVOLUTE_JOINTS, SPHERICAL_JOINTS
from core.imitation.reference import Kinematics
from core.physics.rotations import product, relative, rotate, rotation_vectors

Array = np.ndarray

LINK_FEATURES = 1 + 15 * 7 + 15 * 6
OBSERVATION_SIZE = LINK_FEATURES + 2 + 6 + 28 + 45
"""196 link features, sine and cosine of the phase, and towards the reference a control step ahead: the root's way
(position and rotation vector), 28 joint errors, 15 body position errors."""

PHASE = slice(LINK_FEATURES, LINK_FEATURES + 2)
"""Where sine and cosine of the phase stand in an observation."""

_BALLS = np.array([range(j.frame.start, j.frame.stop) for j in SPHERICAL_JOINTS])
_BALL_DOFS = np.array([range(j.dof.start, j.dof.stop) for j in SPHERICAL_JOINTS])
_HINGES = np.array([j.frame.start for j in REVOLUTE_JOINTS])
_HINGE_DOFS = np.array([j.dof.start for j in REVOLUTE_JOINTS])


def heading(root_rotations: Array) -> Array:
    """[n,4] wxyz: the turn about y that takes the direction in which roots [n,4] look (their x) to the world's x."""
    w, x, y, z = root_rotations.T
    ahead_x, ahead_z = 1 - 2 * (y * y + z * z), 2 * (x * z - w * y)
    angle = np.arctan2(-ahead_z, ahead_x)
    turn = np.zeros_like(root_rotations)
    turn[:, 0], turn[:, 2] = np.cos(0.5 * angle), -np.sin(0.5 * angle)
    return turn


def link_features(now: Kinematics) -> Array:
    """[n,196]: the root's height; of each body its position from the root and its rotation (quaternion wxyz, w >= 0);
    of each body its velocity and angular velocity."""
    n = len(now.frames)
    turn = heading(now.frames[:, 3:7])[:, None]
    features = np.empty((n, LINK_FEATURES))
    features[:, 0] = now.frames[:, 1]
    poses, motion = np.empty((n, 15, 7)), np.empty((n, 15, 6))
    poses[..., :3] = rotate(turn, now.positions - now.frames[:, None, :3])
    rotations = product(turn, now.rotations)
    poses[..., 3:] = np.where(rotations[..., :1] < 0, -rotations, rotations)
    motion[..., :3] = rotate(turn, now.body_velocities)
    motion[..., 3:] = rotate(turn, now.angular_velocities)
    features[:, 1:106], features[:, 106:] = poses.reshape(n, 105), motion.reshape(n, 90)
    return features


def deepmimic_state(now: Kinematics, phase: Array) -> Array:
    """[n,197]: `phase` [n] in [0,1], then the link features."""
    return np.concatenate([phase[:, None], link_features(now)], axis=1)


def observe(now: Kinematics, ahead: Kinematics, phase: Array) -> Array:
    """[n,OBSERVATION_SIZE] from the humanoids `now`, their reference a control step `ahead`, `phase` [n] in [0,1]."""
    turn = heading(now.frames[:, 3:7])
    way = rotate(turn, ahead.frames[:, :3] - now.frames[:, :3])
    turned = rotate(turn, rotation_vectors(product(ahead.frames[:, 3:7], conjugate(now.frames[:, 3:7]))))
    off = rotate(turn[:, None], ahead.positions - now.positions)
    circle = 2 * np.pi * phase[:, None]
    return np.concatenate(
        [
            link_features(now),
            np.sin(circle),
            np.cos(circle),
            way,
            turned,
            joint_errors(now.frames, ahead.frames),
            off.reshape(len(off), 45),
        ],
        axis=1,
    )


def joint_errors(frames: Array, wanted: Array) -> Array:
    """[n,28] rad: the turn of each joint of `frames` [n,43] to that of `wanted` [n,43], in the child's axes."""
    errors = np.empty((len(frames), 28))
    errors[:, _BALL_DOFS] = rotation_vectors(relative(frames[:, _BALLS], wanted[:, _BALLS]))
    errors[:, _HINGE_DOFS] = wanted[:, _HINGES] - frames[:, _HINGES]
    return errors


def conjugate(rotations: Array) -> Array:
    """[...,4]: the inverse rotations."""
    return rotations * (1.0, -1.0, -1.0, -1.0)
