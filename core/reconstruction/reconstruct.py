"""The stage: what was recovered frame by frame becomes one motion in the world."""

from dataclasses import dataclass, field

import numpy as np

from core.body import Body, load_body
from core.body.kinematics import body_motion, pose_body
from core.errors import BadInputError
from core.mesh_recovery.cameras import fit_translation
from core.mesh_recovery.closed_form import local_axis_angles
from core.mesh_recovery.recover import check_track, keypoint_weights
from core.motion import BodyMotion, Track
from core.progress import Progress, silent
from core.reconstruction.contacts import SOLES, predict_contacts, speeds
from core.reconstruction.ground import camera_on_ground, find_ground
from core.reconstruction.placing import place_in_world
from core.reconstruction.root import RootTerms, settle_root
from core.reconstruction.smoothing import outliers, smooth, smooth_rotations, window

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

    outlier_window_s: float = 0.3
    """The window of the running median against which outliers are measured."""

    outlier_sigmas: float = 3.0
    """How many robust standard deviations make an outlier."""

    least_visibility: float = 0.2
    """Keypoints less visible than this do not take part in placing the body."""

    contact_height_m: float = 0.06
    """A contact point is lower than this."""

    contact_speed_m_s: float = 0.5
    """A contact point is slower than this."""

    contact_median_s: float = 1 / 6
    """The majority over this time decides whether it is a contact."""

    root: RootTerms = field(default_factory=RootTerms)
    """What the last correction of the path weighs against each other."""

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
    soles = in_camera.landmarks[:, SOLES]
    resting = speeds(soles, hmr.times) < settings.contact_speed_m_s
    ground = find_ground(soles[resting & (trust > 0)[:, None]], seed=settings.seed)
    camera = camera_on_ground(ground, in_camera.joints[0, 0])
    placed = place_in_world(in_camera, camera)
    progress(0.8, "Letting the feet stand")
    motion = _stand(body, placed, settings)
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
    """Poses [T, 72] with outliers left out and every segment's rotation smoothed *in camera axes*: the twist of an
    upper arm may be noise while its forearm's direction is not, and smoothing joint by joint would mix the two."""
    rotations = pose_body(body, hmr.poses, hmr.betas, hmr.trans).joint_rotations_world
    frames = window(settings.outlier_window_s, hmr.times)
    smoothed = np.empty_like(rotations)
    for joint in range(rotations.shape[1]):
        # A matrix's columns move by about the angle: 0.1 is some 4 degrees, below which nothing is an outlier.
        columns = rotations[:, joint].reshape(-1, 9)
        odd = outliers(columns, frames, settings.outlier_sigmas, floor=0.1 / settings.outlier_sigmas)
        weights = np.where(odd, 0.0, trust)
        smoothed[:, joint] = smooth_rotations(rotations[:, joint], hmr.times, weights, settings.rotation_cutoff_hz)
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

    frames = window(settings.outlier_window_s, hmr.times)
    odd = outliers(log_depth, frames, settings.outlier_sigmas, 0.01)
    odd |= outliers(direction, frames, settings.outlier_sigmas, 0.005)
    believed = np.where(odd, 0.0, trust)
    depth = np.exp(smooth(log_depth, hmr.times, believed, settings.depth_cutoff_hz))
    direction = smooth(direction, hmr.times, believed, settings.path_cutoff_hz)
    return np.concatenate([direction * depth, depth], axis=1) - offset


def _stand(body: Body, placed: BodyMotion, settings: ReconstructionSettings) -> BodyMotion:
    """Contacts, and the root's correction by them; both twice, as each decides the other."""
    assert placed.camera_in_world is not None
    camera = placed.camera_in_world
    rays = placed.joints[:, 0] - camera[:, :3, 3]
    rays = rays / np.maximum(np.linalg.norm(rays, axis=1, keepdims=True), 1e-9)
    correction = np.zeros_like(placed.trans)
    soles = placed.landmarks[:, SOLES]
    for _ in range(3):
        contacts = _contacts(placed.landmarks + correction[:, None], placed.times, settings)
        correction = settle_root(soles, contacts, rays, placed.fps, settings.root)
    trans = placed.trans + correction
    away = placed.joints[0, 0] + correction[0]
    shift = np.array([-away[0], 0.0, -away[2]])
    camera = camera.copy()
    camera[:, :3, 3] += shift
    motion = body_motion(
        body, placed.fps, placed.times, placed.poses, placed.betas, trans + shift,
        camera_in_world=camera, intrinsics=placed.intrinsics,
    )  # fmt: skip
    contacts = _contacts(motion.landmarks, motion.times, settings)
    return body_motion(
        body, motion.fps, motion.times, motion.poses, motion.betas, motion.trans,
        camera_in_world=camera, intrinsics=placed.intrinsics, contacts=contacts,
    )  # fmt: skip


def _contacts(landmarks: Array, times: Array, settings: ReconstructionSettings) -> Array:
    return predict_contacts(
        landmarks, times, settings.contact_height_m, settings.contact_speed_m_s, settings.contact_median_s
    )
