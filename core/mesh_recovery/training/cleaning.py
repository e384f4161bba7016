"""What is plainly wrong in a window is put right before anything is learnt: swapped sides, lost points, outliers."""

import torch
from torch import Tensor

from core.keypoints.skeletons import SYMMETRIC_PAIRS
from core.mesh_recovery.training.body_axes import unit

_ARMS, _LEGS = ((11, 12), range(11, 23)), ((23, 24), range(23, 33))
"""The line between the shoulders says which way the arms are labelled, that between the hips the legs."""
_JUMP = -0.2
"""Cosine between a line and the same line one frame later, below which it has jumped."""
_MOST = 0.5
"""What a frame's vote for its labels counts without evidence; evidence counts up to one for or against."""
_NEAR = (1.0, 0.1, 0.03)
"""How much a landmark's own frame, the next ones and the ones after say of where it is, all being seen alike."""


def cleaned(features: Tensor) -> tuple[Tensor, Tensor]:
    """(features [N,W,199] with sides put right, the same also filled and freed of short outliers)."""
    landmarks, scale = features[..., :-1], features[..., -1:]
    frames = sides_put_right(landmarks.unflatten(-1, (33, 6)))
    calm = median_of_five(filled(frames))
    # visibility stays what it was: how far a place can be relied upon
    calm = torch.cat([calm[..., :2], frames[..., 2:3], calm[..., 3:]], dim=-1)
    return torch.cat([frames.flatten(-2), scale], dim=-1), torch.cat([calm.flatten(-2), scale], dim=-1)


def sides_put_right(frames: Tensor) -> Tensor:
    """Arms or legs of `frames` [N,W,33,6] exchanged where their line has jumped round, and not turned.

    From one frame to the next nobody turns by more than a right angle; a line that does has swapped ends. Right is the
    way that it runs for most of the window, and in which the chest looks where the nose does, and hips lie as
    shoulders do.
    """
    world = frames[..., 3:]
    up = world[..., 11:13, :].mean(-2) - world[..., 23:25, :].mean(-2)
    forward = world[..., 0, :] - world[..., 7:9, :].mean(-2)
    chest = torch.linalg.cross(world[..., 11, :] - world[..., 12, :], up)
    frames = _exchanged(frames, _ARMS, (unit(chest) * unit(forward)).sum(-1))
    world = frames[..., 3:]
    shoulders, hips = (world[..., a, :] - world[..., b, :] for a, b in (_ARMS[0], _LEGS[0]))
    return _exchanged(frames, _LEGS, (unit(shoulders) * unit(hips)).sum(-1))


def _exchanged(frames: Tensor, side: tuple[tuple[int, int], range], evidence: Tensor) -> Tensor:
    """`frames` with the landmarks of a `side` exchanged where they are labelled the wrong way; `evidence` [N,W] in
    [-1, 1] is what each frame says of its own labels."""
    (left, right), members = side
    order = torch.arange(33)
    for a, b in SYMMETRIC_PAIRS:
        if a in members:
            order[[a, b]] = torch.tensor([b, a])
    line = unit((frames[..., left, :] - frames[..., right, :])[..., [0, 1, 3, 4, 5]])
    ways = [1 + 0 * evidence[:, 0]]  # ones; exported, `ones_like` would keep the size of the example's batch
    for t in range(1, evidence.shape[1]):
        jumped = (line[:, t - 1] * line[:, t]).sum(-1) < _JUMP
        ways.append(torch.where(jumped, -ways[-1], ways[-1]))
    way = torch.stack(ways, dim=1)
    right_way = (way * (_MOST + evidence)).sum(1, keepdim=True)
    wrong = way * right_way < 0
    return torch.where(wrong[..., None, None], frames[..., order, :], frames)


def filled(frames: Tensor) -> Tensor:
    """[N,W,33,6]: each landmark the mean of its own and the next frames', weighted by squared visibility and nearness:
    as it is where it is seen, and where its neighbours have it where it is not."""
    weights = frames[..., 2:3].square() + 1e-6
    above, below = weights * frames, weights
    for far, near in enumerate(_NEAR[1:], start=1):
        for shift in (-far, far):
            moved = near * shifted(weights, shift)
            above, below = above + moved * shifted(frames, shift), below + moved
    return above / below


def median_of_five(frames: Tensor) -> Tensor:
    """The median over each frame and the two on both its sides: outliers of two frames go, steady motion stays."""
    a, b, c, d, e = (shifted(frames, by) for by in (-2, -1, 0, 1, 2))
    a, b = torch.minimum(a, b), torch.maximum(a, b)
    c, d = torch.minimum(c, d), torch.maximum(c, d)
    # of two ordered pairs the least and the greatest of all four cannot be the median
    low, high = torch.maximum(a, c), torch.minimum(b, d)
    low, high = torch.minimum(low, high), torch.maximum(low, high)
    return torch.maximum(low, torch.minimum(high, e))


def shifted(frames: Tensor, by: int) -> Tensor:
    """[N,W,...] moved in time by `by` frames, the ends held."""
    if by > 0:
        return torch.cat([frames[:, :1]] * by + [frames[:, :-by]], dim=1)
    return torch.cat([frames[:, -by:]] + [frames[:, -1:]] * -by, dim=1)
