"""DeepMimic's imitation reward as its released code computes it (C++ 2018-21 and PyBullet's environment).

It differs from the paper's (`core.imitation.rewards`): joints are weighed, end effectors averaged, and the root has a
term of its own, so figures of the two do not compare. r = 0.5 pose + 0.05 velocity + 0.15 end effector + 0.2 root + 0.1
velocity of the centre of mass. PyBullet's environment leaves the last one out unless asked, and divides by the rest.
"""

import numpy as np

from core.humanoid.character import END_EFFECTORS, JOINTS, REVOLUTE, ROOT_WEIGHT, SPHERICAL_JOINTS
from core.humanoid.kinematics import centre_of_mass
from core.imitation.reference import Kinematics
from core.physics.rotations import relative, rotation_vectors

Array = np.ndarray

NAMES = ("pose", "velocity", "end_effector", "root", "centre_of_mass")
WEIGHTS = np.array([0.5, 0.05, 0.15, 0.2, 0.1])

_TOTAL = ROOT_WEIGHT + sum(j.weight for j in JOINTS)
_BALLS = np.array([range(3, 7), *(range(j.frame.start, j.frame.stop) for j in SPHERICAL_JOINTS)])
_BALL_WEIGHTS = np.array([ROOT_WEIGHT, *(j.weight for j in SPHERICAL_JOINTS)]) / _TOTAL
_HINGES = np.array([j.frame.start for j in JOINTS if j.kind == REVOLUTE])
_HINGE_WEIGHTS = np.array([j.weight for j in JOINTS if j.kind == REVOLUTE]) / _TOTAL
_DOF_WEIGHTS = np.concatenate([np.full(3, ROOT_WEIGHT), *(np.full(j.dof.stop - j.dof.start, j.weight) for j in JOINTS)])
_DOF_WEIGHTS = _DOF_WEIGHTS / _TOTAL


def imitation_terms(ours: Kinematics, reference: Kinematics, with_centre_of_mass: bool = True) -> Array:
    """[n,5]: the terms times their weights in the order of NAMES; their sum is the reward, at most 1.

    Without the centre of mass its weight is 0 and the others are divided by 0.9 (PyBullet's default).
    """
    terms = np.stack(
        [
            pose_term(ours.frames, reference.frames),
            velocity_term(ours.velocities, reference.velocities),
            end_effector_term(ours.positions, reference.positions),
            root_term(ours, reference),
            centre_of_mass_term(ours.body_velocities, reference.body_velocities),
        ],
        axis=1,
    )
    weights = WEIGHTS if with_centre_of_mass else WEIGHTS * (1, 1, 1, 1, 0)
    return terms * (weights / weights.sum())


def pose_term(frames: Array, reference: Array) -> Array:
    """[n]: exp(-2 sum of weighed squared rotation differences, rad^2), the root's included."""
    turns = rotation_vectors(relative(frames[:, _BALLS], reference[:, _BALLS]))
    hinges = (frames[:, _HINGES] - reference[:, _HINGES]) ** 2
    return np.exp(-2.0 * ((turns**2).sum(axis=-1) @ _BALL_WEIGHTS + hinges @ _HINGE_WEIGHTS))


def velocity_term(velocities: Array, reference: Array) -> Array:
    """[n]: exp(-0.1 sum of weighed squared angular velocity differences, (rad/s)^2)."""
    return np.exp(-0.1 * ((velocities[:, 3:] - reference[:, 3:]) ** 2 @ _DOF_WEIGHTS))


def end_effector_term(positions: Array, reference: Array) -> Array:
    """[n]: exp(-40 mean squared distance, m^2) of feet and hands between body positions [n,15,3], in the world."""
    difference = positions[:, END_EFFECTORS] - reference[:, END_EFFECTORS]
    return np.exp(-40.0 * (difference**2).sum(axis=-1).mean(axis=-1))


def root_term(ours: Kinematics, reference: Kinematics) -> Array:
    """[n]: exp(-5 (position^2 + 0.1 rotation^2 + 0.01 velocity^2 + 0.001 angular velocity^2)) of the root's joint."""
    position = ((ours.frames[:, :3] - reference.frames[:, :3]) ** 2).sum(axis=1)
    turn = rotation_vectors(relative(ours.frames[:, 3:7], reference.frames[:, 3:7]))
    difference = (ours.velocities[:, :6] - reference.velocities[:, :6]) ** 2
    velocity, spin = difference[:, :3].sum(axis=1), difference[:, 3:].sum(axis=1)
    return np.exp(-5.0 * (position + 0.1 * (turn**2).sum(axis=1) + 0.01 * velocity + 0.001 * spin))


def centre_of_mass_term(body_velocities: Array, reference: Array) -> Array:
    """[n]: exp(-10 x 0.1 squared difference of the centres' velocities, (m/s)^2) of body velocities [n,15,3]."""
    return np.exp(-1.0 * ((centre_of_mass(body_velocities) - centre_of_mass(reference)) ** 2).sum(axis=-1))
