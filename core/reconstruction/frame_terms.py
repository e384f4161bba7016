"""Terms of single frames: the picture, the network, the shape. Each adds to `Sums` and returns its energy."""

import numpy as np

from core.reconstruction.evidence import Evidence
from core.reconstruction.objective import Term, robust
from core.reconstruction.segments import LANDMARKS
from core.reconstruction.sums import Sums, chord, vee

Array = np.ndarray

NEAREST_M = 0.05
"""What is closer to the camera, or behind it, is projected as if it were here."""

DEPTH_LOOSER = 2.5
"""How many times larger the network's errors along the ray are."""


def reprojection(term: Term, evidence: Evidence, sums: Sums) -> float:
    """Landmarks against keypoints, in metres at the body's depth, so that near and far people count alike."""
    f = evidence.intrinsics[[0, 1], [0, 1]]
    points = sums.landmarks
    depth = np.maximum(points[..., 2:], NEAREST_M)
    before = points[..., 2] > NEAREST_M
    unit = evidence.metres_per_px[:, None]
    residual = (points[..., :2] / depth * f + evidence.intrinsics[:2, 2] - evidence.keypoints) * unit[..., None]
    energy, influence = robust(term, (residual**2).sum(-1), evidence.weights)

    along = unit[..., None] * f / depth  # d residual / d (x, y); by z: -(x, y) / z of it
    by_depth = -along * points[..., :2] / depth * before[..., None]
    pull = influence[..., None] * residual
    sums.placed_g[:, LANDMARKS, :2] += pull * along
    sums.placed_g[:, LANDMARKS, 2] += (pull * by_depth).sum(-1)
    if sums.curved:
        J = np.zeros((*residual.shape, 3))
        J[..., 0, 0], J[..., 1, 1], J[..., 2] = along[..., 0], along[..., 1], by_depth
        sums.placed_h[:, LANDMARKS] += influence[..., None, None] * (np.swapaxes(J, -1, -2) @ J)
    return energy


def points(term: Term, evidence: Evidence, sums: Sums) -> float:
    """Landmarks relative to the pelvis against the network's, looser along the ray to the body."""
    off = sums.relative[:, LANDMARKS] - evidence.points[:, LANDMARKS]
    along = np.einsum("tpi,ti->tp", off, evidence.rays)
    loose = 1.0 - 1.0 / DEPTH_LOOSER**2
    squared = (off**2).sum(-1) - loose * along**2
    weights = evidence.agreement[:, None] * POINT_SHARES
    energy, influence = robust(term, squared, weights)
    shaped = off - loose * along[..., None] * evidence.rays[:, None]
    sums.relative_g[:, LANDMARKS] += influence[..., None] * shaped
    if sums.curved:
        metric = np.eye(3) - loose * evidence.rays[:, :, None] * evidence.rays[:, None, :]
        sums.relative_h[:, LANDMARKS] += influence[..., None, None] * metric[:, None]
    return energy


POINT_SHARES = np.array([3 / 11] * 11 + [1.0] * 22)
"""The eleven landmarks of the face count as three."""


def network(term: Term, evidence: Evidence, sums: Sums) -> float:
    """Each segment's rotation against the network's, in frames where its projection agrees with the keypoints."""
    off = sums.state.rotations @ np.swapaxes(evidence.network.rotations, -1, -2)
    weights = evidence.agreement[:, None] * np.ones(off.shape[1])
    energy, influence = robust(term, chord(off), weights)
    sums.turn_g += influence[..., None] * vee(off)
    if sums.curved:
        sums.turn_h += influence[..., None, None] * np.eye(3)
    return energy


def shape(term: Term, evidence: Evidence, sums: Sums) -> float:
    """One shape for the clip, near the network's."""
    off = sums.state.betas - evidence.network.betas
    energy, influence = robust(term, off**2)
    sums.betas_g += influence * off
    sums.betas_h += influence
    return energy
