"""A humanoid motion at any instant: interpolated poses and the velocities that go with them."""

import numpy as np
from scipy.interpolate import CubicHermiteSpline
from scipy.spatial.transform import Rotation, Slerp

from core.humanoid.character import JOINTS, SPHERICAL
from core.motion import HumanoidMotion

Array = np.ndarray

VELOCITY_SIZE = 34
"""Root velocity 0-2 (m/s, world), root angular velocity 3-5 (rad/s, world), then the 28 joint velocities (rad/s; of a
spherical joint the angular velocity of the child against the parent, in the child's axes)."""


def central_differences(values: Array, times: Array) -> Array:
    """d values / dt [T,...] by second-order differences; one-sided at the ends.

    For a looping motion too: the seam of a captured cycle is no smooth motion, and a difference taken across it is a
    jolt that nobody made. So the first and the last frame look inward.
    """
    if len(values) < 2:
        return np.zeros_like(values)
    return np.gradient(values, times, axis=0)


def angular_velocities(rotations: Rotation, times: Array) -> Array:
    """[T,3] rad/s in the axes of the rotating body, by differences as in `central_differences`."""
    n = len(rotations)
    if n < 2:
        return np.zeros((n, 3))
    steps = (rotations[:-1].inv() * rotations[1:]).as_rotvec() / np.diff(times)[:, None]
    padded = np.concatenate([steps[:1], steps, steps[-1:]])
    return 0.5 * (padded[:-1] + padded[1:])


def velocities(motion: HumanoidMotion) -> Array:
    """[T,34]: see `VELOCITY_SIZE`."""
    frames, times = motion.frames, motion.times
    result = np.empty((len(frames), VELOCITY_SIZE))
    result[:, :3] = central_differences(frames[:, :3], times)
    root = Rotation.from_quat(frames[:, 3:7], scalar_first=True)
    result[:, 3:6] = root.apply(angular_velocities(root, times))
    for joint in JOINTS:
        numbers = frames[:, joint.frame]
        place = slice(6 + joint.dof.start, 6 + joint.dof.stop)
        if joint.kind == SPHERICAL:
            result[:, place] = angular_velocities(Rotation.from_quat(numbers, scalar_first=True), times)
        else:
            result[:, place] = central_differences(numbers, times)
    return result


def resample(motion: HumanoidMotion, at: Array) -> tuple[Array, Array]:
    """Frames [N,43] and velocities [N,34] at the instants `at` [N] s, held still outside the motion's span.

    Root position: cubic through positions and velocities; rotations: spherical linear; velocities: linear between
    frames (smooth, where the derivative of a slerp would jump at every frame).
    """
    if len(motion) == 1:
        return np.repeat(motion.frames, len(at), axis=0), np.zeros((len(at), VELOCITY_SIZE))
    times = motion.times
    speed = velocities(motion)
    clipped = np.clip(at, times[0], times[-1])
    frames = np.empty((len(at), 43))
    frames[:, :3] = CubicHermiteSpline(times, motion.frames[:, :3], speed[:, :3])(clipped)
    frames[:, 3:7] = _slerp(times, motion.frames[:, 3:7], clipped)
    for joint in JOINTS:
        numbers = motion.frames[:, joint.frame]
        if joint.kind == SPHERICAL:
            frames[:, joint.frame] = _slerp(times, numbers, clipped)
        else:
            frames[:, joint.frame] = np.interp(clipped, times, numbers[:, 0])[:, None]
    between = np.stack([np.interp(clipped, times, column) for column in speed.T], axis=1)
    between[(at < times[0]) | (at > times[-1])] = 0.0
    return frames, between


def at_frames(per_step: Array) -> Array:
    """[S+1,...]: at each frame the mean of the steps before and after it (inside only, at the ends)."""
    return 0.5 * (np.concatenate([per_step[:1], per_step]) + np.concatenate([per_step, per_step[-1:]]))


def _slerp(times: Array, quaternions: Array, at: Array) -> Array:
    return Slerp(times, Rotation.from_quat(quaternions, scalar_first=True))(at).as_quat(scalar_first=True)
