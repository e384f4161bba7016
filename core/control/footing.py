"""Feet that stand are set flat on the ground.

A motion read from a picture knows where heel and toe are, and little about how far a foot is rolled about the line
between them: people stand on the edges of their feet there, and nobody balances on an edge.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import gaussian_filter1d, label
from scipy.spatial.transform import Rotation

from core.control.soles import sole_points, standing_shares
from core.humanoid.character import FEET
from core.humanoid.kinematics import foot_corners, forward_kinematics, frames_from_rotations
from core.humanoid.legs import feet_moved
from core.motion import HumanoidMotion

Array = np.ndarray


@dataclass(frozen=True)
class FootingSettings:
    """When a foot is set flat.

    `near_m`, `far_m`: one whose lowest corner is lower than the first wholly, higher than the second not at all.
    `most_roll_deg`: one rolled further lies on its side or its back, and is left. `steep`: so is one whose toes point
    up or down by more than this (the sine). `smooth_s`: standard deviation of a correction's filter in time.
    `contact_m`, `contact_m_s`: a foot lower and slower than this stands. `sure`: one of which heel or toe stand more
    surely than this (`core.control.soles`) is held in its place, by moves of at least `least_m` and at most `most_m`;
    `hold_s`: standard deviation of the filter on them.
    """

    near_m: float = 0.03
    far_m: float = 0.1
    most_roll_deg: float = 85.0
    steep: float = 0.7
    smooth_s: float = 0.05
    contact_m: float = 0.06
    contact_m_s: float = 1.0
    sure: float = 0.2
    least_m: float = 0.001
    most_m: float = 0.1
    hold_s: float = 0.02


def level_soles(motion: HumanoidMotion, settings: FootingSettings) -> tuple[HumanoidMotion, float]:
    """The motion with the roll taken from feet near the ground, and the greatest roll [degrees] that was taken."""
    poses = forward_kinematics(motion.frames)
    heights = foot_corners(poses)[..., 1].min(axis=2)
    rotations = poses.rotations.copy()
    greatest = 0.0
    for foot, body in enumerate(FEET):
        turned = Rotation.from_quat(rotations[:, body], scalar_first=True)
        x, y, z = np.moveaxis(turned.as_matrix()[:, 1], -1, 0)  # the heights of the foot's own axes
        roll = np.arctan2(z, y)
        share = np.clip((settings.far_m - heights[:, foot]) / (settings.far_m - settings.near_m), 0, 1)
        share *= np.clip(2 * (1 - np.abs(x) / settings.steep), 0, 1)
        share *= np.clip((settings.most_roll_deg - np.abs(np.degrees(roll))) / 10, 0, 1)
        taken = gaussian_filter1d(share * roll, settings.smooth_s * motion.fps, mode="nearest")
        greatest = max(greatest, float(np.abs(np.degrees(taken)).max()))
        level = turned * Rotation.from_rotvec(taken[:, None] * (1.0, 0.0, 0.0))
        rotations[:, body] = level.as_quat(canonical=True, scalar_first=True)
    frames = frames_from_rotations(motion.frames[:, :3], rotations)
    return replace(motion, frames=frames), greatest


def standing_feet(frames: Array, fps: float, settings: FootingSettings) -> Array:
    """[T,2] bool: whether the left and the right foot stand: low and slow."""
    poses = forward_kinematics(frames)
    low = foot_corners(poses)[..., 1].min(axis=2) < settings.contact_m
    speeds = np.linalg.norm(np.gradient(poses.positions[:, FEET], 1.0 / fps, axis=0), axis=-1)
    return low & (speeds < settings.contact_m_s)


def planted(motion: HumanoidMotion, settings: FootingSettings) -> HumanoidMotion:
    """The motion with legs bent or stretched so that standing feet neither hover nor sink; between, smoothly."""
    standing = standing_feet(motion.frames, motion.fps, settings)
    heights = foot_corners(forward_kinematics(motion.frames))[..., 1].min(axis=2)
    moves = np.zeros((len(motion), 2, 3))
    for foot in (0, 1):
        at = np.flatnonzero(standing[:, foot])
        if len(at):
            down = np.interp(np.arange(len(motion)), at, -heights[at, foot])
            moves[:, foot, 1] = gaussian_filter1d(down, settings.smooth_s * motion.fps, mode="nearest")
    return replace(motion, frames=feet_moved(motion.frames, moves))


def anchored(motion: HumanoidMotion, settings: FootingSettings) -> tuple[HumanoidMotion, float]:
    """The motion with standing feet held where they stand, and the furthest [m] that one was moved for it.

    What heel and toe slide, as far as they stand, is taken back from step to step, about the middle of the stand; a
    foot in the air goes over from one stand's correction to the next's. Hips stay, legs bend.
    """
    points = sole_points(forward_kinematics(motion.frames))[..., [0, 2]]
    shares = standing_shares(motion.frames, motion.fps)
    moves = np.zeros((len(motion), 2, 3))
    for foot in (0, 1):
        moves[:, foot, [0, 2]] = _held(points[:, foot], shares[:, foot], settings)
    moves = gaussian_filter1d(moves, settings.hold_s * motion.fps, axis=0, mode="nearest")
    length = np.linalg.norm(moves, axis=-1, keepdims=True)
    if length.max() < settings.least_m:
        return motion, 0.0
    moves *= np.minimum(1.0, settings.most_m / np.maximum(length, 1e-9))
    return replace(motion, frames=feet_moved(motion.frames, moves)), min(float(length.max()), settings.most_m)


def _held(points: Array, shares: Array, settings: FootingSettings) -> Array:
    """[T,2] m: what holds a foot still of which heel and toe are at `points` [T,2,2] (horizontal) and stand so surely
    as `shares` [T,2] say."""
    both = np.minimum(shares[1:], shares[:-1])[..., None]
    slid = (both * np.diff(points, axis=0)).sum(axis=1) / np.maximum(both.sum(axis=1), 1e-9) * both.max(axis=1)
    stands, count = label(shares.max(axis=1) > settings.sure)
    held = np.zeros((len(points), 2))
    for number in range(1, count + 1):
        at = np.flatnonzero(stands == number)
        path = -np.cumsum(np.vstack([np.zeros(2), slid[at[0] : at[-1]]]), axis=0)
        held[at] = path - np.average(path, axis=0, weights=shares[at].max(axis=1))
    at = np.flatnonzero(stands)
    if not len(at):
        return held
    return np.stack([np.interp(np.arange(len(points)), at, held[at, k]) for k in (0, 1)], axis=1)
