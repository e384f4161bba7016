"""What the regressor works out before it learns: landmarks in the axes of the person's own pelvis and chest.

A joint's rotation says how its bone lies in its parent's axes. In the camera's axes that is a product of two things to
be learnt; in the body's own it is nearly what the landmarks say. And how far a bone of known length leans out of the
picture can be seen from how short it appears there; only towards or away is left to the world landmarks.
"""

from dataclasses import dataclass

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


@dataclass(frozen=True)
class Seen:
    """Features [N,W,199] taken apart: `xy` [N,W,33,2] in units of `scale` [N,1,1,1] (tangents), `visibility`
    [N,W,33,1], `world` [N,W,33,3] m; and what follows, [N,1,1,1]: `metres` per unit of xy at the depth of the hips, and
    that `depth` m."""

    xy: Tensor
    visibility: Tensor
    world: Tensor
    scale: Tensor
    metres: Tensor
    depth: Tensor


def taken_apart(features: Tensor) -> Seen:
    """See `Seen`. The person's size in the picture and in space gives the distance, and with it the perspective."""
    frame = features[..., :-1].unflatten(-1, (33, 6))
    xy, visibility, world = frame[..., :2], frame[..., 2:3], frame[..., 3:] * WORLD_UNIT_M
    scale = features[:, :1, None, -1:] / 10
    metres = metres_per_unit(xy, visibility, world)
    # what is nearer looks larger: a second look, with the first one's distance
    nearer = (scale * world[..., 2:] / metres.clamp_min(0.05)).clamp(-0.5, 0.5)
    metres = metres_per_unit(xy * (1 + nearer), visibility, world)
    return Seen(xy, visibility, world, scale, metres, metres / scale.clamp_min(1e-3))


def metres_per_unit(xy: Tensor, visibility: Tensor, world: Tensor) -> Tensor:
    """[N,1,1,1]: the scale that brings keypoints [N,W,33,2] closest to the world landmarks' x and y, the weighted least
    squares of each frame, averaged over the frames that have both."""
    weights = visibility / visibility.sum(-2, keepdim=True).clamp_min(1e-3)
    seen = xy - (weights * xy).sum(-2, keepdim=True)
    flat = world[..., :2] - (weights * world[..., :2]).sum(-2, keepdim=True)
    along = (weights * seen * flat).sum((-2, -1), keepdim=True).sum(1, keepdim=True)
    return (along / (weights * seen**2).sum((-2, -1), keepdim=True).sum(1, keepdim=True).clamp_min(1e-4)).clamp(
        0.0, 2.0
    )


def on_rays(seen: Seen) -> Tensor:
    """World landmarks [N,W,33,3] m moved sideways, at their depth, onto the rays of their keypoints, as far as these
    are visible. Networks place landmarks in the picture better than in space."""
    across = seen.xy * (seen.metres + seen.scale * seen.world[..., 2:])
    return torch.cat([seen.world[..., :2].lerp(across, seen.visibility), seen.world[..., 2:]], dim=-1)


def foreshortened(seen: Seen, points: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
    """(bones [N,W,10,3] in units of their length, how far each leans out of the picture [N,W,10,1] in [0, 1]).

    A bone of known length that begins at a known point ends on the ray of its keypoint in one of two places, one nearer
    and one farther; the world landmarks say which. From trunk to hands and feet, each end begins the next bone. The
    person's size is the mean length of the window's world bones.
    """
    start, end = torch.tensor(BONES).T
    deep = seen.world[..., end, :] - seen.world[..., start, :]
    size = (deep.square().sum(-1) + 1e-8).sqrt().mean((-2, -1)) / lengths.mean()
    long = size[:, None, None] * lengths + 0.02
    known = {landmark: points[..., landmark, :] for landmark in (11, 12, 23, 24)}
    depth = seen.depth[..., 0]
    # the hips are the origin (exported, `zeros_like` and `ones_like` would keep the size of the example's batch)
    eye = torch.cat([0 * depth, 0 * depth, -depth], dim=-1)
    bones, leaning = [], []
    for i, (a, b) in enumerate(BONES):
        ray = torch.cat([seen.xy[..., b, :] * seen.scale[..., 0], 1 + 0 * seen.xy[..., b, :1]], dim=-1)
        square = ray.square().sum(-1, keepdim=True)
        from_eye = known[a] - eye
        nearest = ray * (ray * from_eye).sum(-1, keepdim=True) / square - from_eye  # from the start to the ray
        length = long[..., i : i + 1]
        lean = (1 - nearest.square().sum(-1, keepdim=True) / length**2).clamp_min(1e-4).sqrt()
        towards = torch.tanh(4 * (deep[..., i, 2:] - nearest[..., 2:]) / length)
        bone = nearest / length + ray / square.sqrt() * lean * towards
        bones.append(bone.clamp(-2.0, 2.0))
        leaning.append(lean)
        known[b] = known[a] + length * bone
    return torch.stack(bones, dim=-2), torch.stack(leaning, dim=-2)


def derived(features: Tensor, lengths: Tensor) -> Tensor:
    """[N,W,199] -> [N,W,258]: landmarks in the pelvis' axes, upper ones in the chest's, chest in pelvis, pelvis, and
    bones foreshortened (`lengths` [10] m as of `rest_lengths`)."""
    seen = taken_apart(features)
    points = on_rays(seen)
    hips, shoulders = points[..., 23:25, :], points[..., 11:13, :]
    trunk = shoulders.mean(-2) - hips.mean(-2)
    pelvis = axes(hips[..., 0, :] - hips[..., 1, :], trunk)
    chest = axes(shoulders[..., 0, :] - shoulders[..., 1, :], trunk)
    about_hips = (points - hips.mean(-2, keepdim=True)) @ pelvis
    about_shoulders = (points[..., :23, :] - shoulders.mean(-2, keepdim=True)) @ chest
    bones, leaning = foreshortened(seen, points, lengths)
    parts = [
        2 * about_hips,
        2 * about_shoulders,
        pelvis.transpose(-1, -2) @ chest,
        pelvis,
        bones[..., :2],
        leaning,
        bones @ pelvis,
        bones[..., :ARM_BONES, :] @ chest,
    ]
    return torch.cat([part.flatten(-2) for part in parts], dim=-1)


def axes(x: Tensor, towards_y: Tensor) -> Tensor:
    """Frames [...,3,3] whose x axis is along `x` and whose y axis leans to `towards_y`; zeros where these are zero."""
    x = unit(x)
    z = unit(torch.linalg.cross(x, towards_y))
    return torch.stack([x, torch.linalg.cross(z, x), z], dim=-1)


def unit(v: Tensor) -> Tensor:
    """`v` [...,3] at length one; a zero vector stays zero."""
    return v / (v.square().sum(-1, keepdim=True) + 1e-6).sqrt()
