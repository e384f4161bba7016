"""Rotations of body segments from a few points each: frames from two directions, swings, twists, best fits.

All functions work on stacks: `[..., 3]` vectors, `[..., 3, 3]` matrices whose columns are the segment's axes.
"""

import numpy as np
from scipy.spatial.transform import Rotation

Array = np.ndarray


def unit(v: Array) -> Array:
    """`v` [..., 3] scaled to length one; a zero vector stays zero."""
    return v / np.maximum(np.linalg.norm(v, axis=-1, keepdims=True), 1e-9)


def frame(x: Array, towards_y: Array) -> Array:
    """The right-handed frame [..., 3, 3] whose x axis is along `x` exactly and whose y axis leans to `towards_y`."""
    x = unit(x)
    z = unit(np.cross(x, towards_y))
    return np.stack([x, np.cross(z, x), z], axis=-1)


def shortest_turn(start: Array, end: Array) -> Array:
    """The smallest rotation [..., 3, 3] that takes the direction `start` to `end`; any half turn where they oppose."""
    a, b = np.broadcast_arrays(unit(start), unit(end))
    axis = np.cross(a, b)
    sine, cosine = np.linalg.norm(axis, axis=-1), (a * b).sum(-1)
    spare = np.cross(a, np.eye(3)[np.abs(a).argmin(-1)])  # only used where axis vanishes on a half turn
    axis = np.where((sine < 1e-7)[..., None] & (cosine < 0)[..., None], spare, axis)
    return turn(unit(axis), np.arctan2(sine, cosine))


def turn(axis: Array, angle: Array) -> Array:
    """The rotation [..., 3, 3] by `angle` [...] rad about the unit vector `axis` [..., 3]."""
    vectors = axis * angle[..., None]
    return Rotation.from_rotvec(vectors.reshape(-1, 3)).as_matrix().reshape(*vectors.shape, 3)


def twist_about(axis: Array, start: Array, end: Array) -> Array:
    """The signed angle [...] in (-pi, pi] about the unit vector `axis` from `start` to `end`, seen along the axis."""
    a = start - axis * (start * axis).sum(-1, keepdims=True)
    b = end - axis * (end * axis).sum(-1, keepdims=True)
    return np.arctan2((axis * np.cross(a, b)).sum(-1), (a * b).sum(-1))


def best_rotation(rest: Array, seen: Array) -> Array:
    """The rotations [T, 3, 3] that bring the points `rest` [N, 3] closest to `seen` [T, N, 3], both taken about their
    means: the orthogonal Procrustes problem (Kabsch 1976), which no scale of the points influences."""
    a, b = rest - rest.mean(0), seen - seen.mean(1, keepdims=True)
    U, _, Vt = np.linalg.svd(np.einsum("tni,nj->tij", b, a))
    U[:, :, 2] *= np.sign(np.linalg.det(U @ Vt))[:, None]
    return U @ Vt


def limited(rotations: Array, most: float) -> Array:
    """`rotations` [T, 3, 3] with the angle of each cut to at most `most` rad, about its own axis."""
    vectors = Rotation.from_matrix(rotations).as_rotvec()
    angle = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return Rotation.from_rotvec(vectors * np.minimum(1.0, most / np.maximum(angle, 1e-9))).as_matrix()


def share(rotations: Array, part: float) -> Array:
    """The fraction `part` of each rotation in [T, 3, 3], about its own axis."""
    return Rotation.from_rotvec(Rotation.from_matrix(rotations).as_rotvec() * part).as_matrix()


def ramp(value: Array, low: float, high: float) -> Array:
    """0 below `low`, 1 above `high`, a smooth step (3s^2 - 2s^3) in between."""
    s = np.clip((value - low) / (high - low), 0.0, 1.0)
    return s * s * (3.0 - 2.0 * s)
