"""Rotations, bodies and cameras in torch, batched and differentiable."""

import numpy as np
import torch
from torch import Tensor

from core.body import Body
from core.body.kinematics import tree_levels


def matrix_from_6d(numbers: Tensor) -> Tensor:
    """[...,6] -> [...,3,3]: the first two columns by Gram-Schmidt, the third their product (Zhou et al. 2019)."""
    a, b = numbers[..., :3], numbers[..., 3:]
    x = torch.nn.functional.normalize(a, dim=-1)
    y = torch.nn.functional.normalize(b - (x * b).sum(-1, keepdim=True) * x, dim=-1)
    return torch.stack([x, y, torch.linalg.cross(x, y)], dim=-1)


def matrix_from_rotation_vector(vectors: Tensor) -> Tensor:
    """[...,3] rad -> [...,3,3] by Rodrigues' formula."""
    angle = vectors.norm(dim=-1, keepdim=True).clamp_min(1e-8)
    x, y, z = (vectors / angle).unbind(-1)
    zero = torch.zeros_like(x)
    K = torch.stack([zero, -z, y, z, zero, -x, -y, x, zero], dim=-1).unflatten(-1, (3, 3))
    sine, cosine = torch.sin(angle)[..., None], torch.cos(angle)[..., None]
    return torch.eye(3) + sine * K + (1 - cosine) * (K @ K)


class TorchBody:
    """The body's joints and landmarks from local rotations and shape, without the mesh (`core.body.kinematics`)."""

    def __init__(self, body: Body) -> None:
        def tensor(array: np.ndarray) -> Tensor:
            return torch.tensor(np.asarray(array), dtype=torch.float32)

        self.parents = body.parents.tolist()
        self.levels = [torch.tensor(level) for level in tree_levels(body.parents)]
        self.above = [torch.tensor(body.parents[level]) for level in tree_levels(body.parents)]
        self.rest_template, self.rest_basis = tensor(body.joints_template), tensor(body.joints_basis)
        self.landmark_weights, self.landmark_shape = tensor(body.landmark_weights), tensor(body.landmark_shape)

    def pose(self, rotations: Tensor, betas: Tensor) -> tuple[Tensor, Tensor]:
        """(joints [B,W,24,3], landmarks [B,W,33,3]) m from `rotations` [B,W,24,3,3] (each in its parent) and `betas`
        [B,10], the pelvis at the origin."""
        B, W = rotations.shape[:2]
        rest = self.rest_template + torch.einsum("bk,kjc->bjc", betas, self.rest_basis)
        world, joints = [rotations[:, :, 0]], [torch.zeros(B, W, 3)]
        for joint, parent in enumerate(self.parents[1:], start=1):
            bone = (rest[:, joint] - rest[:, parent])[:, None, :, None]
            joints.append(joints[parent] + (world[parent] @ bone)[..., 0])
            world.append(world[parent] @ rotations[:, :, joint])
        placed, turned = torch.stack(joints, dim=2), torch.stack(world, dim=2)
        ones = torch.cat([torch.ones(B, 1), betas], dim=1)
        mixed = (ones @ self.landmark_shape.flatten(1)).view(B, 33, 24, 3)
        offsets = mixed - self.landmark_weights[..., None] * rest[:, None]
        # one product per sample: [W*3, 24*3] times [24*3, 33]
        rows = turned.transpose(2, 3).reshape(B, W * 3, 72)
        at = (rows @ offsets.flatten(2).transpose(1, 2)).view(B, W, 3, 33).transpose(2, 3)
        return placed, at + self.landmark_weights @ placed


def project_crop(points: Tensor, camera: Tensor, scale: Tensor) -> Tensor:
    """[N,P,2]: `points` [N,P,3] m as seen by `camera` [N,3] (s, tx, ty), in units of `scale` [N] (tangent).

    HMR's weak perspective s (x + tx), divided by 1 + s scale z: with the depth t_z = 1 / (s scale) at which the
    person has their size it is the full perspective; `scale` zero leaves the weak one.
    """
    s = camera[:, None, :1]
    depth = (1 + s * scale[:, None, None] * points[..., 2:]).clamp_min(0.2)
    return s * (points[..., :2] + camera[:, None, 1:]) / depth
