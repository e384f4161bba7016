"""Tracks whose truth is known: captured clips on the shipped body, seen by a camera, with a network's errors."""

import numpy as np

from core.mesh_recovery.cameras import assumed_intrinsics, project, turns_to_rays
from core.mesh_recovery.training.clips import CLIPS_HELD_OUT, CLIPS_TRAINED, clip_on_body
from core.mesh_recovery.training.noise import PERSON_M, NoiseModel, corrupt
from core.motion import BodyMotion, Track

__all__ = [
    "CLIPS_HELD_OUT",
    "CLIPS_TRAINED",
    "IMAGE_SIZE",
    "INTRINSICS",
    "NoiseModel",
    "clip_on_body",
    "in_camera",
    "observe",
    "random_camera",
]

Array = np.ndarray

IMAGE_SIZE = np.array([1280, 720])
"""Width and height [px] of the pictures that were never taken."""

INTRINSICS = assumed_intrinsics(IMAGE_SIZE)


def random_camera(rng: np.random.Generator, motion: BodyMotion) -> Array:
    """camera_in_world [4,4] of a camera at rest that has the whole motion in view: any direction, up to 15 degrees
    from level, nearer than twice the distance at which it just fits (`IMAGE_SIZE`, `INTRINSICS`), at least 4 m."""
    points = motion.landmarks.reshape(-1, 3)
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    yaw, pitch = rng.uniform(-np.pi, np.pi), np.radians(rng.uniform(-5, 15))
    forward = np.array([-np.sin(yaw) * np.cos(pitch), -np.sin(pitch), -np.cos(yaw) * np.cos(pitch)])
    right = np.array([np.cos(yaw), 0.0, -np.sin(yaw)])
    R = np.stack([right, np.cross(forward, right), forward], axis=1)
    local = (points - middle) @ R
    # every point at depth d + z within nine tenths of the half picture: |x| f <= 0.45 W (d + z)
    needed = np.abs(local[:, :2]) * INTRINSICS[0, 0] / (0.45 * IMAGE_SIZE) - local[:, 2:]
    distance = max(4.0, float(needed.max()) * rng.uniform(1.0, 1.6))
    camera = np.eye(4)
    camera[:3, :3], camera[:3, 3] = R, middle - distance * forward
    return camera


def in_camera(points: Array, camera_in_world: Array) -> Array:
    """World points [...,3] m in the axes of a camera at rest [4,4]."""
    return (points - camera_in_world[:3, 3]) @ camera_in_world[:3, :3]


def observe(
    motion: BodyMotion,
    camera_in_world: Array,
    intrinsics: Array = INTRINSICS,
    image_size: Array = IMAGE_SIZE,
    noise: NoiseModel | None = None,
    rng: np.random.Generator | None = None,
) -> Track:
    """The track that a network would make of `motion`, seen by the camera at rest `camera_in_world` [4,4].

    Without `noise` it is exact, with visibility one. `world` has the axes of a camera turned to the hips, as
    `Track.world` says.
    """
    seen = in_camera(motion.landmarks, camera_in_world)
    pixels = project(seen, intrinsics)
    world = seen - seen[:, 23:25].mean(axis=1, keepdims=True)
    world = world @ turns_to_rays(pixels[:, 23:25].mean(axis=1), intrinsics)
    visibility = np.ones(pixels.shape[:2])
    if noise is not None:
        person_px = intrinsics[0, 0] * PERSON_M / seen[:, 23:25, 2].mean(axis=1)
        rng = rng or np.random.default_rng(0)
        world, pixels, visibility = (
            stack[0] for stack in corrupt(rng, noise, world[None], pixels[None], person_px[None], 1 / motion.fps)
        )
    return Track(
        fps=motion.fps,
        times=motion.times,
        keypoints=np.concatenate([pixels, visibility[..., None]], axis=-1),
        world=world,
        boxes=np.concatenate([pixels.min(axis=1), pixels.max(axis=1)], axis=-1),
        image_size=np.asarray(image_size),
    )
