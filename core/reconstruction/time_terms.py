"""Terms over neighbouring frames: accelerations of segments and of the path, and SFV's steps of joints and path."""

import numpy as np

from core.reconstruction.evidence import Evidence
from core.reconstruction.objective import Term, robust
from core.reconstruction.segments import JOINTS, cross_matrices
from core.reconstruction.sums import Sums, vee

Array = np.ndarray

DEPTH_STIFFER = 4.0
"""How many times less the pelvis is believed to accelerate in depth than the picture's noise makes it seem."""


def turning(term: Term, evidence: Evidence, sums: Sums) -> float:
    """Angular acceleration in rad/s^2: the change of the turn from frame to frame, whatever the constant speed."""
    if len(evidence) < 3:
        return 0.0
    R = sums.state.rotations
    turn = logarithm(R[1:] @ np.swapaxes(R[:-1], -1, -2))
    rate = evidence.fps**2
    residual = (turn[1:] - turn[:-1]) * rate
    energy, influence = robust(term, (residual**2).sum(-1))
    pull = influence[..., None] * residual * rate
    by_turn = np.zeros_like(turn)
    by_turn[1:] += pull
    by_turn[:-1] -= pull
    inverse = inverse_left_jacobian(turn)
    # d log(exp(w') D exp(-w)) = J^-1(log D) w' - J^-1(-log D) w, and J^-1(-x) is the transpose of J^-1(x)
    sums.turn_g[1:] += (np.swapaxes(inverse, -1, -2) @ by_turn[..., None])[..., 0]
    sums.turn_g[:-1] -= (inverse @ by_turn[..., None])[..., 0]
    if sums.curved:
        weight = influence * rate**2
        own, following, after = second_difference(weight)
        sums.turn_h += own[..., None, None] * np.eye(3)
        sums.turn_next[:-1] += following
        sums.turn_after[:-2] += after
    return energy


def path(term: Term, evidence: Evidence, sums: Sums) -> float:
    """Acceleration of the pelvis in m/s^2, in camera axes; depth is stiffer, as one camera sees it worst."""
    if len(evidence) < 3:
        return 0.0
    stiffness = np.array([1.0, 1.0, DEPTH_STIFFER])
    rate = evidence.fps**2 * stiffness
    residual = np.diff(sums.state.pelvis, n=2, axis=0) * rate
    energy, influence = robust(term, (residual**2).sum(-1))
    pull = influence[:, None] * residual * rate
    sums.pelvis_g[2:] += pull
    sums.pelvis_g[1:-1] -= 2 * pull
    sums.pelvis_g[:-2] += pull
    if sums.curved:
        own, following, after = second_difference(influence[:, None] * rate**2)
        sums.pelvis_h += own
        sums.pelvis_next[:-1] += following
        sums.pelvis_after[:-2] += after
    return energy


def joint_steps(term: Term, evidence: Evidence, sums: Sums) -> float:
    """SFV's smoothness: steps of the joints relative to the pelvis (m per frame)."""
    if len(evidence) < 2:
        return 0.0
    step = np.diff(sums.relative[:, JOINTS], axis=0)
    energy, influence = robust(term, (step**2).sum(-1))
    pull = influence[..., None] * step
    sums.relative_g[1:, JOINTS] += pull
    sums.relative_g[:-1, JOINTS] -= pull
    if sums.curved:
        add_step_curvature(sums, np.arange(33, 57), False, influence)
    return energy


def path_steps(term: Term, evidence: Evidence, sums: Sums) -> float:
    """SFV's smoothness of the camera: steps of the pelvis before it (m per frame)."""
    if len(evidence) < 2:
        return 0.0
    step = np.diff(sums.state.pelvis, axis=0)
    energy, influence = robust(term, (step**2).sum(-1))
    pull = influence[:, None] * step
    sums.pelvis_g[1:] += pull
    sums.pelvis_g[:-1] -= pull
    if sums.curved:
        sums.pelvis_h[1:] += influence[:, None]
        sums.pelvis_h[:-1] += influence[:, None]
        sums.pelvis_next[:-1] -= influence[:, None]
    return energy


def add_step_curvature(sums: Sums, points: Array, placed: bool, weights: Array) -> None:
    """Curvature of sum(weights [T-1,P] |p_{t+1} - p_t|^2) / 2 over `points` [P]."""
    square = weights[..., None, None] * np.eye(3)
    total = sums.placed_h if placed else sums.relative_h
    total[1:, points] += square
    total[:-1, points] += square
    sums.steps.append((points, placed, weights))


def second_difference(weight: Array) -> tuple[Array, Array, Array]:
    """Own [T,...], next [T-1,...] and after-next [T-2,...] curvatures of sum(weight |x_{t-1} - 2 x_t + x_{t+1}|^2) / 2,
    `weight` [T-2,...]."""
    own = np.zeros((len(weight) + 2, *weight.shape[1:]))
    own[:-2] += weight
    own[1:-1] += 4 * weight
    own[2:] += weight
    following = np.zeros((len(weight) + 1, *weight.shape[1:]))
    following[:-1] -= 2 * weight
    following[1:] -= 2 * weight
    return own, following, weight


def logarithm(rotations: Array) -> Array:
    """Axis-angle [...,3] rad of rotations [...,3,3] by less than half a turn."""
    axis = vee(rotations)
    sine = np.linalg.norm(axis, axis=-1)
    angle = np.arctan2(sine, (np.trace(rotations, axis1=-2, axis2=-1) - 1) / 2)
    return axis * np.where(sine > 1e-9, angle / np.maximum(sine, 1e-9), 1.0)[..., None]


def inverse_left_jacobian(turn: Array) -> Array:
    """J^-1 [...,3,3] of SO(3) at `turn` [...,3] rad: log(exp(w) exp(turn)) = turn + J^-1 w (Barfoot 2017, 7.1)."""
    cross = cross_matrices(turn)
    angle = np.maximum(np.linalg.norm(turn, axis=-1), 1e-4)
    factor = 1 / angle**2 - (1 + np.cos(angle)) / (2 * angle * np.maximum(np.sin(angle), 1e-6))
    return np.eye(3) - 0.5 * cross + factor[..., None, None] * (cross @ cross)
