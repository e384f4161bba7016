"""The body's shape (`betas`) from the lengths of bones seen."""

import numpy as np

from core.body import Body
from core.body.kinematics import pose_body

Array = np.ndarray

BONES = np.array([(11, 13), (13, 15), (12, 14), (14, 16), (23, 25), (25, 27), (24, 26), (26, 28), (29, 31), (30, 32)])
"""Pairs of landmarks at fixed distance: upper arms, forearms, thighs, shins, feet."""

TRUNK = ((11, 12), (23, 24))
"""The trunk's length runs between the middles of these two pairs, its widths along them."""

SIGMAS = np.array(8 * [1.0] + [4.0, 4.0, 1.0, 2.0, 4.0])
"""How much less lengths are to be believed, in the order of `bone_lengths`: BlazePose's feet come out as little as half
as long as feet are, and its hips lie closer together than hip joints."""


def rest_landmarks(body: Body, betas: Array) -> Array:
    """The landmarks [33, 3] m of the body with this shape [10] in its T-pose, translation zero."""
    return pose_body(body, np.zeros((1, 72)), betas, np.zeros((1, 3))).landmarks[0]


def bone_lengths(landmarks: Array) -> Array:
    """Lengths [..., 13] m of limbs and feet (`BONES`), trunk, shoulder width, hip width in `landmarks` [..., 33, 3]."""
    bones = landmarks[..., BONES[:, 0], :] - landmarks[..., BONES[:, 1], :]
    (ls, rs), (lh, rh) = TRUNK
    left, right, hip, other = (landmarks[..., i, :] for i in (ls, rs, lh, rh))
    extra = np.stack([(left + right - hip - other) / 2, left - right, hip - other], axis=-2)
    return np.linalg.norm(np.concatenate([bones, extra], axis=-2), axis=-1)


def fit_betas(body: Body, landmarks: Array, sigma: float = 0.015, rounds: int = 4) -> Array:
    """The `betas` [10] whose bone lengths are closest to the median lengths in `landmarks` [T, 33, 3] m.

    Gauss-Newton on sum((length - seen)^2 / sigma^2) + |betas|^2: the prior of unit variance is what the shape space was
    built with. `sigma` (m) is how far a median length may be off, `SIGMAS` times as far for some. Landmarks are linear
    in `betas`, so that eleven T-poses tell all.
    """
    seen = np.median(bone_lengths(landmarks), axis=0)
    template = rest_landmarks(body, np.zeros(10))
    basis = np.stack([rest_landmarks(body, one) - template for one in np.eye(10)])
    weight = 1.0 / (sigma * SIGMAS)
    betas = np.zeros(10)
    for _ in range(rounds):
        lengths = bone_lengths(template + np.tensordot(betas, basis, 1))
        step = 1e-4
        nudged = bone_lengths(template + np.tensordot(betas + step * np.eye(10), basis, 1))
        J = ((nudged - lengths) / step).T * weight[:, None]
        residual = (seen - lengths) * weight
        betas = np.linalg.solve(J.T @ J + np.eye(10), J.T @ (residual + J @ betas))
    return np.clip(betas, -4.0, 4.0)
