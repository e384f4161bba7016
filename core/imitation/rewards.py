"""DeepMimic's imitation reward, as the paper states it (Peng et al. 2018a, section 5.1).

r = 0.65 pose + 0.1 velocity + 0.15 end effector + 0.1 centre of mass, each exp(-k x summed squared error) in [0, 1].
The paper sums over joints without weights; the released code weighs joints, averages over end effectors and adds a root
term, so figures of the two do not compare. As in the code the root's rotation counts as a joint's.
"""

from dataclasses import dataclass

import numpy as np

from core.humanoid.character import END_EFFECTORS, QUATERNIONS, REVOLUTE_JOINTS
from core.humanoid.kinematics import centre_of_mass
from core.physics.rotations import relative, rotation_vectors

Array = np.ndarray

NAMES = ("pose", "velocity", "end_effector", "centre_of_mass")
WEIGHTS = np.array([0.65, 0.1, 0.15, 0.1])

_BALLS = np.array([range(place.start, place.stop) for place in QUATERNIONS])
_HINGES = np.array([j.frame.start for j in REVOLUTE_JOINTS])


@dataclass(frozen=True)
class Performance:
    """What the reward looks at, of the humanoid or of its reference: `frames` [T,43], `velocities` [T,34] and body
    `positions` [T,15,3] m."""

    frames: Array
    velocities: Array
    positions: Array


def imitation_terms(ours: Performance, reference: Performance) -> Array:
    """[T,4]: the four terms times their weights, in the order of NAMES; their sum is the reward, at most 1."""
    terms = (
        pose_term(ours.frames, reference.frames),
        velocity_term(ours.velocities, reference.velocities),
        end_effector_term(ours.positions, reference.positions),
        centre_of_mass_term(ours.positions, reference.positions),
    )
    return np.stack(terms, axis=1) * WEIGHTS


def pose_term(frames: Array, reference: Array) -> Array:
    """[T]: exp(-2 sum of squared rotation differences, rad^2) between frames [T,43]."""
    turns = rotation_vectors(relative(frames[:, _BALLS], reference[:, _BALLS]))
    hinges = frames[:, _HINGES] - reference[:, _HINGES]
    return np.exp(-2.0 * ((turns**2).sum(axis=(1, 2)) + (hinges**2).sum(axis=1)))


def velocity_term(velocities: Array, reference: Array) -> Array:
    """[T]: exp(-0.1 sum of squared angular velocity differences, (rad/s)^2) between velocities [T,34]."""
    return np.exp(-0.1 * ((velocities[:, 3:] - reference[:, 3:]) ** 2).sum(axis=1))


def end_effector_term(positions: Array, reference: Array) -> Array:
    """[T]: exp(-40 sum of squared distances, m^2) of feet and hands between body positions [T,15,3]."""
    difference = positions[:, END_EFFECTORS] - reference[:, END_EFFECTORS]
    return np.exp(-40.0 * (difference**2).sum(axis=(1, 2)))


def centre_of_mass_term(positions: Array, reference: Array) -> Array:
    """[T]: exp(-10 squared distance, m^2) of the centres of mass of body positions [T,15,3]."""
    return np.exp(-10.0 * ((centre_of_mass(positions) - centre_of_mass(reference)) ** 2).sum(axis=1))
