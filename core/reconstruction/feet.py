"""Bending each leg a little, so that its foot stands still while it is in contact: two-bone inverse kinematics."""

import numpy as np

from core.mesh_recovery.segments import shortest_turn, turn, unit

Array = np.ndarray

LEGS = ((1, 4, 7, 10), (2, 5, 8, 11))
"""SMPL joints hip, knee, ankle, toes of the left and the right leg."""


def move_ankles(joints: Array, rotations: Array, moves: Array) -> Array:
    """World rotations [T, 24, 3, 3] of the body whose ankles moved by `moves` [T, 2, 3] m (left, right).

    `joints` [T, 24, 3] m and `rotations` [T, 24, 3, 3] (segment_in_world) are the body before. Hips and the plane of
    each leg's bend stay, feet keep their rotation in the world; a target out of reach is approached as far as the
    nearly straight leg goes.
    """
    new = rotations.copy()
    for leg, (hip, knee, ankle, _) in enumerate(LEGS):
        thigh, shin, line = (joints[:, b] - joints[:, a] for a, b in ((hip, knee), (knee, ankle), (hip, ankle)))
        a, b = (np.linalg.norm(bone, axis=-1) for bone in (thigh, shin))
        target = line + moves[:, leg]
        far = np.linalg.norm(target, axis=-1)
        # A leg that was straighter than the limit may stay so: nothing may jump where nothing moves.
        longest = np.maximum(0.995 * (a + b), np.linalg.norm(line, axis=-1))
        d = np.clip(far, np.abs(a - b) * 1.01 + 1e-6, longest)
        u = unit(target)

        swing = shortest_turn(line, target)
        hinge = _apply(swing, _hinge(rotations[:, hip], thigh, shin))
        hinge = unit(hinge - u * (hinge * u).sum(-1, keepdims=True))
        lift = np.arccos(np.clip((a**2 + d**2 - b**2) / (2 * a * d), -1, 1))
        new_thigh = _apply(turn(hinge, -lift), u) * a[:, None]
        new_shin = u * d[:, None] - new_thigh
        new[:, hip] = shortest_turn(_apply(swing, thigh), new_thigh) @ swing @ rotations[:, hip]
        new[:, knee] = shortest_turn(_apply(swing, shin), new_shin) @ swing @ rotations[:, knee]
    return new


def _hinge(thigh_rotation: Array, thigh: Array, shin: Array) -> Array:
    """The axis [T, 3] about which the knee flexes: normal to the bend, or the thigh's own x axis for straight legs."""
    own = thigh_rotation[:, :, 0]
    normal = np.cross(unit(thigh), unit(shin))
    normal = np.where((normal * own).sum(-1, keepdims=True) < 0, -normal, normal)
    straight = np.linalg.norm(normal, axis=-1, keepdims=True) < np.sin(np.radians(3.0))
    return unit(np.where(straight, own, normal))


def _apply(R: Array, v: Array) -> Array:
    return np.einsum("tij,tj->ti", R, v)
