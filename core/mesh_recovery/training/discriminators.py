"""HMR's factorised discriminators (Kanazawa et al. 2018, section 3.3), and the least-squares objectives."""

import torch
from torch import Tensor, nn


class PoseShapeDiscriminator(nn.Module):
    """25 critics of a body: one per joint rotation (23), one of all joints together, one of the shape.

    Joint rotations come as matrices. Two 1x1 convolutions of 32 channels are shared by all joints, then each joint has
    a linear critic of its own and all joints together one of two layers of `hidden`. The shape has 10-5-1. The body's
    global rotation is left out: it says nothing about whether a pose is one.
    """

    def __init__(self, joints: int = 23, shape: int = 10, hidden: int = 1024) -> None:
        super().__init__()
        self.shared = nn.Sequential(nn.Linear(9, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU())
        self.joint_weight = nn.Parameter(torch.randn(joints, 32) * 32**-0.5)
        self.joint_bias = nn.Parameter(torch.zeros(joints))
        self.all_joints = nn.Sequential(
            nn.Linear(32 * joints, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, 1)
        )
        self.shape = nn.Sequential(nn.Linear(shape, 5), nn.ReLU(), nn.Linear(5, 1))

    def forward(self, body_pose: Tensor, betas: Tensor) -> Tensor:
        """Scores [N,25] (23 joints, all joints, shape) of `body_pose` [N,23,3,3] and `betas` [N,10]; real is 1."""
        seen = self.shared(body_pose.flatten(-2))  # a 1x1 convolution over joints is a linear map of each
        each = (seen * self.joint_weight).sum(-1) + self.joint_bias
        return torch.cat([each, self.all_joints(seen.flatten(1)), self.shape(betas)], dim=1)


def adversarial_loss(fake: Tensor) -> Tensor:
    """What the regressor pays for being found out: sum over critics of E[(D(fake) - 1)^2] (Mao et al. 2017)."""
    return ((fake - 1) ** 2).mean(0).sum()


def discriminator_loss(real: Tensor, fake: Tensor) -> Tensor:
    """What the critics pay: sum over critics of E[(D(real) - 1)^2] + E[D(fake)^2]."""
    return ((real - 1) ** 2).mean(0).sum() + (fake**2).mean(0).sum()
