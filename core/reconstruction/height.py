"""The metric scale from the person's height: one camera cannot tell a child near by from a giant far away."""

import numpy as np

from core.body import Body
from core.body.kinematics import body_motion
from core.errors import BadInputError
from core.motion import BodyMotion

Array = np.ndarray

LEAST_M, MOST_M = 0.8, 2.5
"""Heights of people that are taken."""


def check_height(height_m: float | None) -> None:
    """`BadInputError` for heights that people do not have; None is no height."""
    if height_m is not None and not LEAST_M <= height_m <= MOST_M:
        raise BadInputError(f"A person's height should be {LEAST_M} to {MOST_M} m, but is {height_m:g} m.")


def standing_height(body: Body, betas: Array) -> float:
    """From sole to crown in m, of the body with this shape [10] at rest."""
    return float(np.ptp(body.rest_vertices(betas)[:, 1]))


def betas_of_height(body: Body, betas: Array, height_m: float) -> Array:
    """The shape nearest to `betas` [10] that stands `height_m` tall: height is linear in the shape as long as crown and
    sole stay the same vertices, so two or three steps along its gradient are exact."""
    betas = np.array(betas, float)
    for _ in range(4):
        up = body.rest_vertices(betas)[:, 1]
        slope = body.shape_basis[:, up.argmax(), 1] - body.shape_basis[:, up.argmin(), 1]
        betas = betas + (height_m - np.ptp(up)) * slope / (slope @ slope)
    return betas


def with_height(body: Body, motion: BodyMotion, height_m: float) -> BodyMotion:
    """The `motion` (camera coordinates) on a body of this height, as much nearer or farther as it is smaller or larger:
    it looks the same in the picture. Raises `BadInputError` for heights that people do not have."""
    check_height(height_m)
    betas = betas_of_height(body, motion.betas, height_m)
    scale = height_m / standing_height(body, motion.betas)
    # SMPL turns the body about its pelvis, so that is what goes along the ray.
    trans = motion.joints[:, 0] * scale - body.rest_joints(betas)[0]
    return body_motion(
        body, motion.fps, motion.times, motion.poses, betas, trans, frame="camera", intrinsics=motion.intrinsics
    )
