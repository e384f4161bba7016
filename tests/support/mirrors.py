"""The humanoid in the mirror, apart from `core.imitation.mirroring`, and a walk that is exactly symmetric."""

import numpy as np
from support.trainings import clip

from core.imitation.reference import ReferenceTable
from core.motion import HumanoidMotion

Array = np.ndarray

HALF = 19
"""Frames (1/30 s) of half a cycle of the walk."""


def in_the_mirror(frames: Array) -> Array:
    """[n,43], by the list of numbers in the docstring of `HumanoidMotion`."""
    result = frames.copy()
    result[:, 15:29], result[:, 29:43] = frames[:, 29:43], frames[:, 15:29]
    result[:, 2] *= -1
    for quaternion in (3, 7, 11, 15, 20, 24, 29, 34, 38):
        result[:, quaternion + 1 : quaternion + 3] *= -1
    return result


def speeds_in_the_mirror(velocities: Array) -> Array:
    """[n,34], as `VELOCITY_SIZE` has them."""
    result = velocities.copy()
    result[:, 12:23], result[:, 23:34] = velocities[:, 23:34], velocities[:, 12:23]
    result[:, 2] *= -1
    for turn in (3, 6, 9, 12, 16, 19, 23, 27, 30):
        result[:, turn : turn + 2] *= -1
    return result


def symmetric_walk() -> tuple[HumanoidMotion, float]:
    """The first half of the walk, then that in the mirror; and how far half a cycle goes (m along x)."""
    frames = np.array(clip().frames)
    way = frames[HALF, 0] - frames[0, 0]
    first = frames[:HALF]
    second, third = in_the_mirror(first), first[:1].copy()
    second[:, 0] += way
    third[:, 0] += 2 * way
    return HumanoidMotion(30.0, np.arange(2 * HALF + 1) / 30, np.concatenate([first, second, third]), True), way


def disturbed_states(table: ReferenceTable, ticks: Array) -> tuple[Array, Array]:
    """Frames and velocities a little off `table` at `ticks`."""
    random, at = np.random.default_rng(5), table.at(ticks)
    frames = at.frames + 0.05 * random.normal(size=at.frames.shape) * (np.arange(43) > 2)
    for quaternion in (3, 7, 11, 15, 20, 24, 29, 34, 38):
        part = slice(quaternion, quaternion + 4)
        frames[:, part] /= np.linalg.norm(frames[:, part], axis=1, keepdims=True)
    return frames, at.velocities + 0.2 * random.normal(size=at.velocities.shape)
