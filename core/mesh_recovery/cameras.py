"""A pinhole camera with assumed focal length, and where a body must stand to appear where it does."""

import numpy as np

from core.errors import BadInputError
from core.mesh_recovery.segments import shortest_turn

Array = np.ndarray


def assumed_intrinsics(image_size: Array) -> Array:
    """A camera matrix [3, 3] px for a picture [width, height]: focal length = its diagonal (53 degrees from corner to
    corner, the usual assumption for unknown cameras), principal point in the middle."""
    width, height = (float(n) for n in image_size)
    if not (width > 0 and height > 0):
        raise BadInputError(f"The picture should have a positive width and height, but has {width} x {height} px.")
    f = np.hypot(width, height)
    return np.array([[f, 0.0, width / 2], [0.0, f, height / 2], [0.0, 0.0, 1.0]])


def project(points: Array, intrinsics: Array) -> Array:
    """Pixels [..., 2] of `points` [..., 3] m in camera coordinates; what is behind the camera is clamped before it."""
    depth = np.maximum(points[..., 2:], 0.05)
    return points[..., :2] / depth * intrinsics[[0, 1], [0, 1]] + intrinsics[:2, 2]


def turns_to_rays(pixels: Array, intrinsics: Array) -> Array:
    """The smallest rotations [T, 3, 3] that take the camera's axis to the rays through `pixels` [T, 2]."""
    rays = np.ones((len(pixels), 3))
    rays[:, :2] = (pixels - intrinsics[:2, 2]) / intrinsics[[0, 1], [0, 1]]
    return shortest_turn(np.array([0.0, 0.0, 1.0]), rays)


def fit_translation(points: Array, pixels: Array, weights: Array, intrinsics: Array, rounds: int = 4) -> Array:
    """The translations [T, 3] m that make `points` [T, N, 3] m (camera axes) appear at `pixels` [T, N, 2].

    Perspective projection is linear in the translation t once multiplied by depth: t_x - a t_z = a z - x with
    a = (u - c_x) / f, likewise for y; least squares over all points, weighted by `weights` [T, N] >= 0 and, after the
    first round, by Cauchy's weight of the pixel error (scale: 4 % of the person's extent). Frames with too little
    weight use all points alike.
    """
    rays = (pixels - intrinsics[:2, 2]) / intrinsics[[0, 1], [0, 1]]
    few = (weights > 0.1).sum(axis=1) < 4
    weights = np.where(few[:, None], 1.0, weights)
    extent = _extent(pixels)
    robust = np.ones_like(weights)
    for _ in range(rounds):
        t = _solve(points, rays, weights * robust)
        error = np.linalg.norm(project(points + t[:, None], intrinsics) - pixels, axis=-1)
        robust = 1.0 / (1.0 + (error / (0.04 * extent[:, None])) ** 2)
    return t


def moved_onto_rays(points: Array, pixels: Array, trust: Array, weights: Array, intrinsics: Array) -> Array:
    """`points` [T, N, 3] m (camera axes) with each moved sideways, at its depth, onto the ray through its pixel.

    Networks place landmarks in the picture better than in space: of `points` the depths are kept. `trust` [T, N] in
    [0, 1] is how far each goes, less where pixel and point contradict each other (Cauchy's weight at 10 % of the
    person's extent); `weights` as in `fit_translation`, which says where the points are.
    """
    t = fit_translation(points, pixels, weights, intrinsics)
    error = np.linalg.norm(project(points + t[:, None], intrinsics) - pixels, axis=-1)
    trust = trust / (1.0 + (error / (0.1 * _extent(pixels)[:, None])) ** 2)
    depth = points[..., 2:] + t[:, None, 2:]
    rays = (pixels - intrinsics[:2, 2]) / intrinsics[[0, 1], [0, 1]]
    moved = np.concatenate([rays * depth - t[:, None, :2], points[..., 2:]], axis=-1)
    return points + trust[..., None] * (moved - points)


def _extent(pixels: Array) -> Array:
    """The larger side of the box round `pixels` [T, N, 2], at least one."""
    return np.maximum(np.ptp(pixels, axis=1).max(axis=-1), 1.0)


def _solve(points: Array, rays: Array, weights: Array) -> Array:
    T, N = weights.shape
    A = np.zeros((T, N, 2, 3))
    A[:, :, 0, 0] = A[:, :, 1, 1] = 1.0
    A[:, :, :, 2] = -rays
    b = rays * points[..., 2:] - points[..., :2]
    AtA = np.einsum("tn,tnki,tnkj->tij", weights, A, A)
    Atb = np.einsum("tn,tnki,tnk->ti", weights, A, b)
    t = np.linalg.solve(AtA + 1e-9 * np.eye(3), Atb[..., None])[..., 0]
    nearest = 0.3 - points[..., 2].min(axis=1)  # no point of the body closer than 30 cm, whatever the pixels say
    t[:, 2] = np.maximum(t[:, 2], nearest)
    return t
