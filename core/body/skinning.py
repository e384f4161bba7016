"""The mesh of a posed body: linear blend skinning (Loper et al. 2015, equation 2, without pose correctives)."""

import numpy as np

from core.body.kinematics import pose_body
from core.body.model import Body

Array = np.ndarray

_CHUNK_FRAMES = 64  # bounds the working memory to about 30 MB


def skin(body: Body, poses: Array, betas: Array, trans: Array) -> Array:
    """Vertices [T,V,3] m (float32) for `poses` [T,72] rad, `betas` [10] and `trans` [T,3] m.

    A vertex is `sum_j w_vj (R_j (v - rest_j) + joint_j)`: linear in the frames' [R_j, joint_j - R_j rest_j], with a
    constant matrix [V, 24*4] of `[w_vj v, w_vj]`. So a clip is one matrix product, done in chunks of frames.
    """
    frames = pose_body(body, poses, betas, trans)
    vertices = body.rest_vertices(np.asarray(betas, float))
    ones = np.concatenate([vertices, np.ones((len(vertices), 1))], axis=1)
    mixing = (body.weights[:, :, None] * ones[:, None, :]).reshape(len(vertices), -1).astype(np.float32)
    rest = body.rest_joints(np.asarray(betas, float))
    rotations = frames.joint_rotations_world
    shifts = frames.joints - (rotations @ rest[:, :, None])[..., 0]
    # [T, 3, 24*4]: one row of transforms for each coordinate.
    transforms = np.concatenate([rotations, shifts[..., None]], axis=3).transpose(0, 2, 1, 3).astype(np.float32)
    posed = np.empty((len(transforms), len(vertices), 3), np.float32)
    for start in range(0, len(transforms), _CHUNK_FRAMES):
        part = transforms[start : start + _CHUNK_FRAMES]
        product = part.reshape(len(part) * 3, -1) @ mixing.T
        posed[start : start + _CHUNK_FRAMES] = product.reshape(len(part), 3, -1).transpose(0, 2, 1)
    return posed
