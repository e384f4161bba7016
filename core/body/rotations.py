"""Rotations over arrays of any leading shape: thin helpers around `scipy.spatial.transform.Rotation`.

Axis-angle in radians, matrices [...,3,3], quaternions wxyz (scipy's own order is xyzw; it never leaves this module).
Arrays are copied on the way in: scipy refuses read-only ones, and those of a frozen `BodyMotion` are.
"""

import numpy as np
from scipy.spatial.transform import Rotation

Array = np.ndarray


def matrix_from_axis_angle(axis_angle: Array) -> Array:
    """[...,3] rad -> [...,3,3]."""
    axis_angle = np.array(axis_angle, float)
    return Rotation.from_rotvec(axis_angle.reshape(-1, 3)).as_matrix().reshape(*axis_angle.shape[:-1], 3, 3)


def axis_angle_from_matrix(matrix: Array) -> Array:
    """[...,3,3] -> [...,3] rad, of length at most pi."""
    matrix = np.array(matrix, float)
    return Rotation.from_matrix(matrix.reshape(-1, 3, 3)).as_rotvec().reshape(*matrix.shape[:-2], 3)


def quaternion_from_axis_angle(axis_angle: Array) -> Array:
    """[...,3] rad -> [...,4] wxyz, w >= 0."""
    axis_angle = np.array(axis_angle, float)
    return _wxyz(Rotation.from_rotvec(axis_angle.reshape(-1, 3)), axis_angle.shape[:-1])


def axis_angle_from_quaternion(quaternion: Array) -> Array:
    """[...,4] wxyz (any length but zero) -> [...,3] rad."""
    quaternion = np.array(quaternion, float)
    return _from_wxyz(quaternion).as_rotvec().reshape(*quaternion.shape[:-1], 3)


def quaternion_from_matrix(matrix: Array) -> Array:
    """[...,3,3] -> [...,4] wxyz, w >= 0."""
    matrix = np.array(matrix, float)
    return _wxyz(Rotation.from_matrix(matrix.reshape(-1, 3, 3)), matrix.shape[:-2])


def matrix_from_quaternion(quaternion: Array) -> Array:
    """[...,4] wxyz (any length but zero) -> [...,3,3]."""
    quaternion = np.array(quaternion, float)
    return _from_wxyz(quaternion).as_matrix().reshape(*quaternion.shape[:-1], 3, 3)


def continuous_quaternions(quaternions: Array) -> Array:
    """[T,...,4] with signs chosen so that neighbours in time lie in the same hemisphere.

    q and -q are one rotation, but interpolation from one to the other takes the long way round.
    """
    quaternions = np.asarray(quaternions, float)
    towards = np.sum(quaternions[1:] * quaternions[:-1], axis=-1, keepdims=True)
    # A flip holds for all later frames too: the sign of a frame is the product of the flips up to it.
    signs = np.cumprod(np.where(towards < 0, -1.0, 1.0), axis=0)
    return np.concatenate([quaternions[:1], quaternions[1:] * signs])


def shortest_rotation(start: Array, end: Array) -> Array:
    """[...,3] and [...,3] -> [...,3] rad: the axis-angle of the smallest rotation that turns `start` towards `end`.

    Lengths do not matter. For opposite vectors any axis perpendicular to them is as short; one of them is taken. Zero
    where either vector has no length.
    """
    start, end = np.broadcast_arrays(_unit(start), _unit(end))
    axis = np.cross(start, end)
    sine = np.linalg.norm(axis, axis=-1, keepdims=True)
    cosine = np.sum(start * end, axis=-1, keepdims=True)
    angle = np.arctan2(sine, cosine)
    # Some perpendicular vector, for the opposite case: cross with the coordinate axis least aligned with `start`.
    least = np.eye(3)[np.argmin(np.abs(start), axis=-1)]
    axis = np.where((sine < 1e-12) & (cosine < 0), np.cross(start, least), axis)
    return _unit(axis) * angle


def swing_twist(axis_angle: Array, axis: Array) -> tuple[Array, Array]:
    """Split R into swing @ twist: the twist turns about `axis` [...,3], the swing's own axis is perpendicular to it.

    Returns (swing [...,3] rad, twist [...] rad about the axis, in (-pi, pi]). Where R turns `axis` straight round, the
    twist is not defined; it is then zero.
    """
    axis = _unit(axis)
    quaternion = quaternion_from_axis_angle(axis_angle)
    along = np.sum(quaternion[..., 1:] * axis, axis=-1)
    twist = 2 * np.arctan2(along, quaternion[..., 0])
    twist = np.where(np.hypot(along, quaternion[..., 0]) < 1e-9, 0.0, twist)
    twist = np.where(twist > np.pi, twist - 2 * np.pi, np.where(twist <= -np.pi, twist + 2 * np.pi, twist))
    undo = matrix_from_axis_angle(-twist[..., None] * axis)
    return axis_angle_from_matrix(matrix_from_axis_angle(axis_angle) @ undo), twist


def _wxyz(rotations: Rotation, shape: tuple[int, ...]) -> Array:
    return np.roll(rotations.as_quat(canonical=True), 1, axis=-1).reshape(*shape, 4)


def _from_wxyz(quaternion: Array) -> Rotation:
    return Rotation.from_quat(np.roll(quaternion.reshape(-1, 4), -1, axis=-1))


def _unit(vector: Array) -> Array:
    vector = np.asarray(vector, float)
    length = np.linalg.norm(vector, axis=-1, keepdims=True)
    return np.divide(vector, length, out=np.zeros_like(vector), where=length > 1e-12)
