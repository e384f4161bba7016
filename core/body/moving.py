"""Moving a motion from one body to another: the same rotations on a skeleton of nearly the same bones."""

import numpy as np
from scipy.optimize import least_squares

from core.body.kinematics import body_motion
from core.body.model import Body
from core.errors import BadInputError
from core.motion import BodyMotion

Array = np.ndarray

_BONE_SIGMA_M = 0.003  # how far a bone may be off before a beta of one is worth it
_SOLES = (29, 31, 30, 32)  # BlazePose's heels and toes


def betas_for_joints(body: Body, joints: Array) -> Array:
    """[10]: the shape of `body` whose bones are as long as those between `joints` [24,3] m (any pose).

    Least squares on the 23 bone lengths with a unit prior on the betas (they have unit standard deviation), three
    millimetres weighing as much as one deviation.
    """
    children = np.flatnonzero(body.parents >= 0)
    above = body.parents[children]
    wanted = np.linalg.norm(joints[children] - joints[above], axis=1)
    mean = body.joints_template[children] - body.joints_template[above]
    steps = body.joints_basis[:, children] - body.joints_basis[:, above]

    def residuals(betas: Array) -> Array:
        lengths = np.linalg.norm(mean + np.tensordot(betas, steps, axes=1), axis=1)
        return np.concatenate([(lengths - wanted) / _BONE_SIGMA_M, betas])

    return least_squares(residuals, np.zeros(len(body.shape_basis))).x


def move_to_body(motion: BodyMotion, here: Body, there: Body) -> BodyMotion:
    """`motion`, which is on the body `here`, on the body `there`: fitted bone lengths, the same rotations.

    The pelvis keeps its path, raised or lowered by a constant so that the soles reach as low as before (world motions
    only: in the camera's frame the picture counts). Contacts, camera and supports stay.
    """
    if motion.body_model != here.name:
        raise BadInputError(f"The motion should be on the body {here.name!r}, but is on {motion.body_model!r}.")
    if there.name == here.name:
        return motion
    betas = betas_for_joints(there, here.rest_joints(motion.betas))
    trans = motion.joints[:, 0] - there.rest_joints(betas)[0]
    also = {
        "frame": motion.frame,
        "contacts": motion.contacts,
        "camera_in_world": motion.camera_in_world,
        "intrinsics": motion.intrinsics,
        "supports": motion.supports,
    }
    moved = body_motion(there, motion.fps, motion.times, motion.poses, betas, trans, **also)
    if motion.frame != "world" or len(motion) == 0:
        return moved
    lowest = [np.percentile(each.landmarks[:, _SOLES, 1].min(axis=1), 10) for each in (motion, moved)]
    trans = trans + np.array([0.0, lowest[0] - lowest[1], 0.0])
    return body_motion(there, motion.fps, motion.times, motion.poses, betas, trans, **also)
