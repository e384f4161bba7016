"""How far to move something (the root, a foot) so that contact points stay and none goes under the ground."""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import solveh_banded

Array = np.ndarray


@dataclass(frozen=True)
class SettleTerms:
    """Standard deviations of what a correction weighs against each other; the defaults are the root's."""

    across_ray_m: float = 0.015
    """m; how far it may leave the place in the picture where it was seen."""

    along_ray_m: float = 0.2
    """m; how far it may move towards or away from the camera: depth is the weak spot of one camera."""

    slide_m_s: float = 0.06
    """m/s; the speed of a contact point."""

    height_m: float = 0.008
    """m; the height of a contact point over the ground, and the depth of any point below it."""

    acceleration_m_s2: float = 1.5
    """m/s^2; the acceleration of the correction itself: what keeps it slow."""


TOO_DEEP_M = 0.3
"""What is deeper under the ground than this is not lifted: there the ground or the pose is wrong, not the height."""


def settle(points: Array, contacts: Array, rays: Array, fps: float, terms: SettleTerms, rounds: int = 4) -> Array:
    """The correction [T, 3] m to a path that lets contact points rest on the ground.

    `points` [T, N, 3] m are the contact points that move along with it (world, y up, the ground at y = 0),
    `contacts` [T, N] bool, `rays` [T, 3] unit vectors from the camera to it. Least squares over all frames at
    once: no slide of contact points, contact heights zero, corrections small across the ray and larger along it,
    accelerations small. Points below the ground join in as they appear (an active set, a few `rounds`),
    but for those that are `TOO_DEEP_M` under it. The system is
    block pentadiagonal (bandwidth 6): time and memory grow with T alone.
    """
    T = len(points)
    below = np.zeros_like(contacts)
    correction = np.zeros((T, 3))
    for _ in range(rounds):
        now_below = below | (points[..., 1] + correction[:, None, 1] < -0.002) & (points[..., 1] > -TOO_DEEP_M)
        if correction.any() and (now_below == below).all():
            break
        below = now_below
        correction = _solve(points, contacts, below & ~contacts, rays, fps, terms)
    return correction


def _solve(points: Array, contacts: Array, below: Array, rays: Array, fps: float, terms: SettleTerms) -> Array:
    T = len(points)
    H = np.zeros((T, 3, T_BLOCKS, 3))  # H[t, i, k, j]: row (t, i), column (t + k, j)
    g = np.zeros((T, 3))

    along = rays[:, :, None] * rays[:, None, :]
    H[:, :, 0] += (np.eye(3) - along) / terms.across_ray_m**2 + along / terms.along_ray_m**2
    vertical = (contacts | below) / terms.height_m**2
    H[:, 1, 0, 1] += vertical.sum(axis=1)
    g[:, 1] -= (vertical * points[..., 1]).sum(axis=1)

    if T > 1:
        held = (contacts[1:] & contacts[:-1]) * (fps / terms.slide_m_s) ** 2
        total = held.sum(axis=1)[:, None, None] * np.eye(3)
        H[1:, :, 0] += total
        H[:-1, :, 0] += total
        H[:-1, :, 1] -= total
        pull = (held[..., None] * (points[1:] - points[:-1])).sum(axis=1)
        g[1:] -= pull
        g[:-1] += pull
    if T > 2:
        weight = (fps**2 / terms.acceleration_m_s2) ** 2
        for a, left in enumerate((1.0, -2.0, 1.0)):
            for b, right in enumerate((1.0, -2.0, 1.0)):
                if b >= a:
                    H[a : T - 2 + a, :, b - a] += weight * left * right * np.eye(3)
    return solveh_banded(_lower_bands(H), g.reshape(-1), lower=True).reshape(T, 3)


T_BLOCKS = 3
"""A frame is tied to itself, the next one and the one after."""


def _lower_bands(H: Array) -> Array:
    """The banded storage of scipy: bands[d, c] = element (row c + d, column c) of the symmetric matrix."""
    T = len(H)
    bands = np.zeros((3 * T_BLOCKS, 3 * T))
    for k in range(T_BLOCKS):
        for i in range(3):
            for j in range(3):
                d = 3 * k + j - i  # element (row (t + k, j), column (t, i)), which equals H[t, i, k, j]
                if d >= 0:
                    bands[d, i : 3 * (T - k) : 3][: T - k] = H[: T - k, i, k, j]
    return bands
