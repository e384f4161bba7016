"""A network's answers brought onto the keypoints: neighbours averaged, then every joint turned a little.

A network is sure of what a body does and vague about where exactly it is in the picture; keypoints are the other way
round. So each frame's rotations are the prior of a small least-squares fit to its keypoints, as SPIN fits after its
network (Kolotouros et al. 2019), but in two steps of Gauss and Newton, over the turns w_j of joints and the place t:

    sum_l v_l^2 rho(|a_l (Z_l + t_z) - (X_l, Y_l) - (t_x, t_y)| / sigma) + sum_j |w_j|^2 / sigma_j^2

with a_l the keypoint as a tangent off the axis, v_l its visibility, (X, Y, Z)_l the body's landmark. Depth stays what
the network says, as far as bones of known length allow.
"""

from dataclasses import dataclass

import numpy as np

from core.body import Body
from core.body.kinematics import forward_kinematics, landmark_offsets
from core.body.rotations import matrix_from_axis_angle
from core.keypoints.skeletons import SYMMETRIC_PAIRS
from core.mesh_recovery.cameras import fit_translation

Array = np.ndarray

_LEAST_VISIBILITY = 0.1
_ARMS_LEGS = tuple([pair for pair in SYMMETRIC_PAIRS if pair[0] in part] for part in (range(11, 23), range(23, 33)))
"""Pairs of landmarks that swap sides together."""


@dataclass(frozen=True)
class OntoKeypointsSettings:
    """How far a network's answers yield to the keypoints and to their neighbours."""

    rounds: int = 2
    """Gauss-Newton steps; 0 leaves the answers as they are."""
    keypoint_sigma_m: float = 0.03
    """How far a keypoint is off its landmark, at the person's depth."""
    outlier_m: float = 0.12
    """Where a keypoint begins to count as an outlier (Geman-McClure)."""
    joint_sigma_rad: tuple[float, ...] = (
        0.08, 0.1, 0.1, 0.1, 0.15, 0.15, 0.1, 0.1, 0.1, 0.1, 0.03, 0.03,
        0.08, 0.05, 0.05, 0.08, 0.2, 0.2, 0.25, 0.25, 0.1, 0.1, 0.03, 0.03,
    )  # fmt: skip
    """How far the network's rotation of each of SMPL's joints is off."""
    average_s: float = 1 / 30
    """Deviation of the Gaussian by which answers of neighbouring frames are averaged, before and after; 0: not."""
    swap_gain: float = 0.5
    """Left and right of the arms or legs are exchanged where that leaves less than this share of their error."""


def onto_keypoints(
    body: Body,
    rotations: Array,
    betas: Array,
    keypoints: Array,
    times: Array,
    intrinsics: Array,
    settings: OntoKeypointsSettings | None = None,
    chunk: int = 256,
) -> Array:
    """`rotations` [N,24,3,3] (each in its parent, the first in camera axes) of the body of shape `betas` [10], averaged
    over neighbours and turned so that its landmarks meet `keypoints` [N,33,3] (px, visibility) at `times` [N] s."""
    settings = settings or OntoKeypointsSettings()
    rotations = averaged(rotations, times, settings.average_s)
    if settings.rounds == 0:
        return rotations
    fitted = [
        _fitted(body, rotations[i : i + chunk], betas, keypoints[i : i + chunk], intrinsics, settings)
        for i in range(0, len(rotations), chunk)
    ]
    return averaged(np.concatenate(fitted), times, settings.average_s)


def averaged(rotations: Array, times: Array, sigma_s: float) -> Array:
    """[N,J,3,3]: means of rotations over time with a Gaussian's weights, made orthonormal (chordal mean)."""
    if sigma_s <= 0 or len(times) < 2:
        return rotations
    total = rotations.copy()
    reach = min(int(np.ceil(2 * sigma_s / max(float(np.median(np.diff(times))), 1e-4))), len(times) - 1)
    for away in range(1, reach + 1):
        gap = (times[away:] - times[:-away]) / sigma_s
        weight = np.exp(-0.5 * gap**2)[:, None, None, None]
        total[away:] += weight * rotations[:-away]
        total[:-away] += weight * rotations[away:]
    U, _, Vt = np.linalg.svd(total)
    U[..., 2] *= np.linalg.det(U @ Vt)[..., None]
    return U @ Vt


def _fitted(body: Body, rotations, betas, keypoints, intrinsics, settings: OntoKeypointsSettings) -> Array:
    rest, offsets = body.rest_joints(betas), landmark_offsets(body, betas)
    below = _below(body.parents)
    origin = np.zeros((len(rotations), 3))
    for _ in range(settings.rounds):
        joints, world = forward_kinematics(body.parents, rest, rotations, origin)
        # what each joint's part of the skin adds to each landmark [N,33,24,3]
        shares = np.einsum("njab,ljb->nlja", world, offsets) + body.landmark_weights[..., None] * joints[:, None]
        points = shares.sum(axis=2)
        rays, weights, residual, depth = _seen(points, keypoints, intrinsics, settings)
        carried = body.landmark_weights @ below.T
        arms = np.einsum("jk,nlkc->nljc", below, shares) - carried[..., None] * joints[:, None]
        turns = _solved(arms, rays, weights, residual, depth, settings)
        total = np.einsum("jk,njc->nkc", below, turns)  # a joint turns with all above it; small turns add up
        turned = matrix_from_axis_angle(total) @ world
        rotations = turned.copy()
        for joint, parent in enumerate(body.parents):
            if parent >= 0:
                rotations[:, joint] = turned[:, parent].transpose(0, 2, 1) @ turned[:, joint]
    return rotations


def _below(parents: Array) -> Array:
    """[24,24]: 1 where joint k hangs below joint j, or is it."""
    below = np.eye(len(parents))
    for joint in range(len(parents) - 1, 0, -1):
        below[parents[joint]] += below[joint]
    return below


def _seen(points: Array, keypoints: Array, intrinsics: Array, settings: OntoKeypointsSettings):
    """(rays [N,33,2] as tangents, weights [N,33], residuals [N,33,2] m across the axis, depths [N,33] m)."""
    pixels, visibility = keypoints[..., :2], keypoints[..., 2]
    weights = np.where(visibility >= _LEAST_VISIBILITY, visibility**2, 0.0)
    place = fit_translation(points, pixels, weights, intrinsics)
    placed = points + place[:, None]

    def residuals(of: Array) -> tuple[Array, Array]:
        rays = (of - intrinsics[:2, 2]) / intrinsics[[0, 1], [0, 1]]
        return rays, rays * placed[..., 2:] - placed[..., :2]

    rays, residual = residuals(pixels)
    for pairs in _ARMS_LEGS:
        order = np.arange(33)
        for left, right in pairs:
            order[[left, right]] = right, left
        members = np.ravel(pairs)
        rays_swapped, swapped = residuals(pixels[:, order])
        before, after = (
            (w * np.linalg.norm(r, axis=-1))[:, members].sum(axis=1)
            for w, r in ((weights, residual), (weights[:, order], swapped))
        )
        other = (after < settings.swap_gain * before)[:, None]
        rays = np.where(other[..., None], rays_swapped, rays)
        residual = np.where(other[..., None], swapped, residual)
        weights = np.where(other, weights[:, order], weights)
    weights = weights / (1 + (residual**2).sum(axis=-1) / settings.outlier_m**2) ** 2
    return rays, weights, residual, placed[..., 2]


def _solved(arms: Array, rays: Array, weights: Array, residual: Array, depth: Array, settings) -> Array:
    """[N,24,3] rad: the turns that the normal equations give, `arms` [N,33,24,3] m from joints to what they carry."""
    N, L, J = arms.shape[:3]
    x, y, z = np.moveaxis(arms, -1, 0)
    none = np.zeros_like(x)
    moves = np.stack([np.stack([none, z, -y], -1), np.stack([-z, none, x], -1), np.stack([y, -x, none], -1)], axis=2)
    moves = np.concatenate([moves.reshape(N, L, 3, 3 * J), np.broadcast_to(np.eye(3), (N, L, 3, 3))], axis=-1)
    A = (moves[:, :, :2] - rays[..., None] * moves[:, :, 2:]).reshape(N, 2 * L, -1)
    weighted = A * (np.repeat(weights, 2, axis=1) / settings.keypoint_sigma_m**2)[..., None]
    prior = np.concatenate([np.repeat(np.square(settings.joint_sigma_rad), 3), np.ones(3)])  # the place may go anywhere
    H = weighted.transpose(0, 2, 1) @ A + np.diag(1 / prior)
    b = (weighted * residual.reshape(N, 2 * L, 1)).sum(axis=1)
    return np.linalg.solve(H, b[..., None])[:, : 3 * J, 0].reshape(N, J, 3)
