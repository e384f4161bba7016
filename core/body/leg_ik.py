"""Two-bone inverse kinematics of a leg: bend hip and knee so that the ankle comes to a place."""

import numpy as np

from core.body.rotations import matrix_from_axis_angle, shortest_rotation

Array = np.ndarray

LEGS = ((1, 4, 7), (2, 5, 8))
"""SMPL joints hip, knee, ankle of the left and the right leg."""


def move_ankles(joints: Array, rotations: Array, moves: Array) -> Array:
    """World rotations [T,24,3,3] of the body whose ankles moved by `moves` [T,2,3] m (left, right).

    `joints` [T,24,3] m and `rotations` [T,24,3,3] (segment_in_world) are SMPL's, before. Feet keep their rotation.
    """
    new = rotations.copy()
    for leg, (hip, knee, ankle) in enumerate(LEGS):
        new[:, hip], new[:, knee] = bend_leg(
            joints[:, [hip, knee, ankle]], rotations[:, hip], rotations[:, knee], moves[:, leg]
        )
    return new


def bend_leg(points: Array, thigh_rotation: Array, shin_rotation: Array, move: Array) -> tuple[Array, Array]:
    """The rotations [T,3,3] of thigh and shin (in the world) after the ankle moved by `move` [T,3] m.

    `points` [T,3,3] m are hip, knee and ankle before. Rotations are in SMPL's axes: knees flex about the thigh's x.
    The hip and the plane of the bend stay; a target out of reach is approached as far as the nearly straight leg goes.
    """
    thigh, shin, line = points[:, 1] - points[:, 0], points[:, 2] - points[:, 1], points[:, 2] - points[:, 0]
    a, b = np.linalg.norm(thigh, axis=-1), np.linalg.norm(shin, axis=-1)
    target = line + move
    # A leg that was straighter than the limit may stay so: nothing may jump where nothing moves.
    longest = np.maximum(0.995 * (a + b), np.linalg.norm(line, axis=-1))
    d = np.clip(np.linalg.norm(target, axis=-1), np.abs(a - b) * 1.01 + 1e-6, longest)
    u = _unit(target)

    swing = _turn_to(line, target)
    hinge = _apply(swing, _hinge(thigh_rotation, thigh, shin))
    hinge = _unit(hinge - u * (hinge * u).sum(-1, keepdims=True))
    lift = np.arccos(np.clip((a**2 + d**2 - b**2) / (2 * a * d), -1, 1))
    new_thigh = _apply(matrix_from_axis_angle(-lift[:, None] * hinge), u) * a[:, None]
    new_shin = u * d[:, None] - new_thigh
    return (
        _turn_to(_apply(swing, thigh), new_thigh) @ swing @ thigh_rotation,
        _turn_to(_apply(swing, shin), new_shin) @ swing @ shin_rotation,
    )


def _hinge(thigh_rotation: Array, thigh: Array, shin: Array) -> Array:
    """The axis [T,3] about which the knee flexes: normal to the bend, or the thigh's own x axis for straight legs."""
    own = thigh_rotation[:, :, 0]
    normal = np.cross(_unit(thigh), _unit(shin))
    normal = np.where((normal * own).sum(-1, keepdims=True) < 0, -normal, normal)
    straight = np.linalg.norm(normal, axis=-1, keepdims=True) < np.sin(np.radians(3.0))
    return _unit(np.where(straight, own, normal))


def _turn_to(start: Array, end: Array) -> Array:
    return matrix_from_axis_angle(shortest_rotation(start, end))


def _apply(R: Array, v: Array) -> Array:
    return np.einsum("tij,tj->ti", R, v)


def _unit(v: Array) -> Array:
    return v / np.maximum(np.linalg.norm(v, axis=-1, keepdims=True), 1e-12)
