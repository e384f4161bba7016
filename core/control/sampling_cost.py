"""What a sample costs: how far the humanoid is from its reference, part by part; pure functions over arrays.

Every part is a residual whose squares add up to a term of the cost, so that a linear model of it can be fitted.

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

RESIDUALS = 91
"""How many there are, without those of standing feet (`core.control.sampling_feet`)."""


@dataclass(frozen=True)
class CostWeights:
    """How much each term counts.

    `pose` and `trunk` per rad^2, `positions`, `centre_of_mass` and `feet` per m^2, `velocity` and
    `standing` (feet that slide or hover where the reference's stand) per (m/s)^2, `offsets` per rad^2.
    """

    pose: float = 1.0
    trunk: float = 8.0
    positions: float = 10.0
    centre_of_mass: float = 20.0
    velocity: float = 3.0
    feet: float = 2.0
    standing: float = 1.0
    offsets: float = 0.3


@dataclass(frozen=True)
class Posture:
    """Of n humanoids at an instant, or of one at n: `frames` [n,43], body `positions` [n,15,3] m and `velocities`
    [n,15,3] m/s of the bodies' centres."""

    frames: Array
    positions: Array
    velocities: Array


def residuals(ours: Posture, reference: Posture, weights: CostWeights) -> Array:
    """[n,91]: what is off, part by part, each times the root of its weight: their squares add up to the cost."""
    parts = [
        np.sqrt(weights.pose) * pose_part(ours.frames, reference.frames),
        np.sqrt(weights.trunk) * trunk_part(ours.frames, reference.frames),
        np.sqrt(weights.positions) * positions_part(ours.positions, reference.positions),
        np.sqrt(weights.centre_of_mass) * centre_part(ours.positions, reference.positions),
        np.sqrt(weights.velocity) * centre_part(ours.velocities, reference.velocities),
        np.sqrt(weights.feet) * feet_part(ours.positions, reference.positions),
    ]
    return np.concatenate(parts, axis=-1)


def cost_of(parts: Array, offsets: Array, weights: CostWeights) -> Array:
    """[n]: the sum of squares of residuals `parts` [n,m], and of the `offsets` [n,28] rad on the PD targets."""
    return (parts**2).sum(axis=-1) + weights.offsets * (offsets**2).mean(axis=-1)


def pose_part(frames: Array, reference: Array) -> Array:
    """[n,28] rad: the turns between joints, each times the root of its weight in DeepMimic's reward."""
    balls = rotation_vectors(relative(frames[..., _BALLS], reference[..., _BALLS])) * np.sqrt(_BALL_WEIGHTS)[:, None]
    hinges = (frames[..., _HINGES] - reference[..., _HINGES]) * np.sqrt(_HINGE_WEIGHTS)
    return np.concatenate([balls.reshape(*balls.shape[:-2], -1), hinges], axis=-1)


def trunk_part(frames: Array, reference: Array) -> Array:
    """[n,6] rad: the turns of root and chest in the world, each over the root of two."""
    root = rotation_vectors(relative(frames[..., 3:7], reference[..., 3:7]))
    chests = [product(each[..., 3:7], each[..., 7:11]) for each in (frames, reference)]
    return np.concatenate([root, rotation_vectors(relative(*chests))], axis=-1) * np.sqrt(0.5)


def positions_part(positions: Array, reference: Array) -> Array:
    """[n,45] m: the bodies' centres in the world, each over the root of 15."""
    off = positions - reference
    return off.reshape(*off.shape[:-2], -1) / np.sqrt(off.shape[-2])


def centre_part(values: Array, reference: Array) -> Array:
    """[n,3]: the difference of the whole body's centre of mass [m], or of its velocity [m/s]."""
    return centre_of_mass(values) - centre_of_mass(reference)


def feet_part(positions: Array, reference: Array) -> Array:
    """[n,6] m: how differently the feet lie about the centre of mass (the balance), each over the root of two."""

    def about(each: Array) -> Array:
        return each[..., FEET, :] - centre_of_mass(each)[..., None, :]

    off = about(positions) - about(reference)
    return off.reshape(*off.shape[:-2], -1) * np.sqrt(0.5)
