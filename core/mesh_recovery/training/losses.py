"""The regressor's loss: L = lambda (L_reproj + 1[3D] L_3D) + L_adv (Kanazawa et al. 2018, equation 1).

Pure functions of tensors; nothing here knows whether the network saw keypoints or pixels.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from core.mesh_recovery.training.discriminators import adversarial_loss


@dataclass(frozen=True)
class LossWeights:
    """The weights of the terms."""

    supervised: float = 60.0
    """lambda, in front of the reprojection and the 3D terms."""
    joints: float = 20.0
    """Of the joints' squared error within L_3D."""
    rotations: float = 5.0
    """Of the rotation matrices' squared error within L_3D."""
    shape: float = 0.02
    """Of the shape's squared error within L_3D."""
    adversary: float = 1.0
    """Of L_adv; zero trains without discriminators."""
    three_d: bool = True
    """Whether L_3D counts at all (off for an ablation)."""


def reprojection_loss(predicted: Tensor, seen: Tensor, visibility: Tensor) -> Tensor:
    """Mean |predicted - seen| over the coordinates of [N,K,2], weighted by `visibility` [N,K]."""
    weights = visibility[..., None].expand_as(seen)
    return (weights * (predicted - seen).abs()).sum() / weights.sum().clamp_min(1e-6)


def joints_loss(predicted: Tensor, truth: Tensor, labelled: Tensor) -> Tensor:
    """Mean squared error of joints [N,J,3], both aligned at the pelvis (the first), over the samples `labelled` [N]."""
    error = (predicted - predicted[:, :1]) - (truth - truth[:, :1])
    return of_labelled((error**2).mean(dim=(1, 2)), labelled)


def squared_loss(predicted: Tensor, truth: Tensor, labelled: Tensor) -> Tensor:
    """Mean squared error of [N,...] over the samples `labelled` [N]: rotation matrices, shapes."""
    return of_labelled(((predicted - truth) ** 2).flatten(1).mean(1), labelled)


def of_labelled(per_sample: Tensor, labelled: Tensor) -> Tensor:
    """The indicator 1[3D]: the mean of [N] over the samples that have 3D truth, zero where none has."""
    return (per_sample * labelled).sum() / labelled.sum().clamp_min(1)


@dataclass(frozen=True)
class Prediction:
    """What the regressor says, and what follows of it: `rotations` [N,24,3,3], `betas` [N,10], `points` [N,P,3] m
    (pelvis first) and `keypoints` [N,K,2] of the last iteration; `fakes` are the critics' scores [M,25] of all."""

    rotations: Tensor
    betas: Tensor
    points: Tensor
    keypoints: Tensor
    fakes: Tensor | None = None


@dataclass(frozen=True)
class Truth:
    """The labels: like `Prediction`'s, `visibility` [N,K] of the keypoints, `labelled` [N] 1 where there is 3D."""

    rotations: Tensor
    betas: Tensor
    points: Tensor
    keypoints: Tensor
    visibility: Tensor
    labelled: Tensor


def regressor_loss(predicted: Prediction, truth: Truth, weights: LossWeights) -> tuple[Tensor, dict[str, Tensor]]:
    """(L, its terms by name, each already weighted, so that they sum to L)."""
    labelled = truth.labelled * float(weights.three_d)
    by = weights.supervised
    terms = {
        "reprojection": by * reprojection_loss(predicted.keypoints, truth.keypoints, truth.visibility),
        "joints": by * weights.joints * joints_loss(predicted.points, truth.points, labelled),
        "rotations": by * weights.rotations * squared_loss(predicted.rotations, truth.rotations, labelled),
        "shape": by * weights.shape * squared_loss(predicted.betas, truth.betas, labelled),
    }
    if predicted.fakes is not None:
        terms["adversary"] = weights.adversary * adversarial_loss(predicted.fakes)
    return torch.stack(list(terms.values())).sum(), terms
