"""Joint rotations from 3D landmarks, in closed form and frame by frame.

Every segment's rotation takes a frame built from landmarks of the body at rest (T-pose, y up, facing +z, left arm
along +x) to the same frame built from the landmarks seen: whatever the landmarks' offsets from the joints are, they
cancel. Trunk: hip line and shoulder line with the trunk's direction. Limbs: the upper bone's swing, its twist from the
plane of the bend; a straight limb has no such plane, so that the twist fades out to none. Head, hands, feet: best fit
of their own points.
"""

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from core.mesh_recovery.segments import (
    best_rotation,
    frame,
    limited,
    ramp,
    share,
    shortest_turn,
    turn,
    twist_about,
    unit,
)

Array = np.ndarray

TWIST_FADES_AT = np.radians([10.0, 30.0])
"""Bend of an elbow or knee below which its plane says nothing about the twist, and above which it says it all."""

PELVIS, SPINE, CHEST, NECK, HEAD = 0, (3, 6, 9), 9, 12, 15
HEAD_POINTS = list(range(11))
LEFT_HIP, RIGHT_HIP, LEFT_SHOULDER, RIGHT_SHOULDER = 23, 24, 11, 12


@dataclass(frozen=True)
class Limb:
    """An arm or a leg: SMPL joints (upper, lower, end), landmarks of the three joints, landmarks of hand or foot."""

    joints: tuple[int, int, int]
    points: tuple[int, int, int]
    end_points: tuple[int, ...]
    rest_hinge: tuple[float, float, float]
    """u x l of upper and lower bone in a slightly bent rest pose: the axis about which the lower bone flexes."""
    twist_limit: float
    """rad; a larger twist than a body can do is noise (a limb bent backwards) and fades out towards a half turn."""
    end_limit: float
    """rad; the most that hand or foot may turn against the lower bone."""
    forearm: bool = False
    """Whether the lower bone takes half of the hand's turn about its own length (pronation)."""

    @property
    def parent(self) -> int:
        return CHEST if self.forearm else PELVIS


LIMBS = (
    Limb((16, 18, 20), (11, 13, 15), (15, 17, 19, 21), (0.0, -1.0, 0.0), np.radians(130), np.radians(70), True),
    Limb((17, 19, 21), (12, 14, 16), (16, 18, 20, 22), (0.0, 1.0, 0.0), np.radians(130), np.radians(70), True),
    Limb((1, 4, 7), (23, 25, 27), (27, 29, 31), (1.0, 0.0, 0.0), np.radians(60), np.radians(60)),
    Limb((2, 5, 8), (24, 26, 28), (28, 30, 32), (1.0, 0.0, 0.0), np.radians(60), np.radians(60)),
)


def world_rotations(seen: Array, rest: Array, parents: Array) -> Array:
    """The rotation of each SMPL joint's segment, [T, 24, 3, 3], segment_in_the_axes_of_`seen`.

    `seen` [T, 33, 3] are landmarks in any right-handed axes and any length unit, `rest` [33, 3] the same landmarks of
    the body at rest, `parents` [24] the tree. Toes, fingers and collars stay fixed to their parents.
    """
    R = np.full((len(seen), 24, 3, 3), np.nan)
    pelvis = _trunk_frame(seen, LEFT_HIP, RIGHT_HIP) @ _trunk_frame(rest, LEFT_HIP, RIGHT_HIP).T
    chest = _trunk_frame(seen, LEFT_SHOULDER, RIGHT_SHOULDER) @ _trunk_frame(rest, LEFT_SHOULDER, RIGHT_SHOULDER).T
    bend = np.swapaxes(pelvis, 1, 2) @ chest
    R[:, PELVIS], R[:, CHEST] = pelvis, chest
    R[:, SPINE[0]], R[:, SPINE[1]] = pelvis @ share(bend, 1 / 3), pelvis @ share(bend, 2 / 3)

    head = best_rotation(rest[HEAD_POINTS], seen[:, HEAD_POINTS])
    nod = limited(np.swapaxes(chest, 1, 2) @ head, np.radians(100))
    R[:, NECK], R[:, HEAD] = chest @ share(nod, 0.5), chest @ nod

    for limb in LIMBS:
        R[:, limb.joints[0]], R[:, limb.joints[1]], R[:, limb.joints[2]] = _limb(limb, seen, rest, R[:, limb.parent])
    for joint, parent in enumerate(parents):
        if np.isnan(R[:, joint]).any():
            R[:, joint] = R[:, parent]
    return R


def _trunk_frame(points: Array, left: int, right: int) -> Array:
    middle_of_hips = (points[..., LEFT_HIP, :] + points[..., RIGHT_HIP, :]) / 2
    middle_of_shoulders = (points[..., LEFT_SHOULDER, :] + points[..., RIGHT_SHOULDER, :]) / 2
    return frame(points[..., left, :] - points[..., right, :], middle_of_shoulders - middle_of_hips)


def _limb(limb: Limb, seen: Array, rest: Array, parent: Array) -> tuple[Array, Array, Array]:
    """Rotations [T, 3, 3] of upper bone, lower bone and end (hand or foot), given the segment they hang on."""
    a, b, c = limb.points
    rest_upper, rest_lower = unit(rest[b] - rest[a]), unit(rest[c] - rest[b])
    upper_bone, lower_bone = unit(seen[:, b] - seen[:, a]), unit(seen[:, c] - seen[:, b])

    swung = shortest_turn(np.einsum("tij,j->ti", parent, rest_upper), upper_bone) @ parent
    normal = np.cross(upper_bone, lower_bone)
    bend = np.arctan2(np.linalg.norm(normal, axis=-1), (upper_bone * lower_bone).sum(-1))
    twist = twist_about(upper_bone, np.einsum("tij,j->ti", swung, np.array(limb.rest_hinge)), normal)
    trusted = ramp(bend, *TWIST_FADES_AT) * np.clip((np.pi - np.abs(twist)) / (np.pi - limb.twist_limit), 0, 1)
    upper = turn(upper_bone, twist * trusted) @ swung
    lower = shortest_turn(np.einsum("tij,j->ti", upper, rest_lower), lower_bone) @ upper

    points = list(limb.end_points)
    end = best_rotation(rest[points], seen[:, points])
    end = lower @ limited(np.swapaxes(lower, 1, 2) @ end, limb.end_limit)
    if limb.forearm:
        across = np.array([0.0, 0.0, 1.0])  # at rest the forearm lies along x, thumb and knuckles are spread along z
        pronation = twist_about(lower_bone, lower @ across, end @ across)
        lower = turn(lower_bone, pronation / 2) @ lower
    return upper, lower, end


def local_axis_angles(world: Array, parents: Array) -> Array:
    """SMPL's pose parameters [T, 72] (axis-angle, each joint in its parent) from `world` [T, 24, 3, 3]."""
    local = world.copy()
    local[:, 1:] = np.swapaxes(world[:, parents[1:]], -1, -2) @ world[:, 1:]
    return Rotation.from_matrix(local.reshape(-1, 3, 3)).as_rotvec().reshape(len(world), 72)
