"""Quaternions wxyz [...,4] in plain numpy: for the small arrays of an inner loop, where scipy's checks cost more."""

import numpy as np

Array = np.ndarray


def relative(rotations: Array, targets: Array) -> Array:
    """[...,4]: conj(rotations) x targets, the turn from one to the other in the first one's own axes."""
    w, x, y, z = (rotations[..., i] for i in range(4))
    a, b, c, d = (targets[..., i] for i in range(4))
    result = np.empty(np.broadcast_shapes(rotations.shape, targets.shape))
    result[..., 0] = w * a + x * b + y * c + z * d
    result[..., 1] = w * b - x * a - y * d + z * c
    result[..., 2] = w * c - y * a - z * b + x * d
    result[..., 3] = w * d - z * a - x * c + y * b
    return result


def product(first: Array, second: Array) -> Array:
    """[...,4]: first x second (turn by `second` first, then by `first`)."""
    return relative(first * (1.0, -1.0, -1.0, -1.0), second)


def rotation_vectors(quaternions: Array) -> Array:
    """[...,3] rad: the shorter way round, at most pi long."""
    w, axis = quaternions[..., 0], quaternions[..., 1:]
    sine = np.sqrt((axis * axis).sum(axis=-1))
    angle = 2.0 * np.arctan2(sine, np.abs(w))
    scale = np.where(sine > 1e-9, angle / np.maximum(sine, 1e-12), 2.0)
    return (np.where(w < 0, -scale, scale))[..., None] * axis


def quaternions(vectors: Array) -> Array:
    """[...,4]: the turns by rotation vectors [...,3] rad."""
    angle = np.sqrt((vectors * vectors).sum(axis=-1))
    scale = 0.5 * np.sinc(angle / (2.0 * np.pi))
    return np.concatenate([np.cos(0.5 * angle)[..., None], scale[..., None] * vectors], axis=-1)


def rotate(quaternions: Array, vectors: Array) -> Array:
    """[...,3]: `vectors` turned by `quaternions`."""
    w, axis = quaternions[..., :1], quaternions[..., 1:]
    twice = 2.0 * _cross(axis, vectors)
    return vectors + w * twice + _cross(axis, twice)


def rotate_back(quaternions: Array, vectors: Array) -> Array:
    """[...,3]: `vectors` turned by the inverse of `quaternions`."""
    return rotate(quaternions * (1.0, -1.0, -1.0, -1.0), vectors)


def _cross(a: Array, b: Array) -> Array:
    result = np.empty(np.broadcast_shapes(a.shape, b.shape))
    result[..., 0] = a[..., 1] * b[..., 2] - a[..., 2] * b[..., 1]
    result[..., 1] = a[..., 2] * b[..., 0] - a[..., 0] * b[..., 2]
    result[..., 2] = a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
    return result
