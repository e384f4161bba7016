"""What every writer asks of a motion before it writes, and a motion turned as a whole."""

from dataclasses import replace

import numpy as np

from core.body import Body
from core.body.rotations import axis_angle_from_matrix, matrix_from_axis_angle
from core.errors import BadInputError
from core.motion import BodyMotion

Array = np.ndarray

CAMERA_TO_Y_UP = np.diag([1.0, -1.0, -1.0])
"""OpenCV's axes (y down, z forward) turned half round about x."""


def prepared(motion: BodyMotion, body: Body) -> BodyMotion:
    """The motion y up, fit to be written: on this body, finite, with rising times and at least one frame.

    A motion in the camera's frame is turned upright, so the camera looks along -z from the origin. `BadInputError`
    says what is wrong with it otherwise.
    """
    if motion.body_model != body.name:
        raise BadInputError(
            f"The motion is on the body model {motion.body_model!r}, whose betas do not fit {body.name!r}. Load the "
            "motion's own body, or move the motion to this one first."
        )
    if len(motion) == 0:
        raise BadInputError("A file needs a motion of at least one frame, but this one has none.")
    numbers = (motion.times, motion.poses, motion.betas, motion.trans, motion.joints)
    if not all(np.isfinite(each).all() for each in numbers):
        raise BadInputError("The motion should have finite numbers only, but has NaN or infinity. Solve it again.")
    if motion.times[0] < 0 or (np.diff(motion.times) <= 0).any():
        raise BadInputError("The motion's times should rise from zero or more, but do not.")
    if not (np.isfinite(motion.fps) and motion.fps > 0):
        raise BadInputError(f"The motion should have a rate above zero frames a second, but has {motion.fps}.")
    if motion.frame != "camera":
        return motion
    return replace(turned(motion, CAMERA_TO_Y_UP), frame="world")


def turned(motion: BodyMotion, rotation: Array) -> BodyMotion:
    """The motion with every point p at `rotation` [3,3] p; nothing about the body changes.

    SMPL turns the body about its pelvis, which lies `joints[:, 0] - trans` off the translation whatever the pose, so
    only the pelvis is turned and that difference kept. Camera and supports, which describe the old axes, are left out.
    """
    rotation = np.asarray(rotation, float)
    poses = motion.poses.copy()
    poses[:, :3] = axis_angle_from_matrix(rotation @ matrix_from_axis_angle(poses[:, :3]))
    pelvis_off_trans = motion.joints[:, 0] - motion.trans
    return replace(
        motion,
        poses=poses,
        trans=motion.joints[:, 0] @ rotation.T - pelvis_off_trans,
        joints=motion.joints @ rotation.T,
        landmarks=motion.landmarks @ rotation.T,
        camera_in_world=None,
        supports=np.zeros((0, 6)),
    )
