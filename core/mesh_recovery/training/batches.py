"""Training batches: windows of synthetic people as a network would see them, with the truth of the middle frame."""

from dataclasses import dataclass, field, replace

import numpy as np
import torch
from torch import Tensor

from core.body import load_body
from core.mesh_recovery.training.geometry import TorchBody
from core.mesh_recovery.training.network import NetworkSettings
from core.mesh_recovery.training.noise import PERSON_M, NoiseModel, corrupt
from core.mesh_recovery.training.poses import PoseSettings, pose_windows
from core.mesh_recovery.windows import make_windows, turned_to_person, window_offsets

Array = np.ndarray

_PARTS = tuple(np.array(p) for p in (range(17, 23), (1, 2, 3, 4, 5, 6, 9, 10), range(29, 33)))
"""Hands, face, feet: what other skeletons lack."""
_LIMBS = tuple(np.array(p) for p in ((13, 15, 17, 19, 21), (14, 16, 18, 20, 22), (25, 27, 29, 31), (26, 28, 30, 32)))
_THROUGH_THE_CENTRE = np.array([[1.0, 0, 0], [0, 1.0, 0], [0, 0, 1.0]])


@dataclass(frozen=True)
class BatchSettings:
    """What training people look like and how badly they are seen: broader than what figures are measured with."""

    poses: PoseSettings = field(default_factory=PoseSettings)
    noise: NoiseModel = field(default_factory=lambda: replace(NoiseModel(), depth_shrinks=(0.6, 1.1)))
    strength: tuple[float, float] = (0.3, 1.4)
    """Range of the factor on all of the noise's sizes and shares, one a window."""
    shape_deviation: float = 1.0
    """Deviation of the betas."""
    distance_m: tuple[float, float] = (2.0, 14.0)
    """Range of the distance from the camera, drawn evenly in its logarithm."""
    without_world: float = 0.07
    """Share of windows without world landmarks, as other keypoint networks leave them."""
    without_parts: float = 0.1
    """Share of windows in which hands, feet or face have no keypoints at all (each by itself)."""
    hidden_limb: float = 0.08
    """Share of windows in which a forearm or shin is hidden: hardly visible, and vague."""
    focal_deviation: float = 0.1
    """Deviation of the logarithm of the perspective's strength: the focal length of a video is guessed."""
    missing_frames: float = 0.05
    """Share of frames (but the middle one) in which the person was not found."""


@dataclass(frozen=True)
class Batch:
    """N windows: `features` [N,W,199]; of the middle frame `rotations` [N,24,3,3] (the first in the axes in which the
    regressor answers), `betas` [N,10], `joints` [N,24,3] and `landmarks` [N,33,3] m about the pelvis, `keypoints`
    [N,33,2] without noise, `scale` [N] their unit as a tangent."""

    features: Tensor
    rotations: Tensor
    betas: Tensor
    joints: Tensor
    landmarks: Tensor
    keypoints: Tensor
    scale: Tensor


class BatchSource:
    """Draws batches; the same seed draws the same ones."""

    def __init__(self, seed: int, network: NetworkSettings, settings: BatchSettings | None = None) -> None:
        self.rng = np.random.default_rng(seed)
        self.network, self.settings = network, settings or BatchSettings()
        self.body = TorchBody(load_body())

    @torch.no_grad()
    def draw(self, count: int) -> Batch:
        """One batch of `count` windows."""
        rng, settings, width = self.rng, self.settings, self.network.window
        rotations = pose_windows(rng, settings.poses, count, width, self.network.step_s)
        betas = torch.from_numpy((settings.shape_deviation * rng.standard_normal((count, 10))).astype(np.float32))
        joints, landmarks = self.body.pose(rotations, betas)
        middle = width // 2

        hips = landmarks[:, :, 23:25].mean(dim=2, keepdim=True)
        world = (landmarks - hips).numpy()  # hips on the axis of a camera that looks at them
        near, far = np.log(settings.distance_m)
        distance = np.exp(rng.uniform(near, far, (count, 1, 1))).astype(np.float32)
        tangents = world[..., :2] / np.maximum(distance + world[..., 2], 0.3)[..., None]
        seen_world, seen, visibility = self._seen(world, tangents, PERSON_M / distance[..., 0])
        flat = np.concatenate([seen, visibility[..., None]], axis=-1).reshape(-1, 33, 3)
        seen, turns = turned_to_person(flat, _THROUGH_THE_CENTRE)
        windows = make_windows(
            seen.reshape(count, width, 33, 2), visibility, seen_world, turns.reshape(count, width, 3, 3)
        )
        clean, _ = _turned_by(windows.ahead_in_camera, tangents[:, middle])
        turn = torch.from_numpy(windows.ahead_in_camera.astype(np.float32)).transpose(1, 2)
        target = rotations[:, middle].clone()
        target[:, 0] = turn @ target[:, 0]
        windows.features[..., -1] *= np.exp(settings.focal_deviation * rng.standard_normal((count, 1)))
        return Batch(
            features=torch.from_numpy(windows.features),
            rotations=target,
            betas=betas,
            joints=joints[:, middle] @ turn.transpose(1, 2),
            landmarks=landmarks[:, middle] @ turn.transpose(1, 2),
            keypoints=torch.from_numpy((clean / windows.scale[:, None, None]).astype(np.float32)),
            scale=torch.from_numpy(windows.scale.astype(np.float32)),
        )

    def _seen(self, world: Array, tangents: Array, person: Array) -> tuple[Array, Array, Array]:
        """World landmarks, tangents and visibility with noise, hidden limbs and missing parts."""
        rng, settings = self.rng, self.settings
        count, width = world.shape[:2]
        weakest, strongest = settings.strength
        strength = rng.uniform(weakest, strongest, (count,))
        person = np.broadcast_to(person, (count, width))
        world, tangents, visibility = corrupt(
            rng, settings.noise, world, tangents, person, self.network.step_s, strength, np.diff(window_offsets(width))
        )
        for limb in _LIMBS:
            some = np.flatnonzero(rng.random(count) < settings.hidden_limb / 2)
            at = np.ix_(some, np.arange(width), limb)
            vague = rng.normal(0, 0.06, (len(some), 1, 1, 3)).astype(np.float32)
            world[at] += PERSON_M * vague
            tangents[at] += person[some][:, :, None, None] * vague[..., :2]
            visibility[at] = rng.uniform(0.03, 0.5, (len(some), 1, 1))
        for part in _PARTS:
            some = np.flatnonzero(rng.random(count) < settings.without_parts)
            at = np.ix_(some, np.arange(width), part)
            visibility[at] = 0.0
        gone = rng.random((count, width)) < settings.missing_frames
        gone[:, width // 2] = False
        visibility[gone] = 0.0
        world[rng.random(count) < settings.without_world] = 0.0
        return world, tangents, visibility


def _turned_by(turns: Array, tangents: Array) -> tuple[Array, Array]:
    """Tangents [N,33,2] in the axes of cameras turned by `turns` [N,3,3], and their depths [N,33,1]."""
    rays = np.concatenate([tangents, np.ones_like(tangents[..., :1])], axis=-1) @ turns
    return rays[..., :2] / np.maximum(rays[..., 2:], 0.05), rays[..., 2:]
