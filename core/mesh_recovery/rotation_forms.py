"""The forms in which networks give rotations: matrices, six numbers (Zhou et al. 2019), axis-angle."""

import numpy as np
from scipy.spatial.transform import Rotation

Array = np.ndarray

JOINTS = 24
SIX_D, AXIS_ANGLE, MATRIX = 6, 3, 9
"""Numbers per joint by which a form is known."""


def to_matrices(numbers: Array, six_d: str = "interleaved") -> Array:
    """Rotation matrices [..., 3, 3] from `numbers` [..., 9], [..., 6] (in the order that `six_d` says) or [..., 3] rad.

    Whatever comes is brought to the nearest proper rotation, which undoes the rounding of half precision.
    """
    count = numbers.shape[-1]
    numbers = np.asarray(numbers, float)
    if count == AXIS_ANGLE:
        return Rotation.from_rotvec(numbers.reshape(-1, 3)).as_matrix().reshape(*numbers.shape[:-1], 3, 3)
    if count == SIX_D:
        return _from_two_columns(numbers, six_d)
    return nearest_rotations(numbers.reshape(*numbers.shape[:-1], 3, 3))


def _from_two_columns(numbers: Array, order: str) -> Array:
    """Gram-Schmidt on the two columns (or rows) that six numbers hold (Zhou et al. 2019, equation 3)."""
    if order == "interleaved":
        pair = np.swapaxes(numbers.reshape(*numbers.shape[:-1], 3, 2), -1, -2)
    else:
        pair = numbers.reshape(*numbers.shape[:-1], 2, 3)
    first = _unit(pair[..., 0, :])
    second = _unit(pair[..., 1, :] - first * (first * pair[..., 1, :]).sum(-1, keepdims=True))
    axes = np.stack([first, second, np.cross(first, second)], axis=-2)
    return axes if order == "rows" else np.swapaxes(axes, -1, -2)


def nearest_rotations(matrices: Array) -> Array:
    """The rotations [..., 3, 3] closest to `matrices` in the least-squares sense (Kabsch 1976)."""
    U, _, Vt = np.linalg.svd(matrices)
    U[..., :, 2] *= np.sign(np.linalg.det(U @ Vt))[..., None]
    return U @ Vt


def far_from_rotations(matrices: Array) -> float:
    """The largest entry of |M M^T - 1| over `matrices` [..., 3, 3], at least 1 where one of them mirrors."""
    off = np.abs(matrices @ np.swapaxes(matrices, -1, -2) - np.eye(3)).max()
    return max(float(off), 1.0 if (np.linalg.det(matrices) < 0).any() else 0.0)


def _unit(v: Array) -> Array:
    return v / np.maximum(np.linalg.norm(v, axis=-1, keepdims=True), 1e-8)
