"""From a person's body motion to the humanoid's, and from what the humanoid did back to the person's body."""

from dataclasses import dataclass, replace

import numpy as np

from core.body import Body, load_body
from core.body.kinematics import body_motion, pose_body
from core.body.leg_ik import LEGS as _LEGS
from core.body.leg_ik import move_ankles
from core.errors import BadInputError
from core.humanoid.character import LEG_LENGTH
from core.humanoid.kinematics import forward_kinematics, frames_from_bodies, lowest_foot
from core.humanoid.legs import LEGS as _HUMANOID_LEGS
from core.humanoid.legs import feet_moved
from core.humanoid.smpl_mapping import humanoid_to_smpl_poses, smpl_to_humanoid_frames
from core.mesh_recovery.closed_form import local_axis_angles
from core.motion import BodyMotion, HumanoidMotion, Rollout
from core.reconstruction.contacts import predict_contacts, sole_points

Array = np.ndarray

_HIPS = (1, 2)
_OFF_THE_GROUND_M = 0.05


@dataclass(frozen=True)
class RetargetSettings:
    """How a body motion becomes the humanoid's.

    `lift_percentile`: over all frames, this percentile of the height of the lowest corner of the feet is put on the
    ground; a low one, not the lowest, because single frames may be wrong. Whose soles are higher than 5 cm by the same
    percentile, on a box or upside down nearly all the time, keeps their height. None leaves the height as it comes.
    """

    lift_percentile: float | None = 10.0


def retarget(motion: BodyMotion, settings: RetargetSettings | None = None) -> HumanoidMotion:
    """The humanoid's version of a world-frame `motion`: same world and directions, scaled to the humanoid's legs.

    The humanoid's root is the middle between the hips. Raises `BadInputError` for a motion in camera coordinates or
    one with NaN.
    """
    settings = settings or RetargetSettings()
    _check(motion)
    scale = LEG_LENGTH / leg_length(motion)
    frames = _frames(motion, scale)
    frames[:, 1] += _lift(motion, frames, scale, settings)
    return HumanoidMotion(fps=motion.fps, times=motion.times, frames=frames, scale=scale)


def rollout_to_body(rollout: Rollout, like: BodyMotion, settings: RetargetSettings | None = None) -> BodyMotion:
    """The `rollout` shown on the body of `like`: same shape, in metres of the person; hands, toes, collars neutral.

    The height by which `retarget` lifted `like` (the humanoid's soles are not the person's) is taken back, so a rollout
    that follows its reference exactly lies on `like`. Contacts are predicted as those of `like` were, by height and
    speed. The camera is that of `like` at the nearest frames.
    """
    body = load_body()
    if like.body_model != body.name:
        raise BadInputError(f"The motion should be of the body {body.name}, but is of {like.body_model}.")
    frames = frames_from_bodies(rollout.body_positions, rollout.body_rotations)
    poses = humanoid_to_smpl_poses(frames)
    hips = frames[:, :3].copy()
    hips[:, 1] -= _lift(like, _frames(like, rollout.scale), rollout.scale, settings or RetargetSettings())
    at_origin = pose_body(body, poses, like.betas, np.zeros((len(poses), 3)))
    trans = hips / rollout.scale - mid_hip(at_origin.joints)
    poses = _reach_like_the_humanoid(body, poses, like.betas, frames, rollout.scale)
    nearest = np.abs(rollout.times[:, None] - like.times[None]).argmin(axis=1)
    motion = body_motion(
        body,
        rollout.fps,
        rollout.times,
        poses,
        like.betas,
        trans,
        camera_in_world=None if like.camera_in_world is None else like.camera_in_world[nearest],
        intrinsics=like.intrinsics,
        supports=like.supports,
    )
    return replace(motion, contacts=predict_contacts(motion.landmarks, motion.times))


def mid_hip(joints: Array) -> Array:
    """[T,3] m: the middle between the hips of SMPL `joints` [T,24,3]."""
    return joints[:, _HIPS].mean(axis=1)


def leg_length(motion: BodyMotion) -> float:
    """m: hip to knee to ankle, mean of both legs, median over the frames."""
    bones = [
        np.linalg.norm(motion.joints[:, a] - motion.joints[:, b], axis=1)
        for hip, knee, ankle in _LEGS
        for a, b in ((hip, knee), (knee, ankle))
    ]
    length = float(np.median(np.sum(bones, axis=0)) / 2)
    if length < 0.05:
        raise BadInputError(f"The body's legs should have a length, but measure {length:.3f} m hip to ankle.")
    return length


def _frames(motion: BodyMotion, scale: float) -> Array:
    """The humanoid's frames [T,43] before they are lifted: rotations as they are, legs bent so that each ankle is as
    far from the middle of the hips as the person's, scaled. Legs of other proportions would else slide."""
    frames = smpl_to_humanoid_frames(motion.poses, scale * mid_hip(motion.joints))
    posed = forward_kinematics(frames)
    ankles = [(humanoid[2], theirs[2]) for humanoid, theirs in zip(_HUMANOID_LEGS, _LEGS, strict=True)]
    moves = [scale * motion.joints[:, theirs] - posed.joints[:, ours] for ours, theirs in ankles]
    return feet_moved(frames, np.stack(moves, axis=1))


def _reach_like_the_humanoid(body: Body, poses: Array, betas: Array, frames: Array, scale: float) -> Array:
    """Poses [T,72] with legs bent so that the ankles are where the humanoid's are, seen from the middle of the hips."""
    posed = pose_body(body, poses, betas, np.zeros((len(poses), 3)))
    joints = forward_kinematics(frames).joints
    targets = np.stack([joints[:, ankle] - joints[:, 0] for _, _, ankle in _HUMANOID_LEGS], axis=1) / scale
    ankles = posed.joints[:, [ankle for _, _, ankle in _LEGS]] - mid_hip(posed.joints)[:, None]
    rotations = move_ankles(posed.joints, posed.joint_rotations_world, targets - ankles)
    return local_axis_angles(rotations, body.parents)


def _lift(motion: BodyMotion, frames: Array, scale: float, settings: RetargetSettings) -> float:
    if settings.lift_percentile is None:
        return 0.0
    theirs = scale * np.percentile(sole_points(motion.landmarks)[..., 1].min(axis=1), settings.lift_percentile)
    wanted = theirs if theirs > _OFF_THE_GROUND_M else 0.0
    return float(wanted - np.percentile(lowest_foot(frames), settings.lift_percentile))


def _check(motion: BodyMotion) -> None:
    if motion.frame != "world":
        raise BadInputError(
            f"Only a motion in the world (y up, on the ground) can be given to the humanoid, but this one is in the "
            f"{motion.frame}'s coordinates. Reconstruct it first."
        )
    if len(motion) == 0:
        raise BadInputError("A motion needs at least one frame to be given to the humanoid, but this one has none.")
    if not all(np.isfinite(a).all() for a in (motion.poses, motion.joints)):
        raise BadInputError("The body motion should hold finite numbers only, but has NaN or infinity in it.")
