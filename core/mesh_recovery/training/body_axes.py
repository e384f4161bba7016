"""What the regressor works out before it learns: landmarks in the axes of the person's own pelvis and chest.

A joint's rotation says how its bone lies in its parent's axes. In the camera's axes that is a product of two things to
be learnt; in the body's own it is nearly what the landmarks say.
"""

import torch
from torch import Tensor

from core.mesh_recovery.windows import WORLD_UNIT_M

DERIVED = 99 + 69 + 9 + 9
"""Numbers added to a frame."""


def derived(features: Tensor) -> Tensor:
    """[...,198] -> [...,186]: landmarks in the pelvis' axes, upper ones in the chest's, chest in pelvis, pelvis."""
    frame = features.unflatten(-1, (33, 6))
    points = on_rays(frame[..., :2], frame[..., 2:3], frame[..., 3:] * WORLD_UNIT_M)
    hips, shoulders = points[..., 23:25, :], points[..., 11:13, :]
    trunk = shoulders.mean(-2) - hips.mean(-2)
    pelvis = axes(hips[..., 0, :] - hips[..., 1, :], trunk)
    chest = axes(shoulders[..., 0, :] - shoulders[..., 1, :], trunk)
    about_hips = (points - hips.mean(-2, keepdim=True)) @ pelvis
    about_shoulders = (points[..., :23, :] - shoulders.mean(-2, keepdim=True)) @ chest
    chest_in_pelvis = pelvis.transpose(-1, -2) @ chest
    return torch.cat(
        [2 * about_hips.flatten(-2), 2 * about_shoulders.flatten(-2), chest_in_pelvis.flatten(-2), pelvis.flatten(-2)],
        dim=-1,
    )


def on_rays(xy: Tensor, visibility: Tensor, world: Tensor) -> Tensor:
    """World landmarks [...,33,3] with x and y from the keypoints, brought to metres by the best scale; zeros where
    there are none. Networks place landmarks in the picture better than in space."""
    weights = visibility / visibility.sum(-2, keepdim=True).clamp_min(1e-3)
    seen = xy - (weights * xy).sum(-2, keepdim=True)
    flat = world[..., :2]
    middle = (weights * flat).sum(-2, keepdim=True)
    along = (weights * seen * (flat - middle)).sum((-2, -1), keepdim=True)
    metres = (along / (weights * seen**2).sum((-2, -1), keepdim=True).clamp_min(1e-4)).clamp(0.0, 2.0)
    return torch.cat([flat + visibility * (metres * seen + middle - flat), world[..., 2:]], dim=-1)


def axes(x: Tensor, towards_y: Tensor) -> Tensor:
    """Frames [...,3,3] whose x axis is along `x` and whose y axis leans to `towards_y`; zeros where these are zero."""
    x = unit(x)
    z = unit(torch.linalg.cross(x, towards_y))
    return torch.stack([x, torch.linalg.cross(z, x), z], dim=-1)


def unit(v: Tensor) -> Tensor:
    """`v` [...,3] at length one; a zero vector stays zero."""
    return v / (v.square().sum(-1, keepdim=True) + 1e-6).sqrt()
