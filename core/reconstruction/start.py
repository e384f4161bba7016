"""The closed-form start of a solve: outliers out, gaps bridged, rotations and path smoothed apart."""

import numpy as np

from core.body import Body
from core.body.kinematics import pose_body
from core.mesh_recovery.cameras import fit_translation
from core.mesh_recovery.recover import keypoint_weights
from core.motion import BodyMotion, Track
from core.reconstruction.segments import LANDMARKS, TURNED, State, levers_of, relative_points
from core.reconstruction.smoothing import robust_smooth, smooth_rotations

Array = np.ndarray

ROTATION_CUTOFF_HZ, PATH_CUTOFF_HZ, DEPTH_CUTOFF_HZ = 5.0, 4.0, 0.8
"""What turns faster, or moves faster in the picture or in depth, is taken for noise; one camera sees depth worst."""


def closed_form_start(body: Body, track: Track, hmr: BodyMotion, least_visibility: float) -> State:
    """The network's motion with every segment's rotation smoothed *in camera axes* (the twist of an upper arm may be
    noise while its forearm's direction is not: joint by joint the two would mix), then placed by the keypoints."""
    trust = np.where(track.present, track.keypoints[:, 11:, 2].mean(axis=1), 0.0)
    posed = pose_body(body, hmr.poses, hmr.betas, hmr.trans)
    rotations = np.stack(
        [smooth_rotations(posed.joint_rotations_world[:, j], hmr.times, trust, ROTATION_CUTOFF_HZ) for j in TURNED],
        axis=1,
    )
    return State(rotations, _path(body, track, hmr, rotations, trust, least_visibility), hmr.betas.copy())


def _path(body: Body, track: Track, hmr: BodyMotion, rotations: Array, trust: Array, least_visibility: float) -> Array:
    """The pelvis' places [T,3] m (camera): fitted anew to the keypoints with the smooth rotations, then smoothed as
    direction (x/z, y/z) and logarithm of the depth, the latter more strongly."""
    points = relative_points(levers_of(body).of(hmr.betas)[LANDMARKS], rotations)
    weights = keypoint_weights(track.keypoints, least_visibility)
    assert hmr.intrinsics is not None
    pelvis = fit_translation(points, track.keypoints[..., :2], weights, hmr.intrinsics)
    pelvis = np.where(track.present[:, None], pelvis, hmr.joints[:, 0])
    log_depth = np.log(np.maximum(pelvis[:, 2:], 0.1))
    direction = pelvis[:, :2] / np.exp(log_depth)
    depth = np.exp(robust_smooth(log_depth, hmr.times, trust, DEPTH_CUTOFF_HZ, floor=0.01))
    direction = robust_smooth(direction, hmr.times, trust, PATH_CUTOFF_HZ, floor=0.003)
    return np.concatenate([direction * depth, depth], axis=1)
