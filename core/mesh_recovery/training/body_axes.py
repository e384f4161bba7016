"""What the regressor works out before it learns: landmarks in the axes of the person's own pelvis and chest.

A joint's rotation says how its bone lies in its parent's axes. In the camera's axes that is a product of two things to
be learnt; in the body's own it is nearly what the landmarks say. And how far a bone of known length leans out of the
picture can be seen from how short it appears there; only towards or away is left to the world landmarks.
"""

import torch
from torch import Tensor

from core.body import load_body
from core.mesh_recovery.shape import rest_landmarks
from core.mesh_recovery.windows import WORLD_UNIT_M

BONES = ((11, 13), (13, 15), (12, 14), (14, 16), (23, 25), (25, 27), (24, 26), (26, 28), (27, 31), (28, 32))
"""Upper arms, forearms, thighs, shins, feet; the first four hang on the chest."""
ARM_BONES = 4
DERIVED = 99 + 69 + 9 + 9 + len(BONES) * 6 + ARM_BONES * 3
"""Numbers added to a frame."""


def rest_lengths() -> Tensor:
    """[10] m: the lengths of `BONES` on the mean body."""
    rest = torch.tensor(rest_landmarks(load_body(), torch.zeros(10).numpy()), dtype=torch.float32)
    start, end = torch.tensor(BONES).T
    return (rest[end] - rest[start]).norm(dim=-1)


def derived(features: Tensor, lengths: Tensor) -> Tensor:
    """[N,W,198] -> [N,W,258]: landmarks in the pelvis' axes, upper ones in the chest's, chest in pelvis, pelvis, and
    bones foreshortened (`lengths` [10] m as of `rest_lengths`)."""
    frame = features.unflatten(-1, (33, 6))
    xy, visibility, world = frame[..., :2], frame[..., 2:3], frame[..., 3:] * WORLD_UNIT_M
    metres = metres_per_unit(xy, visibility, world)
    points = on_rays(xy, visibility, world, metres)
    hips, shoulders = points[..., 23:25, :], points[..., 11:13, :]
    trunk = shoulders.mean(-2) - hips.mean(-2)
    pelvis = axes(hips[..., 0, :] - hips[..., 1, :], trunk)
    chest = axes(shoulders[..., 0, :] - shoulders[..., 1, :], trunk)
    about_hips = (points - hips.mean(-2, keepdim=True)) @ pelvis
    about_shoulders = (points[..., :23, :] - shoulders.mean(-2, keepdim=True)) @ chest
    chest_in_pelvis = pelvis.transpose(-1, -2) @ chest
    bones, leaning = foreshortened(xy, world, metres.mean(-3, keepdim=True), lengths)
    parts = [
        2 * about_hips,
        2 * about_shoulders,
        chest_in_pelvis,
        pelvis,
        bones[..., :2],
        leaning,
        bones @ pelvis,
        bones[..., :ARM_BONES, :] @ chest,
    ]
    return torch.cat([part.flatten(-2) for part in parts], dim=-1)


def foreshortened(xy: Tensor, world: Tensor, metres: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
    """(bones [N,W,10,3] in units of their length, how far each leans out of the picture [N,W,10,1] in [0, 1]).

    Across the picture a bone is what the keypoints say; along the ray it has what is missing to its length, in the
    direction that the world landmarks say. The person's size is the mean length of the window's world bones.
    """
    start, end = torch.tensor(BONES).T
    seen, deep = xy[..., end, :] - xy[..., start, :], world[..., end, :] - world[..., start, :]
    size = (deep.square().sum(-1) + 1e-8).sqrt().mean((-2, -1)) / lengths.mean()
    long = size[:, None, None, None] * lengths[:, None] + 0.02
    across = (metres * seen / long).clamp(-2.0, 2.0)
    leaning = (1 - across.square().sum(-1, keepdim=True)).clamp_min(1e-4).sqrt()
    return torch.cat([across, leaning * torch.tanh(4 * deep[..., 2:] / long)], dim=-1), leaning


def metres_per_unit(xy: Tensor, visibility: Tensor, world: Tensor) -> Tensor:
    """[...,1,1]: the scale that brings keypoints [...,33,2] closest to the world landmarks' x and y, weighted."""
    weights, seen, flat = _centred(xy, visibility, world)
    along = (weights * seen * flat).sum((-2, -1), keepdim=True)
    return (along / (weights * seen**2).sum((-2, -1), keepdim=True).clamp_min(1e-4)).clamp(0.0, 2.0)


def on_rays(xy: Tensor, visibility: Tensor, world: Tensor, metres: Tensor) -> Tensor:
    """World landmarks [...,33,3] with x and y from the keypoints as far as these are visible. Networks place landmarks
    in the picture better than in space."""
    _, seen, flat = _centred(xy, visibility, world)
    return torch.cat([world[..., :2] + visibility * (metres * seen - flat), world[..., 2:]], dim=-1)


def _centred(xy: Tensor, visibility: Tensor, world: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    weights = visibility / visibility.sum(-2, keepdim=True).clamp_min(1e-3)
    flat = world[..., :2]
    return weights, xy - (weights * xy).sum(-2, keepdim=True), flat - (weights * flat).sum(-2, keepdim=True)


def axes(x: Tensor, towards_y: Tensor) -> Tensor:
    """Frames [...,3,3] whose x axis is along `x` and whose y axis leans to `towards_y`; zeros where these are zero."""
    x = unit(x)
    z = unit(torch.linalg.cross(x, towards_y))
    return torch.stack([x, torch.linalg.cross(z, x), z], dim=-1)


def unit(v: Tensor) -> Tensor:
    """`v` [...,3] at length one; a zero vector stays zero."""
    return v / (v.square().sum(-1, keepdim=True) + 1e-6).sqrt()
