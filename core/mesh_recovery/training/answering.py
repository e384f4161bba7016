"""The regressor as it ships: asked twice, once in the mirror, and its two answers brought together."""

import numpy as np
import torch
from torch import Tensor, nn

from core.keypoints.skeletons import SYMMETRIC_PAIRS
from core.mesh_recovery.training.geometry import matrix_from_6d
from core.mesh_recovery.training.network import THETA, Regressor, parts

MIRRORED_JOINTS = (0, 2, 1, 3, 5, 4, 6, 8, 7, 9, 11, 10, 12, 14, 13, 15, 17, 16, 19, 18, 21, 20, 23, 22)
"""SMPL's joints with left and right exchanged."""


class Exported(nn.Module):
    """Features [N,W,199] -> global_orient [N,1,3,3], body_pose [N,23,3,3], betas [N,10], pred_cam [N,3].

    The mirror image of a person is a person too, but a network does not err alike on both: the mean is better than
    either. Means of rotations are means of their columns, made orthonormal again.
    """

    landmark_order: Tensor
    joint_order: Tensor
    signs: Tensor

    def __init__(self, regressor: Regressor) -> None:
        super().__init__()
        self.regressor = regressor
        order = np.arange(33)
        for left, right in SYMMETRIC_PAIRS:
            order[[left, right]] = right, left
        self.register_buffer("landmark_order", torch.tensor(order))
        self.register_buffer("joint_order", torch.tensor(MIRRORED_JOINTS))
        self.register_buffer("signs", torch.tensor([-1.0, 1, 1, -1, 1, 1]))

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        theta = self.regressor(torch.cat([features, self.mirror(features)]))[-1].reshape(2, -1, THETA)
        camera, rotations, betas = parts(theta[0])
        mirrored_camera, mirrored_rotations, mirrored_betas = parts(theta[1])
        back = mirrored_camera * self.signs[[1, 0, 1]]
        columns = (rotations + self.mirror_rotations(mirrored_rotations))[..., :2]
        mean = matrix_from_6d(columns.transpose(-1, -2).flatten(-2))
        return mean[:, :1], mean[:, 1:], (betas + mirrored_betas) / 2, (camera + back) / 2

    def mirror(self, features: Tensor) -> Tensor:
        """Features of the mirror image: x turns its sign, left and right change places."""
        frame = features[..., :-1].unflatten(-1, (33, 6))
        return torch.cat([(frame[..., self.landmark_order, :] * self.signs).flatten(-2), features[..., -1:]], dim=-1)

    def mirror_rotations(self, rotations: Tensor) -> Tensor:
        """[N,24,3,3]: the rotations of the mirror image's joints, S R S with S = diag(-1, 1, 1)."""
        flip = self.signs[:3]
        return rotations[:, self.joint_order] * flip[:, None] * flip
