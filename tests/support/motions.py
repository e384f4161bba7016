"""Motions on the body that ships, made of numbers, for tests of what writes and reads files."""

import numpy as np

from core.body import load_body
from core.body.kinematics import body_motion
from core.motion import BodyMotion


def waving(frames: int, frame: str = "world", fps: float = 30.0) -> BodyMotion:
    """A motion that turns the whole body more than once round and waves all limbs."""
    rng = np.random.default_rng(3)
    times = np.arange(frames) / fps
    poses = 0.5 * np.sin(times[:, None] * rng.uniform(1, 6, 72) + rng.uniform(0, 6, 72))
    poses[:, :3] = [0, 1, 0] * (4 * times[:, None])
    trans = np.array([0.2, 0.9, -0.4]) + times[:, None] * [0.3, 0.02, 0.5]
    return body_motion(load_body(), fps, times, poses, rng.normal(size=10), trans, frame=frame)


def spoiled(motion: BodyMotion, **arrays: object) -> BodyMotion:
    """The motion with fields put in its place unchecked, as a damaged file would have them."""
    for name, value in arrays.items():
        object.__setattr__(motion, name, value)
    return motion
