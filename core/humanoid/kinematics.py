"""Forward kinematics of the humanoid and its inverse, vectorised over frames."""

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from core.humanoid.character import (
    CENTRES_OF_MASS,
    FEET,
    FOOT_HALF_SIZE,
    JOINT_OFFSETS,
    JOINTS,
    MASSES,
    PARENTS,
    SPHERICAL,
)

Array = np.ndarray


@dataclass(frozen=True)
class BodyPoses:
    """Where the 15 bodies are: `positions` [T,15,3] m of the centres of mass, `joints` [T,15,3] m of the joints above
    them, `rotations` [T,15,4] wxyz body_in_world."""

    positions: Array
    joints: Array
    rotations: Array


def joint_rotations(frames: Array) -> list[Rotation]:
    """The 15 rotations child_in_parent (the root's: in the world) of `frames` [T,43], each over T frames."""
    rotations = [Rotation.identity(len(frames)) for _ in PARENTS]
    rotations[0] = Rotation.from_quat(frames[:, 3:7], scalar_first=True)
    for joint in JOINTS:
        numbers = frames[:, joint.frame]
        if joint.kind == SPHERICAL:
            rotations[joint.body] = Rotation.from_quat(numbers, scalar_first=True)
        else:
            rotations[joint.body] = Rotation.from_rotvec(numbers * (0.0, 0.0, 1.0))
    return rotations


def forward_kinematics(frames: Array) -> BodyPoses:
    """Body poses of `frames` [T,43]; agrees with PyBullet's to 1e-5."""
    local = joint_rotations(frames)
    world: list[Rotation] = [local[0]]
    joints = np.empty((len(frames), len(PARENTS), 3))
    joints[:, 0] = frames[:, :3]
    for body in range(1, len(PARENTS)):
        parent = world[PARENTS[body]]
        joints[:, body] = joints[:, PARENTS[body]] + parent.apply(JOINT_OFFSETS[body])
        world.append(parent * local[body])
    positions = np.stack([joints[:, b] + world[b].apply(CENTRES_OF_MASS[b]) for b in range(len(PARENTS))], axis=1)
    rotations = np.stack([w.as_quat(canonical=True, scalar_first=True) for w in world], axis=1)
    return BodyPoses(positions, joints, rotations)


def frames_from_bodies(positions: Array, rotations: Array) -> Array:
    """The frames [T,43] that put bodies at `rotations` [T,15,4] wxyz and the root's centre at `positions` [T,15,3]."""
    root = Rotation.from_quat(rotations[:, 0], scalar_first=True)
    return frames_from_rotations(positions[:, 0] - root.apply(CENTRES_OF_MASS[0]), rotations)


def frames_from_rotations(root_positions: Array, rotations: Array) -> Array:
    """The frames [T,43] with the root's joint frame at `root_positions` [T,3] and bodies at `rotations` [T,15,4] wxyz.

    Of an elbow's or knee's relative rotation the twist about its axis is taken; the rest, which the simulator's joint
    does not allow, is zero but for rounding.
    """
    world = [Rotation.from_quat(rotations[:, b], scalar_first=True) for b in range(len(PARENTS))]
    frames = np.empty((len(rotations), 43))
    frames[:, :3] = root_positions
    frames[:, 3:7] = rotations[:, 0]
    for joint in JOINTS:
        local = world[PARENTS[joint.body]].inv() * world[joint.body]
        if joint.kind == SPHERICAL:
            frames[:, joint.frame] = local.as_quat(canonical=True, scalar_first=True)
        else:
            _, _, z, w = local.as_quat(canonical=True).T
            frames[:, joint.frame] = (2 * np.arctan2(z, w))[:, None]
    return frames


def foot_corners(poses: BodyPoses) -> Array:
    """[T,2,8,3] m: the corners of the left and the right foot's box."""
    signs = np.array([(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], float)
    feet = []
    for body in FEET:
        matrices = Rotation.from_quat(poses.rotations[:, body], scalar_first=True).as_matrix()
        feet.append(poses.positions[:, None, body] + np.einsum("tij,kj->tki", matrices, signs * FOOT_HALF_SIZE))
    return np.stack(feet, axis=1)


def lowest_foot(frames: Array) -> Array:
    """[T] m: the height of the lowest corner of the two feet."""
    return foot_corners(forward_kinematics(frames))[..., 1].min(axis=(1, 2))


def centre_of_mass(positions: Array) -> Array:
    """[...,3] m: the whole body's centre of mass from the bodies' `positions` [...,15,3]."""
    return np.einsum("b,...bi->...i", MASSES / MASSES.sum(), positions)
