"""DeepMimic's actions: what the joints are pulled to, spherical ones as angle and axis, hinges as an angle."""

import numpy as np

from core.humanoid.character import JOINTS, REVOLUTE_JOINTS, SPHERICAL_JOINTS
from core.physics.rotations import product, quaternions, rotation_vectors

Array = np.ndarray

_BALLS = np.array([range(j.action.start, j.action.stop) for j in SPHERICAL_JOINTS])
_BALL_DOFS = np.array([range(j.dof.start, j.dof.stop) for j in SPHERICAL_JOINTS])
_HINGES = np.array([j.action.start for j in REVOLUTE_JOINTS])
_HINGE_DOFS = np.array([j.dof.start for j in REVOLUTE_JOINTS])
assert all(j.action == slice(j.frame.start - 7, j.frame.stop - 7) for j in JOINTS)  # so both have the same places


def actions_from_targets(targets: Array) -> Array:
    """[...,36] from targets [...,36] (the last numbers of a frame: quaternions wxyz, angles); angles within [0, pi]."""
    actions = targets.copy()
    vectors = rotation_vectors(targets[..., _BALLS])
    angles = np.sqrt((vectors * vectors).sum(axis=-1, keepdims=True))
    still = angles < 1e-9
    axes = np.where(still, (0.0, 0.0, 1.0), vectors / np.where(still, 1.0, angles))
    actions[..., _BALLS] = np.concatenate([angles, axes], axis=-1)
    return actions


def targets_from_actions(actions: Array) -> Array:
    """[...,36]: the targets (quaternions wxyz, angles) of `actions` [...,36]; the axes are taken as unit vectors."""
    targets = actions.copy()
    numbers = actions[..., _BALLS]
    targets[..., _BALLS] = quaternions(numbers[..., :1] * numbers[..., 1:])
    return targets


def turned(targets: Array, offsets: Array) -> Array:
    """[...,36]: the joints of `targets` [...,36] turned on by `offsets` [...,28] rad, about the child's axes."""
    result = np.empty((*np.broadcast_shapes(targets.shape[:-1], offsets.shape[:-1]), 36))
    result[..., _BALLS] = product(targets[..., _BALLS], quaternions(offsets[..., _BALL_DOFS]))
    result[..., _HINGES] = targets[..., _HINGES] + offsets[..., _HINGE_DOFS]
    return result
