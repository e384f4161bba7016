"""What a body from elsewhere lacks, carried over from the body that ships: BlazePose's landmarks and an outfit.

The body that ships is first given bone lengths like the other's; then a place on it and one on the other correspond
where they lie alike about the joints that move them.
"""

import numpy as np
from scipy.optimize import nnls
from scipy.spatial import cKDTree

from core.body.model import Body
from core.body.moving import betas_for_joints

Array = np.ndarray

_NEAREST = 250
_NEARNESS = 2e-3  # how much farther vertices are avoided, against a metre's error of the landmark


def carried_landmarks(own: Body, vertices: Array, joints: Array, weights: Array) -> Array:
    """[33,V]: a regressor of BlazePose's landmarks for another body in the T-pose.

    `vertices` [V,3] m, `joints` [24,3] m, `weights` [V,24]. A landmark lies about the joint that moves it most as it
    does on our own body; it is mixed from vertices near it of the same limb (non-negative least squares, rows summing
    to one).
    """
    betas = betas_for_joints(own, joints)
    own_joints = own.rest_joints(betas)
    places = own.landmark_regressor @ own.rest_vertices(betas)
    regressor = np.zeros((len(places), len(vertices)))
    for i, place in enumerate(places):
        anchor = int(own.landmark_weights[i].argmax())
        target = joints[anchor] + place - own_joints[anchor]
        limb = np.flatnonzero(weights[:, anchor] > 0.2)
        limb = limb if len(limb) >= 4 else np.arange(len(vertices))
        away = np.linalg.norm(vertices[limb] - target, axis=1)
        near = limb[np.argsort(away)[:_NEAREST]]
        regressor[i, near] = _mixed_from(vertices[near], target)
    return regressor


def _mixed_from(points: Array, target: Array) -> Array:
    """Weights [N] >= 0 that sum to one and mix `points` [N,3] into about `target` [3]."""
    off = points - target
    one = np.full((1, len(points)), 10.0)
    nearness = np.diag(_NEARNESS * (1.0 + np.linalg.norm(off, axis=1) / 0.05))
    found, _ = nnls(
        np.concatenate([off.T, one, nearness]), np.concatenate([np.zeros(3), [10.0], np.zeros(len(points))])
    )
    return found / found.sum()


def carried_regions(own: Body, vertices: Array, joints: Array, weights: Array) -> Array:
    """[V,R]: the outfit's regions for another body: those of our vertex that lies alike about the joints."""
    betas = betas_for_joints(own, joints)
    there = vertices + weights @ (own.rest_joints(betas) - joints)
    _, nearest = cKDTree(own.rest_vertices(betas)).query(there)
    return own.region_weights[nearest]
