"""One cycle of a motion that repeats itself (a walk, a run, jumping jacks), cut out and closed."""

from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial.transform import Rotation

from core.body import Body
from core.body.kinematics import body_motion
from core.motion import BodyMotion

Array = np.ndarray


@dataclass(frozen=True)
class CycleSettings:
    """What counts as one cycle."""

    least_s: float = 0.4
    """Nothing shorter is a cycle."""

    alike_m: float = 0.10
    """How far joints may lie apart on average, and their speeds differ over `ahead_s`, at the seam."""

    ahead_s: float = 0.1
    """Speeds count as the way that they lead in this time."""

    least_motion_m: float = 0.12
    """Joints must have been this far apart on average somewhere in between: standing still is no cycle."""


def find_cycle(motion: BodyMotion, settings: CycleSettings | None = None) -> tuple[int, int] | None:
    """The frames (first, last) of the cycle whose ends are most alike, the shortest of those that are nearly as good;
    None where nothing repeats.

    Poses are compared by joints about the pelvis, seen from the body's own heading, together with their speeds: a walk
    in a curve repeats itself too. `last` is the frame that looks like `first`.
    """
    settings = settings or CycleSettings()
    T = len(motion)
    shortest = max(2, round(settings.least_s * motion.fps))
    if shortest + 1 > T:
        return None
    joints = _in_own_heading(motion)
    velocity = np.gradient(joints, motion.times, axis=0) * settings.ahead_s
    apart = _distances(joints)
    seam = 0.5 * (apart + _distances(velocity))
    first, last = np.triu_indices(T, shortest)
    good = np.array([apart[i, i:j].max() >= settings.least_motion_m for i, j in zip(first, last, strict=True)])
    cost = np.where(good, seam[first, last], np.inf)
    if not cost.min() < settings.alike_m:
        return None
    nearly = np.flatnonzero(cost <= 1.3 * cost.min() + 0.005)
    length = (last - first)[nearly]
    shortest_ones = nearly[length <= 1.15 * length.min()]
    best = shortest_ones[cost[shortest_ones].argmin()]
    return int(first[best]), int(last[best])


def close_cycle(body: Body, motion: BodyMotion, first: int, last: int) -> BodyMotion:
    """Frames `first` to `last` (both included) with the seam's difference shared out, so that the last pose is the
    first again: same local rotations, same lean, same height. Heading and place go on: a walk gets somewhere."""
    part = slice(first, last + 1)
    poses = motion.poses[part].reshape(-1, 24, 3)
    share = np.linspace(0.0, 1.0, last - first + 1)
    closed = np.empty_like(poses)
    for joint in range(1, 24):
        closed[:, joint] = _closed(Rotation.from_rotvec(poses[:, joint].copy()), share).as_rotvec()
    heading = _about_y(_heading(poses[:, 0]))
    closed[:, 0] = (heading * _closed(heading.inv() * Rotation.from_rotvec(poses[:, 0].copy()), share)).as_rotvec()
    trans = motion.trans[part].copy()
    trans[:, 1] += share * (trans[0, 1] - trans[-1, 1])
    cut = body_motion(body, motion.fps, np.arange(len(trans)) / motion.fps, closed.reshape(-1, 72), motion.betas, trans)
    return replace(
        cut,
        contacts=None if motion.contacts is None else motion.contacts[part],
        camera_in_world=None if motion.camera_in_world is None else motion.camera_in_world[part],
        intrinsics=motion.intrinsics,
        supports=motion.supports,
    )


def _closed(rotations: Rotation, share: Array) -> Rotation:
    gap = (rotations[0] * rotations[-1].inv()).as_rotvec()
    return Rotation.from_rotvec(share[:, None] * gap) * rotations


def _heading(global_orient: Array) -> Array:
    """Angle [T] rad about y of the direction the body faces, looked at from above; continuous over time."""
    ahead = Rotation.from_rotvec(global_orient.copy()).apply([0.0, 0.0, 1.0])
    return np.unwrap(np.arctan2(ahead[:, 0], ahead[:, 2]))


def _about_y(angle: Array) -> Rotation:
    return Rotation.from_rotvec(angle[:, None] * (0.0, 1.0, 0.0))


def _in_own_heading(motion: BodyMotion) -> Array:
    """Joints [T,24,3] m about the pelvis, turned so that the body faces +z."""
    turn = _about_y(-_heading(motion.poses[:, :3])).as_matrix()
    return np.einsum("tij,tnj->tni", turn, motion.joints - motion.joints[:, :1])


def _distances(points: Array) -> Array:
    """[T,T] m: mean distance over joints between any two frames of `points` [T,24,3]."""
    return np.stack([np.linalg.norm(points - one, axis=-1).mean(axis=-1) for one in points])
