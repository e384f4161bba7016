"""Windows of poses for training: pieces of the trained clips, mixed, mirrored, sped up and bent."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from torch import Tensor

from core.body.rotations import matrix_from_axis_angle
from core.mesh_recovery.training.answering import MIRRORED_JOINTS
from core.mesh_recovery.training.clips import CLIPS_TRAINED, clip_on_body
from core.mesh_recovery.training.geometry import matrix_from_rotation_vector
from core.mesh_recovery.training.noise import drift
from core.mesh_recovery.windows import window_offsets

Array = np.ndarray

POOL_FPS = 60.0
GROUPS = (
    (0,),  # the whole body's orientation
    (3, 6, 9, 12, 15),
    (1, 4, 7, 10),
    (2, 5, 8, 11),
    (13, 16, 18, 20, 22),
    (14, 17, 19, 21, 23),
)
"""Joints that stay together when parts of different clips are mixed."""

_FREEDOM = np.array(
    [0.3, 1, 1, 0.4, 0.4, 0.4, 0.5, 0.7, 0.7, 0.4, 0.3, 0.3, 0.6, 0.4, 0.4, 0.6, 1, 1, 0.6, 0.6, 0.8, 0.8, 0.3, 0.3]
)
"""Share of the joint noise that each of SMPL's joints takes: hips and shoulders all, toes and fingers little."""
_HINGES = {4: (1.0, 0, 0), 5: (1.0, 0, 0), 18: (0, -1.0, 0), 19: (0, 1.0, 0)}
"""Axes about which knees and elbows bend; bent the other way by noise, they are bent back."""


@dataclass(frozen=True)
class PoseSettings:
    """How training poses differ from the clips."""

    joint_noise: tuple[float, float] = (0.05, 0.4)
    """Range of the deviation of the noise on joints, one a window [rad]."""
    mixed: float = 0.5
    """Share of windows in which limbs and trunk come from different clips."""
    any_way_up: float = 0.1
    """Share of windows with a global orientation drawn from all rotations."""
    tilt: float = 0.2
    """Deviation of the tilt added to the others' [rad]."""
    speed: tuple[float, float] = (0.4, 1.5)
    """Range of the speed at which clips are played."""
    still: float = 0.1
    """Share of windows that show one frame all along, as a picture does."""


@dataclass(frozen=True)
class Pool:
    """All frames of the clips one after another: `rotations` [F,24,3,3], `first` and `count` [C] of each clip."""

    rotations: Array
    first: Array
    count: Array


@cache
def trained_pool() -> Pool:
    """The trained clips and their mirror images, 60 frames a second."""
    mirror = np.diag([-1.0, 1.0, 1.0])
    clips = []
    for name in CLIPS_TRAINED:
        local = matrix_from_axis_angle(clip_on_body(name, POOL_FPS).poses.reshape(-1, 24, 3))
        clips += [local, (mirror @ local @ mirror)[:, MIRRORED_JOINTS]]
    counts = np.array([len(c) for c in clips])
    return Pool(np.concatenate(clips).astype(np.float32), np.cumsum(counts) - counts, counts)


def pose_windows(rng: np.random.Generator, settings: PoseSettings, count: int, width: int, step_s: float) -> Tensor:
    """Local rotations [count,width,24,3,3] in camera axes (OpenCV); the middle frame is the one to answer for."""
    pool = trained_pool()
    frames = _played(rng, settings, pool, (count, len(GROUPS)), width, step_s)
    together = rng.random(count) >= settings.mixed
    frames[together] = frames[together, :1]
    still = rng.random(count) < settings.still
    frames[still] = frames[still, :, width // 2, None]
    rotations = np.empty((count, width, 24, 3, 3), np.float32)
    for g, joints in enumerate(GROUPS):
        rotations[:, :, joints] = pool.rotations[frames[:, g]][:, :, joints]
    bent = _bent(rng, settings, torch.from_numpy(rotations), still, step_s)
    return _turned(rng, settings, bent)


def _played(rng, settings: PoseSettings, pool: Pool, shape: tuple[int, int], width: int, step_s: float) -> Array:
    """Frames [*shape,width] of the pool: clips drawn alike, played from anywhere, held at their ends."""
    clip = rng.integers(len(pool.first), size=shape)
    start = rng.uniform(0, pool.count[clip])
    speed = rng.uniform(*settings.speed, shape) * rng.choice([-1.0, 1.0], shape)  # backwards too
    offsets = POOL_FPS * step_s * window_offsets(width)
    frame = np.round(start[..., None] + speed[..., None] * offsets).astype(int)
    return pool.first[clip][..., None] + np.clip(frame, 0, pool.count[clip][..., None] - 1)


def _bent(rng, settings: PoseSettings, rotations: Tensor, still: Array, step_s: float) -> Tensor:
    """Noise on every joint, most of it the same through the window; knees and elbows stay on their side."""
    count, width = rotations.shape[:2]
    size = rng.uniform(*settings.joint_noise, (count, 1, 1, 1)).astype(np.float32)
    moving = drift(rng, (count, width, 24, 3), step_s, 0.5, np.diff(window_offsets(width)))
    moving[still] = moving[still, :1]
    noise = 0.9 * rng.standard_normal((count, 1, 24, 3), dtype=np.float32) + 0.4 * moving
    noise *= size * _FREEDOM[:, None].astype(np.float32)
    for joint, axis in _HINGES.items():
        direction = np.array(axis, np.float32)
        angle = _angle_about(rotations[:, :, joint], direction)
        along = noise[:, :, joint] @ direction
        wanted = np.abs(angle + 1.5 * along) - angle
        noise[:, :, joint] += (wanted - along)[..., None] * direction
    return rotations @ matrix_from_rotation_vector(torch.from_numpy(noise))


def _angle_about(rotations: Tensor, axis: Array) -> Array:
    """The signed angle [B,W] of a hinge's rotations [B,W,3,3] about its `axis`."""
    R = rotations.numpy()
    skew = np.stack([R[..., 2, 1] - R[..., 1, 2], R[..., 0, 2] - R[..., 2, 0], R[..., 1, 0] - R[..., 0, 1]], axis=-1)
    return np.arctan2(skew @ axis, np.trace(R, axis1=-2, axis2=-1) - 1)


def _turned(rng, settings: PoseSettings, rotations: Tensor) -> Tensor:
    """Any heading before a camera that is about level; some any way up."""
    count = len(rotations)
    vectors = np.zeros((3, count, 3), np.float32)
    vectors[0, :, 1] = rng.uniform(-np.pi, np.pi, count)
    vectors[1] = settings.tilt * rng.standard_normal((count, 3))
    vectors[2, :, 0] = rng.normal(np.radians(5), np.radians(12), count)  # the camera looks down a little
    yaw, tilt, pitch = matrix_from_rotation_vector(torch.from_numpy(vectors))
    q, _ = torch.linalg.qr(torch.from_numpy(rng.standard_normal((count, 3, 3), dtype=np.float32)))
    anywhere = q * torch.sign(torch.linalg.det(q))[:, None, None]
    free = torch.from_numpy(rng.random(count) < settings.any_way_up)[:, None, None]
    turn = torch.where(free, anywhere, torch.diag(torch.tensor([1.0, -1.0, -1.0])) @ pitch @ tilt @ yaw)
    rotations = rotations.clone()
    rotations[:, :, 0] = turn[:, None] @ rotations[:, :, 0]
    return rotations
