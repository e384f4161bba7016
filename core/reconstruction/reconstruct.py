"""The stage: what was recovered frame by frame becomes one motion in the world."""

from dataclasses import dataclass, field

import numpy as np

from core.body import Body, load_body
from core.body.kinematics import body_motion, pose_body
from core.errors import BadInputError
from core.mesh_recovery.cameras import fit_translation
from core.mesh_recovery.closed_form import local_axis_angles
from core.mesh_recovery.recover import check_track, keypoint_weights
from core.mesh_recovery.segments import unit
from core.motion import BodyMotion, Track
from core.progress import Progress, silent
from core.reconstruction.contacts import SOLES, STANDING_HEIGHTS_M, speeds
from core.reconstruction.ground import CAMERA_UP, Ground, camera_on_ground, find_ground, lowered_to_landing
from core.reconstruction.placing import place_in_world
from core.reconstruction.smoothing import robust_smooth, smooth_rotations
from core.reconstruction.standing import StandSettings, stand

Array = np.ndarray


@dataclass(frozen=True)
class ReconstructionSettings:
    """How a frame-by-frame motion is made smooth and put on the ground."""

    rotation_cutoff_hz: float = 5.0
    """What turns faster than this is taken for noise."""

    path_cutoff_hz: float = 4.0
    """The same for the body's place in the picture."""

    depth_cutoff_hz: float = 0.8
    """The same for its distance from the camera, which one camera sees worst."""

    least_visibility: float = 0.2
    """Keypoints less visible than this do not take part in placing the body."""

    stand: StandSettings = field(default_factory=StandSettings)
    """How contacts are told, and how far root and feet may move to make them hold."""

    seed: int = 0
    """For the random triples of the ground plane."""


def reconstruct(
    track: Track, hmr: BodyMotion, settings: ReconstructionSettings | None = None, progress: Progress = silent
) -> BodyMotion:
    """Turn `hmr` (frame="camera", with `intrinsics`) into a motion with frame="world": y up, the ground at y = 0.

    The camera is taken to be at rest. The result has `contacts`, `camera_in_world` (the same in every frame) and
    `intrinsics`; the x/z origin is under the first frame's pelvis, and +z points towards the camera. Frames without
    the person are bridged. Raises `BadInputError` where the two do not belong together or hold numbers that are not
    finite.
    """
    settings = settings or ReconstructionSettings()
    _check(track, hmr)
    body = load_body()
    progress(0.0, "Smoothing")
    trust = _trust(track)
    poses = _smooth_poses(body, hmr, trust, settings)
    progress(0.5, "Finding the path")
    trans = _smooth_path(body, track, hmr, poses, trust, settings)
    in_camera = body_motion(
        body, hmr.fps, hmr.times, poses, hmr.betas, trans, frame="camera", intrinsics=hmr.intrinsics
    )
    progress(0.7, "Finding the ground")
    soles = in_camera.landmarks[:, SOLES] - STANDING_HEIGHTS_M[:, None] * CAMERA_UP
    resting = speeds(soles, hmr.times, unit(in_camera.joints[:, 0])) < settings.stand.contact_speed_m_s
    ground = find_ground(soles[resting & (trust > 0)[:, None]], seed=settings.seed)
    ground = lowered_to_landing(ground, _lowest(soles, ground)[trust > 0])
    camera = camera_on_ground(ground, in_camera.joints[0, 0])
    placed = place_in_world(in_camera, camera)
    progress(0.8, "Letting the feet stand")
    motion = stand(body, placed, settings.stand)
    progress(1.0, "Motion reconstructed")
    return motion


def _check(track: Track, hmr: BodyMotion) -> None:
    check_track(track)
    if len(track) != len(hmr):
        raise BadInputError(
            f"Track and motion should have the same frames, but have {len(track)} and {len(hmr)}; recover it again."
        )
    if hmr.frame != "camera" or hmr.intrinsics is None:
        raise BadInputError(
            f'The motion to reconstruct should be in camera coordinates with intrinsics, but its frame is "{hmr.frame}"'
            f" and its intrinsics are {'missing' if hmr.intrinsics is None else 'there'}."
        )
    for name in ("poses", "betas", "trans"):
        if not np.isfinite(getattr(hmr, name)).all():
            raise BadInputError(f"The motion's {name} should be finite numbers, but some are not; recover it again.")


def _trust(track: Track) -> Array:
    """[T] in [0, 1]: the mean visibility of trunk and limbs, zero where nobody was found."""
    return np.where(track.present, track.keypoints[:, 11:, 2].mean(axis=1), 0.0)


def _smooth_poses(body: Body, hmr: BodyMotion, trust: Array, settings: ReconstructionSettings) -> Array:
    """Poses [T, 72] with every segment's rotation smoothed *in camera axes*, outliers left out: the twist of an
    upper arm may be noise while its forearm's direction is not, and smoothing joint by joint would mix the two."""
    rotations = pose_body(body, hmr.poses, hmr.betas, hmr.trans).joint_rotations_world
    smoothed = np.stack(
        [smooth_rotations(R, hmr.times, trust, settings.rotation_cutoff_hz) for R in np.swapaxes(rotations, 0, 1)],
        axis=1,
    )
    return local_axis_angles(smoothed, body.parents)


def _smooth_path(
    body: Body, track: Track, hmr: BodyMotion, poses: Array, trust: Array, settings: ReconstructionSettings
) -> Array:
    """Translations [T, 3] m (camera): fitted anew to the keypoints with the smooth poses, then smoothed as direction
    (x/z, y/z) and logarithm of the pelvis' depth, the latter more strongly."""
    at_origin = pose_body(body, poses, hmr.betas, np.zeros_like(hmr.trans))
    weights = keypoint_weights(track.keypoints, settings.least_visibility)
    assert hmr.intrinsics is not None
    trans = fit_translation(at_origin.landmarks, track.keypoints[..., :2], weights, hmr.intrinsics)
    trans = np.where(track.present[:, None], trans, hmr.trans)
    offset = at_origin.joints[:, 0]
    pelvis = trans + offset
    log_depth = np.log(np.maximum(pelvis[:, 2:], 0.1))
    direction = pelvis[:, :2] / np.exp(log_depth)

    depth = np.exp(robust_smooth(log_depth, hmr.times, trust, settings.depth_cutoff_hz, floor=0.01))
    direction = robust_smooth(direction, hmr.times, trust, settings.path_cutoff_hz, floor=0.003)
    return np.concatenate([direction * depth, depth], axis=1) - offset


def _lowest(soles: Array, ground: Ground) -> Array:
    """Each frame's lowest point [T, 3] of `soles` [T, 4, 3]."""
    return np.take_along_axis(soles, (soles @ ground.normal).argmin(axis=1)[:, None, None], axis=1)[:, 0]
