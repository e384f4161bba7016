"""Where the feedback starts: joint rotations straight from the landmarks, in closed form and in torch.

A plainer relative of `core.mesh_recovery.closed_form`, made of operations that ONNX has: every segment's rotation takes
a frame built from resting landmarks to the same frame built from those seen. The network then learns what is wrong
with it (noise, outliers, swaps) and need not learn what a joint rotation is.
"""

import torch
from torch import Tensor, nn

from core.body import load_body
from core.mesh_recovery.closed_form import LIMBS
from core.mesh_recovery.shape import rest_landmarks
from core.mesh_recovery.training.body_axes import axes, foreshortened, on_rays, taken_apart, unit
from core.mesh_recovery.training.geometry import matrix_from_6d

_STRAIGHT = 0.25
"""Sine of the bend at which the plane of the bend and the limb's own hinge axis have the same say."""
_PELVIS, _SPINE, _NECK, _HEAD = 0, (3, 6, 9), 12, 15
_FEET = ((29, 31), (30, 32))
_PARENTS = tuple(load_body().parents.tolist())


class FirstGuess(nn.Module):
    """Features [N,W,199] -> the middle frame's local rotations [N,24,3,3]; the mean pose where there is no world."""

    rest: Tensor
    lengths: Tensor

    def __init__(self, lengths: Tensor) -> None:
        super().__init__()
        rest = torch.tensor(rest_landmarks(load_body(), torch.zeros(10).numpy()), dtype=torch.float32)
        self.register_buffer("rest", rest[None])
        self.register_buffer("lengths", lengths)

    def forward(self, features: Tensor, mean: Tensor) -> Tensor:
        """`mean` [24,3,3] is the pose where nothing is known."""
        middle = features.shape[1] // 2
        seen = taken_apart(features)
        every = on_rays(seen)
        bones = foreshortened(seen, every, self.lengths)[0][:, middle]
        points, world = every[:, middle], seen.world[:, middle]
        known = (world.abs().sum((1, 2)) > 0).to(features.dtype)[:, None, None, None]
        return known * self.local(points, bones) + (1 - known) * mean

    def local(self, points: Tensor, bones: Tensor) -> Tensor:
        """[N,24,3,3] from `points` [N,33,3] and the directions of limbs `bones` [N,10,3] (`body_axes.BONES`)."""
        rest = self.rest
        pelvis = _trunk(points, 23) @ _trunk(rest, 23).transpose(-1, -2)
        chest = _trunk(points, 11) @ _trunk(rest, 11).transpose(-1, -2)
        head = _head(points) @ _head(rest).transpose(-1, -2)
        R: dict[int, Tensor] = {_PELVIS: pelvis, _SPINE[2]: chest, _HEAD: head}
        R[_SPINE[0]], R[_SPINE[1]] = between(pelvis, chest, 1 / 3), between(pelvis, chest, 2 / 3)
        R[_NECK] = between(chest, head, 1 / 2)
        for i, limb in enumerate(LIMBS):
            parent = chest if limb.forearm else pelvis
            a, b, c = limb.points
            u = unit(unit(bones[:, 2 * i]) + unit(points[:, b] - points[:, a]))
            v = unit(unit(bones[:, 2 * i + 1]) + unit(points[:, c] - points[:, b]))
            u0, v0 = unit(rest[:, b] - rest[:, a]), unit(rest[:, c] - rest[:, b])
            hinge0 = torch.tensor(limb.rest_hinge)[None]
            hinge = shortest_turned((parent @ u0[..., None])[..., 0], u, (parent @ hinge0[..., None])[..., 0])
            normal = torch.linalg.cross(u, v)
            normal = normal - hinge * (normal * hinge).sum(-1, keepdim=True).clamp_max(0)  # bent backwards is noise
            normal = normal + _STRAIGHT * hinge
            upper = axes(u, normal) @ axes(u0, hinge0).transpose(-1, -2)
            lower = axes(v, normal) @ axes(v0, hinge0).transpose(-1, -2)
            R[limb.joints[0]], R[limb.joints[1]], R[limb.joints[2]] = upper, lower, lower
            if not limb.forearm:
                heel, toe = _FEET[i - 2]
                foot = axes(points[:, toe] - points[:, heel], -v) @ axes(rest[:, toe] - rest[:, heel], -v0).transpose(
                    -1, -2
                )
                R[limb.joints[2]] = between(lower, foot, 1 / 2)
        for joint, parent_joint in enumerate(_PARENTS):
            if joint not in R:
                R[joint] = R[parent_joint]
        local = [R[j] if p < 0 else R[p].transpose(-1, -2) @ R[j] for j, p in enumerate(_PARENTS)]
        return torch.stack(local, dim=1)


def _trunk(points: Tensor, left: int) -> Tensor:
    trunk = points[:, 11:13].mean(1) - points[:, 23:25].mean(1)
    return axes(points[:, left] - points[:, left + 1], trunk)


def _head(points: Tensor) -> Tensor:
    return axes(points[:, 7] - points[:, 8], points[:, [2, 5]].mean(1) - points[:, [9, 10]].mean(1))


def between(a: Tensor, b: Tensor, share: float) -> Tensor:
    """A rotation [N,3,3] about `share` of the way from `a` to `b`: their mean, made orthonormal."""
    mean = (1 - share) * a + share * b
    return matrix_from_6d(mean[..., :2].transpose(-1, -2).flatten(-2))


def shortest_turned(start: Tensor, end: Tensor, v: Tensor) -> Tensor:
    """`v` [N,3] turned by the smallest rotation that takes the unit vectors `start` to `end`."""
    axis = torch.linalg.cross(start, end)
    cosine = (start * end).sum(-1, keepdim=True)
    once = torch.linalg.cross(axis, v)
    return v + once + torch.linalg.cross(axis, once) / (1 + cosine).clamp_min(0.05)
