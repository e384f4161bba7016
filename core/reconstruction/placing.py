"""Moving a whole motion rigidly from the camera into the world."""

from dataclasses import replace

import numpy as np
from scipy.spatial.transform import Rotation

from core.errors import BadInputError
from core.motion import BodyMotion

Array = np.ndarray


def place_in_world(motion: BodyMotion, camera_in_world: Array) -> BodyMotion:
    """The motion seen from the world: every joint and landmark p becomes R p + t, nothing else about the body changes.

    `motion` is in camera coordinates, `camera_in_world` [T, 4, 4] or [4, 4] holds R and t per frame. SMPL turns the
    body about its pelvis, which lies a fixed `joints[:, 0] - trans` off the translation: so trans' = R p0 + t -
    (p0 - trans), with p0 the pelvis. Raises `BadInputError` for a motion that is in the world already or a camera of
    another length.
    """
    if motion.frame != "camera":
        raise BadInputError(f'The motion should be in camera coordinates, but its frame is "{motion.frame}".')
    T = len(motion)
    camera = np.asarray(camera_in_world, float)
    if camera.shape not in ((4, 4), (T, 4, 4)):
        raise BadInputError(f"camera_in_world should have the shape {T}x4x4 or 4x4, but has {camera.shape}.")
    camera = np.broadcast_to(camera, (T, 4, 4)).copy()
    R, t = camera[:, :3, :3], camera[:, :3, 3]

    poses = motion.poses.copy()
    poses[:, :3] = (Rotation.from_matrix(R) * Rotation.from_rotvec(poses[:, :3])).as_rotvec()
    joints = np.einsum("tij,tnj->tni", R, motion.joints) + t[:, None]
    return replace(
        motion,
        poses=poses,
        trans=joints[:, 0] - (motion.joints[:, 0] - motion.trans),
        joints=joints,
        landmarks=np.einsum("tij,tnj->tni", R, motion.landmarks) + t[:, None],
        frame="world",
        camera_in_world=camera,
    )
