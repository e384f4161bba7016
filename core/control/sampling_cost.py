"""What a sample costs: how far the humanoid is from its reference, term by term; pure functions over arrays.

After Liu et al. 2010, "Sampling-based Contact-rich Motion Control", section 4.3 (pose, root, end effectors, balance),
with positions in the world added: a rollout is shown beside the video and has to be where the person was.
"""

from dataclasses import dataclass

import numpy as np

from core.humanoid.character import FEET, JOINTS, REVOLUTE_JOINTS, SPHERICAL_JOINTS
from core.humanoid.kinematics import centre_of_mass
from core.physics.rotations import product, relative, rotation_vectors

Array = np.ndarray

_BALLS = np.array([range(j.frame.start, j.frame.stop) for j in SPHERICAL_JOINTS])
_HINGES = np.array([j.frame.start for j in REVOLUTE_JOINTS])
_TOTAL = sum(j.weight for j in JOINTS)
_BALL_WEIGHTS = np.array([j.weight for j in SPHERICAL_JOINTS]) / _TOTAL
_HINGE_WEIGHTS = np.array([j.weight for j in REVOLUTE_JOINTS]) / _TOTAL


@dataclass(frozen=True)
class CostWeights:
    """How much each term counts.

    `pose` and `trunk` per rad^2, `positions`, `centre_of_mass` and `feet` per m^2, `velocity` per (m/s)^2,
    `offsets` per rad^2.
    """

    pose: float = 1.0
    trunk: float = 8.0
    positions: float = 10.0
    centre_of_mass: float = 20.0
    velocity: float = 3.0
    feet: float = 2.0
    offsets: float = 0.3


@dataclass(frozen=True)
class Posture:
    """Of n humanoids at an instant, or of one at n: `frames` [n,43], body `positions` [n,15,3] m and `velocities`
    [n,15,3] m/s of the bodies' centres."""

    frames: Array
    positions: Array
    velocities: Array


def cost(ours: Posture, reference: Posture, offsets: Array, weights: CostWeights) -> Array:
    """[n]: the weighted sum of the terms below; `offsets` [n,28] rad are those on the PD targets."""
    total = weights.pose * pose_term(ours.frames, reference.frames)
    total += weights.trunk * trunk_term(ours.frames, reference.frames)
    total += weights.positions * positions_term(ours.positions, reference.positions)
    total += weights.centre_of_mass * centre_term(ours.positions, reference.positions)
    total += weights.velocity * centre_term(ours.velocities, reference.velocities)
    total += weights.feet * feet_term(ours.positions, reference.positions)
    total += weights.offsets * (offsets**2).mean(axis=-1)
    return total


def pose_term(frames: Array, reference: Array) -> Array:
    """[n] rad^2: the squared rotation differences of the joints, mean with DeepMimic's weights."""
    balls = rotation_vectors(relative(frames[..., _BALLS], reference[..., _BALLS]))
    hinges = frames[..., _HINGES] - reference[..., _HINGES]
    return (balls * balls).sum(axis=-1) @ _BALL_WEIGHTS + (hinges * hinges) @ _HINGE_WEIGHTS


def trunk_term(frames: Array, reference: Array) -> Array:
    """[n] rad^2: the squared differences of the rotations of root and chest in the world, mean over the two."""
    root = rotation_vectors(relative(frames[..., 3:7], reference[..., 3:7]))
    chests = [product(each[..., 3:7], each[..., 7:11]) for each in (frames, reference)]
    chest = rotation_vectors(relative(*chests))
    return 0.5 * ((root * root).sum(axis=-1) + (chest * chest).sum(axis=-1))


def positions_term(positions: Array, reference: Array) -> Array:
    """[n] m^2: the squared distances of the bodies' centres in the world, mean over the 15."""
    return ((positions - reference) ** 2).sum(axis=-1).mean(axis=-1)


def centre_term(values: Array, reference: Array) -> Array:
    """[n]: the squared difference of the whole body's centre of mass [m^2], or of its velocity [m^2/s^2]."""
    return ((centre_of_mass(values) - centre_of_mass(reference)) ** 2).sum(axis=-1)


def feet_term(positions: Array, reference: Array) -> Array:
    """[n] m^2: how differently the feet lie about the centre of mass (the balance), mean over both."""

    def about(each: Array) -> Array:
        return each[..., FEET, :] - centre_of_mass(each)[..., None, :]

    return ((about(positions) - about(reference)) ** 2).sum(axis=-1).mean(axis=-1)
